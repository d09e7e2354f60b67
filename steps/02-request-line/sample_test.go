package reqline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

// A sample is an input and the places in it that a test needs. A row writes
// them into the input: "GET /a ‹¦b HTTP/1.1›" has a caret under the b, and an
// error may point at any byte from there to the end.
type sample struct {
	in       string
	mark     int // where the caret stands, or -1
	from, to int // the right offsets of an error; all, if the row does not say
}

// newSample takes the marks out of text.
func newSample(text string) sample {
	s := sample{mark: -1, to: -1}
	for {
		at := strings.IndexAny(text, "¦‹›")
		if at < 0 {
			break
		}
		s.in += text[:at]
		mark, size := utf8.DecodeRuneInString(text[at:])
		switch mark {
		case '¦':
			s.mark = len(s.in)
		case '‹':
			s.from = len(s.in)
		case '›':
			s.to = len(s.in)
		}
		text = text[at+size:]
	}
	s.in += text
	if s.to < 0 {
		s.to = len(s.in)
	}
	return s
}

// report returns a report on the sample; note says what stands at its mark. A
// sample of many bytes is not shown: its row says what it is.
func (s sample) report(note, why string) testkit.Report {
	switch {
	case len(s.in) > 500:
		return testkit.Report{Why: why}
	case s.mark < 0:
		note = ""
	}
	return testkit.Report{Sent: s.in, Mark: max(s.mark, 0), Note: note, Why: why}
}

// isError says whether err is a ProtocolError with one of the statuses and an
// offset that points at what is wrong.
func (s sample) isError(err error, statuses ...int) bool {
	e, ok := errors.AsType[*reqline.ProtocolError](err)
	if !ok || e.Offset < s.from || e.Offset > s.to {
		return false
	}
	for _, status := range statuses {
		if e.Status == status {
			return true
		}
	}
	return false
}

// wantError says in words which error is wanted.
func (s sample) wantError(statuses ...int) string {
	var names []string
	for _, status := range statuses {
		names = append(names, statusName(status))
	}
	want := "a *ProtocolError: " + strings.Join(names, " or ")
	switch {
	case s.from == s.to:
		return fmt.Sprintf("%s, Offset %d", want, s.from)
	case s.from > 0 || s.to < len(s.in):
		return fmt.Sprintf("%s, Offset from %d to %d", want, s.from, s.to)
	}
	return want
}

// gotError says in words what err is.
func gotError(err error) string {
	e, ok := errors.AsType[*reqline.ProtocolError](err)
	switch {
	case err == nil:
		return "no error"
	case ok:
		got := fmt.Sprintf("a *ProtocolError: %s, Offset %d", statusName(e.Status), e.Offset)
		if e.Msg != "" {
			got += "\n(" + testkit.Visible(e.Msg) + ")"
		}
		return got
	case errors.Is(err, reqline.ErrIncomplete):
		return "ErrIncomplete"
	}
	return "an error that is no *ProtocolError: " + testkit.Visible(err.Error())
}

func statusName(status int) string {
	name := map[int]string{400: "Bad Request", 414: "URI Too Long", 501: "Not Implemented", 505: "HTTP Version Not Supported"}[status]
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, name))
}

// isProtocolError says whether err is one that a server can answer: a
// ProtocolError with a status that the parsers of this step have, at an offset
// of n bytes.
func isProtocolError(err error, n int) bool {
	e, ok := errors.AsType[*reqline.ProtocolError](err)
	if !ok || e.Offset < 0 || e.Offset > n {
		return false
	}
	return e.Status == 400 || e.Status == 414 || e.Status == 501 || e.Status == 505
}

// behind stands behind every src in memory: the rest of the request and the
// next one. Nothing may be written there, and it may change no answer.
const behind = " @[::1]:99/%41?x=1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"

// inBuffer returns in as a server has it: a part of a larger buffer.
func inBuffer(in string) []byte {
	return []byte(in + behind)[:len(in)]
}

// checkUnharmed reports what has become of a src that inBuffer(in) returned.
func checkUnharmed(t *testing.T, src []byte, in string) {
	t.Helper()
	r := testkit.Report{
		Sent: in, Want: "src, and what stands behind it, as they were",
		Why: "the buffer is the connection's, and the next request is in it: a parser only reads",
	}
	if string(src) != in {
		r.Got = "src was changed: " + quoted(src)
		r.Fatal(t)
	}
	if string(src[:len(in)+len(behind)]) != in+behind {
		r.Got = "the bytes behind src were changed"
		r.Fatal(t)
	}
}

// inside says whether part is a part of src and not a copy.
func inside(part, src []byte) bool {
	if len(part) == 0 {
		return true
	}
	for i := range src {
		if &src[i] == &part[0] {
			return i+len(part) <= len(src)
		}
	}
	return false
}

// quoted writes a part as a report shows it.
func quoted(part []byte) string {
	if part == nil {
		return "nil"
	}
	return `"` + testkit.Visible(string(part)) + `"`
}
