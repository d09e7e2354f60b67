package keepalive

import (
	"context"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A response is open until its status is set, fixed until its framing is, and
// committed from then on.
type response struct {
	c       *conn
	fields  message.Header // the handler's
	touched bool           // the handler has written since Body failed
	mark    position       // where it begins in the output

	status int     // 0 while it is open
	head   []byte  // the fields, once they are fixed
	length int64   // the handler's Content-Length, or -1
	count  int64   // bytes of content so far
	held   []byte  // those that were not handed to the framing
	frame  framing // nil until it is committed
	last   bool    // the connection ends behind it

	bodiless bool // it answers HEAD
	over     bool // the handler has returned

	talk func(ctx context.Context, nc net.Conn)
}

// A framing says where the content of a response ends.
type framing interface {
	field(dst []byte) []byte    // what the head says of it
	piece(dst, p []byte) []byte // what goes before and behind a piece
	end(dst []byte) []byte
}

type (
	byLength   int64    // so many bytes
	inChunks   struct{} // up to the last chunk
	untilClose struct{} // up to the end of the connection
	atOnce     struct{} // with the head
	unseen     struct { // with the head, which speaks of another one
		framing
	}
)

func (f byLength) field(dst []byte) []byte {
	return message.AppendField(dst, "Content-Length", strconv.FormatInt(int64(f), 10))
}
func (byLength) piece(dst, p []byte) []byte { return append(dst, p...) }
func (byLength) end(dst []byte) []byte      { return dst }
func (inChunks) field(dst []byte) []byte {
	return message.AppendField(dst, "Transfer-Encoding", "chunked")
}
func (inChunks) piece(dst, p []byte) []byte   { return message.AppendChunk(dst, p) }
func (inChunks) end(dst []byte) []byte        { return message.AppendLastChunk(dst, nil) }
func (untilClose) field(dst []byte) []byte    { return dst }
func (untilClose) piece(dst, p []byte) []byte { return append(dst, p...) }
func (untilClose) end(dst []byte) []byte      { return dst }
func (atOnce) field(dst []byte) []byte        { return dst }
func (atOnce) piece(dst, _ []byte) []byte     { return dst }
func (atOnce) end(dst []byte) []byte          { return dst }
func (unseen) piece(dst, _ []byte) []byte     { return dst }
func (unseen) end(dst []byte) []byte          { return dst }

func (w *response) Header() *message.Header { return &w.fields }

func (w *response) committed() bool { return w.frame != nil }

// own are the fields that the server writes, or leaves out, by itself.
var own = map[string]bool{"content-length": true, "transfer-encoding": true, "connection": true}

func (w *response) appendFields(dst []byte) []byte {
	for name, value := range w.fields.All() {
		if !own[strings.ToLower(string(name))] {
			dst = message.AppendField(dst, name, value)
		}
	}
	return dst
}

func (w *response) WriteHeader(status int) {
	if w.talk != nil {
		return
	}
	w.touched = true
	if w.status != 0 {
		return
	}
	if status < 100 || status > 999 {
		panic("http: no status")
	}
	if status >= 100 && status < 200 && status != 101 {
		w.interim(status)
		return
	}
	w.status = status
	w.head = w.appendFields(message.AppendStatusLine(nil, status))
	if !w.fields.Has("Date") {
		w.head = message.AppendField(w.head, "Date", message.AppendDate(nil, time.Now()))
	}
	if n, ok, err := message.ContentLength(&w.fields); ok && err == nil && !w.lengthless() {
		w.length = n
	}
	w.last = status == 101
	var members []string
	for m := range w.fields.Members("Connection") {
		switch member := string(m); strings.ToLower(member) {
		case "close":
			w.last = true
		case "keep-alive":
		default:
			members = append(members, member)
		}
	}
	if len(members) > 0 {
		w.head = message.AppendField(w.head, "Connection", strings.Join(members, ", "))
	}
}

func (w *response) interim(status int) {
	if w.c.req.Version == reqline.HTTP10 {
		return
	}
	if status == 100 && w.c.req.body != nil {
		w.c.req.body.owes = false
	}
	w.c.out.write(append(w.appendFields(message.AppendStatusLine(nil, status)), "\r\n"...))
	w.c.out.flush()
	w.mark = w.c.out.mark()
}

// tunnel says that the status is a 2xx to CONNECT.
func (w *response) tunnel() bool { return w.c.req.Method == "CONNECT" && w.status/100 == 2 }

// lengthless says that the handler's Content-Length has no place here.
func (w *response) lengthless() bool {
	return w.tunnel() || w.status/100 == 1 || w.status == 204 || w.status == 205
}

func (w *response) Write(p []byte) (int, error) {
	if w.talk != nil {
		return 0, ErrHijackTooLate
	}
	w.WriteHeader(200)
	switch {
	case len(p) == 0:
		return 0, w.c.out.err
	case !w.bodiless && (!message.HasContent("GET", w.status) || w.status == 205):
		return 0, ErrNoContent
	case w.length >= 0 && w.count+int64(len(p)) > w.length:
		return 0, ErrContentLength
	}
	w.count += int64(len(p))
	if len(w.held)+len(p) <= MaxHeld {
		w.held = append(w.held, p...)
		return len(p), w.c.out.err
	}
	w.commit(w.stream())
	w.emit()
	w.send(p)
	if w.c.out.err != nil {
		return 0, w.c.out.err
	}
	return len(p), nil
}

// ReadFrom writes what it reads from src. A part of a file that the head has announced
// goes from the kernel to the kernel, where the connection can do that.
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	const least = 64 << 10 // below that a copy is as quick
	part, _ := src.(*io.LimitedReader)
	to, direct := w.c.nc.(io.ReaderFrom)
	if part == nil || part.N < least || !direct || w.bodiless || w.talk != nil {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	w.WriteHeader(200)
	file, isFile := part.R.(*os.File)
	if !isFile || w.count+part.N > w.length || !message.HasContent("GET", w.status) || w.lengthless() {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	w.commit(w.stream())
	w.emit()
	if err := w.c.out.flush(); err != nil {
		return 0, err
	}
	for part.N > 0 && err == nil {
		asked := min(part.N, sendPiece)
		w.c.nc.SetWriteDeadline(time.Now().Add(w.c.out.timeout))
		var sent int64
		sent, err = to.ReadFrom(&io.LimitedReader{R: file, N: asked})
		part.N -= sent
		w.count += sent
		w.c.out.sent += sent
		n += sent
		if sent < asked {
			break // the file has become shorter
		}
	}
	w.c.out.err = err
	return n, err
}

func (w *response) Flush() error {
	if w.talk != nil {
		return ErrHijackTooLate
	}
	w.WriteHeader(200)
	w.touched = true
	w.commit(w.stream())
	w.emit()
	return w.c.out.flush()
}

// stream is the framing of content that may go on.
func (w *response) stream() framing {
	switch {
	case w.length >= 0:
		return byLength(w.length)
	case w.c.req.Version == reqline.HTTP10:
		return untilClose{}
	}
	return inChunks{}
}

// emit hands on what was held.
func (w *response) emit() {
	w.send(w.held)
	w.held = w.held[:0]
}

func (w *response) send(p []byte) {
	for len(p) > 0 {
		n := min(len(p), gather)
		w.c.out.write(w.frame.piece(nil, p[:n]))
		p = p[n:]
	}
}

// commit decides on the framing, and on whether the connection goes on, and
// writes the head.
func (w *response) commit(f framing) {
	if w.committed() {
		return
	}
	r := &w.c.req
	switch {
	case w.tunnel():
		f, w.last = untilClose{}, true
	case w.status == 205:
		f = byLength(0)
	case w.status == 304 && w.length >= 0:
		f = unseen{byLength(w.length)}
	case !message.HasContent("GET", w.status):
		f = atOnce{}
	}
	switch {
	case !w.bodiless:
	case f == byLength(0) && w.length < 0 && w.status != 205:
		f = atOnce{} // the handler has not said what GET would get
	case f == untilClose{}:
		f = atOnce{}
	default:
		f = unseen{f}
	}
	w.frame = f
	w.last = w.last || f == untilClose{} || !KeepAlive(&r.Head) || r.body.hopelessFor(w) || w.c.stopping()
	switch {
	case w.last:
		w.head = message.AppendField(w.head, "Connection", "close")
	case r.Version == reqline.HTTP10:
		w.head = message.AppendField(w.head, "Connection", "keep-alive")
	}
	w.c.out.write(append(f.field(w.head), "\r\n"...))
}

// hopelessFor is hopeless as far as it is known when the head leaves: a handler
// that still runs may read a long content.
func (b *body) hopelessFor(w *response) bool {
	return b == nil || b.failed() || b.asks() || w.over && b.hopeless()
}

// stopping says that this is the last request that has arrived, and that there
// must be no other.
func (c *conn) stopping() bool {
	if c.ctx.Err() == nil {
		return false
	}
	b, ahead := c.req.body, int64(len(c.in.unread()))
	return !(b.complete() && ahead > 0 || b.known && ahead > b.left)
}

// finish is called when the handler has returned, and says what comes next.
func (w *response) finish() state {
	w.over = true
	w.WriteHeader(200)
	b := w.c.req.body
	b.skim()
	if w.cutShort() {
		w.c.log().Error("less content than Content-Length", "length", w.length, "content", w.count)
		return w.abort(500)
	}
	size := w.count
	if w.length >= 0 {
		size = w.length
	}
	w.commit(byLength(size))
	w.emit()
	w.c.out.write(w.frame.end(nil))
	if w.last {
		return depart
	}
	return drain
}

// cutShort says that the client will wait for content in vain.
func (w *response) cutShort() bool {
	return w.length > w.count && !w.bodiless && message.HasContent("GET", w.status)
}

// abort ends a response that cannot be what it was going to be: with another one
// instead if nothing of it has left, and otherwise so that the client notices.
func (w *response) abort(status int) state {
	if w.replace(status) {
		return depart
	}
	if w.frame == framing(untilClose{}) {
		return reset
	}
	return depart
}

// replace answers with status instead, if nothing of the response has left.
func (w *response) replace(status int) bool {
	if !w.c.out.rewind(w.mark) {
		return false
	}
	*w = response{c: w.c, mark: w.mark, length: -1, over: true, bodiless: w.bodiless}
	w.Header().Set("Connection", "close")
	Error(w, status)
	w.commit(byLength(w.count))
	w.emit()
	return true
}

func (w *response) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if w.status != 0 || w.talk != nil {
		return ErrHijackTooLate
	}
	w.talk = talk
	return nil
}
