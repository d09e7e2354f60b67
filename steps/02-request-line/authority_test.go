package reqline_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

func TestTask3_Authority(t *testing.T) {
	for _, tt := range []struct {
		name       string
		src        string
		host, port string
		bad        bool // a 400 is wanted
		note       string
		why        string
	}{
		{
			name: "a name", src: "example.org", host: "example.org",
			why: "the port may be missing: then it is the scheme's, which is not known here (RFC 9110 §4.2.1)",
		},
		{
			name: "a name and a port", src: "example.org¦:8080", host: "example.org", port: "8080", note: "the colon belongs to neither",
			why: "uri-host \":\" port (RFC 9110 §7.2)",
		},
		{
			name: "a name of one letter and a port", src: "a:80", host: "a", port: "80",
			why: "a name has one byte at least, and this one has it (RFC 3986 §3.2.2)",
		},
		{
			name: "an empty port", src: "example.org:", host: "example.org",
			why: "the grammar allows no digit at all, and it means the same as no port (RFC 3986 §3.2.3, RFC 9110 §4.2.1)",
		},
		{
			name: "the highest port", src: "example.org:65535", host: "example.org", port: "65535",
			why: "a port is a number of 16 bits",
		},
		{
			name: "a name in mixed case", src: "Example.ORG:80", host: "Example.ORG", port: "80",
			why: "host names are compared without regard to case (RFC 9110 §4.2.3), but that is for whoever compares them: these bytes are borrowed, and to lower them would be to write into the connection's buffer",
		},
		{
			name: "every byte that a name may have", src: "aZ09-._~!$&'()*+;=%C3%A9:1", host: "aZ09-._~!$&'()*+;=%C3%A9", port: "1",
			why: "a registered name is more than a DNS name (RFC 3986 §3.2.2)",
		},
		{
			name: "an IPv4 address", src: "192.0.2.1:80", host: "192.0.2.1", port: "80",
			why: "digits and dots are bytes of a name like others (RFC 3986 §3.2.2)",
		},
		{
			name: "an IPv6 address", src: "¦[::1]", host: "[::1]", note: "up to the bracket it is the host",
			why: "the colons inside the brackets are the address's own: that is what the brackets are for (RFC 3986 §3.2.2)",
		},
		{
			name: "an IPv6 address and a port", src: "[2001:db8::1]¦:443", host: "[2001:db8::1]", port: "443", note: "this colon, not the first one and not any one",
			why: "look for the bracket first, then for the colon right behind it (RFC 3986 §3.2.2)",
		},
		{
			name: "an IPv6 address with an IPv4 address at its end", src: "[::ffff:192.0.2.1]:", host: "[::ffff:192.0.2.1]",
			why: "the last 32 bits may be written with dots (RFC 3986 §3.2.2)",
		},

		{
			name: "a port without a host", src: "¦:80", bad: true, note: "no host before the colon",
			why: "an http URI without a host MUST be rejected (RFC 9110 §4.2.1); only an authority that is empty altogether is for the caller to judge",
		},
		{
			name: "a user before the host", src: "example.org¦@evil.example", bad: true, note: "user@host",
			why: "the host of this is evil.example, whatever it looks like. HTTP forbids to send it, and a recipient should treat it as an error (RFC 9110 §4.2.4)",
		},
		{
			name: "a user and a password", src: "user:secret¦@example.org:80", bad: true, note: "user:password@host",
			why: "whoever cuts at the first colon sends this to a host called \"user\" (RFC 9110 §4.2.4)",
		},
		{
			name: "port 0", src: "example.org:¦0", bad: true, note: "no port",
			why: "nothing listens on port 0: to the socket calls it means \"any\"",
		},
		{
			name: "a port that is too high", src: "example.org:¦65536", bad: true, note: "one more than 16 bits hold",
			why: "put into 16 bits, this is port 0, and 65616 is port 80: a check of the number and the connection that is made would disagree",
		},
		{
			name: "a port that no integer holds", src: "example.org:¦18446744073709551696", bad: true, note: "2⁶⁴ + 80",
			why: "put into 64 bits this is port 80: the check has to come before the overflow",
		},
		{
			name: "a plus sign before the port", src: "example.org:¦+80", bad: true, note: "no digit",
			why: "a port is digits and nothing else (RFC 3986 §3.2.3). strconv.Atoi takes a sign: it is made for people, not for protocols",
		},
		{
			name: "a space before the port", src: "example.org:¦ 80", bad: true, note: "no digit",
			why: "a port is digits and nothing else (RFC 3986 §3.2.3)",
		},
		{
			name: "two ports", src: "example.org:80¦:90", bad: true, note: "a second colon",
			why: "one server takes the first and another the last; together they can be led anywhere (RFC 3986 §3.2)",
		},
		{
			name: "an IPv6 address without brackets", src: "2001¦:db8::1", bad: true, note: "host or port?",
			why: "without the brackets nobody can say where the address ends and the port starts (RFC 3986 §3.2.2)",
		},
		{
			name: "a bracket that is not closed", src: "[::1¦", bad: true, note: "no ] up to here",
			why: "an IPv6 address stands between two brackets (RFC 3986 §3.2.2); a search that finds nothing returns -1",
		},
		{
			name: "a bracket that was not opened", src: "::1¦]:80", bad: true, note: "no [ before",
			why: "an IPv6 address stands between two brackets (RFC 3986 §3.2.2)",
		},
		{
			name: "something between the bracket and the colon", src: "[::1]¦.evil.example:80", bad: true, note: "no colon",
			why: "behind the bracket comes a colon or the end (RFC 3986 §3.2.2). Go's own net/url let this through until CVE-2026-25679",
		},
		{
			name: "a letter where the colon should be", src: "[::1]¦x80", bad: true, note: "no colon",
			why: "behind the bracket comes a colon or the end (RFC 3986 §3.2.2): whoever skips a byte there has to look at it",
		},
		{
			name: "something before the bracket", src: "a¦[::1]:80", bad: true, note: "a bracket in a name",
			why: "a name has no bracket, and an IPv6 address starts with one (RFC 3986 §3.2.2)",
		},
		{
			name: "empty brackets", src: "[¦]:80", bad: true, note: "no address",
			why: "there has to be an address in the brackets (RFC 3986 §3.2.2)",
		},
		{
			name: "a name in brackets", src: "[¦example.org]:80", bad: true, note: "no IPv6 address",
			why: "only an IPv6 address stands in brackets. A filter that knows \"example.org\" may not know \"[example.org]\" (CVE-2025-47912)",
		},
		{
			name: "an IPv4 address in brackets", src: "[¦127.0.0.1]:80", bad: true, note: "no IPv6 address",
			why: "only an IPv6 address stands in brackets (RFC 3986 §3.2.2)",
		},
		{
			name: "an IPv6 address with a zone", src: "[fe80::1¦%25eth0]:80", bad: true, note: "a zone",
			why: "\"eth0\" names a network card of the sender's machine: on any other machine it means nothing",
		},
		{
			name: "a comma in the name", src: "example.org¦,evil.example", bad: true, note: "a comma",
			why: "two fields of one name may be joined with a comma (RFC 9110 §5.3), so this may have been two Host fields once",
		},
		{
			name: "a slash behind the name", src: "example.org¦/evil", bad: true, note: "a slash",
			why: "a path is no part of the authority (RFC 3986 §3.2)",
		},
		{
			name: "a backslash in the name", src: `example.org¦\evil.example`, bad: true, note: "a backslash",
			why: "browsers read a slash here, others a part of the name: two hosts for one URI (RFC 3986 §3.2.2)",
		},
		{
			name: "a space behind the name", src: "example.org¦ ", bad: true, note: "a space",
			why: "no host name has a space (RFC 3986 §3.2.2), and one that is trimmed here may not be trimmed in front",
		},
		{
			name: "a letter that is not ASCII", src: "caf¦é.example", bad: true, note: "the first byte of é",
			why: "on the wire such a name is written in ASCII, as xn--caf-dma (RFC 3986 §3.2.2)",
		},
		{
			name: "half a percent-encoded byte", src: "caf¦%C.example", bad: true, note: "no two digits",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1)",
		},
		{
			name: "half a percent-encoded byte at the end", src: "caf¦%C", bad: true, note: "no two digits",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1); look at the length before you look at the digits",
		},
		{
			name: "an encoded NUL", src: "example.org¦%00.evil.example", bad: true, note: "a NUL, if decoded",
			why: "for a program in C, what stands behind the NUL is not there (RFC 3986 §7.3)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.src)
			r := s.report(tt.note, tt.why)
			src := inBuffer(s.in)
			host, port, err := reqline.ParseAuthority(src)
			checkUnharmed(t, src, s.in)
			got := fmt.Sprintf("host %q, port %q", host, port)
			switch {
			case tt.bad && !s.isError(err, 400):
				r.Want, r.Got = s.wantError(400), gotError(err)
				if err == nil {
					r.Got = "no error: " + got
				}
				r.Fatal(t)
			case !tt.bad && (err != nil || string(host) != tt.host || string(port) != tt.port):
				r.Want, r.Got = fmt.Sprintf("host %q, port %q", tt.host, tt.port), got
				if err != nil {
					r.Got = gotError(err)
				}
				r.Fatal(t)
			case !inside(host, src) || !inside(port, src):
				r.Want, r.Got = "host and port as parts of src", "a copy, or something else than src"
				r.Why = "the doc comment promises that they are borrowed: a server that copies each part of each request pays for it each time"
				r.Fatal(t)
			}
		})
	}

	t.Run("each byte in a name, for what it is", func(t *testing.T) {
		const inName = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~!$&'()*+;="
		for c := range 256 {
			if c == ':' {
				continue // which ends it
			}
			in := "a" + string([]byte{byte(c)}) + "zz:1"
			inside := strings.IndexByte(inName, byte(c)) >= 0
			host, _, err := reqline.ParseAuthority(inBuffer(in))
			if inside && err == nil && string(host) == in[:4] || !inside && newSample(in).isError(err, 400) {
				continue
			}
			r := testkit.Report{
				Sent: in, Mark: 1, Note: fmt.Sprintf("byte 0x%02x", c),
				Want: "a *ProtocolError: 400 Bad Request", Got: fmt.Sprintf("host %q, %s", host, gotError(err)),
				Why: "the bytes of a name are a closed list (RFC 3986 §3.2.2); a list of what is forbidden always lacks something",
			}
			if inside {
				r.Want = fmt.Sprintf("host %q, no error", in[:4])
			}
			r.Fatal(t) // one of them is enough to look at
		}
	})

	t.Run("an empty authority has an empty host, and one of a colon is an error", func(t *testing.T) {
		// The first half is what a parser that does nothing would say.
		s := newSample("")
		r := s.report("", "a Host field may be empty, where the target URI has no authority (RFC 9112 §3.2); ParseAuthority is for that too")
		host, port, err := reqline.ParseAuthority(nil)
		if err != nil || len(host) > 0 || len(port) > 0 {
			r.Want, r.Got = "for src of no bytes: an empty host, no port, no error", fmt.Sprintf("host %q, port %q, %s", host, port, gotError(err))
			r.Fatal(t)
		}
		if _, _, err := reqline.ParseAuthority([]byte(":")); !newSample(":").isError(err, 400) {
			r.Sent, r.Want, r.Got = ":", "a *ProtocolError: 400 Bad Request", gotError(err)
			r.Fatal(t)
		}
	})
}

func FuzzTask3_Authority(f *testing.F) {
	for _, seed := range []string{"", "example.org", "example.org:80", "[::1]:80", ":80", "a:b:c", "[::1", "user@host", "a%", "[", "]", "[]:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		src := inBuffer(in)
		host, port, err := reqline.ParseAuthority(src)
		checkUnharmed(t, src, in)
		r := newSample(in).report("", "whatever the bytes are, they are cut up without a loss, or refused with a status that a server can answer")
		if err != nil {
			if !isProtocolError(err, len(in)) {
				r.Want, r.Got = "a *ProtocolError with an offset into src, or no error", gotError(err)
				r.Fatal(t)
			}
			return
		}
		joined := string(host)
		if joined != in {
			joined += ":" + string(port)
		}
		if joined != in || len(host) == 0 && in != "" {
			r.Want, r.Got = "host and port that make src if a colon joins them", fmt.Sprintf("host %q, port %q", host, port)
			r.Fatal(t)
		}
	})
}
