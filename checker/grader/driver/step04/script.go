// Package step04 is step 4 for the exam: connections that are served, with handlers
// that do what the exam has written down for each path, and tell what came of it.
// Later steps use the same handlers.
//
// Read script.go first, then step04.go.
package step04

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	keepalive "barewire/solutions/04-keep-alive"

	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/wire"
)

// An Action is one thing that a handler does.
type Action struct {
	Do string

	// What it takes, where it takes something.
	Name  string // of a field, of a protocol
	Value []byte // of a field, content to write, what talk writes first
	N     int    // a status, how many bytes to read, how often to write
}

// Actions are what a handler can do.
//
//	set, add, del       fields of the response
//	status              WriteHeader(N)
//	write               Value, N times (once if N is 0); the slice is overwritten afterwards
//	flush
//	read                N bytes, with Reads as large as that and until then
//	content             all of the content, with Request.Content; the handler ends if that fails
//	copy                what Body has into the response, until Body ends or fails
//	ask                 tells the exam "ask" and waits for its word
//	panic
//	error, text         helpers of the step: Error with status N, Text with status N and Value
//	hijack, upgrade     with a talk that writes Value and then echoes lines: see talk
//	mark                changes Body, the context, a path value and RemoteAddr of the request
//	sleep               N milliseconds
type Actions []Action

// A Done is what came of an action that returns something.
type Done struct {
	Data []byte
	Err  wire.Err
}

// Handled is a request, as its handler has seen it.
type Handled struct {
	Method, Version    string
	Target, Path, Host []byte
	NormalPath         []byte
	Fields             []step03.Pair
	Remote             string
	PathValue          string // of "mark"
	Marked             bool   // the context has a mark
	Theirs             bool   // it comes from that of ServeConn
	Body               bool   // there is one, and not that of "mark"
	Done               []Done
	Trailer            []step03.Pair // if there is one at the end
	Gone               bool          // its context is done
	Spoilt             bool          // what its head has lent was something else when its handler ended
}

// spoilt says whether r is no longer what h was.
func (h *Handled) spoilt(r *keepalive.Request) bool {
	now := seen(r)
	return !bytes.Equal(h.Target, now.Target) || !bytes.Equal(h.Path, now.Path) || !bytes.Equal(h.Host, now.Host) ||
		!slices.EqualFunc(h.Fields, now.Fields, func(a, b step03.Pair) bool {
			return bytes.Equal(a.Name, b.Name) && bytes.Equal(a.Value, b.Value)
		})
}

type mark struct{}

// Scripts are the actions for each path. For those that are not there, the handler
// answers "hello " and the path.
type Scripts map[string]Actions

// Handler returns a handler that follows the scripts, and tells the session of each
// request that it has handled.
func (s Scripts) Handler(session *wire.Session) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		h := seen(r)
		defer func() {
			h.Gone = r.Context().Err() != nil
			session.Emit("handled", h)
		}()
		actions, ok := s[string(r.Target.Path)]
		if !ok {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "hello "+string(r.Target.Path))
			return
		}
		for _, a := range actions {
			done, goOn := a.Run(session, w, r)
			if done != nil {
				h.Done = append(h.Done, *done)
			}
			if !goOn {
				break
			}
		}
		h.Spoilt = h.spoilt(r)
		if t := r.Trailer(); t != nil {
			for name, value := range t.All() {
				h.Trailer = append(h.Trailer, step03.Pair{Name: append([]byte{}, name...), Value: append([]byte{}, value...)})
			}
		}
	})
}

// seen copies what the exam compares of a request.
func seen(r *keepalive.Request) *Handled {
	h := &Handled{
		Method: r.Method, Version: r.Version.String(), Target: append([]byte{}, r.Target.Raw...), Path: append([]byte{}, r.Target.Path...),
		Host: append([]byte{}, r.Host...), NormalPath: []byte(r.Path()), Fields: []step03.Pair{}, PathValue: r.PathValue("mark"),
		Marked: r.Context().Value(mark{}) != nil, Theirs: r.Context().Value(theirs{}) != nil, Done: []Done{},
	}
	for name, value := range r.Header.All() {
		h.Fields = append(h.Fields, step03.Pair{Name: append([]byte{}, name...), Value: append([]byte{}, value...)})
	}
	if r.RemoteAddr != nil {
		h.Remote = r.RemoteAddr.String()
	}
	_, changed := r.Body.(marked)
	h.Body = r.Body != nil && !changed
	return h
}

