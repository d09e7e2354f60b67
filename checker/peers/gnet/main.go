// Command gnet answers with gnet, a loop around epoll for each processor. Gnet is no
// HTTP server: this parses no more than it takes to find the end of a request.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net"
	"runtime"
	"strconv"
	"sync"

	"github.com/panjf2000/gnet/v2"
)

const head = "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "

var hello = []byte(head + "13\r\n\r\nHello, World!")

func main() {
	addr := flag.String("addr", "", "the `address` to listen on; one that is free if it is empty")
	flag.String("root", "", "not used: there are no files")
	flag.Parse()
	if *addr == "" {
		// gnet does not tell which port it was given.
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		*addr = ln.Addr().String()
		ln.Close()
	}
	s := &server{addr: *addr}
	s.buffers.New = func() any { return new([]byte) }
	log.Fatal(gnet.Run(s, "tcp://"+*addr, gnet.WithNumEventLoop(runtime.GOMAXPROCS(0)),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay), gnet.WithLogger(silent{})))
}

// silent is a log that nobody reads. That of gnet would go to where the address goes.
type silent struct{}

// These implement gnet's Logger.
func (silent) Debugf(string, ...any)             {}
func (silent) Infof(string, ...any)              {}
func (silent) Warnf(string, ...any)              {}
func (silent) Errorf(string, ...any)             {}
func (silent) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

// server is what gnet calls.
type server struct {
	gnet.BuiltinEventEngine
	addr    string
	buffers sync.Pool
}

// OnBoot says that the server is there.
func (s *server) OnBoot(gnet.Engine) gnet.Action {
	fmt.Printf("listening on http://%s\n", s.addr)
	return gnet.None
}

// OnTraffic answers all requests that are there, with one write.
func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	in, _ := c.Peek(-1)
	buffer := s.buffers.Get().(*[]byte)
	used, out, last := 0, (*buffer)[:0], false
	for !last {
		n, content, bye := next(in[used:])
		if n == 0 {
			break
		}
		used, last = used+n, bye
		if content == nil {
			out = append(out, hello...)
		} else {
			out = strconv.AppendInt(append(out, head...), int64(len(content)), 10)
			out = append(append(out, "\r\n\r\n"...), content...)
		}
	}
	if len(out) > 0 {
		_, err := c.Write(out) // which sends it or copies it
		*buffer = out
		s.buffers.Put(buffer)
		if err != nil {
			return gnet.Close
		}
	}
	if _, err := c.Discard(used); err != nil || last {
		return gnet.Close
	}
	return gnet.None
}

// next finds the first request in b: how long it is, 0 if it is not whole, its content
// and whether it is the last one.
func next(b []byte) (n int, content []byte, last bool) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, nil, false
	}
	fields := b[:end]
	n = end + 4
	last = bytes.Contains(fields, []byte("Connection: close"))
	if b[0] != 'P' {
		return n, nil, last
	}
	if _, value, ok := bytes.Cut(fields, []byte("Content-Length: ")); ok {
		value, _, _ = bytes.Cut(value, []byte("\r\n"))
		length, err := strconv.Atoi(string(value))
		if err != nil || length < 0 || length > 1<<20 {
			return n, nil, true
		}
		if len(b) < n+length {
			return 0, nil, false
		}
		return n + length, b[n : n+length], last
	}
	return n, []byte{}, last
}
