package lax_test

import (
	"strings"
	"testing"

	"barewire/checker/conformance/cases"
	"barewire/docs/lab/dissect"
	"barewire/docs/lab/lax"
)

// TestRead_agrees reads every request of the collection that the reference takes: without
// a mistake, the careless reader ends it at the same byte. So each difference that the page
// shows comes from a mistake that somebody has chosen.
func TestRead_agrees(t *testing.T) {
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, c := range all {
		src := []byte(c.Sent())
		read := lax.Read(src, 0)
		for i, m := range dissect.Parse(src, -1).Messages {
			if m.Stop != nil || !m.Complete {
				break // from here on, the reference reads nothing or waits
			}
			compared++
			if i >= len(read) || read[i].Start != m.Start || read[i].End != m.End {
				t.Errorf("%s: request %d has bytes %d to %d; the careless reader has %+v", c.File, i+1, m.Start, m.End, read)
				break
			}
		}
	}
	if compared < 500 {
		t.Errorf("%d requests compared, want more", compared)
	}
}

// TestRead makes each mistake once.
func TestRead(t *testing.T) {
	const head, next = "POST / HTTP/1.1\r\nHost: a\r\n", "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := []struct {
		name     string
		mistake  lax.Switches
		src      string
		with, no int // how many bytes the first request has
	}{
		{"a bare LF", lax.BareLF, head + "X: y\n\n" + next, 32, 60},
		{"the length wins", lax.LengthWins, head + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 75, 80},
		{"the last length", lax.LastLength, head + "Content-Length: 1\r\nContent-Length: 3\r\n\r\nabc", 69, 67},
		{"a space before the colon", lax.SpaceColon, head + "Content-Length : 3\r\n\r\nabc", 51, 48},
		{"a folded line", lax.Folding, head + "Content-Length:\r\n 3\r\n\r\nabc", 52, 49},
		{"junk behind a size", lax.ChunkJunk, head + "Transfer-Encoding: chunked\r\n\r\n1 x\r\na\r\n0\r\n\r\n" + next, 69, 97},
		{"nearly chunked", lax.LooseCoding, head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + next, 62, 57},
		{"GET has no content", lax.NoGetContent, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 46, 49},
		{"nothing has content", lax.NoContent, head + "Content-Length: 3\r\n\r\nabc", 47, 50},
		{"a length with a sign", lax.LooseNumber, head + "Content-Length: +3\r\n\r\nabc", 51, 48},
		{"anything behind a chunk", lax.JunkBehind, head + "Transfer-Encoding: chunked\r\n\r\n1\r\naXY0\r\n\r\n" + next, 67, 95},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := lax.Read([]byte(test.src), test.mistake)[0]; got.End != test.with {
				t.Errorf("with the mistake %q ends at %d (%s), want %d", test.src, got.End, got.Why, test.with)
			}
			if got := lax.Read([]byte(test.src), 0)[0]; got.End != test.no {
				t.Errorf("without it %q ends at %d (%s), want %d", test.src, got.End, got.Why, test.no)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	m := func(ends ...int) (all []lax.Message) {
		start := 0
		for _, end := range ends {
			all = append(all, lax.Message{Start: start, End: end, Complete: true})
			start = end
		}
		return all
	}
	tests := []struct {
		name     string
		a, b     []lax.Message
		want     string
		smuggled bool
	}{
		{"the same", m(4, 10), m(4, 10), "", false},
		{"another end", m(10), m(4, 10), "begins request 2 at byte 4, and that is part of request 1 for the other one", true},
		{"the other way round", m(4, 10), m(10), "begins request 2 at byte 4, and that is part of request 1 for the other one", true},
		{"one has stopped", m(4), m(4, 10), "begins request 2 at byte 4, and that is not read at all by the other one", false},
		{"in the middle", m(7), m(10), "still reads at byte 7, where the other one has stopped", false},
		{"nothing", nil, nil, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := lax.Compare(10, test.a, test.b)
			if d == nil {
				d = &lax.Difference{}
			}
			if d.Words != test.want || d.Smuggled != test.smuggled {
				t.Errorf("%q, smuggled %t; want %q, %t", d.Words, d.Smuggled, test.want, test.smuggled)
			}
		})
	}
}

// FuzzRead reads any bytes with any mistakes: requests lie one behind the other, and what
// a reader says is the same each time.
//
//fuzz:runs 20000
func FuzzRead(f *testing.F) {
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET"), uint32(0))
	f.Add([]byte("\n\nGET\n\n"), uint32(lax.BareLF))
	f.Add([]byte("A\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n3fffffff\r\n"), uint32(lax.JunkBehind|lax.ChunkJunk))
	f.Add([]byte(strings.Repeat("\r\n", 100)), ^uint32(0))
	f.Fuzz(func(t *testing.T, src []byte, switches uint32) {
		end := 0
		read := lax.Read(src, lax.Switches(switches))
		for _, m := range read {
			if m.Start != end || m.End < m.Start || m.End > len(src) || m.HeadEnd > m.End {
				t.Fatalf("%q: %+v", src, read)
			}
			end = m.End
		}
		if d := lax.Compare(len(src), read, lax.Read(src, lax.Switches(switches))); d != nil {
			t.Fatalf("%q is read in two ways by the same reader: %+v", src, d)
		}
	})
}
