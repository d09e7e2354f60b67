package reqline_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

// A targetRow is a request target and what becomes of it. A part that is
// "none" has to be nil.
type targetRow struct {
	name   string
	method string // GET unless it is set
	src    string

	form      reqline.Form // 0 if a 400 is wanted
	authority string
	path      string
	query     string

	note, why string
}

const none = "\x00none" // no part looks like this

func TestTask4_OriginForm(t *testing.T) {
	runTargets(t, []targetRow{
		{
			name: "a path and a query", src: "/where?q=now",
			form: reqline.OriginForm, authority: none, path: "/where", query: "q=now",
			why: "the example of the RFC (RFC 9112 §3.2.1)",
		},
		{
			name: "the shortest target", src: "/",
			form: reqline.OriginForm, authority: none, path: "/", query: none,
			why: "without a question mark there is no query: nil (RFC 9112 §3.2.1)",
		},
		{
			name: "a query that is empty", src: "/?",
			form: reqline.OriginForm, authority: none, path: "/", query: "",
			why: "\"/?\" and \"/\" are different URIs (RFC 3986 §6.2.3): an empty query is not nil",
		},
		{
			name: "a second question mark", src: "/a?b¦?c", note: "a part of the query",
			form: reqline.OriginForm, authority: none, path: "/a", query: "b?c",
			why: "the first question mark ends the path; a query may have more of them (RFC 3986 §3.4)",
		},
		{
			name: "a path that starts with two slashes", src: "//example.org/a",
			form: reqline.OriginForm, authority: none, path: "//example.org/a", query: none,
			why: "absolute-path = 1*( \"/\" segment ), and a segment may be empty (RFC 9110 §4.1). To url.Parse this is a host, example.org; to a server it is a path",
		},
		{
			name: "a colon and two slashes inside", src: "/go/http://example.org/?next=http://a/",
			form: reqline.OriginForm, authority: none, path: "/go/http://example.org/", query: "next=http://a/",
			why: "it starts with a slash, so it is origin-form, whatever comes later (RFC 9112 §3.2.1)",
		},
		{
			name: "percent-encoded bytes stay as they are", src: "/a¦%2Fb%3Fc?d%26e", note: "an encoded slash",
			form: reqline.OriginForm, authority: none, path: "/a%2Fb%3Fc", query: "d%26e",
			why: "an encoded separator is a part of a name. Whoever decodes first and cuts then cannot tell them apart any more (RFC 3986 §2.4)",
		},
		{
			name: "dot segments stay as they are", src: "/a/../b",
			form: reqline.OriginForm, authority: none, path: "/a/../b", query: none,
			why: "the path is given as it was sent; the normal form is task 2.8",
		},
		{
			name: "every byte that a path has", src: "/aZ09-._~!$&'()*+,;=:@%41[]^|/",
			form: reqline.OriginForm, authority: none, path: "/aZ09-._~!$&'()*+,;=:@%41[]^|/", query: none,
			why: "pchar and slash (RFC 3986 §3.3), and the four that browsers send as they are",
		},
		{
			name: "every byte that a query has", src: "/?aZ09-._~!$&'()*+,;=:@%41[]^|/?{}`\\",
			form: reqline.OriginForm, authority: none, path: "/", query: "aZ09-._~!$&'()*+,;=:@%41[]^|/?{}`\\",
			why: "pchar, slash and question mark (RFC 3986 §3.4), and those that browsers send as they are: a server that refused \"?id[]=1\" would refuse half of the web",
		},
		{
			name: "a percent sign that stands for itself in the query", src: "/?discount=50%",
			form: reqline.OriginForm, authority: none, path: "/", query: "discount=50%",
			why: "browsers send this when somebody types it, and as nobody maps a query to a file it does no harm",
		},
		{
			name: "OPTIONS of one resource", method: "OPTIONS", src: "/*",
			form: reqline.OriginForm, authority: none, path: "/*", query: none,
			why: "asterisk-form is an asterisk and nothing else (RFC 9112 §3.2.4)",
		},

		{
			name: "nothing", src: "",
			why: "a request target has at least one byte (RFC 9112 §3.2). \"GET  / HTTP/1.1\", with two spaces, leads here",
		},
		{
			name: "a path without its slash", src: "¦where?q=now", note: "no slash",
			why: "a path starts with a slash (RFC 9112 §3.2.1). To put one before it is to guess, and a filter in front has seen a target without it",
		},
		{
			name: "a query without a path", src: "¦?q=now", note: "no path",
			why: "if the path is empty the client sends \"/\" (RFC 9112 §3.2.1)",
		},
		{
			name: "a fragment", src: "/a¦#b", note: "a fragment starts",
			why: "the fragment never leaves the client (RFC 9110 §7.1). A proxy that stops reading at # and a server that does not see two different paths: CVE-2023-47106",
		},
		{
			name: "a fragment behind the query", src: "/a?b¦#c", note: "a fragment starts",
			why: "the fragment never leaves the client (RFC 9110 §7.1)",
		},
		{
			name: "a space in the path", src: "/a¦ b", note: "a space",
			why: "no white space is allowed in a target, and it must not be corrected silently: it may be there to slip past a filter (RFC 9112 §3.2)",
		},
		{
			name: "a tab in the query", src: "/a?b¦\tc", note: "a tab",
			why: "no white space is allowed in a target (RFC 9112 §3.2)",
		},
		{
			name: "a bare CR", src: "/a¦\rb", note: "a CR that no LF follows",
			why: "a bare CR makes what it stands in invalid (RFC 9112 §2.2). Some servers have ended the line there",
		},
		{
			name: "a raw NUL in the path", src: "/a¦\x00.html", note: "a NUL",
			why: "no URI has a control character (RFC 3986 §2)",
		},
		{
			name: "a letter that is not ASCII", src: "/caf¦é", note: "the first byte of é",
			why: "a URI is ASCII; é is sent as %C3%A9 (RFC 3986 §2.5). Raw bytes mean one thing to a server that thinks in UTF-8 and another to one that does not",
		},
		{
			name: "a letter that is not ASCII in the query", src: "/?q=caf¦é", note: "the first byte of é",
			why: "a URI is ASCII; é is sent as %C3%A9 (RFC 3986 §2.5)",
		},
		{
			name: "a backslash in the path", src: `/a¦\..\secret`, note: "a backslash",
			why: "no URI has one (RFC 3986 §2), and on Windows it separates folders: a check that looks for \"/../\" does not see this one (CVE-2022-21221)",
		},
		{
			name: "a quote in the path", src: `/a¦"b`, note: "a quote",
			why: "no URI has one (RFC 3986 §2), and in a log line or a page it would end what it stands in",
		},
		{
			name: "an angle bracket in the query", src: "/?q=¦<script>", note: "an angle bracket",
			why: "no URI has one (RFC 3986 §2): every client encodes it, unless somebody writes the request by hand",
		},
		{
			name: "a percent sign at the end of the path", src: "/100¦%", note: "no two digits",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1); look at the length before you look at the digits",
		},
		{
			name: "a percent sign with one digit", src: "/a¦%4", note: "no two digits",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1); look at the length before you look at the digits",
		},
		{
			name: "a percent sign with a letter that is no digit", src: "/a¦%4gb", note: "g is no hexadecimal digit",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1). Servers have decoded this one, each in its own way",
		},
		{
			name: "a percent sign whose digits are behind the question mark", src: "/a¦%?41", note: "no two digits",
			why: "the path ends at the question mark; what stands behind it completes nothing (RFC 3986 §2.1)",
		},
		{
			name: "an encoded NUL in the path", src: "/a.php¦%00.jpg", note: "a NUL, if decoded",
			why: "the calls of the operating system end a file's name at the NUL: it is checked as a picture and opened as a program (RFC 3986 §7.3)",
		},
		{
			name: "an encoded line end in the path", src: "/a¦%0d%0aSet-Cookie:%20b=c", note: "a CR, if decoded",
			why: "decoded into a redirect it ends the field, and what follows is a field of the attacker's (RFC 9112 §11.1); decoded into a log, a line",
		},
		{
			name: "an encoded CR in the path", src: "/a¦%0Db", note: "a CR, if decoded",
			why: "some readers end a line at a CR alone, and a terminal that shows a log goes back to the start of the line and writes over it (RFC 9112 §2.2, §11.1)",
		},
		{
			name: "an encoded LF in the path", src: "/a¦%0Ab", note: "an LF, if decoded",
			why: "for most readers of a log or a list of names, an LF alone ends a line (RFC 9112 §11.1)",
		},
	})
}

