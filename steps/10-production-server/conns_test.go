package server_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
	server "barewire/steps/10-production-server"
)

// A street is a listener without a kernel: clients come when the test says so.
type street struct {
	door     chan net.Conn
	visitors []*visitor
	once     sync.Once
	closed   chan struct{}
}

func newStreet() *street {
	return &street{door: make(chan net.Conn, 100), closed: make(chan struct{})}
}

func (s *street) Accept() (net.Conn, error) {
	select {
	case nc := <-s.door:
		return nc, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close ends those who are still waiting too, as the kernel does.
func (s *street) Close() error {
	s.once.Do(func() {
		close(s.closed)
		for range len(s.door) {
			(<-s.door).Close()
		}
	})
	return nil
}

func (s *street) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// A visitor is a client's side of a connection.
type visitor struct {
	net.Conn
	ended chan struct{} // closed when the server has closed the connection
}

// come connects a visitor, who reads whatever comes and drops it.
func (s *street) come() *visitor { return s.comeFrom(nil) }

// comeFrom connects a visitor from an address; nil is that of a pipe.
func (s *street) comeFrom(addr net.Addr) *visitor {
	ours, theirs := net.Pipe()
	v := &visitor{ours, make(chan struct{})}
	s.visitors = append(s.visitors, v)
	if addr != nil {
		theirs = from{theirs, addr}
	}
	s.door <- theirs
	go func() {
		io.Copy(io.Discard, ours)
		close(v.ended)
	}()
	return v
}

func (v *visitor) gone() bool {
	select {
	case <-v.ended:
		return true
	default:
		return false
	}
}

// A house accepts connections from a listener of Conns and reads requests from each,
// which end with a line end and take it some time.
type house struct {
	takes time.Duration
	told  string // the host that a proxy names, if there is one
	taken bool   // another protocol is spoken, without deadlines

	mu   sync.Mutex
	ends []end // of the connections, in order
}

// An end is why reading from a connection has ended, and when.
type end struct {
	err  error // nil while it goes on
	took time.Duration
}

func (h *house) serve(t *testing.T, ln net.Listener) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		conn, ok := nc.(server.Conn)
		if !ok {
			t.Errorf("Accept of Conns.Listener returned a %T, which is no server.Conn", nc)
			nc.Close()
			return
		}
		h.mu.Lock()
		i := len(h.ends)
		h.ends = append(h.ends, end{})
		h.mu.Unlock()
		go func() {
			begun := time.Now()
			err := h.read(testkit.Guard(t, conn), conn)
			h.mu.Lock()
			h.ends[i] = end{err, time.Since(begun)}
			h.mu.Unlock()
			conn.Close()
			conn.Close() // by whoever else has noticed
		}()
	}
}

func (h *house) read(nc net.Conn, conn server.Conn) error {
	conn.SetReadDeadline(time.Now().Add(24 * time.Hour))
	if h.told != "" {
		conn.SetRemoteAddr(at(h.told))
	}
	if h.taken {
		conn.SetReadDeadline(time.Time{})
	}
	buf := make([]byte, 4096)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return err
		}
		if buf[n-1] == '\n' {
			conn.SetBusy(true)
			time.Sleep(h.takes)
			conn.SetBusy(false)
		}
	}
}

// visit runs a story in which visitors come to a house with these Conns.
func visit(t *testing.T, conns *server.Conns, story func(s *street, h *house)) {
	t.Helper()
	s, h := newStreet(), &house{}
	ln := conns.Listener(s)
	if ln == nil {
		t.Fatal("Listener returned nil")
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		h.serve(t, ln)
	}()
	story(s, h)
	ln.Close()
	for _, v := range s.visitors {
		v.Close()
	}
	time.Sleep(2 * h.takes)
	<-served
}

func settle() { synctest.Wait() }

// stats describes the figures of conns.
func stats(conns *server.Conns) string {
	settle()
	s := conns.Stats()
	return fmt.Sprintf("open %d, idle %d, accepted %d, dropped %d", s.Open, s.Idle, s.Accepted, s.Dropped)
}

