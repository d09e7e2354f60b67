package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Times that are a machine's, not a program's.
const (
	startTime = 20 * time.Second // to make a box and start the program; usually 10 ms
	killTime  = 5 * time.Second  // until all of it is gone
)

// A Process is a program that runs in a box.
type Process struct {
	spec    Spec
	begun   time.Time
	outer   *os.Process // bubblewrap, or the launcher
	control *net.UnixConn
	out     *drain
	err     *drain
	pid     int // of the program, as this process sees it
	port    uint16

	began   chan struct{} // closed when the program has begun
	gone    chan struct{} // closed when nothing holds the control socket any more
	done    chan struct{} // closed when end and fault are set
	replies chan reply    // to requests for sockets
	asking  sync.Mutex    // who may ask for a socket

	mu     sync.Mutex
	cause  Cause // why it is being ended, if it is
	ending bool
	report string // what the launcher said at the end
	fault  error
	end    End
}

// start starts a command line that begins with bubblewrap or the launcher, and
// waits until the program runs.
func start(ctx context.Context, spec Spec, args []string, drop bool) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &Process{spec: spec, began: make(chan struct{}), gone: make(chan struct{}),
		done: make(chan struct{}), replies: make(chan reply, 1)}
	if err := p.launch(args, drop); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	go p.listen()
	go p.wait()
	stop := context.AfterFunc(ctx, func() { p.stop(Cancelled) })
	wall := time.AfterFunc(spec.Wall, func() { p.stop(WallTime) })
	go func() {
		<-p.done
		stop()
		wall.Stop()
	}()

	late := time.NewTimer(startTime)
	defer late.Stop()
	select {
	case <-p.began:
		if err := p.faulty(); err != nil {
			p.Close()
			return nil, err
		}
		return p, nil
	case <-p.done:
	case <-late.C:
		p.stop(Ended)
		<-p.done
		p.failed(fmt.Errorf("sandbox: the program did not start within %v", startTime))
	}
	if err := p.faulty(); err != nil {
		return nil, err
	}
	select {
	case <-p.began: // and has ended at once
		return p, nil
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, errors.New("sandbox: the program has not begun")
}

// launch makes pipes and the control socket, and starts the first process.
func (p *Process) launch(args []string, drop bool) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close()
	ours := os.NewFile(uintptr(pair[0]), "control")
	defer ours.Close()
	// The kernel says who sends: so the program's process is known by its number here.
	if err := unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return err
	}
	if err := unix.SetNonblock(pair[1], false); err != nil {
		return err
	}
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	p.control = conn.(*net.UnixConn)

	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer outWrite.Close()
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		outRead.Close()
		return err
	}
	defer errWrite.Close()

	attr := &os.ProcAttr{Dir: "/", Env: []string{}, Sys: attributes(drop),
		Files: append([]*os.File{null, outWrite, errWrite, theirs}, p.spec.Files...)}
	p.begun = time.Now()
	if p.outer, err = spawn(args, attr); err != nil {
		outRead.Close()
		errRead.Close()
		p.control.Close()
		return err
	}
	tooMuch := func() { go p.stop(Overflow) }
	p.out = newDrain(outRead, p.spec.Output, tooMuch)
	p.err = newDrain(errRead, p.spec.Output, tooMuch)
	return nil
}

// spawn starts a process from a thread that stays. The process is killed when that
// thread ends, and Go ends threads when it sees fit.
func spawn(args []string, attr *os.ProcAttr) (*os.Process, error) {
	spawner.Do(func() {
		go func() {
			runtime.LockOSThread()
			for f := range spawns {
				f()
			}
		}()
	})
	var process *os.Process
	var err error
	done := make(chan struct{})
	spawns <- func() {
		defer close(done)
		process, err = os.StartProcess(args[0], args, attr)
	}
	<-done
	return process, err
}

var (
	spawner sync.Once
	spawns  = make(chan func())
)

