package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// link makes a link to a file of docs one to its page.
func (t transformer) link(n *ast.Link) {
	to := string(n.Destination)
	if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
		return
	}
	file, fragment, _ := strings.Cut(to, "#")
	if fragment != "" {
		fragment = "#" + fragment
	}
	if file == "" {
		return
	}
	name := path.Join("docs", path.Dir(t.source), file)
	if _, err := os.Stat(filepath.Join(t.root, filepath.FromSlash(name))); err != nil {
		t.failf(offset(n), "there is no %s", name)
		return
	}
	if page, ok := strings.CutPrefix(name, "docs/"); ok && path.Ext(page) == ".md" {
		n.Destination = []byte(t.to(address(page)) + fragment)
	}
}

// to returns the link from the page to another address of the site.
func (p *page) to(address string) string { return p.up() + address }

// image copies nothing yet.
func (t transformer) image(n *ast.Image) {
	to := string(n.Destination)
	name := path.Join(path.Dir(t.source), to)
	if _, err := os.Stat(filepath.Join(t.root, "docs", filepath.FromSlash(name))); err != nil {
		t.failf(offset(n), "there is no docs/%s", name)
		return
	}
	if words(n, t.text) == "" {
		t.failf(offset(n), "a picture says in words what it shows")
	}
	t.images[name] = true
	n.Destination = []byte(t.to(name))
}
