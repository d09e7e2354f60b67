package main

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"strings"

	"barewire/checker/course"
)

// A page is one Markdown file, and what it became.
type page struct {
	source  string // its file in docs, such as "03-headers-bodies.md"
	address string // where it is, such as "03-headers-bodies/"
	group   string // the part of the menu it is in
	text    []byte

	title    string
	headings []heading
	links    []fragment // links to headings
	body     template.HTML
	listed   []course.Task // which the page says are its own
	parts    []entryOfIndex
	script   string   // what the page's scripts may do beyond those of others, for the policy
	styles   []string // of the page alone, and scripts
	scripts  []string
	wrong    []error
}

// A heading is one of a page's, below its title.
type heading struct {
	Level    int
	ID, Text string
}

// A fragment is a link to a heading, of this page or another.
type fragment struct {
	at       int // offset of the link
	page, id string
}

// failf notes a mistake at an offset of the page's source.
func (p *page) failf(offset int, format string, args ...any) {
	line := 1 + bytes.Count(p.text[:min(offset, len(p.text))], []byte("\n"))
	p.wrong = append(p.wrong, fmt.Errorf("docs/%s:%d: %s", p.source, line, fmt.Sprintf(format, args...)))
}

// up returns the way from the page to the top of the site: "./", "../" or "../../".
func (p *page) up() string {
	if n := strings.Count(p.address, "/"); n > 0 {
		return strings.Repeat("../", n)
	}
	return "./"
}

// read makes the page's body of its text.
func (s *site) read(p *page) error {
	s.render(p)
	if p.title == "" && len(p.wrong) == 0 {
		p.failf(0, "the first line is to be the title: # and some words")
	}
	return errors.Join(p.wrong...)
}
