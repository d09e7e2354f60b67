package main

import (
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/conformance/cases"
)

// A mention is where a section of an RFC is taught, implemented and tested.
type mention struct {
	taught map[string]string // chapters: address and title
	code   map[string]string // files of solutions: path and short name
	tests  int               // rows and functions of tests that name it
	cases  int               // of the conformance collection
}

// makeMap is a table of the sections that are named anywhere.
func makeMap(t transformer, args []string) (template.HTML, error) {
	all := make(map[string]*mention)
	at := func(section string) *mention {
		if all[section] == nil {
			all[section] = &mention{taught: map[string]string{}, code: map[string]string{}}
		}
		return all[section]
	}
	for _, p := range t.pages {
		if p.group == "Course" {
			for _, section := range citations(string(p.text)) {
				at(section).taught[p.address] = strings.TrimSuffix(p.address, "/")
			}
		}
	}
	for _, step := range t.course.Steps {
		if err := t.mentions(filepath.Join("solutions", step.Dir), at); err != nil {
			return "", err
		}
		if err := t.mentions(filepath.Join("steps", step.Dir), at); err != nil {
			return "", err
		}
	}
	collection, err := cases.Load()
	if err != nil {
		return "", err
	}
	for _, c := range collection {
		for _, section := range citations(c.Section) {
			at(section).cases++
		}
	}
	var rows template.HTML
	rfc := ""
	for _, section := range slices.SortedFunc(maps.Keys(all), bySection) {
		number, part, _ := strings.Cut(section, " ")
		if number != rfc {
			rfc = number
			rows += markup("<tr class=\"group\"><th colspan=\"4\" scope=\"rowgroup\">RFC %s</th></tr>\n", rfc)
		}
		href, title, err := citation(number, part)
		if err != nil {
			return "", fmt.Errorf("it is named in the code or the cases: %w", err)
		}
		rows += markup("<tr><td><a href=\"%s\">§%s</a> %s</td>%s</tr>\n", href, part, title, all[section].cells(t.page, t.site))
	}
	return markup("<div class=\"table\" tabindex=\"0\"><table class=\"rfcmap\">\n<thead><tr><th scope=\"col\">Section</th><th scope=\"col\">Taught in</th>"+
		"<th scope=\"col\">Implemented in</th><th scope=\"col\">Tested by</th></tr></thead>\n<tbody>\n%s</tbody></table></div>\n", rows), nil
}

// citations returns the sections that a text names, each once, as "9112 2.3".
func citations(text string) (all []string) {
	for _, m := range cited.FindAllStringSubmatch(text, -1) {
		if s := m[1] + " " + m[2]; !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// comments are the comments of a Go file.
var comments = regexp.MustCompile(`(?m)^[^"\x60\n]*//.*$`)

// mentions reads the Go files in a folder: comments of the code, and all of the tests.
func (s *site) mentions(dir string, at func(string) *mention) error {
	files, err := filepath.Glob(filepath.Join(s.root, dir, "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.HasSuffix(file, "_test.go") {
			for line := range strings.Lines(string(src)) {
				for _, section := range citations(line) {
					at(section).tests++
				}
			}
			continue
		}
		if strings.HasPrefix(dir, "steps") {
			continue
		}
		name := filepath.ToSlash(filepath.Join(dir, filepath.Base(file)))
		for _, section := range citations(strings.Join(comments.FindAllString(string(src), -1), "\n")) {
			at(section).code[name] = fmt.Sprintf("%d %s", number(filepath.Base(dir)), filepath.Base(file))
		}
	}
	return nil
}

// cells are the columns of a section.
func (m *mention) cells(p *page, s *site) template.HTML {
	var taught, code, tested []string
	for _, address := range slices.Sorted(maps.Keys(m.taught)) {
		taught = append(taught, string(markup(`<a href="%s">%d</a>`, p.to(address), number(address))))
	}
	for _, name := range slices.Sorted(maps.Keys(m.code)) {
		code = append(code, string(markup(`<a href="%s">%s</a>`, p.to(s.sourcePage(name).address), m.code[name])))
	}
	if m.tests > 0 {
		tested = append(tested, plural(m.tests, "test"))
	}
	if m.cases > 0 {
		tested = append(tested, plural(m.cases, "case"))
	}
	cell := func(parts []string) template.HTML {
		return template.HTML("<td>" + strings.Join(parts, ", ") + "</td>")
	}
	return cell(taught) + cell(code) + cell(tested)
}

// bySection sorts 9112 9.3 before 9112 10, and appendices last.
func bySection(a, b string) int {
	return slices.CompareFunc(regexp.MustCompile(`[ .]`).Split(a, -1), regexp.MustCompile(`[ .]`).Split(b, -1), func(x, y string) int {
		m, err1 := strconv.Atoi(x)
		n, err2 := strconv.Atoi(y)
		if err1 != nil || err2 != nil {
			return strings.Compare(x, y)
		}
		return m - n
	})
}
