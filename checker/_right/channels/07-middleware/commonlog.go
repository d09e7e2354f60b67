package middleware

import (
	"bytes"
	"io"
	"strconv"

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
func CommonLog(out io.Writer) keepalive.Middleware {
	return writeLines(out, appendCommon)
}

// CombinedLog is CommonLog with two quoted values behind each line: the fields
// Referer and User-Agent, "-" for one that is missing.
func CombinedLog(out io.Writer) keepalive.Middleware {
	return writeLines(out, func(line []byte, e *Exchange) []byte {
		line = appendCommon(line, e)
		for _, name := range []string{"Referer", "User-Agent"} {
			line = append(line, ` "`...)
			if value := e.Request.Header.Value(name); len(value) > 0 {
				line = AppendEscaped(line, value)
			} else {
				line = append(line, '-')
			}
			line = append(line, '"')
		}
		return line
	})
}

// writeLines writes a line for each exchange. There is one buffer, which waits in a
// channel: whoever has it may write.
func writeLines(out io.Writer, appendLine func(line []byte, e *Exchange) []byte) keepalive.Middleware {
	turn := make(chan []byte, 1)
	turn <- nil
	return Observe(func(e *Exchange) {
		line := <-turn
		defer func() { turn <- line[:0] }()
		line = append(appendLine(line, e), '\n')
		out.Write(line)
	})
}

func appendCommon(line []byte, e *Exchange) []byte {
	r := e.Request
	orDash := func(src []byte) {
		if len(src) == 0 {
			src = []byte("-")
		}
		line = append(line, bytes.ReplaceAll(AppendEscaped(nil, src), []byte(" "), []byte(`\x20`))...)
	}
	orDash([]byte(remote(r)))
	line = append(line, " - "...)
	orDash([]byte(User(r.Context())))
	line = e.Began.AppendFormat(line, ` [02/Jan/2006:15:04:05 -0700] "`)
	if r.Method == "" {
		line = append(line, '-')
	} else {
		line = append(AppendEscaped(line, []byte(r.Method)), ' ')
		line = append(AppendEscaped(line, r.Target.Raw), ' ')
		line = append(line, r.Version.String()...)
	}
	line = strconv.AppendInt(append(line, `" `...), int64(e.Status), 10)
	if e.Bytes == 0 {
		return append(line, " -"...)
	}
	return strconv.AppendInt(append(line, ' '), e.Bytes, 10)
}
