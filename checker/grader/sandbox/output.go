package sandbox

import (
	"io"
	"os"
	"sync"
)

// drain keeps the first bytes that a program writes to a pipe, and reads the rest.
type drain struct {
	pipe    *os.File
	keep    int64
	tooMuch func()
	done    chan struct{}

	mu    sync.Mutex
	kept  []byte
	total int64
}

// newDrain reads from the pipe until its end, and calls tooMuch once if that does
// not come.
func newDrain(pipe *os.File, keep int64, tooMuch func()) *drain {
	d := &drain{pipe: pipe, keep: keep, tooMuch: tooMuch, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		io.Copy(d, pipe)
		pipe.Close()
	}()
	return d
}

func (d *drain) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.total
	d.total += int64(len(p))
	if room := d.keep - int64(len(d.kept)); room > 0 {
		d.kept = append(d.kept, p[:min(room, int64(len(p)))]...)
	}
	if before <= mostDrained && d.total > mostDrained {
		d.tooMuch()
	}
	return len(p), nil
}

// text returns what was kept, and whether there was more.
func (d *drain) text() ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.kept...), d.total > int64(len(d.kept))
}
