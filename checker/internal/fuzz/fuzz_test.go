package fuzz

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/workshop"

	"golang.org/x/tools/txtar"
)

// lay writes the workshop of testdata/base.txtar, changed by edits (file, old, new), to
// a folder with a space in its name.
func lay(t *testing.T, edits ...string) *workshop.Workshop {
	t.Helper()
	a, err := txtar.ParseFile("testdata/base.txtar")
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "a workshop")
	for _, f := range a.Files {
		text := string(f.Data)
		for i := 0; i+2 < len(edits); i += 3 {
			if f.Name != edits[i] {
				continue
			}
			if !strings.Contains(text, edits[i+1]) {
				t.Fatalf("%s has no %q", f.Name, edits[i+1])
			}
			text = strings.Replace(text, edits[i+1], edits[i+2], 1)
		}
		name := filepath.Join(root, filepath.FromSlash(f.Name))
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = os.WriteFile(name, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &workshop.Workshop{Root: root}
}

// typed runs the command and returns what it printed.
func typed(t *testing.T, w *workshop.Workshop, args ...string) (status int, out string) {
	t.Helper()
	var b bytes.Buffer
	w.Out, w.Err = &b, &b
	status = Main(t.Context(), w, args)
	return status, b.String()
}

const solution = "solutions/01-tcp-echo/echo.go"

// Targets of the steps run on the reference, whatever a learner wrote, and those of the
// solutions and the checker run too.
func TestMain_nothingFound(t *testing.T) {
	w := lay(t)
	status, out := typed(t, w, "-time", "3s")
	if status != workshop.Green {
		t.Errorf("exit status %d, want %d\n%s", status, workshop.Green, out)
	}
	for _, want := range []string{"3 targets, 1s each", "steps/01-tcp-echo\n  FuzzTask1_Echo ", "solutions/01-tcp-echo\n  FuzzTwice ", "checker/mark\n  FuzzMark ", "\n3 targets, ", ", 0 findings\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	fixture.Narrow(t, out)
	if kept, _ := filepath.Glob(filepath.Join(w.Root, ".barewire/fuzz/steps/01-tcp-echo/FuzzTask1_Echo/*")); len(kept) == 0 {
		t.Errorf("no input is kept for the next run\n%s", out)
	}
	if files, _ := filepath.Glob(filepath.Join(w.Root, "*", "*", "testdata", "fuzz")); len(files) > 0 {
		t.Errorf("%v is there although nothing was found", files)
	}
}

// What fails is found in both trees, written below testdata, and met again.
func TestMain_finding(t *testing.T) {
	w := lay(t, solution, "b = append(b, s[i])", "b = append(b, min(s[i], 127))")
	status, out := typed(t, w, "-time", "40s")
	if status != workshop.Red {
		t.Errorf("exit status %d, want %d\n%s", status, workshop.Red, out)
	}
	for _, want := range []string{", 2 findings\n", "it is not what was sent",
		"\n  input  steps/01-tcp-echo/testdata/fuzz/FuzzTask1_Echo/", "\n  input  solutions/01-tcp-echo/testdata/fuzz/FuzzTwice/",
		"\n  again  go tool checker fuzz -step 01 -only '^FuzzTask1_Echo$' -time 1s\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(w.Root, "*", "*", "testdata", "fuzz", "*", "*")); len(files) != 2 {
		t.Errorf("below testdata are %v, want one input for each target", files)
	}
	status, again := typed(t, w, "-step", "01", "-only", "^FuzzTask1_Echo$", "-time", "1s")
	if status != workshop.Red || !strings.Contains(again, "\n  input  steps/01-tcp-echo/testdata/fuzz/FuzzTask1_Echo/") || !strings.Contains(again, "\n1 target, ") {
		t.Errorf("exit status %d, want %d, and the same input\n%s", status, workshop.Red, again)
	}
}

func TestMain_doesNotCompile(t *testing.T) {
	status, out := typed(t, lay(t, solution, "string(b)", "string(x)"), "-only", "Echo", "-time", "1s")
	if status != workshop.Red || !strings.Contains(out, "undefined: x") {
		t.Errorf("exit status %d, want %d, and what the compiler says\n%s", status, workshop.Red, out)
	}
}

// A target that says that it is slow runs less often, but as long as any other.
func TestRun_fewer(t *testing.T) {
	w := lay(t)
	targets, err := Targets(w.Root, "checker/mark")
	if err != nil || len(targets) != 1 || targets[0].Most != 300 {
		t.Fatalf("the targets are %v, %v", targets, err)
	}
	for each, want := range map[string]string{"30000x": "300x", "200x": "200x", "1m": "1m"} {
		if got := targets[0].share(each); got != want {
			t.Errorf("of %s it runs %s, want %s", each, got, want)
		}
	}
	err = Run(t.Context(), w.Root, targets, "30000x", func(r Result) {
		if r.Finding != "" || r.Runs > 400 {
			t.Errorf("%d runs, want 300\n%s", r.Runs, r.Finding)
		}
		if got, want := Again(r.Target), "go tool checker fuzz -in checker/mark -only '^FuzzMark$' -time 1s"; got != want {
			t.Errorf("again is %s, want %s", got, want)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMain_notUnderstood(t *testing.T) {
	for _, args := range [][]string{{"-only", "Nothing"}, {"-step", "02"}, {"-only", "("}, {"-time", "0s"}, {"3"}} {
		if status, out := typed(t, lay(t), args...); status != workshop.Usage || !strings.HasPrefix(out, "fuzz: ") {
			t.Errorf("%q: exit status %d, want %d, and why\n%s", args, status, workshop.Usage, out)
		}
	}
}

// go test reports the end of its time now and then as if it were a finding.
func TestOutOfTime(t *testing.T) {
	const end = "--- FAIL: FuzzX (1.02s)\n    context deadline exceeded\nFAIL\n"
	for _, test := range []struct {
		out  string
		want bool
	}{
		{end, true},
		{"--- FAIL: FuzzX (1.02s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: context deadline exceeded\n    \n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n", false},
		{strings.Replace(end, "    context", "    Failing input written to testdata/fuzz/FuzzX/1\n    context", 1), false},
		{"--- FAIL: FuzzX (1.02s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n", false},
	} {
		if got := outOfTime(test.out); got != test.want {
			t.Errorf("outOfTime(%q) = %v, want %v", test.out, got, test.want)
		}
	}
}
