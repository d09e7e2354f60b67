package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// A sequence is who talks, and what happens, from top to bottom.
type sequence struct {
	who    []participant
	events []event
	frames []span
}

type participant struct{ id, text string }

// An event is one line of a sequence diagram.
type event struct {
	kind  eventKind
	a, b  int // participants: from and to, or what a note spans
	text  string
	line  Line
	head  Head
	frame int    // of begin, part and finish
	word  string // "alt", "loop", ... of begin and part
	place string // of a note: "over", "left of", "right of"
}

type eventKind int

const (
	message eventKind = iota
	note
	activate
	deactivate
	begin  // of a frame
	part   // the next part of it
	finish // of a frame
)

// A span is the frame of alt, loop and so on, with the first and last participants in it.
type span struct{ a, b int }

// frames has the words that begin a frame, and what begins another part of it.
var frames = map[string]string{"alt": "else", "par": "and", "critical": "option", "loop": "", "opt": "", "break": ""}

type sequenceParser struct {
	*parser
	s      *sequence
	index  map[string]int
	open   []int    // frames that have begun
	words  []string // and their words
	bars   []int    // for each participant, how often it is active
	number int      // of the next message, or 0
}

func (p *parser) sequence(rest string) (drawing, error) {
	q := &sequenceParser{parser: p, s: &sequence{}, index: map[string]int{}}
	if rest != "" {
		return nil, p.fail("%q after the kind of diagram", short(rest))
	}
	for line, ok := p.next(); ok; line, ok = p.next() {
		if err := q.statement(line); err != nil {
			return nil, err
		}
		if len(q.s.events) > 200 || len(q.s.who) > 20 {
			return nil, p.fail("too large to be read: more than 200 lines or 20 participants")
		}
	}
	if len(q.open) > 0 {
		return nil, p.fail("%s has no end", q.words[len(q.words)-1])
	}
	if len(q.s.who) == 0 {
		return nil, p.fail("nobody takes part in this diagram")
	}
	return q.s, nil
}

func (q *sequenceParser) statement(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	_, isFrame := frames[word]
	switch {
	case word == "participant" || word == "actor":
		return q.participant(rest)
	case word == "Note" || word == "note":
		return q.note(rest)
	case word == "activate" || word == "deactivate":
		i, err := q.find(rest)
		if err != nil {
			return err
		}
		return q.bar(i, word == "activate")
	case line == "autonumber":
		q.number = 1
		return nil
	case isFrame:
		q.open = append(q.open, len(q.s.frames))
		q.words = append(q.words, word)
		q.s.events = append(q.s.events, event{kind: begin, frame: len(q.s.frames), word: word, text: plain(rest)})
		q.s.frames = append(q.s.frames, span{-1, -1})
		return nil
	case word == "else" || word == "and" || word == "option":
		if len(q.open) == 0 || frames[q.words[len(q.words)-1]] != word {
			return q.fail("%s outside of what it belongs to", word)
		}
		q.s.events = append(q.s.events, event{kind: part, frame: q.open[len(q.open)-1], word: word, text: plain(rest)})
		return nil
	case line == "end":
		return q.end()
	case slices.Contains([]string{"rect", "box", "create", "destroy", "link", "links", "title", "autonumber"}, word):
		return q.fail("%s is not known in a sequence diagram", word)
	}
	return q.message(line)
}

func (q *sequenceParser) end() error {
	if len(q.open) == 0 {
		return q.fail("end, but nothing has begun")
	}
	last := len(q.open) - 1
	f := q.open[last]
	if q.s.frames[f].a < 0 {
		return q.fail("nothing happens in this %s", q.words[last])
	}
	q.s.events = append(q.s.events, event{kind: finish, frame: f})
	q.open, q.words = q.open[:last], q.words[:last]
	return nil
}

// participant reads "id" or "id as text".
func (q *sequenceParser) participant(rest string) error {
	id, text, ok := strings.Cut(rest, " as ")
	id = strings.TrimSpace(id)
	if !ok {
		text = id
	}
	if id == "" || strings.ContainsAny(id, ":,;+-<>") {
		return q.fail("%q is no name of a participant", short(id))
	}
	if _, ok := q.index[id]; ok {
		return q.fail("a second participant %q", id)
	}
	q.add(id, plain(text))
	return nil
}

func (q *sequenceParser) add(id, text string) int {
	i := len(q.s.who)
	q.index[id] = i
	q.s.who = append(q.s.who, participant{id, text})
	q.bars = append(q.bars, 0)
	return i
}

// find returns a participant, who is added where none of them is declared.
func (q *sequenceParser) find(id string) (int, error) {
	id = strings.TrimSpace(id)
	if i, ok := q.index[id]; ok {
		return i, nil
	}
	if id == "" || strings.ContainsAny(id, ":,;+<>") {
		return 0, q.fail("%q is no name of a participant", short(id))
	}
	return q.add(id, id), nil
}

