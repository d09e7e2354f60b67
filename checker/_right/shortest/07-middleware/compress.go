package middleware

import (
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"net"
	"regexp"
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
	if level < gzip.BestSpeed || level > gzip.BestCompression {
		panic("middleware: no such level of compression")
	}
	pool := &sync.Pool{New: func() any {
		gz, _ := gzip.NewWriterLevel(nil, level)
		return gz
	}}
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		c := &compressor{Recorder: Recorder{w: w}, r: r, pool: pool, length: -1}
		next.ServeHTTP(c, r)
		c.finish()
	})
}

// A compressor decides what becomes of a response when its header section is fixed.
type compressor struct {
	Recorder // of what leaves
	r        *keepalive.Request
	pool     *sync.Pool
	state    state
	chosen   int            // status
	fields   message.Header // as they were when they were fixed
	held     []byte
	length   int64 // what the handler has announced, or -1
	written  int64
	gz       *gzip.Writer // nil for HEAD
	failed   bool         // something behind: nobody is there any more
}

type state int

const (
	open    state = iota // nothing has been decided
	plain                // all that comes is passed on
	holding              // to be compressed if there is enough
	zipping
)

// shrinks says whether a response with this status has two forms.
func (c *compressor) shrinks(status int) bool {
	h := c.Header()
	if n, ok, err := message.ContentLength(h); ok && err == nil && n < MinCompress {
		return false
	}
	if status < 200 || status >= 204 && status <= 206 || c.r.Method == "CONNECT" || h.Has("Content-Range") ||
		h.Has("Content-Encoding") || h.HasMember("Cache-Control", "no-transform") {
		return false
	}
	return status == 304 || shrinking.MatchString(h.Get("Content-Type"))
}

var shrinking = regexp.MustCompile(`(?i)^(text/[^;]*|application/(json|javascript|xml|wasm)|[^;]*\+(json|xml))[ \t]*(;|$)`)

func (c *compressor) WriteHeader(status int) {
	if c.state != open {
		return
	}
	if status/100 == 1 && status != 101 {
		c.Recorder.WriteHeader(status)
		return
	}
	c.chosen, c.state = status, plain
	h := c.Header()
	if c.shrinks(status) {
		addVary(h, "Accept-Encoding")
		if Negotiate(&c.r.Header, "gzip") == "gzip" {
			if status != 304 {
				c.hold()
				return
			}
			weaken(h)
		}
	}
	c.Recorder.WriteHeader(status)
}

// hold begins to hold back, or to compress if it is known that there is enough.
func (c *compressor) hold() {
	c.state = holding
	replace(&c.fields, c.Header())
	if n, ok, err := message.ContentLength(c.Header()); ok && err == nil {
		c.length = n
		c.zip()
	}
}

// zip begins to compress.
func (c *compressor) zip() error {
	c.state = zipping
	h := c.Header()
	replace(h, &c.fields)
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	weaken(h)
	c.Recorder.WriteHeader(c.chosen)
	if c.r.Method == "HEAD" {
		return nil
	}
	c.gz = c.pool.Get().(*gzip.Writer)
	c.gz.Reset(&c.Recorder)
	_, err := c.gz.Write(c.held)
	c.failed = err != nil
	return err
}

func weaken(h *message.Header) {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		h.Set("ETag", "W/"+tag)
	}
}

// replace makes dst a copy of src.
func replace(dst, src *message.Header) {
	dst.Reset()
	for name, value := range src.All() {
		dst.Add(string(name), string(value))
	}
}

func (c *compressor) Write(content []byte) (n int, err error) {
	c.WriteHeader(200)
	if c.state == plain {
		return c.Recorder.Write(content)
	}
	if c.length >= 0 && c.written+int64(len(content)) > c.length {
		return 0, keepalive.ErrContentLength
	}
	c.written += int64(len(content))
	if c.state == holding {
		c.held = append(c.held, content...)
		if len(c.held) >= MinCompress {
			err = c.zip()
		}
	} else if c.gz != nil {
		_, err = c.gz.Write(content)
	}
	if err != nil {
		c.failed = true
		return 0, err
	}
	return len(content), nil
}

func (c *compressor) Flush() (err error) {
	c.WriteHeader(200)
	if c.state == holding {
		err = c.zip()
	}
	if err == nil && c.gz != nil {
		err = c.gz.Flush()
	}
	if err == nil {
		err = c.Recorder.Flush()
	}
	c.failed = c.failed || err != nil
	return err
}

func (c *compressor) ReadFrom(src io.Reader) (int64, error) {
	c.WriteHeader(200)
	if c.state == plain {
		return c.Recorder.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{c}, src)
}

func (c *compressor) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if c.state != open {
		return keepalive.ErrHijackTooLate
	}
	err := c.Recorder.Hijack(talk)
	if err == nil {
		c.state = plain
	}
	return err
}

// finish is called when the handler has returned.
func (c *compressor) finish() {
	if c.state == open && c.r.Method == "HEAD" && c.Header().Has("Content-Length") {
		c.WriteHeader(200)
	}
	switch c.state {
	case open:
		if c.shrinks(200) {
			addVary(c.Header(), "Accept-Encoding")
		}
	case holding:
		replace(c.Header(), &c.fields)
		c.Recorder.WriteHeader(c.chosen)
		c.Recorder.Write(c.held)
	case zipping:
		if c.gz == nil {
			c.Recorder.Flush() // or the server takes the length for 0
			return
		}
		if c.written < c.length && !c.failed {
			panic("middleware: less content than Content-Length says")
		}
		c.gz.Close()
		c.pool.Put(c.gz)
	}
}
