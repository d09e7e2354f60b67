package exam

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	message "barewire/solutions/03-headers-bodies"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/step03"
)

func init() {
	steps[2] = []Check{
		{ID: "3.1/fields", Title: "ParseField cuts at the first colon, trims the value, and refuses what is no field line",
			Why: "a field that one server sees and the next one does not is how requests are smuggled (RFC 9112 §5)", run: checkField},
		{ID: "3.2/lookup", Title: "a Header keeps its fields in order and finds them in any case of letters",
			Why: "field names are case-insensitive, and their order means something (RFC 9110 §5.1, §5.3)", run: checkLookup},
		{ID: "3.3/members", Title: "Members cuts lists at the commas that separate",
			Why: "several lines are one list, and a comma in quotes is no separator (RFC 9110 §5.6.1, §5.6.4)", run: checkMembers},
		{ID: "3.4/changes", Title: "Add, Set, Del and Reset leave the fields that they should, and no line end in a value",
			Why: "whoever controls a value must not write fields (RFC 9112 §11.1)", run: checkChanges},
		{ID: "3.4/names", Title: "Add panics for a name that is no token, and for no other",
			Why: "a name is the program's own, so a wrong one is a mistake in the program", run: checkAddNames},
		{ID: "3.5/sections", Title: "Header.Parse reads header sections, however they arrive",
			Why: "TCP cuts where it likes, and content stands behind the empty line (RFC 9112 §2.1)", run: checkSections},
		{ID: "3.5/refused", Title: "Header.Parse refuses what is no header section",
			Why: "two servers that do not agree where a line ends do not agree where the content starts (RFC 9112 §2.2, §5.2)", run: checkBadSections},
		{ID: "3.5/limits", Title: "Header.Parse keeps to its limits, to the byte",
			Why: "an endless header section is memory without end (RFC 6585 §5)", run: checkSectionLimits},
		{ID: "3.6/host", Title: "Host finds the one host that a request is for, or refuses it",
			Why: "a proxy in front may route on one Host while you serve another (RFC 9112 §3.2)", run: checkHost},
		{ID: "3.7/length", Title: "ContentLength takes one field of digits, and nothing else",
			Why: "where the length is read in two ways, a second request hides (RFC 9110 §8.6, RFC 9112 §6.3)", run: checkLength},
		{ID: "3.8/framing", Title: "RequestFraming says where the content ends, or refuses what can be read in two ways",
			Why: "CL.TE and its relatives: the difference is the start of a smuggled request (RFC 9112 §6.3)", run: checkFraming},
		{ID: "3.9/heads", Title: "Head.Parse reads heads one behind the other with one Head, however they arrive",
			Why: "a connection uses one Head for all of its requests (RFC 9112 §2.1)", run: checkHeads},
		{ID: "3.9/refused", Title: "Head.Parse passes on what its parts refuse, with offsets from the start of the message",
			Why: "an error that points to the wrong place sends people there", run: checkBadHeads},
		{ID: "3.9/limits", Title: "Head.Parse keeps to each limit, whether there is a line end or not",
			Why: "a client that never ends its line must be told so (RFC 9112 §3, RFC 6585 §5, RFC 9110 §15.5.14)", run: checkHeadLimits},
		{ID: "3.10/sizes", Title: "ParseChunkSize reads hexadecimal digits and extensions by their grammar",
			Why: "what is skipped behind a size has hidden whole messages (RFC 9112 §7.1)", run: checkChunkSizes},
		{ID: "3.11/bodies", Title: "a ChunkedDecoder decodes bodies one after another, however they arrive",
			Why: "content is handed out as it comes, and nothing behind the body is taken (RFC 9112 §7.1)", run: checkBodies},
		{ID: "3.11/refused", Title: "a ChunkedDecoder refuses what is no chunked body",
			Why: "bytes that nobody looks at carry a second message past a proxy (RFC 9112 §7.1)", run: checkBadBodies},
		{ID: "3.11/limits", Title: "a ChunkedDecoder keeps to its limits, to the byte",
			Why: "extensions, trailers and chunks that never end are memory and time without end (RFC 9112 §7.1.1)", run: checkBodyLimits},
		{ID: "3.12/status-lines", Title: "AppendStatusLine writes every status, with its name if it has one",
			Why: "the space stands there even without a name (RFC 9112 §4)", run: checkStatusLines},
		{ID: "3.12/has-content", Title: "HasContent knows the responses that end with their header section",
			Why: "one byte more would be taken for the start of the next response (RFC 9112 §6.3)", run: checkHasContent},
		{ID: "3.12/dates", Title: "AppendDate writes times in GMT", Why: "there is one format, 29 bytes (RFC 9110 §5.6.7)", run: checkDates},
		{ID: "3.12/fields", Title: "AppendField and AppendTo write field lines behind what is there",
			Why: "one space behind the colon is preferred (RFC 9112 §5.1)", run: checkAppendFields},
		{ID: "3.13/chunks", Title: "AppendChunk and AppendLastChunk write a chunked body",
			Why: "a chunk of size zero would end the body (RFC 9112 §7.1)", run: checkAppendChunks},
		{ID: "3.14/cookies", Title: "Cookies finds the pairs that are cookies, and leaves the rest out",
			Why: "anybody can send anything, and the others are still good (RFC 6265 §4.1.1, §4.2)", run: checkCookies},
		{ID: "3.15/set-cookie", Title: "AppendSetCookie writes a cookie, or refuses it and leaves the slice alone",
			Why: "whoever controls a value would set attributes (RFC 6265 §4.1.1)", run: checkSetCookie},
		{ID: "3.16/forms", Title: "ParseForm parses what says that it is a form, and nothing else",
			Why: "to guess a type is to be led (RFC 9110 §8.3, §15.5.16)", run: checkForm},
		{ID: "3.16/json", Title: "ParseJSON decodes one value of the right type, and AppendJSON writes one",
			Why: "a decoder that stops behind the first value does not look at the rest (RFC 8259 §2)", run: checkJSON},
	}
}