func TestTask4_AbsoluteForm(t *testing.T) {
	runTargets(t, []targetRow{
		{
			name: "an http URI", src: "http://www.example.org/pub/WWW/TheProject.html?a=1",
			form: reqline.AbsoluteForm, authority: "www.example.org", path: "/pub/WWW/TheProject.html", query: "a=1",
			why: "proxies are asked in this form, and a server MUST accept it too (RFC 9112 §3.2.2)",
		},
		{
			name: "an https URI in upper case", src: "HTTPS://example.org:8443/",
			form: reqline.AbsoluteForm, authority: "example.org:8443", path: "/", query: none,
			why: "schemes are compared without regard to case (RFC 9110 §4.2.3)",
		},
		{
			name: "a URI without a path", src: "http://example.org",
			form: reqline.AbsoluteForm, authority: "example.org", path: "/", query: none,
			why: "an empty path is the same as \"/\" (RFC 9110 §4.2.3)",
		},
		{
			name: "no path but a query", src: "http://example.org¦?q=now", note: "the end of the authority",
			form: reqline.AbsoluteForm, authority: "example.org", path: "/", query: "q=now",
			why: "an authority ends at a slash, at a question mark, or at the end (RFC 3986 §3.2)",
		},
		{
			name: "an IPv6 address", src: "http://[::1]:8080/a",
			form: reqline.AbsoluteForm, authority: "[::1]:8080", path: "/a", query: none,
			why: "the authority goes to ParseAuthority as a whole (RFC 3986 §3.2.2)",
		},
		{
			name: "another URI in the path", src: "http://a/http://b/?c",
			form: reqline.AbsoluteForm, authority: "a", path: "/http://b/", query: "c",
			why: "the first \"://\" ends the scheme; later ones are parts of the path (RFC 3986 §3)",
		},
		{
			name: "OPTIONS of the whole server through a proxy", method: "OPTIONS", src: "http://example.org:8001",
			form: reqline.AbsoluteForm, authority: "example.org:8001", path: "*", query: none,
			why: "the last proxy turns this into \"OPTIONS *\", so it means that (RFC 9112 §3.2.4)",
		},
		{
			name: "OPTIONS of the root through a proxy", method: "OPTIONS", src: "http://example.org:8001/",
			form: reqline.AbsoluteForm, authority: "example.org:8001", path: "/", query: none,
			why: "here there is a path (RFC 9112 §3.2.4)",
		},
		{
			name: "OPTIONS with a query and no path", method: "OPTIONS", src: "http://example.org?",
			form: reqline.AbsoluteForm, authority: "example.org", path: "/", query: "",
			why: "it means the whole server only if there is neither a path nor a query (RFC 9112 §3.2.4)",
		},

		{
			name: "a letter outside ASCII in the scheme", src: "¦http\u017f://example.org/a", note: "http with a long s behind it",
			why: "a scheme is ASCII: strings.EqualFold and bytes.EqualFold take the long s for an s, and others do not (RFC 3986 §3.1)",
		},
		{
			name: "a scheme that is not HTTP's", src: "¦ftp://example.org/a", note: "ftp",
			why: "this server has no authority over ftp, and no way to ask somebody who has (RFC 9110 §4.2)",
		},
		{
			name: "a scheme without slashes", src: "http:¦example.org/a", note: "no //",
			why: "an http URI has an authority, and \"//\" starts it (RFC 9110 §4.2.1)",
		},
		{
			name: "a scheme with one slash", src: "http:/¦example.org/a", note: "no //",
			why: "an http URI has an authority, and \"//\" starts it (RFC 9110 §4.2.1). Browsers correct this, so that they and you would ask different hosts",
		},
		{
			name: "a URI without a host", src: "http://¦/a", note: "no host",
			why: "an http URI without a host MUST be rejected (RFC 9110 §4.2.1)",
		},
		{
			name: "no host and no path", src: "http://¦", note: "no host",
			why: "an http URI without a host MUST be rejected (RFC 9110 §4.2.1)",
		},
		{
			name: "a port without a host", src: "http://¦:80/", note: "no host",
			why: "an http URI without a host MUST be rejected (RFC 9110 §4.2.1)",
		},
		{
			name: "a user", src: "‹http://example.org¦@evil.example/›", note: "user@host",
			why: "a user before the host is there to deceive (RFC 9110 §4.2.4)",
		},
		{
			name: "an at sign in the path is none", src: "http://example.org/@me",
			form: reqline.AbsoluteForm, authority: "example.org", path: "/@me", query: none,
			why: "look for a user in the authority only: a path may have an at sign (RFC 3986 §3.3)",
		},
		{
			name: "a fragment right behind the host", src: "http://example.org¦#a", note: "a fragment starts",
			why: "absolute-form has no fragment (RFC 9112 §3.2.2)",
		},
		{
			name: "a backslash behind the host", src: `http://example.org¦\@evil.example/`, note: "a backslash",
			why: "browsers end the host here, others read on to the at sign (RFC 3986 §3.2)",
		},
		{
			name: "a letter in the path that is not ASCII", src: "http://example.org/‹caf¦é›", note: "the first byte of é",
			why: "a URI is ASCII (RFC 3986 §2). The offset is counted from the start of the target, not of the path",
		},
		{
			name: "a bad port", src: "http://example.org‹:¦+80›/", note: "no digit",
			why: "a port is digits (RFC 3986 §3.2.3). The offset is counted from the start of the target: Shift does that",
		},
	})
}

