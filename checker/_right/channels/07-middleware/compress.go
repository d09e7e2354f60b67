package middleware

import (
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
	if level == 0 {
		level = DefaultGzipLevel
	}
	if level < gzip.BestSpeed || level > gzip.BestCompression {
		panic("middleware: Compress with a level that there is none of")
	}
	writers := &sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, level) // the level is good
		return z
	}}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			c := &compressor{w: w, writers: writers, method: r.Method, accepts: Negotiate(&r.Header, "gzip") == "gzip", left: -1}
			defer c.release()
			next.ServeHTTP(c, r)
			c.finish()
		})
	}
}

// A job is what a compressor does with content.
type job uint8

const (
	undecided job = iota // the status is not fixed
	holding              // it is, and there is not enough content to decide
	plain                // what comes is passed on
	zipping              // what comes is compressed
	taken                // the connection is somebody else's
)

// A compressor is the ResponseWriter of one request.
type compressor struct {
	w       keepalive.ResponseWriter
	writers *sync.Pool
	method  string
	accepts bool // the client prefers gzip
	job     job

	status int
	fixed  [][2]string // the fields as they were when the status was fixed, while holding
	held   []byte
	left   int64 // of the handler's Content-Length, where that has been taken off; or -1
	z      *gzip.Writer
	failed bool // the writer behind has failed: the client is gone
}

func (c *compressor) Unwrap() keepalive.ResponseWriter { return c.w }

func (c *compressor) Header() *message.Header { return c.w.Header() }

// An aim is what is to be done with a response, by its status and its fields.
type aim uint8

const (
	leave aim = iota // as it is
	vary             // say that there are two
	weak             // likewise, and the ETag is that of both
	zip              // compress it, if there is enough content
)

func (c *compressor) aim(status int, h *message.Header) (a aim, length int64) {
	length, ok, err := message.ContentLength(h)
	if !ok || err != nil {
		length = -1
	}
	switch {
	case status < 200, status == 204, status == 205, status == 206, c.method == "CONNECT",
		h.Has("Content-Range"), h.Has("Content-Encoding"), h.HasMember("Cache-Control", "no-transform"),
		0 <= length && length < MinCompress:
		return leave, length
	case status == 304 && c.accepts:
		return weak, length
	case status == 304:
		return vary, length
	case !shrinks(h.Get("Content-Type")):
		return leave, length
	case c.accepts:
		return zip, length
	}
	return vary, length
}

// shrinks says whether content of a type becomes shorter by compressing it.
func shrinks(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	switch t {
	case "application/json", "application/javascript", "application/xml", "application/wasm":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml")
}

func addVary(h *message.Header) {
	if !h.HasMember("Vary", "Accept-Encoding") && !h.HasMember("Vary", "*") {
		h.Add("Vary", "Accept-Encoding")
	}
}

func weaken(h *message.Header) {
	if etag := h.Get("ETag"); etag != "" && !strings.HasPrefix(etag, "W/") {
		h.Set("ETag", "W/"+etag)
	}
}

// say changes the fields for compressed content.
func say(h *message.Header) {
	addVary(h)
	weaken(h)
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
}

func (c *compressor) WriteHeader(status int) {
	if c.job != undecided || status < 200 {
		if c.job == undecided && status == 101 {
			c.job = plain
		}
		if c.job != holding {
			c.w.WriteHeader(status)
		}
		return
	}
	c.status = status
	h := c.w.Header()
	a, length := c.aim(status, h)
	if a == zip && length < 0 {
		c.job = holding
		for name, value := range h.All() {
			c.fixed = append(c.fixed, [2]string{string(name), string(value)})
		}
		return
	}
	c.job = plain
	switch a {
	case zip:
		c.left = length
		c.begin()
		return
	case weak:
		weaken(h)
		addVary(h)
	case vary:
		addVary(h)
	}
	c.w.WriteHeader(status)
}

// begin begins compressed content.
func (c *compressor) begin() {
	c.job = zipping
	say(c.w.Header())
	c.w.WriteHeader(c.status)
	if c.method != "HEAD" {
		c.z = c.writers.Get().(*gzip.Writer)
		c.z.Reset(behind{c})
	}
}

// restore puts the fields back as they were when the status was fixed.
func (c *compressor) restore() {
	h := c.w.Header()
	h.Reset()
	for _, f := range c.fixed {
		h.Add(f[0], f[1])
	}
	c.fixed = nil
}

// zipHeld ends the holding: there is enough content, or it is waited for.
func (c *compressor) zipHeld() error {
	c.restore()
	c.begin()
	held := c.held
	c.held = nil
	_, err := c.zip(held)
	return err
}

func (c *compressor) zip(p []byte) (int, error) {
	if c.left >= 0 {
		if int64(len(p)) > c.left {
			return 0, keepalive.ErrContentLength
		}
		c.left -= int64(len(p))
	}
	if c.z == nil { // HEAD
		return len(p), nil
	}
	return c.z.Write(p)
}

// behind is where compressed content goes.
type behind struct{ c *compressor }

func (b behind) Write(p []byte) (int, error) {
	n, err := b.c.w.Write(p)
	b.c.failed = b.c.failed || err != nil
	return n, err
}

func (c *compressor) Write(p []byte) (int, error) {
	if c.job == undecided {
		c.WriteHeader(200)
	}
	switch c.job {
	case zipping:
		return c.zip(p)
	case holding:
		if len(c.held)+len(p) < MinCompress {
			c.held = append(c.held, p...)
			return len(p), nil
		}
		if err := c.zipHeld(); err != nil {
			return 0, err
		}
		return c.zip(p)
	}
	return c.w.Write(p)
}

func (c *compressor) Flush() error {
	if c.job == undecided {
		c.WriteHeader(200)
	}
	if c.job == holding {
		if err := c.zipHeld(); err != nil {
			return err
		}
	}
	if c.z != nil {
		if err := c.z.Flush(); err != nil {
			return err
		}
	}
	err := c.w.Flush()
	c.failed = c.failed || err != nil
	return err
}

func (c *compressor) ReadFrom(src io.Reader) (int64, error) {
	if c.job == undecided {
		c.WriteHeader(200)
	}
	if c.job == holding || c.job == zipping {
		return io.Copy(onlyWriter{c}, src)
	}
	return readFrom(c.w, src)
}

func (c *compressor) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if c.job != undecided {
		return keepalive.ErrHijackTooLate
	}
	err := keepalive.Hijack(c.w, talk)
	if err == nil {
		c.job = taken
	}
	return err
}

// finish ends the response of a handler that has returned.
func (c *compressor) finish() {
	switch c.job {
	case undecided:
		// The status stays open, since the server may have another one to say.
		h := c.w.Header()
		switch a, length := c.aim(200, h); {
		case a == zip && c.method == "HEAD" && length >= 0:
			say(h)
		case a != leave:
			addVary(h)
		}
	case holding:
		c.restore()
		addVary(c.w.Header())
		c.job = plain
		c.w.WriteHeader(c.status)
		if len(c.held) > 0 {
			c.w.Write(c.held)
		}
	case zipping:
		if c.z == nil || c.failed {
			return
		}
		if c.left > 0 {
			panic("middleware: less content than its Content-Length has been compressed")
		}
		c.z.Close()
	}
}

// release gives the gzip writer back, also after a panic: Reset makes it new.
func (c *compressor) release() {
	if c.z != nil {
		c.z.Reset(nil)
		c.writers.Put(c.z)
		c.z = nil
	}
}
