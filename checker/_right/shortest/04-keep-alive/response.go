package keepalive

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A response is the ResponseWriter of a connection.
type response struct {
	c         *conn
	header    message.Header
	status    int
	fixed     bool   // status and fields are chosen
	fields    []byte // as they are sent, without what frames the content
	length    int64  // what the handler has set, or -1
	held      []byte // content
	written   int64  // bytes of content that the handler has written
	committed bool   // the head is in c.out,
	mark      int    // and begins here
	sent      int    // if c.sent is still this
	chunked   bool
	toEnd     bool // the end of the connection is that of the content
	last      bool // the connection ends behind this response
	saidClose bool // the handler has
	ops       int  // calls of the handler
	talk      func(context.Context, net.Conn)
}

// begin makes w ready for the next request of c.
func (w *response) begin(c *conn) {
	w.header.Reset()
	*w = response{c: c, header: w.header, fields: w.fields[:0], held: w.held[:0], length: -1}
}

func (w *response) Header() *message.Header { return &w.header }

func (w *response) WriteHeader(status int) {
	w.ops++
	if w.fixed || w.talk != nil {
		return
	}
	if status < 100 || status > 999 {
		panic("http: no status")
	}
	if status/100 == 1 && status != 101 {
		w.interim(status)
		return
	}
	w.fixed, w.status = true, status
	if n, ok, err := message.ContentLength(&w.header); ok && err == nil && !w.noLength() {
		w.length = n
	}
	w.saidClose = w.header.HasMember("Connection", "close")
	w.header.Del("Content-Length")
	w.header.Del("Transfer-Encoding")
	w.fields = w.header.AppendTo(w.fields)
	if !w.header.Has("Date") {
		w.fields = message.AppendField(w.fields, "Date", message.AppendDate(nil, time.Now()))
	}
}

// noLength says whether Content-Length and Transfer-Encoding are forbidden.
func (w *response) noLength() bool { return w.status < 200 || w.status == 204 || w.tunnel() }

// tunnel says whether this is a 2xx to CONNECT.
func (w *response) tunnel() bool { return w.c.req.Method == "CONNECT" && w.status/100 == 2 }

// noContent says whether Write is an error.
func (w *response) noContent() bool { return w.noLength() || w.status == 205 || w.status == 304 }

func (w *response) isHead() bool { return w.c.req.Method == "HEAD" }

func (w *response) Write(content []byte) (int, error) {
	w.ops++
	if w.talk != nil {
		return 0, ErrHijackTooLate
	}
	w.WriteHeader(200)
	switch {
	case len(content) == 0:
		return 0, nil
	case w.noContent() && !w.isHead():
		return 0, ErrNoContent
	case w.length >= 0 && w.written+int64(len(content)) > w.length:
		return 0, ErrContentLength
	}
	w.written += int64(len(content))
	if w.isHead() {
		return len(content), nil
	}
	if !w.committed && len(w.held)+len(content) <= MaxHeld {
		w.held = append(w.held, content...)
		return len(content), nil
	}
	w.commit(false)
	w.emit(content)
	if w.c.werr != nil {
		return 0, w.c.werr
	}
	return len(content), nil
}

// interim sends a response that is not the last one to its request.
func (w *response) interim(status int) {
	if w.c.req.Version == reqline.HTTP10 {
		return
	}
	if status == 100 {
		w.c.body.owed = false
	}
	out := message.AppendStatusLine(w.c.out, status)
	for name, value := range w.header.All() {
		if n := string(name); !strings.EqualFold(n, "Content-Length") && !strings.EqualFold(n, "Transfer-Encoding") {
			out = message.AppendField(out, name, value)
		}
	}
	w.c.out = append(out, "\r\n"...)
	w.c.flush()
}

// emit sends content behind the head, soon.
func (w *response) emit(content []byte) {
	c := w.c
	for len(content) > 0 && c.werr == nil {
		n := min(len(content), 32<<10)
		if w.chunked {
			c.out = message.AppendChunk(c.out, content[:n])
		} else {
			c.out = append(c.out, content[:n]...)
		}
		content = content[n:]
		if len(c.out) >= 30<<10 {
			c.flush()
		}
	}
}

func (w *response) Flush() error {
	w.ops++
	if w.talk != nil {
		return ErrHijackTooLate
	}
	w.WriteHeader(200)
	w.commit(false)
	return w.c.flush()
}

// Hijack is that of Hijacker.
func (w *response) Hijack(talk func(context.Context, net.Conn)) error {
	if w.fixed || w.talk != nil {
		return ErrHijackTooLate
	}
	w.talk = talk
	return nil
}

// left says whether something of the response has been sent.
func (w *response) left() bool { return w.committed && w.c.sent != w.sent }

// commit puts the head into c.out, if it is not there yet, and what was held behind it.
// With all, the content is known.
func (w *response) commit(all bool) {
	if w.committed {
		return
	}
	c := w.c
	w.committed, w.mark, w.sent = true, len(c.out), c.sent
	w.last = w.saidClose || w.tunnel() || w.status == 101 || !KeepAlive(&c.req.Head) || !c.body.canDrain() ||
		c.ctx.Err() != nil && !c.body.moreBehind()
	c.body.owed = false
	out := append(message.AppendStatusLine(c.out, w.status), w.fields...)
	length := w.length
	switch {
	case w.noLength(), length >= 0, w.status == 304:
	case w.status == 205:
		length = 0
	case all:
		length = w.written
	case c.req.Version != reqline.HTTP10:
		out = message.AppendField(out, "Transfer-Encoding", "chunked")
		w.chunked = !w.isHead()
	default:
		w.last, w.toEnd = true, true
	}
	if length >= 0 {
		out = message.AppendField(out, "Content-Length", strconv.FormatInt(length, 10))
	}
	switch {
	case w.last && !w.saidClose:
		out = message.AppendField(out, "Connection", "close")
	case !w.last && c.req.Version == reqline.HTTP10:
		out = message.AppendField(out, "Connection", "keep-alive")
	}
	c.out = append(out, "\r\n"...)
	w.emit(w.held)
}

// finish is called when the handler has returned.
func (w *response) finish() {
	if err := w.c.body.err; err != nil && err != io.EOF && w.c.body.ops == w.ops && !w.left() {
		w.refuse(statusOf(err))
		return
	}
	w.WriteHeader(200)
	if w.written < w.length && !w.isHead() && !w.noContent() {
		w.c.logError("http: less content than Content-Length says", "said", w.length, "written", w.written)
		if !w.left() {
			w.refuse(500)
			return
		}
		w.last = true
	}
	w.commit(true)
	if w.chunked {
		w.c.out = message.AppendLastChunk(w.c.out, nil)
	}
}

// refuse answers with an error, as the last response, whatever was set before, if
// nothing has left.
func (w *response) refuse(status int) {
	if w.committed {
		w.c.out = w.c.out[:w.mark]
	}
	w.begin(w.c)
	w.header.Set("Connection", "close")
	Error(w, status)
	w.commit(true)
}

// statusOf is the status that answers a request which failed with err.
func statusOf(err error) int {
	if pe, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return pe.Status
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 408
	}
	return 400
}
