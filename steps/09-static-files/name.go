package static

import (
	"errors"
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
	// TODO 9.1: Normalize, cut at slashes, decode each part, look at it, join.
	return "", false, errors.New("task 9.1 is not written yet")
}

// Hidden says whether a name that Name has made leads to or through something that
// is not for the public: a segment that starts with a dot, such as ".git" or ".env",
// but for ".well-known" at the top, which RFC 8615 gives to the public. A segment
// with a tilde and a digit behind it is hidden too: "GIT~1" is another name for
// ".git" on Windows. What editors leave behind ("index.html~") is not: it is a name like
// any other.
func Hidden(name string) bool {
	// TODO 9.1: Look at the start of each segment, not of the whole name.
	return false
}
