//starter:omit

package server

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// This file is for clients that speak HTTP without TLS where there is TLS.

// plainContent is what they are told.
const plainContent = "This port speaks HTTPS.\n"

// answerPlain answers such a client in the language that it speaks, if that is why the
// handshake has failed: a connection that ends without a word is a riddle. Nothing that
// it has sent is read as a request.
func (s *Server) answerPlain(conn Conn, err error) {
	fault, _ := errors.AsType[tls.RecordHeaderError](err)
	if fault.Conn == nil || !beginsHTTP(fault.RecordHeader) {
		return
	}
	answer := message.AppendStatusLine(nil, 400)
	answer = message.AppendField(answer, "Date", message.AppendDate(nil, time.Now()))
	answer = append(answer, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\nConnection: close\r\n\r\n"...)
	if string(fault.RecordHeader[:]) != "HEAD " {
		answer = append(answer, plainContent...)
	}
	conn.SetDeadline(time.Now().Add(plainTime))
	conn.Write(answer)
	s.observe(&keepalive.Request{RemoteAddr: conn.RemoteAddr(), Body: strings.NewReader(""), Fault: err}, 400, plainContent)
	// As in step 4: bytes that are not read would reset the connection, and the answer with it.
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.CopyN(io.Discard, conn, MaxAhead)
	}
}

// plainTime is for the answer, and for the client to read it.
const plainTime = time.Second

// beginsHTTP says whether a TLS record header is a method. The first byte of a record of
// TLS is below 32, and that of SSL 2 above 127.
func beginsHTTP(header [5]byte) bool {
	for _, c := range header[:3] {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}
