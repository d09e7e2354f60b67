package message_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
)

// An "x" stands in dst in front of what is appended: it must stay.
func TestTask12_StatusLine(t *testing.T) {
	line := func(status int) act {
		return does(fmt.Sprintf("AppendStatusLine(dst, %d) is called, with an x in dst", status), func() string {
			return string(message.AppendStatusLine([]byte("x"), status))
		})
	}
	check(t, []fact{
		{"200", line(200), is("xHTTP/1.1 200 OK\r\n"), "version, status, name, behind what is there already, which is an x (RFC 9112 §4)"},
		{"404", line(404), is("xHTTP/1.1 404 Not Found\r\n"), "version, status, name (RFC 9112 §4)"},
		{"a status without a name", line(799), is("xHTTP/1.1 799 \r\n"), "MUST send the space even when there is no name (RFC 9112 §4)"},
	})
}

// Every status has the name that the IANA registry gives to it.
func TestTask12_StatusNames(t *testing.T) {
	// Where net/http has an older name, or one that the registry does not have.
	now := map[int]string{413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
	for status := 100; status < 600; status++ {
		name := http.StatusText(status)
		if status == 418 || status == 510 || name == "" {
			continue
		}
		name = cmp.Or(now[status], name)
		want := fmt.Sprintf("HTTP/1.1 %d %s\r\n", status, name)
		got := string(message.AppendStatusLine(nil, status))
		if text := message.StatusText(status); got == want && text != name {
			got = fmt.Sprintf("this line, but from StatusText %q", text)
		}
		if got != want {
			testkit.Report{
				Doing: fmt.Sprintf("AppendStatusLine(nil, %d) is called", status), Want: visibleLines(want), Got: cmp.Or(visibleLines(got), "nothing"),
				Why: "a program goes by the number alone, but people read the name (RFC 9112 §4)",
			}.Error(t)
			return
		}
	}
}

func TestTask12_Fields(t *testing.T) {
	check(t, []fact{
		{"one field", does(`AppendField(dst, "A", "b") is called, with an x in dst`, func() string { return string(message.AppendField([]byte("x"), "A", []byte("b"))) }), is("xA: b\r\n"), "one space behind the colon is preferred (RFC 9112 §5.1); the x was in dst before"},
		{"all fields of a header", does(`AppendTo(dst) is called for a header with A: 1, an empty b and A: 2, with an x in dst`, func() string { return string(header("A", "1", "b", "", "A", "2").AppendTo([]byte("x"))) }), is("xA: 1\r\nb: \r\nA: 2\r\n"), "in order, with repeats; the empty line is the caller's"},
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
		want := "GET and 200: true\n"
		if test.with != 0 {
			want += fmt.Sprintf("%s and %d: true\n", test.method, test.with)
		}
		want += fmt.Sprintf("%s and %d: false\n", test.method, test.status)
		check(t, []fact{{
			fmt.Sprintf("%s with %d", test.method, test.status),
			does("HasContent is asked for a few responses", func() string {
				got := ""
				ask := func(method string, status int) {
					got += fmt.Sprintf("%s and %d: %v\n", method, status, message.HasContent(method, status))
				}
				ask("GET", 200)
				if test.with != 0 {
					ask(test.method, test.with)
				}
				ask(test.method, test.status)
				return got
			}),
			is(want),
			test.why + " (RFC 9112 §6.3, case 1); other responses have content",
		}})
	}
}

// A 205 has no content, but a client finds that out from its length.
func TestTask12_HasContentOf205(t *testing.T) {
	check(t, []fact{{"205 does not end with its header section", does(`HasContent("GET", 205) is called`, func() string {
		return fmt.Sprint(message.HasContent("GET", 205))
	}), is("true"), "it is not in case 1 of RFC 9112 §6.3, and says Content-Length: 0 (RFC 9110 §15.3.6)"}})
}

func TestTask12_Date(t *testing.T) {
	date := func(when time.Time) act {
		return does("AppendDate(dst, "+when.Format("2006-01-02 15:04:05 -0700")+") is called, with an x in dst", func() string {
			return string(message.AppendDate([]byte("x"), when))
		})
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
		{"a chunk", does(`AppendChunk(dst, "hello") is called, with an x in dst`, func() string { return string(message.AppendChunk([]byte("x"), []byte("hello"))) }), is("x5\r\nhello\r\n"), "size, CRLF, data, CRLF (RFC 9112 §7.1); the x was in dst before"},
		{"a size in hexadecimal", does(`AppendChunk is called with 300 bytes; of what it appends, the line before the first CRLF`, func() string {
			size, _, _ := strings.Cut(string(message.AppendChunk(nil, long)), "\r\n")
			return strings.ToLower(size)
		}), is("12c"), "300 is 12c (RFC 9112 §7.1)"},
		{"no data is no chunk", does(`AppendChunk(dst, nil) is called, with an x in dst; behind it, AppendChunk with one NUL`, func() string {
			return string(message.AppendChunk([]byte("x"), nil)) + string(message.AppendChunk(nil, long[:1]))
		}), is("x1\r\n\x00\r\n"), "a chunk of size 0 ends the body (RFC 9112 §7.1)"},
		{"a size alone", does(`AppendChunkSize(dst, 255) is called, with an x in dst`, func() string { return strings.ToLower(string(message.AppendChunkSize([]byte("x"), 255))) }), is("xff\r\n"), "for data that is written by itself"},
		{"the last chunk", does(`AppendLastChunk(dst, nil) is called, with an x in dst`, func() string { return string(message.AppendLastChunk([]byte("x"), nil)) }), is("x0\r\n\r\n"), "size 0 and the empty line of the trailer section (RFC 9112 §7.1)"},
		{"the last chunk with a trailer section", does(`AppendLastChunk is called with Sum: 7 in the trailer section`, func() string { return string(message.AppendLastChunk(nil, header("Sum", "7"))) }), is("0\r\nSum: 7\r\n\r\n"), "the trailer section stands between the last size and the empty line (RFC 9112 §7.1.2)"},
	})
}