// pairs makes fields of names and values.
func pairs(nameValue ...string) []step03.Pair {
	var out []step03.Pair
	for i := 0; i+1 < len(nameValue); i += 2 {
		out = append(out, step03.Pair{Name: []byte(nameValue[i]), Value: []byte(nameValue[i+1])})
	}
	return out
}

// value draws the value of a field, without spaces at its ends.
func (x *X) value() string {
	return strings.TrimSpace(x.String(alnum+" \t:;,=\"\\()/%\xe9\x80", x.IntN(20)))
}

func checkField(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string, from, to int) {
		c := bytesCase(class, src)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	name := func() string { return x.String(tchar, x.Between(1, 15)) }
	space := func() string { return x.String(" \t", x.IntN(3)) }
	for range 40 {
		n := name()
		add("a field line", n+":"+space()+x.value()+space(), 0, 0)
		add("a field with an empty value", n+":"+space(), 0, 0)
		add("whitespace before the colon", n+x.String(" \t", x.Between(1, 2))+":"+x.value(), len(n), 0)
		add("whitespace before the name", x.String(" \t", 1)+n+":"+x.value(), 0, 0)
		add("no colon", n+x.String(alnum, 5), 0, 0)
		add("no name", ":"+space()+x.value(), 0, 0)
		add("a CR at the end of the value", n+": "+x.value()+"\r", len(n)+1, 0)
		add("a CR before the value", n+":"+space()+"\r"+x.value(), len(n)+1, 0)
		add("a field line mutated", x.Mutate(n+": "+x.value()), 0, 0)
		add("a value that is trimmed too far", n+": "+Pick(x.Rand, "\x0b", "\x0c", "\u00a0", "\u0085", "\u2003")+x.Word(), 0, 0)
	}
	for c := range 256 {
		n, v := x.String(alnum, x.Between(2, 6)), x.String(alnum, x.Between(20, 60))
		b := string([]byte{byte(c)})
		at := x.Between(1, len(n)-1)
		add(fmt.Sprintf("the byte 0x%02x in a name", c), n[:at]+b+n[at:]+": "+v, 0, 0)
		for range 3 {
			at = x.Between(1, len(v)-1)
			add(fmt.Sprintf("the byte 0x%02x in a value", c), n+": "+v[:at]+b+v[at:], 0, 0)
		}
		add(fmt.Sprintf("the byte 0x%02x at the end of a value", c), n+": "+v+b, 0, 0)
	}
	for at := range 40 { // whoever looks at eight bytes at once
		v := []byte(x.String(alnum, 40))
		v[at] = Pick[byte](x.Rand, 0x7f, 0, 1, 0x1f, '\n')
		add("a control in a long value", "A: "+string(v), 3+at, -1)
	}
	add("nothing", "", 0, 0)
	Compare(x, "message.ParseField", step03.ParseField, cases)
}

// changes is a case of changes to a header.
func changes(class string, do []step03.Op, member string, names ...string) Case[step03.Changes] {
	c := Case[step03.Changes]{Class: class, Arg: step03.Changes{Do: do, Member: member}}
	for _, name := range names {
		c.Arg.Names = append(c.Arg.Names, []byte(name))
	}
	return c
}

func op(op, name, value string) step03.Op {
	return step03.Op{Op: op, Name: []byte(name), Value: []byte(value)}
}

func checkLookup(x *X) {
	var cases []Case[step03.Changes]
	for range 60 {
		names := []string{x.String(tchar, x.Between(1, 8)), x.Word(), "Host", "Hosts", "Hos", "A^", "A-", "Content-Length"}
		var do []step03.Op
		for range x.Between(0, 12) {
			do = append(do, op("add", x.Case(Pick(x.Rand, names...)), x.value()))
		}
		closeQuotes(do)
		var look []string
		for _, n := range names {
			look = append(look, x.Case(n))
		}
		look = append(look, "none", "a~", "a\r", "", strings.ReplaceAll(names[0], "^", "~"))
		cases = append(cases, changes("fields that were added", do, "x", look...))
		var parsed []step03.Pair
		for _, op := range do {
			parsed = append(parsed, pairs(string(op.Name), string(op.Value))...)
		}
		c := changes("fields that were parsed", nil, "x", look...)
		c.Arg.Parsed = parsed
		cases = append(cases, c)
	}
	cases = append(cases,
		changes("all letters", []step03.Op{op("add", upper, "1"), op("add", "x"+lower, "2")}, "", lower, "X"+upper, upper[1:]),
		changes("an empty value", []step03.Op{op("add", "Empty", "")}, "", "empty", "none"))
	var many []step03.Op
	for i := range 300 {
		many = append(many, op("add", fmt.Sprint("n", i), x.value()))
	}
	cases = append(cases, changes("many fields", many, "", "n0", "N150", "n299", "n300"))
	Compare(x, "message.Header", step03.Change, cases)
}

