package reqline_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

func TestTask7_Decoded(t *testing.T) {
	for _, tt := range []struct {
		name, src, want string
		bad             bool // a 400 is wanted
		note, why       string
	}{
		{
			name: "nothing to decode", src: "/a/b", want: "/a/b",
			why: "bytes that are not encoded are copied (RFC 3986 §2.1)",
		},
		{
			name: "two bytes that make one letter", src: "/caf%C3%A9", want: "/café",
			why: "percent-encoding is of bytes, not of letters: é in UTF-8 is two (RFC 3986 §2.5)",
		},
		{
			name: "digits in lower case", src: "/caf%c3%a9", want: "/café",
			why: "hexadecimal digits have no case (RFC 3986 §2.1)",
		},
		{
			name: "an encoded byte at the very end", src: "%41%42", want: "AB",
			why: "three bytes are enough, also if they are the last three",
		},
		{
			name: "an encoded percent sign", src: "/%2541", want: "/%41",
			why: "decoded once and not again: what is left is a name with a percent sign in it. Whoever decodes twice opens a file that a filter has not seen (GO-2026-4950: \"/%2561dmin\")",
		},
		{
			name: "a plus sign", src: "/a+b", want: "/a+b",
			why: "plus means a space in forms and queries only; in a path it is a plus (RFC 3986 §2.2)",
		},
		{
			name: "an encoded slash", src: "/a%2Fb", want: "/a/b",
			why: "decoded, it looks like a separator: so cut a path into its segments before you decode it, never after (RFC 3986 §2.4)",
		},
		{
			name: "an encoded line end", src: "/a%0D%0AX: y", want: "/a\r\nX: y",
			why: "every byte but NUL may be encoded. Whoever puts this into a header field of an answer has to look at it again (RFC 9112 §11.1)",
		},
		{
			name: "a percent sign at the end", src: "/100¦%", bad: true, note: "nothing behind it",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1); look at the length before you index",
		},
		{
			name: "one digit and the end", src: "/¦%4", bad: true, note: "one digit",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1); look at the length before you index",
		},
		{
			name: "a letter that is no digit", src: "/¦%4g", bad: true, note: "g is no hexadecimal digit",
			why: "there is no byte that this could mean, and to let it stand is to guess (RFC 3986 §2.1)",
		},
		{
			name: "a sign before a digit", src: "/¦%+4", bad: true, note: "a plus is no digit",
			why: "two digits, not a number (RFC 3986 §2.1): strconv.ParseInt takes a sign as well",
		},
		{
			name: "a percent sign behind a good one", src: "%41%42‹¦%4›", bad: true, note: "the offset of this one",
			why: "the offset counts in src, which is longer than what was decoded of it so far",
		},
		{
			name: "an encoded NUL", src: "/a.php¦%00.jpg", bad: true, note: "a NUL, if decoded",
			why: "the calls of the operating system end a file's name here, Go's strings do not (RFC 3986 §7.3)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.src)
			r := s.report(tt.note, tt.why)
			src := inBuffer(s.in)
			got, err := reqline.AppendDecoded(nil, src)
			checkUnharmed(t, src, s.in)
			checkAppended(t, r, s, tt.want, tt.bad, got, err)
		})
	}

	t.Run("it appends to dst", func(t *testing.T) {
		dst := append(make([]byte, 0, 64), "GET "...)
		got, err := reqline.AppendDecoded(dst, []byte("/%41"))
		if string(got) != "GET /A" || err != nil {
			testkit.Report{
				Sent: "/%41", Want: `dst was "GET ", so "GET /A"`, Got: fmt.Sprintf("%q, %s", got, gotError(err)),
				Why: "like append: what dst holds stays, and the caller decides which memory is used",
			}.Fatal(t)
		}
	})

	t.Run("no byte but the hexadecimal digits is one", func(t *testing.T) {
		for c := range 256 {
			for _, in := range []string{"%4" + string([]byte{byte(c)}), "%" + string([]byte{byte(c)}) + "4"} {
				_, err := reqline.AppendDecoded(nil, []byte(in))
				if isHex := strings.IndexByte("0123456789abcdefABCDEF", byte(c)) >= 0; isHex != (err == nil) {
					want := "a 400"
					if isHex {
						want = "no error"
					}
					testkit.Report{
						Sent: in, Mark: strings.IndexByte(in, byte(c)), Note: fmt.Sprintf("byte 0x%02x", c), Want: want, Got: gotError(err),
						Why: "the digits are 0 to 9 and A to F in either case (RFC 3986 §2.1); each range is left by one byte at either end",
					}.Fatal(t)
				}
			}
		}
	})

	t.Run("what url.PathEscape has encoded comes back", func(t *testing.T) {
		for c := 1; c < 256; c++ {
			original := string([]byte{byte(c)}) + "a" + string([]byte{byte(c), byte(c)})
			in := url.PathEscape(original)
			got, err := reqline.AppendDecoded(nil, []byte(in))
			if string(got) != original || err != nil {
				testkit.Report{
					Sent: in, Want: fmt.Sprintf("%q", original), Got: fmt.Sprintf("%q, %s", got, gotError(err)),
					Why: "decoding undoes encoding, for each of the bytes (RFC 3986 §2.1)",
				}.Fatal(t)
			}
		}
	})
}

// checkAppended reports an answer that is not the one a row wants.
func checkAppended(t *testing.T, r testkit.Report, s sample, want string, bad bool, got []byte, err error) {
	t.Helper()
	r.Want, r.Got = fmt.Sprintf("%q", want), fmt.Sprintf("%q", got)
	if err != nil {
		r.Got = gotError(err)
	}
	if bad {
		if r.Want = s.wantError(400); err == nil {
			r.Got = fmt.Sprintf("no error: %q", got)
		}
	}
	if bad && !s.isError(err, 400) || !bad && (err != nil || string(got) != want) {
		r.Fatal(t)
	}
}

func FuzzTask7_Decoded(f *testing.F) {
	for _, seed := range []string{"", "/a", "%41", "%2541", "%", "%4", "%zz", "%00", "+", "%c3%A9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		src := inBuffer(in)
		got, err := reqline.AppendDecoded([]byte("dst"), src)
		checkUnharmed(t, src, in)
		want, wantErr := url.PathUnescape(in)
		bad := wantErr != nil || strings.Contains(in, "%00")
		if bad && isProtocolError(err, len(in)) || !bad && err == nil && string(got) == "dst"+want {
			return
		}
		r := testkit.Report{
			Sent: in, Want: fmt.Sprintf("%q behind \"dst\"", want), Got: fmt.Sprintf("%q, %s", got, gotError(err)),
			Why: "url.PathUnescape does the same, but for an encoded NUL, which it lets through (RFC 3986 §2.1)",
		}
		if bad {
			r.Want = "a *ProtocolError: " + statusName(400)
		}
		r.Fatal(t)
	})
}
