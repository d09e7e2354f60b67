package keepalive

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A body is the content of a request.
type body struct {
	c       *conn
	w       *response
	chunked bool
	left    int64 // if it is not chunked
	decoder message.ChunkedDecoder
	err     error // how it has ended

	owes100   bool
	until     time.Time // when draining has to be done; zero while the handler reads
	callsThen int       // w.calls when it failed
}

func newBody(c *conn, w *response, head *message.Head) *body {
	b := &body{c: c, w: w, chunked: head.Framing.Chunked, left: head.Framing.Length}
	b.decoder.Limits = c.srv.Limits
	if !b.chunked && b.left == 0 {
		b.err = io.EOF
	}
	b.owes100 = b.err == nil && head.Version != reqline.HTTP10 && head.Header.HasMember("Expect", "100-continue")
	return b
}

func (b *body) ended() bool { return b.err == io.EOF }

func (b *body) failed() bool { return b.err != nil && b.err != io.EOF }

func (b *body) Read(p []byte) (int, error) {
	for {
		if b.err != nil {
			return 0, b.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		if len(b.c.in) == 0 {
			b.fail(b.more())
			continue
		}
		if n := b.take(p); n > 0 {
			return n, nil
		}
	}
}

// fail notes an error and what the handler has done until then.
func (b *body) fail(err error) {
	b.err = err
	b.callsThen = b.w.calls
}

// take copies content that has arrived to p.
func (b *body) take(p []byte) int {
	b.owes100 = false
	src := b.c.in[:min(len(b.c.in), len(p))]
	if b.chunked {
		data, n, err := b.decoder.Decode(src)
		b.c.in = b.c.in[n:]
		copy(p, data)
		if err != nil {
			b.fail(err)
		}
		return len(data)
	}
	n := copy(p, src[:min(int64(len(src)), b.left)])
	b.c.in = b.c.in[n:]
	b.left -= int64(n)
	if b.left == 0 {
		b.err = io.EOF
	}
	return n
}

// more waits for the client.
func (b *body) more() error {
	if b.owes100 && !b.w.committed {
		b.c.send([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		b.owes100 = false
	}
	deadline := time.Now().Add(cmp.Or(b.c.srv.BodyTimeout, DefaultBodyTimeout))
	if !b.until.IsZero() && b.until.Before(deadline) {
		deadline = b.until
	}
	err := b.c.read(deadline)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	case errors.Is(err, net.ErrClosed):
		return err
	}
	return io.ErrUnexpectedEOF
}

// drain drops what the handler has not read, and returns whether that was all of it.
// It only waits for the client where wait is true.
func (b *body) drain(wait bool) bool {
	b.until = time.Now().Add(cmp.Or(b.c.srv.BodyTimeout, DefaultBodyTimeout))
	for b.err == nil {
		if b.w.drained+max(b.left, 1) > MaxDrain {
			return false
		}
		if len(b.c.in) == 0 {
			if !wait || b.owes100 {
				return false
			}
			if b.err = b.more(); b.err != nil {
				return false
			}
		}
		b.w.drained += int64(b.take(make([]byte, 4096)))
	}
	return b.ended()
}

// tooMuch says whether it is known that the rest will not be drained.
func (b *body) tooMuch() bool {
	return b.w.drained+b.left > MaxDrain || b.failed() || b.owes100
}

// behind returns how many of the bytes that have arrived stand behind the content.
func (b *body) behind() int {
	if b.err != nil {
		return len(b.c.in)
	}
	if !b.chunked {
		return max(0, len(b.c.in)-int(min(b.left, int64(len(b.c.in)))))
	}
	decoder, rest := b.decoder, b.c.in
	for len(rest) > 0 {
		_, n, err := decoder.Decode(rest)
		rest = rest[n:]
		if err != nil {
			return len(rest)
		}
	}
	return 0
}

func (b *body) trailer() *message.Header {
	if b == nil || !b.ended() {
		return new(message.Header)
	}
	return &b.decoder.Trailer
}