func checkMembers(x *X) {
	var cases []Case[step03.Changes]
	for range 150 {
		var do []step03.Op
		for range x.Between(1, 4) {
			v := ""
			for range x.Between(0, 6) {
				v += Pick(x.Rand, x.Word(), "close", "Close", "a=\"x, y\"", "\"a\\\", b\"", "", " ", "b;q=1", "\"\\\\\"", "\"open", "keep-alive", "\"a\"b") + x.String(" \t", x.IntN(2)) + Pick(x.Rand, ",", ", ", ",,", "")
			}
			do = append(do, op("add", x.Case("Connection"), v), op("add", "Connections", "close"))
		}
		if !balanced(do) {
			continue // where a quote has no end, what is a member is open
		}
		cases = append(cases, changes("a list", do, x.Case(Pick(x.Rand, "close", "keep-alive", "b", "clo")), "connection", "none"))
	}
	cases = append(cases, changes("a long s in the place of an s", []step03.Op{op("add", "Connection", "clo\u017fe")}, "close", "connection"),
		changes("a Kelvin sign in the place of a k", []step03.Op{op("add", "Connection", "a, \u212aeep-alive")}, "keep-alive", "connection"))
	Compare(x, "message.Header", step03.Change, cases)
}

// balanced says whether every quoted string in the values has an end.
func balanced(do []step03.Op) bool {
	for _, op := range do {
		quoted := false
		for i := 0; i < len(op.Value); i++ {
			switch {
			case quoted && op.Value[i] == '\\':
				i++
			case op.Value[i] == '"':
				quoted = !quoted
			}
		}
		if quoted {
			return false
		}
	}
	return true
}

// closeQuotes takes the quotes away where one has no end: what a list's members are is
// open then.
func closeQuotes(do []step03.Op) {
	for i := range do {
		if !balanced(do[i : i+1]) {
			do[i].Value = bytes.ReplaceAll(do[i].Value, []byte(`"`), []byte("'"))
		}
	}
}

func checkChanges(x *X) {
	var cases []Case[step03.Changes]
	for range 150 {
		names := []string{"A", "b", "Set-Cookie", x.Word(), x.Word()}
		var do []step03.Op
		for range x.Between(1, 15) {
			v := x.value()
			if x.Chance(40) {
				v = Pick(x.Rand, "", " ", "\r\n", "\n") + v + Pick(x.Rand, "\r\nX: y", "\n", "\x00", "\x7f", "\x0b", "\t", " \t", "\r", "\x1f ") + Pick(x.Rand, "", x.value(), " ")
			}
			do = append(do, op(Pick(x.Rand, "add", "add", "add", "set", "del"), x.Case(Pick(x.Rand, names...)), v))
			if x.Chance(4) {
				do = append(do, op("reset", "", ""))
			}
		}
		closeQuotes(do)
		cases = append(cases, changes("several changes", do, "y", append(names, "X")...))
	}
	for c := range 256 {
		v := x.Word() + string([]byte{byte(c)}) + x.Word()
		cases = append(cases, changes("a value with any byte in it", []step03.Op{op("add", "A", v), op("set", "B", v[3:]+string([]byte{byte(c)}))}, "", "a"))
	}
	Compare(x, "message.Header", step03.Change, cases)
}

func checkAddNames(x *X) {
	var cases []Case[step03.Changes]
	for c := range 256 {
		n := x.String(alnum, 3) + string([]byte{byte(c)}) + x.String(alnum, x.IntN(3))
		cases = append(cases, changes("a name with any byte in it", []step03.Op{op(Pick(x.Rand, "add", "set"), n, "x")}, "", n))
	}
	for _, n := range []string{"", " ", ":", "A B", "A:", "A\r\nB: c", "Ä", "A\x00"} {
		cases = append(cases, changes("a name that is no token", []step03.Op{op("add", n, "")}, "", n))
	}
	Compare(x, "message.Header", step03.Change, cases)
}

// section draws a header section of n fields that is right, without its empty line.
func (x *X) section(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(x.String(tchar, x.Between(1, 12)) + ":" + x.String(" \t", x.IntN(2)) + x.value() + x.String(" \t", x.IntN(2)) + "\r\n")
	}
	return b.String()
}

func streamCase(class, src string, limits message.Limits, cuts []int) Case[step03.Stream] {
	return Case[step03.Stream]{Class: class, Arg: step03.Stream{Src: []byte(src), Limits: limits, Cuts: cuts}}
}

// everywhere are cuts between all bytes.
func everywhere(src string) []int {
	cuts := make([]int, len(src))
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}

func checkSections(x *X) {
	var cases []Case[step03.Stream]
	for range 60 {
		src := ""
		for range x.Between(1, 3) {
			src += x.section(x.IntN(6)) + "\r\n"
		}
		src += Pick(x.Rand, "", "A: b\r\n", "A: b\r\n\r", "A")
		cases = append(cases, streamCase("header sections, one behind the other", src, message.Limits{}, nil),
			streamCase("header sections in pieces", src, message.Limits{}, x.Cuts(len(src), 6)))
		if x.Chance(20) {
			cases = append(cases, streamCase("header sections byte by byte", src, message.Limits{}, everywhere(src)))
		}
	}
	Compare(x, "message.Header.Parse", step03.ParseSections, cases)
}