func TestTask4_Conns(t *testing.T) {
	for _, r := range []struct {
		name, why string
		max       int
		story     func(conns *server.Conns, s *street, h *house) string
		want      string
	}{
		{"connections are counted", "an operator who does not know how many are open cannot choose a bound", 0, func(conns *server.Conns, s *street, h *house) string {
			a, b := s.come(), s.come()
			before := stats(conns)
			a.Close()
			after := stats(conns)
			b.Close()
			return before + "; " + after + "; " + stats(conns)
		}, "open 2, idle 2, accepted 2, dropped 0; open 1, idle 1, accepted 2, dropped 0; open 0, idle 0, accepted 2, dropped 0"},
		{"one that has sent something is not idle, and neither is one that is served", "idle means that nobody would miss it", 0, func(conns *server.Conns, s *street, h *house) string {
			h.takes = time.Hour
			io.WriteString(s.come(), "a request\n")
			io.WriteString(s.come(), "half a requ")
			s.come()
			return stats(conns)
		}, "open 3, idle 1, accepted 3, dropped 0"},
		{"one that has been served is idle again", "between two requests it waits, perhaps for a minute", 0, func(conns *server.Conns, s *street, h *house) string {
			a := s.come()
			io.WriteString(a, "a requ")
			before := stats(conns)
			io.WriteString(a, "est\n")
			return before + "; " + stats(conns)
		}, "open 1, idle 0, accepted 1, dropped 0; open 1, idle 1, accepted 1, dropped 0"},
		{"when it is full, the one that has been idle longest goes", "it is the one that will most likely not be used again", 3, func(conns *server.Conns, s *street, h *house) string {
			var all []*visitor
			for range 3 {
				all = append(all, s.come())
				time.Sleep(time.Second)
			}
			io.WriteString(all[0], "a request\n") // now the second one has waited longest
			time.Sleep(time.Second)
			all = append(all, s.come(), s.come())
			got := stats(conns)
			return fmt.Sprint(got, "; gone: ", all[0].gone(), all[1].gone(), all[2].gone(), all[3].gone(), all[4].gone())
		}, "open 3, idle 3, accepted 5, dropped 2; gone: false true true false false"},
		{"one that has just come is left alone", "its request is on its way, and its client will not open another connection for it", 1, func(conns *server.Conns, s *street, h *house) string {
			a := s.come()
			b := s.come()
			time.Sleep(server.MinIdle / 2)
			io.WriteString(a, "a requ")
			time.Sleep(time.Minute)
			before := stats(conns)
			io.WriteString(a, "est\n")
			time.Sleep(server.MinIdle + time.Second)
			return fmt.Sprint(before, "; ", stats(conns), "; gone: ", a.gone(), b.gone())
		}, "open 1, idle 0, accepted 1, dropped 0; open 1, idle 1, accepted 2, dropped 1; gone: true false"},
		{"one that is not idle stays", "a request that was accepted is answered", 2, func(conns *server.Conns, s *street, h *house) string {
			a := s.come()
			io.WriteString(a, "a requ")
			time.Sleep(time.Second)
			b := s.come()
			time.Sleep(time.Second)
			s.come()
			got := stats(conns)
			return fmt.Sprint(got, "; gone: ", a.gone(), b.gone())
		}, "open 2, idle 1, accepted 3, dropped 1; gone: false true"},
		{"one that has been taken over stays", "it has no deadline for reading: a WebSocket is silent for as long as it likes, and its other end would not connect anew", 1, func(conns *server.Conns, s *street, h *house) string {
			h.taken = true
			a := s.come()
			time.Sleep(time.Minute)
			before := stats(conns)
			b := s.come()
			time.Sleep(time.Minute)
			got := fmt.Sprint(before, "; gone: ", a.gone(), b.gone())
			a.Close()
			settle()
			return got
		}, "open 1, idle 0, accepted 1, dropped 0; gone: false false"},
		{"when none is idle, new ones wait", "a bound that gives way is none; the kernel keeps those who come meanwhile", 2, func(conns *server.Conns, s *street, h *house) string {
			a, b := s.come(), s.come()
			io.WriteString(a, "a requ")
			io.WriteString(b, "a requ")
			c := s.come()
			time.Sleep(time.Minute)
			before := stats(conns)
			a.Close()
			time.Sleep(time.Second)
			after := stats(conns)
			return before + "; " + fmt.Sprint(after, "; gone: ", b.gone(), c.gone())
		}, "open 2, idle 0, accepted 2, dropped 0; open 2, idle 1, accepted 3, dropped 0; gone: false false"},
		{"one that becomes idle makes room for one who waits", "otherwise the wait lasts until a client goes by itself", 1, func(conns *server.Conns, s *street, h *house) string {
			h.takes = time.Minute
			a := s.come()
			io.WriteString(a, "a request\n")
			b := s.come()
			time.Sleep(30 * time.Second)
			before := fmt.Sprint(a.gone(), b.gone())
			time.Sleep(31 * time.Second)
			return fmt.Sprint(before, "; ", a.gone(), b.gone(), "; ", stats(conns))
		}, "false false; true false; open 1, idle 1, accepted 2, dropped 1"},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				conns := &server.Conns{Max: r.max}
				visit(t, conns, func(s *street, h *house) {
					if got := r.story(conns, s, h); got != r.want {
						testkit.Report{Doing: fmt.Sprintf("Max is %d: %s", r.max, r.name), Want: r.want, Got: got, Why: r.why}.Error(t)
					}
				})
			})
		})
	}
}

