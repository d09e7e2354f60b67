//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// firstFD is the first file that a process is given besides its three streams.
const firstFD = 3

// handOverVar says, in the environment of a process that was started by another
// barewire, how many listening sockets it was given; behind them is a pipe that tells
// the other one when it may end.
const handOverVar = "BAREWIRE_SOCKETS"

// handOverTime is how long a new process has to get ready.
const handOverTime = 30 * time.Second

// inherited returns the sockets that the process was given by another barewire or by
// systemd (sd_listen_fds), or nil if there are none.
func inherited() (*sockets, error) {
	n, _ := strconv.Atoi(os.Getenv(handOverVar))
	handed := n > 0
	if !handed && os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid()) {
		n, _ = strconv.Atoi(os.Getenv("LISTEN_FDS"))
	}
	if n == 0 {
		return nil, nil
	}
	if n > 2 {
		return nil, fmt.Errorf("%d sockets were handed over; there is one for requests and one for health and metrics", n)
	}
	for _, name := range []string{handOverVar, "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name) // they are not for those that this process starts
	}
	s := &sockets{}
	for i, into := range []*net.Listener{&s.main, &s.admin}[:n] {
		f := os.NewFile(uintptr(firstFD+i), "socket")
		ln, err := net.FileListener(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("socket %d that was handed over: %w", i, err)
		}
		*into = ln
	}
	if handed {
		s.parent = os.NewFile(uintptr(firstFD+n), "parent")
		syscall.CloseOnExec(firstFD + n)
	}
	return s, nil
}

// signals is what listens to them.
type signals struct {
	ch   chan os.Signal
	done chan struct{}
}

// watch calls stop at the first SIGTERM or SIGINT, ends the process at the second,
// and hands over to a new process at SIGHUP. CloseLogs is called before that end.
func watch(s *sockets, stop func(), log *slog.Logger, closeLogs func()) *signals {
	w := &signals{make(chan os.Signal, 4), make(chan struct{})}
	signal.Notify(w.ch, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		for stopping := false; ; {
			select {
			case <-w.done:
				return
			case sig := <-w.ch:
				switch {
				case sig == syscall.SIGHUP && stopping:
				case sig == syscall.SIGHUP:
					log.Info("barewire: starting a new process to hand over to")
					pid, err := handOver(s)
					if err != nil {
						log.Error("barewire: the new process did not get ready; this one goes on", "error", err)
						continue
					}
					log.Info("barewire: handed over", "pid", pid)
					stopping = true
					stop()
				case stopping:
					log.Error("barewire: second signal: ending at once")
					closeLogs()
					os.Exit(exitFailed)
				default:
					log.Info("barewire: stopping; requests that have arrived are answered first", "signal", sig.String())
					stopping = true
					stop()
				}
			}
		}
	}()
	return w
}

func (w *signals) end() {
	signal.Stop(w.ch)
	close(w.done)
}

// handOver starts this program anew with its sockets, and returns when the new
// process serves them.
func handOver(s *sockets) (pid int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	for _, ln := range []net.Listener{s.main, s.admin} {
		if ln == nil {
			continue
		}
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			w.Close()
			return 0, err
		}
		defer f.Close()
		files = append(files, f)
	}
	n := len(files) - firstFD
	pid, err = start(program, append(files, w), fmt.Sprintf("%s=%d", handOverVar, n))
	w.Close() // the new process has the only end now: if it ends, so does the read below
	if err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(context.Background(), handOverTime)
	defer cancel()
	defer context.AfterFunc(limited, func() { r.SetReadDeadline(time.Now()) })()
	if word, err := io.ReadAll(r); string(word) != "ready" {
		syscall.Kill(pid, syscall.SIGKILL)
		syscall.Wait4(pid, nil, 0, nil)
		return 0, fmt.Errorf("it ended, or took too long: %v", err)
	}
	return pid, nil
}

// start starts a process with these files. Those of os/exec would make the sockets
// blocking, for both processes: an Accept that begins meanwhile does not hear of Close,
// and this process could not end before one more client has come.
func start(program string, files []*os.File, variable string) (pid int, err error) {
	var fds []uintptr
	for _, f := range files {
		raw, err := f.SyscallConn()
		if err == nil {
			err = raw.Control(func(fd uintptr) { fds = append(fds, fd) })
		}
		if err != nil {
			return 0, err
		}
	}
	args := append([]string{program}, os.Args[1:]...)
	return syscall.ForkExec(program, args, &syscall.ProcAttr{Env: append(os.Environ(), variable), Files: fds})
}
