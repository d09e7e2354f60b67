package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// states reads a state diagram. States are round boxes, what is inside of a state is a group.
func (p *parser) states(rest string) (drawing, error) {
	if rest != "" {
		return nil, p.fail("%q after the kind of diagram", short(rest))
	}
	b := p.builder("State diagram")
	for line, ok := p.next(); ok; line, ok = p.next() {
		line = strings.TrimSpace(strings.TrimSuffix(line, ";"))
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		var err error
		switch {
		case word == "direction":
			err = b.turn(rest)
		case line == "}":
			err = b.end("}")
		case line == "--":
			err = p.fail("regions side by side are not known: use two states")
		case word == "state":
			err = b.declare(rest)
		case word == "note":
			err = b.note(rest)
		case slices.Contains(noColours, word) || word == "hide":
			err = p.fail("%s is not known: looks are the page's", word)
		case strings.Contains(line, "-->"):
			err = b.transition(line)
		default:
			err = b.describe(line)
		}
		if err != nil {
			return nil, err
		}
	}
	return b.graph()
}

// state finds a state by its name. "[*]" is the beginning or the end of what is around it.
func (b *builder) state(name string, to bool) (string, error) {
	name = strings.TrimSpace(name)
	if name == "[*]" {
		id, shape := fmt.Sprintf("[*] %s begins", b.group()), Start
		if to {
			id, shape = fmt.Sprintf("[*] %s ends", b.group()), End
		}
		n := b.node(id)
		n.Label, n.Shape = "", shape
		return id, nil
	}
	id, rest := scanID(name)
	if id == "" || rest != "" {
		return "", b.fail("%q is no name of a state", short(name))
	}
	if _, ok := b.nodes[id]; !ok {
		b.node(id).Shape = Round
	}
	b.node(id)
	return id, nil
}

func (b *builder) transition(line string) error {
	left, right, _ := strings.Cut(line, "-->")
	right, text, _ := strings.Cut(right, ":")
	from, err := b.state(left, false)
	if err != nil {
		return err
	}
	to, err := b.state(right, true)
	if err != nil {
		return err
	}
	b.g.Edges = append(b.g.Edges, Edge{From: from, To: to, Head: Arrow, Label: plain(text)})
	return nil
}

// describe reads "name" or "name: text".
func (b *builder) describe(line string) error {
	name, text, ok := strings.Cut(line, ":")
	id, err := b.state(name, false)
	if err == nil && ok {
		return b.text(id, text)
	}
	return err
}

func (b *builder) text(id, text string) error {
	for i := range b.g.Groups {
		if b.g.Groups[i].ID == id {
			b.g.Groups[i].Label = plain(text)
			return nil
		}
	}
	b.node(id).Label = plain(text)
	return nil
}

// declare reads what follows the word state: `"text" as name`, `name <<choice>>`, `name {`.
func (b *builder) declare(s string) error {
	s, inside := strings.CutSuffix(s, "{")
	s = strings.TrimSpace(s)
	text := ""
	if strings.HasPrefix(s, `"`) {
		quoted, name, ok := strings.Cut(s[1:], `"`)
		name, as := strings.CutPrefix(strings.TrimSpace(name), "as ")
		if !ok || !as {
			return b.fail(`expected "text" as name`)
		}
		text, s = quoted, strings.TrimSpace(name)
	}
	s, kind, _ := strings.Cut(s, "<<")
	id, rest := scanID(strings.TrimSpace(s))
	if id == "" || rest != "" {
		return b.fail("%q is no name of a state", short(s))
	}
	if inside {
		if text == "" {
			text = id
		}
		return b.begin(id, plain(text))
	}
	if _, err := b.state(id, false); err != nil {
		return err
	}
	if text != "" {
		b.node(id).Label = plain(text)
	}
	switch kind {
	case "":
	case "choice>>":
		b.node(id).Label, b.node(id).Shape = "", Diamond
	case "fork>>", "join>>":
		b.node(id).Label, b.node(id).Shape = "", Bar
	default:
		return b.fail("a state <<%s is not known: use choice, fork or join", short(kind))
	}
	return nil
}

// note reads "right of name: text", or the lines up to "end note".
func (b *builder) note(s string) error {
	s, text, oneline := strings.Cut(s, ":")
	name, ok := strings.CutPrefix(strings.TrimSpace(s), "right of ")
	if !ok {
		if name, ok = strings.CutPrefix(strings.TrimSpace(s), "left of "); !ok {
			return b.fail("expected note right of, or left of, a state")
		}
	}
	id, err := b.state(name, false)
	if err != nil {
		return err
	}
	if !oneline {
		start := b.at
		var lines []string
		for {
			line, ok := b.next()
			if !ok {
				return failf(start, "a note without end note")
			}
			if line == "end note" {
				break
			}
			lines = append(lines, line)
		}
		text = strings.Join(lines, "\n")
	}
	if b.node(id).Note != "" {
		return b.fail("a second note on %q", id)
	}
	b.node(id).Note = plain(text)
	return nil
}
