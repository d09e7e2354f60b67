package exam

import (
	"bytes"
	"fmt"
	"strings"

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
