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
func CommonLog(out io.Writer) keepalive.Middleware { return commonLog(out, false) }

func commonLog(out io.Writer, combined bool) keepalive.Middleware {
	var mu sync.Mutex
	return Observe(func(e *Exchange) {
		r := e.Request
		user := strings.ReplaceAll(escaped(User(r.Context())), " ", `\x20`)
		request, bytes := "", ""
		if r.Method != "" {
			request = escaped(r.Method + " " + string(r.Target.Raw) + " " + r.Version.String())
		}
		if e.Bytes > 0 {
			bytes = strconv.FormatInt(e.Bytes, 10)
		}
		line := fmt.Appendf(nil, `%s - %s [%s] "%s" %d %s`, cmp.Or(remote(r), "-"), cmp.Or(user, "-"),
			e.Began.Format("02/Jan/2006:15:04:05 -0700"), cmp.Or(request, "-"), e.Status, cmp.Or(bytes, "-"))
		if combined {
			line = fmt.Appendf(line, ` "%s" "%s"`, cmp.Or(escaped(r.Header.Value("Referer")), "-"),
				cmp.Or(escaped(r.Header.Value("User-Agent")), "-"))
		}
		mu.Lock()
		defer mu.Unlock()
		out.Write(append(line, '\n'))
	})
}

// CombinedLog is CommonLog with two quoted values behind each line: the fields
// Referer and User-Agent, "-" for one that is missing.
func CombinedLog(out io.Writer) keepalive.Middleware { return commonLog(out, true) }
