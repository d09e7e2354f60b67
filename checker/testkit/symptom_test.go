package testkit_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"barewire/checker/testkit"
)

func TestSymptom(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{nil, "no error"},
		{io.EOF, "EOF: the other side closed the connection"},
		{io.ErrUnexpectedEOF, "EOF in the middle: the other side closed the connection too early"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "nothing more, until the deadline passed"},
		{fmt.Errorf("accept: %w", net.ErrClosed), "the connection is closed already, on this side"},
		{io.ErrClosedPipe, "the connection is closed already"},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
			"connection reset: the other side dropped it, or closed it with bytes unread"},
		{&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)},
			"broken pipe: the other side had closed the connection already"},
		{errors.New("wsarecv: An existing connection was forcibly closed by the remote host."),
			"connection reset: the other side dropped it, or closed it with bytes unread"},
		{errors.New("task 1.1 is not written yet"), "task 1.1 is not written yet"},
	}
	for _, tt := range tests {
		if got := testkit.Symptom(tt.err); got != tt.want {
			t.Errorf("Symptom(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
}

// The errors of real sockets, on whatever system this runs.
func TestSymptomOfSockets(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error, want string) {
		t.Helper()
		if got := testkit.Symptom(err); !strings.HasPrefix(got, want) {
			t.Errorf("Symptom(%v) = %q, want %q...", err, got, want)
		}
	}

	client.SetReadDeadline(time.Now().Add(-time.Second))
	_, err = client.Read(make([]byte, 1))
	check(err, "nothing more")
	client.SetReadDeadline(time.Time{})

	if _, err := client.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err = client.Read(make([]byte, 1))
	check(err, "connection reset")
	client.Close()
	_, err = client.Read(make([]byte, 1))
	check(err, "the connection is closed already, on this side")

	ln.Close()
	_, err = net.Dial("tcp", ln.Addr().String())
	check(err, "connection refused")
}

func TestStreamDiff(t *testing.T) {
	tests := []struct{ want, got, diff string }{
		{"", "", ""},
		{"hello", "hello", ""},
		{"hello", "", "none of 5 bytes"},
		{"hello", "hel", "3 of 5 bytes"},
		{"hello", "hello\x00\x00", `the 5 bytes and then 2 more: "\x00\x00"`},
		{"", "x", `the 0 bytes and then 1 more: "x"`},
		{"hello", "help", `4 bytes, wrong from byte 3 on: "p" instead of "lo"`},
		{"a" + strings.Repeat("b", 30), "ac", `2 bytes, wrong from byte 1 on: "c" instead of "bbbbbbbbbbbbbbbbbbbbbbbb"...`},
	}
	for _, tt := range tests {
		if diff := testkit.StreamDiff(tt.want, tt.got); diff != tt.diff {
			t.Errorf("StreamDiff(%q, %q) = %s, want %s", tt.want, tt.got, diff, tt.diff)
		}
	}
}
