package middleware

import (
	"errors"
	"io"
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
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			o := observations.Get().(*observation)
			rec, ok := w.(*Recorder)
			if !ok {
				rec = &o.rec
				rec.Reset(w)
			}
			body, e := r.Body, &o.e
			o.body = watchedBody{body: body}
			r.Body = &o.body
			*e = Exchange{Request: r, Began: time.Now(), Aborted: true}
			defer func() {
				r.Body = body
				e.Duration = time.Since(e.Began)
				e.Status = rec.Status()
				switch {
				case e.Status != 0:
				case e.Aborted:
					e.Status = 500
				default:
					e.Status = o.body.status()
				}
				if r.Method != "HEAD" {
					e.Bytes = rec.Bytes()
				}
				done(e)
				*o = observation{}
				observations.Put(o)
			}()
			next.ServeHTTP(rec, r)
			e.Aborted = false
		})
	}
}

// An observation is what one call of an observed handler needs.
type observation struct {
	rec  Recorder
	body watchedBody
	e    Exchange
}

var observations = sync.Pool{New: func() any { return new(observation) }}

// A watchedBody knows what a Body has ended with.
type watchedBody struct {
	body io.Reader
	err  error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil {
		b.err = err
	}
	return n, err
}

// status is what the server answers where the handler writes nothing.
func (b *watchedBody) status() int {
	wrong, ok := errors.AsType[*reqline.ProtocolError](b.err)
	switch {
	case ok:
		return wrong.Status
	case errors.Is(b.err, io.ErrUnexpectedEOF):
		return 400
	case errors.Is(b.err, os.ErrDeadlineExceeded):
		return 408
	}
	return 200
}
