package keepalive

import (
	"errors"
	"io"
	"os"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A body is the content of a request.
type body struct {
	c       *conn
	chunked bool
	left    int64 // bytes to come, if it is not chunked
	decoder message.ChunkedDecoder
	data    []byte    // decoded and not handed out yet; in c.buf
	owed    bool      // a 100
	ops     int       // of the response, when err came
	until   time.Time // for drain: no read is later
	err     error     // what Read says when data is empty; io.EOF at the end
}

// begin makes b ready for the request of c.
func (b *body) begin(c *conn) {
	f := c.req.Framing
	*b = body{c: c, chunked: f.Chunked, left: f.Length, decoder: b.decoder}
	b.owed = c.req.Version != reqline.HTTP10 && c.req.Header.HasMember("Expect", "100-continue")
	if b.chunked {
		b.decoder.Limits = c.srv.Limits
		b.decoder.Reset()
	} else if b.left == 0 {
		b.err = io.EOF
	}
}

func (b *body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(b.data) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.more()
		b.ops = b.c.res.ops
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

// more gets the next piece of content into b.data, or sets b.err.
func (b *body) more() {
	c := b.c
	if c.r == c.w {
		if b.owed {
			c.out = append(c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
		}
		until := b.until
		if until.IsZero() {
			until = after(c.srv.BodyTimeout, DefaultBodyTimeout)
		}
		if err := c.fill(until); err != nil {
			b.err = io.ErrUnexpectedEOF
			if errors.Is(err, os.ErrDeadlineExceeded) {
				b.err = os.ErrDeadlineExceeded
			}
			return
		}
	}
	b.owed = false
	src := c.buf[c.r:c.w]
	if b.chunked {
		data, n, err := b.decoder.Decode(src)
		c.r += n
		b.data, b.err = data, err
		if err == io.EOF {
			c.req.trailer = &b.decoder.Trailer
		}
		return
	}
	b.data = src[:min(int64(len(src)), b.left)]
	c.r += len(b.data)
	b.left -= int64(len(b.data))
	if b.left == 0 {
		b.err = io.EOF
	}
}

// canDrain says whether, for all that is known, the content that was not read is worth
// reading.
func (b *body) canDrain() bool {
	waiting := b.owed && b.c.r == b.c.w
	return b.err == io.EOF || b.err == nil && !waiting && (b.chunked || b.left <= MaxDrain)
}

// moreBehind says whether something has arrived behind the content.
func (b *body) moreBehind() bool {
	n := b.c.w - b.c.r
	if b.chunked {
		return b.err == io.EOF && n > 0
	}
	return int64(n) > b.left
}

// drain reads what the handler has not read, and says whether the next request starts
// behind it.
func (b *body) drain() bool {
	b.until = after(b.c.srv.BodyTimeout, DefaultBodyTimeout)
	for n := 0; n <= MaxDrain; b.more() {
		n += len(b.data)
		b.data = nil
		if b.err != nil {
			return b.err == io.EOF && n <= MaxDrain
		}
	}
	return false
}
