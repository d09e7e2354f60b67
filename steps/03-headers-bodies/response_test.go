package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	message "barewire/steps/03-headers-bodies"
)

// An "x" stands in dst in front of what is appended: it must stay.
func TestTask12_StatusLine(t *testing.T) {
	line := func(status int) func() string {
		return func() string { return string(message.AppendStatusLine([]byte("x"), status)) }
	}
	check(t, []fact{
		{"200", line(200), is("xHTTP/1.1 200 OK\r\n"), "version, status, name, behind what is there already, which is an x (RFC 9112 §4)"},
		{"404", line(404), is("xHTTP/1.1 404 Not Found\r\n"), "RFC 9112 §4"},
		{"a status without a name", line(799), is("xHTTP/1.1 799 \r\n"), "MUST send the space even when there is no name (RFC 9112 §4)"},
	})
}

func TestTask12_Fields(t *testing.T) {
	check(t, []fact{
		{"one field", func() string { return string(message.AppendField([]byte("x"), "A", []byte("b"))) }, is("xA: b\r\n"), "one space behind the colon is preferred (RFC 9112 §5.1); the x was in dst before"},
		{"all fields of a header", func() string { return string(header("A", "1", "b", "", "A", "2").AppendTo([]byte("x"))) }, is("xA: 1\r\nb: \r\nA: 2\r\n"), "in order, with repeats; the empty line is the caller's"},
	})
}

func TestTask12_HasContent(t *testing.T) {
	for _, test := range []struct {
		method       string
		with, status int
		why          string
	}{
		{"HEAD", 0, 200, "a response to HEAD ends with its header section, whatever that says"},
		{"GET", 200, 204, "204 is No Content"},
		{"GET", 206, 304, "304 says that the client's copy is good"},
		{"POST", 201, 100, "an interim response is a head"},
		{"PUT", 404, 103, "an interim response is a head"},
		{"DELETE", 500, 199, "all of 1xx"},
		{"HEAD", 0, 205, "a response to HEAD ends with its header section, whatever its status"},
	} {
		check(t, []fact{{
			fmt.Sprintf("%s with %d", test.method, test.status),
			func() string {
				return fmt.Sprint(test.with == 0 || message.HasContent(test.method, test.with), message.HasContent("GET", 200), message.HasContent(test.method, test.status))
			},
			is("true true false"),
			test.why + " (RFC 9112 §6.3, case 1); other responses have content",
		}})
	}
}

// A 205 has no content, but a client finds that out from its length.
func TestTask12_HasContentOf205(t *testing.T) {
	check(t, []fact{{"205 does not end with its header section", func() string {
		return fmt.Sprint(message.HasContent("GET", 205))
	}, is("true"), "it is not in case 1 of RFC 9112 §6.3, and says Content-Length: 0 (RFC 9110 §15.3.6)"}})
}

func TestTask12_Date(t *testing.T) {
	date := func(when time.Time) func() string {
		return func() string { return string(message.AppendDate([]byte("x"), when)) }
	}
	east := time.FixedZone("east", 5*3600)
	check(t, []fact{
		{"the example of the RFC", date(time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)), is("xSun, 06 Nov 1994 08:49:37 GMT"), "a day of two digits, and GMT (RFC 9110 §5.6.7); the x was in dst before"},
		{"a time elsewhere", date(time.Date(2026, 3, 1, 2, 0, 0, 0, east)), is("xSat, 28 Feb 2026 21:00:00 GMT"), "MUST be in UTC, whatever the server's clock shows (RFC 9110 §5.6.7)"},
	})
}

func TestTask13_Chunks(t *testing.T) {
	long := make([]byte, 300)
	check(t, []fact{
		{"a chunk", func() string { return string(message.AppendChunk([]byte("x"), []byte("hello"))) }, is("x5\r\nhello\r\n"), "size, CRLF, data, CRLF (RFC 9112 §7.1); the x was in dst before"},
		{"a size in hexadecimal", func() string {
			size, _, _ := strings.Cut(string(message.AppendChunk(nil, long)), "\r\n")
			return strings.ToLower(size)
		}, is("12c"), "300 is 12c (RFC 9112 §7.1)"},
		{"no data is no chunk", func() string {
			return string(message.AppendChunk([]byte("x"), nil)) + string(message.AppendChunk(nil, long[:1]))
		}, is("x1\r\n\x00\r\n"), "a chunk of size 0 ends the body (RFC 9112 §7.1)"},
		{"a size alone", func() string { return strings.ToLower(string(message.AppendChunkSize([]byte("x"), 255))) }, is("xff\r\n"), "for data that is written by itself"},
		{"the last chunk", func() string { return string(message.AppendLastChunk([]byte("x"), nil)) }, is("x0\r\n\r\n"), "size 0 and the empty line of the trailer section (RFC 9112 §7.1)"},
		{"the last chunk with a trailer section", func() string { return string(message.AppendLastChunk(nil, header("Sum", "7"))) }, is("0\r\nSum: 7\r\n\r\n"), "RFC 9112 §7.1.2"},
	})
}
