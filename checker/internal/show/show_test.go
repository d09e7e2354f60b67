package show_test

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"

	"barewire/checker/internal/show"

	"github.com/google/go-cmp/cmp"
)

func TestEnds(t *testing.T) {
	long := strings.Repeat("word ", 14) + "end"
	for _, test := range []struct {
		name, left, right string
		want              []string
	}{
		{"both fit", "FAIL 3.2 Host", "host_test.go:8", []string{"FAIL 3.2 Host" + strings.Repeat(" ", 53) + "host_test.go:8"}},
		{"the right end has its own line", long, "host_test.go:8", []string{long, strings.Repeat(" ", 66) + "host_test.go:8"}},
		{"the left end has two lines", "FAIL " + long + " more", "host_test.go:8",
			[]string{"FAIL " + strings.TrimSuffix(long, " end"), "     end more" + strings.Repeat(" ", 53) + "host_test.go:8"}},
		{"there is no right end", "  field.go:8", "", []string{"  field.go:8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, show.Ends(test.left, test.right)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	text := "A paragraph\nof two lines.\n\n\n- one\n- two " + strings.Repeat("words ", 14) + "\n\n```go\nif x {\n\treturn\n}\n```\n\nLast.\n"
	want := []string{
		"  A paragraph of two lines.",
		"",
		"  - one",
		"  - two words words words words words words words words words words words words",
		"    words words",
		"",
		"      if x {",
		"          return",
		"      }",
		"",
		"  Last.",
	}
	if diff := cmp.Diff(want, show.Markdown(text, "  ")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWidth says that no line is wider than the screen unless it is one word.
func TestWidth(t *testing.T) {
	holds := func(words []string, right string) bool {
		text := strings.Join(words, " ")
		right = strings.Join(strings.Fields(right), "")
		lines := append(show.Hang("  why    ", text), show.Markdown(text, "  ")...)
		for _, line := range append(lines, show.Ends(text, right)...) {
			if utf8.RuneCountInString(line) > show.Width && len(strings.Fields(line)) > 1 &&
				!strings.HasPrefix(line, "  why    ") && !strings.HasPrefix(line, "     ") {
				return false
			}
		}
		return true
	}
	if err := quick.Check(holds, nil); err != nil {
		t.Error(err)
	}
}

func TestClean(t *testing.T) {
	if got, want := show.Clean("a\tb\x1b[2Jc\x00\r·"), "a\tb\\x1b[2Jc\\x00\\r·"; got != want {
		t.Errorf("Clean = %q, want %q", got, want)
	}
}

func TestStyle(t *testing.T) {
	if got := (show.Style{}).Red("FAIL"); got != "FAIL" {
		t.Errorf("without colour: %q", got)
	}
	if got := (show.Style{Color: true}).Red("FAIL"); got != "\x1b[1;31mFAIL\x1b[0m" {
		t.Errorf("with colour: %q", got)
	}
}

func TestWords(t *testing.T) {
	if got := show.Count(1, "test") + ", " + show.Count(2, "test"); got != "1 test, 2 tests" {
		t.Error(got)
	}
	if got := show.List([]string{"a", "b", "c"}) + "; " + show.List([]string{"a"}); got != "a, b and c; a" {
		t.Error(got)
	}
}
