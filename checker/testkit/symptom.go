package testkit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Symptom says in words what an error of a connection means: what a client has
// seen, and what the other side most often has done to cause it.
func Symptom(err error) string {
	switch {
	case err == nil:
		return "no error"
	case err == io.EOF:
		return "EOF: the other side closed the connection"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "EOF in the middle: the other side closed the connection too early"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing more, until the deadline passed"
	case errors.Is(err, net.ErrClosed):
		return "the connection is closed already, on this side"
	case errors.Is(err, io.ErrClosedPipe):
		return "the connection is closed already"
	case errors.Is(err, syscall.ECONNREFUSED), hasText(err, "actively refused"):
		return "connection refused: nobody listens there"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNABORTED),
		hasText(err, "forcibly closed", "aborted by the software"):
		return "connection reset: the other side dropped it, or closed it with bytes unread"
	case errors.Is(err, syscall.EPIPE):
		return "broken pipe: the other side had closed the connection already"
	default:
		return err.Error()
	}
}

// hasText is for Windows, whose error numbers have other names.
func hasText(err error, texts ...string) bool {
	for _, text := range texts {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// StreamDiff says in words how the bytes that came differ from those that were
// wanted, for example "4096 of 10000 bytes". It returns "" if they are equal.
func StreamDiff(want, got string) string {
	same := 0
	for same < min(len(want), len(got)) && want[same] == got[same] {
		same++
	}
	switch {
	case want == got:
		return ""
	case got == "":
		return fmt.Sprintf("none of %d bytes", len(want))
	case same == len(got):
		return fmt.Sprintf("%d of %d bytes", len(got), len(want))
	case same == len(want):
		return fmt.Sprintf("the %d bytes and then %d more: %s", len(want), len(got)-len(want), Excerpt(got[same:]))
	default:
		return fmt.Sprintf("%d bytes, wrong from byte %d on: %s instead of %s",
			len(got), same, Excerpt(got[same:]), Excerpt(want[same:]))
	}
}

// Excerpt quotes the beginning of s, at most 24 bytes of it.
func Excerpt(s string) string {
	const most = 24
	if len(s) > most {
		return `"` + Visible(s[:most]) + `"...`
	}
	return `"` + Visible(s) + `"`
}
