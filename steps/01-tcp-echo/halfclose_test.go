package echo_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"barewire/checker/testkit"
)

// TestTask2_HalfClose needs the kernel: a pipe has no half-close and no buffers.
func TestTask2_HalfClose(t *testing.T) {
	t.Run("what was sent before the half-close comes back, then EOF", func(t *testing.T) {
		c, half := talkTCP(t)
		const sent = "no line end behind this"
		symptom := c.say(sent)
		if err := half.CloseWrite(); err != nil && symptom == "" {
			symptom = "CloseWrite: " + testkit.Symptom(err)
		}
		if symptom == "" {
			symptom = c.hearEnd(sent)
		}
		if symptom != "" {
			testkit.Report{
				Sent: sent,
				Mark: len(sent),
				Note: "here the client closed its sending side",
				Want: fmt.Sprintf("the %d bytes back, then EOF", len(sent)),
				Got:  symptom,
				At:   c.at(),
				Why:  "the client has said \"I have no more data to send\" and still listens (RFC 9293 §3.6): it gets its bytes, and EOF tells it that they are all",
			}.Error(t)
		}
	})

	t.Run("8 MB from a client that sends first and reads later", func(t *testing.T) {
		c, half := talkTCP(t)
		sent := numbered(8 << 20)

		// The client sends until nobody takes any more: both kernels' buffers
		// are full, and Echo waits in Write.
		c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		n, _ := io.WriteString(c, sent)
		c.SetWriteDeadline(time.Now().Add(2 * patience))
		go func() {
			io.WriteString(c, sent[n:])
			half.CloseWrite()
		}()

		if symptom := c.hearEnd(sent); symptom != "" {
			testkit.Report{
				Doing: fmt.Sprintf("the client sends %d bytes, closes its sending side, and reads when nobody takes any more (or all are sent)", len(sent)),
				Want:  fmt.Sprintf("%d bytes back, then EOF", len(sent)),
				Got:   symptom,
				At:    c.at(),
				Why: fmt.Sprintf("the client did not read until %d bytes had filled the buffers on the way; ", n) +
					"that is no error: Write waits, and goes on when there is room again",
			}.Error(t)
		}
	})
}

// talkTCP runs Echo on a real connection with small buffers. It returns the
// client's end of it, twice: the second can half-close.
func talkTCP(t *testing.T) (*client, *net.TCPConn) {
	t.Helper()
	testkit.NoLeaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	other, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*net.TCPConn{other.(*net.TCPConn), conn.(*net.TCPConn)} {
		c.SetReadBuffer(32 << 10)
		c.SetWriteBuffer(32 << 10)
	}
	return talk(t, t.Context(), conn, other), other.(*net.TCPConn)
}
