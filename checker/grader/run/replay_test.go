package run

import (
	"context"
	"slices"
	"strings"
	"testing"

	"barewire/checker/grader/exam"
	"barewire/checker/grader/result"
)

// A replay examines one step, with one check of it and all of its texts, on both bases.
func TestReplay(t *testing.T) {
	f := newFake(t)
	var asked []exam.Config
	f.exam = func(ctx context.Context, cfg exam.Config) ([]exam.Result, error) {
		asked = append(asked, cfg)
		return f.runExam(ctx, cfg)
	}
	id := exam.Checks(3)[1].ID
	e, err := f.Replay(t.Context(), submission("ana", good, spoilt, good), id)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(f.calls, "; "), "build own [3]; exam own [3]; build reference [3]; exam reference [3]"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	for _, cfg := range asked {
		if !slices.Equal(cfg.Only, []string{id}) || !cfg.Whole || cfg.Seed != f.Seed {
			t.Errorf("%s: checks %v of seed %d, whole %v", cfg.Base, cfg.Only, cfg.Seed, cfg.Whole)
		}
	}
	if len(e.Checks) != 2 || e.Checks[0].Outcome != result.Failed || e.Checks[1].Outcome != result.Passed {
		t.Errorf("%+v", e.Checks)
	}
	if len(f.only) > 0 {
		t.Error("the grader goes on with one check")
	}
	if _, err := f.Replay(t.Context(), submission("ana", good), "3.99/none"); err == nil {
		t.Error("there is no such check, and nobody says so")
	}
}
