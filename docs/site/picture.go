package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"html/template"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/course"
	"barewire/docs/diagram"
)

// drawn is a diagram.
func drawn(source string) (template.HTML, error) {
	svg, err := diagram.SVG(source)
	return drawing(svg), err
}

func drawing(svg []byte) template.HTML {
	return markup("<div class=\"drawing\" tabindex=\"0\">%s</div>\n", template.HTML(svg))
}

// below returns the steps that each step's solution imports, by its folder.
func (s *site) below() (map[string][]string, error) {
	all := make(map[string][]string)
	for _, step := range s.course.Steps {
		files, err := filepath.Glob(filepath.Join(s.root, "solutions", step.Dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				return nil, err
			}
			for _, spec := range f.Imports {
				name, _ := strconv.Unquote(spec.Path.Value) // the parser has looked at it
				if dir, ok := strings.CutPrefix(name, "barewire/solutions/"); ok && !slices.Contains(all[step.Dir], dir) {
					all[step.Dir] = append(all[step.Dir], dir)
				}
			}
		}
		slices.Sort(all[step.Dir])
	}
	return all, nil
}

// makePackages is a diagram of the steps' packages and what they import.
func makePackages(t transformer, args []string) (template.HTML, error) {
	below, err := t.below()
	if err != nil {
		return "", err
	}
	var g diagram.Graph
	for _, step := range slices.Backward(t.course.Steps) {
		g.Nodes = append(g.Nodes, diagram.Node{ID: step.Dir, Label: fmt.Sprintf("%d %s", step.Number, step.Package)})
		for _, dir := range below[step.Dir] {
			g.Edges = append(g.Edges, diagram.Edge{From: step.Dir, To: dir})
		}
	}
	g.Reduce()
	from := make(map[string]int)
	for i, e := range g.Edges { // two rows where one would be too wide for a phone
		from[e.From]++
		g.Edges[i].Length = 1 + from[e.From]%2
	}
	svg, err := g.SVG()
	return drawing(svg), err
}

// number returns the number of a step's folder.
func number(dir string) int {
	digits, _, _ := strings.Cut(dir, "-")
	n, _ := strconv.Atoi(digits)
	return n
}

// makePlace shows where a step is among the ten: what it stands on, and what stands
// on it.
func makePlace(t transformer, args []string) (template.HTML, error) {
	step, err := t.step(args)
	if err != nil {
		return "", err
	}
	below, err := t.below()
	if err != nil {
		return "", err
	}
	var cells template.HTML
	var on, under []string
	for _, s := range t.course.Steps {
		class, said := "", ""
		switch {
		case s.Number == step.Number:
			class, said = "here", "this step"
		case slices.Contains(below[step.Dir], s.Dir):
			class, said = "below", "this step stands on it"
			on = append(on, name(s))
		case slices.Contains(below[s.Dir], step.Dir):
			class, said = "above", "stands on this step"
			under = append(under, name(s))
		}
		if said != "" {
			said = " (" + said + ")"
		}
		cells += markup("<li class=\"%s\"><a href=\"%s\"><b>%d</b> <span>%s</span><span class=\"hidden\">%s</span></a></li>\n",
			class, t.to(s.Dir+"/"), s.Number, s.Title, said)
	}
	return markup("<figure class=\"place\">\n<ol>\n%s</ol>\n<figcaption>%s</figcaption>\n</figure>\n", cells, sentence(on, under)), nil
}

// name is how a step is named in a sentence.
func name(s course.Step) string { return fmt.Sprintf("%d %s", s.Number, s.Title) }

// sentence says what a step stands on, and what on it.
func sentence(on, under []string) string {
	said := "Stands alone"
	if len(on) > 0 {
		said = "Stands on " + strings.Join(on, ", ")
	}
	if len(under) > 0 {
		return said + ". Used by " + strings.Join(under, ", ") + "."
	}
	return said + "."
}

// wave draws text as the bits of its bytes, as they would go over one wire, with each
// byte in hexadecimal and as a character below it. It is an ornament.
func wave(text string) template.HTML {
	const bit, high, low = 11, 4, 26
	var path, bytes strings.Builder
	for i, c := range []byte(text) {
		for b := range 8 {
			x, y := (i*8+b)*bit, low
			if c&(0x80>>b) != 0 {
				y = high
			}
			verb := "V"
			if i == 0 && b == 0 {
				verb = "M0 "
			}
			fmt.Fprintf(&path, "%s%dH%d", verb, y, x+bit)
		}
		x := i * 8 * bit
		fmt.Fprintf(&bytes, "<path class=\"mark\" d=\"M%d 0V52\"/><text x=\"%d\" y=\"46\">%02x</text><text class=\"char\" x=\"%d\" y=\"46\">%s</text>",
			x, x+8, c, x+34, escape(string(rune(c))))
	}
	return markup("<svg class=\"wave\" viewBox=\"-1 0 %d 54\" aria-hidden=\"true\">%s<path d=\"%s\"/></svg>", len(text)*8*bit+2, template.HTML(bytes.String()), path.String())
}
