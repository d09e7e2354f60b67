package notation_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	collection "barewire/checker/conformance/cases"
	"barewire/docs/lab/cases"
	"barewire/docs/lab/notation"
)

// TestParse_cases reads every case of the conformance collection as the collection does.
func TestParse_cases(t *testing.T) {
	all, err := collection.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		text, err := cases.Source(filepath.Join("..", "..", ".."), &c)
		if err != nil {
			t.Fatal(err)
		}
		pieces, half, err := notation.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", c.File, err)
			continue
		}
		// A piece of nothing is how the collection writes a pause before the end.
		c.Pieces = slices.DeleteFunc(c.Pieces, func(p string) bool { return p == "" })
		if half != c.Half || string(bytes.Join(pieces, []byte("|"))) != strings.Join(c.Pieces, "|") {
			t.Errorf("%s: %s: the lab reads it as %.200q, half %t; the collection as %.200q, half %t", c.File, c.Name, pieces, half, c.Pieces, c.Half)
		}
		same(t, pieces, half)
	}
}

// same says whether what Format writes stands for the same bytes.
func same(t *testing.T, pieces [][]byte, half bool) {
	t.Helper()
	text := notation.Format(pieces, half)
	again, halfAgain, err := notation.Parse(text)
	if err != nil || half != halfAgain || !bytes.Equal(bytes.Join(pieces, []byte("|")), bytes.Join(again, []byte("|"))) {
		t.Errorf("%.200q, half %t is written as\n%.500s\nwhich stands for %.200q, half %t, %v", pieces, half, text, again, halfAgain, err)
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // pieces, with | between them
		half       bool
		wrong      string
	}{
		{"line breaks do not count", "GET\n / \\r\n\\n\n", "GET / \r\n", false, ""},
		{"blanks at the end do not count", "a  \nb\\x20 \n", "ab ", false, ""},
		{"a pause", "a\n...\nb\n", "a|b", false, ""},
		{"pauses at both ends are nothing", "...\na\n...\n", "a", false, ""},
		{"the end of what the client sends", "a\nEOF\n", "a", true, ""},
		{"bytes behind it", "EOF\na\n", "", false, "line 2: bytes behind EOF"},
		{"a repeat", "{ab*3}{c*0}\n", "ababab", false, ""},
		{"a repeat of what is escaped", `{\r\n*2}`, "\r\n\r\n", false, ""},
		{"braces as they are", `\{a*3\}{"a":1}`, `{a*3}{"a":1}`, false, ""},
		{"a backslash before a brace", `\\{b*2}`, `\bb`, false, ""},
		{"a quote", `"\"`, `""`, false, ""},
		{"a byte that is no character", `\xff`, "\xff", false, ""},
		{"a letter that is not ASCII", `é`, "é", false, ""},
		{"a backslash that stands for nothing", "a\n\\q", "", false, `line 2: "\\q" has a backslash that stands for nothing`},
		{"too much", "{a*8388608}\n{a*1}", "", false, "line 2: more than 8388608 bytes in all"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pieces, half, err := notation.Parse(test.text)
			wrong := ""
			if err != nil {
				wrong = err.Error()
			}
			if got := string(bytes.Join(pieces, []byte("|"))); got != test.want || half != test.half || wrong != test.wrong {
				t.Errorf("%q is %q, %t, %q; want %q, %t, %q", test.text, got, half, wrong, test.want, test.half, test.wrong)
			}
		})
	}
}

// FuzzFormat writes any bytes and reads them again.
//
//fuzz:runs 20000
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{"GET / HTTP/1.1\r\n\r\n", "...", "EOF", "a b ", "{a*3}", `\x00`, "\x00\xff\t\\", strings.Repeat("a", 100) + "...", "|", "é", "........................"} {
		f.Add(seed, "b", true)
	}
	f.Fuzz(func(t *testing.T, a, b string, half bool) {
		var pieces [][]byte
		for _, p := range []string{a, b} {
			if p != "" {
				pieces = append(pieces, []byte(p))
			}
		}
		same(t, pieces, half)
	})
}
