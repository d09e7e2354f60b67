// Command demo shows what the parsers of this step make of a request. It answers
// each with what it has read, and closes the connection: keeping it is the next
// step.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
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
	fmt.Printf("listening on http://%s\n", l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go serve(conn)
	}
}

// serve reads one request from conn and answers it.
func serve(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute)) // time enough to type a request
	var head message.Head
	rest, err := readHead(conn, &head)
	if errors.Is(err, io.EOF) {
		return // somebody looked whether the port is open
	}
	status, text := 200, ""
	if err == nil {
		text, err = content(conn, &head, rest)
	}
	if err != nil {
		status, text = 400, err.Error()+"\n"
		if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
			status = e.Status
		}
	} else {
		text = about(&head) + text
	}
	conn.Write(response(&head, status, text))
}

// readHead reads until the head is complete, and returns what came behind it.
func readHead(conn net.Conn, head *message.Head) (rest []byte, err error) {
	var src []byte
	buf := make([]byte, 4096)
	for {
		n, readErr := conn.Read(buf)
		src = append(src, buf[:n]...)
		used, err := head.Parse(src, message.Limits{})
		switch {
		case err == nil:
			return src[used:], nil
		case !errors.Is(err, reqline.ErrIncomplete):
			return nil, err
		case readErr == io.EOF && len(src) > 0:
			return nil, io.ErrUnexpectedEOF
		case readErr != nil:
			return nil, readErr
		}
	}
}

// content reads the content behind head, of which rest has arrived, and describes it.
func content(conn net.Conn, head *message.Head, rest []byte) (string, error) {
	if !head.Framing.Chunked {
		all, err := io.ReadAll(io.LimitReader(io.MultiReader(strings.NewReader(string(rest)), conn), head.Framing.Length))
		if err == nil && int64(len(all)) < head.Framing.Length {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Sprintf("content   %d bytes: %.60q\n", len(all), all), err
	}
	var decoder message.ChunkedDecoder
	var all []byte
	buf := make([]byte, 4096)
	for {
		data, n, err := decoder.Decode(rest)
		all = append(all, data...)
		rest = rest[n:]
		if err == io.EOF {
			return fmt.Sprintf("content   %d bytes in chunks: %.60q\ntrailer   %d field(s)\n", len(all), all, decoder.Trailer.Len()), nil
		}
		if err != nil {
			return "", err
		}
		if len(rest) > 0 {
			continue
		}
		n, err = conn.Read(buf)
		if rest = buf[:n]; n == 0 && err != nil {
			return "", io.ErrUnexpectedEOF
		}
	}
}

// about describes a head.
func about(head *message.Head) string {
	var b strings.Builder
	fmt.Fprintf(&b, "method    %s\ntarget    %s\nhost      %s\n", head.Method, head.Target.Raw, head.Host)
	for name, value := range head.Header.All() {
		fmt.Fprintf(&b, "field     %s = %q\n", name, value)
	}
	for name, value := range head.Header.Cookies() {
		fmt.Fprintf(&b, "cookie    %s = %q\n", name, value)
	}
	return b.String()
}

// response returns a complete response with text as its content.
func response(head *message.Head, status int, text string) []byte {
	var h message.Header
	h.Add("Content-Type", "text/plain; charset=utf-8")
	h.Add("Content-Length", strconv.Itoa(len(text)))
	h.Add("Connection", "close")
	h.Add("Date", string(message.AppendDate(nil, time.Now())))
	dst := message.AppendStatusLine(nil, status)
	dst = h.AppendTo(dst)
	dst = append(dst, "\r\n"...)
	if message.HasContent(head.Method, status) {
		dst = append(dst, text...)
	}
	return dst
}
