package reqline_test

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

func TestTask8_Normalized(t *testing.T) {
	for _, tt := range []struct {
		name, path, want string
		bad              bool // a 400 is wanted
		note, why        string
	}{
		{
			name: "nothing to change", path: "/a/b.c/", want: "/a/b.c/",
			why: "most paths are in their normal form as they are (RFC 3986 §6.2.2)",
		},
		{
			name: "the root", path: "/", want: "/",
			why: "there is nothing above it and nothing in it",
		},
		{
			name: "a dot segment in the middle", path: "/a/¦./b", want: "/a/b", note: "this folder",
			why: "\".\" is where one is already (RFC 3986 §5.2.4)",
		},
		{
			name: "two dots in the middle", path: "/a/b/¦../c", want: "/a/c", note: "takes b away",
			why: "\"..\" takes the segment before it away (RFC 3986 §5.2.4)",
		},
		{
			name: "two dots twice", path: "/a/b/../../c", want: "/c",
			why: "each takes away what is left before it (RFC 3986 §5.2.4)",
		},
		{
			name: "more dots than there are segments", path: "/a/../¦../../etc/passwd", want: "/etc/passwd", note: "nothing is left to take away",
			why: "no path leads out of the root: \"..\" at the top stays at the top (RFC 3986 §5.2.4)",
		},
		{
			name: "two dots at the end", path: "/a/b/..", want: "/a/",
			why: "what is meant is the folder a, so its slash stays (RFC 3986 §5.2.4). path.Clean makes \"/a\" of it, which is another resource",
		},
		{
			name: "one dot at the end", path: "/a/.", want: "/a/",
			why: "what is meant is the folder a, so its slash stays (RFC 3986 §5.2.4)",
		},
		{
			name: "dots and nothing else", path: "/..", want: "/",
			why: "the root is left: a path is never empty (RFC 3986 §5.2.4)",
		},
		{
			name: "a slash at the end stays", path: "/a/./", want: "/a/",
			why: "\"/a/\" and \"/a\" are two resources (RFC 3986 §6.2.3); path.Clean takes the slash off",
		},
		{
			name: "names that only contain dots", path: "/.git/..a/b../.../a.b", want: "/.git/..a/b../.../a.b",
			why: "a segment is a dot segment if it is nothing but one or two dots (RFC 3986 §3.3): whoever looks for \"..\" anywhere refuses or changes names like these",
		},
		{
			name: "encoded dots", path: "/a/¦%2e%2E/b", want: "/b", note: "\"..\"",
			why: "an encoded dot is a dot (RFC 3986 §6.2.2.2), so this is \"/a/../b\". Looking for dot segments before decoding does not find it: CVE-2021-41773, in Apache",
		},
		{
			name: "one dot encoded and one not", path: "/a/¦.%2e", want: "/", note: "\"..\"",
			why: "an encoded dot is a dot (RFC 3986 §6.2.2.2)",
		},
		{
			name: "letters that need no encoding", path: "/%7Esmith/%41%62%30%2D%5f", want: "/~smith/Ab0-_",
			why: "letters, digits and -._~ mean the same encoded or not: the normal form is not to encode them (RFC 3986 §6.2.2.2, RFC 9110 §4.2.3)",
		},
		{
			name: "an encoded slash stays encoded", path: "/a¦%2fb/%2F..", want: "/a%2Fb/%2F..", note: "no separator",
			why: "encoded, a slash is a part of a name (RFC 3986 §2.2). Decoded here, \"/files/..%2f..%2fetc\" would lead out of its folder",
		},
		{
			name: "a backslash stays encoded", path: "/a/..%5c..", want: "/a/..%5C..",
			why: "only letters, digits and -._~ are decoded (RFC 3986 §6.2.2.2): a backslash separates folders on Windows",
		},
		{
			name: "an encoded percent sign stays encoded", path: "/¦%252e%252e/", want: "/%252e%252e/", note: "a percent sign, then 2e",
			why: "\"%25\" is a percent sign that was meant as one. To decode it would make \"%2e\" of it, and the next one to look at it would make a dot of that (RFC 3986 §2.4)",
		},
		{
			name: "digits become upper case", path: "/caf%c3%a9%3a", want: "/caf%C3%A9%3A",
			why: "the digits mean the same in both cases; the normal form has them in upper case (RFC 3986 §6.2.2.1)",
		},
		{
			name: "letters keep their case", path: "/Makefile/%41a", want: "/Makefile/Aa",
			why: "a path is case-sensitive; only the digits of percent-encoding are not (RFC 3986 §6.2.2.1)",
		},
		{
			name: "empty segments stay", path: "//a///b//", want: "//a///b//",
			why: "an empty segment is a segment (RFC 3986 §3.3): the slashes are not to be merged, as path.Clean does",
		},
		{
			name: "two dots take away an empty segment", path: "/a/¦/../b", want: "/a/b", note: "an empty segment",
			why: "the segment before \"..\" is the empty one; a stays (RFC 3986 §5.2.4)",
		},
		{
			name: "other bytes stay as they are", path: "/a+b;c=d,e:@!$&'()*", want: "/a+b;c=d,e:@!$&'()*",
			why: "reserved bytes mean something else encoded than not: neither form may be made into the other (RFC 3986 §2.2)",
		},
		{
			name: "a path without a slash", path: "¦a/b", bad: true, note: "no slash",
			why: "there is nothing it could be relative to (RFC 9112 §3.2.1)",
		},
		{
			name: "dots without a slash", path: "¦../a", bad: true, note: "no slash",
			why: "there is nothing it could be relative to (RFC 9112 §3.2.1)",
		},
		{
			name: "the asterisk of OPTIONS", path: "¦*", bad: true, note: "no slash",
			why: "it is no path (RFC 9112 §3.2.4)",
		},
		{
			name: "no path at all", path: "", bad: true,
			why: "a path starts with a slash, so it has at least one byte; look before you index",
		},
		{
			name: "a percent sign at the end", path: "/a/¦%4", bad: true, note: "one digit",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1)",
		},
		{
			name: "a percent sign whose digits are in the next segment", path: "/a/¦%4/1", bad: true, note: "one digit",
			why: "a percent sign has two hexadecimal digits behind it (RFC 3986 §2.1)",
		},
		{
			name: "an encoded NUL in a segment that is taken away", path: "/a¦%00/..", bad: true, note: "a NUL, if decoded",
			why: "a path with a NUL in it is refused wherever it stands: others may not take the segment away (RFC 3986 §7.3)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.path)
			r := s.report(tt.note, tt.why)
			src := inBuffer(s.in)
			got, err := reqline.AppendNormalized(nil, src)
			checkUnharmed(t, src, s.in)
			checkAppended(t, r, s, tt.want, tt.bad, got, err)
		})
	}

	t.Run("each byte encoded, for what it is", func(t *testing.T) {
		const unreserved = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~"
		for c := 1; c < 256; c++ {
			in := fmt.Sprintf("/a%%%02xb", c)
			want := fmt.Sprintf("/a%%%02Xb", c)
			if strings.IndexByte(unreserved, byte(c)) >= 0 {
				want = "/a" + string(rune(c)) + "b"
			}
			got, err := reqline.AppendNormalized(nil, inBuffer(in))
			if string(got) != want || err != nil {
				testkit.Report{
					Sent: in, Mark: 2, Note: fmt.Sprintf("byte 0x%02x", c), Want: fmt.Sprintf("%q", want), Got: fmt.Sprintf("%q, %s", got, gotError(err)),
					Why: "letters, digits and - . _ ~ mean the same encoded or not, and no other byte does (RFC 3986 §2.3): decoded, it might separate, or end a line",
				}.Fatal(t) // one of them is enough to look at
			}
		}
	})

	t.Run("it appends to dst and takes nothing away from it", func(t *testing.T) {
		dst := append(make([]byte, 0, 64), "/var/www"...)
		got, err := reqline.AppendNormalized(dst, []byte("/../../a"))
		if string(got) != "/var/www/a" || err != nil {
			testkit.Report{
				Sent: "/../../a", Want: `dst was "/var/www", so "/var/www/a"`, Got: fmt.Sprintf("%q, %s", got, gotError(err)),
				Why: "the root is where dst ended, not where it started: this is how a path is put behind a folder's name",
			}.Fatal(t)
		}
	})
}

