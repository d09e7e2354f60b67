//starter:omit
package keepalive

// This file is for content that comes from a file.

import (
	"io"
	"sync"
)

// With less content than this, copying it behind the head into one write is
// cheaper than a second system call.
const minSendfile = 32 << 10

var copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// ReadFrom writes what it reads from src until io.EOF, as io.Copy would. If src is
// a file, or an [io.LimitedReader] of one, and Content-Length is set, the kernel
// takes the bytes from the file to the connection (sendfile), where it can.
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	to, ok := w.c.nc.(io.ReaderFrom)
	if w.status == 0 {
		w.WriteHeader(200)
	}
	if left := w.length - w.written; ok && w.framing != noContent && left >= minSendfile {
		if n, err = w.sendFrom(to, src, left); err != nil {
			return n, err
		}
	}
	buf := copyBuffers.Get().(*[32 << 10]byte)
	defer copyBuffers.Put(buf)
	for {
		m, readErr := src.Read(buf[:])
		m, err := w.Write(buf[:m])
		if n += int64(m); err != nil {
			return n, err
		}
		if readErr == io.EOF {
			return n, nil
		}
		if readErr != nil {
			return n, readErr
		}
	}
}

// sendFrom hands src to the connection, piece by piece, up to left bytes.
func (w *response) sendFrom(to io.ReaderFrom, src io.Reader, left int64) (n int64, err error) {
	limited, isLimited := src.(*io.LimitedReader)
	if isLimited {
		src, left = limited.R, min(left, limited.N)
	}
	w.emit(w.held)
	w.held = w.held[:0]
	if w.err == nil {
		w.err = w.c.flushMore()
	}
	for n < left && w.err == nil {
		piece := left - n
		if w.c.parker == nil {
			piece = min(piece, maxWrite) // each under a deadline of its own
			w.c.setWriteDeadline()
		}
		var m int64
		m, w.err = to.ReadFrom(&io.LimitedReader{R: src, N: piece})
		n += m
		w.written += m
		if m < piece {
			break // src has ended
		}
	}
	if isLimited {
		limited.N -= n
	}
	return n, w.err
}