func checkBadSections(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, from, to int) {
		c := streamCase(class, src, message.Limits{}, nil)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	for range 30 {
		a, b := x.section(x.IntN(3)), x.section(x.IntN(3))
		n := x.String(alnum, 3)
		end := "\r\n" + Pick(x.Rand, "", "more", "GET / HTTP/1.1\r\n")
		add("a section that is right", a+b+end, 0, 0)
		add("a line that ends in LF", a+n+": x\n"+b+end, len(a)+6, -1)
		add("an end that is LF", a+n+": x\r\n\n"+end, len(a)+8, -1)
		add("two CR before LF", a+n+": x\r\r\n"+b+end, len(a), len(a)+7)
		add("a CR within a line", a+n+": x\rB: y\r\n"+b+end, len(a), len(a)+9)
		add("a folded line", a+n+": x\r\n"+x.String(" \t", 1)+"y\r\n"+b+end, len(a)+8, 0)
		add("whitespace before the first field", x.String(" \t", 1)+n+": x\r\n"+b+end, 0, 0)
		add("whitespace before the colon", a+n+" : x\r\n"+b+end, len(a)+3, 0)
		add("a line without a colon", a+n+"\r\n"+b+end, len(a), 0)
		add("a NUL", a+n+": x\x00y\r\n"+b+end, len(a), 0)
		add("a section mutated", x.Mutate(a+n+": x")+"\r\n"+b+end, 0, 0)
	}
	Compare(x, "message.Header.Parse", step03.ParseSections, cases)
}

func checkSectionLimits(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, limits message.Limits) {
		cases = append(cases, streamCase(class, src+"more", limits, nil))
	}
	sized := func(n int) string { return "A: " + x.String(alnum, n-len("A: \r\n\r\n")) + "\r\n\r\n" }
	fields := func(n int) string { return strings.Repeat("A: \r\n", n) + "\r\n" }
	for range 10 {
		n, limit := x.Between(3, 20), x.Between(40, 300)
		for d := -2; d <= 3; d++ {
			add(fmt.Sprintf("a section of the limit %+d bytes", d), sized(limit+d), message.Limits{HeaderSection: limit})
			add(fmt.Sprintf("a section of the limit %+d fields", d), fields(n+d), message.Limits{Fields: n})
		}
		add("a limit that several lines reach", strings.Repeat(x.String(alnum, 5)+": 12345\r\n", limit/10)+"\r\n", message.Limits{HeaderSection: limit})
		add("more bytes than the limit and no end", x.String(alnum, limit+30), message.Limits{HeaderSection: limit})
		cases = append(cases, streamCase("as many bytes as the limit and no end", x.String(alnum, limit), message.Limits{HeaderSection: limit}, nil))
	}
	for d := -1; d <= 1; d++ {
		add("a section of about MaxHeaderSection bytes", sized(message.MaxHeaderSection+d), message.Limits{})
		add("a section of about MaxFields fields", fields(message.MaxFields+d), message.Limits{})
	}
	add("a line that never ends", "A: "+strings.Repeat("x", 2*message.MaxHeaderSection), message.Limits{})
	Compare(x, "message.Header.Parse", step03.ParseSections, cases)
}

func checkHost(x *X) {
	var cases []Case[step03.Message]
	add := func(class, line string, nameValue ...string) {
		cases = append(cases, Case[step03.Message]{Class: class, Arg: step03.Message{Line: line, Fields: pairs(nameValue...)}, Off: [2]int{0, -1}})
	}
	for range 20 {
		a, b := x.authority(), x.authority()
		v := Pick(x.Rand, "HTTP/1.1", "HTTP/1.0", "HTTP/1.2")
		add("a Host field", "GET / "+v, "A", "b", x.Case("Host"), a)
		add("no Host field", "GET / "+v, "A", "b", "Hosts", a, "X-Host", b)
		add("two Host fields", "GET / "+v, "Host", a, "host", b)
		add("two equal Host fields", "GET / "+v, "Host", a, "Host", a)
		add("two Host fields, one of them empty", "GET / "+v, "Host", "", "Host", a)
		add("an empty Host field", "GET / "+v, "Host", "")
		add("a target with a host, and a Host field", "GET http://"+a+"/ "+v, "Host", b)
		add("a target with a host, and an empty Host field", "GET http://"+a+"/ "+v, "Host", "")
		add("a target with a host, and no Host field", "GET http://"+a+"/ "+v)
		add("a target with a host, and two Host fields", "GET http://"+a+"/ "+v, "Host", a, "Host", a)
		add("a target with a host, and a bad Host field", "GET http://"+a+"/ "+v, "Host", "a b")
		add("CONNECT", "CONNECT "+x.Word()+":443 "+v, "Host", b)
		add("an asterisk", "OPTIONS * "+v, "Host", a)
		add("a Host that is no authority", "GET / "+v, "Host", Pick(x.Rand, "a b", "a/b", "u@"+a, "a,b", "a:x", "a:0", "[::1", "http://"+a, "a:80:80", "a\\b", "a#b", a+"/"))
		add("a Host without a host", "GET / "+v, "Host", ":80")
	}
	Compare(x, "message.Host", step03.Host, cases)
}

// badLengths are values of Content-Length that are none.
var badLengths = []string{"", "+5", "-5", "-0", "0x5", "1_0", "5.0", "five", "1:", "1/", "1 0", "5,", ",5", "5, 6", "5;a", "\"5\"", "٥", "9223372036854775808", "9223372036854775817", "18446744073709551616", "18446744073709551621", "99999999999999999999", "184467440737095516160", "5a", "a5", "１"}