func TestTask4_AuthorityForm(t *testing.T) {
	runTargets(t, []targetRow{
		{
			name: "CONNECT to a name", method: "CONNECT", src: "www.example.com:80",
			form: reqline.AuthorityForm, authority: "www.example.com:80", path: none, query: none,
			why: "a tunnel has an end, and no path (RFC 9112 §3.2.3)",
		},
		{
			name: "CONNECT to an IPv6 address", method: "CONNECT", src: "[2001:db8::1]:443",
			form: reqline.AuthorityForm, authority: "[2001:db8::1]:443", path: none, query: none,
			why: "uri-host \":\" port (RFC 9112 §3.2.3)",
		},
		{
			name: "CONNECT without a port", method: "CONNECT", src: "www.example.com¦", note: "no port",
			why: "there is no default port: the client MUST send one (RFC 9110 §9.3.6)",
		},
		{
			name: "CONNECT with an empty port", method: "CONNECT", src: "www.example.com:¦", note: "no port",
			why: "a server MUST reject a CONNECT to an empty port (RFC 9110 §9.3.6)",
		},
		{
			name: "CONNECT without a host", method: "CONNECT", src: "¦:443", note: "no host",
			why: "a tunnel needs an end (RFC 9112 §3.2.3)",
		},
		{
			name: "CONNECT with a path", method: "CONNECT", src: "¦/tunnel", note: "no host",
			why: "authority-form is the only form that CONNECT has (RFC 9110 §7.1)",
		},
		{
			name: "CONNECT with a path behind the port", method: "CONNECT", src: "www.example.com:443¦/", note: "no digit",
			why: "it consists of only the host and the port (RFC 9112 §3.2.3)",
		},
		{
			name: "CONNECT with a URI", method: "CONNECT", src: "http¦://www.example.com/", note: "a scheme?",
			why: "it consists of only the host and the port (RFC 9112 §3.2.3). Read as an authority, the host of this would be \"http\"",
		},
		{
			name: "CONNECT with an asterisk", method: "CONNECT", src: "¦*", note: "asterisk-form",
			why: "authority-form is the only form that CONNECT has (RFC 9110 §7.1)",
		},
		{
			name: "GET with a host and a port", src: "¦www.example.com:80", note: "authority-form",
			why: "authority-form is for CONNECT only (RFC 9110 §7.1)",
		},
		{
			name: "connect in lower case", method: "connect", src: "¦www.example.com:80", note: "authority-form",
			why: "methods are case-sensitive: this one is not CONNECT (RFC 9112 §3.1)",
		},
	})
}

