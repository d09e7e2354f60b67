// Package diagram draws the diagrams of the docs as SVG when the site is built: fenced blocks in the
// language of Mermaid, and graphs made from data.
//
// It knows flowcharts, state diagrams and sequence diagrams, and of those what docs/maintainers/diagrams.md
// lists. Anything else is an error with its line, since a picture that leaves something out is worse
// than none. It needs no script, no font and no other program, and knows nothing of colours: classes say
// what a line is, and diagram.css what it looks like in the light and in the dark.
//
// Begin with SVG, then graph.go. layout.go, order.go, place.go and draw.go place a graph in that order;
// sequence.go and lanes.go do the same for sequence diagrams; scene.go is what comes out of both.
package diagram

import (
	_ "embed"
	"fmt"
	"strings"
)

// CSS has the rules for what SVG writes. The site adds it to its own.
//
//go:embed diagram.css
var CSS []byte

// An Error says what in a source cannot be drawn.
type Error struct {
	Line   int // counted from 1; the fence is not part of it
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("diagram, line %d: %s", e.Line, e.Reason) }

func failf(line int, format string, args ...any) error {
	return &Error{Line: line, Reason: fmt.Sprintf(format, args...)}
}

// Room for a picture: the text column of a page, and a phone held upright.
const (
	pageWidth  = 700
	phoneWidth = 340
)

// SVG draws the text of a fenced mermaid block. What comes out is one element for a page of HTML: an
// svg, or a div that scrolls sideways if it has to, with one svg, or with two of which a phone shows the
// narrow one.
func SVG(source string) ([]byte, error) {
	p := &parser{lines: strings.Split(source, "\n")}
	d, err := p.parse()
	if err != nil {
		return nil, err
	}
	return render(d, p.name, p.description), nil
}

// SVG draws a graph made from data.
func (g *Graph) SVG() ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return render(g, "", ""), nil
}

// A drawing is what can be laid out in a given width, and told in words.
type drawing interface {
	scene(limit float64) scene
	tell() (name, steps string)
}

// render draws for a page, and again for a phone where that makes a difference.
func render(d drawing, name, description string) []byte {
	own, steps := d.tell()
	if name == "" {
		name = own
	}
	if description != "" {
		steps = description
	}
	wide := d.scene(pageWidth)
	if wide.w <= phoneWidth {
		return wide.write("diagram", name, steps)
	}
	var out []byte
	last := d.scene(phoneWidth)
	if last.w > wide.w*0.85 {
		last = wide
		out = last.write("diagram"+scroll(last), name, steps)
	} else {
		out = wide.write("diagram d-wide", name, steps)
		out = append(out, last.write("diagram d-narrow"+scroll(last), name, steps)...)
	}
	// What scrolls must be within reach of the keyboard.
	focus := ""
	if scroll(last) != "" {
		focus = ` tabindex="0" role="group" aria-label="Diagram"`
	}
	return fmt.Appendf(nil, "<div class=\"diagrams\"%s>\n%s</div>\n", focus, out)
}

// scroll is the class of what a phone shows at its full size, since it would be too small to read else.
func scroll(s scene) string {
	if s.w > phoneWidth*1.3 {
		return " d-scroll"
	}
	return ""
}

// A parser reads a diagram line by line.
type parser struct {
	lines             []string
	at                int // the number of the line that was read last
	name, description string
}

func (p *parser) parse() (drawing, error) {
	kind, rest := p.header()
	switch kind {
	case "flowchart", "graph":
		return p.flowchart(rest)
	case "stateDiagram-v2", "stateDiagram":
		return p.states(rest)
	case "sequenceDiagram":
		return p.sequence(rest)
	case "":
		return nil, failf(1, "an empty diagram")
	}
	return nil, p.fail("%q is no kind of diagram: use flowchart, stateDiagram-v2 or sequenceDiagram", kind)
}

// next returns the next line that says something, trimmed.
func (p *parser) next() (string, bool) {
	for p.at < len(p.lines) {
		line := strings.TrimSpace(p.lines[p.at])
		p.at++
		if line == "" || strings.HasPrefix(line, "%%") {
			continue
		}
		if text, ok := strings.CutPrefix(line, "accTitle:"); ok {
			p.name = oneLine(text)
			continue
		}
		if text, ok := strings.CutPrefix(line, "accDescr:"); ok {
			p.description = oneLine(text)
			continue
		}
		return line, true
	}
	return "", false
}

// header returns the first word of the diagram, and what follows on its line.
func (p *parser) header() (kind, rest string) {
	line, ok := p.next()
	if !ok {
		return "", ""
	}
	line = strings.TrimSuffix(line, ";")
	kind, rest, _ = strings.Cut(line, " ")
	return kind, strings.TrimSpace(rest)
}

func (p *parser) fail(format string, args ...any) error { return failf(p.at, format, args...) }

// direction reads one of the directions that Mermaid has.
func (p *parser) direction(word string) (Dir, error) {
	switch word {
	case "", "TB", "TD":
		return Down, nil
	case "BT", "LR", "RL":
		return Dir(word), nil
	}
	return "", p.fail("unknown direction %q: use TD, BT, LR or RL", word)
}
