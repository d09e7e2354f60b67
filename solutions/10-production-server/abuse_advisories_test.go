package server_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/conformance/cases"
)

// TestAdvisories: each case and test that a table in docs/abuse.md names for an advisory
// is there, and one of them names its number; and each number that the collection names
// is in the table.
func TestAdvisories(t *testing.T) {
	numbers := regexp.MustCompile(`CVE-\d{4}-\d+|GO-\d{4}-\d+`)
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{} // what a case says, by its file and name
	for i := range all {
		file, _, _ := strings.Cut(filepath.Base(all[i].File), ":")
		named[file+": "+all[i].Name] = all[i].Name + " " + all[i].Why
	}
	// says returns the text that a case or test of the table stands in.
	says := func(item string) (text string, ok bool) {
		if text, ok := named[item]; ok {
			return text, true
		}
		dir, row, ok := strings.Cut(item, ": ")
		if function, of, found := strings.Cut(item, "/"); strings.HasPrefix(item, "TestAbuse_") {
			if dir, row, ok = ".", of, found; !found {
				row = ""
			}
			item = function
		} else if dir = filepath.Join("..", "..", dir); !ok || !strings.HasPrefix(item, "steps/") {
			return "", false
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text = string(source)
			if filepath.Base(file) != "abuse_advisories_test.go" && (row == "" || strings.Contains(text, `"`+row+`"`)) &&
				(dir != "." || strings.Contains(text, "func "+item+"(")) {
				return text, true
			}
		}
		return "", false
	}
	page, err := os.ReadFile("../../docs/abuse.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Advisories\n")
	section, _, _ = strings.Cut(section, "\n## ")
	table, _, _ := strings.Cut(section, "do not apply")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasSuffix(line, "our case |\n") {
			continue
		}
		rows++
		all, found := "", 0
		for i, item := range strings.Split(cells[len(cells)-1], "`") {
			if i%2 == 0 {
				continue
			}
			text, ok := says(item)
			if !ok {
				t.Errorf("%s: there is no %q", cells[0], item)
			}
			all += text
			found++
		}
		if found == 0 {
			t.Errorf("%s has no case", cells[0])
		}
		for _, number := range numbers.FindAllString(cells[0], -1) {
			if !strings.Contains(all, number) {
				t.Errorf("none of its cases names %s: %s", number, cells[len(cells)-1])
			}
		}
	}
	if rows < 50 {
		t.Errorf("there are %d rows, want at least 50", rows)
	}
	for item, text := range named {
		for _, number := range numbers.FindAllString(text, -1) {
			if !strings.Contains(section, number) {
				t.Errorf("%q names %s, which is not in the table", item, number)
			}
		}
	}
}