func TestTask4_AsteriskForm(t *testing.T) {
	runTargets(t, []targetRow{
		{
			name: "OPTIONS of the whole server", method: "OPTIONS", src: "*",
			form: reqline.AsteriskForm, authority: none, path: "*", query: none,
			why: "what the server as a whole can do, such as a ping (RFC 9112 §3.2.4)",
		},
		{
			name: "GET with an asterisk", src: "¦*", note: "asterisk-form",
			why: "asterisk-form MUST NOT be used with other methods (RFC 9110 §7.1)",
		},
		{
			name: "options in lower case with an asterisk", method: "options", src: "¦*", note: "asterisk-form",
			why: "methods are case-sensitive: this one is not OPTIONS (RFC 9112 §3.1)",
		},
		{
			name: "OPTIONS with a letter", method: "OPTIONS", src: "¦x", note: "no asterisk",
			why: "one byte is not enough for an asterisk-form: it has to be an asterisk (RFC 9112 §3.2.4)",
		},
		{
			name: "OPTIONS with two asterisks", method: "OPTIONS", src: "*¦*", note: "one too many",
			why: "asterisk-form is one asterisk (RFC 9112 §3.2.4)",
		},
		{
			name: "OPTIONS with an asterisk and a query", method: "OPTIONS", src: "*¦?a", note: "a query",
			why: "asterisk-form has no query (RFC 9112 §3.2.4)",
		},
	})
}

