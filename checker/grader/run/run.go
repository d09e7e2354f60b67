// Package run grades: one submission through intake, policy, build, exam and rubric
// ([Grader.One]), and a class of them ([Class.Run]).
//
// What is examined does not depend on the rubric, so an examination can be kept and
// marked anew ([Cache]). A failure of this machine is a fault and never a mark: it is
// tried once more, and then the result says so. What a submission does to itself, such
// as ending its program, hanging or taking all memory, is for the exam to describe.
//
// It leaves out how to type all that (the command, in the folder above).
//
// Read this file first, then examine.go and driver.go for one submission; class.go,
// shard.go and cache.go are for many.
package run

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/grader/result"
	"barewire/checker/grader/rubric"
	"barewire/checker/grader/sandbox"
)

// DefaultLimit is how long one submission may take in all. Every part has a limit of
// its own, which is the submission's fault; whoever reaches this one met a machine that
// does not get on, or wants to stop it: that is for the instructor to find out.
const DefaultLimit = 15 * time.Minute

// A Config says how to grade.
type Config struct {
	Root    string // the workshop's repository
	Box     sandbox.Box
	Builder *build.Builder
	Dir     string // a folder of sandbox.Private, with a short name: sockets are in it
	Rubric  *rubric.Rubric
	Seed    uint64
	Checker string        // see [Version]
	Cache   *Cache        // nil for none
	Race    bool          // with a second program, with the race detector: for feedback
	Limit   time.Duration // for one submission; 0 is DefaultLimit
	Corpus  *policy.Corpus
	Allow   map[int][]string // packages that a step may import beyond those of the course

	Share bool // what the reference gets with those who have handed that in: see copied.go

	only []string // IDs of checks; see Replay
}

// A Grader grades submissions. Several goroutines may use it.
type Grader struct {
	Config
	steps     []int // those that are examined
	memory    *exam.Memory
	reference func() map[int][]result.Check // examined once
	building  chan struct{}                 // one for each build at a time
	parts
}

// parts are what a Grader is made of. Tests put others in their place.
type parts struct {
	load  func(context.Context, intake.Submission) (intake.Submission, error)
	check func(map[int][]intake.File) (map[int][]result.Finding, error)
	given handedOut
	open  func(build.Sources) (builds, error)
	exam  func(context.Context, exam.Config) ([]exam.Result, error)
	start func(context.Context, *build.Program, func(exam.Exit)) (exam.Process, error)

	answers func(exam.Process) error // see [exam.Greet]
}

// handedOut knows the files of the course: a [build.Builder].
type handedOut interface {
	Reference() build.Sources
	Same(step int, files map[string][]byte) bool
	Untouched(step int, files map[string][]byte) bool
	Below(step int, sources build.Sources) []int
	Linked(step int, sources build.Sources) []int
}

// builds is a submission that is being built.
type builds interface {
	Build(context.Context, build.Request) (*build.Program, error)
	Close() error
}

// New prepares for grading.
func New(config Config) (*Grader, error) {
	debug.SetGCPercent(200) // questions and answers are garbage at once; the price is memory
	g := &Grader{Config: config, memory: exam.NewMemory(), building: make(chan struct{}, runtime.GOMAXPROCS(0))}
	if g.Limit == 0 {
		g.Limit = DefaultLimit
	}
	for _, n := range config.Rubric.Steps() {
		if len(exam.Checks(n)) > 0 {
			g.steps = append(g.steps, n)
		}
	}
	g.parts = parts{
		load: func(ctx context.Context, s intake.Submission) (intake.Submission, error) { return s.Load(ctx) },
		check: func(steps map[int][]intake.File) (map[int][]result.Finding, error) {
			return policy.Check(steps, g.Allow)
		},
		given: g.Builder,
		open:  func(s build.Sources) (builds, error) { return g.Builder.Open(s) },
		exam:  exam.Run,
		start: g.startDriver,

		answers: func(p exam.Process) error { return exam.Greet(p, exam.DefaultPatience) },
	}
	g.reference = sync.OnceValue(g.examineReference)
	return g, nil
}

// One grades a submission. An error means that nothing is known about it: ctx ended, or
// what was found cannot be kept.
func (g *Grader) One(ctx context.Context, s intake.Submission) (result.Submission, error) {
	begun := time.Now()
	out := result.Submission{
		ID: s.ID, Name: s.Name, Email: s.Email, Source: s.Source, Late: s.Late, Seed: g.Seed,
	}
	if !s.Submitted.IsZero() {
		out.Submitted = &s.Submitted
	}
	s, err := g.load(ctx, s)
	out.Digest, out.Notes = s.Digest, slices.Clone(s.Notes)
	var e *Examination
	switch {
	case err != nil:
	case s.Err != nil:
		e = &Examination{Status: result.Refused, Message: s.Err.Error(), Seconds: time.Since(begun).Seconds()}
	default:
		e, err = g.examination(ctx, s)
	}
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	if errors.Is(err, errCache) {
		return out, err
	}
	if err == nil {
		err = g.mark(&out, e)
	}
	if err != nil {
		out.Status, out.Message, out.Score, out.Raw = result.Fault, err.Error(), nil, nil
		out.Steps, out.Checks, out.MaxScore = nil, nil, g.Rubric.MaxScore()
		out.Seconds = time.Since(begun).Seconds()
	}
	out.Graded = time.Now().UTC().Truncate(time.Second)
	out.Clean()
	return out, nil
}

// examination returns what is kept of the submission, or examines it: twice, if this
// machine failed.
func (g *Grader) examination(ctx context.Context, s intake.Submission) (*Examination, error) {
	key := g.key(s.Digest)
	if e := g.Cache.get(key); e != nil {
		return e, nil
	}
	e, err := g.limited(ctx, s.Steps)
	if err != nil && ctx.Err() == nil {
		var again error
		if e, again = g.limited(ctx, s.Steps); again != nil {
			return nil, fmt.Errorf("%w (a second try: %w)", err, again)
		}
		e.Notes = append(e.Notes, "this machine failed once: "+err.Error())
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return e, g.Cache.put(key, e)
}

// limited examines within the limit.
func (g *Grader) limited(ctx context.Context, steps map[int][]intake.File) (*Examination, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.Limit, fmt.Errorf("it took longer than %v: a machine that is much too slow, or a submission that is made to take so long", g.Limit))
	defer cancel()
	e, err := g.examine(ctx, steps)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return e, err
}

// mark gives marks to what was examined.
func (g *Grader) mark(out *result.Submission, e *Examination) error {
	out.Status, out.Message, out.Seconds = e.Status, e.Message, e.Seconds
	out.Steps, out.Checks = slices.Clone(e.Steps), slices.Clone(e.Checks)
	out.Findings = append(out.Findings, e.Findings...)
	out.Notes = append(out.Notes, e.Notes...)
	for i := range out.Checks {
		// The exam has left the input out of every reason.
		c := &out.Checks[i]
		if !g.Rubric.HidesInput(c.ID) {
			c.Reason = c.Detail
		}
		if c.Reason == c.Detail {
			c.Detail = ""
		}
	}
	if err := g.Rubric.Grade(out); err != nil {
		return fmt.Errorf("rubric: %w", err)
	}
	return out.Validate()
}
