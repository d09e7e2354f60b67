package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// mostBytes is how large a page may be with all that it loads at once, uncompressed.
const mostBytes = 200_000

// TestBuilt builds the site and looks at every page of it: each link inside leads
// somewhere, each fragment to an id, no id is there twice, pictures have words, nothing
// comes from elsewhere, nothing is in the way of the policy, and no page is heavy.
func TestBuilt(t *testing.T) {
	out := t.TempDir()
	if _, err := build(config{root: "../..", out: out}); err != nil {
		t.Fatal(err)
	}
	pages := make(map[string]*built)
	err := filepath.WalkDir(out, func(file string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".html" {
			return err
		}
		name, _ := filepath.Rel(out, file) // it is below it
		pages[filepath.ToSlash(name)], err = parse(file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range pages {
		for _, wrong := range p.wrong {
			t.Errorf("%s: %s", name, wrong)
		}
		size := p.size
		for _, to := range p.loads {
			file := path.Join(path.Dir(name), to)
			info, err := os.Stat(filepath.Join(out, filepath.FromSlash(file)))
			if err != nil {
				t.Errorf("%s loads %s, which is not there", name, to)
				continue
			}
			size += int(info.Size())
		}
		if size > mostBytes {
			t.Errorf("%s: %d bytes with what it loads; the most is %d", name, size, mostBytes)
		}
		for _, to := range p.links {
			if wrong := leads(pages, out, name, to); wrong != "" {
				t.Errorf("%s: %s: %s", name, to, wrong)
			}
		}
	}
}

// leads says what is wrong with a link of a page, or "".
func leads(pages map[string]*built, out, from, to string) string {
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme == "https":
		return ""
	case u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "/"):
		return "a link is relative, or https"
	}
	name := from
	if u.Path != "" {
		name = path.Join(path.Dir(from), u.Path)
		if strings.HasSuffix(u.Path, "/") {
			name = path.Join(name, "index.html")
		}
	}
	p := pages[name]
	if p == nil {
		if info, err := os.Stat(filepath.Join(out, filepath.FromSlash(name))); err != nil || info.IsDir() {
			return "leads nowhere"
		}
		return ""
	}
	if u.Fragment != "" && !strings.Contains(u.Fragment, "=") && p.ids[u.Fragment] == 0 {
		return "there is no such id"
	}
	return ""
}

// built is what a page of the site has in it.
type built struct {
	size         int
	links, loads []string
	ids          map[string]int
	wrong        []string
}

// parse reads a page.
func parse(file string) (*built, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc, err := html.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	p := &built{size: len(text), ids: make(map[string]int)}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			p.element(n)
		}
	}
	return p, nil
}

// element reads an element.
func (p *built) element(n *html.Node) {
	attr := make(map[string]string)
	for _, a := range n.Attr {
		attr[a.Key] = a.Val
		switch {
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			p.wrong = append(p.wrong, fmt.Sprintf("<%s %s=%q> is against the policy", n.Data, a.Key, a.Val))
		case a.Key == "id":
			if p.ids[a.Val]++; p.ids[a.Val] == 2 {
				p.wrong = append(p.wrong, fmt.Sprintf("the id %q is there twice", a.Val))
			}
		}
	}
	load := ""
	switch n.Data {
	case "a":
		p.links = append(p.links, attr["href"])
	case "link":
		load = attr["href"]
	case "script", "img", "source", "iframe":
		load = attr["src"]
		if load == "" {
			p.wrong = append(p.wrong, "<"+n.Data+"> without src is against the policy")
		}
		if _, ok := attr["alt"]; n.Data == "img" && (!ok || attr["alt"] == "") {
			p.wrong = append(p.wrong, "a picture without words: "+load)
		}
	case "style", "base", "form", "object", "embed":
		p.wrong = append(p.wrong, "<"+n.Data+"> is against the policy")
	}
	if u, err := url.Parse(load); err != nil || u.IsAbs() || u.Host != "" {
		p.wrong = append(p.wrong, "it loads "+load)
	} else if load != "" {
		p.loads = append(p.loads, load)
	}
}

// TestSpelling looks for words that are often misspelled, in everything that the site
// is made of.
func TestSpelling(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // one system will do
	}
	if _, err := exec.LookPath("codespell"); err != nil {
		t.Skip("not run: spelling: apt-get install codespell")
	}
	files, err := sources("..")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--builtin=clear,rare", "--ignore-words=spelling.txt", "../../README.md", "../../checker/README.md", "../../checker/course"}
	for _, name := range files {
		args = append(args, filepath.Join("..", name))
	}
	if out, err := exec.Command("codespell", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
