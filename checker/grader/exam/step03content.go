package exam

import (
	"fmt"
	"slices"
	"strings"

	message "barewire/solutions/03-headers-bodies"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/step03"
)

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
