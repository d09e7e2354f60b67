package middleware

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 7.8 Decide when the header section is fixed and enough content is known; then the writer has one of two jobs.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func Compress(level int) keepalive.Middleware {
	if level == 0 {
		level = DefaultGzipLevel
	}
	if level < gzip.BestSpeed || level > gzip.BestCompression {
		panic("middleware: no gzip level: " + strconv.Itoa(level))
	}
	// A gzip.Writer takes 800 KiB and a while to make.
	gzips := &sync.Pool{New: func() any {
		gz, _ := gzip.NewWriterLevel(nil, level) // the level is a good one
		return gz
	}}
	writers := &sync.Pool{New: func() any { return &compressor{gzips: gzips, held: make([]byte, 0, MinCompress)} }}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if r.Method == "CONNECT" {
				next.ServeHTTP(w, r)
				return
			}
			c := writers.Get().(*compressor)
			c.w, c.head = w, r.Method == "HEAD"
			c.accepted = Negotiate(&r.Header, "gzip") == "gzip"
			defer c.release(writers)
			next.ServeHTTP(c, r)
			c.finish()
		})
	}
}

// A compressor is the ResponseWriter that Compress hands on. It is in one of three
// states: the header section is open (status is 0); it is fixed, but whether to
// compress is not decided; it is decided, and passed on.
//
//starter:omit
type compressor struct {
	w              keepalive.ResponseWriter
	gzips          *sync.Pool
	accepted, head bool

	status  int
	decided bool
	held    []byte // content until it is decided, less than MinCompress
	fixed   []byte // the header section until then, as WriteHeader found it

	encode bool
	gz     *gzip.Writer // if encode, except for HEAD
	left   int64        // of the handler's Content-Length, if encode; -1 for none
	gone   bool         // the client, or whatever is behind w
}

//starter:omit
func (c *compressor) Unwrap() keepalive.ResponseWriter { return c.w }

//starter:omit
func (c *compressor) Header() *message.Header { return c.w.Header() }

//starter:omit
func (c *compressor) WriteHeader(status int) {
	if c.status != 0 && !c.decided {
		return // only the first call counts
	}
	if c.status != 0 || status < 200 {
		c.w.WriteHeader(status)
		return
	}
	c.status = status
	h := c.w.Header()
	length := declaredLength(h)
	switch {
	case status == 304 && !h.HasMember("Cache-Control", "no-transform"):
		addVary(h)
		if c.accepted {
			weaken(h)
		}
		c.decide(false)
	case !eligible(status, h) || 0 <= length && length < MinCompress:
		c.decide(false)
	default:
		addVary(h)
		if c.left = length; !c.accepted || length >= 0 {
			c.decide(c.accepted)
		} else {
			c.fixed = h.AppendTo(c.fixed[:0])
		}
	}
}

// decide passes the header section on, and then what was held. If that fails, so does
// what is written next.
//
//starter:omit
func (c *compressor) decide(encode bool) {
	c.decided, c.encode = true, encode
	h := c.w.Header()
	if c.fixed = restore(h, c.fixed); encode {
		h.Del("Content-Length")
		h.Del("Accept-Ranges") // a range would be one of the other bytes
		h.Set("Content-Encoding", "gzip")
		weaken(h)
		if !c.head {
			c.gz = c.gzips.Get().(*gzip.Writer)
			c.gz.Reset(c.w)
		}
	}
	c.w.WriteHeader(c.status)
	if len(c.held) > 0 {
		c.write(c.held)
	}
}

//starter:omit
func (c *compressor) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.WriteHeader(200)
	}
	if !c.decided {
		if len(c.held)+len(p) < MinCompress {
			c.held = append(c.held, p...)
			return len(p), nil
		}
		c.decide(true)
	}
	return c.write(p)
}

// write writes content once it is decided how.
//
//starter:omit
func (c *compressor) write(p []byte) (int, error) {
	switch {
	case !c.encode:
		return c.w.Write(p)
	case c.left >= 0 && int64(len(p)) > c.left:
		return 0, keepalive.ErrContentLength
	}
	c.left -= int64(len(p)) // where there is no length, this says nothing
	if c.head {
		return len(p), nil
	}
	n, err := c.gz.Write(p)
	if err != nil {
		c.gone = true
	}
	return n, err
}

// ReadFrom leaves a file that is not compressed to the kernel.
//
//starter:omit
func (c *compressor) ReadFrom(src io.Reader) (int64, error) {
	if c.status == 0 {
		c.WriteHeader(200)
	}
	if to, ok := c.w.(io.ReaderFrom); ok && c.decided && !c.encode {
		return to.ReadFrom(src)
	}
	return io.Copy(onlyWriter{c}, src)
}

//starter:omit
func (c *compressor) Flush() error {
	if c.status == 0 {
		c.WriteHeader(200)
	}
	if !c.decided {
		c.decide(true)
	}
	if c.gz != nil {
		if err := c.gz.Flush(); err != nil {
			c.gone = true
			return err
		}
	}
	err := c.w.Flush()
	if err != nil {
		c.gone = true
	}
	return err
}

// Hijack is too late while content is held back, although the writer behind knows
// of no response yet.
//
//starter:omit
func (c *compressor) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if c.status != 0 {
		return keepalive.ErrHijackTooLate
	}
	err := keepalive.Hijack(c.w, talk)
	if err == nil {
		c.status, c.decided = 101, true // what is written now fails behind c
	}
	return err
}

// finish completes the response of a handler that has returned.
//
//starter:omit
func (c *compressor) finish() {
	if c.status == 0 && c.head && c.w.Header().Has("Content-Length") {
		c.WriteHeader(200) // it may be all that a handler does for HEAD
	}
	switch {
	case c.status == 0: // the server answers
	case !c.decided:
		c.decide(false)
	case c.gone: // nobody is there who could take it for the whole
	case c.gz != nil && c.left > 0:
		// The length that the server would have held the handler to is
		// gone, and the client must not take this for the whole.
		panic(fmt.Sprintf("http: %d bytes less content than Content-Length says", c.left))
	case c.gz != nil:
		c.gz.Close()
	}
}

//starter:omit
func (c *compressor) release(writers *sync.Pool) {
	if c.gz != nil {
		c.gzips.Put(c.gz)
	}
	*c = compressor{gzips: c.gzips, held: c.held[:0], fixed: c.fixed[:0]}
	writers.Put(c)
}
