package keepalive

// This file is for the ResponseWriter: what frames a response.

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
)

// framing says how the content of a response ends (RFC 9112 §6.3).
//
//starter:omit
type framing uint8

//starter:omit
const (
	undecided  framing = iota
	noContent          // with the header section
	byLength           // after Content-Length bytes
	chunked            // with the last chunk
	untilClose         // with the connection, for HTTP/1.0
)

// A response is the ResponseWriter of a connection.
//
//starter:omit
type response struct {
	c       *conn
	header  message.Header
	status  int    // 0 until the header section is fixed
	head    []byte // the status line and the handler's fields, from then on
	hasDate bool

	framing   framing
	committed bool   // the whole head is in c.out
	held      []byte // content that is not in c.out yet
	length    int64  // the handler's Content-Length, or -1
	written   int64  // content so far, with what is held
	keep      bool   // the connection may go on afterwards
	err       error  // of the connection
}

//starter:omit
func (w *response) reset(c *conn) {
	w.header.Reset()
	*w = response{c: c, header: w.header, head: w.head[:0], held: w.held[:0], length: -1, keep: KeepAlive(&c.req.Head)}
}

//starter:omit
func (w *response) Header() *message.Header { return &w.header }

// wrote says whether the handler has begun to answer.
//
//starter:omit
func (w *response) wrote() bool { return w.status != 0 }

//starter:omit
func (w *response) WriteHeader(status int) {
	switch {
	case w.status != 0:
		w.c.srv.log().Warn("http: status set twice", "first", w.status, "second", status)
		return
	case status < 100 || status > 999:
		panic("http: no status code: " + strconv.Itoa(status))
	case status < 200 && status != 101:
		w.interim(status)
		return
	}
	w.status = status
	w.head = message.AppendStatusLine(w.head, status)
	for name, value := range w.header.All() {
		if w.takes(name, value) {
			w.head = message.AppendField(w.head, name, value)
		}
	}
	if !w.mayHaveContent() {
		w.framing = noContent
	}
}

// takes looks at a field that the handler has set, and says whether it belongs
// into the head as it is. Those that frame the message are the server's.
//
//starter:omit
func (w *response) takes(name, value []byte) bool {
	switch len(name) {
	case len("Date"):
		w.hasDate = w.hasDate || is(name, "Date")
	case len("Connection"):
		if !is(name, "Connection") {
			break
		}
		if w.header.HasMember("Connection", "close") {
			w.keep = false
			return false // commit says it once
		}
		return !bytes.EqualFold(value, []byte("keep-alive")) // not the handler's to promise
	case len("Content-Length"):
		if is(name, "Content-Length") {
			n, err := strconv.ParseInt(string(value), 10, 64)
			if err == nil && w.length < 0 {
				w.length = n
			}
			return false
		}
	case len("Transfer-Encoding"):
		return !is(name, "Transfer-Encoding")
	}
	return true
}

// mayHaveContent says whether this response may have content. One with status 205
// must not have any either, but says so with a length (RFC 9110 §15.3.6).
//
//starter:omit
func (w *response) mayHaveContent() bool {
	return message.HasContent(w.c.req.Method, w.status) && w.status != 205
}

// interim sends an interim response (RFC 9110 §15.2), which HTTP/1.0 does not
// know.
//
//starter:omit
func (w *response) interim(status int) {
	if w.c.req.Version == reqline.HTTP10 || w.err != nil {
		return
	}
	if status == 100 {
		w.c.body.awaiting = false
	}
	w.c.out = message.AppendStatusLine(w.c.out, status)
	probe := response{c: w.c, header: w.header} // takes notes what w must not know yet
	for name, value := range w.header.All() {
		if probe.takes(name, value) {
			w.c.out = message.AppendField(w.c.out, name, value)
		}
	}
	w.c.out = append(w.c.out, "\r\n"...)
	w.err = w.c.flush()
}

