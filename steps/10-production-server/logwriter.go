package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// LogBuffer is how many bytes of lines wait for a log that does not take them: about
// 7,000 lines.
const LogBuffer = 1 << 20

// maxPiece is how much goes to the log at once, if that is a line or more. A pipe takes
// so much as one (PIPE_BUF of Linux), even if another process writes into it as well.
const maxPiece = 4 << 10

// logPause is how long lines gather after some were written: nobody who reads along
// notices, and a busy log costs a system call for many lines instead of one for each.
const logPause = 10 * time.Millisecond

// enough is how many bytes of lines wait no longer.
const enough = 64 << 10

// ErrLogFull is what Write of a LogWriter returns for a line that is lost.
var ErrLogFull = errors.New("server: the log takes no more lines")

// A LogWriter stands in front of a log and never makes its callers wait: what they write
// is copied, and a goroutine writes it to the log: at once after a silence, and otherwise
// together with what comes within 10 ms. While the log does not take it, such as a pipe
// that nobody reads, LogBuffer bytes wait, and twice as many are kept at most. A line for
// which there is no room is lost as a whole, and counted. Without a LogWriter, a log whose
// Write blocks stops each request that is logged in it.
//
// The last lines before a crash may be lost too: they have not been written yet.
type LogWriter struct {
	out    io.Writer
	notice func(lost int64)
	wake   chan struct{} // has a token if there may be something to do
	hurry  chan struct{} // has a token if a pause is to end
	ended  chan struct{} // closed when nothing will be written any more

	mu         sync.Mutex
	waiting    []byte
	lost, told int64 // lines
	closed     bool
}

// NewLogWriter returns a LogWriter in front of out. When out takes lines again after some
// were lost, notice is called with their number, if it is not nil; it may write to the
// LogWriter. End it with Close.
func NewLogWriter(out io.Writer, notice func(lost int64)) *LogWriter {
	l := &LogWriter{out: out, notice: notice, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), ended: make(chan struct{})}
	go l.run()
	return l
}

// Write takes one line, with its line end, or returns ErrLogFull.
func (l *LogWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.waiting)+len(line) > LogBuffer {
		l.lost++
		return 0, ErrLogFull
	}
	before := len(l.waiting)
	l.waiting = append(l.waiting, line...)
	if before == 0 {
		signal(l.wake)
	}
	if before < enough && len(l.waiting) >= enough {
		signal(l.hurry)
	}
	return len(line), nil
}

// Lost returns how many lines have been lost, those among them that the log has refused.
func (l *LogWriter) Lost() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// Close waits until all lines are written, or ctx is done; then it returns its error.
func (l *LogWriter) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	signal(l.wake)
	signal(l.hurry)
	l.mu.Unlock()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signal puts a token into a channel that has room for one.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

func (l *LogWriter) run() {
	defer close(l.ended)
	var lines []byte
	for ended := false; !ended; {
		<-l.wake
		l.mu.Lock()
		lines, l.waiting = l.waiting, lines[:0]
		ended = l.closed
		l.mu.Unlock()
		for rest := lines; len(rest) > 0; {
			n := piece(rest)
			l.write(rest[:n])
			rest = rest[n:]
		}
		if !ended {
			l.pause()
		}
	}
}

// pause waits for more lines, but not longer than logPause.
func (l *LogWriter) pause() {
	select {
	case <-l.hurry:
	case <-time.After(logPause):
	}
}

// piece returns how many bytes of lines are written at once: whole lines of no more than
// maxPiece, or one that is longer.
func piece(lines []byte) int {
	if n := 1 + bytes.LastIndexByte(lines[:min(len(lines), maxPiece)], '\n'); n > 0 {
		return n
	}
	if n := 1 + bytes.IndexByte(lines, '\n'); n > 0 {
		return n
	}
	return len(lines)
}

// write writes whole lines, and says how many were lost if this goes well.
func (l *LogWriter) write(lines []byte) {
	n, err := l.out.Write(lines)
	l.mu.Lock()
	if err != nil {
		l.lost += int64(bytes.Count(lines[min(max(n, 0), len(lines)):], []byte("\n")))
		l.mu.Unlock()
		return
	}
	lost := l.lost - l.told
	l.told = l.lost
	l.mu.Unlock()
	if lost > 0 && l.notice != nil {
		l.notice(lost)
	}
}