// listen reads what the launcher says, until nobody is left to say anything.
func (p *Process) listen() {
	defer close(p.gone)
	buf, oob := make([]byte, 4096), make([]byte, 1024)
	for {
		n, oobn, _, _, err := p.control.ReadMsgUnix(buf, oob)
		if err != nil || n == 0 {
			return
		}
		pid, fd := ancillary(oob[:oobn])
		word, rest, _ := strings.Cut(string(buf[:n]), " ")
		switch word {
		case "listening":
			fmt.Sscan(rest, &p.port)
		case "jailed":
			p.pid = pid
		case "began":
			if p.pid != 0 {
				close(p.began)
			}
		case "fault":
			p.failed(errors.New("sandbox: " + rest))
		case "ended":
			p.mu.Lock()
			p.report = rest
			p.mu.Unlock()
		case "socket":
			p.reply(reply{fd: fd})
			fd = -1
		case "nosocket":
			p.reply(reply{fd: -1, err: errors.New("sandbox: no socket in the box: " + rest)})
		}
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// ancillary returns who sent a message, and a descriptor that came with it or -1.
func ancillary(oob []byte) (pid, fd int) {
	fd = -1
	messages, _ := unix.ParseSocketControlMessage(oob)
	for _, m := range messages {
		if cred, err := unix.ParseUnixCredentials(&m); err == nil {
			pid = int(cred.Pid)
		}
		if fds, err := unix.ParseUnixRights(&m); err == nil {
			for _, got := range fds {
				if fd >= 0 {
					unix.Close(fd)
				}
				fd = got
			}
		}
	}
	return pid, fd
}

// failed notes the first fault.
func (p *Process) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault == nil {
		p.fault = err
	}
}

func (p *Process) faulty() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// stop ends the program for the reason given, unless it is being ended already.
func (p *Process) stop(cause Cause) {
	p.mu.Lock()
	first := !p.ending
	if first {
		p.ending, p.cause = true, cause
	}
	p.mu.Unlock()
	if !first {
		return
	}
	// The launcher ends it and says what it has used. If it does not, all end with the
	// outermost process.
	p.control.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := p.control.Write([]byte("kill"))
	if err == nil {
		select {
		case <-p.done:
			return
		case <-time.After(killTime):
		}
	}
	p.outer.Kill()
}

// wait waits for the end of all of it.
func (p *Process) wait() {
	state, err := p.outer.Wait()
	wall := time.Since(p.begun)
	for _, c := range []<-chan struct{}{p.gone, p.out.done, p.err.done} {
		select {
		case <-c:
		case <-time.After(killTime):
			p.failed(fmt.Errorf("sandbox: something of the program was still there %v after its end", killTime))
		}
	}
	p.control.Close()
	p.out.pipe.Close()
	p.err.pipe.Close()
	if p.spec.scratch != "" {
		os.RemoveAll(p.spec.scratch)
	}
	if err != nil {
		p.failed(fmt.Errorf("sandbox: %w", err))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = p.describe(wall)
	if p.report == "" && !p.ending && p.fault == nil {
		p.fault = fmt.Errorf("sandbox: the box ended before the program did (%v): %s", state,
			strings.TrimSpace(Printable(string(p.end.Stderr))))
	}
	close(p.done)
}

// describe makes an End of what the launcher said.
func (p *Process) describe(wall time.Duration) End {
	e := End{Wall: wall, limits: p.spec}
	var more, more2 bool
	e.Stdout, more = p.out.text()
	e.Stderr, more2 = p.err.text()
	e.Truncated = more || more2
	var status, user, system, peak int64
	fmt.Sscan(p.report, &status, &user, &system, &peak)
	e.CPU = time.Duration(user+system) * time.Microsecond
	e.Peak = peak << 10
	ws := syscall.WaitStatus(status)
	switch {
	case p.ending:
		e.Cause, e.Signal = p.cause, unix.SIGKILL
	case ws.Signaled():
		e.Cause, e.Signal = Signaled, ws.Signal()
		// The limit counts ticks of the clock, which on a busy machine is not what the
		// program had.
		if e.Signal == unix.SIGKILL && e.CPU >= p.spec.CPU/2 || e.Signal == unix.SIGXCPU {
			e.Cause = CPUTime
		} else if e.Signal == unix.SIGKILL && e.Peak >= p.spec.Memory/4 {
			e.Cause = Memory // by the kernel, of a machine or a container that has no more
		}
	default:
		e.Cause, e.Status = Exited, ws.ExitStatus()
	}
	if (e.Cause == Exited && e.Status != 0 || e.Cause == Signaled) && outOfMemory(e.Stderr) {
		e.Cause = Memory
	}
	return e
}

// Done is closed when the program has ended and nothing of it is left.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the program and says how it ended. An error is a fault of this
// machine, and then the End means nothing.
func (p *Process) Wait() (End, error) {
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end, p.fault
}

// Close ends the program if it runs, waits until nothing of it is left, and says how
// it ended, as Wait does.
func (p *Process) Close() (End, error) {
	p.stop(Ended)
	return p.Wait()
}

// Signal sends a signal to the program.
func (p *Process) Signal(s syscall.Signal) error {
	_, err := fmt.Fprintf(p.control, "signal %d", int(s))
	return err
}
