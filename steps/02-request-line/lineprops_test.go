package reqline_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

// grammar is the request line of RFC 9112 §3 in origin-form, with the bytes that
// the doc comment of Target.Parse allows, written a second time.
var grammar = regexp.MustCompile("^(?:\r\n)?[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} " +
	`/(?:[0-9A-Za-z._~!$&'()*+,;=:@/\[\]^|-]|%(?:[1-9A-Fa-f][0-9A-Fa-f]|0[1-9A-Fa-f]))*` +
	"(?:[?][0-9A-Za-z._~!$&'()*+,;=:@/\\[\\]^|?%{}`\\\\-]*)?" +
	" HTTP/1[.][0-9]\r\n")

func TestTask6_Properties(t *testing.T) {
	t.Run("one byte of a line changed, to each other byte", func(t *testing.T) {
		const good = "GET /a%41?b HTTP/1.1\r\n"
		for place := range len(good) {
			for c := range 256 {
				in := good[:place] + string([]byte{byte(c)}) + good[place+1:]
				var l reqline.RequestLine
				n, err := l.Parse([]byte(in+next), 0)
				m := grammar.FindString(in)
				if m != "" && err == nil && n == len(m) || m == "" && isProtocolError(err, len(in+next)) {
					continue
				}
				r := testkit.Report{
					Sent: in, Mark: place, Note: fmt.Sprintf("byte 0x%02x", c),
					Want: "a *ProtocolError", Got: gotError(err),
					Why: "the grammar of a request line leaves nothing open (RFC 9112 §3): whatever else is accepted, somebody will use",
				}
				if m != "" {
					r.Want, r.Got = fmt.Sprintf("no error, n = %d", len(m)), fmt.Sprintf("%s, n = %d", gotError(err), n)
				}
				r.Fatal(t) // one of them is enough to look at
			}
		}
	})

	t.Run("what is accepted, Go's own server reads in the same way", func(t *testing.T) {
		for _, in := range []string{
			"GET / HTTP/1.1\r\n",
			"\r\nPOST /caf%C3%A9/a%2Fb/../c?d=e%20f HTTP/1.0\r\n",
			"PUT //example.org/a:b;c=1,2?d?e HTTP/1.1\r\n",
			"get http://Example.org:8080?q HTTP/1.1\r\n",
			"HEAD https://[2001:db8::1]/[a]|^?{} HTTP/1.1\r\n",
			"CONNECT example.org:443 HTTP/1.1\r\n",
			"CONNECT [::1]:443 HTTP/1.0\r\n",
			"OPTIONS * HTTP/1.1\r\n",
			"OPTIONS http://example.org HTTP/1.1\r\n",
			"M-SEARCH /?a=%zz&b=100% HTTP/1.3\r\n",
		} {
			var l reqline.RequestLine
			n, err := l.Parse([]byte(in), 0)
			r := testkit.Report{
				Sent: in, Want: "no error, and what net/http reads",
				Why: "two parsers that read one line in two ways are what an attacker looks for (RFC 9112 §11.2)",
			}
			if r.Got = gotError(err); err != nil {
				r.Fatal(t)
			}
			if r.Got = disagreement(in[:n], &l); r.Got != "" {
				r.Fatal(t)
			}
		}
	})
}

// disagreement says how net/http reads a line that we have accepted, if it reads
// it in another way. There are three differences, and it overlooks them:
//
//   - net/http does not skip an empty line before the request line;
//   - it takes no percent-encoded ASCII in a host, which RFC 3986 §3.2.2 allows;
//   - to it, as to every client, the path of a URI without one is empty.
func disagreement(line string, l *reqline.RequestLine) string {
	if strings.Contains(string(l.Target.Authority), "%") {
		return ""
	}
	head := strings.TrimPrefix(line, "\r\n") + "Host: example.org\r\n\r\n"
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		return "net/http refuses it: " + err.Error()
	}
	type view struct{ method, target, proto, authority, path, query string }
	path, _ := url.PathUnescape(string(l.Target.Path)) // task 2.7 may not be done yet
	ours := view{l.Method, string(l.Target.Raw), l.Version.String(), string(l.Target.Authority), path, string(l.Target.Query)}
	theirs := view{req.Method, req.RequestURI, req.Proto, req.URL.Host, req.URL.Path, req.URL.RawQuery}
	if l.Target.Form == reqline.AbsoluteForm && req.URL.Path == "" {
		theirs.path = ours.path
	}
	if ours != theirs {
		return fmt.Sprintf("net/http reads\n%+q\nand not\n%+q", theirs, ours)
	}
	return ""
}

func FuzzTask6_RequestLine(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\n", "\r\nGET /a?b HTTP/1.0\r\nHost: a\r\n", "CONNECT [::1]:443 HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n",
		"GET http://example.org HTTP/1.1\r\n", "GET / HTTP/2.0\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1\n", "\r\n\r\n", "\n", "GET \r\n", " \r\n", "",
	} {
		f.Add(seed, 0)
	}
	f.Add("GET /abcdefghijklmnop HTTP/1.1\r\n", 16)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		src := inBuffer(in)
		var l reqline.RequestLine
		n, err := l.Parse(src, limit)
		checkUnharmed(t, src, in)
		r := newSample(in).report("", "whatever the bytes are, the answer is a line, a status, or that there is more to come, and it does not depend on how they arrive (RFC 9112 §2.2)")
		switch end := strings.IndexByte(in[min(2, len(in)):], '\n'); {
		case errors.Is(err, reqline.ErrIncomplete):
			if end >= 0 {
				r.Want, r.Got = "an answer: the line has an end", gotError(err)
				r.Fatal(t)
			}
			return
		case err != nil:
			if !isProtocolError(err, len(in)) {
				r.Want, r.Got = "a *ProtocolError with an offset into src", gotError(err)
				r.Fatal(t)
			}
			return
		case n != min(2, len(in))+end+1:
			r.Want, r.Got = fmt.Sprintf("n = %d, where the line ends", min(2, len(in))+end+1), fmt.Sprintf("n = %d", n)
			r.Fatal(t)
		}
		for i := range n {
			if _, err := l.Parse([]byte(in[:i]), limit); !errors.Is(err, reqline.ErrIncomplete) {
				r.Want = fmt.Sprintf("ErrIncomplete when %d of %d bytes have arrived", i, n)
				r.Got = gotError(err)
				r.Fatal(t)
			}
		}
		n, err = l.Parse(src, limit)
		line := strings.TrimPrefix(in[:n], "\r\n")
		if joined := fmt.Sprintf("%s %s %v\r\n", l.Method, l.Target.Raw, l.Version); err != nil || joined != line {
			r.Want, r.Got = fmt.Sprintf("parts that make %q if they are joined", line), fmt.Sprintf("%q", joined)
			r.Fatal(t)
		}
		if r.Got = disagreement(in[:n], &l); r.Got != "" {
			r.Want = "what net/http reads"
			r.Fatal(t)
		}
	})
}
