package middleware

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"barewire/steps/04-keep-alive"
)

// CommonLog writes one line a request to out in the common log format, which every
// log tool since 1995 reads:
//
//	192.0.2.7 - alice [06/Nov/1994:08:49:37 +0000] "GET /a?b HTTP/1.1" 200 2326
//
// These are the address of the connection without its port, the client's identity
// (nobody has one: always "-"), the user that [BasicAuth] let in, the local time
// at which the request began, its request line, the status, and the bytes of
// content. A part that there is none of is "-", zero bytes and a request line that could
// not be parsed too. What the client
// has chosen is escaped as [AppendEscaped] does, and a space in a user's name is
// \x20.
//
// Each line is one call of out.Write, and never two calls at once. Its errors are
// dropped: a full disk must not stop the server.
func CommonLog(out io.Writer) keepalive.Middleware { return lines(out, common) }

// CombinedLog is CommonLog with two quoted values behind each line: the fields
// Referer and User-Agent, "-" for one that is missing.
func CombinedLog(out io.Writer) keepalive.Middleware {
	return lines(out, append(common[:len(common):len(common)], quotedField("Referer"), quotedField("User-Agent")))
}

// A column appends one part of a line.
type column func(dst []byte, e *Exchange) []byte

var common = []column{
	func(dst []byte, e *Exchange) []byte { return orDash(dst, host(e.Request.RemoteAddr)) },
	func(dst []byte, e *Exchange) []byte { return append(dst, '-') },
	func(dst []byte, e *Exchange) []byte {
		return orDash(dst, strings.ReplaceAll(escaped(User(e.Request.Context())), " ", `\x20`))
	},
	func(dst []byte, e *Exchange) []byte {
		return e.Began.Local().AppendFormat(dst, "[02/Jan/2006:15:04:05 -0700]")
	},
	func(dst []byte, e *Exchange) []byte {
		l := &e.Request.RequestLine
		if l.Method == "" {
			return append(dst, `"-"`...)
		}
		return fmt.Appendf(dst, `"%s %s %s"`, escaped(l.Method), escaped(l.Target.Raw), l.Version)
	},
	func(dst []byte, e *Exchange) []byte { return orDash(dst, number(int64(e.Status))) },
	func(dst []byte, e *Exchange) []byte { return orDash(dst, number(e.Bytes)) },
}

func quotedField(name string) column {
	return func(dst []byte, e *Exchange) []byte {
		value := e.Request.Header.Value(name)
		if value == nil {
			value = []byte("-")
		}
		return append(AppendEscaped(append(dst, '"'), value), '"')
	}
}

func orDash(dst []byte, s string) []byte { return append(dst, cmp.Or(s, "-")...) }

// number is n in decimal, or nothing for 0.
func number(n int64) string { return strings.TrimPrefix(strconv.FormatInt(n, 10), "0") }

// lines writes a line of these columns for each request.
func lines(out io.Writer, columns []column) keepalive.Middleware {
	var mu sync.Mutex
	return Observe(func(e *Exchange) {
		var line []byte
		for i, c := range columns {
			if i > 0 {
				line = append(line, ' ')
			}
			line = c(line, e)
		}
		mu.Lock()
		defer mu.Unlock()
		out.Write(append(line, '\n'))
	})
}
