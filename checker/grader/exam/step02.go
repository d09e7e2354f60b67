package exam

import (
	"fmt"
	"strings"

	"barewire/checker/grader/driver/step02"
)

func init() {
	steps[1] = []Check{
		{ID: "2.1/tokens", Title: "ParseMethod takes every token before a space, and nothing else",
			Why: "a method is a token, and whether it is one that this server knows is asked later (RFC 9112 §3.1, RFC 9110 §9.1)", run: checkMethod},
		{ID: "2.1/length", Title: "ParseMethod says 501 of a method of more than MaxMethod bytes, and takes one of MaxMethod",
			Why: "a server SHOULD answer 501 to a method longer than any that it implements (RFC 9112 §3)", run: checkMethodLength},
		{ID: "2.2/versions", Title: "ParseVersion takes HTTP/1 with any minor digit, says 505 of other majors, and 400 of all else",
			Why: "the version is case-sensitive and has one digit on each side (RFC 9112 §2.3)", run: checkVersion},
		{ID: "2.3/names", Title: "ParseAuthority cuts names and ports, and refuses what no name or port is",
			Why: "who reads another host than the proxy in front serves somebody else's site (RFC 9110 §7.2, RFC 3986 §3.2)", run: checkAuthority},
		{ID: "2.3/addresses", Title: "ParseAuthority takes IPv6 addresses in brackets, and nothing else in brackets",
			Why: "an IPv6 address has colons of its own (RFC 3986 §3.2.2)", run: checkAddresses},
		{ID: "2.4/forms", Title: "Target.Parse tells the four forms apart, by the method and by what is there",
			Why: "which form is allowed depends on the method (RFC 9112 §3.2)", run: checkForms},
		{ID: "2.4/bytes", Title: "Target.Parse takes the bytes that paths and queries have, and no others",
			Why: "a byte that one parser lets through and another one cuts at is how requests are smuggled (RFC 3986 §3.3, RFC 9112 §11.2)", run: checkTargetBytes},
		{ID: "2.4/again", Title: "a Target that is used again has nothing left of the target before",
			Why: "one Target serves all requests of a connection: what is left may be somebody else's", run: checkTargetAgain},
		{ID: "2.5/lines", Title: "CutLine cuts at the first CR LF, asks for more before it, and refuses an LF alone",
			Why: "as some take a bare LF for a line end and some do not, a message with one means two things (RFC 9112 §2.2)", run: checkCutLine},
		{ID: "2.6/lines", Title: "RequestLine.Parse reads lines one behind the other, however they arrive",
			Why: "TCP cuts where it likes, and the next request stands behind the first (RFC 9112 §3)", run: checkLines},
		{ID: "2.6/refused", Title: "RequestLine.Parse refuses what is no request line, with the right status and place",
			Why: "a single space stands between the parts, and nothing is trimmed (RFC 9112 §3, §11.2)", run: checkBadLines},
		{ID: "2.6/limit", Title: "RequestLine.Parse keeps to its limit, to the byte",
			Why: "without a limit somebody who sends one line that never ends gets all of the memory (RFC 9112 §3)", run: checkLineLimit},
		{ID: "2.7/decoded", Title: "AppendDecoded decodes once, and refuses what encodes nothing, or NUL",
			Why: "what is decoded twice passes filters that looked once (RFC 3986 §2.1, §2.4)", run: checkDecoded},
		{ID: "2.8/normal", Title: "AppendNormalized makes one spelling of every path, and none leads out of the root",
			Why: "two spellings of one name pass a filter that knows one (RFC 3986 §6.2.2)", run: checkNormalized},
		{ID: "2.8/linear", Title: "AppendNormalized takes time in proportion to the path",
			Why: "a path that costs the square of its length stops a server with one request", run: checkNormalizedTime},
		{ID: "2.9/query", Title: "ParseQuery finds all parameters in order, decoded once, and looks them up",
			Why: "the URL standard says how browsers write a form, and a repeat is a list", run: checkQuery},
		{ID: "2.9/limit", Title: "ParseQuery takes MaxParams parameters, and says 400 of one more",
			Why: "a parameter takes two bytes to send and some fifty to keep", run: checkQueryLimit},
	}
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

func bytesCase(class, src string) Case[step02.Bytes] {
	return Case[step02.Bytes]{Class: class, Arg: step02.Bytes{Src: []byte(src)}}
}

func checkMethod(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string) { cases = append(cases, bytesCase(class, src)) }
	for _, m := range methods {
		add("a method that everybody knows", m+" /"+x.Word())
		add("such a method in small letters", strings.ToLower(m)+" /")
		add("such a method with a letter changed", m[:len(m)-1]+x.String(upper, 1)+" *")
	}
	for range 60 {
		m := x.String(tchar, x.Between(1, 32))
		add("a token of any bytes", m+" "+x.String(tchar+" /?", x.IntN(20)))
		add("two spaces behind a token", m+"  /")
		add("a token without a space behind it", m)
		add("a space before a token", " "+m+" /")
	}
	for c := range 256 { // each byte, where a byte of the method is
		m := x.String(tchar, x.Between(2, 12))
		at := x.Between(0, len(m))
		add(fmt.Sprintf("a method with the byte 0x%02x in it", c), m[:at]+string([]byte{byte(c)})+m[at:]+" /")
	}
	add("nothing", "")
	add("a space", " ")
	Compare(x, "reqline.ParseMethod", step02.ParseMethod, cases)
}

