package middleware

import (
	"cmp"
	"errors"
	"io"
	"os"
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
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		rec, body := NewRecorder(w), &observedBody{Reader: r.Body}
		r.Body = body
		e := Exchange{Request: r, Began: time.Now(), Aborted: true}
		defer func() {
			r.Body = body.Reader
			e.Duration = time.Since(e.Began)
			e.Status = cmp.Or(rec.Status(), body.status(), 200)
			if e.Aborted && rec.Status() == 0 {
				e.Status = 500
			}
			if r.Method != "HEAD" {
				e.Bytes = rec.Bytes()
			}
			done(&e)
		}()
		next.ServeHTTP(rec, r)
		e.Aborted = false
	})
}

// An observedBody remembers what it ended with.
type observedBody struct {
	io.Reader
	err error
}

func (b *observedBody) Read(p []byte) (n int, err error) {
	n, err = b.Reader.Read(p)
	b.err = cmp.Or(err, b.err)
	return n, err
}

// status is what the server makes of the error, or 0.
func (b *observedBody) status() int {
	if b.err == nil || b.err == io.EOF {
		return 0
	}
	if pe, ok := errors.AsType[*reqline.ProtocolError](b.err); ok {
		return pe.Status
	}
	if errors.Is(b.err, os.ErrDeadlineExceeded) {
		return 408
	}
	return 400
}
