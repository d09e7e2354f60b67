package server

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pipes is a listener that hands out what comes through a channel.
type pipes struct {
	net.Listener
	conns chan net.Conn
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	if nc, ok := <-p.conns; ok {
		return nc, nil
	}
	return nil, errBelow
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.conns) }); return nil }

// Whoever comes when the connection that could have gone has just got a request waits until
// that one is closed. When the listener is closed first, it is one too many, which takes
// nothing from the others when it ends.
func TestConns_InHand(t *testing.T) {
	for _, r := range []struct {
		name  string
		close bool
	}{{"the other one is closed", false}, {"the listener is closed", true}} {
		t.Run(r.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Conns{Max: 1}
				below := &pipes{conns: make(chan net.Conn)}
				ln := c.Listener(below)
				accept := func() (came chan net.Conn) {
					came = make(chan net.Conn, 1)
					go func() {
						nc, _ := ln.Accept()
						came <- nc
					}()
					synctest.Wait()
					return came
				}
				pipe := func() net.Conn { here, _ := net.Pipe(); return here }
				came := accept()
				below.conns <- pipe()
				first := (<-came).(*otherConn)
				first.idle.Store(age())
				time.Sleep(2 * MinIdle)
				came = accept() // for there is one that could go
				first.idle.Store(0)
				below.conns <- pipe()
				time.Sleep(time.Minute)
				select {
				case <-came:
					t.Fatal("there are two, and room for one")
				default:
				}
				if r.close {
					ln.Close()
				} else {
					first.Close()
				}
				time.Sleep(time.Second)
				select {
				case second := <-came:
					second.Close()
				default:
					t.Fatal("it still waits")
				}
				first.Close()
				if s := c.Stats(); s.Open != 0 || s.Accepted != 2 || s.Dropped != 0 || len(ln.(*listener).room) != 0 {
					t.Errorf("%+v, and %d have room; want that two were accepted, and none is left", s, len(ln.(*listener).room))
				}
				if !r.close {
					ln.Close()
				}
				if nc, err := ln.Accept(); nc != nil || err != errBelow {
					t.Errorf("Accept of what is closed: %v, %v", nc, err)
				}
				ln.(*listener).room <- struct{}{}
				if nc, err := ln.Accept(); nc != nil || err != net.ErrClosed {
					t.Errorf("Accept of what is closed, without room: %v, %v", nc, err)
				}
			})
		})
	}
}
