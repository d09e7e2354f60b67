package middleware

import (
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"net"
	"strings"
	"sync"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
)

// MinCompress is how many bytes of content are worth compressing. Below it, the
// response fits into one packet either way. nginx begins at 20 bytes, Caddy at 512,
// Express at 1 KiB, Tomcat at 2 KiB.
const MinCompress = 1 << 10

// DefaultGzipLevel is the level of compression that Compress(0) uses. A text of 9934
// bytes became 4479 at level 1 in 92 µs, 4134 at level 4 in 132 µs, 4075 at level 5
// in 184 µs, and 4074 at level 9.
const DefaultGzipLevel = 4

// Compress compresses content with gzip for clients that prefer it (see
// [Negotiate]). Level is from 1, quick, to 9, small, and 0 stands for
// [DefaultGzipLevel]; any other panics.
//
// A response is left exactly as it is if its status is 1xx, 204, 205 or 206; if it
// has Content-Range, Content-Encoding, or Cache-Control: no-transform; if its
// Content-Length is below [MinCompress]; if it answers CONNECT; and, unless it is a
// 304, if its Content-Type is missing or does not shrink. These shrink at least, in any
// case of letters and with any parameters: text/*, application/json,
// application/javascript, application/xml, application/wasm, and what ends in +json or
// +xml. Pictures (but for SVG), videos, sounds and archives are compressed already.
//
// Every other one gets Vary: Accept-Encoding, whether this client takes gzip or
// not: a cache has to know that there are two (RFC 9110 §12.5.5). If it does, and
// the content is not less than MinCompress when the handler returns, the response
// also gets Content-Encoding: gzip, loses Content-Length and Accept-Ranges, and
// its ETag becomes a weak one, because the bytes are others (§8.8.1). HEAD gets the
// fields that GET would get, and nothing is written for it, not even the end of a gzip:
// the connection would count that. A 304 has no content to compress, and mostly no
// Content-Type that would say what it stands for; it gets Vary, and the weak ETag if
// this client takes gzip, whatever its type (§15.4.5: the fields of the 200). A client
// that asks with the strong one finds it again: If-None-Match does not look at W/.
//
// For the handler, nothing is different while its content is held back: its first
// WriteHeader, Write (also of nothing) or Flush fixes the status and the fields, a
// header that it has kept included, and Hijack is too late from then on.
//
// Flush compresses and sends what has been written so far, however little. A handler
// that panics gets no proper end of the compressed content. One that writes more than
// its Content-Length gets keepalive.ErrContentLength for what is too much. One that has
// written less makes Compress panic, so that the response is cut off; but not if a
// Write or Flush of the writer behind has failed: then the client is gone, and the
// handler has stopped because it was told so.
func Compress(level int) keepalive.Middleware {
	level = cmp.Or(level, DefaultGzipLevel)
	if level < 1 || level > 9 {
		panic("middleware: no such level of compression")
	}
	pool := &sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, level)
		return z
	}}
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		if r.Method == "CONNECT" {
			next(w)
			return
		}
		c := &compressor{w: w, r: r, pool: pool, length: -1}
		c.mode = undecided{c}
		next(c)
		c.mode.end()
	})
}

// A compressor is the ResponseWriter of a handler. What it does depends on its mode,
// which is one of the types below.
type compressor struct {
	w    keepalive.ResponseWriter
	r    *keepalive.Request
	pool *sync.Pool
	mode mode

	length int64 // the handler's Content-Length, or -1
	failed bool  // the client is gone
}

type mode interface {
	fix(status int) // the handler has chosen
	Write(p []byte) (int, error)
	Flush() error
	end() // the handler has returned
}

func (c *compressor) Header() *message.Header          { return c.w.Header() }
func (c *compressor) Unwrap() keepalive.ResponseWriter { return c.w }
func (c *compressor) WriteHeader(status int)           { c.mode.fix(status) }

func (c *compressor) Write(p []byte) (int, error) {
	c.mode.fix(200)
	return c.mode.Write(p)
}

func (c *compressor) Flush() error {
	c.mode.fix(200)
	return c.mode.Flush()
}

func (c *compressor) ReadFrom(src io.Reader) (int64, error) {
	c.mode.fix(200)
	if _, ok := c.mode.(plain); ok {
		return readFrom(c.w, src)
	}
	return io.Copy(struct{ io.Writer }{c}, src)
}

func (c *compressor) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if _, ok := c.mode.(undecided); !ok {
		return keepalive.ErrHijackTooLate
	}
	err := keepalive.Hijack(c.w, talk)
	if err == nil {
		c.mode = plain{c}
	}
	return err
}

// behind writes and flushes to the writer behind, and notices when that fails.
type behind struct{ *compressor }

func (b behind) Write(p []byte) (int, error) {
	n, err := b.w.Write(p)
	b.failed = b.failed || err != nil
	return n, err
}

func (b behind) Flush() error {
	err := b.w.Flush()
	b.failed = b.failed || err != nil
	return err
}

// plain passes everything on.
type plain struct{ *compressor }

