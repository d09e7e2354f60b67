package exercise

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// An origin is the server to which a proxy forwards. What it answers is up to the check
// that runs.
type origin struct {
	addr     string
	listener net.Listener
	mu       sync.Mutex
	answer   func(r asked, w io.Writer) // what the check that runs wants
	requests []asked
	paths    int
	conns    map[net.Conn]bool
}

// asked is a request that has come to the origin.
type asked struct {
	*http.Request
	content string
	err     error // why the content is not whole
	turn    int   // 1 for the first of a check
}

// newOrigin listens.
func newOrigin(addr string) (*origin, error) {
	o := &origin{addr: addr, conns: map[net.Conn]bool{}}
	return o, o.start()
}

// start listens, again after a stop at the same address.
func (o *origin) start() error {
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	o.listener, o.addr = listener, listener.Addr().String()
	go o.serve(listener)
	return nil
}

// stop closes everything.
func (o *origin) stop() {
	o.listener.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	for nc := range o.conns {
		nc.Close()
	}
}

func (o *origin) serve(listener net.Listener) {
	for {
		nc, err := listener.Accept()
		if err != nil {
			return
		}
		o.mu.Lock()
		o.conns[nc] = true
		o.mu.Unlock()
		go o.converse(nc)
	}
}

// converse answers requests until one answer says that it was the last one.
func (o *origin) converse(nc net.Conn) {
	defer func() {
		nc.Close()
		o.mu.Lock()
		delete(o.conns, nc)
		o.mu.Unlock()
	}()
	in := bufio.NewReader(nc)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		content, err := io.ReadAll(r.Body)
		o.mu.Lock()
		each := asked{r, string(content), err, len(o.requests) + 1}
		o.requests = append(o.requests, each)
		answer := o.answer
		o.mu.Unlock()
		w := &ended{Writer: nc}
		answer(each, w)
		if w.last || r.Close {
			return
		}
	}
}

// ended is what an answer is written to.
type ended struct {
	io.Writer
	last bool
}

// over ends the connection of an answer.
func over(w io.Writer) { w.(*ended).last = true }

// answers says how requests are answered from now on, forgets those that have come, and
// returns a path that no check has used, so that no cache knows it.
func (o *origin) answers(answer func(r asked, w io.Writer)) (path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer, o.requests = answer, nil
	o.paths++
	return fmt.Sprintf("/exercise/%d", o.paths)
}

// says answers every request with fields, which are lines, and content.
func (o *origin) says(content string, fields ...string) (path string) {
	return o.answers(func(r asked, w io.Writer) { answer(w, r.Method, content, fields...) })
}

// answer writes a 200 with a length.
func answer(w io.Writer, method, content string, fields ...string) {
	text := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n", len(content))
	for _, f := range fields {
		text += f + "\r\n"
	}
	text += "\r\n"
	if method != http.MethodHead {
		text += content
	}
	io.WriteString(w, text)
}

// got returns the requests that have come.
func (o *origin) got() []asked {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]asked(nil), o.requests...)
}

// one returns the only request that has come.
func (o *origin) one() asked {
	got := o.got()
	expect("the number of requests that have come to the origin is counted", 1, len(got))
	return got[0]
}
