package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/grader/result"
	"barewire/checker/internal/workshop"
)

func TestUnknown(t *testing.T) {
	for _, args := range [][]string{nil, {"test"}} {
		if got := command(args); got != usage {
			t.Errorf("command(%q) = %d, want %d", args, got, usage)
		}
	}
}

// TestUsage: what is typed wrongly is said, with status 2, before anything is built.
func TestUsage(t *testing.T) {
	t.Setenv("SLURM_ARRAY_TASK_ID", "2")
	dir := t.TempDir()
	for _, test := range []struct{ args, want string }{
		{"grade", "grade: what?"},
		{"grade -x", "flag provided but not defined: -x"},
		{"grade nowhere", "nowhere"},
		{"grade DIR -allow net", "such as 6:net"},
		{"grade DIR -shard 0/4", "-o DIR"},
		{"grade DIR -o DIR/out -shard auto", "SLURM_ARRAY_TASK_MIN"},
		{"grade DIR -o DIR/out -shard 4/4", "there is no shard 4 of 4"},
		{"grade DIR -from lms", `no format "lms"`},
		{"grade DIR -id-regexp (", "missing closing"},
		{"grade DIR -roster nowhere", "nowhere"},
		{"regrade DIR", "-o DIR"},
		{"regrade -o DIR", "regrade: what?"},
		{"regrade -o DIR DIR", "results.json"},
		{"merge -o DIR", "merge: what?"},
		{"merge x", "-o DIR"},
		{"convert DIR", `-to "" is none of these`},
		{"convert -to html", "convert: what?"},
		{"convert -to junit -for all DIR", "neither student nor instructor"},
		{"convert -to junit DIR DIR", "too many"},
		{"doctor me", "too many"},
		{"selftest me", "too many"},
		{"selftest -sandbox none", "would do what they try"},
		{"selftest -only nothing-is-called-so", "no submission is called"},
	} {
		var errs bytes.Buffer
		w := &workshop.Workshop{Out: &errs, Err: &errs}
		if err := w.Find(); err != nil {
			t.Fatal(err)
		}
		args := strings.Fields(strings.ReplaceAll(test.args, "DIR", dir))
		if got := commands[args[0]](t.Context(), w, args[1:]); got != usage || !strings.Contains(strings.ReplaceAll(errs.String(), "\n", " "), test.want) {
			t.Errorf("%s: status %d, want 2 and %q in\n%s", test.args, got, test.want, &errs)
		}
	}
}

// TestConvert converts a document into everything there is.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	mark := 7.0
	doc := &result.Document{Schema: result.Schema, MaxScore: 10, Tasks: []result.Task{{ID: "2.1", Step: 2, Title: "Method", MaxPoints: 10}},
		Submissions: []result.Submission{{ID: "101", Name: "Ana", Status: result.Graded, Score: &mark, Raw: &mark, MaxScore: 10}}}
	if err := doc.WriteFile(filepath.Join(dir, resultsFile)); err != nil {
		t.Fatal(err)
	}
	canvas, moodle := filepath.Join(dir, "canvas.csv"), filepath.Join(dir, "moodle.csv")
	for name, text := range map[string]string{
		canvas: "Student,ID,Section,Server (9)\nAna,101,1,\n",
		moodle: "Identifier,Full name,Grade,Maximum Grade,Last modified (grade),Feedback comments\nParticipant 101,Ana,,10,-,\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	flags := map[string]string{
		"canvas": "-assignment 9 -sheet " + canvas, "moodle": "-no-feedback -sheet " + moodle,
		"classroom50": "-classroom c -assignment a -owner o -submission submit/1 -commit https://x -release https://x",
		"html":        "-o " + filepath.Join(dir, "pages"),
	}
	wants := map[string]string{"canvas": "Ana,101,1,7", "moodle": "Participant 101,Ana,7", "gradescope": `"score": 7`, "terminal": "7 of 10", "html": ""}
	for _, name := range formatNames() {
		if name == "similarity" {
			continue
		}
		var out, errs bytes.Buffer
		w := &workshop.Workshop{Out: &out, Err: &errs}
		if err := w.Find(); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-to", name, dir}, strings.Fields(flags[name])...)
		if got := convertMain(t.Context(), w, args); got != allGraded || !strings.Contains(out.String(), wants[name]) || name != "html" && out.Len() == 0 {
			t.Errorf("%s: status %d, %q is not in\n%s%s", name, got, wants[name], &out, &errs)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "pages", "index.html")); err != nil {
		t.Error(err)
	}
}
