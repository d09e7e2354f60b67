package reqline_test

import (
	"bufio"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

// next is what a client that does not wait for answers sends behind a line.
const next = "Host: example.org\r\n\r\nGET /next HTTP/1.1\n\r\n"

// arrivals yields the ways in which in can arrive, named, each as what has
// arrived after every Read: whole, byte by byte, cut in two anywhere, and with
// the next request in the same Read. A long input comes in packets instead.
func arrivals(in string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if len(in) > 1000 {
			var soFar []string
			for i := 97; i < len(in); i += 97 {
				soFar = append(soFar, in[:i])
			}
			if !yield("whole", []string{in}) || !yield("in packets of 97 bytes", append(soFar, in)) {
				return
			}
		} else {
			for how, pieces := range testkit.Splits(in) {
				soFar := make([]string, len(pieces))
				for i := range pieces {
					soFar[i] = strings.Join(pieces[:i+1], "")
				}
				if !yield(how, soFar) {
					return
				}
			}
		}
		yield("with the next request in the same Read", []string{in + next})
	}
}

func TestTask5_CutLine(t *testing.T) {
	for _, tt := range []struct {
		name      string
		in        string // up to the line end that is to be found
		line      string
		bad       bool // a 400 is wanted
		note, why string
	}{
		{
			name: "a line", in: "GET / HTTP/1.1¦\r\n", line: "GET / HTTP/1.1", note: "in n, but not in the line",
			why: "the CRLF ends the line and belongs to no part of it; n counts it, for the next line starts behind it (RFC 9112 §2.1)",
		},
		{
			name: "an empty line", in: "\r\n", line: "",
			why: "a line may be empty: one like this ends the header section (RFC 9112 §2.1)",
		},
		{
			name: "a CR inside the line stays in it", in: "a¦\rb\r\n", line: "a\rb", note: "a CR that no LF follows",
			why: "it does not end the line, and nothing here knows what the line is; whoever parses it refuses the byte (RFC 9112 §2.2)",
		},
		{
			name: "two CRs before the LF", in: "a¦\r\r\n", line: "a\r", note: "this one is in the line",
			why: "the line end is CR LF: one CR. To take off all of them would hide a byte from whoever has to refuse it (RFC 9112 §2.2)",
		},
		{
			name: "spaces at both ends", in: " a \r\n", line: " a ",
			why: "white space is not the line's end: what it means, and whether it is allowed, depends on the line (RFC 9112 §2.2, §5.2)",
		},
		{
			name: "an LF without a CR", in: "GET / HTTP/1.1‹¦›\n", bad: true, note: "no CR before it",
			why: "the RFC allows to accept it (RFC 9112 §2.2), and servers that did so behind proxies that did not have been made to see two requests in one. Go's own net/http was one of them, in chunked content: CVE-2025-22871",
		},
		{
			name: "an LF without a CR at the very start", in: "‹¦›\n", bad: true, note: "no CR before it",
			why: "there is no byte before this one: look before you index (RFC 9112 §2.2)",
		},
		{
			name: "an LF without a CR before a line that is right", in: "a‹¦›\nb\r\n", bad: true, note: "the first LF",
			why: "a search for CRLF runs past it and takes two lines for one (RFC 9112 §2.2)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.in)
			r := s.report(tt.note, tt.why)
			r.Want = fmt.Sprintf("line %q, n = %d", tt.line, len(s.in))
			if tt.bad {
				r.Want = s.wantError(400)
			}
			for how, soFar := range arrivals(s.in) {
				var src, line []byte
				var n int
				var err error
				for _, in := range soFar {
					src = inBuffer(in)
					line, n, err = reqline.CutLine(src)
					checkUnharmed(t, src, in)
					if !errors.Is(err, reqline.ErrIncomplete) {
						break
					}
				}
				if tt.bad && s.isError(err, 400) ||
					!tt.bad && err == nil && string(line) == tt.line && n == len(s.in) && len(src) >= n && inside(line, src) {
					continue
				}
				switch {
				case err != nil:
					r.Got = gotError(err)
				case !inside(line, src):
					r.Want, r.Got = "the line as a part of src", "a copy of it"
					r.Why = "the doc comment promises that it is borrowed: a server that copies each line pays for it each time"
				default:
					r.Got = fmt.Sprintf("line %q, n = %d", line, n)
				}
				arrived(&r, how, string(src), s.in)
				r.Fatal(t) // it is red in one way: the others would say the same
			}
		})
	}

	for _, tt := range []struct{ name, in, note, why string }{
		{
			"nothing yet", "", "",
			"no byte has arrived: that is no fault, there is just nothing to say yet",
		},
		{
			"half a line", "GET / HT", "",
			"TCP keeps the bytes and their order, not the borders between them: a line may arrive in any number of pieces",
		},
		{
			"a CR and nothing behind it yet", "GET / HTTP/1.1¦\r", "the LF is still on its way",
			"the CR and its LF may arrive in two pieces, and this is only half a line end (RFC 9112 §2.2)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.in)
			line, n, err := reqline.CutLine(inBuffer(s.in))
			if !errors.Is(err, reqline.ErrIncomplete) {
				r := s.report(tt.note, tt.why)
				r.Want, r.Got = "ErrIncomplete: more bytes are needed", gotError(err)
				if err == nil {
					r.Got = fmt.Sprintf("line %q, n = %d", line, n)
				}
				r.Fatal(t)
			}
		})
	}
}

// arrived adds to a report how much of in had arrived, and how, when the answer
// was wrong.
func arrived(r *testkit.Report, how, soFar, in string) {
	switch {
	case len(soFar) < len(in):
		r.Want = fmt.Sprintf("ErrIncomplete as long as the line has no end,\nthen %s", r.Want)
		r.Got += fmt.Sprintf("\nwhen %d of %d bytes had arrived", len(soFar), len(in))
		r.Why = "TCP keeps the bytes and their order, not the borders between them: a line may arrive in any number of pieces, and half a line is no fault"
	case how != "whole":
		r.Got += "\n(" + how + ")"
	}
}

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
			name: "a limit of 0 stands for MaxRequestLine", in: longLine(max), limit: 0, want: longWant(max),
			why: "the zero value is to be useful: a caller without an opinion gets what others use (RFC 9112 §3: at least 8000)",
		},
		{
			name: "one byte more than MaxRequestLine", in: longLine(max + 1), limit: 0, statuses: []int{414},
			why: "without a limit somebody who sends one line that never ends gets all of the memory",
		},
		{
			name: "a method that fills the whole limit", in: strings.Repeat("M", 200) + " / HTTP/1.1\r\n", limit: 100, statuses: []int{501, 414},
			why: "a method longer than any that is implemented is a 501 (RFC 9112 §3); the line is too long as well",
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
	given := ""
	if len(s.in) > 500 {
		given = fmt.Sprintf("for a line of %d bytes: ", len(s.in))
	}
	if row.limit != 0 {
		given = fmt.Sprintf("with a limit of %d: ", row.limit)
	}
	if len(row.statuses) > 0 {
		if !s.isError(err, row.statuses...) {
			r.Want, r.Got = given+s.wantError(row.statuses...), gotError(err)
			if err == nil {
				r.Got = shortened(fmt.Sprintf("no error: %s, n = %d", describeLine(&l), n))
			}
			arrived(&r, how, in, s.in)
			r.Fatal(t)
		}
		return
	}
	if got := describeLine(&l); err != nil || got != row.want || n != len(s.in) || !inside(l.Target.Raw, src) {
		r.Want = given + shortened(fmt.Sprintf("%s, n = %d", row.want, len(s.in)))
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
