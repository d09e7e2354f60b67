package wrong

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = "It is off\nby one.\n\nred: varies\ncaught-by: TestTask1_Add/two_and_two\n-- add.go --\na + b\n-- with --\na + b + 1\n"

func TestParse(t *testing.T) {
	for _, test := range []struct{ name, file, text, want string }{
		{"a complete program", "1.1-off-by-one.txtar", good, ""},
		{"line ends of Windows", "1.1-crlf.txtar", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"no task in the name", "off-by-one.txtar", good, "n.m-what.txtar"},
		{"no sentence", "1.1-a.txtar", strings.Replace(good, "It is off\nby one.", "", 1), "no sentence"},
		{"no test", "1.1-a.txtar", strings.Replace(good, "caught-by:", "", 1), "no line"},
		{"an end that is neither", "1.1-a.txtar", "ends-with: smoke\n" + good, "panic or hang"},
		{"old without new", "1.1-a.txtar", strings.Split(good, "-- with")[0], `named "with"`},
		{"no edit", "1.1-a.txtar", strings.Split(good, "-- add")[0], "nothing is edited"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := parse("checker/wrong/01-add/"+test.file, []byte(test.text))
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want one with %q", err, test.want)
				}
				return
			}
			if err != nil || p.Task != "1.1" || p.Step != "01-add" || p.CaughtBy != "TestTask1_Add/two_and_two" || p.About != "It is off by one." || !p.Varies {
				t.Errorf("parse: %+v, %v", p, err)
			}
		})
	}
}

func TestSources(t *testing.T) {
	for _, test := range []struct{ name, reference, want string }{
		{"once", "package add\n\nfunc Add(a, b int) int { return a + b }\n", ""},
		{"nowhere", "package add\n\nfunc Add(a, b int) int { return b + a }\n", "0 times"},
		{"twice", "package add\n\nfunc Add(a, b int) int { return a + b }\n\nvar a, b = 1, 2\nvar c = a + b\n", "2 times"},
		{"no Go afterwards", "package add\n\nfunc Add(a, b int) int { return (a + b }\n", "no Go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "solutions", "01-add")
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "add.go"), []byte(test.reference), 0o666); err != nil {
				t.Fatal(err)
			}
			p, err := parse("checker/wrong/01-add/1.1-a.txtar", []byte(good))
			if err != nil {
				t.Fatal(err)
			}
			sources, err := p.Sources(root)
			if test.want == "" {
				if err != nil || !strings.Contains(string(sources["add.go"]), "a + b + 1") {
					t.Errorf("sources %q, error %v", sources, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
