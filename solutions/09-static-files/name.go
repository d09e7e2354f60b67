package static

import (
	"bytes"
	"errors"
	"strings"

	"barewire/solutions/02-request-line"
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
//
//starter:todo 9.1 Normalize, cut at slashes, decode each part, look at it, join.
func Name(path []byte) (name string, dir bool, err error) {
	normal, err := reqline.AppendNormalized(nil, path)
	if err != nil {
		return "", false, ErrName
	}
	rest := normal[1:]
	if len(rest) == 0 {
		return ".", true, nil
	}
	// A decoded segment is never longer than before, so the name grows over
	// the bytes that have been read.
	out := normal[:0]
	for more := true; more; {
		var segment []byte
		segment, rest, more = bytes.Cut(rest, []byte("/"))
		if len(segment) == 0 && !more {
			return string(out), true, nil
		}
		if len(out) > 0 {
			out = append(out, '/')
		}
		start := len(out)
		out, err = reqline.AppendDecoded(out, segment)
		if err != nil || !plain(out[start:]) {
			return "", false, ErrName
		}
	}
	return string(out), false, nil
}

// plain says whether a segment means the same on all systems.
//
//starter:omit
func plain(segment []byte) bool {
	if len(segment) == 0 || len(segment) > 255 {
		return false
	}
	for _, c := range segment {
		if c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == ':' {
			return false
		}
	}
	last := segment[len(segment)-1]
	return last != '.' && last != ' ' && !isDevice(segment)
}

// isDevice says whether Windows opens a device instead of a file of that name. What
// stands behind the first dot does not matter to it, nor do spaces before that.
//
//starter:omit
func isDevice(segment []byte) bool {
	base, _, _ := bytes.Cut(segment, []byte("."))
	base = bytes.TrimRight(base, " ")
	var buf [8]byte // a byte more than the longest of them has
	upper := buf[:copy(buf[:], base)]
	for i, c := range upper {
		if 'a' <= c && c <= 'z' {
			upper[i] = c - 'a' + 'A'
		}
	}
	switch string(upper) {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	number, ok := bytes.CutPrefix(upper, []byte("COM"))
	if !ok {
		number, ok = bytes.CutPrefix(upper, []byte("LPT"))
	}
	if !ok {
		return false
	}
	switch string(number) {
	case "¹", "²", "³": // these are digits there as well
		return true
	}
	return len(number) == 1 && '0' <= number[0] && number[0] <= '9'
}

// Hidden says whether a name that Name has made leads to or through something that
// is not for the public: a segment that starts with a dot, such as ".git" or ".env",
// but for ".well-known" at the top, which RFC 8615 gives to the public. A segment
// with a tilde and a digit behind it is hidden too: "GIT~1" is another name for
// ".git" on Windows. What editors leave behind ("index.html~") is not: it is a name like
// any other.
//
//starter:todo 9.1 Look at the start of each segment, not of the whole name.
func Hidden(name string) bool {
	if name == "." {
		return false
	}
	first := true
	for segment := range strings.SplitSeq(name, "/") {
		if segment[0] == '.' && !(first && segment == ".well-known") {
			return true
		}
		for i := 1; i < len(segment); i++ {
			if segment[i-1] == '~' && '0' <= segment[i] && segment[i] <= '9' {
				return true
			}
		}
		first = false
	}
	return false
}
