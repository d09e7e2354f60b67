package static

import (
	"errors"
	"path"
	"strings"

	"barewire/steps/02-request-line"
)

// ErrName says that no file is served under a path, whatever there is on the disk.
var ErrName = errors.New("static: no file has such a name")

// Name turns the path of a request target, still percent-encoded, into the name of a
// file, relative to the root and with slashes: "/a/b%20c" is "a/b c", and "/" is ".".
// Dir says that the path ends with a slash, so that only a directory can be meant;
// the name does not have that slash.
//
// Dot segments are removed first, as in [reqline.AppendNormalized], so no name has
// any. Then each segment is decoded, once. The error is ErrName where path cannot be
// normalized, and for every segment which one system or another would take for
// something else than a file of that name:
//
//   - an empty one: "//" is not "/" to everybody;
//   - one with a slash in it that was encoded, or a backslash or a colon: separators,
//     drives and streams on Windows;
//   - one with a control character of ASCII (below 0x20, or 0x7f);
//   - one that ends with a dot or a space, which Windows leaves out;
//   - a device of Windows in any case and with any extension: CON, PRN, AUX, NUL,
//     COM and LPT with a digit (also a raised one: ¹, ² or ³), CONIN$ and CONOUT$;
//   - one of more than 255 bytes.
//
// These are refused on every system: a site that is moved keeps its addresses, and
// the tests of one machine count on the other.
func Name(path []byte) (name string, dir bool, err error) {
	normal, err := reqline.AppendNormalized(make([]byte, 0, len(path)), path)
	if err != nil {
		return "", false, ErrName
	}
	rest, dir := strings.CutSuffix(string(normal[1:]), "/")
	if rest == "" {
		if len(normal) > 1 {
			return "", false, ErrName // two slashes
		}
		return ".", true, nil
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		decoded, err := reqline.AppendDecoded(nil, []byte(s))
		if err != nil || !plain(string(decoded)) {
			return "", false, ErrName
		}
		segments[i] = string(decoded)
	}
	return strings.Join(segments, "/"), dir, nil
}

// Hidden says whether a name that Name has made leads to or through something that
// is not for the public: a segment that starts with a dot, such as ".git" or ".env",
// but for ".well-known" at the top, which RFC 8615 gives to the public. A segment
// with a tilde and a digit behind it is hidden too: "GIT~1" is another name for
// ".git" on Windows.
func Hidden(name string) bool {
	for i, s := range strings.Split(name, "/") {
		switch {
		case s == "." || i == 0 && s == ".well-known":
		case s[:min(1, len(s))] == ".":
			return true
		}
		for {
			var ok bool
			if _, s, ok = strings.Cut(s, "~"); !ok {
				break
			}
			if s != "" && '0' <= s[0] && s[0] <= '9' {
				return true
			}
		}
	}
	return false
}

// plain says whether every system takes a decoded segment for the name of a file.
func plain(s string) bool {
	if s == "" || len(s) > 255 || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == ':' }) {
		return false
	}
	if last := s[len(s)-1]; last == '.' || last == ' ' {
		return false
	}
	base, _, _ := strings.Cut(s, ".")
	return !isDevice(strings.ToUpper(strings.TrimRight(base, " ")))
}

func isDevice(s string) bool {
	switch s {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		switch digit, ok := strings.CutPrefix(s, port); {
		case !ok:
		case len(digit) == 1 && '0' <= digit[0] && digit[0] <= '9', digit == "¹", digit == "²", digit == "³":
			return true
		}
	}
	return false
}

// inside returns the name of what a directory has under a name.
func inside(dir, name string) string { return path.Join(dir, name) }
