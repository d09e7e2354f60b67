package keepalive_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// A wire is a connection without a kernel, which notes what is asked of it: sizes of
// reads and writes, and how far away deadlines are. It is used in a bubble.
type wire struct {
	net.Conn
	mu     sync.Mutex
	in     []string      // what comes, a Read never takes from two of them; then end
	end    error         // io.EOF unless it is set
	atOnce bool          // the end comes with the last piece
	pause  time.Duration // how long each Read takes
	none   error         // of SetDeadline
	torn   int           // the write that fails, counted from 1; 0 for none
	began  time.Time
	calls  []string
	within string          // the deadline of the next call
	out    strings.Builder // what was written
	sent   int             // how many writes there were
}

var errTorn = errors.New("connection reset by peer")

func (w *wire) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.calls) > 2000 {
		panic("a connection that has ended is used for ever")
	}
	w.calls = append(w.calls, fmt.Sprintf(format, args...)+w.within)
	w.within = ""
}

func (w *wire) Read(p []byte) (int, error) { return w.read("read", p) }

func (w *wire) read(call string, p []byte) (int, error) {
	if time.Sleep(w.pause); len(w.in) == 0 {
		end := w.end
		if end == nil {
			end = io.EOF
		}
		w.note("%s %d: %v", call, len(p), end)
		return 0, end
	}
	n := copy(p, w.in[0])
	if w.in[0] = w.in[0][n:]; w.in[0] == "" {
		w.in = w.in[1:]
	}
	if w.atOnce && len(w.in) == 0 {
		w.note("%s %d: %d and EOF", call, len(p), n)
		return n, io.EOF
	}
	w.note("%s %d: %d", call, len(p), n)
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) { return w.write("write", p) }

func (w *wire) write(call string, p []byte) (int, error) {
	w.note("%s %d", call, len(p))
	if w.sent++; w.sent == w.torn {
		return 0, errTorn
	}
	w.out.Write(p)
	return len(p), nil
}

func (w *wire) Close() error { w.note("close%s", w.since()); return nil }
func (w *wire) since() string {
	if d := time.Since(w.began); d > 0 && !w.began.IsZero() {
		return fmt.Sprintf(" after %v", d)
	}
	return ""
}
func (w *wire) RemoteAddr() net.Addr               { return replayAddr{} }
func (w *wire) SetDeadline(t time.Time) error      { w.until("both", t); return w.none }
func (w *wire) SetReadDeadline(t time.Time) error  { return w.until("reads", t) }
func (w *wire) SetWriteDeadline(t time.Time) error { return w.until("writes", t) }

func (w *wire) until(what string, t time.Time) error {
	w.mu.Lock()
	unused := w.within != ""
	w.mu.Unlock()
	if unused {
		w.note("no call")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.within = ", " + what + " for ever"; !t.IsZero() {
		w.within = fmt.Sprintf(", %s within %v", what, time.Until(t))
	}
	return nil
}

// A parkedWire is a wire that need not wait for a request.
type parkedWire struct {
	wire
	kept any
	by   time.Duration // until when the first head has to be complete, from ReadFirst on; 0 for no such time
	more error         // of WriteMore
}

func (w *parkedWire) ReadFirst(p []byte, within time.Duration) (int, time.Time, error) {
	n, err := w.read(fmt.Sprintf("first within %v", within), p)
	if w.by == 0 {
		return n, time.Time{}, err
	}
	return n, time.Now().Add(w.by), err
}
func (w *parkedWire) SetWriteTimeout(d time.Duration) { w.note("each write %v", d) }
func (w *parkedWire) Keep(server any)                 { w.kept = server }
func (w *parkedWire) Kept() any                       { return w.kept }
func (w *parkedWire) CloseWrite() error               { w.note("half"); return nil }

func (w *parkedWire) WriteMore(p []byte) (int, error) {
	if w.more != nil {
		w.note("more %d: %v", len(p), w.more)
		return 0, w.more
	}
	return w.write("more", p)
}

// A tcpWire is a wire whose sides can be closed one by one.
type tcpWire struct {
	wire
	half error // of CloseWrite
}

func (w *tcpWire) CloseWrite() error     { w.note("half"); return w.half }
func (w *tcpWire) SetLinger(s int) error { w.note("linger %d", s); return nil }

// ReadFrom takes what it is given in one call, as sendfile does.
func (w *tcpWire) ReadFrom(r io.Reader) (int64, error)    { return w.file(r) }
func (w *parkedWire) ReadFrom(r io.Reader) (int64, error) { return w.file(r) }

func (w *wire) file(r io.Reader) (int64, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	call := "file"
	if _, again := r.(*io.LimitedReader).R.(*io.LimitedReader); again {
		call = "no file"
	}
	n, err := w.write(call, content)
	return int64(n), err
}

// runs joins equal calls that follow each other.
func runs(calls []string) string {
	var b strings.Builder
	for i := 0; i < len(calls); {
		n := 1
		for i+n < len(calls) && calls[i+n] == calls[i] {
			n++
		}
		if b.WriteString(calls[i]); n > 1 {
			fmt.Fprintf(&b, " (%d times)", n)
		}
		b.WriteString("; ")
		i += n
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// squeeze writes a long run of one byte as how long it is.
func squeeze(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 1
		for i+n < len(s) && s[i+n] == s[i] {
			n++
		}
		if n > 20 {
			fmt.Fprintf(&b, "<%d times %q>", n, s[i:i+1])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// folded writes up to six lines that are repeated as how often they are.
func folded(lines []string) string {
	var b strings.Builder
	for i := 0; i < len(lines); {
		size, times := 1, 1
		for k := 1; k <= 6 && times < 3; k++ {
			times = 1
			for end := i + (times+1)*k; end <= len(lines) && slices.Equal(lines[i:i+k], lines[end-k:end]); end += k {
				times++
			}
			size = k
		}
		if times < 3 {
			size, times = 1, 1
		}
		b.WriteString(strings.Join(lines[i:i+size], ""))
		if times > 1 {
			fmt.Fprintf(&b, "      (so %d times)\n", times)
		}
		i += size * times
	}
	return b.String()
}
