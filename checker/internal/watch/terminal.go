package watch

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// A terminal gives its keys one by one, without waiting for Enter. It must be
// closed: a terminal that stays so is of no use to anybody.
type terminal struct {
	fd   int
	once sync.Once
	old  *term.State
}

// openTerminal makes the terminal of f give its keys one by one. It returns nil
// if f is no terminal.
func openTerminal(f *os.File) *terminal {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil
	}
	return &terminal{fd: fd, old: old}
}

// close makes the terminal what it was. It may be called more than once, from
// any goroutine, and on nil.
func (t *terminal) close() {
	if t == nil {
		return
	}
	t.once.Do(func() { _ = term.Restore(t.fd, t.old) })
}

// keys sends the keys that are pressed, and closes the channel when the terminal
// is gone. The goroutine that reads ends with the program: nothing else can end
// a read of a terminal.
func keys(ctx context.Context, in io.Reader, crashed func()) <-chan byte {
	pressed := make(chan byte)
	go func() {
		defer close(pressed)
		defer func() {
			if e := recover(); e != nil {
				crashed()
				panic(e)
			}
		}()
		buf := make([]byte, 16)
		for {
			n, err := in.Read(buf)
			// An arrow or a function key arrives as several bytes at once.
			if n == 1 {
				select {
				case pressed <- buf[0]:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return pressed
}

// A rawWriter writes line ends as a terminal needs them that gives its keys one
// by one: such a terminal does not go back to the first column by itself.
type rawWriter struct {
	w io.Writer
}

func (r rawWriter) Write(p []byte) (int, error) {
	if _, err := r.w.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
