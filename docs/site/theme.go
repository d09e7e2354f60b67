package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"barewire/docs/diagram"
)

//go:embed theme
var theme embed.FS

var layout = template.Must(template.ParseFS(theme, "theme/page.html"))

// A view is what the template knows of a page.
type view struct {
	Title, Over, About, Hex string
	Address, Up             string
	Kind                    string // the page's class
	Wave, Body              template.HTML
	Headings                []heading
	Menu                    []entries
	Before, Next            *entry
	Script                  string // what the page's scripts may do beyond others
	Styles, Scripts         []string
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
	Step, Tasks    int // 0 for a page that is no step's
}

// chapter is the title of a chapter, such as "3. Headers and bodies".
var chapter = regexp.MustCompile(`^(\d+)\. (.*)$`)

// html writes a page, the i-th in the order of the menu.
func (s *site) html(i int, p *page) ([]byte, error) {
	v := view{
		Title: p.title, Over: p.group, About: p.about(), Hex: fmt.Sprintf("% x", p.title),
		Address: p.address, Up: p.up(), Kind: strings.ReplaceAll(strings.ToLower(p.group), " ", "-"),
		Body: p.body, Headings: p.headings, Script: p.script, Styles: p.styles, Scripts: p.scripts,
	}
	switch {
	case v.Over == v.Title:
		v.Over = "" // a page that is a group of its own
	case p.address == "":
		v.Kind, v.Over, v.Wave = "home", "", wave("HTTP/1.1")
	case p.group == sourceGroup:
		v.Kind = "listed"
	}
	for j, q := range s.pages {
		e := s.entry(p, q)
		if len(v.Menu) == 0 || v.Menu[len(v.Menu)-1].Title != q.group {
			v.Menu = append(v.Menu, entries{Title: q.group})
		}
		last := &v.Menu[len(v.Menu)-1]
		last.Pages = append(last.Pages, e)
		switch {
		case e.Here && e.Step > 0:
			v.Title, v.Over = e.Title, fmt.Sprintf("Step %d of %d", e.Step, len(s.course.Steps))
		case j == i-1 && i < len(s.pages):
			v.Before = &e
		case j == i+1:
			v.Next = &e
		}
	}
	var out bytes.Buffer
	err := layout.Execute(&out, v)
	return out.Bytes(), err
}

// entry is the link from a page to another one.
func (s *site) entry(p, to *page) entry {
	e := entry{Title: to.title, Address: p.to(to.address), Here: to == p}
	if m := chapter.FindStringSubmatch(to.title); m != nil && to.group == "Course" {
		e.Title, e.Step = m[2], number(strings.TrimLeft(to.address, "0"))
		if e.Step >= 1 && e.Step <= len(s.course.Steps) {
			e.Tasks = len(s.course.Steps[e.Step-1].Tasks)
		}
	}
	return e
}

// about is the beginning of a page's text.
func (p *page) about() string {
	if len(p.parts) == 0 {
		return ""
	}
	text := p.parts[0].text
	if len(text) > 160 {
		text = text[:strings.LastIndexByte(text[:157], ' ')+1] + "…"
	}
	return text
}

// assets writes what the pages share, and the pictures that they show.
func (s *site) assets() error {
	names, err := fs.Glob(theme, "theme/*.*s*")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := theme.ReadFile(name)
		if path.Ext(name) == ".css" {
			content = append(content, diagram.CSS...)
		}
		if err == nil {
			err = s.file(path.Base(name), content)
		}
		if err != nil {
			return err
		}
	}
	index, err := s.searchIndex()
	if err == nil {
		err = s.file("search.json", index)
	}
	if err != nil {
		return err
	}
	for name, content := range s.files {
		if err := s.file(name, content); err != nil {
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
