package selftest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
	"barewire/checker/grader/rubric"
	"barewire/checker/grader/run"
	"barewire/checker/grader/sandbox"
)

// A Config says where and how.
type Config struct {
	Root   string // the workshop's repository
	Box    sandbox.Box
	Dir    string // a folder of sandbox.Private, in which nothing else happens
	Cases  []Case
	Seed   uint64
	Jobs   int           // cases at a time; 0 is one for each processor
	Report func(Outcome) // is told of each, by one goroutine at a time; or nil
}

// An Outcome is what came of a case.
type Outcome struct {
	Case    Case
	Wrong   []string // what should not be; nothing if all is well
	Stopped string   // the layer, or what was found instead
	Earned  *float64 // nil for no mark
	Allowed float64
	Seconds float64

	Result *result.Document // for whoever wants to see more
}

// A Selftest is one run.
type Selftest struct {
	Config
	builder *build.Builder
	course  *course.Course
	watch   *watch

	mu    sync.Mutex
	bases map[string]*base
}

// base is what a submission without an attack earns.
type base struct {
	once  sync.Once
	score float64
	err   error
}

// Run grades the cases. It returns what came of them, in order, and what was touched or
// left behind by some of them; an error says that nothing was found out.
func Run(ctx context.Context, config Config) (all []Outcome, left []string, err error) {
	s := &Selftest{Config: config, bases: make(map[string]*base)}
	if s.course, err = course.Load(); err != nil {
		return nil, nil, err
	}
	if s.builder, err = build.New(ctx, build.Config{Root: s.Root, Box: s.Box, Dir: s.Dir}); err != nil {
		return nil, nil, err
	}
	if s.watch, err = newWatch(s.Dir, s.builder.Cache); err != nil {
		return nil, nil, err
	}
	defer s.watch.close()
	jobs := s.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	all = make([]Outcome, len(s.Cases))
	errs := make([]error, len(s.Cases))
	var group sync.WaitGroup
	next := make(chan int)
	for range jobs {
		group.Go(func() {
			for i := range next {
				if all[i], errs[i] = s.one(ctx, &s.Cases[i]); errs[i] == nil && s.Report != nil {
					s.mu.Lock()
					s.Report(all[i])
					s.mu.Unlock()
				}
			}
		})
	}
	for i := range s.Cases {
		next <- i
	}
	close(next)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	return all, s.watch.look(), nil
}

// one grades a case, and its honest part if that decides what it may earn.
func (s *Selftest) one(ctx context.Context, c *Case) (Outcome, error) {
	o := Outcome{Case: *c, Allowed: c.AtMost}
	began := time.Now()
	if c.AsBase {
		score, err := s.base(ctx, c)
		if err != nil {
			return o, fmt.Errorf("selftest: %s without its attack: %w", c.Name, err)
		}
		o.Allowed = score
	}
	doc, id, err := s.grade(ctx, c, false)
	if err != nil {
		return o, fmt.Errorf("selftest: %s: %w", c.Name, err)
	}
	o.Result = doc
	o.Seconds = time.Since(began).Seconds()
	s.judge(&o, id)
	return o, nil
}

// base returns what a case earns without its attack. Many have the same.
func (s *Selftest) base(ctx context.Context, c *Case) (float64, error) {
	key := fmt.Sprint(c.Base, c.steps(), c.Mistakes)
	s.mu.Lock()
	b := s.bases[key]
	if b == nil {
		b = new(base)
		s.bases[key] = b
	}
	s.mu.Unlock()
	b.once.Do(func() {
		if len(c.Base) == 0 {
			return
		}
		honest := &Case{Name: "honest", Base: c.Base, Mistakes: c.Mistakes}
		for _, n := range c.steps() {
			if honest.Base[n] == "" {
				honest.Base = mapWith(honest.Base, n)
			}
		}
		doc, _, err := s.grade(ctx, honest, true)
		if b.err = err; err == nil {
			if sub := doc.Submissions[0]; sub.Score == nil {
				b.err = errors.New(sub.Message)
			} else {
				b.score = *sub.Score
			}
		}
	})
	return b.score, b.err
}

// mapWith is a base with the starter of one more step.
func mapWith(old map[int]string, n int) map[int]string {
	m := map[int]string{n: "starter"}
	for k, v := range old {
		m[k] = v
	}
	return m
}

// grade hands in what a case says, and grades it as grade does. It returns the document
// and the ID of the submission that counts.
func (s *Selftest) grade(ctx context.Context, c *Case, bare bool) (*result.Document, string, error) {
	dir, err := os.MkdirTemp(s.watch.dir, "class-")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	l, err := s.lay(c, dir, bare)
	if err != nil {
		return nil, "", err
	}
	opt := intake.Options{From: intake.One}
	if c.As == "class" && !bare {
		opt.From = ""
	}
	all, err := intake.Open(ctx, []string{l.path}, opt)
	if err != nil {
		return nil, "", err
	}
	rules, err := s.rubric(c)
	if err != nil {
		return nil, "", err
	}
	grader, err := run.New(run.Config{Root: s.Root, Box: s.Box, Builder: s.builder, Dir: s.Dir, Rubric: rules, Seed: s.Seed,
		Checker: "selftest", Allow: map[int][]string{2: c.Allow}, Limit: 5 * time.Minute})
	if err != nil {
		return nil, "", err
	}
	doc := &result.Document{
		Schema: result.Schema, Checker: "selftest", Go: s.builder.Version, Sandbox: s.Box.Name(), Trusted: s.Box.Trusted(), Seed: s.Seed,
		Started: time.Now().UTC(), Finished: time.Now().UTC(), Rubric: rules.ID(), MaxScore: rules.MaxScore(), Tasks: rules.Tasks,
	}
	for _, one := range all {
		got, err := grader.One(ctx, one)
		if err != nil {
			return nil, "", err
		}
		doc.Submissions = append(doc.Submissions, got)
	}
	return doc, filepath.Base(l.id), nil
}

// rubric gives 10 points to each of the steps, or what the case says.
func (s *Selftest) rubric(c *Case) (*rubric.Rubric, error) {
	if c.Rubric != "" {
		return rubric.Read("rubric.json", []byte(c.Rubric), s.course, nil)
	}
	r, steps := rubric.Default(s.course), c.steps()
	r.Tasks = slices.DeleteFunc(r.Tasks, func(t result.Task) bool {
		return !slices.Contains(steps, t.Step) || !slices.ContainsFunc(exam.Checks(t.Step), func(c exam.Check) bool { return c.Task() == t.ID })
	})
	return r, nil
}

// Mark is what it earned and what it may earn, in a few letters.
func (o Outcome) Mark() string {
	earned := "none"
	if o.Earned != nil {
		earned = result.Number(*o.Earned)
	}
	if o.Case.StoppedBy == None {
		return fmt.Sprintf("%s of %s", earned, result.Number(o.Case.AtLeast))
	}
	return fmt.Sprintf("%s of %s", earned, result.Number(o.Allowed))
}