// at is an address to come from.
func at(host string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(host), Port: 999} }

func TestTask4_OneClient(t *testing.T) {
	const half = "half a requ"
	for _, r := range []struct {
		name, why string
		hosts     []string // who comes, one a second, and sends half a request
		idle      int      // so many of the first send nothing
		told      string   // by a proxy, of the connections that have been accepted
		want      string
	}{
		{"one too many is closed at once", "whoever has so many open has enough; a request that was accepted is not dropped for it",
			[]string{"192.0.2.7", "192.0.2.7", "192.0.2.7"}, 0, "", "accepted 2, dropped 0, refused 1; gone: false false true"},
		{"the one that has been idle for longest makes room", "a browser comes back for the next page: what it has left open is not missed",
			[]string{"192.0.2.7", "192.0.2.7", "192.0.2.7"}, 2, "", "accepted 3, dropped 1, refused 0; gone: true false false"},
		{"others are not touched", "it is this client who has too many", []string{"192.0.2.8", "192.0.2.7", "192.0.2.7", "192.0.2.7"}, 1, "", "accepted 3, dropped 0, refused 1; gone: false false false true"},
		{"an IPv6 network of 64 bits is one client", "who has such a network has 2^64 addresses",
			[]string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"}, 0, "", "accepted 3, dropped 0, refused 1; gone: false false true false"},
		{"IPv4 in IPv6 is IPv4", "on a socket for both, clients come from addresses like these: one /64 for all of them",
			[]string{"::ffff:192.0.2.7", "::ffff:192.0.2.8", "::ffff:192.0.2.9"}, 0, "", "accepted 3, dropped 0, refused 0; gone: false false false"},
		{"a trusted proxy may have any number", "it brings the requests of everybody",
			[]string{"198.51.100.1", "198.51.100.1", "198.51.100.1", "198.51.100.1"}, 0, "", "accepted 4, dropped 0, refused 0; gone: false false false false"},
		{"this machine may have any number", "whoever connects from here is a proxy that nobody has named, or could do worse",
			[]string{"127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "::1", "::1"}, 0, "", "accepted 6, dropped 0, refused 0; gone: false false false false false false"},
		{"what a proxy says counts", "behind it there is a client like any other", []string{"198.51.100.1", "198.51.100.1", "198.51.100.1"}, 0, "192.0.2.7", "accepted 3, dropped 0, refused 1; gone: false false true"},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				conns := &server.Conns{MaxPerClient: 2, Trusted: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
				visit(t, conns, func(s *street, h *house) {
					h.told = r.told
					for i, host := range r.hosts {
						v := s.comeFrom(at(host))
						settle()
						if i >= r.idle {
							go io.WriteString(v, half)
						}
						time.Sleep(time.Second)
					}
					figures := conns.Stats()
					got := fmt.Sprintf("accepted %d, dropped %d, refused %d; gone:", figures.Accepted, figures.Dropped, figures.Refused)
					for _, v := range s.visitors {
						got += fmt.Sprint(" ", v.gone())
					}
					if got != r.want {
						testkit.Report{Doing: "MaxPerClient is 2; clients come from " + strings.Join(r.hosts, ", "), Want: r.want, Got: got, Why: r.why}.Error(t)
					}
				})
			})
		})
	}
}

// Who has gone is forgotten: the bound is on what is open.
func TestTask4_OneClientAgain(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		conns := &server.Conns{MaxPerClient: 1}
		visit(t, conns, func(s *street, h *house) {
			for range 3 {
				v := s.comeFrom(at("192.0.2.7"))
				settle()
				go io.WriteString(v, "half a requ")
				time.Sleep(time.Second)
				v.Close()
				settle()
			}
			if s := conns.Stats(); s.Accepted != 3 || s.Refused != 0 {
				testkit.Report{Doing: "MaxPerClient is 1; a client comes three times, and goes each time", Want: "accepted 3, refused 0",
					Got: fmt.Sprintf("accepted %d, refused %d", s.Accepted, s.Refused), Why: "a client that is counted for ever is locked out after its first few visits"}.Error(t)
			}
		})
	})
}

// A stranger is a connection of somebody who connects and says nothing.
type stranger struct {
	net.Conn
	addr net.TCPAddr
}