func checkMethodLength(x *X) {
	var cases []Case[step02.Bytes]
	for _, n := range []int{1, 30, 31, 32, 33, 34, 64, 255, 256, 257, 288, 3000} {
		m := x.String(tchar, n)
		cases = append(cases,
			bytesCase(fmt.Sprintf("a method of %d bytes", n), m+" /"+x.Word()),
			bytesCase(fmt.Sprintf("%d bytes of a token and no space", n), m),
			bytesCase(fmt.Sprintf("%d bytes of a token and a tab", n), m+"\t/"))
	}
	Compare(x, "reqline.ParseMethod", step02.ParseMethod, cases)
}

func checkVersion(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string) { cases = append(cases, bytesCase(class, src)) }
	for major := range 10 {
		for minor := range 10 {
			add("a version with two digits", fmt.Sprintf("HTTP/%d.%d", major, minor))
		}
	}
	for _, good := range []string{"HTTP/1.1", "HTTP/1.0"} {
		for at := range len(good) {
			add("a version that is cut off", good[:at])
			for _, c := range []byte{' ', '+', '-', '0', '1', '.', ',', '/', 'h', 'H', 0, '\r', 'x', 0xb1, ':', ';'} {
				add("a version with a byte changed", good[:at]+string([]byte{c})+good[at+1:])
				add("a version with a byte more", good[:at]+string([]byte{c})+good[at:])
			}
		}
		for range 20 {
			add("a version with something behind it", good+string(x.Bytes(x.Between(1, 4))))
			add("a version with something changed", x.Mutate(good))
		}
		add("a version in small letters", strings.ToLower(good))
		add("a version in letters of both cases", x.Case("http")+good[4:])
		add("a version with space around it", Pick(x.Rand, " ", "\t", "\r", "\n")+good)
		add("a version with space around it", good+Pick(x.Rand, " ", "\t", "\r", "\n"))
	}
	for _, bad := range []string{"", "HTTP", "HTTP/", "HTTP/1", "HTTP/1.", "HTTP/11", "HTTP/11.1", "HTTP/1.10", "HTTP/+1.1", "HTTP/1.+1", "HTTP/-1.1", "HTTP/1.01", "HTTPS/1.1", "SHTTP/1.1", "HTTP 1.1", "HTTP/1 1", "HTTP/.1", "HTTP/x.y", "HTTP/2", "HTTP/1.1.1", "1.1"} {
		add("something that is no version", bad)
	}
	Compare(x, "reqline.ParseVersion", step02.ParseVersion, cases)
}

// nameBytes are those of a host, but for the percent sign.
const nameBytes = alnum + "-._~!$&'()*+;="

