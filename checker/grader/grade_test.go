package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"

	"github.com/google/go-cmp/cmp"
)

// open returns a workshop whose output is kept, and skips the test where there is no
// sandbox.
func open(t *testing.T) (w *workshop.Workshop, out, errs *bytes.Buffer) {
	t.Helper()
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	w = &workshop.Workshop{Out: out, Err: errs}
	if err := w.Find(); err != nil {
		t.Fatal(err)
	}
	dir, err := sandbox.Private("")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if _, _, err := sandbox.Best(t.Context(), sandbox.Setup{Root: w.Root, Dir: dir}); errors.Is(err, sandbox.ErrRefused) {
		t.Skipf("not run: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	return w, out, errs
}

// put writes a file below a folder.
func put(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

const (
	two   = "02-request-line"
	three = "03-headers-bodies"
)

// handIn lays steps 2 and 3 of a student: "reference" or "starter" for each.
func handIn(t *testing.T, w *workshop.Workshop, dir string, kinds ...string) {
	t.Helper()
	for i, step := range []string{two, three} {
		files, err := filepath.Glob(w.Path("solutions/" + step + "/*.go"))
		if kinds[i] == "starter" {
			files, err = filepath.Glob(w.Path("steps/" + step + "/*.go"))
		}
		if err != nil || len(files) == 0 {
			t.Fatal(step, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, "steps/"+step+"/"+filepath.Base(name), starter.ToSteps(text))
		}
	}
}

// student is one of the small class, of which steps 2 and 3 have 10 points each.
type student struct {
	name    string
	kinds   []string
	file    string // one more file
	text    string
	two     float64
	three   float64
	base    string // of step 3
	message string // in what is said about steps 2 and 3
	why     string
}

var both = []string{"reference", "reference"}

var students = []student{
	{name: "reference", kinds: both, two: 10, three: 10, base: "own"},
	{name: "half", kinds: []string{"reference", "starter"}, two: 10, three: 0, base: "own"},
	{name: "broken", kinds: both, file: two + "/more.go", text: "package reqline\n\nvar x int = \"one\"\n", two: 0, three: 10, base: "own",
		message: "more.go:3: cannot use \"one\"", why: "one step that does not compile is one step"},
	{name: "panics", kinds: both, file: two + "/more.go", text: "package reqline\n\nfunc init() { println(\"--- PASS: all\"); panic(\"all tests passed\") }\n",
		two: 0, three: 10, base: "reference", message: "panic: all tests passed", why: "a program that ends is asked nothing more"},
	{name: "hungry", kinds: both, file: three + "/more.go", text: "package message\n\nvar all [][]byte\n\nfunc init() {\n\tfor {\n\t\tb := make([]byte, 1<<20)\n\t\tfor i := range b {\n\t\t\tb[i] = 1\n\t\t}\n\t\tall = append(all, b)\n\t}\n}\n",
		two: 10, three: 0, base: "own", message: "MiB of memory", why: "it eats its own box's memory"},
	{name: "loops", kinds: both, file: three + "/more.go", text: "package message\n\nfunc init() {\n\tfor {\n\t}\n}\n",
		two: 10, three: 0, base: "own", message: "no answer", why: "it hangs, and step 2 with it"},
	{name: "borrows", kinds: both, file: two + "/more.go", text: "package reqline\n\nimport _ \"barewire/solutions/02-request-line\"\n",
		two: 0, three: 10, base: "own", message: "not built: more.go:3:", why: "the reference would get all points"},
}

// class lays the small class, and the rubric by which only steps 2 and 3 count.
func class(t *testing.T, w *workshop.Workshop, names ...string) (dir, rules string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "class")
	for _, s := range students {
		if len(names) > 0 && !strings.Contains(strings.Join(names, " "), s.name) {
			continue
		}
		handIn(t, w, filepath.Join(dir, s.name), s.kinds...)
		if s.file != "" {
			put(t, filepath.Join(dir, s.name), "steps/"+s.file, []byte(s.text))
		}
	}
	rules = filepath.Join(t.TempDir(), "rubric.json")
	if err := os.WriteFile(rules, []byte(`{"points": {"2": 10, "3": 10}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, rules
}

// TestGrade grades a small class of all sorts, twice, and again by another rubric.
func TestGrade(t *testing.T) {
	w, out, errs := open(t)
	dir, rules := class(t, w)
	results := filepath.Join(t.TempDir(), "results")
	if got := grade(t.Context(), w, []string{dir, "-o", results, "-rubric", rules, "-seed", "7"}); got != allGraded {
		t.Fatalf("exit status %d\n%s%s", got, out, errs)
	}
	doc, err := result.ReadFile(filepath.Join(results, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range students {
		i := find(doc, want.name)
		if i < 0 {
			t.Errorf("%s is not in the results", want.name)
			continue
		}
		s := doc.Submissions[i]
		said := ""
		for _, step := range s.Steps {
			said += step.Message + "\n"
		}
		if len(s.Steps) != 2 || s.Steps[0].Score != want.two || s.Steps[1].Score != want.three || s.Steps[1].Base != want.base || !strings.Contains(said, want.message) {
			t.Errorf("%s: %+v\nwant %v, and %v on %s, and %q\n%s", want.name, s.Steps, want.two, want.three, want.base, want.message, want.why)
		}
	}
	for _, name := range []string{"index.html", "reports/half.html", "instructor/half.html"} {
		if _, err := os.Stat(filepath.Join(results, name)); err != nil {
			t.Error(err)
		}
	}

	t.Run("again", func(t *testing.T) {
		errs.Reset()
		if got := grade(t.Context(), w, []string{dir, "-o", results, "-rubric", rules}); got != allGraded || !strings.Contains(errs.String(), "7 of 7 are graded already") {
			t.Errorf("exit status %d\n%s", got, errs)
		}
	})
	t.Run("by another rubric", func(t *testing.T) {
		if err := os.WriteFile(rules, []byte(`{"points": {"2": 10, "3": 30}}`), 0o666); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if got := grade(t.Context(), w, []string{dir, "-o", results, "-rubric", rules}); got != someFaults {
			t.Errorf("grade does not say that it is another grading: %d", got)
		}
		if got := regrade(t.Context(), w, []string{dir, "-o", results, "-rubric", rules}); got != allGraded || !strings.Contains(out.String(), "reference: 20 → 40\n") {
			t.Errorf("exit status %d\n%s%s", got, out, errs)
		}
		again, err := result.ReadFile(filepath.Join(results, resultsFile))
		if err != nil {
			t.Fatal(err)
		}
		for i := range again.Submissions {
			if a, b := doc.Submissions[i].Checks, again.Submissions[i].Checks; len(a) > 0 && a[0].Seconds != b[0].Seconds {
				t.Errorf("%s was examined again, which a rubric is no reason for", again.Submissions[i].ID)
			}
		}
	})
}

func find(doc *result.Document, id string) int {
	for i := range doc.Submissions {
		if doc.Submissions[i].ID == id {
			return i
		}
	}
	return -1
}

// TestGrade_Shards: a class that was graded in parts has the marks of one that was not.
func TestGrade_Shards(t *testing.T) {
	w, out, errs := open(t)
	dir, rules := class(t, w, "reference", "half", "borrows")
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	call := func(command func(context.Context, *workshop.Workshop, []string) int, args ...string) {
		t.Helper()
		if got := command(t.Context(), w, args); got != allGraded {
			t.Fatalf("exit status %d\n%s%s", got, out, errs)
		}
	}
	common := []string{dir, "-rubric", rules, "-seed", "7"}
	call(grade, append(common, "-o", whole)...)
	t.Setenv("SHARD_COUNT", "2")
	t.Setenv("SHARD_INDEX", "0")
	call(grade, append(common, "-o", parts, "-shard", "auto")...)
	first, second := filepath.Join(parts, "shard-0-of-2.jsonl"), filepath.Join(parts, "shard-1-of-2.jsonl")
	if got := merge(t.Context(), w, []string{first, "-o", parts}); got != someFaults || !strings.Contains(errs.String(), "shard 1 of 0 to 1") {
		t.Errorf("a gap is merged: %d\n%s", got, errs)
	}
	call(grade, append(common, "-o", parts, "-shard", "1/2")...)
	call(merge, first, second, "-o", parts, "-submissions", dir)
	if got := merge(t.Context(), w, []string{first, second, first, "-o", parts}); got != someFaults {
		t.Errorf("a double is merged: %d", got)
	}
	var docs []*result.Document
	for _, name := range []string{whole, parts} {
		doc, err := result.ReadFile(filepath.Join(name, resultsFile))
		if err != nil {
			t.Fatal(err)
		}
		timeless(doc)
		docs = append(docs, doc)
	}
	if diff := cmp.Diff(docs[0], docs[1]); diff != "" {
		t.Errorf("in parts it is another result (-whole +parts):\n%s", diff)
	}
}

// timeless leaves out of a document what is another each time.
func timeless(doc *result.Document) {
	doc.Started, doc.Finished = doc.Started.Truncate(1<<62), doc.Finished.Truncate(1<<62)
	for i := range doc.Submissions {
		s := &doc.Submissions[i]
		s.Seconds, s.Graded = 0, doc.Started
		for j := range s.Checks {
			s.Checks[j].Seconds, s.Checks[j].Retried = 0, 0
		}
	}
}

// TestGrade_Stopped stops a class after its first submission; the same command goes on.
func TestGrade_Stopped(t *testing.T) {
	w, out, errs := open(t)
	dir, rules := class(t, w, "reference", "half", "borrows")
	results := filepath.Join(t.TempDir(), "results")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w.Err = &trigger{to: errs, word: "1 of 3  ", f: stop}
	args := []string{dir, "-o", results, "-rubric", rules, "-jobs", "1"}
	if got := grade(ctx, w, args); got != interrupted || !strings.Contains(errs.String(), "stopped: 1 of 3 are graded; the same command goes on") {
		t.Fatalf("exit status %d\n%s%s", got, out, errs)
	}
	if _, err := os.Stat(filepath.Join(results, resultsFile)); err == nil {
		t.Error("there are results of a class that is not graded")
	}
	w.Err = errs
	if got := grade(t.Context(), w, args); got != allGraded || !strings.Contains(errs.String(), "going on: 1 of 3 are graded already") {
		t.Errorf("exit status %d\n%s%s", got, out, errs)
	}
	if doc, err := result.ReadFile(filepath.Join(results, resultsFile)); err != nil || len(doc.Submissions) != 3 {
		t.Error(err)
	}
}

// A trigger calls f when a word is written.
type trigger struct {
	to   io.Writer
	word string
	f    func()
	once sync.Once
}

func (t *trigger) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(t.word)) {
		t.once.Do(t.f)
	}
	return t.to.Write(p)
}

// TestGrade_Trusted: without a sandbox the results say so.
func TestGrade_Trusted(t *testing.T) {
	w, out, errs := open(t)
	dir, rules := class(t, w, "reference")
	results := filepath.Join(t.TempDir(), "results")
	if got := grade(t.Context(), w, []string{filepath.Join(dir, "reference"), "-o", results, "-rubric", rules, "-sandbox", "none"}); got != allGraded {
		t.Fatalf("exit status %d\n%s%s", got, out, errs)
	}
	doc, err := result.ReadFile(filepath.Join(results, resultsFile))
	if err != nil || !doc.Trusted || doc.Sandbox != "none" || len(doc.Submissions) != 1 || doc.Submissions[0].Mark() != "20" {
		t.Errorf("%+v, %v", doc, err)
	}
	if !strings.Contains(out.String(), "There was no sandbox") {
		t.Errorf("nothing about it in\n%s", out)
	}
}
