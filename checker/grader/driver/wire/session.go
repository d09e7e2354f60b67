package wire

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// A Session is an object in the driver and its connection to the exam. It ends
// when the exam closes that.
type Session struct {
	nc   net.Conn
	key  uint64 // in every reply
	ons  map[string]function
	done chan struct{}

	mu     sync.Mutex // for all that follows, and for writing
	lastID uint64
	asked  map[uint64]chan json.RawMessage
	ends   []func()
}

// ErrEnded says that the exam has closed the session.
var ErrEnded = errors.New("wire: the session has ended")

// serveSession makes the object, says so, and serves what is asked of it, each
// call in a goroutine of its own.
func serveSession(nc net.Conn, hello *Hello) {
	s := &Session{nc: nc, key: hello.Key, ons: map[string]function{}, done: make(chan struct{}), asked: map[uint64]chan json.RawMessage{}}
	defer s.end()
	begin := sessions[hello.Name]
	ready := call(func(arg json.RawMessage) (any, error) {
		if begin == nil {
			return nil, fmt.Errorf("there is no session %s", hello.Name)
		}
		return nil, begin(s, arg)
	}, Request{Arg: hello.Arg})
	ready.Event = "ready"
	if s.write(ready) != nil || ready.Panic != "" || ready.Error != "" {
		return
	}
	in := bufio.NewReaderSize(nc, 16<<10)
	for {
		var request Request
		if err := ReadFrame(in, &request); err != nil {
			return
		}
		if request.Fn == "" {
			s.answer(request)
			continue
		}
		go func() { _ = s.write(call(s.ons[request.Fn], request)) }()
	}
}

// end closes everything that belongs to the session, the last first.
func (s *Session) end() {
	close(s.done)
	_ = s.nc.Close()
	s.mu.Lock()
	ends := s.ends
	s.mu.Unlock()
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i]()
	}
}

// Defer has f called when the session ends.
func (s *Session) Defer(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, f)
}

// Done is closed when the session ends.
func (s *Session) Done() <-chan struct{} { return s.done }

// On says what happens when the exam calls name in the session: f, a func(A) R. Calls run
// side by side. All calls of On come before the session's function returns.
func On(s *Session, name string, f any) { s.ons[name] = functionOf(name, f) }

// Emit tells the exam of something and goes on.
func (s *Session) Emit(event string, value any) {
	raw, err := json.Marshal(value)
	if err == nil {
		_ = s.write(Reply{Event: event, Value: raw})
	}
}

// Ask tells the exam of something and waits for its word, which it decodes into
// answer unless that is nil. The error is ErrEnded if the session ends first.
func (s *Session) Ask(event string, value, answer any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	word := make(chan json.RawMessage, 1)
	s.mu.Lock()
	s.lastID++
	id := s.lastID
	s.asked[id] = word
	s.mu.Unlock()
	if err := s.write(Reply{ID: id, Event: event, Value: raw}); err != nil {
		return ErrEnded
	}
	select {
	case raw := <-word:
		if answer == nil {
			return nil
		}
		return unmarshal(raw, answer)
	case <-s.done:
		return ErrEnded
	}
}

// answer hands the exam's word to whoever waits for it.
func (s *Session) answer(request Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if word := s.asked[request.ID]; word != nil {
		delete(s.asked, request.ID)
		word <- request.Arg
	}
}

func (s *Session) write(reply Reply) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply.Key = s.key
	return WriteFrame(s.nc, reply)
}