func checkAuthority(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string) { cases = append(cases, bytesCase(class, src)) }
	name := func() string {
		n := x.String(nameBytes, x.Between(1, 12))
		if x.Chance(30) {
			n += fmt.Sprintf("%%%02x", x.Between(1, 255)) + x.String(alnum, x.IntN(4))
		}
		return n
	}
	for range 60 {
		add("a host name", name())
		add("a host name and a port", fmt.Sprintf("%s:%d", name(), x.Between(1, 65535)))
		add("a host name and something mutated", x.Mutate(fmt.Sprintf("%s.example:%d", name(), x.Between(1, 65535))))
	}
	for c := range 256 {
		h := x.String(alnum, x.Between(2, 8))
		at := x.Between(1, len(h)-1)
		add(fmt.Sprintf("a host name with the byte 0x%02x in it", c), h[:at]+string([]byte{byte(c)})+h[at:])
	}
	for _, port := range []string{"", "0", "00", "1", "01", "080", "65535", "065535", "65536", "65537", "66000", "99999", "100000", "131153", "4294967376", "18446744073709551696", "+80", "-80", " 80", "80 ", "8x", "x", "0x50", "80:80", ":80", "８０", "1_0", "000000000000000000080"} {
		add("a host and a port such as "+fmt.Sprintf("%q", port), x.String(lower, 5)+":"+port)
		add("a port without a host", ":"+port)
	}
	for _, s := range []string{"", ":", "user@" + x.Word(), x.Word() + "@", "u:p@" + x.Word() + ":80", "%", "%4", "%zz", "%00", "a%00b", "a%0", "%41", "%2f", "a,b", "a b", "a/b", "a?b", "a#b", "a\\b", "<a>", "\"a\"", "{a}", "a|b", "a^b", "a`b", "ä.example", "127.0.0.1", "127.0.0.1:80", "1.2.3.4.5", "a..b", "-", "~"} {
		add("something near an authority", s)
	}
	Compare(x, "reqline.ParseAuthority", step02.ParseAuthority, cases)
}

func checkAddresses(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string) { cases = append(cases, bytesCase(class, src)) }
	addr := func() string {
		return Pick(x.Rand, "::1", "::", fmt.Sprintf("2001:db8::%x", x.IntN(1<<16)), fmt.Sprintf("::ffff:192.0.2.%d", x.IntN(256)),
			fmt.Sprintf("2001:DB8:%x:0:1:2:3:%x", x.IntN(1<<16), x.IntN(1<<16)), fmt.Sprintf("fe80::%x", x.IntN(1<<16)))
	}
	for range 30 {
		add("an IPv6 address", "["+addr()+"]")
		add("an IPv6 address and a port", fmt.Sprintf("[%s]:%d", addr(), x.Between(1, 65535)))
		add("an IPv6 address and a port, mutated", x.Mutate(fmt.Sprintf("[%s]:%d", addr(), x.Between(1, 65535))))
		add("an IPv6 address with a zone", "["+addr()+"%"+x.Word()+"]")
		add("an IPv6 address without brackets", addr())
		add("an IPv6 address without its last bracket", "["+addr())
		add("something behind the bracket", "["+addr()+"]"+Pick(x.Rand, "80", "x", "]", ":x", " ", "::", ".example", "x:80"))
		add("something before the bracket", x.String(alnum, 1)+"["+addr()+"]")
	}
	for _, s := range []string{"[]", "[", "]", "[:]", "[127.0.0.1]", "[192.0.2.1]:80", "[a]", "[v1.x]", "[::1]]", "[[::1]]", "[::1]:", "[::1]:0", "[::1]:65536", "[::g]", "[1:2:3:4:5:6:7:8:9]", "[ ::1]", "[::1 ]", "[]:80", "[:80"} {
		add("something near an address", s)
	}
	Compare(x, "reqline.ParseAuthority", step02.ParseAuthority, cases)
}

const (
	pathBytes  = alnum + "-._~!$&'()*+,;=:@/[]^|"
	queryBytes = pathBytes + "?{}`\\%"
)

// path draws a path that is right.
func (x *X) path() string {
	p := "/" + x.String(pathBytes, x.IntN(12))
	if x.Chance(30) {
		p += fmt.Sprintf("%%%02X", x.Between(0x20, 0xff)) + x.String(alnum, x.IntN(3))
	}
	return p
}

// query draws a query with its question mark, or none.
func (x *X) query() string {
	if x.Chance(50) {
		return ""
	}
	return "?" + x.String(queryBytes, x.IntN(12))
}

// authority draws a host, perhaps with a port.
func (x *X) authority() string {
	host := Pick(x.Rand, x.Word()+".example", x.Word(), "[2001:db8::1]", "192.0.2.7", x.Case("EXAMPLE.org"))
	if x.Chance(50) {
		host += fmt.Sprintf(":%d", x.Between(1, 65535))
	}
	return host
}

func targetCase(class, method, src string) Case[step02.TargetIn] {
	return Case[step02.TargetIn]{Class: class, Arg: step02.TargetIn{Method: method, Src: []byte(src)}}
}

