package router_test

import (
	"fmt"
	"strings"
	"testing"

	router "barewire/steps/06-routing"
)

// What ParsePattern accepts can be written down from its parts, and is the same
// pattern then: nothing was lost, and nothing has two readings.
func FuzzTask1_ParsePattern(f *testing.F) {
	for _, seed := range []string{
		"/", "GET /a/{b}/{c...}", "* a.example/{$}", "/a%2Fb", "/caf%C3%A9/{$}",
		"", "GET", "GET /{", "/%", "a:80/", "/{x...}/", "/{$}/a", "//", "/..", "\x00/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := router.ParsePattern("GET /{$}"); err != nil || describe(p) != `method "GET", host "", end` {
			t.Fatalf("GET /{$}: %s, %v", describe(p), err)
		}
		p, err := router.ParsePattern(s)
		if err != nil {
			return
		}
		again, err := router.ParsePattern(written(p))
		if err != nil || describe(again) != describe(p) {
			t.Errorf("%q is %s; written as %q, it is %s, %v", s, describe(p), written(p), describe(again), err)
		}
		for i, seg := range p.Segments {
			if i < len(p.Segments)-1 && (seg.Kind == router.Rest || seg.Kind == router.End) {
				t.Errorf("%q: segment %d of %s can only be the last", s, i, describe(p))
			}
		}
		if len(p.Segments) == 0 {
			t.Errorf("%q has no segments", s)
		}
	})
}

// written writes a pattern down, with every byte of its literals encoded.
func written(p router.Pattern) string {
	var b strings.Builder
	if p.Method != "" {
		b.WriteString(p.Method + " ")
	}
	b.WriteString(p.Host)
	for _, s := range p.Segments {
		b.WriteByte('/')
		switch {
		case s.Kind == router.Single:
			b.WriteString("{" + s.Text + "}")
		case s.Kind == router.Rest && s.Text != "":
			b.WriteString("{" + s.Text + "...}")
		case s.Kind == router.End:
			b.WriteString("{$}")
		case s.Kind == router.Literal:
			for i := range len(s.Text) {
				fmt.Fprintf(&b, "%%%02X", s.Text[i])
			}
		}
	}
	return b.String()
}
