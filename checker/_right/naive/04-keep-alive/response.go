package keepalive

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A response is the ResponseWriter of a connection. Its head is fixed by the first
// Write or WriteHeader, and committed, which is written, when the framing is known.
type response struct {
	c    *conn
	req  *Request
	body *body // nil where the server answers by itself

	method  string
	version reqline.Version
	keep    bool // the client would keep the connection

	header message.Header // what the handler sees
	fields message.Header // as they were when the head was fixed
	status int
	fixed  bool
	calls  int // of Write, WriteHeader and Flush

	length    int64  // what the handler has announced, or -1
	written   int64  // what the handler has written
	held      []byte // the part of it that waits for the head
	committed bool
	chunked   bool
	toTheEnd  bool // the content ends with the connection

	outMark, flushMark int // where the response stands in c.out, if nothing was flushed since

	drained int64 // bytes of the request's content that were dropped
	last    bool  // the connection ends behind this response
	reset   bool  // and with a reset
	talk    talk
}

func newResponse(c *conn, r *Request) *response {
	return &response{c: c, req: r, method: r.Method, version: r.Version, keep: KeepAlive(&r.Head), length: -1}
}

func (w *response) Header() *message.Header { return &w.header }

// tunnel says whether this is a 2xx to CONNECT.
func (w *response) tunnel() bool { return w.method == "CONNECT" && w.status/100 == 2 }

// copyFields returns a copy of h without what the server decides.
func copyFields(h *message.Header) message.Header {
	var fields message.Header
	for name, value := range h.All() {
		if strings.ToLower(string(name)) != "transfer-encoding" {
			fields.Add(string(name), string(value))
		}
	}
	return fields
}

func (w *response) WriteHeader(status int) {
	w.calls++
	if w.fixed || w.talk != nil {
		return
	}
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("http: %d is no status", status))
	}
	fields := copyFields(&w.header)
	if status < 200 && status != 101 {
		if w.version == reqline.HTTP10 {
			return
		}
		if status == 100 && w.body != nil {
			w.body.owes100 = false
		}
		fields.Del("Content-Length")
		head := message.AppendStatusLine(nil, status)
		head = fields.AppendTo(head)
		w.c.send(append(head, "\r\n"...))
		w.c.flush()
		return
	}

	w.fixed = true
	w.status = status
	w.fields = fields
	length, ok, err := message.ContentLength(&w.fields)
	switch {
	case status < 200, status == 204, w.tunnel(), err != nil:
		w.fields.Del("Content-Length")
	case ok:
		w.length = length
	}
}

func (w *response) Write(content []byte) (int, error) {
	if w.talk != nil {
		return 0, ErrHijackTooLate
	}
	w.WriteHeader(200)
	if w.c.err != nil {
		return 0, w.c.err
	}
	empty := w.status < 200 || w.status == 204 || w.status == 205 || w.status == 304
	switch {
	case len(content) == 0:
		return 0, nil
	case w.method == "HEAD" && empty:
		w.written += int64(len(content))
		return len(content), nil
	case empty:
		return 0, ErrNoContent
	case w.length >= 0 && w.written+int64(len(content)) > w.length:
		return 0, ErrContentLength
	}
	w.written += int64(len(content))
	if w.method == "HEAD" {
		return len(content), nil
	}
	if !w.committed {
		if len(w.held)+len(content) <= MaxHeld {
			w.held = append(w.held, content...)
			return len(content), nil
		}
		w.commit(false)
	}
	w.emit(content)
	if w.c.err != nil {
		return 0, w.c.err
	}
	return len(content), nil
}

func (w *response) Flush() error {
	if w.talk != nil {
		return ErrHijackTooLate
	}
	w.WriteHeader(200)
	if !w.committed {
		w.commit(false)
	}
	return w.c.flush()
}

// commit writes the head, and the content that was held. Complete says whether that
// is all content.
func (w *response) commit(complete bool) {
	w.committed = true
	w.outMark, w.flushMark = len(w.c.out), w.c.flushes

	f := &w.fields
	switch {
	case w.status == 205:
		f.Set("Content-Length", "0")
	case w.tunnel():
		w.toTheEnd = true
		w.last = true
	case w.status == 101:
		w.last = true // nobody knows what the client says now
	case w.method == "HEAD":
		if complete && w.length < 0 && w.written > 0 && message.HasContent("GET", w.status) {
			f.Set("Content-Length", strconv.FormatInt(w.written, 10))
		}
	case !message.HasContent(w.method, w.status), w.length >= 0:
	case complete:
		f.Set("Content-Length", strconv.Itoa(len(w.held)))
	case w.version == reqline.HTTP10:
		w.toTheEnd = true
		w.last = true
	default:
		w.chunked = true
		f.Set("Transfer-Encoding", "chunked")
	}
	if !f.Has("Date") {
		f.Set("Date", string(message.AppendDate(nil, time.Now())))
	}
	w.decideConnection()

	head := message.AppendStatusLine(nil, w.status)
	head = f.AppendTo(head)
	w.c.send(append(head, "\r\n"...))
	held := w.held
	w.held = nil
	w.emit(held)
}

// decideConnection sets w.last and the Connection field.
func (w *response) decideConnection() {
	switch {
	case !w.keep, w.fields.HasMember("Connection", "close"):
		w.last = true
	case w.body != nil && w.body.tooMuch():
		w.last = true
	case w.c.ctx.Err() != nil && w.body != nil && w.body.behind() == 0:
		w.last = true
	}
	members := []string{}
	for member := range w.fields.Members("Connection") {
		if m := strings.ToLower(string(member)); m != "close" && m != "keep-alive" {
			members = append(members, string(member))
		}
	}
	if w.last {
		members = append(members, "close")
	} else if w.version == reqline.HTTP10 {
		members = append(members, "keep-alive")
	}
	w.fields.Del("Connection")
	if len(members) > 0 {
		w.fields.Add("Connection", strings.Join(members, ", "))
	}
}

func (w *response) emit(content []byte) {
	if !w.chunked {
		w.c.send(content)
		return
	}
	for len(content) > 0 {
		n := min(len(content), 32<<10)
		w.c.send(message.AppendChunk(nil, content[:n]))
		content = content[n:]
	}
}

// finish ends the response, as the handler has returned.
func (w *response) finish() {
	if w.body.failed() && w.body.callsThen == w.calls && w.takeBack() {
		w.last = true
		w.c.answerError(w.req, bodyStatus(w.body.err))
		return
	}
	w.WriteHeader(200)

	if w.method != "HEAD" && message.HasContent(w.method, w.status) && w.status != 205 && w.written < w.length {
		w.last = true
		if w.c.err != nil {
			return
		}
		w.c.log().Error("less content than Content-Length says", "written", w.written, "length", w.length)
		if w.takeBack() {
			w.c.answerError(w.req, 500)
		}
		return
	}
	if !w.committed {
		w.body.drain(false)
		w.commit(true)
	}
	if w.chunked {
		w.c.send(message.AppendLastChunk(nil, nil))
	}
}

// bodyStatus is what a client is told of an error of its content.
func bodyStatus(err error) int {
	if fault, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return fault.Status
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 408
	}
	return 400
}

// takeBack takes the response back, if nothing of it has left.
func (w *response) takeBack() bool {
	if !w.committed {
		return true
	}
	if w.c.flushes != w.flushMark {
		return false
	}
	w.c.out = w.c.out[:w.outMark]
	return true
}
