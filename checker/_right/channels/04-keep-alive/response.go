package keepalive

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// gather is how much content of a response whose head has left is held back for
// the next chunk.
const gather = 16 << 10

// A response goes through three stages: open; fixed, when status and fields are
// chosen; and committed, when its head is in c.out and its framing decided.
type response struct {
	c      *conn
	header message.Header
	calls  int // of the handler, that wrote something

	fixed    bool
	status   int
	fields   []byte // those of the handler that go out as they are
	options  []byte // members of Connection that are not the server's
	dated    bool
	declared int64 // the handler's Content-Length, or -1
	written  int64
	held     []byte // content that has not been framed yet

	committed  bool
	mark       int   // where in c.out the head is
	sentBefore int64 // c.sent at that time
	chunked    bool
	untilClose bool
	last       bool // no request follows

	noContent bool // as in the answer to HEAD, although nothing of the request is known

	talk func(nc net.Conn) // what takes the connection over
}

func (w *response) begin() {
	w.header.Reset()
	*w = response{c: w.c, header: w.header, fields: w.fields[:0], options: w.options[:0], held: w.held[:0], declared: -1, noContent: w.noContent}
}

func (w *response) Header() *message.Header { return &w.header }

func (w *response) WriteHeader(status int) {
	w.calls++
	if status < 100 || status > 999 {
		panic("http: WriteHeader with " + strconv.Itoa(status) + ", which is no status")
	}
	switch {
	case w.fixed || w.talk != nil:
	case status < 200 && status != 101:
		w.interim(status)
	default:
		w.fix(status)
	}
}

func (w *response) interim(status int) {
	if w.c.req.Version == reqline.HTTP10 {
		return
	}
	if status == 100 {
		w.c.body.owes = false
	}
	out := message.AppendStatusLine(w.c.out, status)
	for name, value := range w.header.All() {
		if !isAny(name, "Content-Length", "Transfer-Encoding", "Connection") {
			out = message.AppendField(out, name, value)
		}
	}
	w.c.out = append(out, "\r\n"...)
	w.c.flush()
}

func isAny(name []byte, names ...string) bool {
	for _, n := range names {
		if len(n) == len(name) && strings.EqualFold(n, string(name)) {
			return true
		}
	}
	return false
}

// fix chooses the status and copies the fields.
func (w *response) fix(status int) {
	w.fixed, w.status = true, status
	if n, ok, err := message.ContentLength(&w.header); ok && err == nil && !w.lengthForbidden() {
		w.declared = n
	}
	if status == 205 {
		w.declared = -1
	}
	for name, value := range w.header.All() {
		switch {
		case isAny(name, "Content-Length", "Transfer-Encoding", "Connection"):
			continue
		case isAny(name, "Date"):
			if w.dated {
				continue
			}
			w.dated = true
		}
		w.fields = message.AppendField(w.fields, name, value)
	}
	for member := range w.header.Members("Connection") {
		switch {
		case isAny(member, "close"):
			w.last = true
		case !isAny(member, "keep-alive"):
			w.options = append(append(w.options, member...), ", "...)
		}
	}
}

// lengthForbidden says whether HTTP forbids to say how the content is framed.
func (w *response) lengthForbidden() bool { return w.status < 200 || w.status == 204 || w.tunnel() }

// tunnel says whether the client takes what follows the head for another protocol.
func (w *response) tunnel() bool {
	return w.status == 101 || w.c.req.Method == "CONNECT" && w.status/100 == 2
}

func (w *response) head() bool { return w.noContent || w.c.req.Method == "HEAD" }

