// Package lax reads requests as a careless server would. It exists to be wrong: each
// switch is a mistake that some server or proxy has made, and two readers with different
// mistakes do not agree on where a request ends. That is how requests are smuggled (RFC
// 9112 §11.2).
//
// It never refuses anything and shares no code with the reference. Read this file first,
// then compare.go.
package lax

import (
	"bytes"
	"strconv"
	"strings"
)

// Switches say which mistakes a reader makes.
type Switches uint32

// The mistakes.
const (
	BareLF       Switches = 1 << iota // an LF without CR ends a line
	LengthWins                        // Content-Length counts where there is Transfer-Encoding too
	LastLength                        // of two Content-Lengths the last one counts, not the first
	SpaceColon                        // whitespace before the colon is cut off
	Folding                           // a line that starts with whitespace continues the one before
	ChunkJunk                         // what stands behind a chunk size is skipped, whatever it is
	LooseCoding                       // a Transfer-Encoding that has "chunked" anywhere in it is chunked
	NoGetContent                      // GET, HEAD and DELETE have no content, whatever the fields say
	NoContent                         // no request has content: the handler does not read any
	LooseNumber                       // a length may have a sign or end in something else
	JunkBehind                        // behind the data of a chunk any two bytes are skipped
)

// A Switch is a mistake in words.
type Switch struct {
	Bit  Switches
	Name string // short, for a link
	Text string
	Rule string // what it breaks
}

// Table has all of them, in the order in which they are shown.
var Table = []Switch{
	{BareLF, "lf", "A bare LF ends a line", "RFC 9112 §2.2"},
	{SpaceColon, "colon", "Whitespace before the colon is cut off", "RFC 9112 §5.1"},
	{Folding, "fold", "A line that starts with whitespace continues the field before it", "RFC 9112 §5.2"},
	{LengthWins, "length", "Content-Length counts before Transfer-Encoding", "RFC 9112 §6.3"},
	{LastLength, "last", "Of two Content-Lengths the last one counts", "RFC 9112 §6.3"},
	{LooseNumber, "number", "A length may have a sign, or end in anything", "RFC 9110 §8.6"},
	{LooseCoding, "coding", "A Transfer-Encoding with “chunked” anywhere in it is chunked", "RFC 9112 §6.1"},
	{ChunkJunk, "junk", "What stands behind a chunk size is skipped", "RFC 9112 §7.1.1"},
	{JunkBehind, "behind", "Two bytes behind chunk data are skipped, whatever they are", "RFC 9112 §7.1"},
	{NoGetContent, "get", "GET, HEAD and DELETE have no content", "RFC 9112 §6"},
	{NoContent, "none", "No request has content", "RFC 9112 §6"},
}

// A Message is where a reader believes that a request is.
type Message struct {
	Start, HeadEnd, End int
	Line                string // its request line
	Why                 string // why it ends there
	Complete            bool
}

// Read cuts src into requests.
func Read(src []byte, s Switches) []Message {
	var all []Message
	for at := 0; at < len(src) && len(all) < 1000; {
		m := s.message(src, at)
		all = append(all, m)
		if m.End <= at {
			break
		}
		at = m.End
	}
	return all
}

// A field is a field as a careless server has it.
type field struct{ name, value string }

// message reads the request that starts at at.
func (s Switches) message(src []byte, at int) Message {
	m := Message{Start: at}
	var fields []field
	for first := true; ; {
		line, n := s.line(src[at:])
		if n == 0 {
			m.End, m.Why = len(src), "its head has no end"
			if first {
				m.Line = string(src[at:])
			}
			return m
		}
		at += n
		switch {
		case len(line) == 0 && first:
			continue // an empty line before the request line
		case len(line) == 0:
			m.HeadEnd = at
			s.content(&m, src, fields)
			return m
		case first:
			m.Line, first = string(line), false
		default:
			fields = s.field(fields, line)
		}
	}
}

// line returns the line at the start of src and how many bytes it takes: 0 if it has no
// end. For a reader that needs a CRLF, an LF is a byte like any other.
func (s Switches) line(src []byte) (line []byte, n int) {
	if s&BareLF == 0 {
		if i := bytes.Index(src, []byte("\r\n")); i >= 0 {
			return src[:i], i + 2
		}
		return nil, 0
	}
	i := bytes.IndexByte(src, '\n')
	if i < 0 {
		return nil, 0
	}
	return bytes.TrimSuffix(src[:i], []byte("\r")), i + 1
}

