package exercise

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"slices"
	"testing"
	"unicode/utf8"

	"barewire/solutions/04-keep-alive"
)

var socketMistakes = []mistake{
	{"the key comes back as it was", "the handshake"},
	{"any version", "a version other than 13"},
	{"no offer", "a request that offers no upgrade"},
	{"16 bits of length", "messages of every length"},
	{"answers are masked", "messages of every length"},
	{"one Read is one frame", "frames may arrive byte by byte"},
	{"fragments are messages", "a message in fragments"},
	{"pings wait for the message", "a ping is answered at once"},
	{"pongs are answered", "a pong that nobody asked for"},
	{"no mask needed", "a frame without a mask"},
	{"reserved bits", "a reserved bit"},
	{"opcodes", "an unknown opcode"},
	{"control in fragments", "a control frame in fragments"},
	{"long control", "a control frame of 126"},
	{"continuation of nothing", "a continuation of nothing"},
	{"messages mixed", "a new message inside"},
	{"any text", "text that is no UTF-8"},
	{"text by frame", "a letter may be cut"},
	{"lengths are believed", "a frame that announces 2^40"},
	{"only frames are limited", "fragments that grow"},
	{"no Close back", "Close is answered"},
	{"a Close has a code", "an empty Close"},
	{"any code", "a Close with one byte"},
}

// startSocket serves a model of the exercise websocket on the reference's step 4.
func startSocket(t *testing.T, _, mistake string) string {
	server := &keepalive.Server{ErrorLog: slog.New(slog.DiscardHandler), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if v := r.Header.Get("Sec-WebSocket-Version"); v != "13" && mistake != "any version" {
			w.Header().Set("Sec-WebSocket-Version", "13")
			keepalive.Error(w, 426)
			return
		}
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		accept := base64.StdEncoding.EncodeToString(sum[:])
		if mistake == "the key comes back as it was" {
			accept = r.Header.Get("Sec-WebSocket-Key")
		}
		w.Header().Set("Sec-WebSocket-Accept", accept)
		if mistake == "no offer" {
			w.WriteHeader(200)
			return
		}
		err := keepalive.Upgrade(w, r, "websocket", func(ctx context.Context, nc net.Conn) {
			(&socket{nc: nc, in: bufio.NewReader(nc), mistake: mistake}).talk()
		})
		if err != nil {
			keepalive.Error(w, 400)
		}
	})}
	return listen(t, server.ServeConn)
}

// A socket is a connection after the handshake.
type socket struct {
	nc      net.Conn
	in      *bufio.Reader
	mistake string
}

// talk sends messages back until there is a reason to end.
func (s *socket) talk() {
	var message frame // whose op is 0 where none has begun
	var pings []frame
	for {
		f, code := s.read(len(message.payload))
		if code == 0 {
			code = s.check(f, message)
		}
		if code != 0 {
			s.close(code)
			return
		}
		switch {
		case f.op == opClose:
			if s.mistake == "no Close back" {
				return
			}
			if len(f.payload) == 0 && s.mistake != "a Close has a code" {
				s.write(opClose, nil)
				return
			}
			s.close(s.code(f.payload))
			return
		case f.op == opPing && s.mistake == "pings wait for the message" && message.op != 0:
			pings = append(pings, f)
		case f.op == opPing, f.op == opPong && s.mistake == "pongs are answered":
			s.write(opPong, f.payload)
		case f.op == opPong:
		default:
			if f.op != opContinuation {
				message = frame{op: f.op}
			}
			message.payload = append(message.payload, f.payload...)
			whole := message.op != opText || utf8.Valid(message.payload) || s.mistake == "any text"
			switch {
			case !whole && (f.fin || s.mistake == "text by frame"):
				s.close(1007)
				return
			case f.fin || s.mistake == "fragments are messages":
				s.write(message.op, message.payload)
				for _, ping := range pings {
					s.write(opPong, ping.payload)
				}
				message, pings = frame{}, nil
			}
		}
	}
}

// check returns the code with which a frame ends the connection, or 0.
func (s *socket) check(f, message frame) uint16 {
	control := f.op >= 8
	for _, rule := range []struct {
		broken  bool
		mistake string
	}{
		{!f.masked, "no mask needed"},
		{f.rsv != 0, "reserved bits"},
		{!slices.Contains([]byte{0, 1, 2, 8, 9, 10}, f.op), "opcodes"},
		{control && !f.fin, "control in fragments"},
		{control && len(f.payload) > 125, "long control"},
		{f.op == opContinuation && message.op == 0, "continuation of nothing"},
		{!control && f.op != opContinuation && message.op != 0, "messages mixed"},
	} {
		if rule.broken && s.mistake != rule.mistake {
			return 1002
		}
	}
	return 0
}

// code is the answer to a Close frame.
func (s *socket) code(payload []byte) uint16 {
	if len(payload) < 2 {
		return 1002
	}
	code := binary.BigEndian.Uint16(payload)
	if s.mistake != "any code" && (code < 1000 || code >= 1004 && code <= 1006 || code >= 5000) {
		return 1002
	}
	return code
}

// read reads a frame of a message that has so many bytes already.
func (s *socket) read(have int) (f frame, code uint16) {
	if s.mistake == "one Read is one frame" {
		b := make([]byte, 1<<17)
		n, err := s.nc.Read(b)
		if err != nil {
			return f, 1006
		}
		s.in = bufio.NewReader(bytes.NewReader(b[:n]))
	}
	var h [14]byte
	if _, err := io.ReadFull(s.in, h[:2]); err != nil {
		return f, 1006
	}
	f = frame{fin: h[0]&0x80 != 0, rsv: h[0] >> 4 & 7, op: h[0] & 15, masked: h[1]&0x80 != 0}
	n := uint64(h[1] & 0x7f)
	if size := map[uint64]int{126: 2, 127: 8}[n]; size > 0 {
		var b [8]byte
		io.ReadFull(s.in, b[8-size:])
		n = binary.BigEndian.Uint64(b[:])
		if s.mistake == "16 bits of length" {
			n &= 0xffff
		}
	}
	if (n > 1<<20 || s.mistake != "only frames are limited" && uint64(have)+n > 1<<20) && s.mistake != "lengths are believed" {
		return f, 1009
	}
	var key [4]byte
	if f.masked {
		io.ReadFull(s.in, key[:])
	}
	f.payload = make([]byte, min(n, 1<<24))
	if _, err := io.ReadFull(s.in, f.payload); err != nil {
		return f, 1006
	}
	for i := range f.payload {
		f.payload[i] ^= key[i%4]
	}
	return f, 0
}

func (s *socket) write(op byte, payload []byte) {
	s.nc.Write(frame{fin: true, op: op, payload: payload, masked: s.mistake == "answers are masked"}.bytes())
}

// close sends Close; 1006 is for a connection that is gone already.
func (s *socket) close(code uint16) {
	if code != 1006 {
		s.write(opClose, binary.BigEndian.AppendUint16(nil, code))
	}
}
