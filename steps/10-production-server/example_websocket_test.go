package server_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	keepalive "barewire/steps/04-keep-alive"
	server "barewire/steps/10-production-server"
)

// echoServer sends back each message of a WebSocket at /echo.
func echoServer() (*server.Server, error) {
	srv, err := server.New(server.Config{})
	if err != nil {
		return nil, err
	}
	srv.HandleFunc("GET /echo", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		acceptWebSocket(w, r, 1<<10, func(s *webSocket) error {
			for {
				op, message, err := s.read()
				if err != nil {
					return err
				}
				if err := s.write(op, message); err != nil {
					return err
				}
			}
		})
	})
	return srv, nil
}

// handshake is what a browser says, with the key of RFC 6455 §1.3.
var handshake = []string{"GET /echo", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}

// A socket is a client that sends frames as it is told.
type socket struct {
	net.Conn
	r *bufio.Reader
}

// dialSocket connects and shows the answer to the handshake.
func dialSocket(addr string, show bool) *socket {
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		fmt.Println(err)
		return nil
	}
	nc.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(nc, "%s HTTP/1.1\r\nHost: example.org\r\n%s\r\n\r\n", handshake[0], strings.Join(handshake[1:], "\r\n"))
	s := &socket{nc, bufio.NewReader(nc)}
	if res, err := http.ReadResponse(s.r, nil); err != nil {
		fmt.Println(err)
	} else if show {
		page{Response: res}.show("Upgrade", "Sec-WebSocket-Accept")
	}
	return s
}

// say sends a frame with this first byte, masked.
func (s *socket) say(first byte, payload string) {
	s.Write(appendFrame(nil, first, []byte(payload), []byte{1, 2, 3, 4}))
}

// hear reads a frame of the server and describes it.
func (s *socket) hear() string {
	var head [2]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return err.Error()
	}
	payload := make([]byte, head[1]) // shorter than 126 bytes, and not masked
	if _, err := io.ReadFull(s.r, payload); err != nil {
		return err.Error()
	}
	switch head[0] {
	case 0x80 | opText:
		return fmt.Sprintf("text %q", payload)
	case 0x80 | opPong:
		return fmt.Sprintf("pong %q", payload)
	case 0x80 | opClose:
		return fmt.Sprint("close ", binary.BigEndian.Uint16(payload))
	}
	return fmt.Sprintf("%x %q", head[0], payload)
}

// A WebSocket that sends everything back: keepalive.Upgrade does the part that is
// HTTP, and what comes after it is in websocket_test.go.
func Example_webSocket() {
	srv, err := echoServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	addr, stop := start(srv)
	defer stop()
	s := dialSocket(addr, true)
	if s == nil {
		return
	}
	defer s.Close()
	s.say(0x80|opText, "hello")
	fmt.Println(s.hear())
	s.say(opText, "in two ") // without FIN, 0x80
	s.say(0x80|opPing, "still there?")
	s.say(0x80|opContinue, "parts")
	fmt.Println(s.hear())
	fmt.Println(s.hear())
	s.say(0x80|opClose, "\x03\xe8") // 1000
	fmt.Println(s.hear())
	// Output:
	// 101 Switching Protocols
	// Upgrade: websocket
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// text "hello"
	// pong "still there?"
	// text "in two parts"
	// close 1000
}

// What a server must refuse, and how: with a code, before it reads the rest.
func Example_webSocketRefused() {
	srv, err := echoServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	addr, stop := start(srv)
	defer stop()
	for _, bad := range []struct{ what, frame string }{
		{"not masked", "\x81\x02hi"},
		{"a reserved bit", "\xc1\x80\x01\x02\x03\x04"},
		{"a kind that there is not", "\x83\x80\x01\x02\x03\x04"},
		{"a ping in parts", "\x09\x80\x01\x02\x03\x04"},
		{"a ping of 126 bytes", "\x89\xfe\x00\x7e\x01\x02\x03\x04"},
		{"the rest of nothing", "\x80\x80\x01\x02\x03\x04"},
		{"two bytes of length for 5", "\x81\xfe\x00\x05\x01\x02\x03\x04"},
		{"a terabyte", "\x81\xff\x00\x00\x01\x00\x00\x00\x00\x00\x01\x02\x03\x04"},
		{"more than fits into an int", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04"},
		{"two parts that are too much", string(appendFrame(nil, 0x01, make([]byte, 1000), make([]byte, 4))) +
			string(appendFrame(nil, 0x80, make([]byte, 25), make([]byte, 4)))},
		{"half a code", "\x88\x81\x00\x00\x00\x00\x03"},
		{"text that is not UTF-8", "\x81\x81\x00\x00\x00\x00\xff"},
	} {
		s := dialSocket(addr, false)
		if s == nil {
			return
		}
		io.WriteString(s, bad.frame)
		fmt.Printf("%s: %s\n", bad.what, s.hear())
		s.Close()
	}
	curl(addr, "GET /echo").show()
	curl(addr, append(handshake[:4:4], "Sec-WebSocket-Version: 8")...).show("Sec-WebSocket-Version")
	curl(addr, append(handshake[:5:5], "Origin: https://evil.example")...).show()
	// Output:
	// not masked: close 1002
	// a reserved bit: close 1002
	// a kind that there is not: close 1002
	// a ping in parts: close 1002
	// a ping of 126 bytes: close 1002
	// the rest of nothing: close 1002
	// two bytes of length for 5: close 1002
	// a terabyte: close 1009
	// more than fits into an int: close 1009
	// two parts that are too much: close 1009
	// half a code: close 1002
	// text that is not UTF-8: close 1007
	// 400 Bad Request
	// 426 Upgrade Required
	// Sec-WebSocket-Version: 13
	// 403 Forbidden
}

// A server that stops says so: the client reconnects somewhere else.
func Example_webSocketStop() {
	srv, err := echoServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	addr, stop := start(srv)
	s := dialSocket(addr, false)
	if s == nil {
		stop()
		return
	}
	s.say(0x80|opText, "hello")
	fmt.Println(s.hear())
	heard := make(chan string, 1)
	go func() {
		heard <- s.hear()
		s.Close()
	}()
	stop()
	fmt.Println(<-heard)
	// Output:
	// text "hello"
	// close 1001
}
