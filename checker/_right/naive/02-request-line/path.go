package reqline

import (
	"fmt"
	"strings"
)

// AppendDecoded appends src to dst with every percent-encoded byte decoded
// (RFC 3986 §2.1), once: "%2541" becomes "%41", never "A". A plus sign stays a
// plus sign, for it means a space only in forms and queries.
//
// The error is a 400, with its offset into src, for a percent sign without two
// hexadecimal digits behind it and for an encoded NUL, which ends a file's name
// in the calls of most systems, but not in Go's strings. What was appended to
// dst before the error is still there.
func AppendDecoded(dst, src []byte) ([]byte, error) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c == '%' {
			value, ok := percentByte(src[i:])
			if !ok || value == 0 {
				return dst, badRequest("RFC 3986 §2.1", i, "bad percent-encoding in %q", src)
			}
			c = value
			i += 2
		}
		dst = append(dst, c)
	}
	return dst, nil
}

// AppendNormalized appends the normal form of a path to dst (RFC 3986 §6.2.2).
// The path starts with "/" and is still percent-encoded, and so is its normal
// form, in which two spellings of one name are the same:
//
//   - percent-encoded letters, digits, "-", ".", "_" and "~" are decoded;
//   - every other percent-encoded byte stays so, with its digits in upper case:
//     "%2f" becomes "%2F" and does not become a separator;
//   - "." and ".." segments are gone, however they were written, and ".." at the
//     top stays at the top: no path leads out of the root.
//
// "." and ".." at the end leave a slash there: "/a/b/.." is "/a/". Empty segments
// ("//") stay, and ".." takes one off like any other. The error is that of
// [AppendDecoded], or a 400 where path does not start with "/". It takes time in
// proportion to the length of path.
func AppendNormalized(dst, path []byte) ([]byte, error) {
	if len(path) == 0 || path[0] != '/' {
		return dst, badRequest("RFC 3986 §6.2.2", 0, "the path %q does not start with a slash", path)
	}

	clean := []byte{}
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			clean = append(clean, path[i])
			continue
		}
		value, ok := percentByte(path[i:])
		if !ok || value == 0 {
			return dst, badRequest("RFC 3986 §2.1", i, "bad percent-encoding in %q", path)
		}
		if unreservedBytes[value] {
			clean = append(clean, value)
		} else {
			clean = fmt.Appendf(clean, "%%%02X", value)
		}
		i += 2
	}

	segments := strings.Split(string(clean[1:]), "/")
	kept := []string{}
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return append(dst, "/"+strings.Join(kept, "/")...), nil
}
