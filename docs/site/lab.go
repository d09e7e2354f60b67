package main

import (
	"encoding/json"
	"errors"
	"html/template"
	"strings"

	"barewire/docs/lab"
)

// lab says which code the wire lab shows.
func (s *site) lab() lab.Config { return lab.Config{Root: s.root, Mine: s.mine} }

// makeLab is a link that opens the wire lab with a case, say.
func makeLab(t transformer, args []string) (template.HTML, error) {
	if len(args) == 0 {
		return "", errors.New("a case, or bytes, stand behind it")
	}
	fragment, words, err := t.lab().Link(strings.Join(args, " "))
	if err != nil {
		return "", err
	}
	return markup("<p class=\"lab\"><a href=\"%s\">Open in the wire lab: %s</a></p>\n", t.to("wire-lab/"+fragment), words), nil
}

// makeWirelab is the wire lab itself. Its program and the rest lie beside the page.
func makeWirelab(t transformer, _ []string) (template.HTML, error) {
	name, tree := "lab", "solutions"
	if t.mine {
		name, tree = "lab.mine", "steps"
	}
	from := []string{"docs/lab", "docs/go.mod", "checker/conformance", tree + "/02-request-line", tree + "/03-headers-bodies", tree + "/04-keep-alive"}
	files, err := memo(t.site, name, from, t.lab().Files)
	if err != nil {
		return "", err
	}
	// Beside a piece of code, the lab links to the whole file.
	var source struct {
		Tree  string
		Files map[string]string
	}
	if err := json.Unmarshal(files["source.json"], &source); err != nil {
		return "", err
	}
	for name := range source.Files {
		t.sourcePage(source.Tree + "/" + name)
	}
	t.mu.Lock()
	for name, content := range files {
		t.files[t.address+name] = content
	}
	t.mu.Unlock()
	t.script, t.styles, t.scripts = lab.ScriptPolicy, []string{"lab.css"}, []string{"lab.js"}
	return t.lab().Body()
}
