package exam

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"

	"barewire/checker/grader/driver/wire"
)

// A Driver starts the driver of a submission, for one step on one base ("own" or
// "reference"). Its error is a fault of the infrastructure, unless it is an
// [*Unbuilt] or a [*Silent].
type Driver func(ctx context.Context, step int, base string) (Process, error)

// A Process is a driver that runs in its box.
type Process interface {
	// Dial opens a connection to the socket that the driver listens on.
	Dial(ctx context.Context) (net.Conn, error)

	// Usage says what the driver holds; ok is false where nobody but itself knows.
	Usage() (u Usage, ok bool)

	// Done is closed when the driver has ended, by itself or by its box.
	Done() <-chan struct{}

	// Stop ends the driver, if it has not ended, and whatever it has started. It
	// returns how it ended, the same at every call.
	Stop() Exit
}

// A Usage is what a driver holds, as the kernel sees it.
type Usage struct {
	Descriptors int
	Memory      int64 // bytes that are resident
	CPU         time.Duration
}

// An Exit is how a driver ended.
type Exit struct {
	Reason string // for a student: "exit status 2", "out of memory"; "" if Stop ended it
	Output []byte // the end of what it printed; untrusted
	Fault  error  // a fault of the infrastructure, which is not the submission's
}

// Unbuilt is the error of a Driver for a step that does not compile.
type Unbuilt struct{ Message string }

func (e *Unbuilt) Error() string { return e.Message }

// A driver is a Process, as the exam uses it.
type driver struct{ Process }

// ended returns how the driver ended, if it has or does so within a moment.
func (d *driver) ended() (Exit, bool) {
	select {
	case <-d.Done():
		return d.Stop(), true
	case <-time.After(300 * time.Millisecond):
		return Exit{}, false
	}
}

// endedNow returns how the driver ended, if it has.
func (d *driver) endedNow() (Exit, bool) {
	select {
	case <-d.Done():
		return d.Stop(), true
	case <-time.After(5 * time.Millisecond):
		return Exit{}, false
	}
}

// gone is the failure for a driver that has ended.
func gone(exit Exit) *Failure {
	brief := "the program ended: " + exit.Reason
	if line := lastWords(exit.Output); line != "" {
		brief += " (" + line + ")"
	}
	return &Failure{Brief: brief, gone: true}
}

// lastWords finds in the output of a Go program why it ended.
func lastWords(output []byte) string {
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "WARNING: DATA RACE") {
			return wire.Clip(line)
		}
	}
	return ""
}

// open opens a connection for what hello says. Replies on it have the key.
func (x *X) open(hello wire.Hello) (nc net.Conn, key uint64) {
	hello.Key = rand.Uint64() // of the process, not of the seed: nobody can know it
	ctx, cancel := context.WithTimeout(context.Background(), x.patience)
	defer cancel()
	var err error
	nc, err = x.driver.Dial(ctx)
	if err == nil {
		err = errors.Join(nc.SetWriteDeadline(time.Now().Add(x.patience)), wire.WriteFrame(nc, hello))
	}
	if err != nil {
		x.broken(err)
	}
	_ = nc.SetWriteDeadline(time.Time{})
	return nc, hello.Key
}

// broken ends the check for an error of a connection to the driver.
func (x *X) broken(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		panic(&Failure{Brief: fmt.Sprintf("no answer within %v", x.patience), slow: true})
	}
	if exit, ok := x.driver.ended(); ok {
		if exit.Fault != nil {
			panic(exit.Fault)
		}
		panic(gone(exit))
	}
	panic(&Failure{Brief: "the program no longer answers (" + printable(err.Error(), mostShown) + ")", gone: true})
}

// calls is a connection for calls that are answered in order.
type calls struct {
	nc  net.Conn
	key uint64
	in  *bufio.Reader
	id  uint64
}

// CallAll calls a function of the driver with each of args, and hands each answer
// to do, in order. The calls are under way together.
func (x *X) CallAll(fn string, args []any, do func(i int, reply wire.Reply)) {
	raw := make([]json.RawMessage, len(args))
	for i, arg := range args {
		var err error
		if raw[i], err = json.Marshal(arg); err != nil {
			panic(err)
		}
	}
	x.callAll(fn, args, raw, func(int, []byte) bool { return false }, do)
}

// callAll is CallAll with arguments that are JSON already, and for answers that need
// not be read: known is asked about the value of each.
func (x *X) callAll(fn string, args []any, raw []json.RawMessage, known func(i int, value []byte) bool, do func(i int, reply wire.Reply)) {
	if x.calls == nil {
		nc, key := x.open(wire.Hello{Kind: "calls"})
		x.Cleanup(func() { _ = nc.Close() })
		x.calls = &calls{nc: nc, key: key, in: bufio.NewReaderSize(nc, 64<<10)}
	}
	c := x.calls
	first := c.id + 1
	c.id += uint64(len(args))
	failed := make(chan error, 1)
	go func() {
		out := bufio.NewWriterSize(c.nc, 64<<10)
		var err error
		for i, arg := range raw {
			if err = wire.WriteFrame(out, wire.Request{ID: first + uint64(i), Fn: fn, Arg: arg}); err != nil {
				break
			}
		}
		if err == nil {
			err = out.Flush()
		}
		failed <- err
	}()
	end := time.Now().Add(3 * x.patience)
	for i := range args {
		deadline := time.Now().Add(x.patience)
		if end.Before(deadline) {
			deadline = end
		}
		_ = c.nc.SetDeadline(deadline)
		data, err := wire.ReadRaw(c.in)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			x.during(i, args[i], err)
		}
		if value, ok := wire.QuickValue(data, first+uint64(i), c.key); ok && known(i, value) {
			continue
		}
		var reply wire.Reply
		if err := json.Unmarshal(data, &reply); err != nil {
			x.during(i, args[i], fmt.Errorf("wire: %w", err))
		}
		if reply.Key != c.key {
			x.broken(errForged)
		}
		if reply.ID != first+uint64(i) || reply.Event != "" {
			x.Failf("the program answers what was not asked")
		}
		do(i, reply)
	}
	if err := <-failed; err != nil {
		x.broken(err)
	}
}

// during is broken, with the argument of the call that was never answered.
func (x *X) during(i int, arg any, err error) {
	defer func() {
		p := recover()
		if f, ok := p.(*Failure); ok {
			f.Input = show(arg)
		}
		panic(p)
	}()
	x.broken(err)
}

// Call calls a function of the driver and decodes what it returns. It fails where
// the function panics.
func (x *X) Call(fn string, arg, result any) {
	x.CallAll(fn, []any{arg}, func(_ int, reply wire.Reply) { x.decode(fn, reply, result) })
}

// decode decodes the value of a reply.
func (x *X) decode(fn string, reply wire.Reply, result any) {
	switch {
	case reply.Panic != "":
		x.Fail(Failure{Brief: fn + " panicked", Got: "panic: " + reply.Panic})
	case reply.Error != "":
		x.Failf("%s cannot be called: %s", fn, printable(reply.Error, mostShown))
	case result == nil:
		return
	}
	if err := json.Unmarshal(reply.Value, result); err != nil {
		x.Failf("%s returns what cannot be read: %v", fn, err)
	}
}