// pathParts are what the paths of the next test are put together from.
var pathParts = []string{"/", "a", ".", "..", "%2e", "%2F", "%7e", "%", "4"}

func TestTask8_Properties(t *testing.T) {
	t.Run("every short path", func(t *testing.T) {
		for n := range 6 {
			for i := range pow(len(pathParts), n) {
				in := "/"
				for range n {
					in += pathParts[i%len(pathParts)]
					i /= len(pathParts)
				}
				if !checkNormalized(t, in) {
					return // the shortest one is enough to look at
				}
			}
		}
	})

	// Removing dot segments one after another from a string that is copied each
	// time takes a time that grows with the square of its length. It is the
	// growth that is looked at here: a slow machine is slow for both lengths.
	for _, tt := range []struct {
		name string
		path func(n int) string
	}{
		{"time in proportion to the length, for dots only", func(n int) string { return strings.Repeat("/..", n/3) }},
		{"time in proportion to the length, for folders and then dots", func(n int) string { return strings.Repeat("/a", n/5) + strings.Repeat("/..", n/5) }},
		{"time in proportion to the length, for a long path that is left and entered", func(n int) string {
			return "/" + strings.Repeat("a", n/2) + strings.Repeat("/b/..", n/10)
		}},
		{"time in proportion to the length, for one long name that is encoded", func(n int) string { return "/" + strings.Repeat("%41%c3", n/6) }},
		{"time in proportion to the length, for encoded dots", func(n int) string { return "/" + strings.Repeat("a/%2e/b/%2E./", n/12) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !checkNormalized(t, tt.path(100)) {
				return // what does nothing is quick
			}
			const first, last = 16, 512 // KiB
			short := took(tt.path(first << 10))
			for n := first; n <= last; n *= 2 {
				long, times := took(tt.path(n<<10)), n/first
				limit := max(300*time.Millisecond, 4*time.Duration(times)*short)
				for again := 0; again < 5 && limit <= long && long < 3*time.Second; again++ {
					long = min(long, took(tt.path(n<<10))) // another program may have had the processor
				}
				if long < limit {
					continue
				}
				testkit.Report{
					Sent: tt.path(60),
					Want: fmt.Sprintf("a path like this of %d KiB takes about %d times as long as one of %d KiB", n, times, first),
					Got:  fmt.Sprintf("%d times as long: %v after %v", long/short, long, short),
					Why:  "where twice the length takes four times as long, a few requests keep a whole core busy: CVE-2026-56860, in Go's standard library. Going back over what was built is fine if each byte is gone over once",
				}.Fatal(t)
			}
		})
	}
}

