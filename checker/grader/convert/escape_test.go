package convert_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"barewire/checker/grader/convert"
)

func TestEscapers(t *testing.T) {
	for _, test := range []struct {
		name  string
		f     func(string) string
		pairs [][2]string
	}{
		{"a cell of a spreadsheet", convert.Formula, [][2]string{
			{"=1+1", "'=1+1"}, {"+1", "'+1"}, {"-1", "'-1"}, {"@SUM(1)", "'@SUM(1)"}, {"\t=1", "'    =1"}, {"\r=1", `\r=1`},
			{" =1", "' =1"}, {`"=1`, `'"=1`}, {"＝1", "'＝1"}, {"|cmd", "'|cmd"}, {"a=1", "a=1"}, {"", ""}, {"4.5", "4.5"}, {"Ana", "Ana"},
		}},
		{"a line of Markdown", convert.MarkdownLine, [][2]string{
			{"two-host: a_b", `two-host: a\_b`}, {"- x", `\- x`}, {"1. x", `1\. x`}, {"4.5 of 10", "4.5 of 10"}, {"12) x", `12\) x`},
			{"# x", `\#<!-- --> x`}, {"@ana", "@<!-- -->ana"}, {"http://a", "http:<!-- -->//a"}, {"WWW.a", "WWW.<!-- -->a"},
			{"<b>", `\<b\>`}, {"a\nb", `a\\nb`}, {"  x ", "x"}, {"Ana Gómez", "Ana Gómez"},
		}},
		{"code in Markdown", convert.MarkdownCode, [][2]string{{"a", "`a`"}, {"a`b", "``a`b``"}, {"`", "`` ` ``"}, {"", "`  `"}, {"a\nb", "`a\\nb`"}}},
	} {
		for _, p := range test.pairs {
			if got := test.f(p[0]); got != p[1] {
				t.Errorf("%s: %q becomes %q, want %q", test.name, p[0], got, p[1])
			}
		}
	}
	if got, want := convert.MarkdownBlock("a\n```\nb\n", "  "), "  ````text\n  a\n  ```\n  b\n\n  ````\n"; got != want {
		t.Errorf("a block is\n%q, want\n%q", got, want)
	}
	got := convert.Command("error", "50%\r\n::x", [2]string{"title", "a,b:c%\n"}, [2]string{"file", ""})
	if want := "::error title=a%2Cb%3Ac%25%0A::50%25\\r%0A::x\n"; got != want {
		t.Errorf("a command is %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	text := strings.Repeat("é", 100)
	for limit := range 220 {
		got := convert.Cut(text, limit)
		if !utf8.ValidString(got) || len(got) > max(limit, 4) && len(got) < len(text) || limit >= len(text) && got != text {
			t.Errorf("cut to %d bytes it is %q", limit, got)
		}
	}
}
