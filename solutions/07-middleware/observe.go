package middleware

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
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

	//starter:omit
	rec Recorder
	//starter:omit
	body watchedBody
}

// Observe calls done after each request, whether its handler returned or panicked;
// a panic goes on afterwards. What Body ended with has to be known for the status, so
// the handler reads it through a reader of Observe's own; when done is called, the
// request has its Body back. Done is called by the goroutine that serves the
// request, so a slow one makes the client's next request wait.
//
//starter:todo 7.5 A Recorder, two looks at the clock, and a deferred call: it is made after a panic too.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func Observe(done func(e *Exchange)) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		o := &observed{next, []func(*Exchange){done}}
		if inner, ok := next.(*observed); ok {
			// Nothing is between the two, so they see the same: a log and metrics,
			// say. One look is enough for both.
			o = &observed{inner.next, append(slices.Clip(inner.done), done)}
		}
		return o
	}
}

// An observed is a handler with those who want to know what comes of its requests,
// the innermost first.
//
//starter:omit
type observed struct {
	next keepalive.Handler
	done []func(e *Exchange)
}

//starter:omit
func (o *observed) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	e := exchanges.Get().(*Exchange)
	e.Request, e.Began, e.Aborted = r, time.Now(), true
	e.rec.Reset(w)
	e.body = watchedBody{from: r.Body}
	r.Body = &e.body
	defer e.end(o.done)
	o.next.ServeHTTP(&e.rec, r)
	e.Aborted = false
}

//starter:omit
var exchanges = sync.Pool{New: func() any { return new(Exchange) }}

//starter:omit
func (e *Exchange) end(done []func(*Exchange)) {
	e.Duration = time.Since(e.Began)
	e.Request.Body = e.body.from
	if e.Request.Method != "HEAD" {
		e.Bytes = e.rec.Bytes()
	}
	e.tell(done)
	*e = Exchange{}
	exchanges.Put(e)
}

// tell calls all of done. One that panics does not keep the others from hearing of the
// request, which has been aborted then.
//
//starter:omit
func (e *Exchange) tell(done []func(*Exchange)) {
	returned := false
	if len(done) > 1 {
		defer func() {
			e.Aborted = e.Aborted || !returned
			e.tell(done[1:])
		}()
	}
	switch e.Status = e.rec.Status(); {
	case e.Status != 0:
	case e.Aborted:
		e.Status = 500
	default:
		e.Status = e.body.status()
	}
	done[0](e)
	returned = true
}

// A watchedBody remembers how the content ended. A handler that returns without a
// word because Body failed leaves the answer to the server, and the log has to say
// what that is.
//
//starter:omit
type watchedBody struct {
	from io.Reader
	err  error
}

//starter:omit
func (b *watchedBody) Read(p []byte) (n int, err error) {
	n, err = b.from.Read(p)
	if err != nil {
		b.err = err
	}
	return n, err
}

//starter:omit
func (b *watchedBody) status() int {
	if e, ok := errors.AsType[*reqline.ProtocolError](b.err); ok {
		return e.Status
	}
	switch {
	case errors.Is(b.err, io.ErrUnexpectedEOF):
		return 400
	case errors.Is(b.err, os.ErrDeadlineExceeded):
		return 408
	}
	return 200
}
