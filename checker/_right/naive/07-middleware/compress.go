package middleware

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

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
	if level < 0 || level > 9 {
		panic(fmt.Sprintf("middleware: Compress(%d)", level))
	}
	level = cmp.Or(level, DefaultGzipLevel)
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			cw := &compressor{w: w, method: r.Method, level: level, length: -1}
			cw.accepted = Negotiate(&r.Header, "gzip") == "gzip"
			next.ServeHTTP(cw, r)
			cw.finish()
		})
	}
}

type compressState int

const (
	open    compressState = iota // the head is not fixed
	plain                        // everything goes through
	holding                      // content waits until it is enough
	zipping
)

// A compressor is the ResponseWriter of Compress.
type compressor struct {
	w        keepalive.ResponseWriter
	method   string
	level    int
	accepted bool // the client takes gzip

	state   compressState
	status  int
	fields  message.Header // as they were when the head was fixed
	length  int64          // that the handler has announced, or -1
	written int64
	held    []byte
	gzip    *gzip.Writer
	failed  error // of the writer behind
}

func (c *compressor) Unwrap() keepalive.ResponseWriter { return c.w }

func (c *compressor) Header() *message.Header { return c.w.Header() }

// A behind is the writer behind a compressor, for its gzip.Writer.
type behind struct{ c *compressor }

func (b behind) Write(content []byte) (int, error) {
	n, err := b.c.w.Write(content)
	if err != nil {
		b.c.failed = err
	}
	return n, err
}

// leaveAlone says whether a response stays exactly as it is.
func (c *compressor) leaveAlone(status int) bool {
	h := c.w.Header()
	length, known, err := message.ContentLength(h)
	switch {
	case status < 200, status == 204, status == 205, status == 206, c.method == "CONNECT",
		h.Has("Content-Range"), h.Has("Content-Encoding"), h.HasMember("Cache-Control", "no-transform"),
		err == nil && known && length < MinCompress:
		return true
	}
	return status != 304 && !shrinks(h.Get("Content-Type"))
}

func shrinks(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.Trim(t, " \t"))
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml") ||
		slices.Contains([]string{"application/json", "application/javascript", "application/xml", "application/wasm"}, t)
}

func addVary(h *message.Header) {
	if !h.HasMember("Vary", "Accept-Encoding") {
		h.Add("Vary", "Accept-Encoding")
	}
}

func weakenETag(h *message.Header) {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag)
	}
}

func copyHeader(to, from *message.Header) {
	to.Reset()
	for name, value := range from.All() {
		to.Add(string(name), string(value))
	}
}

func (c *compressor) WriteHeader(status int) {
	if c.state != open {
		return
	}
	if status < 200 && status != 101 {
		c.w.WriteHeader(status)
		return
	}
	c.status = status
	c.state = plain
	h := c.w.Header()
	if c.leaveAlone(status) {
		c.w.WriteHeader(status)
		return
	}
	addVary(h)
	if status == 304 && c.accepted {
		weakenETag(h)
	}
	if status == 304 || !c.accepted {
		c.w.WriteHeader(status)
		return
	}

	copyHeader(&c.fields, h)
	c.state = holding
	if length, known, err := message.ContentLength(h); err == nil && known {
		c.length = length
		c.zip()
	}
}

// sendHead sends the fields as they were fixed, whatever the handler has done to them since.
func (c *compressor) sendHead() {
	copyHeader(c.w.Header(), &c.fields)
	c.w.WriteHeader(c.status)
}

// zip begins to compress.
func (c *compressor) zip() {
	c.state = zipping
	c.fields.Set("Content-Encoding", "gzip")
	c.fields.Del("Content-Length")
	c.fields.Del("Accept-Ranges")
	weakenETag(&c.fields)
	c.sendHead()
	if c.method == "HEAD" {
		return
	}
	c.gzip, _ = gzip.NewWriterLevel(behind{c}, c.level)
	if len(c.held) > 0 {
		c.gzip.Write(c.held)
	}
}

func (c *compressor) Write(content []byte) (int, error) {
	c.WriteHeader(200)
	if c.state == plain {
		return c.w.Write(content)
	}
	if c.length >= 0 && c.written+int64(len(content)) > c.length {
		return 0, keepalive.ErrContentLength
	}
	c.written += int64(len(content))
	if c.state == holding {
		c.held = append(c.held, content...)
		if len(c.held) >= MinCompress {
			c.zip()
		}
	} else if c.gzip != nil {
		c.gzip.Write(content)
	}
	if c.failed != nil {
		return 0, c.failed
	}
	return len(content), nil
}

func (c *compressor) Flush() error {
	c.WriteHeader(200)
	if c.state == holding {
		c.zip()
	}
	if c.gzip != nil {
		c.gzip.Flush()
	}
	err := c.w.Flush()
	if err != nil {
		c.failed = err
	}
	return c.failed
}

// ReadFrom hands src to the writer behind, where nothing is compressed.
func (c *compressor) ReadFrom(src io.Reader) (int64, error) {
	c.WriteHeader(200)
	if c.state == plain {
		return copyTo(c.w, src)
	}
	return io.Copy(struct{ io.Writer }{c}, src)
}

// Hijack implements [keepalive.Hijacker].
func (c *compressor) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if c.state != open {
		return keepalive.ErrHijackTooLate
	}
	err := keepalive.Hijack(c.w, talk)
	if err == nil {
		c.state = plain
	}
	return err
}

// finish ends the response, as the handler has returned.
func (c *compressor) finish() {
	if c.state == open && c.method == "HEAD" {
		c.WriteHeader(200)
	}
	switch {
	case c.state == open:
		if !c.leaveAlone(200) {
			addVary(c.w.Header())
		}
	case c.state == holding:
		c.sendHead()
		c.w.Write(c.held)
	case c.gzip != nil && c.written < c.length && c.failed == nil:
		panic("middleware: less content than Content-Length says")
	case c.gzip != nil:
		c.gzip.Close()
	}
}
