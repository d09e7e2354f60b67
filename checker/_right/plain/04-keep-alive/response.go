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
	c      *conn
	header message.Header
	status int

	last      bool // the connection ends behind this response
	saidClose bool // the handler has

	fixed     bool  // status and fields are chosen
	committed bool  // the head is in c.out
	length    int64 // what the handler has set, or -1
	date      bool  // the handler has set one
	fields    []byte
	held      []byte // content
	chunked   bool
	mark      int // where the head begins in c.out,
	sent      int // if c.sent is still this
	ops       int // calls of the handler
	talk      func(context.Context, net.Conn)
	written   int64 // bytes of content that the handler has written
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
	if status/100 == 1 && status != 101 {
		w.interim(status)
		return
	}
	w.fixed = true
	w.status = status
	if n, ok, err := message.ContentLength(&w.header); ok && err == nil && !w.noLength() {
		w.length = n
	}
	w.saidClose = w.header.HasMember("Connection", "close")
	w.date = w.header.Has("Date")
	w.header.Del("Content-Length")
	w.header.Del("Transfer-Encoding")
	w.fields = w.header.AppendTo(w.fields)
}

// noLength says whether Content-Length and Transfer-Encoding are forbidden.
func (w *response) noLength() bool {
	return w.status < 200 || w.status == 204 || w.tunnel()
}

// tunnel says whether this is a 2xx to CONNECT.
func (w *response) tunnel() bool {
	return w.c.req.Method == "CONNECT" && w.status/100 == 2
}

// noContent says whether Write is an error.
func (w *response) noContent() bool {
	return w.noLength() || w.status == 205 || w.status == 304
}

func (w *response) isHead() bool { return w.c.req.Method == "HEAD" }

func (w *response) Write(content []byte) (int, error) {
	w.ops++
	if w.talk != nil {
		return 0, ErrHijackTooLate
	}
	w.WriteHeader(200)
	if len(content) == 0 {
		return 0, nil
	}
	if w.noContent() && !w.isHead() {
		return 0, ErrNoContent
	}
	if w.length >= 0 && w.written+int64(len(content)) > w.length {
		return 0, ErrContentLength
	}
	w.written += int64(len(content))
	if w.isHead() {
		return len(content), nil
	}
	if !w.committed {
		if len(w.held)+len(content) <= MaxHeld {
			w.held = append(w.held, content...)
			return len(content), nil
		}
		w.commit(false)
		w.emit(w.held)
	}
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
	if !w.committed {
		w.commit(false)
		w.emit(w.held)
	}
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

// commit puts the head into c.out. With all, the content is known.
func (w *response) commit(all bool) {
	w.committed = true
	c := w.c
	w.mark, w.sent = len(c.out), c.sent
	w.last = w.saidClose || w.tunnel() || w.status == 101 || !KeepAlive(&c.req.Head) || !c.body.canDrain() ||
		c.ctx.Err() != nil && !c.body.moreBehind()
	c.body.owed = false
	framing := ""
	length := w.length
	switch {
	case w.noLength():
		length = -1
	case w.length >= 0, w.status == 304:
	case w.status == 205:
		length = 0
	case all:
		length = w.written
	case c.req.Version != reqline.HTTP10:
		framing = "Transfer-Encoding: chunked\r\n"
		w.chunked = !w.isHead()
	default:
		w.last = true
	}
	out := message.AppendStatusLine(c.out, w.status)
	out = append(out, w.fields...)
	if !w.date {
		out = append(out, "Date: "...)
		out = append(message.AppendDate(out, time.Now()), "\r\n"...)
	}
	switch {
	case w.last && !w.saidClose:
		out = append(out, "Connection: close\r\n"...)
	case !w.last && c.req.Version == reqline.HTTP10:
		out = append(out, "Connection: keep-alive\r\n"...)
	}
	if length >= 0 {
		out = message.AppendField(out, "Content-Length", strconv.FormatInt(length, 10))
	}
	out = append(out, framing...)
	c.out = append(out, "\r\n"...)
}

// finish is called when the handler has returned.
func (w *response) finish() {
	if err := w.c.body.err; err != nil && err != io.EOF && w.c.body.ops == w.ops && !w.left() {
		w.refuse(statusOf(err))
		return
	}
	w.WriteHeader(200)
	if w.length >= 0 && w.written < w.length && !w.isHead() && !w.noContent() {
		w.c.log().Error("http: less content than Content-Length says", "said", w.length, "written", w.written)
		if !w.left() {
			w.refuse(500)
			return
		}
		w.last = true
	}
	if !w.committed {
		w.commit(true)
		w.emit(w.held)
	}
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
	w.emit(w.held)
}

// statusOf is the status that answers a request which failed with err.
func statusOf(err error) int {
	var pe *reqline.ProtocolError
	switch {
	case errors.As(err, &pe):
		return pe.Status
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 408
	}
	return 400
}
