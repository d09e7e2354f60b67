package main

import (
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// sourceGroup is what pages of files and folders belong to; the menu does not have it.
const sourceGroup = "Source"

// sourcePage returns the page that shows a file or a folder of the repository, so that
// links to it work on the site as they do on a code host. Only what is linked to has one.
func (s *site) sourcePage(name string) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.sources {
		if p.source == name {
			return p
		}
	}
	p := &page{source: name, address: "source/" + name + "/", title: name, group: sourceGroup}
	s.sources = append(s.sources, p)
	return p
}

// add adds a page that is made already.
func (s *site) add(p *page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, p)
}

// readSources makes the bodies of the pages of files and folders. A folder leads to
// more of them.
func (s *site) readSources() error {
	for from := 0; from < len(s.sources); {
		to := len(s.sources)
		if err := each(s.sources[from:to], s.readSource); err != nil {
			return err
		}
		from = to
	}
	slices.SortFunc(s.sources, func(a, b *page) int { return strings.Compare(a.source, b.source) })
	return nil
}

// readSource makes the body of a page for a file or a folder.
func (s *site) readSource(p *page) error {
	if p.body != "" {
		return nil
	}
	file := filepath.Join(s.root, filepath.FromSlash(p.source))
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return s.folder(p, file)
	}
	return listing(p, file)
}

// folder lists a folder.
func (s *site) folder(p *page, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var items strings.Builder
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" {
			continue
		}
		to := s.sourcePage(p.source + "/" + e.Name())
		items.WriteString(string(markup("<li><a href=\"%s\">%s</a></li>\n", p.to(to.address), e.Name())))
	}
	p.body = template.HTML("<ul class=\"files\">\n" + items.String() + "</ul>\n")
	return nil
}

// mostShown is how much of a file is shown; nobody reads a page that is longer.
const mostShown = 60_000

// listing shows a file, each line with an id such as L12.
func listing(p *page, file string) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !utf8.Valid(src) {
		return fmt.Errorf("%s: a link leads here, and it is no text", p.source)
	}
	text, rest := string(src), ""
	if len(text) > mostShown {
		text = text[:strings.LastIndexByte(text[:mostShown], '\n')+1]
		rest = fmt.Sprintf("<p>The first %d of %d lines.</p>\n", strings.Count(text, "\n"), strings.Count(string(src), "\n"))
	}
	language := map[string]string{".go": "go", ".sh": "sh", ".json": "json", ".yml": "yaml"}[filepath.Ext(file)]
	p.body = markup("<div class=\"code listing\"><pre tabindex=\"0\"><code>%s</code></pre></div>\n%s", numbered(language, text), template.HTML(rest))
	return nil
}

// numbered is coloured source whose lines can be linked to.
func numbered(language, text string) template.HTML {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(string(coloured(language, text))) {
		n++
		fmt.Fprintf(&out, "<span id=\"L%d\">%s</span>", n, line)
	}
	return template.HTML(out.String())
}
