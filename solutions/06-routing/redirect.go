package router

import (
	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
)

// isClean says whether a path has no empty segment but the last, no "." and "..",
// however they are written, and no backslash. Such a path is matched as it is.
//
//starter:omit
func isClean(path []byte) bool {
	behind := byte(0) // what stands before c
	for i, c := range path {
		switch {
		case c == '\\', c == '/' && behind == '/':
			return false
		case behind == '/' && (c == '.' || c == '%'):
			if seg, _, _ := cut(path[i:]); isDots(seg) {
				return false
			}
		}
		behind = c
	}
	return true
}

// isDots says whether a segment is one dot or two, encoded or not.
//
//starter:omit
func isDots(seg []byte) bool {
	for range 2 {
		switch {
		case len(seg) > 0 && seg[0] == '.':
			seg = seg[1:]
		case len(seg) > 2 && seg[0] == '%' && seg[1] == '2' && seg[2]|0x20 == 'e':
			seg = seg[3:]
		default:
			return false
		}
		if len(seg) == 0 {
			return true
		}
	}
	return false
}

// appendClean appends the form of a path that isClean to dst.
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
