package reqline

import "errors"

// AppendDecoded appends src to dst with every percent-encoded byte decoded
// (RFC 3986 §2.1), once: "%2541" becomes "%41", never "A". A plus sign stays a
// plus sign, for it means a space only in forms and queries.
//
// The error is a 400, with its offset into src, for a percent sign without two
// hexadecimal digits behind it and for an encoded NUL, which ends a file's name
// in the calls of most systems, but not in Go's strings. What was appended to
// dst before the error is still there.
func AppendDecoded(dst, src []byte) ([]byte, error) {
	// TODO 2.7: Copy byte by byte; a percent sign takes the two behind it along.
	return nil, errors.New("task 2.7 is not written yet")
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
	// TODO 2.8: Build the result one segment at a time; ".." takes the last one off again.
	return nil, errors.New("task 2.8 is not written yet")
}