func checkLength(x *X) {
	var cases []Case[[]step03.Pair]
	add := func(class string, nameValue ...string) {
		cases = append(cases, Case[[]step03.Pair]{Class: class, Arg: pairs(nameValue...), Off: [2]int{0, -1}})
	}
	for range 40 {
		n := fmt.Sprint(x.Int64N(1 << x.Between(1, 62)))
		add("a length", "A", "b", x.Case("Content-Length"), n)
		add("a length with leading zeros", "Content-Length", strings.Repeat("0", x.Between(1, 30))+n)
		add("no length", "Content-Lengths", n, "Length", n)
		add("two lengths", "Content-Length", n, "content-length", n+"1")
		add("a length and an empty one", "Content-Length", n, "content-length", "")
		add("a length mutated", "Content-Length", x.Mutate("1"+n))
	}
	for _, bad := range badLengths {
		add("a length that is none", "Content-Length", bad)
	}
	for _, good := range []string{"0", "00", "1", "9223372036854775807", "0000000009223372036854775807", "9223372036854775799"} {
		add("a length at the edge", "Content-Length", good)
	}
	for c := range 256 {
		add("any byte in a length", "Content-Length", "1"+string([]byte{byte(c)})+"2")
	}
	cases = slices.DeleteFunc(cases, func(c Case[[]step03.Pair]) bool {
		return slices.ContainsFunc(c.Arg, func(p step03.Pair) bool { return equalList(string(p.Value)) })
	})
	Compare(x, "message.ContentLength", step03.ContentLength, cases)
}

// equalList says whether a value is a list of equal members, which a server may take.
func equalList(value string) bool {
	members := strings.Split(value, ",")
	for _, m := range members {
		if strings.TrimSpace(m) != strings.TrimSpace(members[0]) {
			return false
		}
	}
	return len(members) > 1
}

func checkFraming(x *X) {
	var cases []Case[step03.FramingIn]
	add := func(class string, nameValue ...string) {
		for minor := range uint8(2) {
			cases = append(cases, Case[step03.FramingIn]{Class: fmt.Sprintf("%s, HTTP/1.%d", class, minor), Arg: step03.FramingIn{Minor: minor, Fields: pairs(nameValue...)}, Off: [2]int{0, -1}})
		}
	}
	const te, cl = "Transfer-Encoding", "Content-Length"
	codings := []string{"gzip", "identity", "chunkedx", "xchunked", "chunked;q=1", "\"chunked\"", "chun ked", "deflate", "x", "trailers"}
	for range 12 {
		n := fmt.Sprint(x.IntN(100000))
		c, other := x.Case("chunked"), Pick(x.Rand, codings...)
		add("neither field", "A", "b", "X-"+te, "chunked")
		add("a length", x.Case(cl), n)
		add("an invalid length", cl, Pick(x.Rand, badLengths...))
		add("two lengths", cl, n, cl, n+"1")
		add("chunked", x.Case(te), c)
		add("chunked among empty members", te, Pick(x.Rand, ", ", ",,", "")+c+Pick(x.Rand, ",", " , ", ""))
		add("chunked and a length", te, c, cl, n)
		add("a length and chunked", cl, n, te, c)
		add("chunked and an invalid length", te, c, cl, Pick(x.Rand, badLengths...))
		add("chunked and two lengths", te, c, cl, n, cl, n)
		add("chunked twice", te, c+", "+x.Case("chunked"))
		add("chunked twice, on two lines", te, c, te, x.Case("chunked"))
		add("an empty Transfer-Encoding", te, Pick(x.Rand, "", ",", " , "))
		add("an empty Transfer-Encoding and a length", te, "", cl, n)
		add("an empty line behind chunked", te, c, te, "")
		add("another coding and a length", te, other, cl, n)
		add("another coding behind chunked, on a line of its own", te, c, te, Pick(x.Rand, "gzip", "identity", "x"))
	}
	for _, other := range append(codings, "chun\u212aed") { // which is a Kelvin sign
		add("a coding that is not chunked", te, other)
		add("a coding behind chunked", te, "chunked, "+other)
	}
	for _, known := range []string{"gzip", "deflate", "compress", "br", "x"} {
		add("a coding before chunked", te, known+", "+x.Case("chunked"))
		add("a coding before chunked, on a line of its own", te, known, te, "chunked")
		add("a coding before two chunked", te, known+", chunked, chunked")
	}
	for range 60 {
		m := x.Mutate("chunked")
		if strings.ContainsAny(m, ",") {
			continue
		}
		add("chunked mutated", te, m)
	}
	Compare(x, "message.RequestFraming", step03.RequestFraming, cases)
}

// head draws the head of a request that is right.
func (x *X) head() string {
	v := x.String("01", 1)
	h := Pick(x.Rand, "GET", "POST", "PUT", "M-SEARCH") + " " + Pick(x.Rand, x.path()+x.query(), "http://"+x.authority()+x.path()) + " HTTP/1." + v + "\r\n"
	fields := []string{"Host: " + x.authority() + "\r\n", x.section(x.IntN(3)), x.section(1)}
	switch {
	case x.Chance(30):
		fields = append(fields, fmt.Sprintf("%s: %d\r\n", x.Case("Content-Length"), x.IntN(1000)))
	case x.Chance(30) && v == "1":
		fields = append(fields, x.Case("Transfer-Encoding")+": chunked\r\n")
	}
	x.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return Pick(x.Rand, "", "", "\r\n") + h + strings.Join(fields, "") + "\r\n"
}