// field adds the field of a line to those before it.
func (s Switches) field(fields []field, line []byte) []field {
	if s&Folding != 0 && len(fields) > 0 && (line[0] == ' ' || line[0] == '\t') {
		last := &fields[len(fields)-1]
		last.value = strings.TrimLeft(last.value+" "+strings.Trim(string(line), " \t"), " ")
		return fields
	}
	name, value, ok := strings.Cut(string(line), ":")
	if !ok {
		return fields // it is skipped
	}
	if s&SpaceColon != 0 {
		name = strings.Trim(name, " \t")
	}
	return append(fields, field{name, strings.Trim(value, " \t")})
}

// content finds the end of the content.
func (s Switches) content(m *Message, src []byte, fields []field) {
	length, coding, hasLength := "", "", false
	for _, f := range fields {
		switch {
		case strings.EqualFold(f.name, "Content-Length"):
			if !hasLength || s&LastLength != 0 {
				length, hasLength = f.value, true
			}
		case strings.EqualFold(f.name, "Transfer-Encoding"):
			coding += f.value + ","
		}
	}
	chunked := s.chunkedCoding(coding)
	method, _, _ := strings.Cut(m.Line, " ")
	m.End, m.Complete = m.HeadEnd, true
	switch {
	case s&NoContent != 0:
		m.Why = "it has no content, as no request has any here"
	case s&NoGetContent != 0 && (method == "GET" || method == "HEAD" || method == "DELETE"):
		m.Why = "it has no content, as it is " + method
	case chunked && !(hasLength && s&LengthWins != 0):
		s.chunks(m, src)
	case hasLength:
		n := s.number(length)
		m.End = m.HeadEnd + n
		m.Why = "Content-Length is " + strconv.Itoa(n)
	default:
		m.Why = "no field says that it has content"
		if coding != "" {
			m.Why = "its Transfer-Encoding is not known here, and was skipped"
		}
	}
	if m.End > len(src) {
		m.End, m.Complete = len(src), false
		m.Why += ", and that many have not arrived"
	}
}

// chunkedCoding says whether these transfer codings are chunked.
func (s Switches) chunkedCoding(codings string) bool {
	if s&LooseCoding != 0 {
		return strings.Contains(strings.ToLower(codings), "chunked")
	}
	last := ""
	for c := range strings.SplitSeq(codings, ",") {
		if c = strings.Trim(c, " \t"); c != "" {
			last = c
		}
	}
	return strings.EqualFold(last, "chunked")
}

// number reads a length.
func (s Switches) number(text string) int {
	if s&LooseNumber != 0 {
		text = strings.TrimLeft(text, "+ ")
		end := 0
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			end++
		}
		text = text[:end]
	}
	n, err := strconv.ParseUint(text, 10, 30)
	if err != nil {
		return 0 // it is skipped
	}
	return int(n)
}

// chunks finds the end of chunked content.
func (s Switches) chunks(m *Message, src []byte) {
	at := m.HeadEnd
	m.Complete = false
	for {
		line, n := s.line(src[at:])
		if n == 0 {
			m.End, m.Why = len(src), "its last chunk has not arrived"
			return
		}
		size, ok := s.size(line)
		if !ok {
			m.End, m.Why = len(src), "what should be a chunk size is none: it waits for better"
			return
		}
		at += n
		if size == 0 {
			break
		}
		if at += size; at+2 > len(src) {
			m.End, m.Why = len(src), "a chunk has not arrived whole"
			return
		}
		if line, n := s.line(src[at:]); s&JunkBehind != 0 {
			at += 2
		} else if n > 0 && len(line) == 0 {
			at += n
		}
	}
	for {
		line, n := s.line(src[at:])
		if n == 0 {
			m.End, m.Why = len(src), "its trailer section has no end"
			return
		}
		if at += n; len(line) == 0 {
			m.End, m.Complete, m.Why = at, true, "the last chunk is there"
			return
		}
	}
}

// size reads a chunk size.
func (s Switches) size(line []byte) (int, bool) {
	digits, _, extended := bytes.Cut(line, []byte(";")) // extensions are skipped
	if extended {
		digits = bytes.TrimRight(digits, " \t")
	}
	text := string(digits)
	if s&ChunkJunk != 0 {
		text = strings.TrimPrefix(strings.TrimLeft(text, " \t+"), "0x")
		end := 0
		for end < len(text) && strings.IndexByte("0123456789abcdefABCDEF", text[end]) >= 0 {
			end++
		}
		text = text[:end]
	}
	n, err := strconv.ParseUint(text, 16, 30)
	return int(n), err == nil
}
