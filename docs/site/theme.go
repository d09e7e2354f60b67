package main

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

//go:embed theme
var theme embed.FS

var layout = template.Must(template.ParseFS(theme, "theme/page.html"))

// A view is what the template knows of a page.
type view struct {
	Title, Up    string
	Body         template.HTML
	Headings     []heading
	Menu         []entries
	Before, Next *entry
}

// entries is a part of the menu with its pages.
type entries struct {
	Title string
	Pages []entry
}

// An entry is a link to a page.
type entry struct {
	Title, Address string
	Here           bool
}

// html writes a page, the i-th in the order of the menu.
func (s *site) html(i int, p *page) ([]byte, error) {
	v := view{Title: p.title, Up: p.up(), Body: p.body, Headings: p.headings}
	for j, q := range s.pages {
		e := entry{q.title, p.to(q.address), q == p}
		if len(v.Menu) == 0 || v.Menu[len(v.Menu)-1].Title != q.group {
			v.Menu = append(v.Menu, entries{Title: q.group})
		}
		last := &v.Menu[len(v.Menu)-1]
		last.Pages = append(last.Pages, e)
		switch j {
		case i - 1:
			if i < len(s.pages) {
				v.Before = &e
			}
		case i + 1:
			v.Next = &e
		}
	}
	var out bytes.Buffer
	err := layout.Execute(&out, v)
	return out.Bytes(), err
}

// assets writes what the pages share, and the pictures that they show.
func (s *site) assets() error {
	names, err := fs.Glob(theme, "theme/*.*s*")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := theme.ReadFile(name)
		if err == nil {
			err = s.file(path.Base(name), content)
		}
		if err != nil {
			return err
		}
	}
	for name := range s.images {
		content, err := os.ReadFile(filepath.Join(s.root, "docs", filepath.FromSlash(name)))
		if err == nil {
			err = s.file(name, content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
