package router

import (
	"bytes"
	"cmp"

	"barewire/steps/02-request-line"
)

// normal returns the path as routes are looked up by it, and whether that is another
// than the one that was sent.
func normal(path []byte) (clean []byte, other bool, err error) {
	dotted := false
	for after := path; len(after) > 0; {
		var seg []byte
		seg, after = cut(after)
		if len(seg) == 0 {
			other = other || after != nil
			continue
		}
		var buf [8]byte
		if len(seg) <= len("%2e%2e") {
			decoded, err := reqline.AppendDecoded(buf[:0], seg)
			dotted = dotted || err == nil && isDots(decoded)
		}
		if bytes.IndexByte(seg, '%') >= 0 {
			if _, err := reqline.AppendDecoded(nil, seg); err != nil {
				return nil, false, err
			}
		}
	}
	if !other && !dotted {
		return path, false, nil
	}
	clean, err = reqline.AppendNormalized(make([]byte, 0, len(path)), path)
	if err != nil {
		return nil, false, err
	}
	return bytes.ReplaceAll(oneSlash(clean), []byte(`\`), []byte("%5C")), true, nil
}

// oneSlash makes one slash of each run of them, in place.
func oneSlash(path []byte) []byte {
	kept := path[:0]
	for i, c := range path {
		if c != '/' || i == 0 || path[i-1] != '/' {
			kept = append(kept, c)
		}
	}
	return kept
}

// flipped is a path with one slash more or less at its end.
func flipped(path []byte) []byte {
	if n := len(path) - 1; path[n] == '/' {
		return path[:n]
	}
	return append(path[:len(path):len(path)], '/')
}

// givesWay says whether a route that matches gives way to one that is a slash away:
// if its rest matches, and the other one is more specific.
func givesWay(r, other *route) bool {
	p, q := r.pattern, other.pattern
	if p.Segments[len(p.Segments)-1].Kind != Rest {
		return false
	}
	if (p.Host == "") != (q.Host == "") {
		return p.Host == ""
	}
	rank := [...]int{Literal: 1, Single: 2, End: 3, Rest: 4}
	for i := range min(len(p.Segments), len(q.Segments)) {
		if c := cmp.Compare(rank[q.Segments[i].Kind], rank[p.Segments[i].Kind]); c != 0 {
			return c < 0
		}
	}
	return false
}

// location writes a path and the query of a request as a Location.
func location(path, query []byte) string {
	to := bytes.ReplaceAll(path, []byte(`\`), []byte("%5C"))
	if query != nil {
		to = append(append(to, '?'), query...)
	}
	return string(to)
}