// runTargets runs each row as a test.
func runTargets(t *testing.T, rows []targetRow) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if row.method == "" {
				row.method = "GET"
			}
			row.run(t)
		})
	}
}

func (row targetRow) run(t *testing.T) {
	s := newSample(row.src)
	r := s.report(row.note, row.why)
	src := inBuffer(s.in)
	// What an earlier request has left behind must not be seen.
	target := reqline.Target{Form: 9, Raw: []byte("old"), Authority: []byte("old"), Path: []byte("old"), Query: []byte("old")}
	err := target.Parse(row.method, src)
	checkUnharmed(t, src, s.in)
	if row.form == 0 {
		if !s.isError(err, 400) {
			r.Want, r.Got = row.given()+s.wantError(400), gotError(err)
			if err == nil {
				r.Got = "no error:\n" + describeTarget(&target)
			}
			r.Fatal(t)
		}
		return
	}
	want := describeParts(row.form, s.in, row.authority, row.path, row.query)
	if err != nil {
		r.Want, r.Got = row.given()+want, gotError(err)
		r.Fatal(t)
	}
	if got := describeTarget(&target); got != want {
		r.Want, r.Got = row.given()+want, got
		if strings.Contains(got, `"old"`) {
			r.Why = "\"old\" is from the request before: a Target is used again and again, so Parse has to set every field, each time"
		}
		r.Fatal(t)
	}
	if row.form != reqline.AbsoluteForm && !inside(target.Path, src) ||
		!inside(target.Raw, src) || !inside(target.Authority, src) || !inside(target.Query, src) {
		r.Want, r.Got = "parts of src", "a copy of at least one of them"
		r.Why = "the doc comment promises that they are borrowed: a server that copies each part of each request pays for it each time"
		r.Fatal(t)
	}
}

// given names the method, if the row depends on it.
func (row targetRow) given() string {
	if row.method == "GET" && row.form != 0 {
		return ""
	}
	return "for " + row.method + ": "
}

// describeTarget writes the parts of a target, one a line.
func describeTarget(t *reqline.Target) string {
	part := func(b []byte) string {
		if b == nil {
			return none
		}
		return string(b)
	}
	return describeParts(t.Form, part(t.Raw), part(t.Authority), part(t.Path), part(t.Query))
}

func describeParts(form reqline.Form, raw, authority, path, query string) string {
	part := func(s string) string {
		if s == none {
			return "nil"
		}
		return `"` + testkit.Visible(s) + `"`
	}
	return fmt.Sprintf("%v\nRaw %s\nAuthority %s\nPath %s\nQuery %s", form, part(raw), part(authority), part(path), part(query))
}