//starter:omit
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(200)
	}
	switch {
	case w.err != nil:
		return 0, w.err
	case w.framing == noContent:
		if w.c.req.Method != "HEAD" {
			return 0, ErrNoContent
		}
		w.written += int64(len(p))
		return len(p), nil
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, ErrContentLength
	}
	w.written += int64(len(p))
	if len(w.held)+len(p) <= MaxHeld {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	w.emit(w.held)
	w.held = w.held[:0]
	if len(p) <= MaxHeld {
		w.held = append(w.held, p...)
	} else {
		w.emit(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// emit puts content behind the head, framed as it has to be. Long content does not
// go through the buffer.
//
//starter:omit
func (w *response) emit(content []byte) {
	if w.err != nil {
		return
	}
	if w.commit(false); len(content) == 0 {
		return
	}
	c := w.c
	if w.framing == chunked {
		c.out = message.AppendChunkSize(c.out, len(content))
	}
	if len(content) > MaxHeld {
		w.err = c.flush(content...)
	} else {
		c.out = append(c.out, content...)
	}
	if w.framing == chunked && w.err == nil {
		c.out = append(c.out, "\r\n"...)
	}
	if w.err == nil && len(c.out) >= maxOut {
		w.err = c.flush()
	}
}

//starter:omit
func (w *response) Flush() error {
	if w.status == 0 {
		w.WriteHeader(200)
	}
	w.emit(w.held)
	w.held = w.held[:0]
	if w.err == nil {
		w.err = w.c.flush()
	}
	return w.err
}

// commit completes the head and puts it into c.out. Complete says that all of the
// content is known.
//
//starter:omit
func (w *response) commit(complete bool) {
	if w.committed {
		return
	}
	w.committed = true
	c := w.c
	dst := append(c.out, w.head...)
	if !w.hasDate {
		dst = message.AppendField(dst, "Date", c.srv.date.now())
	}
	w.frame(complete)
	switch length := w.contentLength(complete); {
	case length >= 0:
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, length, 10)
		dst = append(dst, "\r\n"...)
	case w.framing == chunked || w.wouldChunk():
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case w.framing == untilClose:
		w.keep = false
	}
	// What has arrived is still served; the last response says that it is.
	if c.body.hopeless() || c.r == c.w && c.isStopping() {
		w.keep = false
	}
	switch {
	case !w.keep:
		dst = append(dst, "Connection: close\r\n"...)
	case c.req.Version == reqline.HTTP10:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	c.out = append(dst, "\r\n"...)
}

// wouldChunk says whether the response to GET would be chunked, where this one is to
// HEAD. RFC 9112 §6.1: MUST NOT say so with a 204, whatever the handler wrote.
//
//starter:omit
func (w *response) wouldChunk() bool {
	return w.c.req.Method == "HEAD" && w.c.req.Version != reqline.HTTP10 &&
		message.HasContent("GET", w.status) && w.written > MaxHeld
}

// frame decides how the content ends.
//
//starter:omit
func (w *response) frame(complete bool) {
	switch {
	case w.framing == noContent:
	case w.c.req.Method == "CONNECT" && w.status < 300:
		w.framing = untilClose // RFC 9110 §9.3.6: neither field in such a response
	case complete || w.length >= 0:
		w.framing = byLength
	case w.c.req.Version == reqline.HTTP10:
		w.framing = untilClose // RFC 9112 §6.1: MUST NOT send it chunked content
	default:
		w.framing = chunked
	}
}

// contentLength returns the value of the Content-Length field, or -1 for none.
//
//starter:omit
func (w *response) contentLength(complete bool) int64 {
	switch {
	case w.status < 200 || w.status == 204 || w.framing == untilClose:
		return -1 // RFC 9110 §8.6: MUST NOT
	case w.status == 205:
		return 0
	case w.length >= 0:
		return w.length
	case w.framing == byLength:
		return w.written
	case w.c.req.Method == "HEAD" && w.status != 304 && 0 < w.written && w.written <= MaxHeld:
		return w.written // what the response to GET would say
	}
	return -1
}

// finish completes the response when the handler has returned.
//
//starter:omit
func (w *response) finish() {
	if w.status == 0 {
		w.WriteHeader(200)
	}
	w.commit(true)
	w.emit(w.held)
	if w.framing == chunked && w.err == nil {
		w.c.out = message.AppendLastChunk(w.c.out, nil)
	}
	if w.framing == byLength && w.written < w.length {
		// The client waits for bytes that will not come. The end of the
		// connection tells it so.
		if w.err == nil {
			w.c.srv.log().Error("http: less content than Content-Length says", "length", w.length,
				"written", w.written, "target", string(w.c.req.Target.Raw))
		}
		w.keep = false
	}
	if w.err != nil {
		w.keep = false
	}
}

// fail makes the response an error with a short text, whatever it was before, and
// the last one of the connection. The handler's fields go: they speak of another
// content.
//
//starter:omit
func (w *response) fail(status int) {
	w.reset(w.c)
	w.keep = false
	Error(w, status)
}

// A date is the value of the Date field. It is made once a second: whoever needs it has
// not even to look at the clock, which costs as much as to parse a request line. While
// nobody does, nothing happens.
//
//starter:omit
type date struct{ value atomic.Pointer[[29]byte] } // nil when the second is over

//starter:omit
func (d *date) now() []byte {
	value := d.value.Load()
	if value == nil {
		value = new([29]byte)
		t := time.Now()
		message.AppendDate(value[:0], t)
		if d.value.CompareAndSwap(nil, value) {
			second := t.Truncate(time.Second).Add(time.Second)
			time.AfterFunc(second.Sub(t), func() { d.value.Store(nil) })
		}
	}
	return value[:]
}

// is says whether a field name is this one, given that it has its length.
//
//starter:omit
func is(name []byte, want string) bool {
	for i, c := range name {
		if c != want[i] && c|0x20 != want[i]|0x20 {
			return false
		}
	}
	return true
}
