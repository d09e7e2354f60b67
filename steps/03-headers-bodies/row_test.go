package message_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

// A row is an input and what has to come of it, in words. A "¦" in the input stands
// before the byte that matters and is not part of it.
type row struct {
	name string
	in   string
	want []string // any of them will do
	why  string
	note string // what to say about the byte that matters; the name if it is empty
}

// one is a row with one right answer.
func one(name, in, want, why string) row {
	return row{name: name, in: in, want: []string{want}, why: why}
}

// run compares what do says of each input with what the row wants.
func run(t *testing.T, rows []row, do func(in string) string) {
	t.Helper()
	runWith(t, "", rows, do)
}

// runWith is run where the input is not all that matters: with says what else, such
// as "Content-Type: text/plain".
func runWith(t *testing.T, with string, rows []row, do func(in string) string) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Helper()
			before, after, marked := strings.Cut(r.in, "¦")
			in := before + after
			if got := do(in); !slices.Contains(r.want, got) {
				report := testkit.Report{Sent: in, Doing: with, Want: strings.Join(r.want, "\nor "), Got: got, Why: r.why}
				if marked {
					report.Mark, report.Note = len(before), cmp.Or(r.note, r.name)
				}
				if in == "" {
					report.Doing = strings.TrimPrefix(with+", and nothing is sent", ", and ")
				}
				report.Error(t)
			}
		})
	}
}

// outcome says in words what an error is: its status if a server can answer it.
func outcome(err error) string {
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return fmt.Sprintf("refused with %d", e.Status)
	}
	switch {
	case err == nil:
		return "accepted"
	case errors.Is(err, reqline.ErrIncomplete):
		return "incomplete"
	case errors.Is(err, io.EOF):
		return "the end"
	}
	return "an error that is no *reqline.ProtocolError: " + err.Error()
}

// next is a request that stands behind every input, to see that nobody touches it.
const next = "GET /next HTTP/1.1\r\nHost: next\r\n\r\n"

// anyWay runs parse on an input in every way it could arrive: whole, cut anywhere,
// one byte at a time, each time from the start and with more bytes, and with another
// request behind it. Parse returns what it has found, and how many bytes it took. All
// ways must give the same answer; the first that does not is named in it.
func anyWay(in string, parse func(src []byte) (string, int, error)) string {
	whole := once(parse, in)
	if strings.HasPrefix(whole, "an error that is no") {
		return whole
	}
	if behind := once(parse, in+next); behind != whole && whole != "incomplete" {
		return whole + ", but with the next request behind it " + behind
	}
	for name, pieces := range testkit.Splits(in) {
		got, soFar := "", ""
		for i, p := range pieces {
			soFar += p
			got = once(parse, soFar)
			if last := i == len(pieces)-1; got != "incomplete" && !last && !strings.HasPrefix(got, "refused") {
				return fmt.Sprintf("%s, but after %d of %d bytes %s", whole, len(soFar), len(in), got)
			}
			if strings.HasPrefix(got, "refused") {
				break // it may be clear before the end
			}
		}
		if got != whole {
			return fmt.Sprintf("%s, but %s %s", whole, name, got)
		}
	}
	return whole
}

func once(parse func(src []byte) (string, int, error), in string) string {
	found, n, err := parse([]byte(in))
	if err != nil {
		return outcome(err)
	}
	return fmt.Sprintf("%d bytes: %s", n, found)
}

// header returns a header with these fields: name, value, name, value.
func header(pairs ...string) *message.Header {
	var h message.Header
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return &h
}

// fields writes the fields of a header in one line.
func fields(h *message.Header) string {
	var all []string
	for name, value := range h.All() {
		all = append(all, fmt.Sprintf("%s=%q", name, value))
	}
	return strings.Join(all, " ")
}

// list writes the values that an iterator yields in one line.
func list(values func(func([]byte) bool)) string {
	var all []string
	for v := range values {
		all = append(all, fmt.Sprintf("%q", v))
	}
	return strings.Join(all, " ")
}