func TestTask4_Bytes(t *testing.T) {
	const (
		alnum   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		inPath  = alnum + "-._~!$&'()*+,;=:@/[]^|"
		inQuery = inPath + "?%{}`\\"
	)
	for _, tt := range []struct{ name, before, allowed, why string }{
		{
			"each byte in a path, for what it is", "/a", inPath + "?", // which ends it
			"the bytes of a path are a closed list (RFC 3986 §3.3, and [ ] ^ | for browsers); a list of what is forbidden always lacks something",
		},
		{
			"each byte in a query, for what it is", "/?a", inQuery,
			"the bytes of a query are a closed list (RFC 3986 §3.4, and [ ] ^ | { } ` \\ for browsers)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for c := range 256 {
				in := tt.before + string([]byte{byte(c)}) + "zz"
				allowed := strings.IndexByte(tt.allowed, byte(c)) >= 0
				var target reqline.Target
				err := target.Parse("GET", []byte(in))
				if allowed && err == nil || !allowed && newSample(in).isError(err, 400) {
					continue
				}
				r := testkit.Report{
					Sent: in, Mark: len(tt.before), Note: fmt.Sprintf("byte 0x%02x", c),
					Want: "a *ProtocolError: 400 Bad Request", Got: gotError(err), Why: tt.why,
				}
				if allowed {
					r.Want = "no error"
				}
				r.Fatal(t) // one of them is enough to look at
			}
		})
	}
}

func FuzzTask4_Target(f *testing.F) {
	for _, seed := range [][2]string{
		{"GET", "/where?q=now"}, {"GET", "http://example.org"}, {"OPTIONS", "http://example.org"}, {"OPTIONS", "*"},
		{"CONNECT", "example.org:80"}, {"GET", ""}, {"GET", "//"}, {"GET", "/%"}, {"GET", "http://"}, {"GET", "http://[::1"}, {"GET", "/a#b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, method, in string) {
		src := inBuffer(in)
		var target reqline.Target
		err := target.Parse(method, src)
		checkUnharmed(t, src, in)
		r := newSample(in).report("", "whatever the bytes are, they are cut up without a loss, or refused with a status that a server can answer")
		if err != nil {
			if !isProtocolError(err, len(in)) {
				r.Want, r.Got = "a *ProtocolError with an offset into src, or no error", gotError(err)
				r.Fatal(t)
			}
			return
		}
		if fault := targetFault(method, in, &target); fault != "" {
			r.Want, r.Got = "parts that make the target if they are joined, in a form that the method has", fault+":\n"+describeTarget(&target)
			r.Fatal(t)
		}
		l := reqline.RequestLine{Method: method, Target: target, Version: reqline.HTTP11}
		if method != "CONNECT" && method != "OPTIONS" {
			l.Method = "GET" // for net/http refuses what is no token
		}
		if r.Got = disagreement(l.Method+" "+in+" HTTP/1.1\r\n", &l); r.Got != "" {
			r.Want = "what net/http reads"
			r.Fatal(t)
		}
	})
}

// targetFault says what cannot be right about the parts of a target that was
// accepted, or "".
func targetFault(method, in string, t *reqline.Target) string {
	tail := string(t.Path)
	if t.Query != nil {
		tail += "?" + string(t.Query)
	}
	switch {
	case string(t.Raw) != in:
		return "Raw is not the whole target"
	case strings.ContainsAny(in, " \t\r\n\x00#"):
		return "a byte that no target has"
	case (method == "CONNECT") != (t.Form == reqline.AuthorityForm):
		return "authority-form and CONNECT belong together"
	}
	switch t.Form {
	case reqline.OriginForm:
		if tail != in || in[0] != '/' {
			return "path and query do not make the target"
		}
	case reqline.AbsoluteForm:
		scheme, rest, _ := strings.Cut(in, "://")
		rest, ok := strings.CutPrefix(rest, string(t.Authority))
		if !ok || len(t.Authority) == 0 || len(t.Path) == 0 || !strings.HasPrefix(strings.ToLower(scheme), "http") {
			return "authority or path does not fit"
		}
		if rest != tail && string(t.Path[1:])+rest != tail[1:] {
			return "path and query do not make the target"
		}
	case reqline.AuthorityForm:
		if string(t.Authority) != in || t.Path != nil || t.Query != nil {
			return "the authority is all there is"
		}
	case reqline.AsteriskForm:
		if in != "*" || method != "OPTIONS" {
			return "asterisk-form is OPTIONS and an asterisk"
		}
	default:
		return "no form"
	}
	return ""
}
