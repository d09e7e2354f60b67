package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"
	"unicode/utf8"

	keepalive "barewire/steps/04-keep-alive"
)

// A webSocket is the server's side of a WebSocket (RFC 6455), on a connection that
// keepalive.Upgrade has taken over. It leaves out extensions and subprotocols.
type webSocket struct {
	ctx context.Context
	nc  net.Conn
	r   *bufio.Reader
	max int // bytes in a message
}

const (
	opContinue, opText, opClose, opPing, opPong = 0, 1, 8, 9, 10

	silence    = time.Minute // until the next frame; whoever is silent for longer has to ping
	writeLimit = 10 * time.Second
)

// A closing is why a WebSocket ends: a status code of RFC 6455 §7.4.1. The server
// sends it in its Close frame.
type closing uint16

const (
	closeNormal    closing = 1000
	closeGoingAway closing = 1001
	closeProtocol  closing = 1002
	closeNotText   closing = 1007
	closeTooBig    closing = 1009
)

func (c closing) Error() string { return fmt.Sprintf("websocket: closed with %d", uint16(c)) }

// acceptWebSocket answers a handshake (RFC 6455 §4.2) and has talk use the WebSocket,
// in which no message is larger than max bytes. The error of talk ends it.
func acceptWebSocket(w keepalive.ResponseWriter, r *keepalive.Request, max int, talk func(s *webSocket) error) {
	key := r.Header.Get("Sec-WebSocket-Key")
	nonce, err := base64.StdEncoding.DecodeString(key)
	origin, bad := url.Parse(r.Header.Get("Origin"))
	switch {
	case r.Method != "GET", err != nil, len(nonce) != 16:
		keepalive.Error(w, 400)
		return
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket") // RFC 9110 §15.5.22
		keepalive.Error(w, 426)
		return
	case r.Header.Has("Origin") && (bad != nil || origin.Host != string(r.Host)):
		// CORS does not apply here: a browser lets any page connect, with the
		// cookies of this host (§10.2).
		keepalive.Error(w, 403)
		return
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	err = keepalive.Upgrade(w, r, "websocket", func(ctx context.Context, nc net.Conn) {
		s := &webSocket{ctx, nc, bufio.NewReader(nc), max}
		// When the server stops, nobody waits for the next frame any more.
		defer context.AfterFunc(ctx, func() { nc.SetReadDeadline(time.Unix(1, 0)) })()
		s.end(talk(s))
	})
	if err != nil {
		w.Header().Del("Sec-WebSocket-Accept")
		keepalive.Error(w, 400)
	}
}

// end sends the Close frame and waits a moment for the client's: a connection that is
// closed with bytes unread is reset, and the client might not see why.
func (s *webSocket) end(err error) {
	code, ok := errors.AsType[closing](err)
	if !ok && s.ctx.Err() == nil {
		return // the network failed, or the client has gone
	} else if !ok {
		code = closeGoingAway
	}
	if s.write(opClose, binary.BigEndian.AppendUint16(nil, uint16(code))) == nil {
		s.nc.SetReadDeadline(time.Now().Add(time.Second))
		io.CopyN(io.Discard, s.nc, 1<<20)
	}
}

// read reads the next message, of one frame or of several, and answers pings on the way.
// The error is a closing where the client ends the WebSocket or breaks its rules.
func (s *webSocket) read() (op byte, message []byte, err error) {
	for {
		fin, kind, payload, err := s.readFrame(s.max - len(message))
		switch {
		case err != nil:
			return 0, nil, err
		case kind == opPing:
			if err := s.write(opPong, payload); err != nil {
				return 0, nil, err
			}
		case kind == opPong:
		case kind == opClose && (len(payload) == 1 || len(payload) > 2 && !utf8.Valid(payload[2:])):
			return 0, nil, closeProtocol // a code has two bytes, and a reason is text
		case kind == opClose:
			return 0, nil, closeNormal
		case (kind == opContinue) == (op == 0):
			return 0, nil, closeProtocol // the rest of nothing, or a message within a message
		default:
			op = max(op, kind)
			if message = append(message, payload...); !fin {
				continue
			}
			if op == opText && !utf8.Valid(message) {
				return 0, nil, closeNotText
			}
			return op, message, nil
		}
	}
}

// readFrame reads one frame (§5.2), with no more than room bytes if it is part of a
// message. What is wrong with it is known before its payload is read.
func (s *webSocket) readFrame(room int) (fin bool, kind byte, payload []byte, err error) {
	s.nc.SetReadDeadline(time.Now().Add(silence))
	if s.ctx.Err() != nil { // after the deadline, which might have undone the one at the end
		return false, 0, nil, closeGoingAway
	}
	var head [14]byte
	if _, err := io.ReadFull(s.r, head[:2]); err != nil {
		return false, 0, nil, err
	}
	kind, n, more := head[0]&0x0f, uint64(head[1]&0x7f), 0
	fin, control := head[0]&0x80 != 0, kind >= opClose
	switch n {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	switch {
	case head[0]&0x70 != 0, // bits that only extensions use
		head[1]&0x80 == 0, // a client MUST mask, so that it cannot choose the bytes on the wire (§10.3)
		kind > 2 && kind < opClose || kind > opPong,
		control && (!fin || more > 0):
		return false, 0, nil, closeProtocol
	}
	if _, err := io.ReadFull(s.r, head[:more+4]); err != nil {
		return false, 0, nil, err
	}
	if more > 0 {
		n = binary.BigEndian.Uint64(append(make([]byte, 8-more), head[:more]...))
	}
	switch {
	case more == 2 && n < 126, more == 8 && n < 1<<16: // not the shortest way to say it
		return false, 0, nil, closeProtocol
	case !control && n > uint64(room):
		return false, 0, nil, closeTooBig
	}
	payload, mask := make([]byte, n), head[more:more+4]
	if _, err := io.ReadFull(s.r, payload); err != nil {
		return false, 0, nil, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return fin, kind, payload, nil
}

// write writes one frame, which is all of a message.
func (s *webSocket) write(op byte, payload []byte) error {
	s.nc.SetWriteDeadline(time.Now().Add(writeLimit))
	_, err := s.nc.Write(appendFrame(nil, 0x80|op, payload, nil))
	return err
}

// appendFrame appends a frame to dst: its first byte, its length, and the payload,
// masked if there is a mask.
func appendFrame(dst []byte, first byte, payload, mask []byte) []byte {
	masked := byte(0)
	if mask != nil {
		masked = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, first, masked|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, first, masked|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, masked|127), uint64(n))
	}
	dst = append(dst, mask...)
	payload = bytes.Clone(payload)
	for i := range payload {
		if mask != nil {
			payload[i] ^= mask[i%4]
		}
	}
	return append(dst, payload...)
}
