package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What was written is what is read, and not one byte more is taken.
func TestFrames(t *testing.T) {
	var b bytes.Buffer
	for _, id := range []uint64{1, 2} {
		if err := WriteFrame(&b, Reply{ID: id, Value: []byte(`"` + strings.Repeat("x", int(id)*100_000) + `"`)}); err != nil {
			t.Fatal(err)
		}
	}
	b.WriteString("rest")
	for _, id := range []uint64{1, 2} {
		var r Reply
		if err := ReadFrame(&b, &r); err != nil || r.ID != id || len(r.Value) != int(id)*100_000+2 {
			t.Errorf("frame %d: %d bytes of %d, %v", id, len(r.Value), r.ID, err)
		}
	}
	if b.String() != "rest" {
		t.Errorf("%q is left", b.String())
	}
	for name, test := range map[string]struct {
		in   string
		want error
	}{
		"nothing":          {"", io.EOF},
		"half a length":    {"\x00\x00", io.ErrUnexpectedEOF},
		"half a frame":     {"\x00\x00\x00\x05hel", io.ErrUnexpectedEOF},
		"half a long one":  {"\x00\x20\x00\x00hel", io.ErrUnexpectedEOF},
		"four gigabytes":   {"\xff\xff\xff\xffhello", ErrTooLong},
		"one byte too big": {string(binary.BigEndian.AppendUint32(nil, MaxFrame+1)), ErrTooLong},
	} {
		if _, err := ReadRaw(strings.NewReader(test.in)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if err := WriteFrame(io.Discard, strings.Repeat("x", MaxFrame)); !errors.Is(err, ErrTooLong) {
		t.Errorf("a frame that is too long: %v", err)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}rest"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x10{\"id\":1,\"arg\":"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		var request Request
		err := ReadFrame(r, &request)
		taken := len(in) - r.Len()
		if err == nil && (len(in) < 4 || taken != 4+int(binary.BigEndian.Uint32(in))) {
			t.Errorf("%d bytes were taken of %q", taken, in)
		}
	})
}

type pair struct{ A, B int }

// driver serves what is registered, and returns how to reach it.
func driver(t *testing.T) func(hello Hello) net.Conn {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go Serve(ln)
	return func(hello Hello) net.Conn {
		nc, err := net.Dial("unix", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		if err := WriteFrame(nc, hello); err != nil {
			t.Fatal(err)
		}
		return nc
	}
}

// Calls are answered in order, a panic is an answer, and what is no call is told.
func TestCalls(t *testing.T) {
	Handle("test.Div", func(p pair) int { return p.A / p.B })
	nc := driver(t)(Hello{Kind: "calls"})
	for i, arg := range []string{`{"A":6,"B":2}`, `{"A":6,"B":0}`, `"no pair"`, `{"A":9,"B":3}`} {
		if err := WriteFrame(nc, Request{ID: uint64(i), Fn: "test.Div", Arg: []byte(arg)}); err != nil {
			t.Fatal(err)
		}
	}
	WriteFrame(nc, Request{ID: 4, Fn: "test.None"})
	for i, want := range []Reply{{Value: []byte("3")}, {Panic: "runtime error: integer divide by zero"}, {Error: "cannot unmarshal"}, {Value: []byte("3")}, {Error: "there is no function"}} {
		var r Reply
		if err := ReadFrame(nc, &r); err != nil || r.ID != uint64(i) || string(r.Value) != string(want.Value) || r.Panic != want.Panic || !strings.Contains(r.Error, want.Error) {
			t.Errorf("call %d: %+v, %v; want %+v", i, r, err, want)
		}
	}
}

// A session asks and waits for the word; calls of it run side by side; its listener gets
// the connections that say so, and what it has deferred is done when it ends.
func TestSession(t *testing.T) {
	ended := make(chan struct{})
	HandleSession("test.Session", func(s *Session, arg int) {
		ln := s.Listen()
		s.Defer(func() { close(ended) })
		On(s, "name", func(struct{}) string { return ln.Name })
		On(s, "ask", func(n int) int {
			var word int
			if s.Ask("question", n+arg, &word) != nil {
				return -1
			}
			return word
		})
		go func() {
			for {
				nc, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer nc.Close()
					io.WriteString(nc, nc.RemoteAddr().String()+" ")
					io.Copy(nc, nc)
				}()
			}
		}()
	})
	dial := driver(t)
	nc := dial(Hello{Kind: "session", Name: "test.Session", Arg: []byte("40")})
	read := func() (r Reply) {
		t.Helper()
		if err := ReadFrame(nc, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := read(); r.Event != "ready" || r.Error != "" {
		t.Fatalf("%+v", r)
	}
	WriteFrame(nc, Request{ID: 1, Fn: "ask", Arg: []byte("2")})
	question := read()
	if question.Event != "question" || string(question.Value) != "42" {
		t.Fatalf("%+v", question)
	}
	WriteFrame(nc, Request{ID: 2, Fn: "name"})
	name := strings.Trim(string(read().Value), `"`)
	for _, tcp := range []bool{false, true} {
		client := dial(Hello{Kind: "conn", Name: name, From: "192.0.2.7:4711", TCP: tcp})
		io.WriteString(client, "hello")
		client.(*net.UnixConn).CloseWrite()
		got, err := io.ReadAll(client)
		if err != nil || !strings.HasSuffix(string(got), " hello") || !tcp && string(got) != "192.0.2.7:4711 hello" {
			t.Errorf("TCP %v: %q, %v", tcp, got, err)
		}
	}
	WriteFrame(nc, Request{ID: question.ID, Arg: []byte("7")})
	if r := read(); r.ID != 1 || string(r.Value) != "7" {
		t.Errorf("%+v", r)
	}
	nc.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("what was deferred is not done")
	}
	if got, err := io.ReadAll(dial(Hello{Kind: "conn", Name: name})); err != nil || len(got) > 0 {
		t.Errorf("a listener that is closed: %q, %v", got, err)
	}
}