func (s *stranger) RemoteAddr() net.Addr { return &s.addr }
func (s *stranger) Close() error         { return nil }

// A crowd is a listener to which each client comes from another network.
type crowd struct {
	net.Listener
	nc   net.Conn // of all of them
	came uint32
}

func (c *crowd) Accept() (net.Conn, error) {
	c.came++
	ip := net.IP{0x20, 1, 0xd, 0xb8, 15: 1}
	binary.BigEndian.PutUint32(ip[4:], c.came)
	return &stranger{c.nc, net.TCPAddr{IP: ip, Port: 999}}, nil
}

// A client of which there is no connection takes no memory.
func TestTask4_OneClientForgotten(t *testing.T) {
	const clients = 100_000
	nc, other := net.Pipe()
	defer nc.Close()
	defer other.Close()
	ln := (&server.Conns{MaxPerClient: 1}).Listener(&crowd{nc: nc})
	report := testkit.Report{Doing: fmt.Sprintf("MaxPerClient is 1; %d clients come, each from another IPv6 network, and each goes before the next", clients),
		Want: "less than 1 MiB more memory in use than before",
		Why:  "whoever has one IPv6 network of 48 bits is 65536 clients: a table of all that ever came grows until the server is killed"}
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := inUse()
	for range clients {
		nc, err := ln.Accept()
		if _, ok := nc.(server.Conn); !ok || err != nil {
			report.Got = fmt.Sprintf("Accept returned a %T, which is no server.Conn, and the error %v", nc, err)
			report.Fatal(t)
		}
		nc.Close()
	}
	if more := inUse() - before; more > 1<<20 {
		report.Got = fmt.Sprintf("%d KiB more", more>>10)
		report.Error(t)
	}
	runtime.KeepAlive(ln)
}

// Who waits in Read learns that the connection was closed from this side.
func TestTask4_Dropped(t *testing.T) {
	report := testkit.Report{Doing: "Max is 1; a client connects and says nothing, and a second later another one comes. Read of the first one's connection",
		Want: "net.ErrClosed, and no bytes",
		Why:  "the loop of step 4 ends without a word then, as it should: nothing is wrong, and nobody is to be told"}
	testkit.BubbleFor(t, report, func(t *testing.T) {
		visit(t, &server.Conns{Max: 1}, func(s *street, h *house) {
			s.come()
			time.Sleep(time.Second)
			s.come()
			time.Sleep(time.Second)
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.ends) == 0 {
				report.Got = "no connection, or none that is a server.Conn"
				report.Error(t)
			} else if err := h.ends[0].err; !errors.Is(err, net.ErrClosed) {
				report.Got = fmt.Sprintf("%v", err)
				report.Error(t)
			}
		})
	})
}

// What step 4 looks for in a connection is still to be found.
func TestTask4_TCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	report := testkit.Report{Doing: "a client connects over TCP; the server's side of the connection, as Listener's Accept returns it, closes its sending side, and hears the client", Want: "methods CloseWrite and SetLinger; the client reads the end, and what it then sends arrives",
		Why: "without CloseWrite a client that is refused may never read why, and without SetLinger one whose response was cut off does not notice (step 4): what wraps a connection must not hide them"}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	testkit.Within(t, 10*time.Second, "a connection that was accepted, half-closed and read from", func() {
		conn, err := (&server.Conns{Max: 10}).Listener(ln).Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, isConn := conn.(server.Conn)
		half, ok := conn.(interface {
			CloseWrite() error
			SetLinger(sec int) error
		})
		if !ok || !isConn {
			report.Got = fmt.Sprintf("a %T, which is a server.Conn: %v, and has both methods: %v", conn, isConn, ok)
			report.Fatal(t)
		}
		failed := half.CloseWrite()
		_, end := client.Read(make([]byte, 1))
		io.WriteString(client, "still here")
		client.(*net.TCPConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		heard, _ := io.ReadAll(conn)
		if failed != nil || end != io.EOF || string(heard) != "still here" {
			report.Got = fmt.Sprintf("CloseWrite returned %v; the client read %v; then %q arrived", failed, end, heard)
			report.Error(t)
		}
	})
}

