package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// This file is for who is told of an event, and who is relieved.

// What an event means to a connection that is parked, and to one that is served: its state,
// and who is woken.
func TestRunner_Notify(t *testing.T) {
	for _, r := range []struct {
		name   string
		events uint32
		state  uint32
		woken  string
	}{
		{"nothing", 0, 0, ""},
		{"a request", syscall.EPOLLIN, event, "reads"},
		{"the client's end", syscall.EPOLLRDHUP, event | ended, "reads"},
		{"room", syscall.EPOLLOUT, 0, "writes"},
		{"all is over", syscall.EPOLLHUP, event | ended, "reads writes"},
		{"an error", syscall.EPOLLERR, event | ended, "reads writes"},
		{"a request, and room", syscall.EPOLLIN | syscall.EPOLLOUT, event, "reads writes"},
		{"what nobody has asked for", syscall.EPOLLPRI, 0, ""},
	} {
		for _, before := range []uint32{0, doomed, parked} {
			c := new(fdConn)
			w := &waits{make(chan struct{}, 1), make(chan struct{}, 1)}
			c.waits.Store(w)
			c.state.Store(before)
			claimed := c.notify(r.events)
			woken := strings.TrimSpace(strings.Repeat("reads ", len(w[reading])) + strings.Repeat("writes", len(w[writing])))
			want, wantClaimed, wantWoken := before|r.state, before == parked && r.state != 0, r.woken
			if wantClaimed {
				want, wantWoken = r.state, ""
			}
			if claimed != wantClaimed || c.state.Load() != want || woken != wantWoken {
				t.Errorf("%s, in state %d: claimed %t, state %d, who is woken: %q; want %t, %d, %q", r.name, before, claimed, c.state.Load(), woken, wantClaimed, want, wantWoken)
			}
			if c.waits.Store(nil); before == 0 && c.notify(r.events) {
				t.Errorf("%s: claimed, and it was not parked", r.name)
			}
		}
	}
}

// Who reads waits for something to read, and is told when the connection is to be closed.
func TestRunner_Wakes(t *testing.T) {
	c, client := accepted(t)
	c.known, c.drained = true, true // so that nobody else reports anything
	w := &waits{make(chan struct{}, 1), make(chan struct{}, 1)}
	c.waits.Store(w)
	ready := func(what int) {
		t.Helper()
		w[what] <- struct{}{} // for nothing
		until(t, "it waits", func() bool { return len(w[what]) == 0 })
	}
	read := make(chan string)
	go func() {
		for range 2 {
			n, err := c.Read(make([]byte, 10))
			read <- fmt.Sprint(n, " ", err)
		}
	}()
	ready(reading)
	client.Write([]byte("x"))
	until(t, "it is in the kernel", c.asked)
	c.notify(syscall.EPOLLIN)
	if got := <-read; got != "1 <nil>" {
		t.Errorf("it reads %s", got)
	}
	ready(reading)
	c.Close()
	if got := <-read; got != "0 "+net.ErrClosed.Error() {
		t.Errorf("then it reads %s", got)
	}
	c, _ = accepted(t)
	c.known = true
	w = &waits{make(chan struct{}, 1), make(chan struct{}, 1)}
	c.waits.Store(w)
	wrote := make(chan error)
	go func() {
		_, err := c.Write(make([]byte, 32<<20)) // more than the kernel holds
		wrote <- err
	}()
	ready(writing)
	c.Close()
	if err := <-wrote; err != net.ErrClosed {
		t.Errorf("who writes is told %v", err)
	}
}

// Whoever waits looks again.
func TestRunner_WakeUp(t *testing.T) {
	c, _ := accepted(t)
	c.wakeUp() // nobody
	w := &waits{make(chan struct{}, 1), make(chan struct{}, 1)}
	c.waits.Store(w)
	if c.wakeUp(); len(w[reading]) != 1 || len(w[writing]) != 1 {
		t.Errorf("who reads is told %d times, who writes %d times", len(w[reading]), len(w[writing]))
	}
}

// A connection is killed by its owner if it has one, and at once if it has none.
func TestRunner_Kill(t *testing.T) {
	for _, before := range []uint32{0, parked, event} {
		c, _ := accepted(t)
		c.state.Store(before)
		c.owner.kill()
		if want := before&^parked | doomed; c.state.Load() != want || c.gone != (before == parked) {
			t.Errorf("state %d: then %d, gone %t; want %d", before, c.state.Load(), c.gone, want)
		}
	}
}

