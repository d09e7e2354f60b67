//starter:omit
package server

// This file is for what the connection of step 4 sees of one that can be parked.

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// An eventConn is the [Conn] of a connection that can be parked.
type eventConn struct {
	*fdConn
	*track
	ctx      context.Context // of its requests
	server   any             // its half of step 4, with the buffers
	parkBy   int64           // until when it may wait for a request, as an age
	answered atomic.Bool     // it has had a request

	mu    sync.Mutex
	taken net.Conn // what it is now that another protocol has taken it over
}

func newEventConn(c *fdConn, k *track) *eventConn {
	c.owner = &eventConn{fdConn: c, track: k}
	c.lot.add(c)
	return c.owner
}

// ReadFirst is Read where a connection waits for a request. If there is nothing to
// read it fails, and the next Close has the connection parked, for as long as Read
// might have waited. Before the first request it also returns until when that was, as
// this is the time for the whole head. The connection of step 4 looks for this method.
func (c *eventConn) ReadFirst(p []byte, within time.Duration) (n int, by time.Time, err error) {
	n, err = c.fdConn.read(p, true)
	if err != errParked {
		if c.parkBy != 0 && !c.answered.Load() {
			by = began.Add(time.Duration(c.parkBy - 1<<62))
		}
		c.parkBy = 0
		n, err = c.track.first(n, err)
		return n, by, err
	}
	now := age()
	if c.parkBy == 0 { // else it was woken for nothing, and has no more time for that
		c.parkBy = ageIn(within)
	}
	c.until.Store(c.parkBy)
	c.idle.Store(now)
	c.parking = true
	return 0, by, err
}

// WriteMore is Write where more follows at once.
func (c *eventConn) WriteMore(p []byte) (int, error) {
	if c.taken != nil {
		return c.taken.Write(p)
	}
	return c.fdConn.WriteMore(p)
}

// Keep has the connection keep what serves it, until it has been parked for a while.
func (c *eventConn) Keep(server any) { c.server = server }

// Kept returns what Keep was given, or nil.
func (c *eventConn) Kept() any { return c.server }

// SetBusy implements [Conn].
func (c *eventConn) SetBusy(busy bool) {
	c.track.SetBusy(busy)
	if !c.answered.Load() { // which costs less than to store it each time
		c.answered.Store(true)
	}
}

// unpark says that the connection does not wait for a request any more. It returns
// false if it was closed meanwhile, to make room.
func (c *eventConn) unpark() bool { return c.idle.Swap(0) != dropped }

func (c *eventConn) Read(p []byte) (int, error) {
	if c.taken != nil {
		return c.taken.Read(p)
	}
	return c.track.read(p)
}

func (c *eventConn) Write(p []byte) (int, error) {
	if c.taken != nil {
		return c.taken.Write(p)
	}
	return c.fdConn.Write(p)
}

func (c *eventConn) LocalAddr() net.Addr {
	if c.taken != nil {
		return c.taken.LocalAddr()
	}
	return c.fdConn.LocalAddr()
}

func (c *eventConn) RemoteAddr() net.Addr { return c.track.peer }

func (c *eventConn) SetReadDeadline(t time.Time) error {
	if c.taken != nil {
		return c.taken.SetReadDeadline(t)
	}
	return c.track.SetReadDeadline(t)
}

func (c *eventConn) SetWriteDeadline(t time.Time) error {
	if c.taken != nil {
		return c.taken.SetWriteDeadline(t)
	}
	return c.fdConn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn. Without a deadline a connection is not one that
// waits for requests any more: any number of goroutines may use it now, so it becomes
// one of package net.
func (c *eventConn) SetDeadline(t time.Time) error {
	if t.IsZero() && c.taken == nil {
		return c.takeOver()
	}
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *eventConn) takeOver() error {
	if c.known {
		c.lot.control(syscall.EPOLL_CTL_DEL, c.fd, &syscall.EpollEvent{})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fd, err := syscall.Dup(c.fd)
	if err != nil {
		return os.NewSyscallError("dup", err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "connection")
	defer file.Close()
	c.taken, err = net.FileConn(file)
	return err
}

// Close ends the connection, unless it only waits for a request: then it is parked.
func (c *eventConn) Close() error {
	if c.parking {
		return nil
	}
	c.end()
	return nil
}

// end ends the connection.
func (c *eventConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken != nil {
		c.taken.Close()
	}
	if c.fdConn.end() {
		c.conns.remove(c.track)
		c.lot.left()
	}
}

// kill ends the connection, whatever its owner is doing.
func (c *eventConn) kill() {
	if c.claim(doomed) {
		c.end()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken != nil {
		c.taken.Close()
	}
	c.wakeUp()
}
