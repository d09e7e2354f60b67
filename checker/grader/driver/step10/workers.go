package step10

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	keepalive "barewire/solutions/04-keep-alive"
	pool "barewire/solutions/05-thread-pool"
	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// A Shift is a story of requests that a pool handles, or a part of them.
type Shift struct {
	Max, Queue int
	Wait       time.Duration
	Blocking   bool // the handler has a part of it done by the pool, and Workers is not there
	Moves      []Move
}

// Worked is what came of it.
type Worked struct {
	Err   wire.Err
	Heard [][]Word // what each client has heard
	Looks []Work
	Done  int64 // tasks of the pool
}

// A Work is how busy the pool is.
type Work struct{ Running, Waiting int }

// A Word is a response, and when it came.
type Word struct {
	Status     int
	RetryAfter bool
	Content    []byte // of a 200
	Cut        bool   // before its end
	Fields     []string
	At         time.Duration
}

// Workers has a story happen. What clients send is the exam's, what the handler does is
// in the path: "/take/5" takes five milliseconds, "/take/5/3" has three for it,
// "/panic" panics, and all say what they were sent. With the move "stop", the server is
// told to stop: its context is done.
func Workers(a Shift) Worked {
	var out Worked
	err := wire.Bubble(func() { out = a.happen() })
	if err != nil {
		return Worked{Err: wire.Fault(err.Error())}
	}
	return out
}

func (a Shift) happen() Worked {
	p := pool.New(pool.Config{Max: a.Max, Queue: a.Queue, ErrorLog: quiet})
	var h keepalive.Handler = keepalive.HandlerFunc(work)
	if a.Blocking {
		h = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			took, limit := times(r)
			if limit > 0 {
				ctx, cancel := context.WithTimeout(r.Context(), limit)
				defer cancel()
				r.SetContext(ctx)
			}
			found := ""
			if server.Blocking(p, w, r, func(context.Context) {
				time.Sleep(took)
				if r.Path() == "/panic" {
					panic("as the exam wants it")
				}
				found = "found"
			}) {
				_ = keepalive.Text(w, 200, found)
			}
		})
	} else {
		h = server.Workers(p, a.Wait)(h)
	}
	out := Worked{Heard: [][]Word{}, Looks: []Work{}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	callers := callers{word: plainWord, stop: cancel, serve: func(nc net.Conn) {
		(&keepalive.Server{Handler: h, ErrorLog: quiet}).ServeConn(ctx, nc)
	}}
	callers.tell(a.Moves, func() {
		st := p.Stats()
		out.Looks = append(out.Looks, Work{st.Running, st.Waiting})
	})
	out.Heard = callers.end()
	_ = p.Shutdown(context.Background())
	out.Done = p.Stats().Done
	return out
}

// times are the numbers in a path, in milliseconds.
func times(r *keepalive.Request) (takes, limit time.Duration) {
	for i, part := range strings.Split(r.Path(), "/") {
		n, _ := strconv.Atoi(part)
		switch i {
		case 2:
			takes = time.Duration(n) * time.Millisecond
		case 3:
			limit = time.Duration(n) * time.Millisecond
		}
	}
	return takes, limit
}

// work is what handlers do.
func work(w keepalive.ResponseWriter, r *keepalive.Request) {
	if r.Path() == "/panic" {
		panic("as the exam wants it")
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		_ = keepalive.Error(w, 418)
		return
	}
	takes, _ := times(r)
	time.Sleep(takes)
	_ = keepalive.Text(w, 200, r.Method+string(content))
}

// callers are clients in a bubble. Each is there as soon as it says something.
type callers struct {
	serve func(nc net.Conn) // has a connection served, in a goroutine of its own
	raw   bool              // a client says one thing, and reads until the end
	word  func(res *http.Response, content []byte) Word
	stop  func()

	begun   time.Time
	all     []*visitor
	mu      sync.Mutex
	heard   [][]Word
	readers sync.WaitGroup
}

// plainWord is what matters of a response of step 4.
func plainWord(res *http.Response, content []byte) Word {
	word := Word{Status: res.StatusCode, RetryAfter: res.Header.Get("Retry-After") != ""}
	if res.StatusCode == 200 {
		word.Content = content
	}
	return word
}

// rawWord is all that comes as the answer to a request. Its status is 0 if that is no
// HTTP.
func rawWord(nc net.Conn, request []byte) Word {
	all, err := io.ReadAll(io.LimitReader(nc, 1<<20))
	word := Word{Cut: err != nil}
	method, _, _ := bytes.Cut(request, []byte(" "))
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(all)), &http.Request{Method: string(method)})
	if err != nil {
		return word
	}
	word.Status = res.StatusCode
	content, _ := io.ReadAll(res.Body)
	if _, rest, _ := bytes.Cut(all, []byte("\r\n\r\n")); !bytes.Equal(rest, content) {
		word.Fields = append(word.Fields, "there is something behind the response")
	}
	if res.Header.Get("Date") == "" || !res.Close {
		word.Fields = append(word.Fields, "Date or Connection: close is missing")
	}
	return word
}

// tell has moves happen: "come", "send", "leave", "stop" and "look".
func (c *callers) tell(moves []Move, look func()) {
	if c.begun.IsZero() {
		c.begun = time.Now()
	}
	for _, m := range moves {
		switch m.Do {
		case "come", "send":
			for m.Who >= len(c.all) {
				c.come(m)
			}
			if m.Do == "send" {
				c.all[m.Who].say <- m.Data
			}
		case "leave":
			_ = c.all[m.Who].Close()
		case "stop":
			c.stop()
		}
		time.Sleep(m.Then)
		if m.Do == "look" {
			synctest.Wait()
			look()
		}
	}
}

func (c *callers) come(m Move) {
	ours, theirs := net.Pipe()
	if m.From != "" {
		theirs = from{theirs, &net.TCPAddr{IP: net.ParseIP(m.From), Port: firstPort + len(c.all)}}
	}
	if m.TLS {
		ours = tls.Client(ours, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	}
	v := &visitor{ours, make(chan []byte, 1000), make(chan struct{})}
	i := len(c.all)
	c.all = append(c.all, v)
	c.mu.Lock()
	c.heard = append(c.heard, []Word{})
	c.mu.Unlock()
	go func() {
		for data := range v.say {
			_, _ = ours.Write(data)
		}
	}()
	c.readers.Go(func() {
		defer close(v.gone)
		if c.raw && !m.TLS {
			word := rawWord(ours, m.Data)
			word.At = time.Since(c.begun).Round(time.Millisecond)
			c.mu.Lock()
			c.heard[i] = append(c.heard[i], word)
			c.mu.Unlock()
			return
		}
		in := bufio.NewReader(ours)
		for {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				_, _ = io.Copy(io.Discard, ours)
				return
			}
			content, err := io.ReadAll(res.Body)
			word := c.word(res, content)
			word.Cut = err != nil
			if secure, ok := ours.(*tls.Conn); ok {
				word.Fields = append(word.Fields, "over TLS: "+secure.ConnectionState().NegotiatedProtocol)
			}
			word.At = time.Since(c.begun).Round(time.Millisecond)
			c.mu.Lock()
			c.heard[i] = append(c.heard[i], word)
			c.mu.Unlock()
		}
	})
	go c.serve(theirs)
}

// end has all clients leave, and returns what they have heard.
func (c *callers) end() [][]Word {
	synctest.Wait()
	c.mu.Lock()
	heard := append([][]Word{}, c.heard...)
	c.mu.Unlock()
	for _, v := range c.all {
		_ = v.Close()
		close(v.say)
	}
	c.readers.Wait()
	return heard
}
