package run

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/sandbox"
)

// Limits of a driver, where those of the sandbox do not fit. A driver lives as long as
// the checks of a step, and several are there at once.
const (
	driverWall   = 3 * time.Minute
	driverCPU    = time.Minute
	driverMemory = 384 << 20
	driverFiles  = 16 << 20 // bytes, of all: steps 9 and 10 serve files
)

// sockets counts them, for their names.
var sockets atomic.Int64

// startDriver starts a program in the box, with a unix socket that it listens on. race
// is told how a program with the race detector ended; nil is for those without.
func (g *Grader) startDriver(ctx context.Context, p *build.Program, race func(exam.Exit)) (exam.Process, error) {
	spec := sandbox.Spec{Path: p.Path, Memory: driverMemory, CPU: driverCPU, Wall: driverWall, Env: []string{"GOGC=400"}, Scratch: driverFiles, FileSize: driverFiles}
	if race != nil {
		spec.Memory, spec.CPU = raceMemory, 3*driverCPU
	}
	d := &driver{ended: race, socket: filepath.Join(g.Dir, "s"+strconv.FormatInt(sockets.Add(1), 36)), done: make(chan struct{})}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	defer ln.Close()
	ln.SetUnlinkOnClose(false)
	file, err := ln.File()
	if err == nil {
		defer file.Close()
		spec.Files = []*os.File{file}
		d.process, err = g.Box.Start(ctx, spec)
	}
	if err != nil {
		os.Remove(d.socket)
		return nil, err
	}
	go func() {
		defer close(d.done)
		d.exit = exitOf(d.process.Wait())
		if d.ended != nil {
			d.ended(d.exit)
		}
		os.Remove(d.socket)
	}()
	return d, nil
}

// A driver is a program that is examined.
type driver struct {
	process *sandbox.Process
	socket  string
	done    chan struct{} // closed when exit is set
	exit    exam.Exit
	ended   func(exam.Exit) // told before done; may be nil
}

func (d *driver) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", d.socket)
}

func (d *driver) Done() <-chan struct{} { return d.done }

// Usage asks the kernel, which does not tell everybody: without CAP_SYS_PTRACE, as in a
// container, root is told nothing of another user's processes.
func (d *driver) Usage() (exam.Usage, bool) {
	u, err := d.process.Usage()
	return exam.Usage{Descriptors: u.Descriptors, Memory: u.Memory, CPU: u.CPU}, err == nil
}

func (d *driver) Stop() exam.Exit {
	d.process.Close()
	<-d.done
	return d.exit
}

// exitOf says for the exam how a program ended.
func exitOf(end sandbox.End, err error) exam.Exit {
	exit := exam.Exit{Output: end.Stderr, Fault: err}
	switch {
	case err != nil || end.Cause == sandbox.Ended:
	case end.Cause == sandbox.Cancelled:
		exit.Fault = context.Canceled
	case end.Cause == sandbox.Exited:
		exit.Reason = fmt.Sprintf("exit status %d", end.Status)
	default:
		exit.Reason = end.String()
	}
	return exit
}
