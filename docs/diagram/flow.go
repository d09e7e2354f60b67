package diagram

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A builder makes a graph while a source is read.
type builder struct {
	*parser
	g     *Graph
	nodes map[string]int
	open  []string // the groups that have begun and not ended
}

func (p *parser) builder(name string) *builder {
	return &builder{parser: p, g: &Graph{Name: name, Dir: Down}, nodes: map[string]int{}}
}

func (b *builder) group() string {
	if len(b.open) == 0 {
		return ""
	}
	return b.open[len(b.open)-1]
}

// node finds a node, or adds it. The first group in which it is named is the one that it is in.
func (b *builder) node(id string) *Node {
	i, ok := b.nodes[id]
	if !ok {
		i = len(b.g.Nodes)
		b.nodes[id] = i
		b.g.Nodes = append(b.g.Nodes, Node{ID: id, Label: id})
	}
	if b.g.Nodes[i].Group == "" {
		b.g.Nodes[i].Group = b.group()
	}
	return &b.g.Nodes[i]
}

func (b *builder) begin(id, title string) error {
	for _, gr := range b.g.Groups {
		if gr.ID == id {
			return b.fail("a second group %q", id)
		}
	}
	b.g.Groups = append(b.g.Groups, Group{ID: id, Label: title, Group: b.group()})
	b.open = append(b.open, id)
	return nil
}

func (b *builder) end(word string) error {
	if len(b.open) == 0 {
		return b.fail("%s, but nothing has begun", word)
	}
	b.open = b.open[:len(b.open)-1]
	return nil
}

func (b *builder) turn(word string) error {
	dir, err := b.direction(word)
	if err != nil {
		return err
	}
	for i := range b.g.Groups {
		if b.g.Groups[i].ID == b.group() {
			b.g.Groups[i].Dir = dir
			return nil
		}
	}
	b.g.Dir = dir
	return nil
}

// graph checks what was read.
func (b *builder) graph() (drawing, error) {
	if len(b.open) > 0 {
		return nil, b.fail("%q has no end", b.group())
	}
	groups := map[string]bool{}
	for _, gr := range b.g.Groups {
		groups[gr.ID] = true
	}
	b.g.Nodes = slices.DeleteFunc(b.g.Nodes, func(n Node) bool { return groups[n.ID] })
	if err := b.g.check(); err != nil {
		return nil, b.fail("%v", err)
	}
	return b.g, nil
}

// noColours are statements about looks, which are the page's.
var noColours = []string{"classDef", "class", "style", "linkStyle", "click", "cssClass"}

func (p *parser) flowchart(rest string) (drawing, error) {
	b := p.builder("Flowchart")
	dir, err := p.direction(rest)
	if err != nil {
		return nil, err
	}
	b.g.Dir = dir
	for line, ok := p.next(); ok; line, ok = p.next() {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, ";"), " ")
		rest = strings.TrimSpace(rest)
		switch {
		case word == "subgraph":
			err = b.subgraph(rest)
		case word == "end" && rest == "":
			err = b.end("end")
		case word == "direction":
			err = b.turn(rest)
		case slices.Contains(noColours, word):
			err = p.fail("%s is not known: looks are the page's", word)
		default:
			err = b.chain(line)
		}
		if err != nil {
			return nil, err
		}
	}
	return b.graph()
}

// subgraph reads "id [title]", "id" or "some title".
func (b *builder) subgraph(rest string) error {
	if rest == "" {
		return b.fail("a subgraph without a name")
	}
	id, tail := scanID(rest)
	tail = strings.TrimSpace(tail)
	switch {
	case id != "" && tail == "":
		return b.begin(id, id)
	case id != "" && tail[0] == '[' && strings.HasSuffix(tail, "]"):
		return b.begin(id, plain(tail[1:len(tail)-1]))
	}
	return b.begin(rest, plain(rest))
}

// chain reads "A --> B & C -- text --> D", and more of them behind a semicolon.
func (b *builder) chain(s string) error {
	before, s, err := b.nodeList(s)
	if err != nil {
		return err
	}
	for {
		s = strings.TrimSpace(s)
		if s == "" {
			return nil
		}
		if s[0] == ';' {
			if s = strings.TrimSpace(s[1:]); s == "" {
				return nil
			}
			return b.chain(s)
		}
		e, rest, err := b.edge(s)
		if err != nil {
			return err
		}
		after, rest, err := b.nodeList(strings.TrimSpace(rest))
		if err != nil {
			return err
		}
		for _, from := range before {
			for _, to := range after {
				e.From, e.To = from, to
				b.g.Edges = append(b.g.Edges, e)
			}
		}
		before, s = after, rest
	}
}

func (b *builder) nodeList(s string) (ids []string, rest string, err error) {
	for {
		id, rest, err := b.readNode(s)
		if err != nil {
			return nil, "", err
		}
		ids = append(ids, id)
		more, ok := strings.CutPrefix(strings.TrimSpace(rest), "&")
		if !ok {
			return ids, rest, nil
		}
		s = strings.TrimSpace(more)
	}
}

// scanID reads letters, digits, underscores, and single hyphens between them.
func scanID(s string) (id, rest string) {
	end := 0
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		if r == '-' && end > 0 {
			next, _ := utf8.DecodeRuneInString(s[end+1:])
			if next == utf8.RuneError || !unicode.IsLetter(next) && !unicode.IsDigit(next) {
				break
			}
		} else if r == utf8.RuneError || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		end += n
	}
	return s[:end], s[end:]
}

