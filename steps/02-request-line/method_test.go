package reqline_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

func TestTask1_Method(t *testing.T) {
	longest := strings.Repeat("M", reqline.MaxMethod)
	for _, tt := range []struct {
		name   string
		line   string
		method string // if there is no error; n is its length and the space
		status int
		note   string
		why    string
	}{
		{
			name: "a plain GET", line: "GET¦ / HTTP/1.1", method: "GET", note: "the space belongs to n",
			why: "whoever calls ParseMethod goes on at line[n:], where the request target starts (RFC 9112 §3)",
		},
		{
			name: "a method of another length", line: "DELETE /users/7 HTTP/1.1", method: "DELETE",
			why: "methods differ in length; nothing in the line says how long this one is",
		},
		{
			name: "TRACE", line: "TRACE / HTTP/1.1", method: "TRACE",
			why: "a list of methods that are known saves a copy, and must not change what they are called (RFC 9112 §3.1)",
		},
		{
			name: "PATCH", line: "PATCH / HTTP/1.1", method: "PATCH",
			why: "a list of methods that are known saves a copy, and must not change what they are called (RFC 9112 §3.1)",
		},
		{
			name: "a method in lower case stays as it is", line: "¦get / HTTP/1.1", method: "get", note: "not GET",
			why: "the method is case-sensitive (RFC 9112 §3.1): \"get\" is a method that nobody has defined. A filter that blocks DELETE and lets \"delete\" through must not find a server behind it that thinks they are the same",
		},
		{
			name: "a method that this server does not know", line: "M-SEARCH * HTTP/1.1", method: "M-SEARCH",
			why: "new methods are registered from time to time (this one finds devices in home networks). Whether it is implemented is asked later; here it only has to be a token (RFC 9110 §9.1)",
		},
		{
			name: "every character that a token has", line: "!#$%&'*+-.^_`|~0189AZaz / HTTP/1.1", method: "!#$%&'*+-.^_`|~0189AZaz",
			why: "a method is a token, and these are its characters (RFC 9110 §5.6.2)",
		},
		{
			name: "the longest method", line: longest + " / HTTP/1.1", method: longest,
			why: "MaxMethod is the longest method that is parsed, so one of exactly that length is parsed",
		},
		{
			name: "nothing behind the space", line: "GET ", method: "GET",
			why: "that the target is missing is for the target's parser to say",
		},
		{
			name: "a second space is not the method's", line: "GET ¦ / HTTP/1.1", method: "GET", note: "not counted in n",
			why: "one space separates the parts (RFC 9112 §3). Servers that skip several have disagreed with proxies about where the target starts, and that is how a request is smuggled (§11.2)",
		},
		{
			name: "a method that is one byte too long", line: longest + "¦M / HTTP/1.1", status: 501, note: "byte 33 of the method",
			why: "a method longer than any that is implemented is a 501 (RFC 9112 §3): not implemented, rather than malformed",
		},
		{
			name: "an empty line", line: "", status: 400,
			why: "there is no method here, and no index 0 either",
		},
		{
			name: "a method without a space behind it", line: "GET¦", status: 400, note: "the line ends here",
			why: "a request line has three parts with a space between them (RFC 9112 §3)",
		},
		{
			name: "a space before the method", line: "¦ GET / HTTP/1.1", status: 400, note: "a space",
			why: "the line starts with the method (RFC 9112 §3). A server that trimmed the space would read a request where a strict one in front of it saw none",
		},
		{
			name: "a tab behind the method", line: "GET¦\t/ HTTP/1.1", status: 400, note: "a tab",
			why: "the separator is a space and nothing else (RFC 9112 §3). Parsers that took any white space for one were tricked with a tab that others took for a part of the method",
		},
		{
			name: "a slash in the method", line: "GET¦/ HTTP/1.1", status: 400, note: "no token has a slash",
			why: "the first space is not always behind the method: what stands before it has to be a token (RFC 9112 §3.1)",
		},
		{
			name: "a bracket in the method", line: "GE¦(T / HTTP/1.1", status: 400, note: "no token has a bracket",
			why: "a method is a token, and brackets are delimiters (RFC 9110 §5.6.2)",
		},
		{
			name: "a colon in the method", line: "Host¦: example.org", status: 400, note: "no token has a colon",
			why: "this is a field line. If one is taken for a request line, the end of the request before it was lost, and to guess on would make a client's header into a request",
		},
		{
			name: "a letter that is not ASCII", line: "G¦ÉT / HTTP/1.1", status: 400, note: "the first byte of É",
			why: "a token is ASCII (RFC 9110 §5.6.2), and HTTP is parsed as bytes: unicode.IsLetter has no say here (RFC 9112 §2.2)",
		},
		{
			name: "a NUL in the method", line: "GET¦\x00 / HTTP/1.1", status: 400, note: "a NUL",
			why: "programs in C would read \"GET\" here and others would not (RFC 9110 §5.6.2)",
		},
		{
			name: "a TLS handshake", line: "¦\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 ", status: 400, note: "the first byte of a TLS record",
			why: "this is what arrives when somebody opens https:// on a port that speaks http. It is no token (RFC 9112 §3.1)",
		},
		{
			name: "a response", line: "HTTP¦/1.1 200 OK", status: 400, note: "no token has a slash",
			why: "a server that is sent a response treats it as a request with an invalid method (RFC 9112 §2.1)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.line)
			r := s.report(tt.note, tt.why)
			src := inBuffer(s.in)
			method, n, err := reqline.ParseMethod(src)
			checkUnharmed(t, src, s.in)
			if tt.status != 0 {
				if !s.isError(err, tt.status) {
					r.Want, r.Got = s.wantError(tt.status), gotError(err)
					if err == nil {
						r.Got = fmt.Sprintf("no error: method %q, n = %d", method, n)
					}
					r.Fatal(t)
				}
				return
			}
			if want := len(tt.method) + 1; err != nil || method != tt.method || n != want {
				r.Want = fmt.Sprintf("method %q, n = %d", tt.method, want)
				r.Got = fmt.Sprintf("method %q, n = %d", method, n)
				if err != nil {
					r.Got = gotError(err)
				}
				r.Fatal(t)
			}
		})
	}

	t.Run("each byte on its own, for what it is", func(t *testing.T) {
		const tokens = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		for c := range 256 {
			if c == ' ' {
				continue
			}
			in := "A" + string([]byte{byte(c)}) + "Z /"
			isToken := strings.IndexByte(tokens, byte(c)) >= 0
			_, n, err := reqline.ParseMethod(inBuffer(in))
			if ok := isToken && n == 4 && err == nil || !isToken && newSample(in).isError(err, 400); ok {
				continue
			}
			r := testkit.Report{
				Sent: in, Mark: 1, Note: fmt.Sprintf("byte 0x%02x", c),
				Want: "a 400: no token has this byte", Got: fmt.Sprintf("n = %d, %s", n, gotError(err)),
				Why: "the characters of a token are a closed list (RFC 9110 §5.6.2); IsToken knows it",
			}
			if isToken {
				r.Want = "n = 4 and no error: a token may have this byte"
			}
			r.Fatal(t) // one of them is enough to look at
		}
	})
}
