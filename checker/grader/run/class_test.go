package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"

	"github.com/google/go-cmp/cmp"
)

// class is a few submissions with a log.
func class(t *testing.T, path string, grade func(context.Context, intake.Submission) (result.Submission, error)) *Class {
	t.Helper()
	c := &Class{Grade: grade, Jobs: 2}
	var ids []string
	for i := range 8 {
		id := fmt.Sprintf("student%d", i)
		ids = append(ids, id)
		c.Submissions = append(c.Submissions, intake.Submission{ID: id, Digest: "d"})
	}
	log, done, _, err := result.OpenLog(path, result.Shard{Count: 1, Class: result.Class(ids), IDs: ids, Document: result.Document{MaxScore: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	c.Log, c.Done = log, done
	return c
}

func graded(s intake.Submission) result.Submission {
	return result.Submission{ID: s.ID, Digest: s.Digest, Status: result.Graded, Score: new(float64), Raw: new(float64), MaxScore: 1}
}

func left(t *testing.T, c *Class) []intake.Submission {
	t.Helper()
	all, err := c.Left(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestClass_GoesOn stops a class in the middle, again and again: nothing is lost, and
// nothing is graded twice.
func TestClass_GoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grading.jsonl")
	var times atomic.Int64
	rounds := 0
	for {
		ctx, stop := context.WithCancel(t.Context())
		begun := 0
		c := class(t, path, func(ctx context.Context, s intake.Submission) (result.Submission, error) {
			if ctx.Err() != nil {
				return result.Submission{}, ctx.Err()
			}
			times.Add(1)
			return graded(s), nil
		})
		c.Jobs = 1
		c.Report = func(e Event) {
			if e.Result != nil {
				if begun++; begun == 3 {
					stop()
				}
			}
		}
		todo := left(t, c)
		if len(todo) == 0 {
			stop()
			break
		}
		if err := c.Run(ctx, todo); len(todo) > 3 && !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped in the middle, Run says %v", err)
		}
		stop()
		c.Log.Close()
		rounds++
	}
	doc, _, err := result.Merge([]string{path})
	if err != nil || len(doc.Submissions) != 8 || times.Load() != 8 || rounds != 3 {
		t.Errorf("%d submissions, %d times, in %d rounds: %v", len(doc.Submissions), times.Load(), rounds, err)
	}
}

// TestClass_Faults: a fault is tried again when the class goes on, and what is graded is
// not.
func TestClass_Faults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grading.jsonl")
	c := class(t, path, func(_ context.Context, s intake.Submission) (result.Submission, error) {
		if s.ID == "student3" {
			return result.Submission{ID: s.ID, Status: result.Fault, Message: "a fault"}, nil
		}
		return graded(s), nil
	})
	if err := c.Run(t.Context(), left(t, c)); err != nil {
		t.Fatal(err)
	}
	c.Log.Close()
	c = class(t, path, func(_ context.Context, s intake.Submission) (result.Submission, error) { return graded(s), nil })
	todo := left(t, c)
	if len(todo) != 1 || todo[0].ID != "student3" {
		t.Fatalf("left are %v", todo)
	}
	if err := c.Run(t.Context(), todo); err != nil || len(c.Done) != 8 {
		t.Errorf("%v, %d done", err, len(c.Done))
	}
}

// TestClass_Changed: what was graded before is what is there.
func TestClass_Changed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grading.jsonl")
	c := class(t, path, func(_ context.Context, s intake.Submission) (result.Submission, error) { return graded(s), nil })
	if err := c.Run(t.Context(), left(t, c)); err != nil {
		t.Fatal(err)
	}
	c.Submissions[2].Digest = "another"
	if _, err := c.Left(t.Context()); !errors.Is(err, ErrChanged) {
		t.Errorf("Left says %v", err)
	}
}

// TestClass_Stops: an error that is nobody's mark, such as a full disk, ends the class.
func TestClass_Stops(t *testing.T) {
	full := errors.New("no space left on device")
	c := class(t, filepath.Join(t.TempDir(), "grading.jsonl"), func(_ context.Context, s intake.Submission) (result.Submission, error) {
		if s.ID == "student2" {
			return result.Submission{}, full
		}
		return graded(s), nil
	})
	if err := c.Run(t.Context(), left(t, c)); !errors.Is(err, full) {
		t.Errorf("Run says %v", err)
	}
}

func TestParseShard(t *testing.T) {
	for _, test := range []struct {
		text, env string
		want      Shard
		err       string
		why       string
	}{
		{"0/4", "", Shard{0, 4}, "", ""},
		{"3/4", "", Shard{3, 4}, "", ""},
		{"4/4", "", Shard{}, "there is no shard 4 of 4", "counted from 0"},
		{"-1/4", "", Shard{}, "there is no shard -1 of 4", ""},
		{"0/0", "", Shard{}, "there is no shard 0 of 0", ""},
		{"1", "", Shard{}, "write 0/4", ""},
		{"a/b", "", Shard{}, "write 0/4", ""},
		{"auto", "", Shard{}, "nothing here says which shard", "grading everything would be wrong"},
		{"auto", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=4", Shard{2, 4}, "", ""},
		{"auto", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_STEP=1", Shard{2, 4}, "", ""},
		{"auto", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=2 SLURM_ARRAY_TASK_MAX=2 SLURM_ARRAY_TASK_COUNT=1", Shard{}, "repeat one with --shard 2/4",
			"an array of one task that is repeated would grade the whole class"},
		{"auto", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=6 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_STEP=2", Shard{}, "0 to 6, 4 of them", ""},
		{"auto", "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=4 SLURM_ARRAY_TASK_COUNT=4", Shard{}, "1 to 4", ""},
		{"auto", "SLURM_ARRAY_TASK_ID=1", Shard{}, `SLURM_ARRAY_TASK_MIN is "", which is no number`, ""},
		{"auto", "JOB_COMPLETION_INDEX=1", Shard{}, "SHARD_COUNT, which says how many", "Kubernetes does not say it"},
		{"auto", "JOB_COMPLETION_INDEX=1 SHARD_COUNT=4", Shard{1, 4}, "", ""},
		{"auto", "SHARD_INDEX=3 SHARD_COUNT=4", Shard{3, 4}, "", "a GitHub matrix"},
		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=4", Shard{0, 4}, "", "GitLab counts from 1"},
		{"auto", "CI_NODE_INDEX=0 CI_NODE_TOTAL=4", Shard{}, "there is no shard -1 of 4", ""},
		{"auto", "BUILDKITE_PARALLEL_JOB=0 BUILDKITE_PARALLEL_JOB_COUNT=2", Shard{0, 2}, "", ""},
		{"auto", "CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=2", Shard{1, 2}, "", ""},
		{"auto", "TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=2", Shard{1, 2}, "", ""},
		{"auto", "CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=2 TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=2", Shard{}, "both set", ""},
		{"auto", "CIRCLE_NODE_INDEX=x CIRCLE_NODE_TOTAL=2", Shard{}, "no number", ""},
	} {
		env := func(name string) string {
			for word := range strings.FieldsSeq(test.env) {
				if value, ok := strings.CutPrefix(word, name+"="); ok {
					return value
				}
			}
			return ""
		}
		got, err := ParseShard(test.text, env)
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) || err == nil && got != test.want {
			t.Errorf("%s with %s: %v, %v; want %v, %q\n%s", test.text, test.env, got, err, test.want, test.err, test.why)
		}
	}
}

// TestShard: every submission is in one shard, and about as many in each.
func TestShard(t *testing.T) {
	var all []intake.Submission
	for i := range 1000 {
		all = append(all, intake.Submission{ID: fmt.Sprintf("student%d", i)})
	}
	seen := make(map[string]int)
	for i := range 4 {
		part := Shard{i, 4}.Of(all)
		if len(part) < 200 || len(part) > 300 {
			t.Errorf("shard %d of 4 has %d of 1000", i, len(part))
		}
		for _, s := range part {
			seen[s.ID]++
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d are in some shard", len(seen))
	}
	if got := len(Whole.Of(all)); got != 1000 {
		t.Errorf("the whole has %d", got)
	}
	if !(Shard{1, 4}).Has("ana") {
		t.Error("ana is no longer in shard 1 of 4: machines with an older checker would grade her, too")
	}
}

func TestProgress(t *testing.T) {
	for _, test := range []struct {
		tty  bool
		want string
	}{
		{false, "1 of 4  ana  1  2.5 s, 0:30 left\n2 of 4  ben  no mark (fault)  0.0 s, 0:20 left\n"},
		{true, "\r\x1b[K[........................] 0 of 4  ana" +
			"\r\x1b[K[######..................] 1 of 4, 0:30 left" +
			"\r\x1b[K[######..................] 1 of 4, 0:30 left  ben" +
			"\r\x1b[K[############............] 2 of 4, 1 fault, 0:20 left" + "\r\x1b[K"},
	} {
		var b strings.Builder
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		p := &Progress{Out: &b, Tty: test.tty, Total: 4, Now: func() time.Time { return now }}
		one := 1.0
		p.Event(Event{ID: "ana"})
		now = now.Add(10 * time.Second)
		p.Event(Event{ID: "ana", Result: &result.Submission{ID: "ana", Status: result.Graded, Score: &one, Seconds: 2.5}})
		p.Event(Event{ID: "ben"})
		now = now.Add(10 * time.Second)
		p.Event(Event{ID: "ben", Result: &result.Submission{ID: "ben", Status: result.Fault}})
		p.End()
		p.Draw()
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("tty %v (-want +got):\n%s", test.tty, diff)
		}
	}
}
