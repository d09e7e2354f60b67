package step07

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"
	middleware "barewire/solutions/07-middleware"

	"barewire/checker/grader/driver/step04"
)

// A Response is what came of a request.
type Response struct {
	Unparsed bool
	Status   int
	Interim  []int
	Fields   []string // as they were when the status came, sorted by name
	Content  []byte   // decoded, if it is gzip
	Gzip     string   // "", "whole", "cut off"
	Flushed  []int    // how many bytes of content were there at each Flush
	Files    int      // calls of ReadFrom
	Hijacked bool
	Panicked string
	Note     string

	// What the request has afterwards.
	BodyBack, Deadline, Done, Outer, Value bool

	Seen Seen
}

// Seen is what the handler has seen.
type Seen struct {
	Called   bool
	ID, User string
	Deadline bool
	Done     []step04.Done
	Tagged   int // fields of the response that were there before
}

// A writer is a response without a connection.
type writer struct {
	header, fixed message.Header
	status        int
	interim       []int
	content       bytes.Buffer
	flushed       []int
	files         int
	hijacked      bool
	panicked      string
	note          string
	writes, gone  int
	head          bool
	seen          *Seen
}

var errGone = errors.New("the client has gone")

func (w *writer) Header() *message.Header { return &w.header }

func (w *writer) WriteHeader(status int) {
	switch {
	case status < 200 && status != 101:
		w.interim = append(w.interim, status)
	case w.status == 0:
		w.status = status
		for name, value := range w.header.All() {
			w.fixed.Add(string(name), string(value))
		}
	}
}

func (w *writer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(200)
	}
	if w.writes++; w.gone > 0 && w.writes >= w.gone {
		return 0, errGone
	}
	if w.status == 204 || w.status == 304 {
		return 0, keepalive.ErrNoContent
	}
	return w.content.Write(p)
}

func (w *writer) Flush() error {
	if w.status == 0 {
		w.WriteHeader(200)
	}
	if w.gone < 0 || w.gone > 0 && w.writes+1 >= w.gone {
		return errGone
	}
	content, _ := w.plain()
	w.flushed = append(w.flushed, len(content))
	return nil
}

// ReadFrom is what the connection has, for files.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.WriteHeader(200)
	}
	w.files++
	return w.content.ReadFrom(src)
}

func (w *writer) Hijack(func(context.Context, net.Conn)) error {
	if w.hijacked {
		return keepalive.ErrHijackTooLate
	}
	w.hijacked = true
	return nil
}

// plain is the content as a client reads it, and how its gzip ended.
func (w *writer) plain() ([]byte, string) {
	if w.fixed.Get("Content-Encoding") != "gzip" || w.content.Len() == 0 {
		return append([]byte{}, w.content.Bytes()...), ""
	}
	z, err := gzip.NewReader(bytes.NewReader(w.content.Bytes()))
	if err != nil {
		return append([]byte{}, w.content.Bytes()...), ""
	}
	content, err := io.ReadAll(io.LimitReader(z, 8<<20))
	if err != nil {
		return content, "cut off"
	}
	return content, "whole"
}

func (w *writer) response() Response {
	if w.status == 0 && w.panicked == "" {
		w.WriteHeader(200)
	}
	out := Response{
		Status: w.status, Interim: append([]int{}, w.interim...), Flushed: append([]int{}, w.flushed...), Files: w.files,
		Hijacked: w.hijacked, Panicked: w.panicked, Note: w.note, Fields: fields(&w.fixed),
	}
	out.Content, out.Gzip = w.plain()
	if out.Status >= 400 { // texts of errors are nobody's business
		out.Content = nil
		out.Fields = slices.DeleteFunc(out.Fields, func(f string) bool {
			return strings.HasPrefix(f, "content-type:") || strings.HasPrefix(f, "content-length:") || strings.HasPrefix(f, "x-content-type-options:")
		})
		if length := w.fixed.Get("Content-Length"); length != "" && length != strconv.Itoa(w.content.Len()) && !w.head && w.gone == 0 {
			out.Fields = append(out.Fields, "content-length: not that of the content")
		}
	}
	return out
}

// fields writes fields as they can be compared: members of lists in order of the
// alphabet, and an id that was made without its letters. Those of errors that say what
// their text is are left out.
func fields(h *message.Header) []string {
	out := []string{}
	done := map[string]bool{}
	for name := range h.All() {
		n := strings.ToLower(string(name))
		if done[n] {
			continue
		}
		done[n] = true
		var values []string
		for v := range h.Values(n) {
			values = append(values, string(v))
		}
		switch {
		case n == "vary" || strings.HasPrefix(n, "access-control-"):
			values = values[:0]
			for m := range h.Members(n) {
				member := string(m)
				if n == "vary" {
					member = strings.ToLower(member)
				}
				values = append(values, member)
			}
			slices.Sort(values)
			values = slices.Compact(values)
		case n == "x-request-id":
			for i := range values {
				values[i] = idOf(values[i])
			}
		}
		out = append(out, n+": "+strings.Join(values, ", "))
	}
	slices.Sort(out)
	return out
}

// scripted is the handler in the middle: it does what is written down for its request.
type scripted struct{}

func (h *scripted) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	list, _ := r.Context().Value(actions{}).([]step04.Action)
	seen := &Seen{Called: true, ID: idOf(middleware.ID(r.Context())), User: middleware.User(r.Context()), Done: []step04.Done{}}
	_, seen.Deadline = r.Context().Deadline()
	for range w.Header().All() {
		seen.Tagged++
	}
	if real := behind(w); real != nil {
		real.seen = seen
	}
	kept := w.Header()
	for _, a := range list {
		switch a.Do {
		case "kept set": // on the header that the handler got first
			kept.Set(a.Name, string(a.Value))
			continue
		case "file": // a reader, through ReadFrom where there is one
			n, err := io.Copy(w, struct{ io.Reader }{bytes.NewReader(a.Value)})
			seen.Done = append(seen.Done, step04.Done{Data: []byte{byte(n)}, Err: step04.ErrOf(err)})
			continue
		case "slow file": // whose end comes late
			n, err := io.Copy(w, struct{ io.Reader }{&slow{bytes.NewReader(a.Value), time.Duration(a.N) * time.Millisecond, 0}})
			seen.Done = append(seen.Done, step04.Done{Data: []byte{byte(n)}, Err: step04.ErrOf(err)})
			continue
		case "value":
			r.SetContext(context.WithValue(r.Context(), inner{}, true))
			continue
		case "slow copy": // the second half comes late
			n, err := io.Copy(w, struct{ io.Reader }{&slow{r.Body, time.Duration(a.N) * time.Millisecond, 0}})
			seen.Done = append(seen.Done, step04.Done{Data: []byte{byte(n)}, Err: step04.ErrOf(err)})
			continue
		}
		done, goOn := a.Run(nil, w, r)
		if done != nil {
			seen.Done = append(seen.Done, *done)
		}
		if !goOn {
			return
		}
	}
}

// slow waits before its second Read.
type slow struct {
	from  io.Reader
	wait  time.Duration
	reads int
}

func (s *slow) Read(p []byte) (int, error) {
	if s.reads++; s.reads == 2 {
		time.Sleep(s.wait)
	}
	return s.from.Read(p[:min(len(p), 3)])
}

// behind is the writer of the stage, whatever is around it.
func behind(w keepalive.ResponseWriter) *writer {
	for range 20 {
		if real, ok := w.(*writer); ok {
			return real
		}
		u, ok := w.(interface {
			Unwrap() keepalive.ResponseWriter
		})
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
	return nil
}