func checkHeads(x *X) {
	var cases []Case[step03.Stream]
	for range 50 {
		src := ""
		for range x.Between(1, 4) {
			src += x.head()
		}
		src += Pick(x.Rand, "", "GET / HTTP/1.1\r\n", "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n")
		cases = append(cases, streamCase("heads, one behind the other", src, message.Limits{}, nil),
			streamCase("heads in pieces", src, message.Limits{}, x.Cuts(len(src), 8)))
		if x.Chance(20) {
			cases = append(cases, streamCase("heads byte by byte", src, message.Limits{}, everywhere(src)))
		}
	}
	for range 8 {
		src := "POST /1 HTTP/1.1\r\nHost: " + x.authority() + "\r\nContent-Length: 3\r\nA: b\r\n\r\n" + "GET " + x.path() + " HTTP/1.0\r\n\r\n"
		cases = append(cases, streamCase("a request without fields behind one with fields", src, message.Limits{}, nil),
			streamCase("a request without Host behind one with Host", src+"GET / HTTP/1.1\r\n\r\n", message.Limits{}, nil),
			streamCase("a request without Host behind one with Host, byte by byte", src+"GET / HTTP/1.1\r\nA: b\r\n\r\n", message.Limits{}, everywhere(src)))
	}
	Compare(x, "message.Head.Parse", step03.ParseHeads, cases)
}

func checkBadHeads(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, from, to int) {
		for _, cuts := range [][]int{nil, everywhere(src)} {
			c := streamCase(class, src, message.Limits{}, cuts)
			c.Off = [2]int{from, to}
			cases = append(cases, c)
			if x.Chance(70) {
				break
			}
		}
	}
	for range 12 {
		empty := Pick(x.Rand, "", "\r\n")
		line := empty + "POST " + x.path() + " HTTP/1.1\r\n"
		host := "Host: " + x.authority() + "\r\n"
		l, all := len(line), len(line)+len(host)
		add("a head that is right", line+host+"\r\n", 0, 0)
		add("a bad byte in the target", empty+"GET /\x7f HTTP/1.1\r\n"+host+"\r\n", len(empty)+5, -1)
		add("two spaces in the request line", empty+"GET  / HTTP/1.1\r\n"+host+"\r\n", len(empty), len(empty)+5)
		add("another version", empty+"GET / HTTP/2.0\r\n"+host+"\r\n", len(empty)+6, len(empty)+14)
		add("a bad byte in a field", line+host+"A: b\x00c\r\n\r\n", all+4, -1)
		add("a space before a colon", line+host+"A : b\r\n\r\n", all+1, -1)
		add("an LF alone", line+host+"A: b\nB: c\r\n\r\n", all+4, -1)
		add("no Host", line+"A: b\r\n\r\n", l, l+7)
		add("two Hosts", line+host+host+"\r\n", l, l+2*len(host)+1)
		add("a Host that is none", line+"Host: a b\r\n\r\n", l, l+12)
		add("two ways to end", line+host+"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", l, all+50)
		add("a length that is none", line+host+"Content-Length: +3\r\n\r\n", l, all+21)
		add("an unknown coding", line+host+"Transfer-Encoding: gzip, chunked\r\n\r\n", l, all+35)
		add("too much content", line+host+"Content-Length: "+Pick(x.Rand, "4194305", "99999999999")+"\r\n\r\n", l, all+30)
		add("chunked with HTTP/1.0", strings.Replace(line, "1.1", "1.0", 1)+host+"Transfer-Encoding: chunked\r\n\r\n", l, all+30)
		add("no Host with a length", line+"Content-Length: 3\r\n\r\n", l, l+20)
		add("a bad head behind a good one", line+host+"\r\n"+"GET / HTTP/1.1\r\n\r\n", 0, 0)
		m := x.Mutate(strings.TrimSuffix(line+host, "\r\n"))
		cases = append(cases, streamCase("a head mutated", m+"\r\n\r\n", message.Limits{}, nil))
	}
	Compare(x, "message.Head.Parse", step03.ParseHeads, cases)
}

func checkHeadLimits(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, limits message.Limits) {
		cases = append(cases, streamCase(class, src, limits, nil), streamCase(class+", byte by byte", src, limits, everywhere(src)))
	}
	for range 5 {
		lim := message.Limits{RequestLine: x.Between(30, 80), HeaderSection: x.Between(50, 90), Fields: x.Between(2, 5), Content: x.Int64N(1000) + 1}
		line := func(n int) string { return "GET /" + x.String(alnum, n-len("GET / HTTP/1.1\r\n")) + " HTTP/1.1\r\n" }
		for d := -1; d <= 2; d++ {
			add(fmt.Sprintf("a request line of the limit %+d", d), Pick(x.Rand, "", "\r\n")+line(lim.RequestLine+d)+"Host: a\r\n\r\n", lim)
			add(fmt.Sprintf("a header section of the limit %+d", d), line(20)+"Host: a\r\nA: "+x.String(alnum, lim.HeaderSection+d-len("Host: a\r\nA: \r\n\r\n"))+"\r\n\r\n", lim)
			add(fmt.Sprintf("fields of the limit %+d", d), line(20)+"Host: a\r\n"+strings.Repeat("A:\r\n", lim.Fields+d-1)+"\r\n", lim)
			add(fmt.Sprintf("content of the limit %+d", d), line(20)+fmt.Sprintf("Host: a\r\nContent-Length: %d\r\n\r\n", lim.Content+int64(d)), lim)
		}
		add("a request line that never ends", Pick(x.Rand, "", "\r\n")+"GET /"+x.String(alnum, 120), lim)
		add("a field that never ends", line(20)+"Host: a\r\nA: "+x.String(alnum, 120), lim)
		add("a field that never ends behind the longest request line", line(lim.RequestLine)+"A: "+x.String(alnum, 120), lim)
	}
	for d := int64(-1); d <= 1; d++ {
		add("content of about MaxContent", fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", message.MaxContent+d), message.Limits{})
	}
	Compare(x, "message.Head.Parse", step03.ParseHeads, cases)
}