// touch widens the frames that are open to the participants of an event.
func (q *sequenceParser) touch(all ...int) {
	for _, f := range q.open {
		s := &q.s.frames[f]
		for _, i := range all {
			if s.a < 0 || i < s.a {
				s.a = i
			}
			s.b = max(s.b, i)
		}
	}
}

func (q *sequenceParser) bar(i int, on bool) error {
	if on {
		q.bars[i]++
		q.s.events = append(q.s.events, event{kind: activate, a: i})
		return nil
	}
	if q.bars[i] == 0 {
		return q.fail("%q is not active", q.s.who[i].id)
	}
	q.bars[i]--
	q.s.events = append(q.s.events, event{kind: deactivate, a: i})
	return nil
}

// note reads "over A,B: text", "left of A: text" or "right of A: text".
func (q *sequenceParser) note(s string) error {
	where, text, ok := strings.Cut(s, ":")
	if !ok || strings.TrimSpace(text) == "" {
		return q.fail("a note without text")
	}
	for _, place := range []string{"over", "left of", "right of"} {
		names, ok := strings.CutPrefix(where, place+" ")
		if !ok {
			continue
		}
		first, second, two := strings.Cut(names, ",")
		if two && place != "over" {
			return q.fail("a note %s two participants", place)
		}
		a, err := q.find(first)
		if err != nil {
			return err
		}
		b := a
		if two {
			if b, err = q.find(second); err != nil {
				return err
			}
		}
		q.touch(a, b)
		q.s.events = append(q.s.events, event{kind: note, a: min(a, b), b: max(a, b), text: plain(text), place: place})
		return nil
	}
	return q.fail("expected a note over, left of or right of a participant")
}

// arrows are the lines of a message, longest first.
var arrows = []struct {
	text string
	line Line
	head Head
}{
	{"-->>", Dotted, Arrow}, {"->>", Solid, Arrow}, {"--x", Dotted, Cross}, {"-x", Solid, Cross},
	{"--)", Dotted, Open}, {"-)", Solid, Open}, {"-->", Dotted, NoHead}, {"->", Solid, NoHead},
}

// message reads "A->>B: text", with + or - before B.
func (q *sequenceParser) message(line string) error {
	head, text, _ := strings.Cut(line, ":")
	at, which := -1, 0
	for i, a := range arrows {
		if n := strings.Index(head, a.text); n >= 0 && (at < 0 || n < at) {
			at, which = n, i
		}
	}
	if at < 0 {
		return q.fail("%q is no line of a sequence diagram", short(line))
	}
	arrow := arrows[which]
	to := strings.TrimSpace(head[at+len(arrow.text):])
	to, on := strings.CutPrefix(to, "+")
	to, off := strings.CutPrefix(to, "-")
	a, err := q.find(head[:at])
	if err != nil {
		return err
	}
	b, err := q.find(to)
	if err != nil {
		return err
	}
	q.touch(a, b)
	text = plain(text)
	if q.number > 0 {
		text = strings.TrimSpace(fmt.Sprintf("%d. %s", q.number, text))
		q.number++
	}
	q.s.events = append(q.s.events, event{kind: message, a: a, b: b, text: text, line: arrow.line, head: arrow.head})
	switch {
	case on:
		return q.bar(b, true)
	case off:
		return q.bar(a, false)
	}
	return nil
}

// tell says in words what happens, step by step.
func (s *sequence) tell() (name, steps string) {
	var who []string
	for _, p := range s.who {
		who = append(who, oneLine(p.text))
	}
	n := 0
	var all []string
	say := func(format string, args ...any) { all = append(all, strings.TrimSpace(fmt.Sprintf(format, args...))) }
	for _, e := range s.events {
		text := oneLine(e.text)
		switch e.kind {
		case message:
			n++
			if text != "" {
				text = ": " + text
			}
			if e.a == e.b {
				say("%d, %s to itself%s", n, who[e.a], text)
			} else {
				say("%d, %s to %s%s", n, who[e.a], who[e.b], text)
			}
		case note:
			if e.a != e.b {
				say("Note on %s and %s: %s", who[e.a], who[e.b], text)
			} else {
				say("Note on %s: %s", who[e.a], text)
			}
		case begin:
			say("%s %s", map[string]string{"alt": "Either", "par": "At the same time", "loop": "Again and again",
				"opt": "Perhaps", "critical": "Without interruption", "break": "Then it ends"}[e.word], text)
		case part:
			say("%s %s", map[string]string{"else": "Or else", "and": "and", "option": "or if"}[e.word], text)
		case finish:
			say("That is all of it")
		}
	}
	return "Sequence diagram between " + list(who) + ", " + count(n, "message"), strings.Join(all, ". ") + "."
}

func list(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
