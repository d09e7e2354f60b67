package keepalive

// This file is for the content of a request, as an io.Reader.

import (
	"io"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
)

// A body reads the content of one request from its connection.
//
//starter:omit
type body struct {
	c        *conn
	framing  message.Framing
	left     int64 // of the content, if its length is known
	decoder  message.ChunkedDecoder
	awaiting bool  // the client waits for a 100 before it sends the content
	err      error // what every Read returns from now on
	told     int64 // how much had been written when a Read first said that the content is broken, or -1
}

// reset makes b read the content of the request whose head is in c.
//
//starter:omit
func (b *body) reset(c *conn) {
	h := &c.req.Head
	b.c, b.framing, b.left, b.err, b.told = c, h.Framing, h.Framing.Length, nil, -1
	if b.framing.Chunked || b.decoder.Trailer.Len() > 0 {
		b.decoder.Limits = c.limits
		b.decoder.Reset() // the last request's trailer section, too, which may be somebody else's
	}
	if !b.framing.Chunked && b.left == 0 {
		b.err = io.EOF
	}
	// RFC 9110 §10.1.1: MUST ignore it in HTTP/1.0, and MAY omit the 100 when
	// some of the content is here already.
	b.awaiting = b.err == nil && c.r == c.w && h.Version != reqline.HTTP10 &&
		h.Header.HasMember("Expect", "100-continue")
}

// Read implements io.Reader.
//
//starter:omit
func (b *body) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, b.err
	}
	if b.err == nil {
		if b.framing.Chunked {
			n, b.err = b.readChunked(p)
		} else {
			n, b.err = b.readLength(p)
		}
		if n > 0 {
			return n, nil // the error waits for the next call
		}
	}
	if b.failed() && b.told < 0 {
		b.told = b.c.res.written
	}
	return 0, b.err
}

// failed says whether the content is broken, or did not come to its end.
//
//starter:omit
func (b *body) failed() bool { return b.err != nil && b.err != io.EOF }

//starter:omit
func (b *body) readLength(p []byte) (n int, err error) {
	p = p[:min(int64(len(p)), b.left)]
	if b.c.r < b.c.w {
		n = copy(p, b.c.in[b.c.r:b.c.w])
		b.c.r += n
	} else {
		// Straight into the handler's slice: large content is not copied.
		n, err = b.more(p)
	}
	if b.left -= int64(n); b.left == 0 {
		return n, io.EOF
	}
	return n, err
}

//starter:omit
func (b *body) readChunked(p []byte) (n int, err error) {
	for n == 0 {
		if b.c.r == b.c.w {
			if err := b.fill(); err != nil {
				return 0, err
			}
		}
		src := b.c.in[b.c.r:min(b.c.w, b.c.r+len(p))]
		data, used, err := b.decoder.Decode(src)
		n = copy(p, data)
		b.c.r += used
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// fill reads the next bytes of chunked content into the connection's buffer. The
// head stands in the same buffer and is still in use, so they go behind it, and
// into a new buffer where too little is left.
//
//starter:omit
func (b *body) fill() error {
	c := b.c
	if len(c.in)-c.headEnd < minRead {
		c.in, c.headEnd = make([]byte, maxKept), 0
	}
	n, err := b.more(c.in[c.headEnd:])
	c.r, c.w = c.headEnd, c.headEnd+n
	return err
}

// more reads the next piece of the content from the connection into p. It
// returns an error only if it read nothing.
//
//starter:omit
func (b *body) more(p []byte) (int, error) {
	if b.awaiting {
		b.awaiting = false
		b.c.out = append(b.c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
	}
	n, err := b.c.read(p, after(b.c.srv.BodyTimeout, DefaultBodyTimeout))
	if n > 0 {
		return n, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // RFC 9112 §8: the message is incomplete
	}
	return 0, err
}

// ended says whether the content has been read to its end.
//
//starter:omit
func (b *body) ended() bool { return b.err == io.EOF }

// hopeless says whether what is left of the content cannot be drained: the client
// has not been asked for it, it is broken, or there is known to be too much.
//
//starter:omit
func (b *body) hopeless() bool {
	return b.err != io.EOF && (b.awaiting || b.err != nil || b.left > MaxDrain)
}

// drain reads what is left of the content, and says whether it came to its end. A
// client that sends one byte at a time does not hold the connection with it.
//
//starter:omit
func (b *body) drain() bool {
	if b.ended() {
		return true
	}
	scratch := make([]byte, 8<<10)
	until := after(b.c.srv.BodyTimeout, DefaultBodyTimeout)
	for total := 0; total <= MaxDrain && time.Now().Before(until); {
		n, err := b.Read(scratch)
		if total += n; err != nil {
			return err == io.EOF
		}
	}
	return false
}
