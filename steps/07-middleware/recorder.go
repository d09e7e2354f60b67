package middleware

import (
	"context"
	"errors"
	"io"
	"net"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
)

// A Recorder is a ResponseWriter that passes everything on to another one and
// knows what went by. It is ready to use after Reset.
type Recorder struct {
	w keepalive.ResponseWriter
}

// NewRecorder returns a Recorder in front of w.
func NewRecorder(w keepalive.ResponseWriter) *Recorder { return &Recorder{w: w} }

// Reset makes rec a new recorder in front of w, so that its memory can be used for
// another request: only once the handler that had it has returned.
func (rec *Recorder) Reset(w keepalive.ResponseWriter) {
	// TODO 7.2: Nothing of the last request may be left.
}

// Unwrap returns the ResponseWriter behind rec: see [keepalive.Middleware].
func (rec *Recorder) Unwrap() keepalive.ResponseWriter { return rec.w }

// Status returns the status of the response, or 0 while there is none. It is fixed
// by the first WriteHeader, and by a Write, Flush or ReadFrom without one: then it
// is 200. An interim response (RFC 9110 §15.2) does not count, except 101; a
// connection that a handler has taken over counts as 101.
func (rec *Recorder) Status() int {
	// TODO 7.2: The first final status counts.
	return 0
}

// Bytes returns how many bytes of content the writer behind rec has taken. In the
// response to HEAD it takes them and does not send them.
func (rec *Recorder) Bytes() int64 {
	// TODO 7.2: What Write and ReadFrom have returned, added up.
	return 0
}

// Header implements [keepalive.ResponseWriter].
func (rec *Recorder) Header() *message.Header { return rec.w.Header() }

// WriteHeader implements [keepalive.ResponseWriter].
func (rec *Recorder) WriteHeader(status int) {
	// TODO 7.2: Pass it on, and keep the first final one.
}

// Write implements [keepalive.ResponseWriter].
func (rec *Recorder) Write(content []byte) (int, error) {
	// TODO 7.2: A Write without WriteHeader is a 200.
	return 0, errors.New("task 7.2 is not written yet")
}

// Flush implements [keepalive.ResponseWriter].
func (rec *Recorder) Flush() error {
	// TODO 7.2: It begins the response too.
	return errors.New("task 7.2 is not written yet")
}

// ReadFrom writes what it reads from src until io.EOF. It hands src itself to the
// ReadFrom of the writer behind rec if that has one: only so can the kernel send a
// file without copying it. (That of the reference's connections has one; no task of
// step 4 asks for it.)
func (rec *Recorder) ReadFrom(src io.Reader) (n int64, err error) {
	// TODO 7.2: io.Copy looks for this method: without it, sendfile is lost.
	return 0, errors.New("task 7.2 is not written yet")
}

// Hijack implements [keepalive.Hijacker], if there is one behind rec.
func (rec *Recorder) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	// TODO 7.2: keepalive.Hijack finds it; remember that it worked.
	return errors.New("task 7.2 is not written yet")
}
