package workshop_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/internal/workshop"

	"github.com/google/go-cmp/cmp"
)

func TestFindRoot(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a [odd] folder")
	below := filepath.Join(root, "docs", "deep")
	if err := os.MkdirAll(below, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(root, "go.mod"):         "module barewire\n",
		filepath.Join(root, "docs", "go.mod"): "module barewire/docs\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{root, below} {
		if got, err := workshop.FindRoot(dir); err != nil || got != root {
			t.Errorf("FindRoot(%q) = %q, %v", dir, got, err)
		}
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(root, "checker", "course"), 0o777),
		os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com/mine\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	if got, err := workshop.FindRoot(below); err == nil || !strings.Contains(err.Error(), "says module example.com/mine, and the workshop's module has to be barewire") {
		t.Errorf("FindRoot with another module: %q, %v", got, err)
	}
	if got, err := workshop.FindRoot(t.TempDir()); err == nil {
		t.Errorf("a root outside the workshop: %q", got)
	}
}

func TestCommand(t *testing.T) {
	for _, test := range []struct {
		name       string
		vars       []string
		make, tool string
	}{
		{"progress", nil, "make progress", "go tool checker progress"},
		{"test", []string{"STEP=3"}, "make test STEP=3", "go tool checker test 3"},
		{"hint", []string{"TASK=3.2"}, "make hint TASK=3.2", "go tool checker hint 3.2"},
		{"test", []string{"STEP=3", "BASE=reference", "RACE=1", "ALL=1"},
			"make test STEP=3 BASE=reference RACE=1 ALL=1", "go tool checker test 3 -base reference -race -all"},
	} {
		if got := (&workshop.Workshop{ByMake: true}).Command(test.name, test.vars...); got != test.make {
			t.Errorf("with make: %q, want %q", got, test.make)
		}
		if got := (&workshop.Workshop{}).Command(test.name, test.vars...); got != test.tool {
			t.Errorf("without make: %q, want %q", got, test.tool)
		}
	}
}

func TestParse(t *testing.T) {
	for _, args := range []string{"3 -race -base reference", "-race 3 -base reference", "-base=reference -race 3"} {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		race := flags.Bool("race", false, "")
		base := flags.String("base", "", "")
		names, err := workshop.Parse(flags, strings.Fields(args))
		if err != nil || !*race || *base != "reference" || cmp.Diff([]string{"3"}, names) != "" {
			t.Errorf("%q: names %q, race %t, base %q, %v", args, names, *race, *base, err)
		}
	}
}

func TestState(t *testing.T) {
	w := &workshop.Workshop{Root: t.TempDir()}
	s := w.State()
	s.Step, s.Failures["3.2"], s.Hints["3.2"] = 3, workshop.Failure{Test: "TestTask2_Host", Said: "got 200"}, workshop.Hinted{Failure: "TestTask2_Host", Level: 2}
	if err := w.Save(s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, w.State()); diff != "" {
		t.Errorf("(-saved +read):\n%s", diff)
	}
	if err := os.WriteFile(w.Path(".barewire/state.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if s := w.State(); s.Step != 0 || s.Failures == nil || s.Hints == nil {
		t.Errorf("a state that is broken is read as %+v", s)
	}
}

func TestFail(t *testing.T) {
	var b bytes.Buffer
	w := &workshop.Workshop{Err: &b}
	if status := w.Fail(workshop.Usage, os.ErrNotExist); status != workshop.Usage || b.String() != "file does not exist\n" {
		t.Errorf("status %d, printed %q", status, b.String())
	}
}
