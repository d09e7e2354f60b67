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
	for s := range symbols(src) {
		if s.unsafe() {
			return dst, badRequest("RFC 3986 §2.1", s.at, "percent sign")
		}
		dst = append(dst, s.c)
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
		return dst, badRequest("RFC 3986 §3.3", 0, "no slash")
	}
	root, dots := len(dst), dotless
	for s := range symbols(path) {
		if s.unsafe() {
			return dst, badRequest("RFC 3986 §2.1", s.at, "percent sign")
		}
		encoded := s.triple && !unreservedBytes[s.c]
		switch {
		case s.c == '/' && !encoded:
			dst = append(pop(dst, root, dots), '/')
			dots = empty
			continue
		case encoded:
			dst = append(dst, '%', upperHex[s.c>>4], upperHex[s.c&15])
		default:
			dst = append(dst, s.c)
		}
		dots = dots.after(s.c == '.')
	}
	if dots == one || dots == two {
		dst = append(pop(dst, root, dots), '/')
	}
	return dst, nil
}

const upperHex = "0123456789ABCDEF"

// A segment says what the segment at the end of a path is made of so far.
type segment uint8

const (
	empty   segment = iota
	one             // "."
	two             // ".."
	dotless         // anything else
)

func (s segment) after(dot bool) segment {
	if !dot {
		return dotless
	}
	return min(s+1, dotless)
}

// pop takes the last segment off dst if it is ".", and the one before it too if
// it is "..", each with its slash. Nothing before root is touched. What is taken
// off is looked at once more, and then never again.
func pop(dst []byte, root int, s segment) []byte {
	for n := [...]int{one: 1, two: 2, dotless: 0}[s]; n > 0 && len(dst) > root; n-- {
		dst = dst[:root+bytes.LastIndexByte(dst[root:], '/')]
	}
	return dst
}
