package sandbox_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"barewire/checker/grader/sandbox"
)

// FuzzPrintable: whatever a program writes can be shown, and what could be shown is as
// it was.
func FuzzPrintable(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;title\x07\u202e\xff\uFFFD")
	f.Fuzz(func(t *testing.T, s string) {
		got := sandbox.Printable(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
			t.Fatalf("Printable(%q) = %q", s, got)
		}
		if again := sandbox.Printable(got); again != got {
			t.Fatalf("Printable(%q) = %q, and that is %q", s, got, again)
		}
	})
}