// marked is a Body that a handler has put in.
type marked struct{ io.Reader }

// Run does one thing. The handler ends if it returns false. The session may be nil for
// actions that do not talk to the exam.
func (a Action) Run(session *wire.Session, w keepalive.ResponseWriter, r *keepalive.Request) (*Done, bool) {
	switch a.Do {
	case "set":
		w.Header().Set(a.Name, string(a.Value))
	case "add":
		w.Header().Add(a.Name, string(a.Value))
	case "del":
		w.Header().Del(a.Name)
	case "status":
		w.WriteHeader(a.N)
	case "write":
		var done Done
		content := append([]byte{}, a.Value...)
		for range max(a.N, 1) {
			if _, err := w.Write(content); err != nil {
				done.Err = ErrOf(err)
			}
		}
		for i := range content { // it is the handler's again
			content[i] = '#'
		}
		return &done, true
	case "flush":
		return &Done{Err: ErrOf(w.Flush())}, true
	case "read":
		data := make([]byte, min(max(a.N, 1), 1<<20))
		n, err := io.ReadFull(r.Body, data)
		return &Done{data[:n], ErrOf(err)}, true
	case "content":
		data, err := r.Content()
		if err != nil {
			data = nil
		}
		return &Done{append([]byte{}, data...), ErrOf(err)}, err == nil
	case "copy":
		_, err := io.Copy(w, r.Body)
		return &Done{Err: ErrOf(err)}, err == nil
	case "ask":
		return nil, session.Ask("ask", string(r.Target.Path), nil) == nil
	case "panic":
		panic("as the exam wants it: " + string(a.Value))
	case "error":
		return &Done{Err: ErrOf(keepalive.Error(w, a.N))}, true
	case "text":
		return &Done{Err: ErrOf(keepalive.Text(w, a.N, string(a.Value)))}, true
	case "hijack":
		return &Done{Err: ErrOf(keepalive.Hijack(w, a.talk(session)))}, true
	case "upgrade":
		err := keepalive.Upgrade(w, r, a.Name, a.talk(session))
		return &Done{Err: ErrOf(err)}, err == nil
	case "mark":
		r.Body = marked{r.Body}
		r.SetContext(context.WithValue(r.Context(), mark{}, true))
		r.SetPathValue("mark", []byte("mark"))
		r.RemoteAddr = &net.UnixAddr{Name: "mark", Net: "unix"}
		r.Header.Add("Mark", "mark")
		w.Header().Set("Mark", "mark")
	case "sleep":
		time.Sleep(time.Duration(a.N) * time.Millisecond)
	}
	return nil, true
}

// talk is what takes a connection over: it writes Value, and then sends back each line
// with a "!" before it, until a line says "bye" or "panic".
func (a Action) talk(session *wire.Session) func(ctx context.Context, nc net.Conn) {
	return func(ctx context.Context, nc net.Conn) {
		defer session.Emit("talked", nil)
		_, _ = nc.Write(a.Value)
		var line []byte
		buf := make([]byte, 1)
		for len(line) < 10_000 {
			n, err := nc.Read(buf)
			if n > 0 {
				line = append(line, buf[0])
			}
			if err != nil {
				return
			}
			if buf[0] != '\n' {
				continue
			}
			switch string(line) {
			case "bye\n":
				return
			case "panic\n":
				panic("in talk")
			}
			_, _ = fmt.Fprintf(nc, "!%s", line)
			line = line[:0]
		}
	}
}

// ErrOf returns the class of an error.
func ErrOf(err error) wire.Err {
	e := step03.ErrOf(err)
	if e.Kind == "protocol" {
		e.Offset = 0 // of content that is read as a stream
	}
	for _, known := range []struct {
		err  error
		name string
	}{
		{keepalive.ErrNoContent, "ErrNoContent"}, {keepalive.ErrContentLength, "ErrContentLength"}, {keepalive.ErrNotHijacker, "ErrNotHijacker"},
		{keepalive.ErrHijackTooLate, "ErrHijackTooLate"}, {keepalive.ErrNoUpgrade, "ErrNoUpgrade"}, {io.ErrUnexpectedEOF, "io.ErrUnexpectedEOF"},
		{os.ErrDeadlineExceeded, "os.ErrDeadlineExceeded"}, {context.DeadlineExceeded, "context.DeadlineExceeded"},
	} {
		if e.Kind == "other" && errors.Is(err, known.err) {
			e.Kind = known.name
		}
	}
	return e
}
