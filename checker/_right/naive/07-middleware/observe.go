package middleware

import (
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
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			e := &Exchange{Request: r, Began: time.Now(), Aborted: true}
			rec := NewRecorder(w)
			body := &observedBody{Reader: r.Body}
			r.Body = body
			defer func() {
				r.Body = body.Reader
				e.Duration = time.Since(e.Began)
				e.Status = rec.Status()
				if e.Status == 0 {
					e.Status = statusWithout(e.Aborted, body.err)
				}
				if r.Method != "HEAD" {
					e.Bytes = rec.Bytes()
				}
				done(e)
			}()
			next.ServeHTTP(rec, r)
			e.Aborted = false
		})
	}
}

// statusWithout is the status of a response that the handler has left to the server.
func statusWithout(panicked bool, bodyErr error) int {
	fault, isFault := errors.AsType[*reqline.ProtocolError](bodyErr)
	switch {
	case panicked:
		return 500
	case bodyErr == nil:
		return 200
	case isFault:
		return fault.Status
	case errors.Is(bodyErr, os.ErrDeadlineExceeded):
		return 408
	}
	return 400
}

// An observedBody remembers the error that its Reader has failed with.
type observedBody struct {
	io.Reader
	err error
}

func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
