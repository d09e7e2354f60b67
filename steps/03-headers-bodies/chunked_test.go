package message_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

func TestTask10_ChunkSize(t *testing.T) {
	const bad = "refused with 400"
	size := func(n int64, ext string) string { return fmt.Sprintf("size %d, extensions %q", n, ext) }
	run(t, []row{
		one("a digit", "5", size(5, ""), "RFC 9112 §7.1"),
		one("letters in both cases", "aF", size(175, ""), "hexadecimal digits, in any case (RFC 9112 §7.1)"),
		one("zero", "0", size(0, ""), "the last chunk (RFC 9112 §7.1)"),
		one("leading zeros", "00000000000000000005", size(5, ""), "1*HEXDIG: any number of digits (RFC 9112 §7.1)"),
		one("the largest size", "7fffffffffffffff", size(1<<63-1, ""), "it still fits (RFC 9112 §7.1)"),
		one("one more", "¦8000000000000000", bad, "MUST anticipate large numbers, and not wrap around (RFC 9112 §7.1)"),
		one("2^64 and 5", "¦10000000000000005", bad, "must not wrap around to 5 (RFC 9112 §7.1)"),
		one("nothing", "", bad, "at least one digit (RFC 9112 §7.1)"),
		one("a plus sign", "¦+5", bad, "digits only; strconv takes it (RFC 9112 §7.1)"),
		one("a minus sign", "¦-5", bad, "digits only (RFC 9112 §7.1)"),
		one("0x", "0¦x5", bad, "digits only: one server reads 5 and another 0, the end (RFC 9112 §7.1)"),
		one("an underscore", "1¦_0", bad, "digits only (RFC 9112 §7.1)"),
		one("a letter that is no digit", "5¦g", bad, "digits only (RFC 9112 §7.1)"),
		one("the character behind 9", "5¦:", bad, "digits only: taken for a digit, a colon is ten (RFC 9112 §7.1)"),
		one("the character before 0", "5¦/", bad, "digits only (RFC 9112 §7.1)"),
		one("the character before A", "5¦@", bad, "digits only (RFC 9112 §7.1)"),
		one("the character before a", "5¦`", bad, "digits only (RFC 9112 §7.1)"),
		one("the character behind F", "5¦G", bad, "digits only (RFC 9112 §7.1)"),
		one("a space in front", "¦ 5", bad, "the line starts with the size (RFC 9112 §7.1)"),
		one("a space behind", "5¦ ", bad, "spaces are for extensions; what is skipped here has hidden messages (RFC 9112 §7.1.1)"),
		one("a bare CR behind", "5¦\r", bad, "a CR without LF (RFC 9112 §2.2)"),
		one("a comma", "5¦,5", bad, "a size is no list (RFC 9112 §7.1)"),
		one("an extension", "5;a", size(5, ";a"), "MUST be ignored if it is not known (RFC 9112 §7.1.1)"),
		one("an extension with a value", "5;a=b", size(5, ";a=b"), "RFC 9112 §7.1.1"),
		one("an extension with a quoted value", `5;a="b;c \" d"`, size(5, `;a="b;c \" d"`), "RFC 9112 §7.1.1"),
		one("a quoted value of one character", `5;a="b"`, size(5, `;a="b"`), "RFC 9110 §5.6.4"),
		one("a quoted value of nothing", `5;a="";b`, size(5, `;a="";b`), "a quoted string may be empty (RFC 9110 §5.6.4)"),
		one("a quoted value that is not ASCII", "5;a=\"\tcaf\xe9\"", size(5, ";a=\"\tcaf\xe9\""), "a quoted string may have tabs and bytes above 127 (RFC 9110 §5.6.4)"),
		one("several extensions", "5;a;b=c;d", size(5, ";a;b=c;d"), "RFC 9112 §7.1.1"),
		one("spaces around their signs", "5 ; a = b\t; c", size(5, " ; a = b\t; c"), "blanks are allowed there, and MUST be parsed (RFC 9110 §5.6.3); the extensions are returned as they stand"),
		one("a semicolon and nothing", "5;¦", bad, "an extension has a name (RFC 9112 §7.1.1)"),
		one("two semicolons", "5;¦;a", bad, "an extension has a name (RFC 9112 §7.1.1)"),
		one("a value that is missing", "5;a=¦", bad, "behind the sign stands a value (RFC 9112 §7.1.1)"),
		one("a name without semicolon", "5 ¦a", bad, "an extension starts with a semicolon (RFC 9112 §7.1.1)"),
		one("a quote without end", `5;a=¦"b`, bad, "a quoted string has an end (RFC 9110 §5.6.4)"),
		one("a quoted value that ends in a backslash", `5;a="b\¦`, bad, "the byte that the backslash takes along is not there: look whether it is before you look at it (RFC 9110 §5.6.4)"),
		one("a quote behind a token", `5;a=b¦"`, bad, "a quoted string starts with a quote, and a token has none (RFC 9112 §7.1.1)"),
		one("something behind a quoted value", `5;a="b"¦c`, bad, "behind a value comes a semicolon or the end (RFC 9112 §7.1.1)"),
		one("a NUL in a quoted value", "5;a=\"b¦\x00\"", bad, "no character of a quoted string (RFC 9110 §5.6.4)"),
		one("a DEL in a quoted value", "5;a=\"b¦\x7f\"", bad, "no character of a quoted string (RFC 9110 §5.6.4)"),
		one("an LF behind a backslash", "5;a=\"b\\¦\nc\"", bad, "a backslash does not make it a character of the string (RFC 9110 §5.6.4)"),
		one("a NUL in an extension", "5;a¦\x00", bad, "no character of a token (RFC 9112 §7.1.1)"),
		one("an LF in a quoted value", "5;a=\"b¦\nc\"", bad, "EXT.TERM: one of two servers ends the line here (RFC 9110 §5.6.4)"),
		one("a bare CR in an extension", "5;a¦\rb", bad, "EXT.TERM: one of two servers ends the line here (RFC 9112 §2.2)"),
	}, func(in string) string {
		n, ext, err := message.ParseChunkSize([]byte(in))
		if err != nil {
			return outcome(err)
		}
		return size(n, string(ext))
	})
}

