package policy

import (
	"slices"
	"strings"
	"testing"
)

// Whatever two files share that is long enough has a mark in both.
func FuzzMarks(f *testing.F) {
	f.Add([]byte("package a\n\nfunc f() { return }\n"), []byte("func g(a int) int {\n\tfor i := range a {\n\t\ta += i\n\t}\n\treturn a\n}\n"))
	f.Add([]byte("\xff\x00`"), []byte("\"'"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 1<<14 || len(b) > 1<<14 {
			return
		}
		lines := 0
		for _, m := range marks(a) {
			if m.line < 1 || int(m.line) > 1+strings.Count(string(a), "\n") || int(m.line) < lines {
				t.Fatalf("a mark is on line %d of %q, after one on line %d", m.line, a, lines)
			}
			lines = int(m.line)
		}
		// The tokens of b, alone and behind others.
		alone := tokens(append([]byte("package p\nfunc x()\n"), b...))
		behind := tokens(append([]byte("package p\nfunc x()\nfunc y(a, b, c string) {}\nfunc x()\n"), b...))
		if len(alone) < gram+window-1 || len(behind) < len(alone) || !slices.EqualFunc(alone, behind[len(behind)-len(alone):], func(a, b mark) bool { return a.hash == b.hash }) {
			return // short, or a comment or a string swallowed something
		}
		x, y := winnow(grams(alone)), winnow(grams(behind))
		if !slices.ContainsFunc(x, func(m mark) bool { return slices.ContainsFunc(y, func(n mark) bool { return m.hash == n.hash }) }) {
			t.Fatalf("%d tokens in common, and no mark", len(alone))
		}
	})
}