func (w *response) Write(p []byte) (int, error) {
	if w.talk != nil {
		return 0, ErrHijackTooLate
	}
	if !w.fixed {
		w.fix(200)
	}
	w.calls++
	switch n := int64(len(p)); {
	case n == 0:
		return 0, w.c.werr
	case w.head():
		if w.declared >= 0 && n > w.declared-w.written {
			return 0, ErrContentLength
		}
		w.written += n
		return len(p), nil
	case w.status == 205 || !message.HasContent(w.c.req.Method, w.status):
		return 0, ErrNoContent
	case w.declared >= 0 && n > w.declared-w.written:
		return 0, ErrContentLength
	default:
		w.written += n
	}
	limit := gather
	if !w.committed {
		limit = MaxHeld
	}
	if len(w.held)+len(p) <= limit {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	w.commit(false)
	w.emit(w.held)
	w.held = w.held[:0]
	if len(p) < gather {
		w.held = append(w.held, p...)
	} else {
		w.emit(p)
	}
	if w.c.werr != nil {
		return 0, w.c.werr
	}
	return len(p), nil
}

// emit frames content and hands it to the connection.
func (w *response) emit(p []byte) {
	for c := w.c; len(p) > 0 && c.werr == nil; {
		if !w.chunked && len(p) >= sendAt {
			c.flush()
			c.send(p)
			return
		}
		piece := p[:min(len(p), sendAt)]
		p = p[len(piece):]
		if w.chunked {
			c.out = message.AppendChunk(c.out, piece)
		} else {
			c.out = append(c.out, piece...)
		}
		if len(c.out) >= sendAt {
			c.flush()
		}
	}
}

// ReadFrom is Write for what src has. A long file whose length the handler has
// announced is left to the connection, and so to the kernel (sendfile).
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	part, ok := src.(*io.LimitedReader)
	if ok {
		_, ok = part.R.(*os.File)
	}
	kernel, can := w.c.nc.(io.ReaderFrom)
	if !w.fixed && w.talk == nil {
		w.fix(200)
	}
	if !ok || !can || w.talk != nil || part.N <= sendAt || part.N > w.declared-w.written || w.head() || w.status == 205 || !message.HasContent(w.c.req.Method, w.status) {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	for c := w.c; part.N > 0; {
		c.nc.SetWriteDeadline(time.Now().Add(orDefault(c.srv.WriteTimeout, DefaultWriteTimeout)))
		piece := &io.LimitedReader{R: part.R, N: min(part.N, maxPiece)}
		sent, err := kernel.ReadFrom(piece)
		n += sent
		part.N -= sent
		w.written += sent
		c.sent += sent
		if err != nil {
			c.werr = err // be it of the file: the response cannot be completed
			return n, err
		}
		if piece.N > 0 { // the file has become shorter
			break
		}
	}
	return n, nil
}

func (w *response) Flush() error {
	if w.talk != nil {
		return ErrHijackTooLate
	}
	if !w.fixed {
		w.fix(200)
	}
	w.calls++
	w.commit(false)
	w.emit(w.held)
	w.held = w.held[:0]
	return w.c.flush()
}

// commit writes the head, and so decides how the content ends. Complete is whether
// all of it has been written.
func (w *response) commit(complete bool) {
	if w.committed {
		return
	}
	c := w.c
	w.committed, w.mark, w.sentBefore = true, len(c.out), c.sent
	out := message.AppendStatusLine(c.out, w.status)
	out = append(out, w.fields...)
	if !w.dated {
		out = append(message.AppendDate(append(out, "Date: "...), time.Now()), "\r\n"...)
	}
	length := int64(-1)
	switch {
	case w.lengthForbidden():
		w.untilClose = w.tunnel()
	case w.status == 205:
		length = 0
	case w.declared >= 0:
		length = w.declared
	case w.status == 304:
	case w.head():
		if complete && w.written > 0 {
			length = w.written
		}
	case complete:
		length = w.written
	case c.req.Version == reqline.HTTP10:
		w.untilClose = true
	default:
		w.chunked = true
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	if length >= 0 {
		out = append(strconv.AppendInt(append(out, "Content-Length: "...), length, 10), "\r\n"...)
	}
	w.last = w.last || w.untilClose || w.lastOne()
	option := ""
	switch {
	case w.status == 101:
	case w.last:
		option = "close"
	case c.req.Version == reqline.HTTP10:
		option = "keep-alive"
	}
	if options := append(w.options, option...); len(options) > 0 {
		out = message.AppendField(out, "Connection", strings.TrimSuffix(string(options), ", "))
	}
	c.out = append(out, "\r\n"...)
}

// lastOne says whether the connection ends for a reason that is not the response's.
func (w *response) lastOne() bool {
	c := w.c
	switch {
	case !KeepAlive(&c.req.Head), c.req.Fault != nil, c.body.failed(), c.body.tooLong():
		return true
	case c.body.owes: // nobody knows whether the content comes
		return true
	case c.stopping():
		return c.body.err == nil && c.body.framed.Chunked || int64(c.w-c.r) <= c.body.left || !c.asked()
	}
	return false
}

// finish completes the response when the handler has returned.
func (w *response) finish() {
	if !w.fixed {
		w.fix(200)
	}
	w.c.body.skip()
	if w.declared > w.written && !w.head() && w.status != 304 {
		w.c.log().Error("http: less content than Content-Length says", "target", string(w.c.req.Target.Raw), "length", w.declared, "written", w.written)
		if !w.takeBack() {
			w.emit(w.held)
			w.last = true
			return
		}
		w.replace(500)
	}
	w.commit(true)
	w.emit(w.held)
	w.held = w.held[:0]
	if w.chunked {
		w.c.out = message.AppendLastChunk(w.c.out, nil)
	}
}

// takeBack takes back what was committed, if nothing of it has left, and says so.
func (w *response) takeBack() bool {
	if w.committed && w.c.sent != w.sentBefore || w.c.werr != nil {
		return false
	}
	if w.committed {
		w.c.out, w.committed = w.c.out[:w.mark], false
	}
	return true
}

// replace makes the server's own answer of the response, which is the last one.
func (w *response) replace(status int) {
	w.begin()
	Error(w, status)
	w.last = true
}
