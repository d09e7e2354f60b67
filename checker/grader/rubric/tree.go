package rubric

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A node is a JSON value that knows where it stands.
type node struct {
	at      int // its offset
	value   any // a string, a json.Number, a bool or nil; a json.Delim for the others
	members []member
	items   []node
}

// A member is a part of an object.
type member struct {
	name string
	at   int
	node
}

// A source is a file that is being read. It collects what is wrong with it.
type source struct {
	name string
	data []byte
	in   *json.Decoder
	errs []error
}

// errorf notes what is wrong at an offset.
func (s *source) errorf(at int, format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf("%s: %s", s.position(at), fmt.Sprintf(format, args...)))
}

// position writes an offset as editors do: "rubric.json:3:14".
func (s *source) position(at int) string {
	before := s.data[:min(max(at, 0), len(s.data))]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("%s:%d:%d", s.name, bytes.Count(before, []byte("\n"))+1, utf8.RuneCount(before[begin:])+1)
}

// parse reads the whole file as one value.
func (s *source) parse() (node, error) {
	s.in = json.NewDecoder(bytes.NewReader(s.data))
	s.in.UseNumber()
	n, err := s.next(0)
	if end := s.start(int(s.in.InputOffset())); err == nil {
		if _, more := s.in.Token(); more != io.EOF {
			err = fmt.Errorf("%s: something stands behind the end", s.position(end))
		}
	}
	return n, err
}

// start skips what stands between two values.
func (s *source) start(at int) int {
	for at < len(s.data) && strings.IndexByte(" \t\r\n,:", s.data[at]) >= 0 {
		at++
	}
	return at
}

// next reads one value with all that is in it.
func (s *source) next(depth int) (node, error) {
	n := node{at: s.start(int(s.in.InputOffset()))}
	token, err := s.in.Token()
	if err != nil {
		return n, s.syntax(err, n.at)
	}
	if depth > 4 {
		return n, fmt.Errorf("%s: nothing in a rubric is nested so deep", s.position(n.at))
	}
	n.value = token
	for token == json.Delim('{') && s.in.More() {
		m := member{at: s.start(int(s.in.InputOffset()))}
		name, err := s.in.Token()
		if err != nil {
			return n, s.syntax(err, m.at)
		}
		m.name, _ = name.(string)
		if m.node, err = s.next(depth + 1); err != nil {
			return n, err
		}
		n.members = append(n.members, m)
	}
	for token == json.Delim('[') && s.in.More() {
		item, err := s.next(depth + 1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, item)
	}
	if token == json.Delim('{') || token == json.Delim('[') {
		if _, err := s.in.Token(); err != nil {
			return n, s.syntax(err, int(s.in.InputOffset()))
		}
	}
	return n, nil
}

// syntax says in plain words why the file is not JSON.
func (s *source) syntax(err error, at int) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s: this is not JSON: %v", s.position(at), err)
	}
	return fmt.Errorf("%s: the file ends in the middle", s.position(len(s.data)))
}

// kind names what a value is.
func (n node) kind() string {
	switch v := n.value.(type) {
	case string:
		return fmt.Sprintf("the text %q", v)
	case json.Number:
		return "the number " + v.String()
	case bool:
		return fmt.Sprint(v)
	case json.Delim:
		if v == '[' {
			return "a list"
		}
		return "an object"
	}
	return "null"
}
