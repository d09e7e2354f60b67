package static_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/testkit"
	static "barewire/steps/09-static-files"
)

// named says what Name returned.
func named(path string) string {
	name, dir, err := static.Name([]byte(path))
	switch {
	case errors.Is(err, static.ErrName):
		return "ErrName"
	case err != nil:
		return fmt.Sprintf("another error: %v", err)
	case dir:
		return fmt.Sprintf("directory %q", name)
	}
	return fmt.Sprintf("%q", name)
}

func TestTask1_Name(t *testing.T) {
	for _, test := range []struct{ name, path, want, why string }{
		{"a file", "/a.txt", `"a.txt"`, "names are relative to the root"},
		{"a file in a directory", "/a/b/c.txt", `"a/b/c.txt"`, "slashes separate segments"},
		{"the root", "/", `directory "."`, "the root is called \".\" by os.Root"},
		{"a directory", "/a/b/", `directory "a/b"`, "only a directory has a slash behind it"},
		{"encoded letters", "/%61%20b.txt", `"a b.txt"`, "%61 and a are the same (RFC 3986 §6.2.2.2), and %20 is a space"},
		{"a name in UTF-8", "/caf%C3%A9.txt", `"café.txt"`, "the bytes of a name are percent-encoded UTF-8"},
		{"decoded once", "/%2561.txt", `"%61.txt"`, "%25 is a percent sign; a server that decodes twice is asked for /%252e%252e/ (GO-2026-4950)"},
		{"dots in a name", "/a..b/.c...d", `"a..b/.c...d"`, "only a whole segment of dots is a dot segment"},
		{"a dot segment", "/a/./b", `"a/b"`, "dot segments are removed (RFC 3986 §5.2.4)"},
		{"dots at the end", "/a/b/..", `directory "a"`, "what is left is the directory (RFC 3986 §5.2.4)"},
		{"dots that stay inside", "/a/../b", `"b"`, ".. takes one segment off (RFC 3986 §5.2.4)"},
		{"dots that would lead out", "/../../etc/passwd", `"etc/passwd"`, ".. at the top stays at the top (RFC 3986 §5.2.4)"},
		{"encoded dots that would lead out", "/%2e%2e/.%2E/etc/passwd", `"etc/passwd"`, "%2e is a dot: decoding after the dots were removed would bring them back"},
		{"an encoded slash", "/a%2Fb", "ErrName", "a file's name has no slash: this is not the file b in a (RFC 3986 §2.2)"},
		{"dots behind an encoded slash", "/..%2f..%2fetc/passwd", "ErrName", "decoded before it is cut up, this leads out of the root"},
		{"a backslash", "/..%5c..%5cwindows", "ErrName", "a backslash is a separator on Windows (CVE-2022-21221)"},
		{"a backslash at the end", "/a%5C", "ErrName", "a backslash is a separator on Windows"},
		{"a drive", "/c:/windows", "ErrName", "a colon makes it a drive on Windows"},
		{"a stream", "/a.txt::$DATA", "ErrName", "on Windows this is a.txt, but has another extension: so servers sent source code"},
		{"an encoded colon", "/a.txt%3a", "ErrName", "segments are looked at when they are decoded"},
		{"a NUL", "/a.txt%00.png", "ErrName", "in C a name ends at its first NUL"},
		{"a control", "/a%0d%0ab", "ErrName", "a line end in a name is a line end in a log and in a listing"},
		{"the last of the controls", "/a%1Fb", "ErrName", "all bytes below 0x20 are controls, and 0x20 is a space"},
		{"a DEL", "/a%7F", "ErrName", "DEL is a control too"},
		{"an empty segment", "/a//b", "ErrName", "some servers take // for / and some do not"},
		{"two slashes at the start", "//example.org", "ErrName", "in a Location this would be another host (RFC 3986 §4.2)"},
		{"two slashes at the end", "/a//", "ErrName", "an empty segment"},
		{"a dot at the end", "/a.txt.", "ErrName", "Windows opens a.txt, but the extension is another"},
		{"a dot at the end of a directory", "/a./b", "ErrName", "every segment counts"},
		{"three dots", "/.../b", "ErrName", "some systems had a meaning for them, and it ends with a dot"},
		{"a space at the end", "/a.txt%20", "ErrName", "Windows opens a.txt, but the extension is another"},
		{"a device", "/CON", "ErrName", "on Windows this is the console, in every directory (CVE-2022-41720)"},
		{"a device in lower case", "/a/nul", "ErrName", "devices have no case"},
		{"a device with an extension", "/aux.h.txt", "ErrName", "Windows does not look behind the first dot"},
		{"a device with a space before its extension", "/con%20.txt", "ErrName", "Windows takes those spaces off as well: this is the console"},
		{"a device with a digit", "/lpt1.txt", "ErrName", "COM0 to COM9 and LPT0 to LPT9 are devices"},
		{"a device with the lowest digit", "/com0", "ErrName", "COM0 to COM9 and LPT0 to LPT9 are devices"},
		{"a device with the highest digit", "/LPT9", "ErrName", "COM0 to COM9 and LPT0 to LPT9 are devices"},
		{"names that have no digit behind com", "/com!/comx/lpt~", `"com!/comx/lpt~"`, "only COM and LPT with one digit are devices"},
		{"names that are shorter than a device, or longer", "/co/conout$$/com10", `"co/conout$$/com10"`, "only the whole name before the dot is a device"},
		{"a device with a small digit", "/com%C2%B2", "ErrName", "COM² is COM2 to Windows"},
		{"a device as a directory", "/prn/a", "ErrName", "every segment counts"},
		{"the console by its other name", "/conout$", "ErrName", "CONIN$ and CONOUT$ are devices"},
		{"names that only look like devices", "/console/com/lpt12/nul2/auxiliary.txt", `"console/com/lpt12/nul2/auxiliary.txt"`, "only the whole name before the dot is a device"},
		{"a segment that is too long", "/" + strings.Repeat("x", 256), "ErrName", "no common file system has longer ones"},
		{"a segment that is just not too long", "/" + strings.Repeat("x", 255), `"` + strings.Repeat("x", 255) + `"`, "255 bytes are a name"},
		{"a broken escape", "/a%2", "ErrName", "a percent sign has two digits behind it (RFC 3986 §2.1)"},
		{"no path at all", "*", "ErrName", "a path starts with a slash"},
		{"an empty path", "", "ErrName", "a path starts with a slash"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := named(test.path); got != test.want {
				testkit.Report{Sent: test.path, Want: test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask1_Hidden(t *testing.T) {
	// Each row has a name that is hidden and one that is not.
	for _, test := range []struct{ name, hidden, shown, why string }{
		{"a name with a dot before it", ".env", "env", "such files hold settings, and those hold passwords"},
		{"in a directory", "a/.htpasswd", "a/htpasswd", "every segment counts"},
		{"below a hidden directory", ".git/config", "git/config", "a published .git is the whole history of a site"},
		{"dots elsewhere", "a.b/.c", "a.b/c.", "only a dot at the start hides"},
		{"well-known", ".well-knowns/a", ".well-known/acme-challenge/x", "certificates are issued for what stands there (RFC 8615)"},
		{"well-known at the top only", "a/.well-known", ".well-known", "RFC 8615 §3: at the top of the path"},
		{"below well-known", ".well-known/.git", ".well-known/security.txt", "every segment counts"},
		{"another name of .git", "GIT~1/config", "git~/config", "Windows gives long and odd names a second, short one"},
		{"a short name with the lowest digit", "GIT~0", "GIT~!", "a tilde and a digit: Windows counts in short names"},
		{"a short name with the highest digit", "GIT~9", "GIT~x", "a tilde and a digit: Windows counts in short names"},
		{"a short name that is all digits", "~1/config", "~", "a tilde and a digit, wherever in the segment"},
		{"a digit behind the second tilde", "A~B~1", "A~B~", "a tilde and a digit, wherever in the segment: ~ may stand in a name as well"},
		{"the root", ".", "a", "\".\" is the root, and not hidden"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := fmt.Sprintf("%q hidden, %q shown", test.hidden, test.shown)
			if test.hidden == "." {
				want = "\".\" shown, \".a\" hidden"
			}
			word := map[bool]string{true: "hidden", false: "shown"}
			got := fmt.Sprintf("%q %s, %q %s", test.hidden, word[static.Hidden(test.hidden)], test.shown, word[static.Hidden(test.shown)])
			if test.hidden == "." {
				got = fmt.Sprintf("\".\" %s, \".a\" %s", word[static.Hidden(".")], word[static.Hidden(".a")])
			}
			if got != want {
				testkit.Report{Doing: "Hidden is asked for two names", Want: want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

// Whatever is asked for, a name stays in the root, means the same on every system, and
// asking for it by that name gives it again.
func FuzzTask1_Name(f *testing.F) {
	for _, seed := range []string{"/", "/a/b", "/a/", "/%2e%2e/x", "/..%2f", "/%5c", "/a:b", "/nul", "/a%00", "//", "/%2561", "/caf%C3%A9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		name, _, err := static.Name([]byte(path))
		if err != nil {
			if !errors.Is(err, static.ErrName) {
				t.Fatalf("%q: the error is %v, want ErrName", path, err)
			}
			return
		}
		if !fs.ValidPath(strings.ToValidUTF8(name, "x")) || !filepath.IsLocal(name) || strings.ContainsAny(name, "\\:\x00\r\n") {
			t.Fatalf("%q: the name %q may leave the root", path, name)
		}
		for segment := range strings.SplitSeq(name, "/") {
			if name != "." && strings.HasSuffix(segment, ".") {
				t.Fatalf("%q: the segment %q ends with a dot", path, segment)
			}
		}
		var encoded strings.Builder
		for _, c := range []byte("/" + name) {
			if c == '/' {
				encoded.WriteByte(c)
			} else {
				fmt.Fprintf(&encoded, "%%%02x", c)
			}
		}
		if name == "." {
			return
		}
		if again, _, err := static.Name([]byte(encoded.String())); err != nil || again != name {
			t.Fatalf("%q: the name is %q, but %q is %q, %v", path, name, encoded.String(), again, err)
		}
	})
}
