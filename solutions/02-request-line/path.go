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
//
//starter:todo 2.7 Copy byte by byte; a percent sign takes the two behind it along.
func AppendDecoded(dst, src []byte) ([]byte, error) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c == '%' {
			var ok bool
			if c, ok = percentByte(src[i:]); !ok || c == 0 {
				return dst, badRequest("RFC 3986 §2.1", i, "%.3q is no percent-encoded byte", src[i:])
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
//
//starter:todo 2.8 Build the result one segment at a time; ".." takes the last one off again.
func AppendNormalized(dst, path []byte) ([]byte, error) {
	if len(path) == 0 || path[0] != '/' {
		return dst, badRequest("RFC 9112 §3.2.1", 0, "a path that does not start with a slash")
	}
	if bytes.IndexByte(path, '%') < 0 && !bytes.Contains(path, []byte("/.")) {
		return append(dst, path...), nil // as nearly all are
	}
	root := len(dst)
	for i := 0; i < len(path); {
		last := len(dst) // where this segment starts, at its slash
		dst = append(dst, '/')
		var err error
		if i, dst, err = appendSegment(dst, path, i+1); err != nil {
			return dst, err
		}
		switch string(dst[last+1:]) {
		case ".":
			dst = dst[:last]
		case "..":
			dst = dst[:max(root, root+bytes.LastIndexByte(dst[root:last], '/'))]
		default:
			continue
		}
		if i == len(path) {
			dst = append(dst, '/') // "/a/." is "/a/", not "/a"
		}
	}
	return dst, nil
}

// appendSegment appends the segment of path that starts at i, in its normal
// form, and returns where it ends: at a slash or at the end of path.
//
//starter:omit
func appendSegment(dst, path []byte, i int) (int, []byte, error) {
	const upperHex = "0123456789ABCDEF"
	for ; i < len(path) && path[i] != '/'; i++ {
		if path[i] != '%' {
			dst = append(dst, path[i])
			continue
		}
		c, ok := percentByte(path[i:])
		if !ok || c == 0 {
			return i, dst, badRequest("RFC 3986 §2.1", i, "%.3q is no percent-encoded byte", path[i:])
		}
		if unreservedBytes[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
		i += 2
	}
	return i, dst, nil
}
