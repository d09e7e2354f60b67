package message_test

import (
	"fmt"
	"strings"
	"testing"

	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

// split makes a header of "Name: value" lines that are separated by " | ".
func split(in string) *message.Header {
	var h message.Header
	if in == "" {
		return &h
	}
	for line := range strings.SplitSeq(in, " | ") {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return &h
}

func TestTask7_ContentLength(t *testing.T) {
	const bad = "refused with 400"
	both := []string{bad, "5 bytes"} // RFC 9112 §6.3 leaves it open
	const equal = "equal numbers MAY be taken for one, or be refused (RFC 9112 §6.3)"
	run(t, []row{
		one("none", "Host: a", "no length", "RFC 9112 §6.3"),
		one("zero", "Content-Length: 0", "0 bytes", "RFC 9110 §8.6"),
		one("a number", "content-length: 1234567", "1234567 bytes", "RFC 9110 §8.6"),
		one("leading zeros", "Content-Length: 0005", "5 bytes", "1*DIGIT: leading zeros are digits (RFC 9110 §8.6)"),
		one("the largest one", "Content-Length: 9223372036854775807", "9223372036854775807 bytes", "a recipient MUST anticipate large numbers (RFC 9110 §8.6)"),
		one("one more than the largest", "Content-Length: ¦9223372036854775808", bad, "2^63 must not wrap around to a negative number (RFC 9110 §8.6)"),
		one("2^64", "Content-Length: ¦18446744073709551616", bad, "2^64 must not wrap around to 0 (RFC 9110 §8.6)"),
		one("2^64 + 5", "Content-Length: ¦18446744073709551621", bad, "2^64+5 must not wrap around to 5 (RFC 9110 §8.6)"),
		one("a plus sign", "Content-Length: ¦+5", bad, "digits only; strconv.Atoi takes it (RFC 9110 §8.6)"),
		one("a minus sign", "Content-Length: ¦-5", bad, "digits only (RFC 9110 §8.6)"),
		one("minus zero", "Content-Length: ¦-0", bad, "digits only; as a number it is 0 (RFC 9110 §8.6)"),
		one("hexadecimal", "Content-Length: 0¦x5", bad, "digits only (RFC 9110 §8.6)"),
		one("an underscore", "Content-Length: 1¦_0", bad, "digits only; strconv with base 0 takes it (RFC 9110 §8.6)"),
		one("the character behind 9", "Content-Length: 1¦:", bad, "digits only: taken for a digit, a colon is ten (RFC 9110 §8.6)"),
		one("the character before 0", "Content-Length: 1¦/", bad, "digits only: taken for a digit, a slash is less than nothing (RFC 9110 §8.6)"),
		one("a space within", "Content-Length: 1¦ 0", bad, "digits only (RFC 9110 §8.6)"),
		one("a fraction", "Content-Length: 5¦.0", bad, "digits only (RFC 9110 §8.6)"),
		one("letters", "Content-Length: ¦five", bad, "digits only (RFC 9110 §8.6)"),
		one("digits that are not ASCII", "Content-Length: ¦\u0665", bad, "unicode.IsDigit knows digits that HTTP does not (RFC 9110 §8.6)"),
		one("an empty value", "Content-Length:¦ ", bad, "at least one digit (RFC 9110 §8.6)"),
		one("two different ones", "Content-Length: 5 | ¦Content-Length: 6", bad, "one server reads 5 bytes and another 6: the difference is the start of a smuggled request (RFC 9112 §6.3)"),
		{name: "two equal ones", in: "Content-Length: 5 | Content-Length: 5", want: both, why: equal},
		one("a list of different ones", "Content-Length: 5¦, 6", bad, "what a gateway makes of two fields (RFC 9112 §6.3)"),
		{name: "a list of equal ones", in: "Content-Length: 5, 5", want: both, why: equal},
		one("a list with a hole", "Content-Length: 5¦,", bad, "it is no number (RFC 9112 §6.3)"),
	}, func(in string) string {
		n, ok, err := message.ContentLength(split(in))
		switch {
		case err != nil:
			return outcome(err)
		case !ok:
			// The starter's zero values would say the same of every input.
			if n, ok, err := message.ContentLength(split("Content-Length: 7")); n != 7 || !ok || err != nil {
				return "no length, but none for Content-Length: 7 either"
			}
			return "no length"
		}
		return fmt.Sprintf("%d bytes", n)
	})
}

func TestTask8_Framing(t *testing.T) {
	const bad, unknown, chunked = "refused with 400", "refused with 501", "chunked"
	const smuggle = "one of two servers that see this reads chunks and the other does not, and what is left over is a request that nobody checked "
	run(t, []row{
		one("neither field", "Host: a", "0 bytes", "case 7: no content (RFC 9112 §6.3)"),
		one("a length", "Content-Length: 5", "5 bytes", "case 6 (RFC 9112 §6.3)"),
		one("an invalid length", "Content-Length: ¦x", bad, "case 5 (RFC 9112 §6.3)"),
		one("chunked", "Transfer-Encoding: chunked", chunked, "case 4 (RFC 9112 §6.3)"),
		one("chunked in another case", "transfer-encoding: ChunKed", chunked, "names of codings are case-insensitive (RFC 9112 §7)"),
		one("both fields", "Content-Length: 5 | ¦Transfer-Encoding: chunked", bad, "CL.TE: the classic; it ought to be handled as an error (RFC 9112 §6.3)"),
		one("both fields, the other way round", "Transfer-Encoding: chunked | ¦Content-Length: 5", bad, "TE.CL (RFC 9112 §6.3)"),
		one("an invalid length beside chunked", "Transfer-Encoding: chunked | Content-Length: ¦x", bad, "it is there, and that is enough (RFC 9112 §6.3)"),
		one("two lengths beside chunked", "Transfer-Encoding: chunked | Content-Length: 5 | ¦Content-Length: 6", bad, "an error is no reason to think that there is no length (RFC 9112 §6.3)"),
		one("an empty length beside chunked", "Transfer-Encoding: chunked | Content-Length:¦ ", bad, "it is there, and that is enough (RFC 9112 §6.3)"),
		one("a length beside chunked that is too large", "Transfer-Encoding: chunked | Content-Length: ¦18446744073709551616", bad, "it is there, and that is enough (RFC 9112 §6.3)"),
		one("a length beside an unknown coding", "Transfer-Encoding: gzip | Content-Length: 5", bad, "chunked is not the last coding: the length cannot be trusted (RFC 9112 §6.3)"),
		one("a coding that is not chunked", "Transfer-Encoding: ¦gzip", bad, "case 4: not chunked at the end, so nobody knows where it ends (RFC 9112 §6.3)"),
		one("a coding before chunked", "Transfer-Encoding: ¦gzip, chunked", unknown, "framed, but not understood: 501 (RFC 9112 §6.1)"),
		one("a coding before chunked, on lines of their own", "Transfer-Encoding: ¦gzip | Transfer-Encoding: chunked", unknown, "several lines are one list (RFC 9110 §5.3)"),
		one("a coding behind chunked", "Transfer-Encoding: chunked, ¦gzip", bad, "chunked has to be the last one (RFC 9112 §6.3)"),
		one("identity behind chunked", "Transfer-Encoding: chunked | Transfer-Encoding: ¦identity", bad, smuggle+"(RFC 9112 §6.3)"),
		one("identity", "Transfer-Encoding: ¦identity", bad, "identity is no transfer coding any more (RFC 9112 §7)"),
		one("chunked twice", "Transfer-Encoding: chunked, ¦chunked", bad, "MUST NOT be applied twice (RFC 9112 §6.1)"),
		one("chunked twice, on two lines", "Transfer-Encoding: chunked | Transfer-Encoding: ¦chunked", bad, "several lines are one list (RFC 9112 §6.1)"),
		one("xchunked", "Transfer-Encoding: ¦xchunked", bad, "TE.TE: "+smuggle+"(CVE-2022-1705)"),
		one("chunked with a Kelvin sign", "Transfer-Encoding: chun¦\u212aed", bad, "codings are ASCII: strings.EqualFold and bytes.EqualFold take the Kelvin sign for a k, and the server in front does not (RFC 9110 §5.6.2)"),
		one("chunkedx", "Transfer-Encoding: chunked¦x", bad, "TE.TE: "+smuggle+"(CVE-2022-1705)"),
		one("chunked with a parameter", "Transfer-Encoding: chunked¦;q=1", bad, "chunked has no parameters (RFC 9112 §7.1)"),
		one("chunked in quotes", "Transfer-Encoding: ¦\"chunked\"", bad, "TE.TE: "+smuggle+"(RFC 9112 §7)"),
		one("a space within chunked", "Transfer-Encoding: chun¦ ked", bad, "TE.TE: "+smuggle+"(RFC 9112 §7)"),
		one("an empty field", "Transfer-Encoding:¦ ", bad, "it is there and names no coding: chunked is not the last one (RFC 9112 §6.3)"),
		one("an empty field beside a length", "Transfer-Encoding:¦  | Content-Length: 5", bad, "0.CL: "+smuggle+"(RFC 9112 §6.3)"),
		one("empty members around chunked", "Transfer-Encoding: , chunked,", chunked, "a recipient MUST ignore empty members (RFC 9110 §5.6.1.2)"),
	}, func(in string) string { return framing(reqline.HTTP11, in) })
}

func TestTask8_HTTP10(t *testing.T) {
	runWith(t, "the version is HTTP/1.0", []row{
		one("a length", "Content-Length: 5", "5 bytes", "HTTP/1.0 has Content-Length (RFC 9112 §6.3)"),
		one("chunked", "¦Transfer-Encoding: chunked", "refused with 400", "the framing is faulty: whoever forwarded this did not know what it means (RFC 9112 §6.1)"),
		one("both", "Content-Length: 5 | ¦Transfer-Encoding: chunked", "refused with 400", "even if a Content-Length is present (RFC 9112 §6.1)"),
	}, func(in string) string { return framing(reqline.HTTP10, in) })
}

func framing(v reqline.Version, in string) string {
	f, err := message.RequestFraming(v, split(in))
	switch {
	case err != nil:
		return outcome(err)
	case f.Chunked:
		return "chunked"
	}
	return fmt.Sprintf("%d bytes", f.Length)
}