// Who is dropped while he is called is not served, and one for whom more has come is served
// once more.
func TestRunner_Resume(t *testing.T) {
	for _, r := range []struct {
		idle   int64
		served int
	}{{dropped, 0}, {age(), 2}} {
		c, _ := accepted(t)
		served := 0
		l := &lot{serve: func(context.Context, net.Conn) {
			if served++; served == 1 {
				c.parking = true
				c.state.Store(event)
			}
		}}
		c.owner.idle.Store(r.idle)
		l.resume(c)
		if served != r.served || c.gone != (r.served == 0) {
			t.Errorf("idle %d: served %d times, gone %t; want %d", r.idle, served, c.gone, r.served)
		}
		c.state.Store(0)
	}
}

// A runner is idle afterwards, unless there are enough, or no connection is left and none
// will come.
func TestRunner_Rest(t *testing.T) {
	for _, r := range []struct {
		idle, open int
		closing    bool
		want       bool
	}{
		{0, 0, false, true}, {0, 0, true, false}, {0, 1, true, true}, {0, 1, false, true},
		{maxIdle - 1, 1, false, true}, {maxIdle, 1, false, false},
	} {
		l := &lot{idle: make([]*runner, r.idle), open: r.open, closing: r.closing}
		if got := l.rest(new(runner)); got != r.want || len(l.idle)-r.idle != map[bool]int{true: 1}[r.want] {
			t.Errorf("%+v: rests %t, and %d are idle", r, got, len(l.idle))
		}
	}
	l := new(lot)
	var all []*runner
	for range 4 {
		all = append(all, &runner{make(chan *fdConn, 1)})
		l.rest(all[len(all)-1])
	}
	c := new(fdConn)
	l.spare = 4
	l.start(c)
	l.start(c)
	if len(l.idle) != 2 || l.spare != 2 || len(all[3].next) != 1 || len(all[2].next) != 1 {
		t.Errorf("%d are idle, %d all the time; want 2, the first ones", len(l.idle), l.spare)
	}
	l.rest(all[2])
	l.trim(1)
	if len(l.idle) != 2 || l.spare != 2 || l.idle[0] != all[1] {
		t.Errorf("%d are idle, %d all the time; want 2", len(l.idle), l.spare)
	}
	if _, ok := <-all[0].next; ok {
		t.Error("the one that has been idle for longest has not ended")
	}
}

// A batch is of whoever's turn it is, and is over when that one says so.
func TestRunner_Batch(t *testing.T) {
	c, _ := accepted(t)
	l := &lot{conns: make([]*fdConn, c.fd+1)}
	l.init(func() {})
	collect := func() {
		l.collect([]syscall.EpollEvent{{Events: syscall.EPOLLIN, Fd: int32(c.fd)}})
	}
	if collect(); l.serving {
		t.Error("an event of nobody is served")
	}
	l.conns[c.fd] = c
	c.state.Store(parked)
	if collect(); !l.serving || len(l.batch.conns) != 1 {
		t.Errorf("an event: %d in the batch", len(l.batch.conns))
	}
	if l.next(1) != nil || l.next(0) != c || l.next(0) != nil {
		t.Error("the batch is not of whoever's turn it is")
	}
	if l.done(1) || !l.done(0) || len(l.batch.conns) != 0 || l.taken != 0 || l.serving {
		t.Errorf("when it is done: %d are in the batch, %d taken, serving %t", len(l.batch.conns), l.taken, l.serving)
	}
	c.state.Store(0)
}

// Somebody who serves for longer is asked twice whether he is late, and when he has begun
// anew, no later.
func TestRunner_Times(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu    sync.Mutex
			s     shift
			asked []string
		)
		begun := time.Now()
		begin := func() {
			mu.Lock()
			defer mu.Unlock()
			s.begin()
		}
		s.init(func() {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, fmt.Sprint(time.Since(begun), " ", s.late()))
		})
		begin()
		time.Sleep(batchTime / 2)
		begin()
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if got, want := strings.Join(asked, ", "), "2ms false, 4ms true"; got != want {
			t.Errorf("asked after %s; want %s", got, want)
		}
	})
	for _, begun := range []int{1, rare - 1, rare, 10 * rare} {
		s := shift{begun: begun, last: begun, serving: true, caution: maxCaution / 4}
		s.init(func() {})
		want := maxCaution / 2
		if begun >= rare {
			want = 0
		}
		if late := s.late(); !late || s.caution != want || s.mayBeSlow() != (want > 0) {
			t.Errorf("late %t after %d: caution for %v, want %v", late, begun, s.caution, want)
		}
	}
	s := shift{begun: 5, last: 5, serving: true, caution: maxCaution}
	s.init(func() {})
	if s.late(); s.caution != maxCaution {
		t.Errorf("caution for %v, want %v", s.caution, maxCaution)
	}
}

// An answer of 503 says when to come again; what a middleware has behind the pool is the
// request as it was.
func TestRunner_Answer(t *testing.T) {
	w := new(nowhere)
	answer(w, errors.New("full"))
	if got := w.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After: %s", got)
	}
}
