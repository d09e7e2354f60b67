//go:build !linux

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// box is a sandbox, of which there is none here.
type box struct{}

func candidates(string) []*box                     { return nil }
func (b *box) Name() string                        { return None }
func (b *box) Trusted() bool                       { return true }
func (b *box) Network() bool                       { return false }
func (b *box) probe(context.Context, string) Probe { return Probe{} }
func unprotected(string) Box                       { return &box{} }
func (p *Process) PID() int                        { return p.cmd.Process.Pid }
func (p *Process) Addr() netip.AddrPort            { return p.addr }
func (p *Process) Done() <-chan struct{}           { return p.done }
func (p *Process) Signal(s syscall.Signal) error   { return p.cmd.Process.Signal(s) }
func (p *Process) Wait() (End, error)              { <-p.done; return p.end, nil }
func (p *Process) Close() (End, error)             { p.stop(Ended); return p.Wait() }
func (p *Process) Usage() (Usage, error)           { return Usage{}, errNoUsage }
func (d *drain) close()                            { <-d.done }

func ours(os.FileInfo) bool { return true }

var errNoUsage = errors.New("sandbox: what a program holds is not known on " + runtime.GOOS)

// A Process is a program that runs with all that its user may do: only for code that
// is trusted.
type Process struct {
	cmd  *exec.Cmd
	spec Spec
	addr netip.AddrPort
	done chan struct{}
	end  End

	mu     sync.Mutex
	ending bool
	cause  Cause
}

// Start starts a program. Limits hold for time and output only.
func (b *box) Start(ctx context.Context, spec Spec) (*Process, error) {
	spec = spec.withDefaults()
	clean := func() {}
	if spec.Scratch > 0 {
		dir, err := Private("")
		if err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		spec.Env = append(append([]string{}, spec.Env...), "TMPDIR="+dir)
		clean = func() { os.RemoveAll(dir) }
	}
	p := &Process{spec: spec, done: make(chan struct{})}
	p.cmd = exec.Command(spec.Path, spec.Args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.ExtraFiles = spec.Dir, append([]string{}, spec.Env...), spec.Files
	if spec.TCP {
		ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		defer ln.Close()
		file, err := ln.File()
		if err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		defer file.Close()
		p.cmd.ExtraFiles = append(append([]*os.File{}, spec.Files...), file)
		p.addr = ln.Addr().(*net.TCPAddr).AddrPort()
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer outWrite.Close()
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		outRead.Close()
		return nil, err
	}
	defer errWrite.Close()
	p.cmd.Stdout, p.cmd.Stderr = outWrite, errWrite
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		clean()
		outRead.Close()
		errRead.Close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	tooMuch := func() { go p.stop(Overflow) }
	out, errs := newDrain(outRead, spec.Output, tooMuch), newDrain(errRead, spec.Output, tooMuch)
	stop := context.AfterFunc(ctx, func() { p.stop(Cancelled) })
	wall := time.AfterFunc(spec.Wall, func() { p.stop(WallTime) })
	go func() {
		p.cmd.Wait()
		clean()
		stop()
		wall.Stop()
		p.finish(time.Since(begun), out, errs)
	}()
	return p, nil
}

// finish says how the program ended.
func (p *Process) finish(wall time.Duration, out, errs *drain) {
	out.close()
	errs.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	state := p.cmd.ProcessState
	e := End{Wall: wall, CPU: state.UserTime() + state.SystemTime(), Status: state.ExitCode(), limits: p.spec}
	var more, more2 bool
	e.Stdout, more = out.text()
	e.Stderr, more2 = errs.text()
	e.Truncated = more || more2
	switch {
	case p.ending:
		e.Cause = p.cause
	case !state.Exited():
		e.Cause, e.Signal = Signaled, syscall.SIGKILL
	}
	p.end = e
	close(p.done)
}

// stop ends the program for the reason given, unless it is being ended already.
func (p *Process) stop(cause Cause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ending {
		p.ending, p.cause = true, cause
		p.cmd.Process.Kill()
	}
}

// DialTCP connects to an address of this machine.
func (p *Process) DialTCP(ctx context.Context, from netip.Addr, to netip.AddrPort) (*net.TCPConn, error) {
	var d net.Dialer
	if from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}
