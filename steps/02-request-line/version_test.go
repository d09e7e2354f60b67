package reqline_test

import (
	"fmt"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

func TestTask2_Version(t *testing.T) {
	for _, tt := range []struct {
		name   string
		src    string
		want   reqline.Version
		status int
		note   string
		why    string
	}{
		{
			name: "version 1.1", src: "HTTP/1.1", want: reqline.HTTP11,
			why: "this is what nearly every client sends (RFC 9112 §2.3)",
		},
		{
			name: "version 1.0", src: "HTTP/1.0", want: reqline.HTTP10,
			why: "old clients, health checks and scripts send it; what it means for the connection is decided later (RFC 9112 §9.3)",
		},
		{
			name: "a minor version that is not known", src: "HTTP/1.¦7", want: reqline.Version{Major: 1, Minor: 7}, note: "higher than 1",
			why: "minor versions only add what may be ignored: a server may handle this as HTTP/1.1 (RFC 9110 §2.5)",
		},
		{
			name: "version 2.0", src: "HTTP/¦2.0", status: 505, note: "the major version",
			why: "a major version changes how messages are written, so this one cannot be read here: 505 says that, and the client can try another (RFC 9110 §15.6.6). A 400 would tell it that it made a mistake",
		},
		{
			name: "version 0.9", src: "HTTP/¦0.9", status: 505, note: "the major version",
			why: "well formed, but a major version that is not spoken here (RFC 9110 §15.6.6)",
		},
		{
			name: "nothing", src: "", status: 400,
			why: "a version has eight bytes (RFC 9112 §2.3); look at the length before any of them",
		},
		{
			name: "no minor version", src: "HTTP/1¦", status: 400, note: "the end",
			why: "the version has a digit, a dot and a digit (RFC 9112 §2.3)",
		},
		{
			name: "no minor version behind the dot", src: "HTTP/1.¦", status: 400, note: "the end",
			why: "the version has a digit, a dot and a digit (RFC 9112 §2.3)",
		},
		{
			name: "HTTP/2 as people write it", src: "HTTP/2¦", status: 400, note: "the end",
			why: "it does not have the form of an HTTP-version (RFC 9112 §2.3), so it is malformed before it is not supported",
		},
		{
			name: "two digits for the minor version", src: "HTTP/1.1¦0", status: 400, note: "a second digit",
			why: "one digit each (RFC 9112 §2.3). Servers that took the number for 10 and others that read \"1.1\" and more have disagreed on what a connection may do",
		},
		{
			name: "a zero before the major version", src: "HTTP/¦01.1", status: 400, note: "two digits",
			why: "one digit each (RFC 9112 §2.3): strconv.Atoi and Sscanf accept more than that",
		},
		{
			name: "a sign before the minor version", src: "HTTP/1.¦+1", status: 400, note: "a plus sign",
			why: "a digit, not a number (RFC 9112 §2.3): strconv.Atoi and Sscanf take a sign too",
		},
		{
			name: "lower case", src: "¦http/1.1", status: 400, note: "not HTTP",
			why: "the name is case-sensitive (RFC 9112 §2.3)",
		},
		{
			name: "another protocol", src: "HTTP¦S/1.1", status: 400, note: "an S",
			why: "the name is HTTP also where the connection is encrypted (RFC 9112 §2.3)",
		},
		{
			name: "a protocol with a name as long", src: "¦ICAP/1.1", status: 400, note: "not HTTP",
			why: "the name is HTTP (RFC 9112 §2.3)",
		},
		{
			name: "a comma for the dot", src: "HTTP/1¦,1", status: 400, note: "a comma",
			why: "the third place that may not vary is the dot (RFC 9112 §2.3)",
		},
		{
			name: "a letter for the minor version", src: "HTTP/1.¦x", status: 400, note: "no digit",
			why: "a digit is 0 to 9 (RFC 9112 §2.3)",
		},
		{
			name: "a colon for the major version", src: "HTTP/¦:.1", status: 400, note: "the byte after '9'",
			why: "'9'+1 is no digit (RFC 9112 §2.3)",
		},
		{
			name: "a space behind", src: "HTTP/1.1¦ ", status: 400, note: "a space",
			why: "a version is all there is behind the second space (RFC 9112 §3). Parsers that trim disagree with those that do not",
		},
		{
			name: "a space before", src: "¦ HTTP/1.1", status: 400, note: "a space",
			why: "there is one space before the version, and the caller has taken it off: this is a second one (RFC 9112 §3)",
		},
		{
			name: "a bare CR behind", src: "HTTP/1.1¦\r", status: 400, note: "a CR that no LF follows",
			why: "a bare CR makes what it stands in invalid (RFC 9112 §2.2)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.src)
			r := s.report(tt.note, tt.why)
			src := inBuffer(s.in)
			v, err := reqline.ParseVersion(src)
			checkUnharmed(t, src, s.in)
			switch {
			case tt.status != 0 && !s.isError(err, tt.status):
				r.Want, r.Got = s.wantError(tt.status), gotError(err)
				if err == nil {
					r.Got = fmt.Sprintf("no error: %+v", v)
				}
				r.Fatal(t)
			case tt.status == 0 && (err != nil || v != tt.want):
				r.Want, r.Got = fmt.Sprintf("%+v", tt.want), fmt.Sprintf("%+v", v)
				if err != nil {
					r.Got = gotError(err)
				}
				r.Fatal(t)
			}
		})
	}

	t.Run("each byte in each place, for what it is", func(t *testing.T) {
		const good = "HTTP/1.1"
		for place := range len(good) {
			for c := range 256 {
				in := []byte(good)
				in[place] = byte(c)
				digit := '0' <= c && c <= '9'
				want := 400
				switch {
				case byte(c) == good[place], place == 7 && digit:
					want = 0
				case place == 5 && digit:
					want = 505
				}
				v, err := reqline.ParseVersion(in)
				if want == 0 && err == nil && v == (reqline.Version{Major: 1, Minor: in[7] - '0'}) ||
					want != 0 && newSample(good).isError(err, want) {
					continue
				}
				r := testkit.Report{
					Sent: string(in), Mark: place, Note: fmt.Sprintf("byte 0x%02x", c),
					Want: "no error, and the digits as numbers", Got: fmt.Sprintf("%+v, %s", v, gotError(err)),
					Why: "two places of the eight may vary, and only by a digit (RFC 9112 §2.3)",
				}
				if want != 0 {
					r.Want = newSample(good).wantError(want)
				}
				r.Fatal(t) // one of them is enough to look at
			}
		}
	})
}