// decode feeds pieces to a decoder and says what came of them, and how many bytes were
// taken.
func decode(d *message.ChunkedDecoder, pieces ...string) string {
	var content strings.Builder
	taken := 0
	for _, p := range pieces {
		for rest := []byte(p); len(rest) > 0; {
			data, n, err := d.Decode(rest)
			content.Write(data)
			taken += n
			if errors.Is(err, io.EOF) {
				return ended(content.String(), fields(&d.Trailer), taken)
			}
			if err != nil {
				return outcome(err)
			}
			if n <= 0 || n > len(rest) {
				return fmt.Sprintf("no progress: %d of %d bytes taken", n, len(rest))
			}
			rest = rest[n:]
		}
	}
	return fmt.Sprintf("content %q so far", content.String())
}

// ended says how a body ended.
func ended(content, trailer string, n int) string {
	if trailer == "" {
		return fmt.Sprintf("content %q, no trailer, %d bytes", content, n)
	}
	return fmt.Sprintf("content %q, trailer %s, %d bytes", content, trailer, n)
}

// anyPieces decodes in every way in which a body could arrive.
func anyPieces(lim message.Limits) func(string) string {
	return func(in string) string {
		whole := decode(&message.ChunkedDecoder{Limits: lim}, in)
		if strings.HasPrefix(whole, "an error that is no") || strings.HasPrefix(whole, "no progress") {
			return whole
		}
		if behind := decode(&message.ChunkedDecoder{Limits: lim}, in+next); behind != whole && !strings.HasSuffix(whole, "so far") {
			return whole + ", but with the next request behind it " + behind
		}
		if len(in) > 2000 {
			return whole // too many ways
		}
		for name, pieces := range testkit.Splits(in) {
			if got := decode(&message.ChunkedDecoder{Limits: lim}, pieces...); got != whole {
				return fmt.Sprintf("%s, but %s %s", whole, name, got)
			}
		}
		return whole
	}
}

