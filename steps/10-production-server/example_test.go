package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	server "barewire/steps/10-production-server"
)

// The examples of this package run against a real server on this machine. This file
// has what they share: start starts one, curl talks to it.

// start has srv serve on a free port. It returns its address, and what ends it.
func start(srv *server.Server) (addr string, stop func()) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		srv.Serve(ln)
		ln.Close()
	}()
	return ln.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			fmt.Println(err)
		}
	}
}

// A page is what came back: a response, or an error.
type page struct {
	*http.Response
	text string
	err  error
}

// curl sends a request, given as its lines: method and target, then fields, then,
// behind an empty line, the content.
func curl(addr string, request ...string) page {
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return page{err: err}
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(5 * time.Second))
	fields, content := request[1:], ""
	if i := slices.Index(fields, ""); i >= 0 {
		fields, content = fields[:i], strings.Join(fields[i+1:], "\r\n")
	}
	head := []string{request[0] + " HTTP/1.1", "Host: example.org", "Connection: close"}
	if head = append(head, fields...); content != "" && !slices.Contains(fields, "Transfer-Encoding: chunked") {
		head = append(head, fmt.Sprintf("Content-Length: %d", len(content)))
	}
	io.WriteString(nc, strings.Join(head, "\r\n")+"\r\n\r\n"+content)
	method, _, _ := strings.Cut(request[0], " ")
	res, err := http.ReadResponse(bufio.NewReader(nc), &http.Request{Method: method})
	if err != nil {
		return page{err: err}
	}
	text, err := io.ReadAll(res.Body)
	io.Copy(io.Discard, nc) // until it is closed: now the handler has returned too
	return page{res, string(text), err}
}

// field returns a field of the response.
func (p page) field(name string) string {
	if p.Response == nil {
		return ""
	}
	return p.Header.Get(name)
}

// show prints the status of the response, the fields that are named, and the content,
// unless that is the status again.
func (p page) show(names ...string) {
	if p.Response != nil {
		fmt.Println(p.Status)
		for _, name := range names {
			for _, value := range p.Header.Values(name) {
				fmt.Println(name + ": " + value)
			}
		}
		if text := strings.TrimRight(p.text, "\n"); text != "" && text != p.Status {
			fmt.Println(text)
		}
	}
	if p.err != nil {
		fmt.Println(p.err)
	}
}

// await waits until something is so, for five seconds at most.
func await(so func() bool) {
	for end := time.Now().Add(5 * time.Second); !so() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}
