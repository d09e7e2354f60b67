package reqline_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

// A lineRow is a request line and what becomes of it.
type lineRow struct {
	name  string
	in    string // with its CRLF
	limit int

	want     string // as describeLine writes it
	statuses []int  // those that are right, if an error is wanted

	note, why string
}

func TestTask6_RequestLine(t *testing.T) {
	runLines(t, []lineRow{
		{
			name: "origin-form", in: "GET /where?q=now HTTP/1.1\r\n",
			want: "GET, origin-form, Path \"/where\", Query \"q=now\", HTTP/1.1",
			why:  "method SP request-target SP HTTP-version (RFC 9112 §3); n counts the CRLF, for the next line starts behind it",
		},
		{
			name: "absolute-form", in: "GET http://example.org:8080 HTTP/1.0\r\n",
			want: "GET, absolute-form, Authority \"example.org:8080\", Path \"/\", HTTP/1.0",
			why:  "a server MUST accept this form (RFC 9112 §3.2.2)",
		},
		{
			name: "authority-form", in: "CONNECT [::1]:443 HTTP/1.1\r\n",
			want: "CONNECT, authority-form, Authority \"[::1]:443\", HTTP/1.1",
			why:  "the form depends on the method, so the method has to reach the target's parser (RFC 9112 §3.2.3)",
		},
		{
			name: "asterisk-form", in: "OPTIONS * HTTP/1.1\r\n",
			want: "OPTIONS, asterisk-form, Path \"*\", HTTP/1.1",
			why:  "the form depends on the method, so the method has to reach the target's parser (RFC 9112 §3.2.4)",
		},
		{
			name: "a method that this server does not know", in: "M-SEARCH / HTTP/1.1\r\n",
			want: "M-SEARCH, origin-form, Path \"/\", HTTP/1.1",
			why:  "whether a method is implemented is asked later (RFC 9110 §9.1)",
		},
		{
			name: "an empty line before it", in: "¦\r\nGET / HTTP/1.1\r\n", note: "skipped, and in n",
			want: "GET, origin-form, Path \"/\", HTTP/1.1",
			why:  "old clients send one behind the content of a POST; a server SHOULD ignore it (RFC 9112 §2.2)",
		},

		{
			name: "two empty lines before it", in: "\r\n‹¦\r\n›GET / HTTP/1.1\r\n", note: "a second one", statuses: []int{400},
			why: "the RFC asks for one at least (RFC 9112 §2.2), and this parser skips one: a client that sends nothing but empty lines must not keep it busy for ever",
		},
		{
			name: "two spaces behind the method", in: "GET ¦ / HTTP/1.1\r\n", note: "a second space", statuses: []int{400},
			why: "a single space stands between the parts (RFC 9112 §3). strings.Fields takes any number of them, and a proxy that does not sees another target: that is how a request is smuggled (§11.2)",
		},
		{
			name: "two spaces before the version", in: "GET / ¦ HTTP/1.1\r\n", note: "a second space", statuses: []int{400},
			why: "a single space stands between the parts (RFC 9112 §3)",
		},
		{
			name: "a space in the target", in: "GET /a¦ b HTTP/1.1\r\n", note: "the second space, and not the last", statuses: []int{400},
			why: "no white space is allowed in a target (RFC 9112 §3.2). Whoever looks for the last space reads \"/a b\" here, and a filter in front that looks for the first one has checked \"/a\"",
		},
		{
			name: "a space behind the version", in: "GET / HTTP/1.1¦ \r\n", note: "a space", statuses: []int{400},
			why: "the line ends with the version (RFC 9112 §3), and nothing is trimmed",
		},
		{
			name: "a space before the method", in: "‹¦ ›GET / HTTP/1.1\r\n", note: "a space", statuses: []int{400},
			why: "the line starts with the method (RFC 9112 §3), and nothing is trimmed",
		},
		{
			name: "tabs for spaces", in: "‹GET¦\t›/\tHTTP/1.1\r\n", note: "a tab", statuses: []int{400},
			why: "the RFC allows to take any white space for the separator and warns of it in the same sentence (RFC 9112 §3, §11.2)",
		},
		{
			name: "no version", in: "GET /index.html¦\r\n", note: "the end", statuses: []int{400},
			why: "this was HTTP/0.9, thirty years ago. There is no version to guess: three parts make a request line (RFC 9112 §3)",
		},
		{
			name: "nothing but a method", in: "GET¦\r\n", note: "the end", statuses: []int{400},
			why: "three parts make a request line (RFC 9112 §3)",
		},
		{
			name: "a method and a space", in: "GET ¦\r\n", note: "the end", statuses: []int{400},
			why: "three parts make a request line (RFC 9112 §3); a search for the second space returns -1",
		},
		{
			name: "two parts and a space", in: "GET / ¦\r\n", note: "the end", statuses: []int{400},
			why: "the version is missing (RFC 9112 §3)",
		},
		{
			name: "a byte in the method that no token has", in: "‹GE¦(T› / HTTP/1.1\r\n", note: "a bracket", statuses: []int{400},
			why: "what ParseMethod says is passed on (RFC 9112 §3.1)",
		},
		{
			name: "a byte in the target that no URI has", in: "GET ‹/a¦\"b› HTTP/1.1\r\n", note: "a quote", statuses: []int{400},
			why: "what Target.Parse says is passed on (RFC 9112 §3.2), with its offset counted from the start of src: Shift does that",
		},
		{
			name: "a bare CR at the end", in: "GET / ‹HTTP/1.1¦\r›\r\n", note: "a CR that no LF follows", statuses: []int{400},
			why: "the line end is CR LF, and the CR before it is a byte of the version (RFC 9112 §2.2)",
		},
		{
			name: "a major version that is not spoken", in: "GET / ‹HTTP/¦2.0›\r\n", note: "2", statuses: []int{505},
			why: "a 505 tells the client to try another version; a 400 would tell it that it made a mistake (RFC 9110 §15.6.6)",
		},
		{
			name: "an offset behind an empty line", in: "\r\nGET / ‹http/1.1›\r\n", statuses: []int{400},
			why: "offsets count from the start of src, where the empty line is (RFC 9112 §2.3)",
		},
		{
			name: "an LF without a CR", in: "GET / HTTP/1.1‹¦›\n", note: "no CR before it", statuses: []int{400},
			why: "what CutLine says is passed on (RFC 9112 §2.2)",
		},
		{
			name: "an LF without a CR behind an empty line", in: "\r\nGET / HTTP/1.1‹¦›\n", note: "no CR before it", statuses: []int{400},
			why: "offsets count from the start of src, where the empty line is (RFC 9112 §2.2)",
		},
		{
			name: "a method that is too long", in: "‹" + strings.Repeat("M", reqline.MaxMethod) + "¦M ›/ HTTP/1.1\r\n", note: "one byte too many", statuses: []int{501},
			why: "what ParseMethod says is passed on (RFC 9112 §3)",
		},
		{
			name: "the preface of HTTP/2", in: "‹PRI ¦* HTTP/2.0›\r\n", note: "HTTP/2 starts like this", statuses: []int{400, 505},
			why: "an HTTP/2 client says this line first so that a server of HTTP/1.1 can refuse it (RFC 9113 §3.4)",
		},
	})

	t.Run("what stood in the RequestLine before is gone", func(t *testing.T) {
		var l reqline.RequestLine
		const first, second = "POST http://example.org/a?b HTTP/1.0\r\n", "OPTIONS * HTTP/1.1\r\n"
		_, err1 := l.Parse([]byte(first), 0)
		_, err2 := l.Parse([]byte(second), 0)
		want := "OPTIONS, asterisk-form, Path \"*\", HTTP/1.1"
		if got := describeLine(&l); err1 != nil || err2 != nil || got != want {
			testkit.Report{
				Sent: first + second, Want: want, Got: fmt.Sprintf("%s (%s)", got, gotError(errors.Join(err1, err2))),
				Why: "one RequestLine serves all requests of a connection: a part that Parse does not set is the one of the request before, and that may be somebody else's",
			}.Fatal(t)
		}
	})
}