func TestTask11_Chunked(t *testing.T) {
	const bad = "refused with 400"
	end := ended
	run(t, []row{
		one("one chunk", "5\r\nhello\r\n0\r\n\r\n", end("hello", "", 15), "size, data, size 0, empty line (RFC 9112 §7.1)"),
		one("two chunks", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", end("hello", "", 20), "data of one chunk after another, up to size 0 (RFC 9112 §7.1)"),
		one("no content", "0\r\n\r\n", end("", "", 5), "the last chunk may be the only one (RFC 9112 §7.1)"),
		one("data that looks like chunks", "f\r\n0\r\n\r\nGET / HTTP\r\n0\r\n\r\n", end("0\r\n\r\nGET / HTTP", "", 25), "data is as long as its size says, whatever it holds (RFC 9112 §7.1)"),
		one("extensions", "5;a=b\r\nhello\r\n0;c\r\n\r\n", end("hello", "", 21), "MUST be ignored (RFC 9112 §7.1.1)"),
		one("a trailer section", "1\r\na\r\n0\r\nSum: 1\r\nsum: 2\r\n\r\n", end("a", `Sum="1" sum="2"`, 27), "kept apart from the header section (RFC 9112 §7.1.2)"),
		one("not at its end", "5\r\nhel", `content "hel" so far`, "content is handed out as it comes"),
		one("data longer than its size", "5\r\nhello¦x\r\n0\r\n\r\n", bad, "a CRLF stands behind the data: what else is there was hidden from someone (RFC 9112 §7.1)"),
		one("two bytes instead of CRLF", "5\r\nhello¦XX0\r\n\r\n", bad, "SPILL.TERM: two bytes that nobody looks at (RFC 9112 §7.1)"),
		one("LF instead of CRLF behind the data", "5\r\nhello¦\n0\r\n\r\n", bad, "a bare LF (RFC 9112 §2.2)"),
		one("LF instead of CRLF behind the size", "5¦\nhello\r\n0\r\n\r\n", bad, "CVE-2025-22871: one of two servers reads on for the CRLF (RFC 9112 §2.2)"),
		one("LF behind the size, and then a line that could be a size", "1¦\n0\r\n\r\n", bad, "a line that is wrong ends everything: to go on behind it is to skip it (RFC 9112 §2.2)"),
		one("LF instead of CRLF behind a trailer field", "0\r\nA: b¦\n\r\n", bad, "a bare LF (RFC 9112 §2.2)"),
		one("CR instead of CRLF behind the size", "5¦\rhello\r\n0\r\n\r\n", bad, "a bare CR (RFC 9112 §2.2)"),
		one("a size that is none", "¦zz\r\nhello\r\n0\r\n\r\n", bad, "a size is hexadecimal digits (RFC 9112 §7.1)"),
		one("a negative size", "¦-5\r\nhello\r\n0\r\n\r\n", bad, "digits only: strconv takes the sign (RFC 9112 §7.1)"),
		one("an empty line for a size", "¦\r\n5\r\nhello\r\n0\r\n\r\n", bad, "a size has at least one digit (RFC 9112 §7.1)"),
		one("a size too large to be true", "ffffffffffffffff5\r\n", bad, "must not wrap around to 5 (RFC 9112 §7.1)"),
		one("a trailer line that is no field", "0\r\nA¦ : b\r\n\r\n", bad, "field lines are field lines (RFC 9112 §5.1)"),
		one("a folded trailer line", "0\r\nA: b\r\n¦ c\r\n\r\n", bad, "a line that begins with whitespace belongs to the one before, for some (RFC 9112 §5.2)"),
		one("a trailer section that ends in LF", "0\r\n¦\n", bad, "a bare LF (RFC 9112 §2.2)"),
		{
			name: "fields that have no place in a trailer",
			in:   "0\r\nContent-Length: 5\r\nHost: b\r\nA: 1\r\nTransfer-Encoding: x\r\nAuthorization: y\r\n\r\n",
			want: []string{end("", `A="1"`, 79), bad},
			why:  "framing, routing and authentication are over when the trailer comes: it must not change them, so such fields are dropped, or refused (RFC 9110 §6.5.1)",
		},
	}, anyPieces(message.Limits{}))
}

func TestTask11_Limits(t *testing.T) {
	lim := message.Limits{Content: 10, Fields: 3}
	const large = "refused with 413"
	ext := strings.Repeat(";a=b", 500)
	runWith(t, "Limits.Content is 10, and Limits.Fields is 3", []row{
		one("as much content as is allowed", "a\r\n0123456789\r\n0\r\n\r\n", `content "0123456789", no trailer, 20 bytes`, "the limit itself is allowed"),
		one("a chunk that is too large", "b\r\n", large, "as soon as it is announced: its bytes are not awaited (RFC 9110 §15.5.14)"),
		one("chunks that are too large together", "5\r\n01234\r\n6\r\n", large, "the limit is for all of the content (RFC 9110 §15.5.14)"),
		one("a size next to the largest", "5\r\n01234\r\n7fffffffffffffff\r\n", large, "a sum must not wrap around"),
		one("too many trailer fields", "0\r\nA: \r\nB: \r\nC: \r\nD: \r\n\r\n", "refused with 431", "an endless trailer section is memory without end (RFC 6585 §5)"),
		one("as many trailer fields as are allowed", "0\r\nA: \r\nB: \r\nC: \r\n\r\n", ended("", `A="" B="" C=""`, 20), "the limit itself is allowed"),
		one("a trailer section that is too large", "0\r\nA: "+strings.Repeat("x", message.MaxTrailerSection)+"\r\n\r\n", "refused with 431", "MaxTrailerSection is for all trailer fields together (RFC 6585 §5)"),
		one("a line that is too long", "1;"+strings.Repeat("a", message.MaxChunkLine)+"\r\n", "refused with 400", "one line must not be kept without end (RFC 9112 §7.1.1)"),
		one("a line that never ends", "1;"+strings.Repeat("a", message.MaxChunkLine+10), "refused with 400", "one line must not be kept without end (RFC 9112 §7.1.1)"),
		one("extensions without end", strings.Repeat("1"+ext+"\r\na\r\n", 9), "refused with 400", "CVE-2023-39326: they cost time and mean nothing (RFC 9112 §7.1.1)"),
	}, anyPieces(lim))
}

// What a field in the trailer section must not do, one by one.
func TestTask11_Forbidden(t *testing.T) {
	for _, group := range []struct{ names, why string }{
		{"Transfer-Encoding Content-Length Trailer", "the content has been framed: its length cannot change any more"},
		{"Host Connection Upgrade TE Max-Forwards Expect Forwarded", "where the request goes, and how it is answered, was settled before its content was read"},
		{"Authorization Proxy-Authorization WWW-Authenticate Proxy-Authenticate Cookie Set-Cookie", "who it is that asks was checked before the content was read"},
		{"If-Match If-None-Match If-Modified-Since If-Unmodified-Since If-Range Range", "what is asked for was settled before the content was read"},
		{"Cache-Control Age Date Expires Location Retry-After Vary Warning", "it controls a response, and whoever passed its header section on has acted on that"},
		{"Content-Encoding Content-Type Content-Range", "how to read the content has to be known before it is read"},
	} {
		for name := range strings.FieldsSeq(group.names) {
			in := "0\r\n" + name + ": x\r\nSum: 1\r\n\r\n"
			got := decode(new(message.ChunkedDecoder), in)
			want := ended("", `Sum="1"`, len(in))
			if got != want && got != "refused with 400" {
				testkit.Report{Sent: in, Mark: len("0\r\n"), Note: "this field", Want: want + "\nor refused with 400", Got: got,
					Why: group.why + " (RFC 9110 §6.5.1)"}.Error(t)
				return
			}
		}
	}
}

// Each limit of a line or of a section takes what just fits, and no more.
func TestTask11_WhatJustFits(t *testing.T) {
	line := func(n int) string { return "1;" + strings.Repeat("a", n-len("1;\r\n")) + "\r\nx\r\n0\r\n\r\n" }
	// Extensions of n bytes in all, in chunks of 1000 bytes of them, or of what is left.
	extensions := func(n int) string {
		var b strings.Builder
		for ; n > 0; n -= min(n, 1000) {
			fmt.Fprintf(&b, "1;%s\r\nx\r\n", strings.Repeat("a", min(n, 1000)-1))
		}
		return b.String() + "0\r\n\r\n"
	}
	// Trailer fields of n bytes in all, with their line ends.
	trailer := func(n int) string {
		const field = "N: 0123456789012345678901234567890123456789\r\n"
		count := n/len(field) - 1
		return "0\r\n" + strings.Repeat(field, count) + "M: " + strings.Repeat("x", n-count*len(field)-len("M: \r\n")) + "\r\n\r\n"
	}
	const ext, section = message.MaxChunkExtensions, message.MaxTrailerSection
	for _, r := range []struct{ name, good, bad, want, why string }{
		{"the line before a chunk", line(message.MaxChunkLine), line(message.MaxChunkLine + 1), "refused with 400", "MaxChunkLine is the line with its CRLF (RFC 9112 §7.1.1)"},
		{"extensions of all chunks together", extensions(ext), extensions(ext + 1), "refused with 400", "MaxChunkExtensions is for all chunks of a body (RFC 9112 §7.1.1)"},
		{"trailer fields together", trailer(section - len("\r\n")), trailer(section + 1), "refused with 431", "MaxTrailerSection is for all of its lines, and not for each (RFC 6585 §5)"},
	} {
		t.Run(r.name, func(t *testing.T) {
			lim := message.Limits{Fields: 1000}
			if got := decode(&message.ChunkedDecoder{Limits: lim}, r.good); !strings.HasSuffix(got, fmt.Sprintf(" %d bytes", len(r.good))) {
				testkit.Report{Doing: fmt.Sprintf("decoding a body of %d bytes that just fits", len(r.good)), Want: "its end", Got: fmt.Sprintf("%.100s", got), Why: r.why}.Error(t)
			}
			if got := decode(&message.ChunkedDecoder{Limits: lim}, r.bad); got != r.want {
				testkit.Report{Doing: fmt.Sprintf("decoding a body of %d bytes that just does not fit", len(r.bad)), Want: r.want, Got: fmt.Sprintf("%.100s", got), Why: r.why}.Error(t)
			}
		})
	}
}

// A decoder is used for one body after another, and says the end more than once.
func TestTask11_SecondBody(t *testing.T) {
	const body = "1\r\na\r\n0\r\nA: b\r\n\r\n"
	d := message.ChunkedDecoder{Limits: message.Limits{Content: 3}}
	for i, want := range []string{`content "a", trailer A="b", 17 bytes`, `content "", trailer A="b", 0 bytes`} {
		if got := decode(&d, body); got != want {
			testkit.Report{Sent: body, Want: want, Got: got, Why: fmt.Sprintf("call %d: behind the body everything belongs to the next request", i+1)}.Error(t)
		}
	}
	d.Reset()
	if got, want := decode(&d, "2\r\nab\r\n0\r\n\r\n"), `content "ab", no trailer, 12 bytes`; got != want {
		testkit.Report{Sent: "2\r\nab\r\n0\r\n\r\n", Doing: "a body has been decoded, and Reset was called", Want: want, Got: got, Why: "Reset makes it ready for the next body"}.Error(t)
	}
	d.Reset()
	if got, want := decode(&d, "4\r\n"), "refused with 413"; got != want {
		testkit.Report{Sent: "4\r\n", Doing: "Limits.Content is 3; a body has been decoded, and Reset was called", Want: want, Got: got, Why: "Reset keeps the limits: they are the server's, and not of one body"}.Error(t)
	}
}

// What a body is refused for stands where its error says, counted from the start of
// the body.
func TestTask11_Offset(t *testing.T) {
	const in, at = "5\r\nhello\r\nzz\r\n", 10
	var d message.ChunkedDecoder
	for _, test := range []struct {
		name   string
		pieces []string
	}{
		{"in a body that came at once", []string{in}},
		{"in the next body", []string{in}},
		{"in a body that came in pieces", []string{in[:6], in[6:9], in[9:]}},
		{"in a line that came in pieces", []string{in[:at+1], in[at+1:]}},
	} {
		d.Reset()
		got := "no *reqline.ProtocolError"
		for _, p := range test.pieces {
			for rest := []byte(p); len(rest) > 0; {
				_, n, err := d.Decode(rest)
				if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
					got = fmt.Sprintf("Offset %d", e.Offset)
				}
				if err != nil || n <= 0 {
					break
				}
				rest = rest[n:]
			}
		}
		if want := fmt.Sprintf("Offset %d", at); got != want {
			testkit.Report{Sent: in, Mark: at, Note: "this byte", Doing: test.name, Want: want, Got: got,
				Why: "Offset counts from the start of the body, whatever came before it; Reset begins a new one"}.Error(t)
		}
	}
}

// Whatever comes, Decode goes on or ends, and does not care how it is cut; what
// was made into a chunk is what comes out again.
func FuzzTask11_Chunked(f *testing.F) {
	for _, seed := range []string{"5\r\nhello\r\n0\r\n\r\n", "1;a=\"b\"\r\na\r\n0\r\nA: b\r\n\r\n", "0\r\n\r\n", "zz\r\n", "", "5\r\nhelloX"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 300 {
			return // so many ways to cut it
		}
		got := anyPieces(message.Limits{})(string(body))
		if strings.Contains(got, ", but ") || strings.HasPrefix(got, "no progress") || strings.HasPrefix(got, "an error that is no") {
			t.Errorf("%q: %s", body, got)
		}
		made := "0\r\n\r\n"
		if len(body) > 0 {
			made = fmt.Sprintf("%x\r\n%s\r\n%s", len(body), body, made)
		}
		if got, want := decode(new(message.ChunkedDecoder), made), ended(string(body), "", len(made)); got != want {
			t.Errorf("%q as one chunk: got %s, want %s", body, got, want)
		}
	})
}
