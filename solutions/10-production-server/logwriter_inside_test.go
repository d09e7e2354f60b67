package server

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What is written at once: whole lines, as many as a pipe takes as one, or a long one.
func TestLogWriter_Piece(t *testing.T) {
	xs := func(n int) string { return strings.Repeat("x", n) }
	for _, r := range []struct {
		name, lines string
		want        int
	}{
		{"one line", "a\n", 2},
		{"two lines", "a\nb\n", 4},
		{"an empty one", "\n", 1},
		{"an empty one before a long one", "\n" + xs(5000) + "\n", 1},
		{"as much as goes", xs(maxPiece-1) + "\n" + "b\n", maxPiece},
		{"a byte more, and a line before it", "a\n" + xs(maxPiece-2) + "\n", 2},
		{"a byte more", xs(maxPiece) + "\n" + "b\n", maxPiece + 1},
		{"no line end", "abc", 3},
		{"long, and no line end", xs(5000), 5000},
	} {
		if got := piece([]byte(r.lines)); got != r.want {
			t.Errorf("%s: %d bytes at once, want %d", r.name, got, r.want)
		}
	}
}

// Whom a Write wakes, and when there is no room for another line.
func TestLogWriter_Room(t *testing.T) {
	l := &LogWriter{wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
	for _, r := range []struct {
		name        string
		size        int
		wake, hurry int
		err         error
	}{
		{"the first line", enough - 1, 1, 0, nil},
		{"one byte, and it is enough", 1, 0, 1, nil},
		{"one more", 1, 0, 0, nil},
		{"up to the last byte", LogBuffer - enough - 1, 0, 0, nil},
		{"a byte too many", 1, 0, 0, ErrLogFull},
		{"and another one", 2, 0, 0, ErrLogFull},
	} {
		n, err := l.Write(make([]byte, r.size))
		if err != r.err || err == nil && n != r.size || len(l.wake) != r.wake || len(l.hurry) != r.hurry {
			t.Errorf("%s: %d bytes, %v, %d are woken and %d hurried; want %v, %d and %d", r.name, n, err, len(l.wake), len(l.hurry), r.err, r.wake, r.hurry)
		}
		l.wake, l.hurry = make(chan struct{}, 1), make(chan struct{}, 1)
	}
	if l.Lost() != 2 {
		t.Errorf("%d lines are lost, want 2", l.Lost())
	}
	l = &LogWriter{wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
	if l.Write(make([]byte, LogBuffer+1)); l.Lost() != 1 {
		t.Errorf("%d lines are lost of one that is too long, want 1", l.Lost())
	}
}

// A refuser is a log that returns this.
type refuser struct {
	n   int
	err error
	got string
}

func (r *refuser) Write(p []byte) (int, error) {
	if r.err == nil {
		r.got += string(p)
		return len(p), nil
	}
	return r.n, r.err
}

// Lines that the log has refused are counted, and told of when it takes one again.
func TestLogWriter_Refused(t *testing.T) {
	full := errors.New("no space left on device")
	for _, r := range []struct {
		lines string
		n     int
		want  string
	}{
		{"one\n", 0, "lost 1, told 1"},
		{"\n", 0, "lost 1, told 1"},
		{"\n", -1, "lost 1, told 1"},
		{"one\ntwo\n", 4, "lost 1, told 1"},
		{"one\ntwo\n", 2, "lost 2, told 2"},
		{"one\ntwo\n", 100, "lost 0, told 0"},
	} {
		out := &refuser{n: r.n, err: full}
		told := int64(0)
		for _, l := range []*LogWriter{{out: out}, {out: out, notice: func(lost int64) { told = lost }}} {
			out.err = full
			l.write([]byte(r.lines))
			out.err = nil
			l.write([]byte("next\n"))
			l.write([]byte("last\n"))
			if got := fmt.Sprintf("lost %d, told %d", l.Lost(), told); l.notice != nil && got != r.want {
				t.Errorf("%q, of which %d bytes are taken: %s, want %s", r.lines, r.n, got, r.want)
			}
		}
		if out.got != "next\nlast\nnext\nlast\n" {
			t.Errorf("the log has %q", out.got)
		}
	}
}

// An empty line is a line, too.
func TestLogWriter_EmptyLine(t *testing.T) {
	var out refuser
	l := NewLogWriter(&out, nil)
	l.Write([]byte("\n"))
	if err := l.Close(t.Context()); err != nil || out.got != "\n" {
		t.Errorf("%v, and the log has %q", err, out.got)
	}
	if cap(l.wake) != 1 || cap(l.hurry) != 1 {
		t.Errorf("%d and %d tokens, want one of each", cap(l.wake), cap(l.hurry))
	}
}

// The writer has nothing to do until it is woken again.
func TestLogWriter_Sleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLogWriter(io.Discard, nil)
		for range 3 {
			l.Write([]byte("line\n"))
			if synctest.Wait(); len(l.wake) != 0 {
				t.Error("it has not been woken")
			}
			time.Sleep(time.Minute)
		}
		l.Close(t.Context())
	})
}
