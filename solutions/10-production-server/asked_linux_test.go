package server

import (
	"net"
	"testing"
)

// A connection with a request that nobody has read yet is not idle, whatever its
// goroutine has had time for.
func TestAsked(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if asked(nc) {
		t.Error("before the client has sent anything")
	}
	client.Write([]byte("GET"))
	until(t, "what the client has sent is seen", func() bool { return asked(nc) })
	p := make([]byte, 3)
	if n, err := nc.Read(p); n != 3 || err != nil {
		t.Fatalf("Read = %d, %v: it was not left where it was", n, err)
	}
	if asked(nc) {
		t.Error("after it was read")
	}
	client.Close()
	if n, err := nc.Read(p); n != 0 || err == nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	if asked(nc) {
		t.Error("after the client has closed: nobody waits for an answer")
	}
	pipe, _ := net.Pipe()
	nc.Close()
	for _, other := range []net.Conn{pipe, nc, new(net.TCPConn)} {
		if asked(other) {
			t.Errorf("%T: what is no socket, or none any more, cannot know", other)
		}
	}
}
