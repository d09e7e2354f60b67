// Command canned is the least that a server with a goroutine for each connection can
// do: it looks for the empty line and writes an answer that was prepared. It is no
// HTTP server, and what it costs is what the kernel and Go's network poller cost.
//
// It leaves out everything else: also content, which it would take for a request.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net"
)

const answer = "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!"

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "the `address` to listen on")
	flag.String("root", "", "not used: there are no files")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	log.Fatal(serve(ln))
}

func serve(ln net.Listener) error {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go serveConn(nc)
	}
}

// serveConn answers every empty line, those that have come together with one write.
func serveConn(nc net.Conn) {
	defer nc.Close()
	in, out := make([]byte, 4<<10), []byte(nil)
	have := 0
	for {
		n, err := nc.Read(in[have:])
		if err != nil {
			return
		}
		have += n
		rest := in[:have]
		out = out[:0]
		last := false
		for {
			end := bytes.Index(rest, []byte("\r\n\r\n"))
			if end < 0 {
				break
			}
			out = append(out, answer...)
			last = bytes.Contains(rest[:end], []byte("Connection: close"))
			rest = rest[end+4:]
		}
		have = copy(in, rest)
		if have == len(in) {
			return // a head that does not fit
		}
		if len(out) == 0 {
			continue
		}
		if _, err := nc.Write(out); err != nil || last {
			return
		}
	}
}