func checkForms(x *X) {
	var cases []Case[step02.TargetIn]
	add := func(class, method, src string) { cases = append(cases, targetCase(class, method, src)) }
	all := append([]string{"get", "connect", "options", "Connect", "M-SEARCH"}, methods...)
	for range 8 {
		for _, m := range all {
			add("a target in origin-form", m, x.path()+x.query())
			add("a target in absolute-form", m, x.Case(Pick(x.Rand, "http", "https"))+"://"+x.authority()+x.path()+x.query())
			add("a target in absolute-form without a path", m, "http://"+x.authority()+x.query())
			add("a target in authority-form", m, x.authority())
			add("a target in asterisk-form", m, "*")
			add("something with an asterisk", m, "*"+Pick(x.Rand, "/", "?", "*", "a", " "))
		}
	}
	for range 20 {
		m := Pick(x.Rand, all...)
		add("another scheme", m, Pick(x.Rand, "ftp", "ws", "httpx", "xhttp", "file", "", "htt", "h")+"://"+x.authority()+x.path())
		add("a URI whose host is empty", m, "http://"+Pick(x.Rand, "", ":80", "?a", "/a", ":80/a", "#a"))
		add("userinfo in a URI", m, "http://"+x.Word()+Pick(x.Rand, "@", ":x@")+x.authority()+"/")
		add("a URI with a slash missing", m, "http:/"+x.authority()+"/")
		add("a path that begins with two slashes", m, "//"+x.authority()+x.path())
		add("a path with a URI in it", m, x.path()+Pick(x.Rand, "http://", "://", "@")+x.authority())
		add("a path with a URI in its query", m, x.path()+"?u=http://"+x.authority()+"?"+x.Word())
		add("a path without its slash", m, x.Word()+x.path())
		add("nothing", m, "")
		add("CONNECT without a port", "CONNECT", Pick(x.Rand, x.Word(), "[::1]", x.Word()+":", "[::1]:", "a:0"))
		add("CONNECT with a port", "CONNECT", x.Word()+fmt.Sprintf(":%d", x.Between(1, 65535)))
		add("CONNECT with more", "CONNECT", x.Word()+":443"+Pick(x.Rand, "/", "?", "?a", "#", "/a"))
		add("a query right behind the host", m, "http://"+x.authority()+"?"+x.Word()+"/x")
	}
	add("a scheme with a letter that is no s", "GET", "http\u017f://"+x.authority()+x.path()) // but folds to one, in Unicode
	for i, c := range cases {                                                                 // errors of a URI's path are counted from the start of the target
		cases[i].Off = [2]int{0, len(c.Arg.Src)}
	}
	Compare(x, "reqline.Target.Parse", step02.ParseTarget, cases)
}

