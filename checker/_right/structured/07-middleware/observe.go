package middleware

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
)

// An Exchange is a request and what came of it, for logs and metrics. It is
// borrowed, with everything in it, until the function that it is handed to returns.
type Exchange struct {
	Request *keepalive.Request

	// Status is what the client gets: that of the [Recorder], and where that
	// has none, 500 if the handler panicked, the status that the server makes
	// of an error of the request's Body, and otherwise 200.
	Status int

	// Bytes is how many bytes of content were written. It is 0 in a response
	// to HEAD.
	Bytes int64

	Began    time.Time
	Duration time.Duration // until the handler returned

	// Aborted says that the handler panicked: a response that had begun was
	// cut off.
	Aborted bool
}

// Observe calls done after each request, whether its handler returned or panicked;
// a panic goes on afterwards. What Body ended with has to be known for the status, so
// the handler reads it through a reader of Observe's own; when done is called, the
// request has its Body back. Done is called by the goroutine that serves the
// request, so a slow one makes the client's next request wait.
func Observe(done func(e *Exchange)) keepalive.Middleware {
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		rec := recorders.Get().(*Recorder)
		rec.Reset(w)
		body := &watched{Reader: r.Body}
		r.Body = body
		e := Exchange{Request: r, Began: time.Now(), Aborted: true}
		defer func() {
			e.Duration = time.Since(e.Began)
			r.Body = body.Reader
			e.Status = cmp.Or(rec.Status(), body.outcome(e.Aborted))
			if r.Method != "HEAD" {
				e.Bytes = rec.Bytes()
			}
			done(&e)
			rec.Reset(nil)
			recorders.Put(rec)
		}()
		next(rec)
		e.Aborted = false
	})
}

var recorders = sync.Pool{New: func() any { return new(Recorder) }}

// watched is a Body that remembers its error.
type watched struct {
	io.Reader
	err error
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// outcome is the status of a request whose handler has written nothing.
func (b *watched) outcome(aborted bool) int {
	wrong, _ := errors.AsType[*reqline.ProtocolError](b.err)
	switch {
	case aborted:
		return 500
	case wrong != nil:
		return wrong.Status
	case errors.Is(b.err, io.ErrUnexpectedEOF):
		return 400
	case errors.Is(b.err, os.ErrDeadlineExceeded):
		return 408
	}
	return 200
}

// host is the address of a connection without its port.
func host(addr net.Addr) string {
	if addr == nil {
		return ""
	}
	if host, _, err := net.SplitHostPort(addr.String()); err == nil {
		return host
	}
	return addr.String()
}
