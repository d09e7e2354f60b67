package message_test

import (
	"fmt"
	"testing"

	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

func TestTask6_Host(t *testing.T) {
	const bad = "refused with 400"
	host := func(h string) string { return fmt.Sprintf("host %q", h) }
	const origin11, origin10 = "GET / HTTP/1.1\r\n", "GET / HTTP/1.0\r\n"
	run(t, []row{
		one("a host", origin11+"Host: a.example\r\n", host("a.example"), "RFC 9112 §3.2"),
		one("a host and a port", origin11+"host: a.example:8080\r\n", host("a.example:8080"), "RFC 9110 §7.2"),
		one("an IPv6 address", origin11+"Host: [::1]:80\r\n", host("[::1]:80"), "RFC 3986 §3.2.2"),
		one("none with HTTP/1.1", origin11, bad, "MUST answer 400 (RFC 9112 §3.2)"),
		one("none with HTTP/1.2", "GET / HTTP/1.2\r\n", bad, "a minor version that is not known is served as if it were 1.1 (RFC 9112 §3.2, RFC 9110 §6.2)"),
		one("none with HTTP/1.0", origin10, host(""), "Host came with HTTP/1.1 (RFC 9112 §3.2)"),
		one("two different ones", origin11+"Host: a\r\n¦Host: b\r\n", bad, "a proxy in front may route by the first while you serve the second (RFC 9112 §3.2)"),
		one("two equal ones", origin11+"Host: a\r\n¦Host: a\r\n", bad, "MUST answer 400 to more than one, whatever they say (RFC 9112 §3.2)"),
		one("two with HTTP/1.0", origin10+"Host: a\r\n¦Host: b\r\n", bad, "any request with more than one (RFC 9112 §3.2)"),
		one("a list", origin11+"Host: a¦, b\r\n", bad, "what a gateway makes of two Host fields (RFC 9110 §5.3)"),
		one("userinfo", origin11+"Host: user¦@a\r\n", bad, "Host has no userinfo (RFC 9110 §7.2)"),
		one("a path", origin11+"Host: a¦/b\r\n", bad, "an invalid value MUST be answered with 400 (RFC 9112 §3.2)"),
		one("a port that is none", origin11+"Host: a:¦x\r\n", bad, "an invalid value MUST be answered with 400 (RFC 9112 §3.2)"),
		one("a name in brackets", origin11+"Host: [¦name]\r\n", bad, "brackets are for IPv6 addresses (CVE-2025-47912)"),
		one("something behind the brackets", origin11+"Host: [::1]¦x\r\n", bad, "a port, or nothing (CVE-2026-25679)"),
		one("an empty one", origin11+"Host:¦\r\n", bad, "an http URI without a host is invalid, and MUST be refused (RFC 9110 §4.2.1)"),
		one("the target has an authority of its own", "GET http://b/ HTTP/1.1\r\nHost: a\r\n", host("b"), "MUST ignore Host (RFC 9112 §3.2.2)"),
		one("the target has an authority, and Host is empty", "GET http://b/ HTTP/1.1\r\nHost:\r\n", host("b"), "MUST ignore Host (RFC 9112 §3.2.2)"),
		one("the target has an authority, and Host is invalid", "GET http://b/ HTTP/1.1\r\nHost: ¦@\r\n", bad, "an invalid value in any request MUST be answered with 400 (RFC 9112 §3.2)"),
		one("the target has an authority, and there is no Host", "GET http://b/ HTTP/1.1\r\n", bad, "any HTTP/1.1 request that lacks it (RFC 9112 §3.2)"),
	}, func(in string) string {
		var line reqline.RequestLine
		n, err := line.Parse([]byte(in), 0)
		if err != nil {
			return "step 2 does not parse the request line: " + err.Error()
		}
		// Header.Parse is not needed for this task: the fields are added.
		var h message.Header
		for rest := in[n:]; rest != ""; {
			field, used, err := reqline.CutLine([]byte(rest))
			if err != nil {
				return "step 2 does not cut a line: " + err.Error()
			}
			f, err := message.ParseField(field)
			if err != nil {
				return "task 3.1 does not parse a field: " + err.Error()
			}
			h.Add(string(f.Name), string(f.Value))
			rest = rest[used:]
		}
		got, err := message.Host(&line, &h)
		if err != nil {
			return outcome(err)
		}
		return host(string(got))
	})
}