// Accept must not wait for room when nothing is accepted any more.
func TestTask4_Close(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		conns := &server.Conns{Max: 1}
		s := newStreet()
		ln := conns.Listener(s)
		if ln == nil {
			t.Fatal("Listener returned nil")
		}
		s.come()
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		busy, ok := nc.(server.Conn)
		if !ok {
			t.Fatalf("Accept returned a %T, which is no server.Conn", nc)
		}
		busy.SetBusy(true)
		s.come()
		returned := make(chan error, 1)
		go func() { _, err := ln.Accept(); returned <- err }()
		time.Sleep(time.Minute)
		queued := len(s.door) == 1
		ln.Close()
		time.Sleep(time.Minute)
		report := testkit.Report{Doing: "Max is 1, one connection is open, a client waits in the kernel's queue, and the listener is closed", Want: "Accept returns net.ErrClosed, and the client who waits was not taken out of the kernel's queue",
			Why: "a server that shuts down while it is full would never end; and a client in the queue can still be served by the process that takes over"}
		select {
		case err := <-returned:
			if !errors.Is(err, net.ErrClosed) || !queued {
				report.Got = fmt.Sprintf("error %v; still in the queue: %v", err, queued)
				report.Error(t)
			}
		default:
			report.Got = "Accept still waits for room, a minute after Close"
			report.Error(t)
		}
		nc.Close()
	})
}

func TestTask5_Slow(t *testing.T) {
	for _, r := range []struct {
		name, why string
		minRate   int
		send      func(v *visitor, h *house)
		want      string // how reading ended, and after how many seconds
	}{
		{"one byte a second", "a connection, and what is behind it, is held for ever with almost nothing: a deadline for each read does not help", 100, func(v *visitor, h *house) {
			for range 100 {
				io.WriteString(v, "x")
				time.Sleep(time.Second)
			}
		}, "deadline after 10s"},
		{"silence in the middle of a request", "after Grace, what was sent has to keep up with the clock", 100, func(v *visitor, h *house) {
			io.WriteString(v, "half a request")
			time.Sleep(time.Hour)
		}, "deadline after 10s"},
		{"slow, but fast enough", "a client on a bad line sends 120 bytes a second all the time", 100, func(v *visitor, h *house) {
			for range 1200 {
				io.WriteString(v, "a dozen byte")
				time.Sleep(100 * time.Millisecond)
			}
			v.Close()
		}, "EOF after 120s"},
		{"fast at first, then slow", "on the average: who was fast may rest", 100, func(v *visitor, h *house) {
			v.Write(make([]byte, 3000))
			time.Sleep(35 * time.Second)
			io.WriteString(v, "x")
			v.Close()
		}, "EOF after 35s"},
		{"fast at first, then silent", "and then it is over", 100, func(v *visitor, h *house) {
			v.Write(make([]byte, 3000))
			time.Sleep(time.Hour)
		}, "deadline after 40s"},
		{"an idle connection may be silent", "it has begun nothing; other deadlines are for it", 100, func(v *visitor, h *house) {
			time.Sleep(time.Hour)
			v.Close()
		}, "EOF after 3600s"},
		{"the time of the handler does not count", "while the server is busy, the client waits for the server", 100, func(v *visitor, h *house) {
			h.takes = time.Minute
			io.WriteString(v, "a requ")
			io.WriteString(v, "est\n")
			io.WriteString(v, "the next o")
			time.Sleep(5 * time.Second)
			io.WriteString(v, "ne\n")
			v.Close()
		}, "EOF after 125s"},
		{"each request begins anew", "what one request took too long for must not be held against the next one", 100, func(v *visitor, h *house) {
			for range 5 {
				io.WriteString(v, "a requ")
				time.Sleep(9 * time.Second)
				io.WriteString(v, "est\n")
			}
			v.Close()
		}, "EOF after 45s"},
		{"without MinRate", "0 is no bound", 0, func(v *visitor, h *house) {
			for range 100 {
				io.WriteString(v, "x")
				time.Sleep(time.Second)
			}
			v.Close()
		}, "EOF after 100s"},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				conns := &server.Conns{MinRate: r.minRate, Grace: 10 * time.Second}
				visit(t, conns, func(s *street, h *house) {
					v := s.come()
					r.send(v, h)
					if h.takes > 0 {
						time.Sleep(3 * h.takes)
					}
					settle()
					h.mu.Lock()
					got := "the connection is not a server.Conn"
					if len(h.ends) > 0 {
						got = fmt.Sprintf("%s after %.0fs", ended(h.ends[0].err), h.ends[0].took.Seconds())
					}
					h.mu.Unlock()
					v.Close()
					if got != r.want {
						testkit.Report{Doing: fmt.Sprintf("MinRate is %d bytes a second, Grace 10 seconds: %s", r.minRate, r.name), Want: r.want, Got: got, Why: r.why}.Error(t)
					}
				})
			})
		})
	}
}

// ended says in a word why reading ended.
func ended(err error) string {
	switch {
	case err == nil:
		return "still open"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "deadline"
	}
	return err.Error()
}