func (m plain) fix(status int)              { m.w.WriteHeader(status) }
func (m plain) Write(p []byte) (int, error) { return m.w.Write(p) }
func (m plain) Flush() error                { return m.w.Flush() }
func (m plain) end()                        {}

// undecided is the mode until the status and the fields are fixed.
type undecided struct{ *compressor }

func (m undecided) Write(p []byte) (int, error) { panic("unreachable: Write fixes first") }
func (m undecided) Flush() error                { panic("unreachable: Flush fixes first") }

// end is for a handler that has written nothing, and leaves it to the server to answer.
func (m undecided) end() {
	switch {
	case !m.eligible(200):
	case m.r.Method == "HEAD" && m.length >= 0:
		m.fix(200) // it has said all that GET would get
	default:
		m.vary()
	}
}

func (m undecided) fix(status int) {
	switch {
	case status >= 100 && status < 200 && status != 101:
		m.w.WriteHeader(status) // and another one will follow
		return
	case !m.eligible(status):
		m.become(plain{m.compressor}, status)
		return
	}
	m.vary()
	switch gz := Negotiate(&m.r.Header, "gzip") == "gzip"; {
	case !gz:
		m.become(plain{m.compressor}, status)
	case status == 304:
		m.weaken()
		m.become(plain{m.compressor}, status)
	case m.length >= 0:
		m.pack(status)
	default:
		m.mode = &holding{compressor: m.compressor, status: status, fields: snapshot(m.Header())}
	}
}

func (c *compressor) become(m mode, status int) {
	c.mode = m
	c.w.WriteHeader(status)
}

// eligible says whether a response with these fields could be compressed, and notes
// its length.
func (c *compressor) eligible(status int) bool {
	h := c.Header()
	c.length = -1
	if n, ok, err := message.ContentLength(h); ok && err == nil {
		c.length = n
	}
	switch {
	case status < 200, status == 204, status == 205, status == 206,
		h.Has("Content-Range"), h.Has("Content-Encoding"), h.HasMember("Cache-Control", "no-transform"),
		c.length >= 0 && c.length < MinCompress:
		return false
	}
	return status == 304 || shrinks(h.Get("Content-Type"))
}

// shrinks says whether content of this type is worth the work.
func shrinks(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	switch t {
	case "application/json", "application/javascript", "application/xml", "application/wasm":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml")
}

func (c *compressor) vary() {
	if h := c.Header(); !h.HasMember("Vary", "Accept-Encoding") && !h.HasMember("Vary", "*") {
		h.Add("Vary", "Accept-Encoding")
	}
}

func (c *compressor) weaken() {
	if tag := c.Header().Get("ETag"); strings.HasPrefix(tag, `"`) {
		c.Header().Set("ETag", "W/"+tag)
	}
}

// snapshot returns a copy of the fields, in order.
func snapshot(h *message.Header) (fields [][2]string) {
	for name, value := range h.All() {
		fields = append(fields, [2]string{string(name), string(value)})
	}
	return fields
}

// holding is the mode while it is not known whether there is enough to compress.
type holding struct {
	*compressor
	status int
	fields [][2]string // as they were when the handler fixed them
	held   []byte
}

func (m *holding) fix(int) {}

func (m *holding) Write(p []byte) (int, error) {
	if len(m.held)+len(p) < MinCompress {
		m.held = append(m.held, p...)
		return len(p), nil
	}
	if err := m.release(); err != nil {
		return 0, err
	}
	return m.mode.Write(p)
}

func (m *holding) Flush() error {
	if err := m.release(); err != nil {
		return err
	}
	return m.mode.Flush()
}

func (m *holding) end() {
	m.restore()
	m.become(plain{m.compressor}, m.status)
	m.w.Write(m.held)
}

// release goes on as packed.
func (m *holding) release() error {
	m.restore()
	m.pack(m.status)
	_, err := m.mode.Write(m.held)
	return err
}

func (m *holding) restore() {
	h := m.Header()
	h.Reset()
	for _, f := range m.fields {
		h.Add(f[0], f[1])
	}
}

// packed is the mode that compresses. It has no z for HEAD.
type packed struct {
	*compressor
	z     *gzip.Writer
	count int64
}

func (c *compressor) pack(status int) {
	h := c.Header()
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	c.weaken()
	m := &packed{compressor: c}
	if c.r.Method != "HEAD" {
		m.z = c.pool.Get().(*gzip.Writer)
		m.z.Reset(behind{c})
	}
	c.become(m, status)
}

func (m *packed) fix(int) {}

func (m *packed) Write(p []byte) (int, error) {
	if m.length >= 0 && m.count+int64(len(p)) > m.length {
		return 0, keepalive.ErrContentLength
	}
	m.count += int64(len(p))
	if m.z == nil {
		return len(p), nil
	}
	return m.z.Write(p)
}

func (m *packed) Flush() error {
	if m.z != nil {
		if err := m.z.Flush(); err != nil {
			return err
		}
	}
	return behind{m.compressor}.Flush()
}

func (m *packed) end() {
	if m.z == nil {
		return
	}
	if m.count < m.length {
		if m.failed {
			return
		}
		panic("middleware: less content than Content-Length says")
	}
	m.z.Close()
	m.pool.Put(m.z)
}
