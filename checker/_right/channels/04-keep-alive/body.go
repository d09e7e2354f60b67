package keepalive

import (
	"io"
	"time"

	"barewire/steps/03-headers-bodies"
)

// A body is the content of the current request, read as the handler asks for it.
type body struct {
	c      *conn
	framed message.Framing
	left   int64 // with a length: what has not been read
	chunks message.ChunkedDecoder
	err    error // io.EOF, or why there is no more
	owes   bool  // a 100, before the first wait

	until          time.Time // while it is drained: the end of it
	callsAtFailure int       // of the response
}

func (b *body) begin(f message.Framing, continues bool) {
	b.framed, b.left, b.err, b.until = f, f.Length, nil, time.Time{}
	b.chunks.Reset()
	if !f.Chunked && f.Length == 0 {
		b.err = io.EOF
	}
	// A client whose content is here already does not wait for a 100.
	b.owes = continues && b.err == nil && b.c.r == b.c.w
}

func (b *body) failed() bool { return b.err != nil && b.err != io.EOF }

func (b *body) fail(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	b.err, b.callsAtFailure = err, b.c.res.calls
	return err
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if b.framed.Chunked {
		return b.readChunked(p)
	}
	return b.readLength(p)
}

func (b *body) readLength(p []byte) (n int, err error) {
	c := b.c
	p = p[:min(int64(len(p)), b.left)]
	if c.r < c.w {
		n = copy(p, c.pending())
		c.r += n
	} else if n, err = b.wait(func(until time.Time) (int, error) { return c.read(p, busy, until) }); err != nil {
		return 0, b.fail(err)
	}
	if b.left -= int64(n); b.left == 0 {
		b.err = io.EOF
	}
	return n, nil
}

func (b *body) readChunked(p []byte) (int, error) {
	c := b.c
	for {
		if c.r == c.w {
			if _, err := b.wait(func(until time.Time) (int, error) { return 0, c.fill(busy, until) }); err != nil {
				return 0, b.fail(err)
			}
		}
		src := c.pending()
		data, n, err := b.chunks.Decode(src[:min(len(src), len(p))]) // so that the data fits
		c.r += n
		got := copy(p, data)
		if err == io.EOF {
			b.err = io.EOF
		} else if err != nil {
			b.fail(err)
		}
		if got > 0 {
			return got, nil
		}
		if b.err != nil {
			return 0, b.err
		}
	}
}

// wait waits for the next piece of content, and asks for it where that is owed.
func (b *body) wait(read func(until time.Time) (int, error)) (int, error) {
	if b.owes && !b.c.res.committed {
		b.owes = false
		b.c.out = append(b.c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
	}
	until := b.until
	if until.IsZero() {
		until = time.Now().Add(orDefault(b.c.srv.BodyTimeout, DefaultBodyTimeout))
	}
	return read(until)
}

// skip takes off what is here of content that the handler did not read, without
// waiting for more.
func (b *body) skip() {
	var waste [1 << 10]byte
	for dropped := 0; b.err == nil && b.c.r < b.c.w && dropped <= MaxDrain; {
		p := waste[:]
		if b.framed.Chunked {
			// never more than is here, or it would wait
			data, n, err := b.chunks.Decode(b.c.pending())
			b.c.r += n
			dropped += len(data)
			if b.err = err; err != nil && err != io.EOF {
				b.fail(err)
			}
			continue
		}
		n, _ := b.readLength(p)
		dropped += n
	}
}

// tooLong says whether it is known that too much is left to be drained.
func (b *body) tooLong() bool { return b.err == nil && !b.framed.Chunked && b.left > MaxDrain }

// drain drops what the handler has not read, and says whether the connection is at
// the start of the next request.
func (b *body) drain() bool {
	if b.err == nil {
		b.until = time.Now().Add(orDefault(b.c.srv.BodyTimeout, DefaultBodyTimeout))
		io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(struct{ io.Reader }{b}, MaxDrain), make([]byte, 4<<10))
		if b.err == nil && b.left == 0 && b.framed.Chunked {
			b.skip() // the end may be here
		}
	}
	return b.err == io.EOF
}
