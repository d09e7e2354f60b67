package middleware

import (
	"context"
	"io"
	"net"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
)

// A Recorder is a ResponseWriter that passes everything on to another one and
// knows what went by. It is ready to use after Reset.
type Recorder struct {
	w      keepalive.ResponseWriter
	status int
	bytes  int64
}

// NewRecorder returns a Recorder in front of w.
func NewRecorder(w keepalive.ResponseWriter) *Recorder { return &Recorder{w: w} }

// Reset makes rec a new recorder in front of w, so that its memory can be used for
// another request: only once the handler that had it has returned.
func (rec *Recorder) Reset(w keepalive.ResponseWriter) { *rec = Recorder{w: w} }

// begin notes the status of a response without WriteHeader.
func (rec *Recorder) begin() {
	if rec.status == 0 {
		rec.status = 200
	}
}

// Unwrap returns the ResponseWriter behind rec: see [keepalive.Middleware].
func (rec *Recorder) Unwrap() keepalive.ResponseWriter { return rec.w }

// Status returns the status of the response, or 0 while there is none. It is fixed
// by the first WriteHeader, and by a Write, Flush or ReadFrom without one: then it
// is 200. An interim response (RFC 9110 §15.2) does not count, except 101; a
// connection that a handler has taken over counts as 101.
func (rec *Recorder) Status() int { return rec.status }

// Bytes returns how many bytes of content the writer behind rec has taken. In the
// response to HEAD it takes them and does not send them.
func (rec *Recorder) Bytes() int64 { return rec.bytes }

// Header implements [keepalive.ResponseWriter].
func (rec *Recorder) Header() *message.Header { return rec.w.Header() }

// WriteHeader implements [keepalive.ResponseWriter].
func (rec *Recorder) WriteHeader(status int) {
	rec.w.WriteHeader(status)
	if rec.status == 0 && (status >= 200 || status == 101) {
		rec.status = status
	}
}

// Write implements [keepalive.ResponseWriter].
func (rec *Recorder) Write(content []byte) (int, error) {
	rec.begin()
	n, err := rec.w.Write(content)
	rec.bytes += int64(n)
	return n, err
}

// Flush implements [keepalive.ResponseWriter].
func (rec *Recorder) Flush() error {
	rec.begin()
	return rec.w.Flush()
}

// ReadFrom writes what it reads from src until io.EOF. It hands src itself to the
// ReadFrom of the writer behind rec if that has one: only so can the kernel send a
// file without copying it (see the ReadFrom of a connection's ResponseWriter).
func (rec *Recorder) ReadFrom(src io.Reader) (n int64, err error) {
	rec.begin()
	n, err = copyTo(rec.w, src)
	rec.bytes += n
	return n, err
}

// copyTo is io.Copy, which would ask src first how it wants to be copied.
func copyTo(w keepalive.ResponseWriter, src io.Reader) (int64, error) {
	if from, ok := w.(io.ReaderFrom); ok {
		return from.ReadFrom(src)
	}
	return io.Copy(w, src)
}

// Hijack implements [keepalive.Hijacker], if there is one behind rec.
func (rec *Recorder) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	err := keepalive.Hijack(rec.w, talk)
	if err == nil {
		rec.status = 101
	}
	return err
}
