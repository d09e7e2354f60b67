package middleware

import (
	"context"
	"io"
	"net"
	"sync"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// A Recorder is a ResponseWriter that passes everything on to another one and
// knows what went by. It is ready to use after Reset.
type Recorder struct {
	w keepalive.ResponseWriter
	//starter:omit
	status int
	//starter:omit
	bytes int64
}

// NewRecorder returns a Recorder in front of w.
func NewRecorder(w keepalive.ResponseWriter) *Recorder { return &Recorder{w: w} }

// Reset makes rec a new recorder in front of w, so that its memory can be used for
// another request: only once the handler that had it has returned.
//
//starter:todo 7.2 Nothing of the last request may be left.
func (rec *Recorder) Reset(w keepalive.ResponseWriter) { *rec = Recorder{w: w} }

// Unwrap returns the ResponseWriter behind rec: see [keepalive.Middleware].
func (rec *Recorder) Unwrap() keepalive.ResponseWriter { return rec.w }

// Status returns the status of the response, or 0 while there is none. It is fixed
// by the first WriteHeader, and by a Write, Flush or ReadFrom without one: then it
// is 200. An interim response (RFC 9110 §15.2) does not count, except 101; a
// connection that a handler has taken over counts as 101.
//
//starter:todo 7.2 The first final status counts.
func (rec *Recorder) Status() int { return rec.status }

// Bytes returns how many bytes of content the writer behind rec has taken. In the
// response to HEAD it takes them and does not send them.
//
//starter:todo 7.2 What Write and ReadFrom have returned, added up.
func (rec *Recorder) Bytes() int64 { return rec.bytes }

// Header implements [keepalive.ResponseWriter].
func (rec *Recorder) Header() *message.Header { return rec.w.Header() }

// WriteHeader implements [keepalive.ResponseWriter].
//
//starter:todo 7.2 Pass it on, and keep the first final one.
func (rec *Recorder) WriteHeader(status int) {
	rec.w.WriteHeader(status) // first: it panics if this is no status
	if rec.status == 0 && (status >= 200 || status == 101) {
		rec.status = status
	}
}

// Write implements [keepalive.ResponseWriter].
//
//starter:todo 7.2 A Write without WriteHeader is a 200.
func (rec *Recorder) Write(content []byte) (int, error) {
	rec.begin()
	n, err := rec.w.Write(content)
	rec.bytes += int64(n)
	return n, err
}

// Flush implements [keepalive.ResponseWriter].
//
//starter:todo 7.2 It begins the response too.
func (rec *Recorder) Flush() error {
	rec.begin()
	return rec.w.Flush()
}

// ReadFrom writes what it reads from src until io.EOF. It hands src itself to the
// ReadFrom of the writer behind rec if that has one: only so can the kernel send a
// file without copying it. (That of the reference's connections has one; no task of
// step 4 asks for it.)
//
//starter:todo 7.2 io.Copy looks for this method: without it, sendfile is lost.
func (rec *Recorder) ReadFrom(src io.Reader) (n int64, err error) {
	rec.begin()
	if to, ok := rec.w.(io.ReaderFrom); ok {
		n, err = to.ReadFrom(src)
	} else {
		n, err = io.Copy(onlyWriter{rec.w}, src)
	}
	rec.bytes += n
	return n, err
}

// Hijack implements [keepalive.Hijacker], if there is one behind rec.
//
//starter:todo 7.2 keepalive.Hijack finds it; remember that it worked.
func (rec *Recorder) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	err := keepalive.Hijack(rec.w, talk)
	if err == nil {
		rec.status = 101
	}
	return err
}

//starter:omit
func (rec *Recorder) begin() {
	if rec.status == 0 {
		rec.WriteHeader(200)
	}
}

// onlyWriter hides every other method, so that io.Copy does not find a ReadFrom
// that would call io.Copy again.
//
//starter:omit
type onlyWriter struct{ io.Writer }

// recorders are for middlewares that need one for the time of a request.
//
//starter:omit
var recorders = sync.Pool{New: func() any { return new(Recorder) }}

//starter:omit
func record(w keepalive.ResponseWriter) *Recorder {
	if rec, ok := w.(*Recorder); ok && rec.status == 0 && rec.bytes == 0 {
		return rec // somebody further out has one, and it has seen as much as a new one
	}
	rec := recorders.Get().(*Recorder)
	rec.Reset(w)
	return rec
}

// release gives back what record has returned for w.
//
//starter:omit
func (rec *Recorder) release(w keepalive.ResponseWriter) {
	if w != keepalive.ResponseWriter(rec) {
		rec.Reset(nil)
		recorders.Put(rec)
	}
}

// fail answers with an error instead of the response that the handler has prepared
// and not begun. Fields that describe that response's content must go, a
// Content-Length first of all; those that middlewares have set stay.
//
//starter:omit
func fail(w keepalive.ResponseWriter, status int) {
	for _, name := range [...]string{"Content-Length", "Content-Encoding", "Content-Range", "Content-Disposition",
		"Content-Language", "ETag", "Last-Modified", "Cache-Control", "Expires", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	keepalive.Error(w, status)
}
