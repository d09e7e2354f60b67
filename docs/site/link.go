package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// link makes a link to a file of docs one to its page.
func (t transformer) link(n *ast.Link) {
	to := string(n.Destination)
	if len(n.Title) > 0 && n.Parent().ChildCount() == 1 {
		return // of which paragraph has made something else
	}
	if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
		return
	}
	file, id, hasID := strings.Cut(to, "#")
	if file == "" {
		t.links = append(t.links, fragment{offset(n), t.source, id})
		return
	}
	name := t.linked(file)
	if _, err := os.Stat(filepath.Join(t.root, filepath.FromSlash(name))); err != nil {
		t.failf(offset(n), "there is no %s", name)
		return
	}
	page, inDocs := strings.CutPrefix(name, "docs/")
	hash := ""
	if hasID {
		hash = "#" + id
	}
	switch {
	case strings.HasPrefix(name, ".."):
		t.failf(offset(n), "%s is outside of the repository", to)
	case inDocs && t.at(page) != nil:
		n.Destination = []byte(t.to(address(page)) + hash)
		if hasID {
			t.links = append(t.links, fragment{offset(n), page, id})
		}
	default:
		n.Destination = []byte(t.to(t.sourcePage(name).address) + hash)
	}
}

// follow looks for the headings that a page's links lead to.
func (s *site) follow(p *page) error {
	for _, l := range p.links {
		to := s.at(l.page)
		if to == nil {
			to = p
		}
		if !slices.ContainsFunc(to.headings, func(h heading) bool { return h.ID == l.id }) {
			p.failf(l.at, "docs/%s has no heading #%s", to.source, l.id)
		}
	}
	return errors.Join(p.wrong...)
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
