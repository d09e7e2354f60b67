package exam

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"barewire/checker/grader/driver/wire"
)

// A Session is an object in the driver, seen from here.
type Session struct {
	x   *X
	nc  net.Conn
	key uint64 // in every reply

	mu      sync.Mutex // for all that follows, and for writing
	lastID  uint64
	replies map[uint64]chan wire.Reply
	events  []wire.Reply  // that nobody has taken yet
	size    int           // of events, in bytes
	news    chan struct{} // closed, and made anew, when there is one more
	err     error         // once the connection has ended
}

// errForged is for a reply without the connection's key: somebody in the driver has
// written to a connection that is not theirs.
var errForged = errors.New("somebody else answers in its place")

// maxEvents is how many bytes of events may wait: a driver may send any number.
const maxEvents = 16 << 20

// Session begins a session in the driver. It ends with the check.
func (x *X) Session(name string, arg any) *Session {
	raw, err := json.Marshal(arg)
	if err != nil {
		panic(err)
	}
	s := &Session{x: x, replies: map[uint64]chan wire.Reply{}, news: make(chan struct{})}
	s.nc, s.key = x.open(wire.Hello{Kind: "session", Name: name, Arg: raw})
	x.Cleanup(s.End)
	go s.read()
	ready := s.Event("ready", nil)
	x.decode(name, ready, nil)
	return s
}

// End ends the session, as the end of the check does.
func (s *Session) End() { _ = s.nc.Close() }

// read takes what the driver sends.
func (s *Session) read() {
	in := bufio.NewReader(s.nc)
	for {
		var reply wire.Reply
		err := wire.ReadFrame(in, &reply)
		s.mu.Lock()
		switch {
		case err != nil:
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
		case reply.Key != s.key:
			err = errForged
		case reply.Event != "":
			s.events = append(s.events, reply)
			if s.size += len(reply.Value) + 64; s.size > maxEvents {
				err = errors.New("the program tells of too much")
			}
		default:
			if to := s.replies[reply.ID]; to != nil {
				delete(s.replies, reply.ID)
				to <- reply
			}
		}
		s.err = err
		close(s.news)
		s.news = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			_ = s.nc.Close()
			return
		}
	}
}

// A Pending is a call that is under way.
type Pending struct {
	s     *Session
	fn    string
	reply chan wire.Reply
	got   *wire.Reply
}

// Go calls a function of the session and does not wait for it.
func (s *Session) Go(fn string, arg any) *Pending {
	raw, err := json.Marshal(arg)
	if err != nil {
		panic(err)
	}
	p := &Pending{s: s, fn: fn, reply: make(chan wire.Reply, 1)}
	s.mu.Lock()
	s.lastID++
	id := s.lastID
	s.replies[id] = p.reply
	s.mu.Unlock()
	s.write(wire.Request{ID: id, Fn: fn, Arg: raw})
	return p
}

// Call calls a function of the session and decodes what it returns.
func (s *Session) Call(fn string, arg, result any) {
	s.Go(fn, arg).Wait(result)
}

// Returned says whether the call has returned within d.
func (p *Pending) Returned(d time.Duration) bool {
	if p.got != nil {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		p.s.mu.Lock()
		news, err := p.s.news, p.s.err
		p.s.mu.Unlock()
		select {
		case r := <-p.reply:
			p.got = &r
			return true
		default:
		}
		if err != nil {
			p.s.x.broken(err)
		}
		select {
		case <-news:
		case <-timer.C:
			return false
		}
	}
}

// Wait waits for what the call returns and decodes it. A call that does not return in
// time has failed.
func (p *Pending) Wait(result any) {
	if !p.Returned(p.s.x.patience) {
		panic(&Failure{Brief: p.fn + " has not returned after " + p.s.x.patience.String(), slow: true})
	}
	p.s.x.decode(p.fn, *p.got, result)
}

// Try is the next event of that name, decoded into value, if it comes within d.
func (s *Session) Try(name string, value any, d time.Duration) (wire.Reply, bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		s.mu.Lock()
		for i, e := range s.events {
			if e.Event == name {
				s.events = append(s.events[:i], s.events[i+1:]...)
				s.size -= len(e.Value) + 64
				s.mu.Unlock()
				if value != nil {
					s.x.decode(name, e, value)
				}
				return e, true
			}
		}
		news, err := s.news, s.err
		s.mu.Unlock()
		if err != nil {
			s.x.broken(err)
		}
		select {
		case <-news:
		case <-timer.C:
			return wire.Reply{}, false
		}
	}
}

// Event is the next event of that name. The check fails if there is none.
func (s *Session) Event(name string, value any) wire.Reply {
	e, ok := s.Try(name, value, s.x.patience)
	if !ok {
		panic(&Failure{Brief: "nothing after " + s.x.patience.String() + ": no " + name, slow: true})
	}
	return e
}

// Count is how many events of that name there are that nobody has taken.
func (s *Session) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.events {
		if e.Event == name {
			n++
		}
	}
	return n
}

// Answer gives the word that an event waits for.
func (s *Session) Answer(e wire.Reply, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	s.write(wire.Request{ID: e.ID, Arg: raw})
}

func (s *Session) write(r wire.Request) {
	s.mu.Lock()
	_ = s.nc.SetWriteDeadline(time.Now().Add(s.x.patience))
	err := wire.WriteFrame(s.nc, r)
	s.mu.Unlock()
	if err != nil {
		s.x.broken(err)
	}
}
