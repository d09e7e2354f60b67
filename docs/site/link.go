package main

import (
	"os"
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
	name := t.linked(file)
	if _, err := os.Stat(filepath.Join(t.root, filepath.FromSlash(name))); err != nil {
		t.failf(offset(n), "there is no %s", name)
		return
	}
	page, inDocs := strings.CutPrefix(name, "docs/")
	switch {
	case strings.HasPrefix(name, ".."):
		t.failf(offset(n), "%s is outside of the repository", to)
	case inDocs && t.at(page) != nil:
		n.Destination = []byte(t.to(address(page)) + fragment)
	default:
		n.Destination = []byte(t.to(t.sourcePage(name).address) + fragment)
	}
}

// at returns the page of a source, or nil.
func (s *site) at(source string) *page {
	for _, p := range s.pages {
		if p.source == source {
			return p
		}
	}
	return nil
}

// to returns the link from the page to another address of the site.
func (p *page) to(address string) string { return p.up() + address }

// image has a picture copied to the site.
func (t transformer) image(n *ast.Image) {
	name := strings.TrimPrefix(t.linked(string(n.Destination)), "docs/")
	if _, err := os.Stat(filepath.Join(t.root, "docs", filepath.FromSlash(name))); err != nil {
		t.failf(offset(n), "there is no docs/%s", name)
		return
	}
	if words(n, t.text) == "" {
		t.failf(offset(n), "a picture says in words what it shows")
	}
	t.mu.Lock()
	t.images[name] = true
	t.mu.Unlock()
	n.Destination = []byte(t.to(name))
}
