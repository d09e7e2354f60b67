// The demo of step 2 listens on a port, takes one request line off each
// connection, and says what it understood:
//
//	curl --path-as-is 'http://127.0.0.1:8080/caf%C3%A9/./menu?size=2&size=3'
//	printf 'GET /a b HTTP/1.1\r\n' | nc 127.0.0.1 8080
//
// It answers in HTTP/1.0 and closes, which is all that a client needs in order
// to show it; real answers come with step 4. What it prints about a fault is for
// the person who works on the parser: a server would put it in its log.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/steps/02-request-line"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	flag.Parse()
	fmt.Fprintln(os.Stderr, listen(*addr))
	os.Exit(1)
}

// listen serves connections to addr, each in its own goroutine, until the
// listener fails.
func listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("listening on", l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go serve(conn)
	}
}

// serve reads a request line from conn, writes what it is, and closes conn.
func serve(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute)) // time enough to type a line
	var line reqline.RequestLine
	src, n, reads, err := read(conn, &line)
	if errors.Is(err, io.EOF) && len(src) == 0 {
		return // somebody looked whether the port is open
	}
	took := fmt.Sprintf("took      %d bytes, in %d read(s)\n", n, reads)
	switch {
	case err != nil:
		respond(conn, status(err), complaint(src, err))
	case line.Method == "CONNECT":
		// A 200 would promise a tunnel (RFC 9110 §9.3.6).
		respond(conn, 501, parts(&line)+took)
	default:
		respond(conn, 200, parts(&line)+took)
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		// Closing with bytes unread resets the connection, and the answer
		// may be lost with it: let the client finish first.
		half.CloseWrite()
		conn.SetDeadline(time.Now().Add(time.Second))
		io.Copy(io.Discard, conn)
	}
}

// read parses what has arrived after each Read, until that is a request line or
// certain to be none. It returns what arrived and how many of its bytes the line
// took.
func read(conn net.Conn, line *reqline.RequestLine) (src []byte, n, reads int, err error) {
	buf := make([]byte, 16<<10)
	have := 0
	for {
		m, readErr := conn.Read(buf[have:])
		have += m
		reads++
		n, err = line.Parse(buf[:have], 0)
		switch {
		case err != reqline.ErrIncomplete:
			return buf[:have], n, reads, err
		case readErr != nil:
			return buf[:have], 0, reads, fmt.Errorf("the line is not complete, and then: %w", readErr)
		case have == len(buf):
			return buf[:have], 0, reads, errors.New("the parser asks for more than its own limit")
		}
	}
}

// parts describes a request line, one part a line.
func parts(l *reqline.RequestLine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "method    %q\n", l.Method)
	fmt.Fprintf(&b, "target    %q, %v\n", l.Target.Raw, l.Target.Form)
	if l.Target.Authority != nil {
		host, port, err := reqline.ParseAuthority(l.Target.Authority)
		fmt.Fprintf(&b, "authority host %q, port %q%s\n", host, port, suffix(err))
	}
	if path := l.Target.Path; path != nil {
		decoded, err := reqline.AppendDecoded(nil, path)
		fmt.Fprintf(&b, "path      %q\n", path)
		fmt.Fprintf(&b, "  decoded %q%s\n", decoded, suffix(err))
		if bytes.HasPrefix(path, []byte("/")) {
			normal, err := reqline.AppendNormalized(nil, path)
			fmt.Fprintf(&b, "  normal  %q%s\n", normal, suffix(err))
		}
	}
	if l.Target.Query != nil {
		query, err := reqline.ParseQuery(l.Target.Query)
		fmt.Fprintf(&b, "query     %q%s\n", l.Target.Query, suffix(err))
		for _, p := range query {
			fmt.Fprintf(&b, "  %q is %q\n", p.Name, p.Value)
		}
	}
	fmt.Fprintf(&b, "version   %v\n", l.Version)
	return b.String()
}

// suffix is what to print behind a part that could not be parsed.
func suffix(err error) string {
	if err == nil {
		return ""
	}
	return ", " + err.Error()
}

// status returns the status to answer err with.
func status(err error) int {
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return e.Status
	}
	if errors.Is(err, io.EOF) {
		return 400
	}
	return 500
}

// complaint says what was wrong, with a caret under the byte.
func complaint(src []byte, err error) string {
	e, ok := errors.AsType[*reqline.ProtocolError](err)
	if !ok {
		return fmt.Sprintf("%v\n", err)
	}
	at := min(max(e.Offset, 0), len(src))
	from, to := max(at-40, 0), min(at+20, len(src))
	before, after := strconv.Quote(string(src[from:at])), strconv.Quote(string(src[at:to]))
	before, after = before[1:len(before)-1], after[1:len(after)-1]
	return fmt.Sprintf("%v\n\n  %s%s\n  %s^\n", err, before, after, strings.Repeat(" ", len(before)))
}

// respond writes a whole HTTP/1.0 response; its end is the end of the connection.
func respond(w io.Writer, status int, text string) {
	reason := map[int]string{200: "OK", 400: "Bad Request", 414: "URI Too Long", 500: "Internal Server Error",
		501: "Not Implemented", 505: "HTTP Version Not Supported"}[status]
	fmt.Fprintf(w, "HTTP/1.0 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s", status, reason, text)
}
