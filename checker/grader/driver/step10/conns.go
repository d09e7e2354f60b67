package step10

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing/synctest"
	"time"

	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// A Visit is a story of visitors who come to connections with bounds.
type Visit struct {
	Max, PerClient int
	Trusted        []string
	MinRate        int
	Grace          time.Duration
	Takes          time.Duration // handling a request, which ends with a line end
	Moves          []Move
}

// A Move is something that a visitor does.
//
//	come   as the next one, from a host (or from no IP address at all); a proxy tells Told
//	       of it; if it is Taken, its connection speaks another protocol
//	send   Data
//	leave
//	look   the figures are noted
//	shut   the listener is closed
type Move struct {
	Do         string
	Who        int
	From, Told string
	Taken      bool
	Data       []byte
	Admin      bool          // it is a client of the other listener
	Within     time.Duration // of stop
	TLS        bool          // it speaks TLS
	Then       time.Duration // passes behind it
}

// Visited is what came of it.
type Visited struct {
	Err   wire.Err
	Looks []Look
	Ends  []End // of the connections, in the order in which they were accepted
	Shut  string
	Queue int // visitors that have not been accepted when the listener is closed
}

// A Look is Stats, and who has been closed by the server or has left.
type Look struct {
	Open, Idle                 int
	Accepted, Dropped, Refused int64
	Gone                       []bool
}

// An End is why reading from a connection has ended, and when.
type End struct {
	Err  string // "" while it goes on
	Took time.Duration
}

// A visitor is a client's side of a connection.
type visitor struct {
	net.Conn
	say  chan []byte
	gone chan struct{} // closed when the connection has ended
}

// newVisitor reads whatever comes and drops it, and says what it is told to, one after
// another.
func newVisitor(nc net.Conn) *visitor {
	v := &visitor{nc, make(chan []byte, 1000), make(chan struct{})}
	go func() {
		_, _ = io.Copy(io.Discard, nc)
		close(v.gone)
	}()
	go func() {
		for data := range v.say {
			_, _ = nc.Write(data)
		}
	}()
	return v
}

// A house accepts connections and reads requests from each.
type house struct {
	takes time.Duration
	comes []Move // by the port that they come from

	mu   sync.Mutex
	ends []End
	shut string
}

const firstPort = 1000

func (h *house) serve(ln net.Listener) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			h.mu.Lock()
			h.shut = nameOf(err)
			h.mu.Unlock()
			return
		}
		conn, ok := nc.(server.Conn)
		if !ok {
			_ = nc.Close()
			h.mu.Lock()
			h.shut = "what Accept returned is no server.Conn"
			h.mu.Unlock()
			return
		}
		h.mu.Lock()
		i := len(h.ends)
		h.ends = append(h.ends, End{})
		h.mu.Unlock()
		go func() {
			begun := time.Now()
			err := h.read(conn)
			h.mu.Lock()
			h.ends[i] = End{endOf(err), time.Since(begun)}
			h.mu.Unlock()
			_ = conn.Close()
			_ = conn.Close() // by whoever else has noticed
		}()
	}
}

func (h *house) read(conn server.Conn) error {
	var move Move
	h.mu.Lock()
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok && a.Port >= firstPort && a.Port < firstPort+len(h.comes) {
		move = h.comes[a.Port-firstPort]
	}
	h.mu.Unlock()
	if move.Taken {
		_ = conn.SetReadDeadline(time.Time{})
	} else {
		_ = conn.SetReadDeadline(time.Now().Add(24 * time.Hour))
	}
	if move.Told != "" {
		conn.SetRemoteAddr(at(move.Told))
	}
	buf := make([]byte, 4096)
	for empty := 0; empty < 100; {
		n, err := conn.Read(buf)
		if err != nil {
			return err
		}
		if n == 0 {
			empty++
			continue
		}
		if buf[n-1] == '\n' {
			conn.SetBusy(true)
			time.Sleep(h.takes)
			conn.SetBusy(false)
		}
	}
	return errors.New("reading returns nothing, again and again")
}

// endOf is nameOf, and tells net.ErrClosed from what the connection below says.
func endOf(err error) string {
	if errors.Is(err, net.ErrClosed) {
		return "net.ErrClosed"
	}
	return nameOf(err)
}

// nameOf says in a word which error it is.
func nameOf(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "os.ErrDeadlineExceeded"
	case errors.Is(err, io.EOF):
		return "io.EOF"
	case errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return "closed by the server itself"
	}
	return "another: " + wire.Clip(err.Error())
}

// Conns has a story happen.
func Conns(a Visit) Visited {
	var out Visited
	err := wire.Bubble(func() { out = a.happen() })
	if err != nil {
		return Visited{Err: wire.Fault(err.Error())}
	}
	return out
}

func (a Visit) happen() Visited {
	conns := &server.Conns{Max: a.Max, MaxPerClient: a.PerClient, Trusted: networks(a.Trusted), MinRate: a.MinRate, Grace: a.Grace}
	s, h := newStreet(), &house{takes: a.Takes}
	ln := conns.Listener(s)
	served := make(chan struct{})
	go func() {
		defer close(served)
		h.serve(ln)
	}()
	var out Visited
	var visitors []*visitor
	for _, m := range a.Moves {
		switch m.Do {
		case "come":
			ours, theirs := net.Pipe()
			visitors = append(visitors, newVisitor(ours))
			h.mu.Lock()
			port := firstPort + len(h.comes)
			h.comes = append(h.comes, m)
			h.mu.Unlock()
			if m.From != "" {
				theirs = from{theirs, &net.TCPAddr{IP: net.ParseIP(m.From), Port: port}}
			}
			s.door <- theirs
		case "send":
			visitors[m.Who].say <- m.Data
		case "leave":
			_ = visitors[m.Who].Close()
		case "shut":
			synctest.Wait()
			out.Queue = len(s.door)
			_ = ln.Close()
		}
		time.Sleep(m.Then)
		if m.Do == "look" {
			synctest.Wait()
			st := conns.Stats()
			look := Look{st.Open, st.Idle, st.Accepted, st.Dropped, st.Refused, []bool{}}
			for _, v := range visitors {
				select {
				case <-v.gone:
					look.Gone = append(look.Gone, true)
				default:
					look.Gone = append(look.Gone, false)
				}
			}
			out.Looks = append(out.Looks, look)
		}
	}
	synctest.Wait()
	h.mu.Lock()
	out.Ends = append([]End{}, h.ends...)
	out.Shut = h.shut
	h.mu.Unlock()
	_ = ln.Close()
	for _, v := range visitors {
		_ = v.Close()
		close(v.say)
	}
	time.Sleep(2*a.Takes + time.Second)
	<-served
	return out
}
