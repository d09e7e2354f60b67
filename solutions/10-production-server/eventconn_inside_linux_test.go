package server

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// ReadFirst says until when the head of the first request has to be there, which is when
// the wait for it would have ended, and keeps that end however often it is woken for
// nothing.
func TestEventConn_ReadFirst(t *testing.T) {
	c, client := accepted(t)
	e, p := c.owner, make([]byte, 10)
	first := func(what string, within time.Duration, read int, want error) (by time.Time) {
		t.Helper()
		n, by, err := e.ReadFirst(p, within)
		if n != read || err != want || c.parking != (want == errParked) {
			t.Errorf("%s: read %d, %v, and it is parking: %t; want %d and %v", what, n, err, c.parking, read, want)
		}
		if !c.drained {
			t.Errorf("%s: it would read once more, in vain", what)
		}
		c.parking = false
		return by
	}
	arrive := func() {
		t.Helper()
		client.Write([]byte("x"))
		until(t, "it is in the kernel", func() bool { return peek(c.fd) })
		c.state.Store(event)
	}
	wait := func(what string) {
		t.Helper()
		before := age()
		if by := first(what, time.Hour, 0, errParked); !by.IsZero() {
			t.Errorf("%s: until %v", what, by)
		}
		if e.parkBy < before+int64(time.Hour) || e.parkBy > ageIn(time.Hour) || c.until.Load() != e.parkBy || e.idle.Load() < before {
			t.Errorf("%s: parked until %d, its deadline is %d, and idle since %d", what, e.parkBy, c.until.Load(), e.idle.Load())
		}
	}
	arrive()
	if by := first("it need not wait", time.Hour, 1, nil); !by.IsZero() {
		t.Errorf("it need not wait: until %v", by)
	}
	wait("it waits")
	end := e.parkBy
	c.until.Store(5)
	first("it is woken for nothing", time.Nanosecond, 0, errParked)
	if e.parkBy != end || c.until.Load() != end {
		t.Errorf("woken for nothing: until %d, its deadline is %d; want %d", e.parkBy, c.until.Load(), end)
	}
	arrive()
	if by, want := first("it has waited", time.Hour, 1, nil), began.Add(time.Duration(end-1<<62)); !by.Equal(want) || e.parkBy != 0 {
		t.Errorf("it has waited: until %v, and parked until %d; want %v and 0", by, e.parkBy, want)
	}
	e.SetBusy(true)
	e.SetBusy(false)
	wait("it waits for another request")
	arrive()
	if by := first("the next request", time.Hour, 1, nil); !by.IsZero() || e.parkBy != 0 {
		t.Errorf("the next request: until %v, and parked until %d", by, e.parkBy)
	}
}

// What a connection keeps, and what it does once another protocol has it.
func TestEventConn_Keep(t *testing.T) {
	c, _ := accepted(t)
	e := c.owner
	if e.Kept() != nil {
		t.Error("it has something already")
	}
	if e.Keep("buffers"); e.Kept() != "buffers" {
		t.Errorf("it has kept %v", e.Kept())
	}
	if err := e.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	e.SetWriteDeadline(time.Now().Add(-time.Hour))
	for name, write := range map[string]func([]byte) (int, error){"Write": e.Write, "WriteMore": e.WriteMore} {
		if n, err := write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s of what another protocol has: %d, %v", name, n, err)
		}
	}
}

// aPoll is the kernel's list as a watcher has it from Go's own poller.
type aPoll struct {
	syscall.RawConn
	read func(f func(fd uintptr) bool) error
}

func (p *aPoll) Read(f func(fd uintptr) bool) error { return p.read(f) }

// A watcher waits while there is nothing on the kernel's list, and ends when it is relieved
// or the list is closed.
func TestEventConn_Watch(t *testing.T) {
	list, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(list)
	reads := 0
	l := &lot{}
	l.ready = &aPoll{read: func(f func(uintptr) bool) error {
		if reads++; reads == 1 {
			if f(uintptr(list)) {
				t.Error("there is nothing on the list, and it does not wait")
			}
			return nil
		}
		return errors.New("closed")
	}}
	if l.watch(0); reads != 2 {
		t.Errorf("it has asked %d times, want 2: the list was closed then", reads)
	}
	reads = 0
	l.turn = 1
	if l.watch(0); reads != 1 {
		t.Errorf("it has asked %d times, want 1: it was relieved", reads)
	}
}

// Whatever is reported is served by who watches, unless somebody has been slow a short
// while ago: then by a runner.
func TestEventConn_Collect(t *testing.T) {
	for _, slow := range []bool{false, true} {
		c, _ := accepted(t)
		r := &runner{next: make(chan *fdConn, 1)}
		l := &lot{conns: make([]*fdConn, c.fd+1), idle: []*runner{r}}
		l.init(func() {})
		l.conns[c.fd] = c
		c.state.Store(parked)
		if slow {
			l.careful = age() + int64(time.Hour)
		}
		l.collect([]syscall.EpollEvent{{Events: syscall.EPOLLIN, Fd: int32(c.fd)}})
		next := l.next(0)
		if (next == c) == slow || l.serving == slow || len(r.next) == 1 != slow || c.state.Load() != event {
			t.Errorf("somebody was slow: %t; the watcher has %v, and serves: %t; a runner has %d; state %d", slow, next, l.serving, len(r.next), c.state.Load())
		}
		c.state.Store(0)
	}
}
