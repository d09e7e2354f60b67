package exercise

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// webSocket is RFC 6455 on GET /echo, which sends each message back.
var webSocket = Exercise{Name: "websocket", Title: "WebSocket (RFC 6455) on GET /echo", Checks: []Check{
	{"the handshake is answered with 101 and the key", "RFC 6455 §4.2.2: the answer proves that the server knows this protocol, and is no cache or mail server that sends back what it is told", func(c *Client) {
		openSocket(c)
	}},
	{"a version other than 13 is answered with 426 and the version that would do", "RFC 6455 §4.4", func(c *Client) {
		nc := c.dial()
		nc.send(head("GET", "/echo", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 12"))
		if r := nc.status("GET", 426); r.Header.Get("Sec-WebSocket-Version") != "13" {
			nc.fail("Sec-WebSocket-Version: 13", fmt.Sprintf("Sec-WebSocket-Version: %s", r.Header.Get("Sec-WebSocket-Version")))
		}
	}},
	{"a request that offers no upgrade is no handshake", "RFC 9110 §7.8: the client has to offer", func(c *Client) {
		nc := c.dial()
		nc.send(head("GET", "/echo", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"))
		nc.status("GET", 400, 426)
	}},
	{"messages of every length come back, as text or binary and unmasked", "RFC 6455 §5.2: 7 bits hold a length up to 125, then come 2 or 8 more bytes; §5.1: a server must not mask", func(c *Client) {
		nc := openSocket(c)
		for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 100_000} {
			nc.echoes(opBinary, bytes.Repeat([]byte{0xfe, 'x'}, n/2+1)[:n])
		}
		nc.echoes(opText, []byte("grüezi, 世界"))
	}},
	{"frames may arrive byte by byte, and several at once", "TCP knows no frames", func(c *Client) {
		nc := openSocket(c)
		nc.slowly(string(masked(opText, "slowly").bytes()))
		nc.message(opText, "slowly")
		nc.frames(masked(opText, "one"), masked(opText, "two"), masked(opText, "three"))
		for _, want := range []string{"one", "two", "three"} {
			nc.message(opText, want)
		}
	}},
	{"a message in fragments is one message", "RFC 6455 §5.4", func(c *Client) {
		nc := openSocket(c)
		nc.frames(part(opText, "he"), part(opContinuation, "ll"), masked(opContinuation, "o"))
		nc.message(opText, "hello")
	}},
	{"a ping is answered at once, also between fragments", "RFC 6455 §5.5.2: with the same content; §5.4: control frames may stand between the fragments of a message", func(c *Client) {
		nc := openSocket(c)
		nc.frames(masked(opPing, "are you there?"))
		nc.frame(opPong, "are you there?")
		nc.frames(part(opText, "he"), masked(opPing, ""))
		nc.frame(opPong, "")
		nc.frames(masked(opContinuation, "llo"))
		nc.message(opText, "hello")
	}},
	{"a pong that nobody asked for is no reason to answer", "RFC 6455 §5.5.3", func(c *Client) {
		nc := openSocket(c)
		nc.frames(masked(opPong, "hm"), masked(opText, "next"))
		nc.message(opText, "next")
	}},
	{"a frame without a mask ends the connection with 1002", "RFC 6455 §5.1: a mask keeps scripts from writing bytes of their choice to caches on the way", refuses(1002, frame{fin: true, op: opText, payload: []byte("bare")})},
	{"a reserved bit ends the connection with 1002", "RFC 6455 §5.2: it means an extension, and none was agreed on", refuses(1002, frame{fin: true, rsv: 4, op: opText, masked: true})},
	{"an unknown opcode ends the connection with 1002", "RFC 6455 §5.2", refuses(1002, masked(3, ""))},
	{"a control frame in fragments ends the connection with 1002", "RFC 6455 §5.5", refuses(1002, part(opPing, "a"))},
	{"a control frame of 126 bytes ends the connection with 1002", "RFC 6455 §5.5: 125 at most", refuses(1002, masked(opPing, strings.Repeat("a", 126)))},
	{"a continuation of nothing ends the connection with 1002", "RFC 6455 §5.4", refuses(1002, masked(opContinuation, "lo"))},
	{"a new message inside another one ends the connection with 1002", "RFC 6455 §5.4: fragments of two messages must not be mixed", refuses(1002, part(opText, "one"), masked(opText, "two"))},
	{"text that is no UTF-8 ends the connection with 1007", "RFC 6455 §8.1", refuses(1007, masked(opText, "a\xffb"))},
	{"a letter may be cut in two by fragments", "RFC 6455 §8.1: the message is text, and not each fragment", func(c *Client) {
		nc := openSocket(c)
		nc.frames(part(opText, "gr\xc3"), masked(opContinuation, "\xbcezi"))
		nc.message(opText, "grüezi")
	}},
	{"a frame that announces 2^40 bytes ends the connection with 1009", "RFC 6455 §7.4.1, §10.4: who believes a length before the bytes are there gives memory away. The exercise allows 1 MiB a message", func(c *Client) {
		nc := openSocket(c)
		nc.send("\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00" + "mask")
		nc.closedWith(1009)
	}},
	{"fragments that grow beyond 1 MiB end the connection with 1009", "RFC 6455 §10.4: a limit for frames alone bounds nothing", func(c *Client) {
		nc := openSocket(c)
		op := byte(opBinary)
		for range 16 {
			nc.frames(part(op, strings.Repeat("a", 1<<16)))
			op = opContinuation
		}
		nc.sent.Reset()
		nc.sent.WriteString("(16 fragments of 64 KiB each, then one of 1 byte)")
		nc.Write(masked(op, "a").bytes())
		nc.closedWith(1009)
	}},
	{"Close is answered with Close and its code, and then the connection ends", "RFC 6455 §5.5.1, §7.1.1", func(c *Client) {
		nc := openSocket(c)
		nc.frames(masked(opClose, "\x03\xe8bye"))
		nc.closedWith(1000)
	}},
	{"an empty Close is answered too", "RFC 6455 §7.1.5: no code is allowed", func(c *Client) {
		nc := openSocket(c)
		nc.frames(masked(opClose, ""))
		if f := nc.next("a Close frame"); f.op != opClose || len(f.payload) != 0 && !strings.HasPrefix(string(f.payload), "\x03\xe8") {
			nc.fail("a Close frame, empty or with 1000", f.String())
		}
		nc.ends()
	}},
	{"a Close with one byte, or with a code that nobody may send, is answered with 1002", "RFC 6455 §5.5.1: a code has two bytes; §7.4.1: 1005 and 1006 are never sent", func(c *Client) {
		for _, payload := range []string{"\x03", "\x03\xed", "\x03\xee", "\x00\x00"} {
			refuses(1002, masked(opClose, payload))(c)
		}
	}},
}}

// The opcodes of RFC 6455 §5.2.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// A frame is one of RFC 6455 §5.2.
type frame struct {
	fin     bool
	rsv, op byte
	masked  bool
	payload []byte
}

// masked is a whole message, or its last fragment, as a client sends it.
func masked(op byte, payload string) frame {
	return frame{fin: true, op: op, masked: true, payload: []byte(payload)}
}

// part is a fragment with more behind it.
func part(op byte, payload string) frame {
	return frame{op: op, masked: true, payload: []byte(payload)}
}

func (f frame) String() string {
	if f.op == opClose && len(f.payload) >= 2 {
		return fmt.Sprintf("Close with %d", binary.BigEndian.Uint16(f.payload))
	}
	name := map[byte]string{opContinuation: "a continuation", opText: "a text", opBinary: "a binary", opClose: "an empty Close", opPing: "a ping", opPong: "a pong"}[f.op]
	if name == "" {
		name = fmt.Sprintf("an opcode %d", f.op)
	}
	return fmt.Sprintf("%s frame of %d bytes: %.40q", name, len(f.payload), f.payload)
}

// bytes is the frame on the wire.
func (f frame) bytes() []byte {
	b := []byte{f.rsv<<4 | f.op}
	if f.fin {
		b[0] |= 0x80
	}
	mask := byte(0)
	if f.masked {
		mask = 0x80
	}
	switch n := len(f.payload); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	if !f.masked {
		return append(b, f.payload...)
	}
	key := []byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key...)
	for i, c := range f.payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// openSocket shakes hands, with a key that nobody knows beforehand.
func openSocket(c *Client) *conn {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	key := base64.StdEncoding.EncodeToString(nonce)
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	nc := c.dial()
	nc.send(head("GET", "/echo", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Key: "+key, "Sec-WebSocket-Version: 13"))
	r := nc.head("GET", "101 Switching Protocols")
	want := "101, websocket, upgrade, " + base64.StdEncoding.EncodeToString(sum[:])
	got := fmt.Sprintf("%d, %s, %s, %s", r.StatusCode, strings.ToLower(r.Header.Get("Upgrade")), strings.ToLower(r.Header.Get("Connection")), r.Header.Get("Sec-WebSocket-Accept"))
	if got != want {
		nc.fail("status, Upgrade, Connection and Sec-WebSocket-Accept\n"+want, got)
	}
	return nc
}

// frames sends frames in one write.
func (nc *conn) frames(all ...frame) {
	var b []byte
	for _, f := range all {
		b = append(b, f.bytes()...)
	}
	nc.send(string(b))
}

// next reads a frame.
func (nc *conn) next(want string) frame {
	var h [2]byte
	if _, err := io.ReadFull(nc.in, h[:]); err != nil {
		nc.fail(want, reading(err))
	}
	f := frame{fin: h[0]&0x80 != 0, rsv: h[0] >> 4 & 7, op: h[0] & 15, masked: h[1]&0x80 != 0}
	n := uint64(h[1] & 0x7f)
	if size := map[uint64]int{126: 2, 127: 8}[n]; size > 0 {
		b := make([]byte, 8)
		if _, err := io.ReadFull(nc.in, b[8-size:]); err != nil {
			nc.fail(want, reading(err))
		}
		n = binary.BigEndian.Uint64(b)
	}
	switch {
	case f.masked:
		nc.fail("a frame without a mask", "one with a mask")
	case f.rsv != 0:
		nc.fail("a frame without reserved bits", fmt.Sprintf("reserved bits %03b", f.rsv))
	case n > 1<<20:
		nc.fail(want, fmt.Sprintf("a frame that announces %d bytes", n))
	}
	f.payload = make([]byte, n)
	if got, err := io.ReadFull(nc.in, f.payload); err != nil {
		nc.fail(want, fmt.Sprintf("%d of %d bytes of a frame, then %s", got, n, reading(err)))
	}
	return f
}

// frame reads a frame, which must be this one.
func (nc *conn) frame(op byte, payload string) {
	want := frame{op: op, payload: []byte(payload)}
	if got := nc.next(want.String()); got.op != op || string(got.payload) != payload {
		nc.fail(want.String(), got.String())
	}
}

// message reads a message, in as many frames as it has, which must be this one.
func (nc *conn) message(op byte, payload string) {
	want := frame{op: op, payload: []byte(payload)}
	got := nc.next(want.String())
	for all := got; !all.fin; {
		all = nc.next("the rest of " + want.String())
		if all.op != opContinuation {
			nc.fail("a continuation", all.String())
		}
		got.payload = append(got.payload, all.payload...)
	}
	if got.op != op || string(got.payload) != payload {
		nc.fail(want.String(), got.String())
	}
}

// echoes sends a message, which must come back.
func (nc *conn) echoes(op byte, payload []byte) {
	nc.sent.Reset()
	// What is sent is not waited for: who sends it back as it comes must be able to.
	go nc.Write(frame{fin: true, op: op, masked: true, payload: payload}.bytes())
	fmt.Fprintf(&nc.sent, "(a message of %d bytes)", len(payload))
	nc.message(op, string(payload))
}

// refuses sends frames for which the connection has to end with a code.
func refuses(code uint16, frames ...frame) func(c *Client) {
	return func(c *Client) {
		nc := openSocket(c)
		nc.sent.Reset()
		nc.frames(frames...)
		nc.closedWith(code)
	}
}

// closedWith reads a Close frame with the code, and the end. What has come before the
// fault may be answered first.
func (nc *conn) closedWith(code uint16) {
	want := fmt.Sprintf("Close with %d", code)
	f := nc.next(want)
	for slices.Contains([]byte{opText, opBinary, opContinuation, opPong}, f.op) && len(f.payload) > 0 {
		f = nc.next(want)
	}
	if f.op != opClose || len(f.payload) < 2 || binary.BigEndian.Uint16(f.payload) != code {
		nc.fail(want, f.String())
	}
	nc.frames(masked(opClose, string(f.payload[:2]))) // as a client that has not begun it
	nc.ends()
}

// ends reads the end of the connection.
func (nc *conn) ends() {
	if b, err := nc.in.ReadByte(); err == nil {
		nc.fail("the end of the connection", fmt.Sprintf("the byte %#x", b))
	} else if got := reading(err); strings.HasPrefix(got, "nothing") {
		nc.fail("the end of the connection", got)
	}
}