// outlines are the brackets around a node's text, longest first.
var outlines = []struct {
	open, close string
	shape       Shape
}{
	{"(((", "", ""}, {"((", "))", Circle}, {"([", "])", Stadium}, {"[(", ")]", Cylinder}, {"[[", "]]", Double},
	{"{{", "}}", Hexagon}, {"[/", "/]", Lean}, {`[\`, "", ""}, {"[", "]", Box}, {"(", ")", Round}, {"{", "}", Diamond}, {">", "", ""},
}

func (b *builder) readNode(s string) (id, rest string, err error) {
	id, rest = scanID(s)
	if id == "" {
		return "", "", b.fail("a node is missing before %q", short(s))
	}
	if id == "end" {
		return "", "", b.fail("end is a word of the language, not a node")
	}
	n := b.node(id)
	for _, o := range outlines {
		text, ok := strings.CutPrefix(rest, o.open)
		if !ok {
			continue
		}
		if o.close == "" {
			return "", "", b.fail("the shape %s of node %q is not known", o.open, id)
		}
		var end int
		if strings.HasPrefix(strings.TrimSpace(text), `"`) {
			open := strings.IndexByte(text, '"') + 1
			quote := strings.IndexByte(text[open:], '"')
			if quote < 0 {
				return "", "", b.fail("the text of node %q has no closing quote", id)
			}
			end = open + quote + 1
			gap := len(text[end:]) - len(strings.TrimLeft(text[end:], " \t"))
			if !strings.HasPrefix(text[end+gap:], o.close) {
				return "", "", b.fail("node %q ends with %q, not with %s", id, short(text[end:]), o.close)
			}
			end += gap
		} else if end = strings.Index(text, o.close); end < 0 {
			return "", "", b.fail("node %q has no %s", id, o.close)
		} else if strings.ContainsAny(text[:end], "()[]{}\"") {
			return "", "", b.fail("brackets in the text of node %q: put it in quotes", id)
		}
		n.Label, n.Shape = plain(text[:end]), o.shape
		return id, text[end+len(o.close):], nil
	}
	return id, rest, nil
}

// edge reads an arrow with its text, which stands in it or behind it.
func (b *builder) edge(s string) (Edge, string, error) {
	whole := s
	var e Edge
	switch {
	case strings.HasPrefix(s, "<"):
		e.Tail, s = Arrow, s[1:]
	case strings.HasPrefix(s, "x--"), strings.HasPrefix(s, "x=="), strings.HasPrefix(s, "x-."):
		e.Tail, s = Cross, s[1:]
	case strings.HasPrefix(s, "o--"), strings.HasPrefix(s, "o=="), strings.HasPrefix(s, "o-."):
		e.Tail, s = Dot, s[1:]
	}
	var ink byte
	switch {
	case strings.HasPrefix(s, "--"):
		ink = '-'
	case strings.HasPrefix(s, "=="):
		ink, e.Line = '=', Thick
	case strings.HasPrefix(s, "-."):
		ink, e.Line = '.', Dotted
	default:
		return e, "", b.fail("an arrow is missing before %q", short(whole))
	}
	rest, ok := closeEdge(&e, ink, s)
	if !ok { // "-- text -->"
		stop := string([]byte{ink, ink})
		if ink == '.' {
			stop = ".-"
		}
		end := strings.Index(s[2:], stop)
		if end < 0 {
			return e, "", b.fail("the arrow %q has no end", short(whole))
		}
		e.Label = plain(s[2 : 2+end])
		if e.Label == "" {
			return e, "", b.fail("the arrow %q is not known", short(whole))
		}
		s = s[2+end:]
		if ink == '.' {
			s = "-" + s
		}
		if rest, ok = closeEdge(&e, ink, s); !ok {
			return e, "", b.fail("the arrow %q has no end", short(whole))
		}
	}
	rest = strings.TrimSpace(rest)
	if text, found := strings.CutPrefix(rest, "|"); found {
		label, after, closed := strings.Cut(text, "|")
		if !closed {
			return e, "", b.fail("the text of the arrow %q has no closing |", short(whole))
		}
		if e.Label != "" {
			return e, "", b.fail("the arrow %q has two texts", short(whole))
		}
		e.Label, rest = plain(label), after
	}
	return e, rest, nil
}

// closeEdge reads the part of an arrow with its head, such as "-->" or "-.-x". Each more than needed
// makes the arrow one rank longer.
func closeEdge(e *Edge, ink byte, s string) (rest string, ok bool) {
	n := 0
	if ink == '.' {
		s = s[1:] // the first hyphen
	}
	for n < len(s) && s[n] == ink {
		n++
	}
	s = s[n:]
	if ink == '.' {
		if !strings.HasPrefix(s, "-") {
			return "", false
		}
		s = s[1:]
		n += 2 // as if it were -- and more
	}
	e.Length = n - 1
	switch {
	case strings.HasPrefix(s, ">"):
		e.Head = Arrow
		return s[1:], true
	case len(s) > 1 && (s[0] == 'x' || s[0] == 'o') && (s[1] == ' ' || s[1] == '|'):
		e.Head = map[byte]Head{'x': Cross, 'o': Dot}[s[0]]
		return s[1:], true
	case ink == '.':
		return s, true
	case n >= 3:
		e.Length = n - 2
		return s, true
	}
	return "", false
}

func short(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}
