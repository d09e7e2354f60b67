package run

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/grader/intake"
)

// A Shard is a part of a class: that of number Index, counted from 0, of Count.
type Shard struct{ Index, Count int }

// Whole is all of a class.
var Whole = Shard{0, 1}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Has reports whether a submission is in the shard. That depends on its id alone, so
// one more student does not move the others.
func (s Shard) Has(id string) bool {
	sum := sha256.Sum256([]byte("barewire shard " + id))
	return int(binary.BigEndian.Uint64(sum[:8])%uint64(s.Count)) == s.Index
}

// Of returns the submissions that are in the shard.
func (s Shard) Of(all []intake.Submission) []intake.Submission {
	return slices.DeleteFunc(slices.Clone(all), func(one intake.Submission) bool { return !s.Has(one.ID) })
}

// ParseShard reads "i/n", counted from 0, or "auto": then the environment of the engine
// that runs the shards says which it is.
func ParseShard(text string, env func(string) string) (Shard, error) {
	if text != "auto" {
		index, count, ok := strings.Cut(text, "/")
		i, err := strconv.Atoi(index)
		n, err2 := strconv.Atoi(count)
		if !ok || err != nil || err2 != nil {
			return Shard{}, fmt.Errorf("--shard %q is not understood: write 0/4 for the first of four, or auto", text)
		}
		return shard(i, n, "--shard "+text)
	}
	s, from, err := auto(env)
	if err != nil {
		return s, fmt.Errorf("--shard auto: %w", err)
	}
	if from == "" {
		return s, errors.New("--shard auto: nothing here says which shard this is: no SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, CI_NODE_INDEX, BUILDKITE_PARALLEL_JOB, CIRCLE_NODE_INDEX, TEST_SHARD_INDEX or SHARD_INDEX; write --shard 0/4")
	}
	return s, nil
}

func shard(index, count int, what string) (Shard, error) {
	if count < 1 || index < 0 || index >= count {
		return Shard{}, fmt.Errorf("%s: there is no shard %d of %d, counted from 0", what, index, count)
	}
	return Shard{index, count}, nil
}

// engines are the variables in which an engine says which of how many jobs this is.
// GitHub has none of its own: a matrix hands job-index and job-total over as SHARD_INDEX
// and SHARD_COUNT.
var engines = []struct {
	index, count string
	first        int // the number of the first job
}{
	{"SHARD_INDEX", "SHARD_COUNT", 0},
	{"JOB_COMPLETION_INDEX", "SHARD_COUNT", 0}, // Kubernetes does not say how many
	{"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
	{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
	{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
	{"TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", 0},
}

// auto asks the environment. A job that has two engines' variables has to be told.
func auto(env func(string) string) (s Shard, from string, err error) {
	if env("SLURM_ARRAY_TASK_ID") != "" {
		s, err = slurm(env)
		from = "SLURM_ARRAY_TASK_ID"
	}
	for _, e := range engines {
		if env(e.index) == "" {
			continue
		}
		if from != "" {
			return Shard{}, from, fmt.Errorf("%s and %s are both set: write --shard i/n", from, e.index)
		}
		from = e.index
		if env(e.count) == "" {
			return Shard{}, from, fmt.Errorf("%s is set, and %s, which says how many shards there are, is not", e.index, e.count)
		}
		i, err := whole(env, e.index)
		n, err2 := whole(env, e.count)
		if err := errors.Join(err, err2); err != nil {
			return Shard{}, from, err
		}
		if s, err = shard(i-e.first, n, e.index); err != nil {
			return Shard{}, from, err
		}
	}
	return s, from, err
}

// slurm reads a Slurm array, which must be whole: an array of the one task that is to
// be repeated would otherwise grade everything.
func slurm(env func(string) string) (Shard, error) {
	var v [4]int
	var errs []error
	names := []string{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_COUNT"}
	for i, name := range names {
		var err error
		v[i], err = whole(env, name)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return Shard{}, err
	}
	id, first, last, count := v[0], v[1], v[2], v[3]
	step := env("SLURM_ARRAY_TASK_STEP")
	if first != 0 || last != count-1 || step != "" && step != "1" {
		return Shard{}, fmt.Errorf("the Slurm array has the tasks %d to %d, %d of them, which is not 0 to n-1: so it does not say how many shards there are. Submit with --array=0-3, or repeat one with --shard %d/4", first, last, count, id)
	}
	return shard(id, count, names[0])
}

func whole(env func(string) string, name string) (int, error) {
	n, err := strconv.Atoi(env(name))
	if err != nil {
		return 0, fmt.Errorf("%s is %q, which is no number", name, env(name))
	}
	return n, nil
}