// took returns the shortest of three times that AppendNormalized takes.
func took(path string) time.Duration {
	src := []byte(path)
	var times []time.Duration
	for range 3 {
		start := time.Now()
		reqline.AppendNormalized(nil, src)
		times = append(times, time.Since(start))
		if times[0] > 100*time.Millisecond {
			break
		}
	}
	return max(slices.Min(times), time.Microsecond)
}

func pow(base, n int) int {
	result := 1
	for range n {
		result *= base
	}
	return result
}

// checkNormalized compares the normal form of a path with the one that the
// algorithm of RFC 3986 makes, and looks at what holds for every normal form. It
// says whether all is well.
func checkNormalized(t *testing.T, in string) bool {
	t.Helper()
	want, ok := normalForm(in)
	got, err := reqline.AppendNormalized(nil, []byte(in))
	r := testkit.Report{Sent: in, Want: fmt.Sprintf("%q", want), Got: fmt.Sprintf("%q", got)}
	r.Why = "this is what remove_dot_segments makes of it (RFC 3986 §5.2.4), once what need not be encoded is decoded (§6.2.2)"
	if err != nil {
		r.Got = gotError(err)
	}
	switch again, errAgain := reqline.AppendNormalized(nil, got); {
	case !ok:
		r.Want = "a *ProtocolError: " + statusName(400)
		r.Why = "a percent sign without two hexadecimal digits, a NUL, or no slash at the start (RFC 3986 §2.1)"
		if err == nil {
			r.Got = "no error: " + r.Got
		}
		if isProtocolError(err, len(in)) {
			return true
		}
	case err == nil && string(got) == want && errAgain == nil && bytes.Equal(again, got):
		return true
	case err == nil && string(got) == want:
		r.Want, r.Got = fmt.Sprintf("the normal form of %q is itself", got), fmt.Sprintf("%q, %s", again, gotError(errAgain))
		r.Why = "if two passes make something else than one, a filter and the server behind it see two paths"
	}
	r.Error(t)
	return false
}

// normalForm is the normal form as RFC 3986 writes it down: §6.2.2.1 and
// §6.2.2.2, then the letter of §5.2.4, a string for its input and one for its
// output. It is simple, and slow for long paths.
func normalForm(path string) (string, bool) {
	if !strings.HasPrefix(path, "/") {
		return "", false
	}
	in := ""
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			in += path[i : i+1]
			continue
		}
		c, err := url.PathUnescape(path[i:min(i+3, len(path))])
		if err != nil || c == "\x00" {
			return "", false
		}
		if strings.Contains("-._~", c) || '0' <= c[0] && c[0] <= '9' || 'A' <= c[0]&^0x20 && c[0]&^0x20 <= 'Z' {
			in += c
		} else {
			in += strings.ToUpper(path[i : i+3])
		}
		i += 2
	}
	out := ""
	for in != "" {
		switch {
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"):
			in, out = in[3:], out[:max(0, strings.LastIndexByte(out, '/'))]
		case in == "/..":
			in, out = "/", out[:max(0, strings.LastIndexByte(out, '/'))]
		default:
			end := len(in)
			if i := strings.IndexByte(in[1:], '/'); i >= 0 {
				end = i + 1
			}
			in, out = in[end:], out+in[:end]
		}
	}
	return out, true
}

func FuzzTask8_Normalized(f *testing.F) {
	for _, seed := range []string{"/", "/a/../b", "/%2e%2E/a", "/a/.", "//../..", "/%2f%5c%00", "/%", "", "*", "/a//.."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		src := inBuffer(in)
		got, err := reqline.AppendNormalized([]byte("dst"), src)
		checkUnharmed(t, src, in)
		if !checkNormalized(t, in) || err != nil {
			return
		}
		for segment := range strings.SplitSeq(string(got), "/") {
			if segment == "." || segment == ".." || !bytes.HasPrefix(got, []byte("dst/")) {
				testkit.Report{
					Sent: in, Want: "\"dst\", then a path without dot segments", Got: fmt.Sprintf("%q", got),
					Why: "this is what everything that opens files relies on (RFC 3986 §5.2.4)",
				}.Fatal(t)
			}
		}
	})
}
