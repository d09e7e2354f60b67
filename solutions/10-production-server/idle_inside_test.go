package server

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// idleOnes returns connections of t that have been idle since these ages.
func idleOnes(t *Conns, since ...int64) (all []*track) {
	for _, s := range since {
		here, _ := net.Pipe()
		k := &track{conns: t, nc: here, peer: here.RemoteAddr()}
		t.add(k)
		k.idle.Store(s)
		all = append(all, k)
	}
	return all
}

// closed returns which of these connections have been closed.
func closedOnes(all []*track) (which []int) {
	for i, k := range all {
		if k.nc.SetDeadline(time.Time{}) != nil {
			which = append(which, i)
		}
	}
	return which
}

// Which of the connections of a client has to go: the one that has been idle for longest,
// and none that might have a request on its way.
func TestIdle_Longest(t *testing.T) {
	now := age()
	old := now - int64(MinIdle) - int64(time.Minute)
	for _, r := range []struct {
		name  string
		since []int64
		want  int // -1 for none
	}{
		{"nobody", nil, -1},
		{"one that is busy", []int64{0}, -1},
		{"one that has been dropped", []int64{dropped}, -1},
		{"one that has just been used", []int64{now}, -1},
		{"one that was used half a second ago, nearly", []int64{now - int64(MinIdle) + int64(time.Minute)}, -1},
		{"one that is old", []int64{old}, 0},
		{"an older one behind it", []int64{old, old - 1}, 1},
		{"a younger one behind it", []int64{old, old + 1}, 0},
		{"two of the same age", []int64{old, old}, 0},
		{"an old one among others", []int64{now, 0, old, dropped}, 2},
	} {
		all := idleOnes(new(Conns), r.since...)
		found, ok := longest(all)
		if ok != (r.want >= 0) || ok && (found.k != all[r.want] || found.since != r.since[r.want]) {
			t.Errorf("%s: found %t, of %d; want number %d", r.name, ok, found.since, r.want)
		}
	}
}

// How many connections go at once for one that comes: those that have been idle for
// longest, one of a hundred.
func TestIdle_Drop(t *testing.T) {
	now := age()
	old := now - int64(MinIdle) - int64(time.Minute)
	since := []int64{old + 3, old + 1, now, old, old + 2, 0, old + 4, now - int64(MinIdle) + int64(time.Minute)}
	for _, r := range []struct {
		max  int
		want string
	}{{0, "[3]"}, {99, "[3]"}, {100, "[1 3]"}, {199, "[1 3]"}, {200, "[1 3 4]"}, {1000, "[0 1 3 4 6]"}} {
		c := &Conns{Max: r.max}
		all := idleOnes(c, since...)
		c.dropIdle()
		gone := closedOnes(all)
		if got := fmt.Sprint(gone); got != r.want || c.Stats().Dropped != int64(len(gone)) {
			t.Errorf("of %d: %s are closed, %d counted; want %s", r.max, got, c.Stats().Dropped, r.want)
		}
		for _, i := range gone {
			if _, err := all[i].first(1, nil); err != net.ErrClosed || all[i].idle.Load() != dropped {
				t.Errorf("what has been dropped reads: %v", err)
			}
			if _, err := all[i].read(make([]byte, 1)); err != net.ErrClosed {
				t.Errorf("and again: %v", err)
			}
		}
	}
	c := new(Conns)
	k := idleOnes(c, old)[0]
	c.drop(waiting{k, old - 1})
	if len(closedOnes([]*track{k})) > 0 || c.Stats().Dropped != 0 || k.idle.Load() != old {
		t.Error("one that has had a request meanwhile is closed")
	}
	if c.MinRate = 1; k.SetReadDeadline(time.Now().Add(time.Hour)) != nil || k.taken.Load() {
		t.Error("one that has a deadline is taken over")
	}
	if k.SetReadDeadline(time.Time{}); !k.taken.Load() {
		t.Error("one that has no deadline is not taken over")
	}
	c.unlist(k)
	k.client = netip.MustParsePrefix("192.0.2.1/32")
	c.list(k, k.client)
	c.unlist(k)
	c.unlist(k) // it is on no list any more
}

// A connection that has been closed has no deadlines to set.
func TestIdle_ClosedDeadlines(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	tcp, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, _ := net.Pipe()
	for _, nc := range []net.Conn{tcp, here} {
		c := new(Conns).add(&track{conns: new(Conns), nc: nc, peer: nc.RemoteAddr()})
		nc.Close()
		if _, isTCP := nc.(*net.TCPConn); isTCP != (c.Close() != nil) { // a pipe may be closed twice
			t.Errorf("%T: the error of Close is another one's", c)
		}
		for _, set := range []func(time.Time) error{c.SetReadDeadline, c.SetWriteDeadline, c.SetDeadline} {
			if set(time.Now()) == nil {
				t.Errorf("%T: no error", c)
			}
		}
	}
}

type namedAddr string

func (namedAddr) Network() string  { return "test" }
func (a namedAddr) String() string { return string(a) }

func TestIdle_AddressOf(t *testing.T) {
	for _, r := range []struct {
		addr net.Addr
		want string
	}{
		{nil, "invalid IP"}, {namedAddr("pipe"), "invalid IP"}, {namedAddr("192.0.2.1:80"), "192.0.2.1"}, {namedAddr("[::ffff:192.0.2.1]:80"), "192.0.2.1"},
		{namedAddr("[fe80::1%eth0]:80"), "fe80::1"}, {&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, "192.0.2.1"}, {&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "fe80::1"},
	} {
		if got := ipOf(r.addr).String(); got != r.want {
			t.Errorf("%v: %s, want %s", r.addr, got, r.want)
		}
	}
}

// The files of a certificate are looked at once a second, and the log has a line for each
// change and no other.
func TestCertificate_Looks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
		var log bytes.Buffer
		c, err := LoadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		look := func(after time.Duration, want int) {
			t.Helper()
			time.Sleep(after)
			c.Get(nil)
			if got := strings.Count(log.String(), "\n"); got != want {
				t.Errorf("%d lines in the log, want %d: %s", got, want, log.String())
			}
		}
		look(10*recheck, 0)
		os.WriteFile(certFile, []byte("none"), 0o600)
		look(recheck-1, 0)
		look(1, 1)
		os.WriteFile(keyFile, []byte("none"), 0o600)
		look(recheck/2, 1)
		look(recheck/2, 2)
		look(recheck, 2)
		look(recheck, 2)
	})
}
