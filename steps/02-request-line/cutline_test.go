package reqline_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

// next is what a client that does not wait for answers sends behind a line.
const next = "Host: example.org\r\n\r\nGET /next HTTP/1.1\n\r\n"

// arrivals yields the ways in which in can arrive, named, each as what has
// arrived after every Read: whole, byte by byte, cut in two anywhere, and with
// the next request in the same Read. A long input comes in packets instead.
func arrivals(in string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if len(in) > 1000 {
			var soFar []string
			for i := 97; i < len(in); i += 97 {
				soFar = append(soFar, in[:i])
			}
			if !yield("whole", []string{in}) || !yield("in packets of 97 bytes", append(soFar, in)) {
				return
			}
		} else {
			for how, pieces := range testkit.Splits(in) {
				soFar := make([]string, len(pieces))
				for i := range pieces {
					soFar[i] = strings.Join(pieces[:i+1], "")
				}
				if !yield(how, soFar) {
					return
				}
			}
		}
		yield("with the next request in the same Read", []string{in + next})
	}
}

func TestTask5_CutLine(t *testing.T) {
	for _, tt := range []struct {
		name      string
		in        string // up to the line end that is to be found
		line      string
		bad       bool // a 400 is wanted
		note, why string
	}{
		{
			name: "a line", in: "GET / HTTP/1.1¦\r\n", line: "GET / HTTP/1.1", note: "in n, but not in the line",
			why: "the CRLF ends the line and belongs to no part of it; n counts it, for the next line starts behind it (RFC 9112 §2.1)",
		},
		{
			name: "an empty line", in: "\r\n", line: "",
			why: "a line may be empty: one like this ends the header section (RFC 9112 §2.1)",
		},
		{
			name: "a CR inside the line stays in it", in: "a¦\rb\r\n", line: "a\rb", note: "a CR that no LF follows",
			why: "it does not end the line, and nothing here knows what the line is; whoever parses it refuses the byte (RFC 9112 §2.2)",
		},
		{
			name: "two CRs before the LF", in: "a¦\r\r\n", line: "a\r", note: "this one is in the line",
			why: "the line end is CR LF: one CR. To take off all of them would hide a byte from whoever has to refuse it (RFC 9112 §2.2)",
		},
		{
			name: "spaces at both ends", in: " a \r\n", line: " a ",
			why: "white space is not the line's end: what it means, and whether it is allowed, depends on the line (RFC 9112 §2.2, §5.2)",
		},
		{
			name: "an LF without a CR", in: "GET / HTTP/1.1‹¦›\n", bad: true, note: "no CR before it",
			why: "the RFC allows to accept it (RFC 9112 §2.2), and servers that did so behind proxies that did not have been made to see two requests in one. Go's own net/http was one of them, in chunked content: CVE-2025-22871",
		},
		{
			name: "an LF without a CR at the very start", in: "‹¦›\n", bad: true, note: "no CR before it",
			why: "there is no byte before this one: look before you index (RFC 9112 §2.2)",
		},
		{
			name: "an LF without a CR before a line that is right", in: "a‹¦›\nb\r\n", bad: true, note: "the first LF",
			why: "a search for CRLF runs past it and takes two lines for one (RFC 9112 §2.2)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.in)
			r := s.report(tt.note, tt.why)
			r.Want = fmt.Sprintf("line %q, n = %d", tt.line, len(s.in))
			if tt.bad {
				r.Want = s.wantError(400)
			}
			for how, soFar := range arrivals(s.in) {
				var src, line []byte
				var n int
				var err error
				for _, in := range soFar {
					src = inBuffer(in)
					line, n, err = reqline.CutLine(src)
					checkUnharmed(t, src, in)
					if !errors.Is(err, reqline.ErrIncomplete) {
						break
					}
				}
				if tt.bad && s.isError(err, 400) ||
					!tt.bad && err == nil && string(line) == tt.line && n == len(s.in) && len(src) >= n && inside(line, src) {
					continue
				}
				switch {
				case err != nil:
					r.Got = gotError(err)
				case !inside(line, src):
					r.Want, r.Got = "the line as a part of src", "a copy of it"
					r.Why = "the doc comment promises that it is borrowed: a server that copies each line pays for it each time"
				default:
					r.Got = fmt.Sprintf("line %q, n = %d", line, n)
				}
				arrived(&r, how, string(src), s.in)
				r.Fatal(t) // it is red in one way: the others would say the same
			}
		})
	}

	for _, tt := range []struct{ name, in, note, why string }{
		{
			"nothing yet", "", "",
			"no byte has arrived: that is no fault, there is just nothing to say yet",
		},
		{
			"half a line", "GET / HT", "",
			"TCP keeps the bytes and their order, not the borders between them: a line may arrive in any number of pieces",
		},
		{
			"a CR and nothing behind it yet", "GET / HTTP/1.1¦\r", "the LF is still on its way",
			"the CR and its LF may arrive in two pieces, and this is only half a line end (RFC 9112 §2.2)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.in)
			line, n, err := reqline.CutLine(inBuffer(s.in))
			if !errors.Is(err, reqline.ErrIncomplete) {
				r := s.report(tt.note, tt.why)
				r.Want, r.Got = "ErrIncomplete: more bytes are needed", gotError(err)
				if err == nil {
					r.Got = fmt.Sprintf("line %q, n = %d", line, n)
				}
				r.Fatal(t)
			}
		})
	}
}

// arrived adds to a report how much of in had arrived, and how, when the answer
// was wrong.
func arrived(r *testkit.Report, how, soFar, in string) {
	switch {
	case len(soFar) < len(in):
		r.Want = fmt.Sprintf("ErrIncomplete as long as the line has no end,\nthen %s", r.Want)
		r.Got += fmt.Sprintf("\nwhen %d of %d bytes had arrived", len(soFar), len(in))
		r.Why = "TCP keeps the bytes and their order, not the borders between them: a line may arrive in any number of pieces, and half a line is no fault"
	case how != "whole":
		r.Got += "\n(" + how + ")"
	}
}
