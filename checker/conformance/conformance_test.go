package conformance_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"barewire/checker/conformance"
	"barewire/checker/conformance/cases"
)

// answering is a server that reads once, says something and closes or stays open.
func answering(t *testing.T, text string, closes bool) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				nc.Read(make([]byte, 4096))
				io.WriteString(nc, text)
				if !closes {
					nc.Read(make([]byte, 4096))
					io.WriteString(nc, "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n")
				}
			}()
		}
	}()
	return ln.Addr().String()
}

func TestTry(t *testing.T) {
	const head = "## a\nRFC 9112 §3, MUST\n\n    GET / HTTP/1.1\\r\\n\\r\\n\n"
	const bad, good = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nDate: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nmethod GET\n"
	for _, r := range []struct {
		name, text string
		closes     bool
		rest, want string
	}{
		{"as wanted", bad, true, "want: 400 close", ""},
		{"the second of two, with a reason", bad, false, "want: 400 close | 400 open\nbarewire: it may", ""},
		{"the second of two, without a reason", bad, false, "want: 400 close | 400 open", "would be stricter"},
		{"the first of two, with a reason", bad, true, "want: 400 close | 400 open\nbarewire: it may", "says why not"},
		{"any end", bad, false, "want: 4xx either", ""},
		{"another status", good, false, "want: 400 open", "200 open"},
		{"another end", bad, false, "want: 400 close", "400 open"},
		{"one response too many", bad + bad, true, "want: 400 close", "400 400 close"},
		{"nothing", "", true, "want: 400 close", "nothing close"},
		{"nothing, as wanted", "", true, "want: nothing close", ""},
		{"no response at all", "hello\r\n", true, "want: 400 close", "??? close"},
		{"content cut off", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nmethod GET\n", true, "want: 200 close", "not whole"},
		{"a field that is there", bad, true, "want: 400 close\n+ Date\n+ Date: x", ""},
		{"a field that is not", bad, true, "want: 400 close\n+ Allow", "no field Allow"},
		{"a field with another value", bad, true, "want: 400 close\n+ Date: y", "Date: x, and not y"},
		{"a field that must not be", bad, true, "want: 400 close\n- Date", "must not be there"},
		{"fields about the connection and the framing", "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n0\r\n\r\n", true,
			"want: 200 close\n+ Connection: close\n+ Transfer-Encoding: chunked\n+ Trailer: a", ""},
		{"what the handler saw", good, false, "want: 200 open\n: method GET", ""},
		{"what the handler did not see", good, false, "want: 200 open\n: method POST", "the handler saw"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			all, err := cases.Parse("x.md", head+r.rest+"\n\nwhy\n")
			if err != nil {
				t.Fatal(err)
			}
			got := conformance.Try(context.Background(), answering(t, r.text, r.closes), &all[0], true)
			if r.want == "" && got != "" || !strings.Contains(got, r.want) {
				t.Errorf("%q, want %q", got, r.want)
			}
		})
	}
}

// A server without the file is not asked for its parts, and that is no pass.
func TestTryAllWithoutFile(t *testing.T) {
	all, err := cases.Parse("x.md", "# a\nneeds: /file\n\n## a\nRFC 9110 §14.2, MUST\n\n    GET /file HTTP/1.1\\r\\n\\r\\n\nwant: 200 close\n= all\n\nwhy\n")
	if err != nil {
		t.Fatal(err)
	}
	addr := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", true)
	if got := conformance.TryAll(context.Background(), addr, all, true); got[0] != conformance.NoFile {
		t.Errorf("%q, want %q", got[0], conformance.NoFile)
	}
	if got := conformance.Try(context.Background(), addr, &all[0], false); got != "the content is 2 bytes without Content-Range, and not all" {
		t.Errorf("%q", got)
	}
}
