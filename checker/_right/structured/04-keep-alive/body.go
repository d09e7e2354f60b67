package keepalive

import (
	"cmp"
	"io"
	"time"

	"barewire/steps/03-headers-bodies"
)

// A body is the content of one request. Its next function is made for the framing.
type body struct {
	c      *conn
	next   func(p []byte) (int, error)
	left   int64 // what is still to come, if it is known
	known  bool
	chunks message.ChunkedDecoder
	owes   bool      // a 100, before it may wait
	limit  time.Time // for all of the rest, while it is drained
	err    error     // what every further Read says
}

func newBody(c *conn, f message.Framing, owes bool) *body {
	b := &body{c: c, left: f.Length, known: !f.Chunked, owes: owes}
	b.next = b.plain
	switch {
	case f.Chunked:
		b.chunks.Limits = c.srv.Limits
		b.next = b.chunked
	case f.Length == 0:
		b.err = io.EOF
	}
	return b
}

func (b *body) complete() bool { return b.err == io.EOF }
func (b *body) failed() bool   { return b.err != nil && b.err != io.EOF }

// asks says that the client waits for a 100 which it has not got.
func (b *body) asks() bool { return b.owes && b.err == nil && len(b.c.in.unread()) == 0 }

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.next(p)
	if err == io.EOF && !b.ended() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		b.err = err
		if b.failed() {
			b.c.res.touched = false
		}
	}
	if n > 0 && b.failed() {
		err = nil // the next Read says it
	}
	return n, err
}

// ended says whether an io.EOF is the end of the content and not only of the bytes.
func (b *body) ended() bool { return b.left == 0 }

func (b *body) plain(p []byte) (n int, err error) {
	p = p[:min(int64(len(p)), b.left)]
	if ready := b.c.in.unread(); len(ready) > 0 {
		n = copy(p, ready)
		b.c.in.take(n)
	} else {
		n, err = b.c.read(p, b.deadline())
	}
	b.owes = false
	b.left -= int64(n)
	if b.left == 0 {
		err = io.EOF
	}
	return n, err
}

func (b *body) chunked(p []byte) (int, error) {
	for {
		b.left = 1 // at least
		ready := b.c.in.unread()
		b.owes = b.owes && len(ready) == 0
		data, n, err := b.chunks.Decode(ready[:min(len(ready), len(p))])
		copied := copy(p, data)
		b.c.in.take(n)
		if err == io.EOF {
			b.left = 0
		}
		if copied > 0 || err != nil {
			return copied, err
		}
		if len(b.c.in.unread()) == 0 {
			if err := b.c.fill(b.deadline()); err != nil {
				return 0, err
			}
		}
	}
}

// deadline is asked for before each wait: so this is where the 100 is due.
func (b *body) deadline() time.Time {
	if b.owes && !b.c.res.committed() {
		b.c.out.write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		b.c.res.mark = b.c.out.mark()
	}
	b.owes = false
	if !b.limit.IsZero() {
		return b.limit
	}
	return time.Now().Add(cmp.Or(b.c.srv.BodyTimeout, DefaultBodyTimeout))
}

// skim drops what is here without waiting for more.
func (b *body) skim() {
	var scrap [512]byte
	for b.err == nil && len(b.c.in.unread()) > 0 {
		if b.known {
			n := min(b.left, int64(len(b.c.in.unread())))
			b.c.in.take(int(n))
			if b.left -= n; b.left == 0 {
				b.err = io.EOF
			}
			continue
		}
		ready := b.c.in.unread()
		_, n, err := b.chunks.Decode(ready[:min(len(ready), len(scrap))])
		b.c.in.take(n)
		b.err = err
	}
}

// hopeless says that dropping the rest costs more than a new connection.
func (b *body) hopeless() bool {
	return b.failed() || b.asks() || b.known && b.left > MaxDrain
}

// drain drops the rest, and says whether that has worked.
func (b *body) drain() bool {
	if b.hopeless() {
		return false
	}
	b.limit = time.Now().Add(cmp.Or(b.c.srv.BodyTimeout, DefaultBodyTimeout))
	scrap := make([]byte, 0, 4<<10)
	for dropped := 0; b.err == nil && dropped <= MaxDrain; {
		n, _ := b.Read(scrap[:cap(scrap)])
		dropped += n
	}
	return b.complete()
}
