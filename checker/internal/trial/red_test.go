package trial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/wrong"
)

func TestSameRed(t *testing.T) {
	for _, test := range []struct {
		name, a, b string
		same       bool
	}{
		{"the same", "want   400\ngot    200", "want   400\ngot    200", true},
		{"another duration and another unit", "got    92 times as long: 7.36s after 79.9ms", "got    7 times as long: 96ms after 1.31µs", true},
		{"a line broken elsewhere", "why    a path\n       of 16 KiB", "why    a path of 16\n       KiB", true},
		{"another port", "got    127.0.0.1:4000", "got    127.0.0.1:51234", true},
		{"another stack", "got    panic stack=goroutine 7 a.go:1", "got    panic stack=goroutine 9 b.go:2", true},
		{"another word", "got    no error", "got    an error", false},
		{"nothing", "got    200", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := sameRed(test.a, test.b); got != test.same {
				t.Errorf("the same: %t, want %t", got, test.same)
			}
		})
	}
}

// TestCheckReds writes the file of a step, changes one thing after the other, and looks
// whether the check says so.
func TestCheckReds(t *testing.T) {
	root := t.TempDir()
	programs := []wrong.Program{
		{File: "checker/wrong/01-add/1.1-a.txtar", Step: "01-add", About: "It adds too much."},
		{File: "checker/wrong/01-add/1.1-b.txtar", Step: "01-add", About: "It does not add.", Varies: true},
	}
	results := []Result{{Red: "sent   2\nwant   4 in 3ms"}, {Red: "want   4"}}
	if problems := CheckReds(root, programs, results, false); len(problems) != 2 {
		t.Errorf("without a file: %q, want a problem for each program", problems)
	}
	if problems := CheckReds(root, programs, results, true); problems != nil {
		t.Fatal(problems)
	}
	file := filepath.Join(root, "checker", "red", "01-add.md")
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		programs []wrong.Program
		results  []Result
		want     string
	}{
		{"as it was", programs, results, ""},
		{"other numbers", programs, []Result{{Red: "sent   2\nwant   4 in 1.5s"}, results[1]}, ""},
		{"another text", programs, []Result{{Red: "sent   2\nwant   five"}, results[1]}, "another text"},
		{"another text where it varies", programs, []Result{results[0], {Red: "want   five"}}, ""},
		{"a program that is gone", programs[:1], results[:1], "out of date"},
		{"another sentence", []wrong.Program{programs[0], {File: programs[1].File, Step: "01-add", About: "No."}}, results, "out of date"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(CheckReds(root, test.programs, test.results, false), "\n")
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("problems %q, want %q", got, test.want)
			}
		})
	}
	if problems := CheckReds(root, programs, []Result{{Red: "sent   2\nwant   4 in 1.5s"}, results[1]}, true); problems != nil {
		t.Fatal(problems)
	}
	if again, _ := os.ReadFile(file); string(again) != string(written) {
		t.Errorf("other numbers are written anew:\n%s", again)
	}
}
