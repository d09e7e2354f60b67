// Package lab is the wire lab: a page that takes raw bytes apart with the parser of the
// course, compiled to WebAssembly.
//
// It builds what the page needs: the program (folder wasm), the conformance collection,
// and the source that a byte leads to. Read this file first, then view, which is what the
// page asks, and dissect, which does the work. The page itself is page.html, and its
// script begins in lab.js.
package lab

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"html/template"

	"barewire/docs/lab/cases"
)

//go:embed page.html
var page string

//go:embed *.css *.js
var assets embed.FS

// ScriptPolicy is what the page's Content-Security-Policy has to allow for its scripts
// beyond those of other pages: to compile WebAssembly.
const ScriptPolicy = " 'wasm-unsafe-eval'"

// A Config says whose parser the lab shows.
type Config struct {
	Root string // the repository
	Mine bool   // the learner's own steps, and not the reference
}

// Body returns the HTML of the lab.
func (c Config) Body() (template.HTML, error) {
	who := "reference"
	if c.Mine {
		who = "mine"
	}
	t, err := template.New("lab").Parse(page)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct{ Who string }{who})
	return template.HTML(b.String()), err
}

// Files returns the files that belong beside the page, by name. Where it is a learner's
// code that does not compile, error.txt says so, and there is no program.
func (c Config) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	entries, err := assets.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if files[e.Name()], err = assets.ReadFile(e.Name()); err != nil {
			return nil, err
		}
	}
	if err := c.program(files); err != nil {
		return nil, err
	}
	groups, err := cases.Load(c.Root)
	if err != nil {
		return nil, err
	}
	source, err := c.source()
	if err != nil {
		return nil, err
	}
	for name, v := range map[string]any{"cases.json": groups, "source.json": source} {
		if files[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
		if files[name+".gz"], err = compress(files[name], gzip.DefaultCompression); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// compress returns content for servers that look for a file.gz beside a file.
func compress(content []byte, level int) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}