func TestTask6_Limit(t *testing.T) {
	path := func(n int) string { return "/" + strings.Repeat("a", n-1) }
	longLine := func(n int) string { return "GET " + path(n-len("GET  HTTP/1.1\r\n")) + " HTTP/1.1\r\n" }
	longWant := func(n int) string {
		return "GET, origin-form, Path \"" + path(n-len("GET  HTTP/1.1\r\n")) + "\", HTTP/1.1"
	}
	const max = reqline.MaxRequestLine
	runLines(t, []lineRow{
		{
			name: "a line of exactly the limit", in: longLine(100), limit: 100, want: longWant(100),
			why: "the limit is the longest line that is parsed, with its CRLF",
		},
		{
			name: "a line of one byte more", in: longLine(101), limit: 100, statuses: []int{414},
			why: "a request target that is longer than the server wishes to parse is a 414 (RFC 9112 §3)",
		},
		{
			name: "a line that is only too long with its CRLF", in: longLine(102), limit: 100, statuses: []int{414},
			why: "the limit counts the CRLF: 100 bytes and no LF among them are a line of more than 100",
		},
		{
			name: "an empty line before a line of exactly the limit", in: "\r\n" + longLine(100), limit: 100, want: longWant(100),
			why: "the limit is for the line: the empty one before it is not a part of it",
		},
		{
			name: "an empty line before a line of one byte more", in: "\r\n" + longLine(101), limit: 100, statuses: []int{414},
			why: "the limit is for the line: the empty one before it is not a part of it",
		},
		{
			name: "a limit that cuts the method", in: "DELETE / HTTP/1.1\r\n", limit: 4, statuses: []int{414},
			why: "\"DELE\" is not a line that ends in its method, it is a line of which the rest was not looked at",
		},
		{
			name: "a limit of one byte", in: "G / HTTP/1.1\r\n", limit: 1, statuses: []int{414},
			why: "only 0 stands for MaxRequestLine; every other limit is the one that the caller wants",
		},
		{
			name: "a limit of 0 stands for MaxRequestLine", in: longLine(max), limit: 0, want: longWant(max),
			why: "the zero value is to be useful: a caller without an opinion gets what others use (RFC 9112 §3: at least 8000)",
		},
		{
			name: "one byte more than MaxRequestLine", in: longLine(max + 1), limit: 0, statuses: []int{414},
			why: "without a limit somebody who sends one line that never ends gets all of the memory",
		},
		{
			name: "a method that fills the whole limit", in: strings.Repeat("M", 200) + " / HTTP/1.1\r\n", limit: 100, statuses: []int{400},
			why: "a hundred bytes and no space among them: nothing says that this is a method or that a target will follow. An invalid request line is a 400 (RFC 9112 §3)",
		},
		{
			name: "a method that is too long in a line that is too long", in: "‹" + strings.Repeat("M", reqline.MaxMethod) + "¦M ›/" + strings.Repeat("a", 100), limit: 100, note: "one byte too many", statuses: []int{501},
			why: "a method longer than any that is implemented is a 501 (RFC 9112 §3): the space says where it ends, and it comes first",
		},
		{
			name: "what stands behind the line does not count", in: "GET / HTTP/1.1\r\n", limit: len("GET / HTTP/1.1\r\n"),
			want: "GET, origin-form, Path \"/\", HTTP/1.1",
			why:  "the limit is for the line, not for what is in the buffer behind it",
		},
	})

	t.Run("a full buffer without a line end is a 414 at once", func(t *testing.T) {
		const limit = 100
		full, almost := longLine(200)[:limit], longLine(limit)[:limit-1]
		var l reqline.RequestLine
		if _, err := l.Parse([]byte(full), limit); !newSample(full).isError(err, 414) {
			testkit.Report{
				Sent: full, Want: "with a limit of 100, and these 100 bytes: a *ProtocolError: " + statusName(414), Got: gotError(err),
				Why: "it is certain now that the line is longer. A server whose buffer has room for just the limit cannot read one byte more: ErrIncomplete would make it wait for ever",
			}.Fatal(t)
		}
		if _, err := l.Parse([]byte(almost), limit); !errors.Is(err, reqline.ErrIncomplete) {
			testkit.Report{
				Sent: almost, Want: "with a limit of 100, and these 99 bytes: ErrIncomplete", Got: gotError(err),
				Why: "the LF may come next, and a line of exactly 100 bytes is not too long",
			}.Fatal(t)
		}
	})
}