func checkTargetBytes(x *X) {
	var cases []Case[step02.TargetIn]
	add := func(class, src string, from, to int) {
		c := targetCase(class, Pick(x.Rand, "GET", "POST", "OPTIONS"), src)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	for _, prefix := range []string{"", "http://" + x.authority()} {
		for c := range 256 {
			p := "/" + x.String(alnum, x.Between(2, 8))
			at := x.Between(1, len(p)-1)
			b := string([]byte{byte(c)})
			add(fmt.Sprintf("a path with the byte 0x%02x in it", c), prefix+p[:at]+b+p[at:], len(prefix)+1, len(prefix)+len(p)+1)
			add(fmt.Sprintf("a query with the byte 0x%02x in it", c), prefix+p+"?"+p[1:at]+b+p[at:], len(prefix)+1, len(prefix)+2*len(p)+1)
		}
	}
	for c := range 256 {
		p := x.path()
		digits := fmt.Sprintf("%%%02"+Pick(x.Rand, "x", "X"), c)
		add("a percent-encoded byte in the path", p+digits+x.String(alnum, x.IntN(3)), 1, 0)
		if c%8 == 0 {
			add("a percent-encoded byte in the query", p+"?"+digits, 0, 0)
		}
	}
	for range 30 {
		bad := Pick(x.Rand, "%", "%"+x.String("0123456789abcdefABCDEF", 1), "%"+x.String("ghxz+-. ", 1)+"1", "%1"+x.String("ghxz+-", 1), "%%41", "%+1")
		add("a percent sign without its digits at the end of the path", x.path()+bad, 1, 0)
		add("a percent sign without its digits in the path", x.path()+bad+"/", 1, 0)
		add("a percent sign without its digits before the query", x.path()+bad+"?"+x.Word(), 1, 0)
		add("a percent sign that stands for itself in the query", x.path()+"?"+strings.TrimSpace(bad), 0, 0)
		add("several question marks", x.path()+"?"+x.Word()+"?"+x.Word()+"?", 0, 0)
		add("an empty query", x.path()+"?", 0, 0)
		add("a fragment", x.path()+"#"+x.Word(), 1, 0)
		add("a target mutated", x.Mutate(x.path()+"?"+x.Word()), 0, 0)
	}
	Compare(x, "reqline.Target.Parse", step02.ParseTarget, cases)
}

func checkTargetAgain(x *X) {
	var cases []Case[step02.TargetIn]
	for range 20 {
		for _, c := range []Case[step02.TargetIn]{
			targetCase("a path", "GET", x.path()),
			targetCase("a path with a query", "GET", x.path()+"?"+x.Word()),
			targetCase("a URI", "GET", "http://"+x.authority()),
			targetCase("a host and a port", "CONNECT", x.Word()+":443"),
			targetCase("an asterisk", "OPTIONS", "*"),
			targetCase("no target", "GET", x.Word()),
		} {
			c.Class += " after another target"
			c.Arg.Before = []byte(Pick(x.Rand, x.path()+"?"+x.Word(), "http://"+x.authority()+x.path()+"?"+x.Word()))
			cases = append(cases, c)
		}
	}
	Compare(x, "reqline.Target.Parse", step02.ParseTarget, cases)
}

func checkCutLine(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string, from, to int) {
		c := bytesCase(class, src)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	text := func() string { return x.String(alnum+" \t:\r\x00\xff", x.IntN(20)) }
	for range 60 {
		t := text()
		add("a line", t+"\r\n", 0, 0)
		add("a line with another one behind it", t+"\r\n"+text()+"\r\n", 0, 0)
		add("a line with a bare LF behind it", t+"\r\n"+text()+"\n", 0, 0)
		add("a line without an end", t, 0, 0)
		add("a line that ends in CR so far", t+"\r", 0, 0)
		t = strings.TrimRight(t, "\r")
		add("an LF alone", t+"\n", len(t), len(t))
		add("an LF alone before a CR LF", t+"\n"+text()+"\r\n", len(t), len(t))
	}
	add("nothing", "", 0, 0)
	add("an empty line", "\r\n", 0, 0)
	add("an LF and nothing else", "\n", 0, 0)
	add("CR CR LF", "\r\r\n", 0, 0)
	Compare(x, "reqline.CutLine", step02.CutLine, cases)
}

// line draws a request line that is right, with its CRLF.
func (x *X) line() string {
	m := Pick(x.Rand, append([]string{x.String(tchar, x.Between(1, 32))}, methods...)...)
	target := Pick(x.Rand, x.path()+x.query(), "http://"+x.authority()+x.path()+x.query(), "https://"+x.authority())
	switch {
	case m == "CONNECT":
		target = x.Word() + fmt.Sprintf(":%d", x.Between(1, 65535))
	case m == "OPTIONS" && x.Chance(50):
		target = "*"
	}
	return m + " " + target + " HTTP/1." + x.String(digits, 1) + "\r\n"
}

func linesCase(class, src string, limit int, cuts []int) Case[step02.LinesIn] {
	return Case[step02.LinesIn]{Class: class, Arg: step02.LinesIn{Src: []byte(src), Limit: limit, Cuts: cuts}}
}

func checkLines(x *X) {
	var cases []Case[step02.LinesIn]
	for range 150 {
		src := ""
		for range x.Between(1, 4) {
			if x.Chance(25) {
				src += "\r\n"
			}
			src += x.line()
		}
		src += Pick(x.Rand, "", "GET", "\r", "\r\n", "GET / HTTP/1.1", "GET / HTTP/1.1\r")
		cases = append(cases, linesCase("lines, one behind the other", src, 0, nil), linesCase("lines in pieces", src, 0, x.Cuts(len(src), 5)))
	}
	for range 10 {
		src := x.line() + x.line()
		var cuts []int
		for i := range len(src) {
			cuts = append(cuts, i)
		}
		cases = append(cases, linesCase("lines, byte by byte", src, 0, cuts), linesCase("a bad line, byte by byte", "\r\n\r\n"+src, 0, cuts))
	}
	Compare(x, "reqline.RequestLine.Parse", step02.ParseLines, cases)
}

func checkBadLines(x *X) {
	var cases []Case[step02.LinesIn]
	add := func(class, src string, from, to int) {
		c := linesCase(class, src, 0, nil)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	for range 25 {
		empty := Pick(x.Rand, "", "\r\n")
		good := x.line()
		m, rest, _ := strings.Cut(good, " ")
		target, version, _ := strings.Cut(rest, " ")
		v := len(empty) + len(m) + 1 + len(target) + 1
		add("a line that is right", empty+good, 0, 0)
		add("two spaces behind the method", empty+m+"  "+rest, 0, 0)
		add("two spaces before the version", empty+m+" "+target+"  "+version, 0, 0)
		add("a space in the target", empty+m+" "+target+" "+x.Word()+" "+version, 0, 0)
		add("a space behind the version", empty+strings.TrimSuffix(good, "\r\n")+" \r\n", 0, 0)
		add("a space before the method", empty+" "+good, 0, 0)
		add("a tab for a space", empty+m+"\t"+rest, 0, 0)
		add("a tab for a space", empty+m+" "+target+"\t"+version, 0, 0)
		add("no version", empty+m+" "+target+"\r\n", 0, 0)
		add("a method alone", empty+m+Pick(x.Rand, "", " ", "  ")+"\r\n", 0, 0)
		add("a method and a target and a space", empty+m+" "+target+" \r\n", 0, 0)
		add("a version alone", empty+version, 0, 0)
		add("two empty lines", "\r\n\r\n"+good, 2, 4)
		add("an LF alone", empty+strings.TrimSuffix(good, "\r\n")+"\n", len(empty)+len(good)-2, len(empty)+len(good)-2)
		add("an LF alone for an empty line", "\n"+good, 0, 1)
		add("a CR alone before the end", empty+strings.TrimSuffix(good, "\r\n")+"\r\r\n", 0, 0)
		add("a version that is none", empty+m+" "+target+" http/1.1\r\n", v, v+8)
		add("a version that is not spoken", empty+m+" "+target+" HTTP/"+Pick(x.Rand, "2.0", "0.9", "3.0")+"\r\n", v, v+8)
		add("a target with a bad byte", empty+m+" /"+x.Word()+"\"x HTTP/1.1\r\n", len(empty)+len(m)+1, v+20)
		add("a method of 33 bytes", empty+x.String(tchar, 33)+" "+rest, len(empty), len(empty)+34)
		add("something mutated", empty+x.Mutate(strings.TrimSuffix(good, "\r\n"))+"\r\n", 0, 0)
		add("a line without an end", empty+strings.TrimSuffix(good, "\r\n"), 0, 0)
	}
	for i, c := range cases { // the next request stands behind it
		if x.Chance(50) {
			cases[i].Arg.Src = append(c.Arg.Src, []byte("Host: a\r\n\r\n")...)
		}
	}
	Compare(x, "reqline.RequestLine.Parse", step02.ParseLines, cases)
}

func checkLineLimit(x *X) {
	var cases []Case[step02.LinesIn]
	add := func(class, src string, limit int) { cases = append(cases, linesCase(class, src, limit, nil)) }
	line := func(n int) string { // of n bytes with its CRLF
		m := Pick(x.Rand, "GET", "POST", "DELETE")
		return m + " /" + x.String(alnum, n-len(m)-len(" / HTTP/1.1\r\n")) + " HTTP/1.1\r\n"
	}
	for range 12 {
		limit := x.Between(40, 200)
		for _, empty := range []string{"", "\r\n"} {
			add("a line of exactly the limit", empty+line(limit), limit)
			add("a line of one byte less than the limit", empty+line(limit-1), limit)
			add("a line of one byte more than the limit", empty+line(limit+1), limit)
			add("a line that is too long with its CRLF only", empty+line(limit+2), limit)
			add("as many bytes as the limit and no end", empty+line(limit + 50)[:limit], limit)
			add("one byte less than the limit and no end", empty+line(limit + 50)[:limit-1], limit)
			add("two short lines", empty+line(limit-8)+line(limit-3), limit)
		}
		add("no space within the limit", x.String(alnum, limit+20), limit)
		add("a method that is too long in a line that is too long", x.String(alnum, 35)+" /"+x.String(alnum, limit), limit)
		add("a limit that cuts the method", "DELETE / HTTP/1.1\r\n", x.Between(1, 6))
		add("a limit that cuts the version", "DELETE / HTTP/1.1\r\n", x.Between(9, 18))
	}
	const most = 8 << 10
	add("a line of MaxRequestLine bytes", line(most), 0)
	add("a line of one byte more than MaxRequestLine", line(most+1), 0)
	add("a line that has no end", line(3 * most)[:2*most], 0)
	Compare(x, "reqline.RequestLine.Parse", step02.ParseLines, cases)
}

func appendCase(class, dst, src string) Case[step02.AppendIn] {
	return Case[step02.AppendIn]{Class: class, Arg: step02.AppendIn{Dst: []byte(dst), Src: []byte(src)}}
}

func checkDecoded(x *X) {
	var cases []Case[step02.AppendIn]
	dst := func() string { return Pick(x.Rand, "", x.String(letters+"/%", x.Between(1, 20))) }
	add := func(class, src string, from, to int) {
		c := appendCase(class, dst(), src)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	for c := range 256 {
		add("one encoded byte", x.Word()+fmt.Sprintf("%%%02"+Pick(x.Rand, "x", "X"), c)+x.Word(), 0, 0)
		add("one encoded byte at the end", x.Word()+fmt.Sprintf("%%%02"+Pick(x.Rand, "x", "X"), c), 0, 0)
		add("one byte as it is", x.Word()+strings.ReplaceAll(string([]byte{byte(c)}), "%", "%25")+x.Word(), 0, 0)
	}
	for range 40 {
		head := x.Word() + "%2f%41" + x.Word()
		bad := Pick(x.Rand, "%", "%"+x.String("0123456789abcdefABCDEF", 1), "%"+x.String("gxz+- ", 1)+"1", "%1"+x.String("gxz+- ", 1), "%%41", "%+1", "%-1", "%00")
		add("a percent sign that encodes nothing, or NUL", head+bad, len(head), len(head)+len(bad))
		add("such a percent sign and more behind it", head+bad+x.Word(), len(head), len(head)+len(bad)+1)
		add("what decodes to something encoded", "%25"+Pick(x.Rand, "41", "2541", "00", "2f", "zz")+x.Word(), 0, 0)
		add("a plus sign", x.Word()+"+"+x.Word()+"%2B%20", 0, 0)
		add("several", strings.Repeat("%"+Pick(x.Rand, "41", "c3", "2e", "25"), x.Between(1, 5))+x.String(alnum+"/", x.IntN(5)), 0, 0)
	}
	add("nothing", "", 0, 0)
	Compare(x, "reqline.AppendDecoded", step02.AppendDecoded, cases)
}

func checkNormalized(x *X) {
	var cases []Case[step02.AppendIn]
	add := func(class, src string) {
		cases = append(cases, appendCase(class, Pick(x.Rand, "", "/a/b/", x.String(letters+"/.", x.Between(1, 9))), src))
	}
	segment := func() string {
		return Pick(x.Rand, "", "a", "b", x.Word(), ".", "..", "...", ".a", "..a", "a..", "%2e", "%2E%2e", ".%2e", "%2e.", "%2e%2E%2e", "%2f", "%5C", "a%2Fb", "%25", "%2541", "%7e", "%41", "c%C3%a9", "a;b", "%3b", "%20", "%2d", "\\")
	}
	for range 400 {
		p := ""
		for range x.Between(1, 7) {
			p += "/" + segment()
		}
		add("a path of several segments", p)
	}
	for _, end := range []string{"/.", "/..", "/./", "/../", "/%2e", "/%2e%2e", "/a/.", "/a/..", "/a/b/..", "/a/./b", "/a/../b", "//", "//..", "/a//..", "/a//../b", "/..//a", "/", "/.a", "/a.", "/...", "/../../..", "/a/../../b", "/a/b/../../../c"} {
		add("a path with dot segments", end)
		add("a path with dot segments at its end", "/"+x.Word()+end)
	}
	for c := range 256 {
		add("one encoded byte", "/"+x.Word()+fmt.Sprintf("%%%02"+Pick(x.Rand, "x", "X"), c)+Pick(x.Rand, "", x.Word()))
	}
	for range 30 {
		bad := Pick(x.Rand, "%", "%2", "%zz", "%2g", "%+1", "%00")
		add("a percent sign that encodes nothing, or NUL", "/"+x.Word()+bad+Pick(x.Rand, "", "/", "/a"))
		add("a percent sign that encodes nothing in a segment that goes", "/"+x.Word()+bad+"/..")
		add("a path without its slash", x.Word()+"/"+x.Word())
		add("something mutated", x.Mutate("/"+x.Word()+"/../%2e%2e/%41"))
	}
	for _, s := range []string{"", ".", "..", "a", "*", "../a", "./a"} {
		add("something that does not begin with a slash", s)
	}
	Compare(x, "reqline.AppendNormalized", step02.AppendNormalized, cases)
}

func checkNormalizedTime(x *X) {
	const n = 200_000
	times := func(text string, n int) step02.Run { return step02.Run{Text: []byte(text), Times: n} }
	many := func(class, dst string, runs ...step02.Run) Case[step02.AppendIn] {
		c := appendCase(class, dst, "")
		c.Arg.End = runs
		return c
	}
	cases := []Case[step02.AppendIn]{
		many("many segments, and as many that take them off", "/x", times("/"+x.String(lower, 1), n), times("/..", n)),
		many("many segments that are taken off in turn", "/x", times("/"+x.String(lower, 1)+"/..", n)),
		many("one long segment that is taken off, again and again", "", times("/", 1), times(x.String(lower, 16), 1<<15), times("/a/..", n)),
		many("many encoded bytes", "/x", times("/", 1), times("%4"+x.String("123456789", 1), 3*n/2)),
		many("many bytes that stay encoded", "", times("/", 1), times("%2f", n)),
		many("many empty segments", "", times("/", 3*n)),
		many("many dots", "", times("/.", n), times("/"+x.Word(), 1)),
		many("many encoded dots", "", times("/"+x.Word(), 1), times("/%2e%2e", n)),
		many("a path with a bad byte at its end", "", times("/a", n), times("%zz", 1)),
	}
	Compare(x, "reqline.AppendNormalized", step02.AppendNormalized, cases)
}

func checkQuery(x *X) {
	var cases []Case[step02.QueryIn]
	add := func(class, src string, names ...string) {
		cases = append(cases, Case[step02.QueryIn]{Class: class, Arg: step02.QueryIn{Src: []byte(src), Names: append(names, "a", "A", "", "b c", "none")}})
	}
	piece := func() string {
		return Pick(x.Rand, "a", "A", "b+c", "b%20c", "", x.Word(), "%41", "%2541", "%26", "%3D", "%2B", "%", "%4", "%zz", "%00", "a;b", "é", "\\", "{}", "?", "/", "%c3%a9", "a%", "+", "%+1", "%-1")
	}
	for range 300 {
		src := ""
		for range x.Between(1, 6) {
			src += piece() + Pick(x.Rand, "=", "=", "", "==", "=&", "%3D") + piece() + Pick(x.Rand, "&", "&", "&&", ";", "")
		}
		add("a query", src, x.Word())
	}
	for _, s := range []string{"", "&", "&&&", "=", "=&=", "a", "a=", "=a", "a=1&a=2&a=3", "a=&a=1", "a&a=1", "a=1&A=2", "a=b=c", "a=b=c=d&x", "a=1;b=2", "a+b=c+d", "%61=1", "a=%2526", "a=%26b=c", "a%3Db=c", "+=+", "a=%", "a=%4", "a=%4g"} {
		add("a query such as "+fmt.Sprintf("%q", s), s)
	}
	Compare(x, "reqline.ParseQuery", step02.ParseQuery, cases)
}

func checkQueryLimit(x *X) {
	var cases []Case[step02.QueryIn]
	add := func(class, src string) {
		cases = append(cases, Case[step02.QueryIn]{Class: class, Arg: step02.QueryIn{Src: []byte(src), Names: []string{"z"}}})
	}
	many := func(n int) string { return strings.Repeat("a=1&", n-1) + "z=" + x.Word() }
	add("999 parameters", many(999))
	add("1000 parameters", many(1000))
	add("1000 parameters and an ampersand", many(1000)+"&")
	add("1001 parameters", many(1001))
	add("2000 parameters", many(2000))
	add("1000 parameters between 3000 ampersands", "&&&"+strings.ReplaceAll(many(1000), "&", "&&&")+"&&&")
	add("5000 ampersands", strings.Repeat("&", 5000)+"z=1")
	add("1001 names without a value", strings.Repeat("a&", 1000)+"z")
	Compare(x, "reqline.ParseQuery", step02.ParseQuery, cases)
}
