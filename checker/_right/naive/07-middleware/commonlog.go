package middleware

import (
	"cmp"
	"fmt"
	"io"
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
func CommonLog(out io.Writer) keepalive.Middleware { return logLines(out, commonLine) }

// logLines writes a line for each request.
func logLines(out io.Writer, line func(e *Exchange) string) keepalive.Middleware {
	var mu sync.Mutex
	return Observe(func(e *Exchange) {
		text := line(e) + "\n"
		mu.Lock()
		defer mu.Unlock()
		io.WriteString(out, text)
	})
}

func commonLine(e *Exchange) string {
	r := e.Request
	user := strings.ReplaceAll(escaped(User(r.Context())), " ", `\x20`)
	requestLine := "-"
	if r.Method != "" {
		requestLine = escaped(fmt.Sprintf("%s %s %v", r.Method, r.Target.Raw, r.Version))
	}
	bytes := "-"
	if e.Bytes > 0 {
		bytes = fmt.Sprint(e.Bytes)
	}
	return fmt.Sprintf(`%s - %s [%s] "%s" %d %s`, orDash(remoteHost(r)), orDash(user),
		e.Began.Local().Format("02/Jan/2006:15:04:05 -0700"), requestLine, e.Status, bytes)
}

func orDash(s string) string { return cmp.Or(s, "-") }

// CombinedLog is CommonLog with two quoted values behind each line: the fields
// Referer and User-Agent, "-" for one that is missing.
func CombinedLog(out io.Writer) keepalive.Middleware {
	return logLines(out, func(e *Exchange) string {
		h := &e.Request.Header
		return fmt.Sprintf(`%s "%s" "%s"`, commonLine(e),
			orDash(escaped(h.Get("Referer"))), orDash(escaped(h.Get("User-Agent"))))
	})
}
