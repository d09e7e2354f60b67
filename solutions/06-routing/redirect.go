package router

import (
	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
)

// split appends to slashes where the slashes of a path are, and where it ends. A path is
// clean if it has no empty segment but the last, no "." and "..", however they are
// written, and no backslash; then it is matched as it is. Encoded is one with a "%".
//
//starter:omit
func split(slashes []int, path []byte) (_ []int, clean, encoded bool) {
	clean = true
	for i, c := range path {
		switch c {
		case '/':
			slashes = append(slashes, i)
			clean = clean && (i == 0 || path[i-1] != '/')
		case '.', '%':
			encoded = encoded || c == '%'
			clean = clean && (path[i-1] != '/' || !startsWithDots(path[i:]))
		case '\\':
			clean = false
		}
	}
	return append(slashes, len(path)), clean, encoded
}

// startsWithDots says whether the first segment is one dot or two, encoded or not.
//
//starter:omit
func startsWithDots(path []byte) bool {
	for range 2 {
		switch {
		case path[0] == '.':
			path = path[1:]
		case len(path) > 2 && path[0] == '%' && path[1] == '2' && path[2]|0x20 == 'e':
			path = path[3:]
		default:
			return false
		}
		if len(path) == 0 || path[0] == '/' {
			return true
		}
	}
	return false
}

// appendClean appends the clean form of a path to dst.
//
//starter:omit
func appendClean(dst, path []byte) ([]byte, error) {
	normal, err := reqline.AppendNormalized(nil, path)
	if err != nil {
		return dst, err
	}
	for i, c := range normal {
		switch {
		case c == '/' && i > 0 && normal[i-1] == '/':
		case c == '\\':
			dst = append(dst, "%5C"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

// flipSlash returns the path with a slash more at its end, or one less.
//
//starter:omit
func flipSlash(path []byte) []byte {
	if n := len(path) - 1; path[n] == '/' {
		return path[:n]
	}
	return append(path[:len(path):len(path)], '/')
}

// redirect answers with 308, and not 301: with that a client may make a GET out of
// a POST (RFC 9110 §15.4.2).
//
// The path is a clean one. Its second byte is no slash and no backslash: a client
// that resolves "//evil.example/" or "/\evil.example/" goes to another host.
//
//starter:omit
func redirect(w keepalive.ResponseWriter, path, query []byte) {
	location := string(path)
	if query != nil {
		location += "?" + string(query)
	}
	w.Header().Set("Location", location)
	keepalive.Error(w, 308)
}

// endsInRest says whether a route is for all that is below its path.
//
//starter:omit
func (rt *route) endsInRest() bool {
	return rt.pattern.Segments[len(rt.pattern.Segments)-1].Kind == Rest
}
