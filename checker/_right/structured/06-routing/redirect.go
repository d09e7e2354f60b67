package router

import (
	"bytes"

	"barewire/steps/02-request-line"
)

// A part is one segment of a path, as it was sent and decoded.
type part struct{ raw, text []byte }

// A path is what stands behind its slashes. There is at least one part, and only the
// last is empty in one that is clean.
type path []part

func cut(raw []byte) path {
	var p path
	for seg := range bytes.SplitSeq(raw[1:], []byte("/")) {
		text := seg
		if bytes.IndexByte(seg, '%') >= 0 {
			text, _ = reqline.AppendDecoded(nil, seg)
		}
		p = append(p, part{seg, text})
	}
	return p
}

// messy says whether p is never matched as it is.
func (p path) messy() bool {
	for i, part := range p {
		t := string(part.text)
		if t == "." || t == ".." || t == "" && i < len(p)-1 {
			return true
		}
	}
	return false
}

// flip is p with a slash more or less at its end; nil for the root.
func (p path) flip() path {
	if len(p[len(p)-1].text) > 0 {
		return append(p[:len(p):len(p)], part{})
	}
	return p[:len(p)-1]
}

// location writes p as the target of a redirect. The parts of a path that is not
// messy have no slash at their start, so a second one cannot follow the first.
func (p path) location(t *reqline.Target) string {
	var b bytes.Buffer
	for _, part := range p {
		b.WriteByte('/')
		b.Write(bytes.ReplaceAll(part.raw, []byte("\\"), []byte("%5C")))
	}
	if t.Query != nil {
		b.WriteByte('?')
		b.Write(t.Query)
	}
	return b.String()
}

// clean returns the path that raw, which is messy, should have been.
func clean(raw []byte) (path, error) {
	normal, err := reqline.AppendNormalized(nil, raw)
	if err != nil {
		return nil, err
	}
	p, kept := cut(normal), path(nil)
	for i, part := range p {
		if len(part.raw) > 0 || i == len(p)-1 {
			kept = append(kept, part)
		}
	}
	return kept, nil
}