// runLines runs each row as a test.
func runLines(t *testing.T, rows []lineRow) {
	for _, row := range rows {
		t.Run(row.name, row.run)
	}
}

// run feeds the row's line in every way in which it can arrive. Only the first
// way that is wrong is reported: the others would say the same.
func (row lineRow) run(t *testing.T) {
	s := newSample(row.in)
	for how, soFar := range arrivals(s.in) {
		row.feed(t, s, how, soFar)
	}
}

// feed parses again and again, as a server does, until there is an answer.
func (row lineRow) feed(t *testing.T, s sample, how string, soFar []string) {
	r := s.report(row.note, row.why)
	var l reqline.RequestLine
	var n int
	var err error
	in := ""
	src := inBuffer(in)
	for _, in = range soFar {
		src = inBuffer(in)
		n, err = l.Parse(src, row.limit)
		checkUnharmed(t, src, in)
		if !errors.Is(err, reqline.ErrIncomplete) {
			break
		}
	}
	if len(s.in) > 500 {
		r.Doing = fmt.Sprintf("a line of %d bytes is parsed", len(s.in))
	}
	if row.limit != 0 {
		r.Doing = fmt.Sprintf("the limit is %d bytes", row.limit)
	}
	if len(row.statuses) > 0 {
		if !s.isError(err, row.statuses...) {
			r.Want, r.Got = s.wantError(row.statuses...), gotError(err)
			if err == nil {
				r.Got = shortened(fmt.Sprintf("no error: %s, n = %d", describeLine(&l), n))
			}
			arrived(&r, how, in, s.in)
			r.Fatal(t)
		}
		return
	}
	if got := describeLine(&l); err != nil || got != row.want || n != len(s.in) || !inside(l.Target.Raw, src) {
		r.Want = shortened(fmt.Sprintf("%s, n = %d", row.want, len(s.in)))
		r.Got = shortened(fmt.Sprintf("%s, n = %d", got, n))
		if err != nil {
			r.Got = gotError(err)
		} else if !inside(l.Target.Raw, src) {
			r.Got += ", with a target that is no part of src"
		}
		arrived(&r, how, in, s.in)
		r.Fatal(t)
	}
}

var longRun = regexp.MustCompile("a{20,}|M{20,}")

// shortened leaves out what nobody wants to read twice.
func shortened(text string) string {
	return longRun.ReplaceAllStringFunc(text, func(run string) string { return run[:3] + "..." })
}

// describeLine writes a request line in one line, without parts that are nil.
func describeLine(l *reqline.RequestLine) string {
	text := fmt.Sprintf("%s, %v", l.Method, l.Target.Form)
	for _, part := range []struct {
		name  string
		bytes []byte
	}{{"Authority", l.Target.Authority}, {"Path", l.Target.Path}, {"Query", l.Target.Query}} {
		if part.bytes != nil {
			text += fmt.Sprintf(", %s %s", part.name, quoted(part.bytes))
		}
	}
	return text + fmt.Sprintf(", %v", l.Version)
}