// extension draws a chunk extension that is right.
func (x *X) extension() string {
	bws := func() string { return x.String(" \t", x.IntN(2)) }
	e := bws() + ";" + bws() + x.String(tchar, x.Between(1, 5))
	switch {
	case x.Chance(40):
		e += bws() + "=" + bws() + x.String(tchar, x.Between(1, 5))
	case x.Chance(40):
		q := ""
		for range x.IntN(4) {
			q += Pick(x.Rand, "a", ";", " ", "\t", "\\\"", "\\\\", "\xe9", "=", "'", "\\x")
		}
		e += bws() + "=" + bws() + "\"" + q + "\""
	}
	return e
}

func checkChunkSizes(x *X) {
	var cases []Case[step02.Bytes]
	add := func(class, src string) { cases = append(cases, bytesCase(class, src)) }
	const hex = "0123456789abcdefABCDEF"
	for range 60 {
		size := x.String(hex, x.Between(1, 12))
		ext := ""
		for range x.Between(1, 3) {
			ext += x.extension()
		}
		add("a size", size)
		add("a size with leading zeros", strings.Repeat("0", x.IntN(30))+size)
		add("a size and extensions", size+ext)
		add("a size and extensions, mutated", x.Mutate(size+ext))
		add("no size and extensions", ext)
		add("extensions and a byte behind them", size+ext+Pick(x.Rand, ";", "=", "\r", " \"", ";;", "; =", " b", "\x00"))
	}
	for c := range 256 {
		b := string([]byte{byte(c)})
		add("any byte in a size", "1"+b+"2")
		add("any byte behind a size", "5"+b)
		add("any byte before a size", b+"5")
		add("any byte in an extension", "5;a"+b+"b")
		add("any byte in a value", "5;a=b"+b)
		add("any byte in a quoted value", "5;a=\"b"+b+"c\"")
		add("any byte behind a quoted value", "5;a=\"b\""+b+"c")
		add("any byte behind a backslash", "5;a=\"b\\"+b+"c\"")
	}
	for _, s := range []string{"", "7fffffffffffffff", "7FFFFFFFFFFFFFFF", "8000000000000000", "ffffffffffffffff", "10000000000000005", "00000000000000000000000005", "+5", "-5", "0x5", "5 ", "5;", "5;;a", "5;a=", "5 a", "5;a=\"b", "5;a=\"b\\", "5;a=b\"", "5;a=\"b\"c", "5;a=\"\"", "5;=b", "5 ; a = b\t; c", "5,5", "5\r"} {
		add("a line such as "+fmt.Sprintf("%q", s), s)
	}
	Compare(x, "message.ParseChunkSize", step03.ParseChunkSize, cases)
}

// body draws a chunked body that is right.
func (x *X) body() string {
	var b strings.Builder
	for range x.IntN(5) {
		data := Pick(x.Rand, x.String(alnum, x.Between(1, 40)), "0\r\n\r\n", "\r\n", string(x.Bytes(x.Between(1, 30))))
		ext := ""
		if x.Chance(30) {
			ext = x.extension()
		}
		fmt.Fprintf(&b, "%s%s\r\n%s\r\n", x.Case(fmt.Sprintf("%0*x", x.Between(1, 4), len(data))), ext, data)
	}
	b.WriteString(strings.Repeat("0", x.Between(1, 3)) + Pick(x.Rand, "", x.extension()) + "\r\n")
	if x.Chance(40) {
		b.WriteString(x.section(x.Between(1, 3)))
	}
	return b.String() + "\r\n"
}

func bodiesCase(class string, bodies ...step03.Stream) Case[step03.Bodies] {
	return Case[step03.Bodies]{Class: class, Arg: step03.Bodies{Bodies: bodies}}
}

func checkBodies(x *X) {
	var cases []Case[step03.Bodies]
	for range 60 {
		var bodies []step03.Stream
		for range x.Between(1, 3) {
			src := x.body()
			cuts := x.Cuts(len(src), 6)
			if x.Chance(20) {
				cuts = everywhere(src)
			}
			src += Pick(x.Rand, "", "5\r\nhello\r\n", "GET / HTTP/1.1\r\n", "\r\n")
			bodies = append(bodies, step03.Stream{Src: []byte(src), Cuts: cuts})
		}
		cases = append(cases, bodiesCase("bodies, one after another", bodies...))
		whole := x.body()
		cases = append(cases, bodiesCase("a body that is not at its end, and another one",
			step03.Stream{Src: []byte(whole[:x.Between(1, len(whole)-1)])}, step03.Stream{Src: []byte(x.body())}))
	}
	for range 10 {
		src := "1\r\na\r\n0\r\n" + x.Case("Content-Length") + ": 5\r\n" + x.Case("Host") + ": b\r\nA: 1\r\n" + x.Case("Transfer-Encoding") + ": x\r\n" + x.Case("Authorization") + ": y\r\n\r\n"
		cases = append(cases, bodiesCase("fields that have no place in a trailer", step03.Stream{Src: []byte(src)}))
	}
	CompareOr(x, "message.ChunkedDecoder", step03.Decode, cases, func(c Case[step03.Bodies], want, got []step03.Decoded) bool {
		// To refuse such fields is as good as to leave them out.
		return strings.HasPrefix(c.Class, "fields that have no place") && len(got) == 1 && got[0].Err.Kind == "protocol" && got[0].Err.Status == 400
	})
}

