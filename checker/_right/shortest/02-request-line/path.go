package reqline

import "bytes"

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
			var ok bool
			if c, ok = percentByte(src[i:]); !ok || c == 0 {
				return dst, badRequest("RFC 3986 §2.1", i, "no percent-encoded byte, or NUL")
			}
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
	if !bytes.HasPrefix(path, []byte("/")) {
		return dst, badRequest("RFC 3986 §3.3", 0, "no path")
	}
	root, slash := len(dst), len(dst)
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			dst = append(dst, path[i])
		} else {
			c, ok := percentByte(path[i:])
			if !ok || c == 0 {
				return dst, badRequest("RFC 3986 §2.1", i, "no percent-encoded byte, or NUL")
			}
			if unreservedBytes[c] {
				dst = append(dst, c)
			} else {
				dst = append(dst, bytes.ToUpper(path[i:i+3])...)
			}
			i += 2
		}
		if i+1 < len(path) && path[i+1] != '/' {
			continue
		}
		if s := string(dst[slash:]); s == "/." || s == "/.." {
			dst = dst[:slash]
			if s == "/.." {
				dst = dst[:root+max(bytes.LastIndexByte(dst[root:], '/'), 0)]
			}
			if i+1 == len(path) {
				dst = append(dst, '/')
			}
		}
		slash = len(dst)
	}
	return dst, nil
}