func checkBadBodies(x *X) {
	var cases []Case[step03.Bodies]
	add := func(class, src string, from, to int) {
		first := step03.Stream{Src: []byte(src), Cuts: x.Cuts(len(src), 3)}
		if x.Chance(25) {
			first.Cuts = everywhere(src)
		}
		c := bodiesCase(class, first)
		if x.Chance(30) { // offsets begin anew
			c = bodiesCase(class, step03.Stream{Src: []byte(x.body())}, first)
		}
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	for range 15 {
		a := x.String(alnum, x.Between(1, 9))
		chunk := fmt.Sprintf("%x\r\n%s\r\n", len(a), a)
		n := len(chunk)
		end := "0\r\n\r\n"
		add("a body that is right", chunk+end, 0, 0)
		add("more data than its size", fmt.Sprintf("%x\r\n%sx\r\n", len(a), a)+end, n-2, n)
		add("two bytes instead of CRLF", chunk[:n-2]+"XX"+end, n-2, n)
		add("an LF behind the data", chunk[:n-2]+"\n"+end, n-2, n)
		add("a CR alone behind the data", chunk[:n-2]+"\rx"+end, n-2, n)
		add("no CRLF behind the data", chunk[:n-2]+end, n-2, n)
		add("a size that is none", chunk+Pick(x.Rand, "zz", "+1", "-1", "0x1", "", " 1", "1 ", "1;", "1_0", "g", "5\r")+"\r\n"+a+"\r\n"+end, n, n+5)
		add("a size that is too large", chunk+Pick(x.Rand, "8000000000000000", "10000000000000001", "ffffffffffffffffff")+"\r\n"+a+"\r\n"+end, n, n+20)
		add("a size line that ends in LF", chunk+"1\nx\r\n"+end, n, n+2)
		add("a trailer line that is no field", chunk+"0\r\nA : b\r\n\r\n", n+3, n+9)
		add("a folded trailer line", chunk+"0\r\nA: b\r\n c\r\n\r\n", n+9, n+13)
		add("a trailer section that ends in LF", chunk+"0\r\n\n", n+3, n+4)
		add("an LF in an extension", chunk+"1;a=\"b\nc\"\r\nx\r\n"+end, n, n+9)
		add("a CR in an extension", chunk+"1;a\rb\r\nx\r\n"+end, n, n+6)
	}
	Compare(x, "message.ChunkedDecoder", step03.Decode, cases)
}

func checkBodyLimits(x *X) {
	var cases []Case[step03.Bodies]
	add := func(class, src string, limits message.Limits) {
		cases = append(cases, bodiesCase(class, step03.Stream{Src: []byte(src), Limits: limits}),
			bodiesCase(class+", after another body", step03.Stream{Src: []byte("1\r\na\r\n0\r\n\r\n"), Limits: limits}, step03.Stream{Src: []byte(src)}),
			bodiesCase(class+", in pieces", step03.Stream{Src: []byte(src), Limits: limits, Cuts: x.Cuts(len(src), 20)}))
	}
	const end = "0\r\n\r\n"
	for range 6 {
		limit := x.Between(10, 200)
		content := message.Limits{Content: int64(limit)}
		for d := -1; d <= 1; d++ {
			data := x.String(alnum, limit+d)
			at := x.Between(1, len(data)-1)
			add("one chunk of about the limit", fmt.Sprintf("%x\r\n%s\r\n", len(data), data)+end, content)
			add("two chunks of about the limit", fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n", at, data[:at], len(data)-at, data[at:])+end, content)
		}
		add("a chunk that is announced only", fmt.Sprintf("%x\r\n", limit+1), content)
		fields := x.Between(1, 6)
		for d := -1; d <= 1; d++ {
			add("trailer fields of about the limit", "0\r\n"+strings.Repeat("A:\r\n", fields+d)+"\r\n", message.Limits{Fields: fields})
		}
		add("trailer fields that are left out count too", "0\r\n"+strings.Repeat("Host: a\r\n", fields+1)+"\r\n", message.Limits{Fields: fields})
	}
	line := func(n int) string { return "1;" + x.String(alnum, n-len("1;\r\n")) + "\r\nx\r\n" }
	trailer := func(n int) string { // of n bytes, its empty line not among them
		half := n / 2
		return "0\r\nA: " + x.String(alnum, half-5) + "\r\nB: " + x.String(alnum, n-half-5) + "\r\n\r\n"
	}
	for d := -1; d <= 1; d++ {
		add("a line before a chunk of about MaxChunkLine", line(message.MaxChunkLine+d)+end, message.Limits{})
		add("extensions of about MaxChunkExtensions", strings.Repeat("1;"+x.String(alnum, 1023)+"\r\nx\r\n", 15)+"1;"+x.String(alnum, 1023+d)+"\r\nx\r\n"+end, message.Limits{})
	}
	add("a trailer section that fits", trailer(message.MaxTrailerSection-2), message.Limits{})
	add("a trailer section that does not fit", trailer(message.MaxTrailerSection+1), message.Limits{})
	add("a trailer line that never ends", "0\r\nA: "+x.String(alnum, 2*message.MaxTrailerSection), message.Limits{})
	add("a line before a chunk that never ends", "1;"+x.String(alnum, 2*message.MaxChunkLine), message.Limits{})
	// Data in front of a long line must not be in its way.
	data := x.String(alnum, 5000)
	add("a long chunk before a line of MaxChunkLine", fmt.Sprintf("%x\r\n%s\r\n", len(data), data)+line(message.MaxChunkLine)+end, message.Limits{})
	Compare(x, "message.ChunkedDecoder", step03.Decode, cases)
}
