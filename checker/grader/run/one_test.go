package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
	"barewire/checker/grader/rubric"

	"github.com/google/go-cmp/cmp"
)

// fake is a grader of a course of three steps with one check each. Step 3 stands on
// step 2. A file says what its step does.
type fake struct {
	*Grader
	calls   []string // "build own [1 2 3]", "exam own 1,2,3" and so on
	running int      // processes that nobody has stopped
	onBuild func() error
	onExam  func() error
}

const (
	good   = "passes"
	bad    = "fails"
	spoilt = "fails, and so does what stands on it"
	broken = "does not compile"
	ends   = "ends the program"
	banned = "not allowed"
	given  = "as it was handed out"
)

func newFake(t *testing.T) *fake {
	t.Helper()
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := rubric.Read("rubric.json", []byte(`{"points": {"1.1": 10, "2.1": 10, "3.1": 10}}`), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{Grader: &Grader{
		Config: Config{Rubric: rules, Seed: 7, Checker: "v1", Limit: time.Minute},
		steps:  []int{1, 2, 3}, building: make(chan struct{}, 2),
	}}
	f.parts = parts{
		load: func(_ context.Context, s intake.Submission) (intake.Submission, error) { return s, nil },
		check: func(steps map[int][]intake.File) (map[int][]result.Finding, error) {
			found := make(map[int][]result.Finding)
			for n, files := range steps {
				if string(files[0].Content) == banned {
					found[n] = []result.Finding{{Kind: result.Policy, File: "steps/x/a.go", Line: 3, Text: "import \"net/http\""}}
				}
			}
			return found, nil
		},
		given: fakeCourse{},
		open:  func(s build.Sources) (builds, error) { return &fakeBuilds{f, s}, nil },
		exam:  f.runExam,
		start: func(_ context.Context, p *build.Program, _ func(exam.Exit)) (exam.Process, error) {
			f.running++
			return &fakeProcess{f: f, program: p}, nil
		},
		answers: func(p exam.Process) error {
			if strings.Contains(p.(*fakeProcess).program.Path, ends) {
				p.Stop()
				return &exam.Silent{Message: "at its start, the program ended: exit status 0"}
			}
			return nil
		},
	}
	f.reference = sync.OnceValue(f.examineReference)
	return f
}

func submission(id string, does ...string) intake.Submission {
	s := intake.Submission{ID: id, Steps: make(map[int][]intake.File), Digest: "of " + strings.Join(does, ",")}
	for i, what := range does {
		if what != "" {
			s.Steps[i+1] = []intake.File{{Name: "a.go", Path: "steps/x/a.go", Content: []byte(what)}}
		}
	}
	return s
}

// A fakeProcess runs a program of fakeBuilds.
type fakeProcess struct {
	exam.Process
	f       *fake
	program *build.Program
}

func (p *fakeProcess) Stop() exam.Exit {
	p.f.running--
	return exam.Exit{}
}

// fakeCourse is one whose step 3 stands on step 2.
type fakeCourse struct{}

func (fakeCourse) Reference() build.Sources {
	file := func() map[string][]byte { return map[string][]byte{"a.go": []byte(good + "!")} }
	return build.Sources{1: file(), 2: file(), 3: file()}
}

func (fakeCourse) Same(_ int, files map[string][]byte) bool {
	return string(files["a.go"]) == good+"!"
}

func (fakeCourse) Untouched(_ int, files map[string][]byte) bool {
	return string(files["a.go"]) == given
}

func (fakeCourse) Below(step int, _ build.Sources) []int {
	if step == 3 {
		return []int{2}
	}
	return nil
}

func (c fakeCourse) Linked(step int, sources build.Sources) []int { return c.Below(step, sources) }

type fakeBuilds struct {
	f       *fake
	sources build.Sources
}

func (b *fakeBuilds) Close() error { return nil }

// Build makes a program whose path is what it does: "own: 1=passes 2=fails".
func (b *fakeBuilds) Build(_ context.Context, r build.Request) (*build.Program, error) {
	b.f.calls = append(b.f.calls, fmt.Sprintf("build %s %v", r.Base, r.Steps))
	if b.f.onBuild != nil {
		if err := b.f.onBuild(); err != nil {
			return nil, err
		}
	}
	p := &build.Program{Path: r.Base, Base: r.Base, Steps: make(map[int]build.Step)}
	for n := 1; n <= 3; n++ {
		what := string(b.sources[n]["a.go"])
		switch {
		case what == "":
			p.Steps[n] = build.Step{Message: "nothing was handed in for this step"}
		case what == broken:
			p.Steps[n] = build.Step{Message: "it does not compile: a.go:1: expected package"}
			f := result.Finding{Kind: result.Build, File: "steps/x/a.go", Line: 1, Text: "expected package"}
			if !slices.Contains(p.Findings, f) {
				p.Findings = append(p.Findings, f)
			}
		case n == 2 && slices.Equal(r.Steps, []int{3}) && r.Base == result.Own:
			p.Path += " 2=" + what // step 3 is linked with it
		case slices.Contains(r.Steps, n):
			p.Steps[n] = build.Step{Built: true}
			p.Path += fmt.Sprintf(" %d=%s", n, what)
		}
	}
	return p, nil
}

// runExam has one check a step.
func (f *fake) runExam(ctx context.Context, cfg exam.Config) ([]exam.Result, error) {
	f.calls = append(f.calls, fmt.Sprintf("exam %s %v", cfg.Base, cfg.Steps))
	if f.onExam != nil {
		if err := f.onExam(); err != nil {
			return nil, err
		}
	}
	var all []exam.Result
	for _, n := range cfg.Steps {
		var r exam.Result
		r.ID, r.Task, r.Step, r.Base, r.Seed = fmt.Sprintf("%d.1/it", n), fmt.Sprintf("%d.1", n), n, cfg.Base, cfg.Seed
		r.Title, r.Outcome = "it works", result.Passed
		if i := slices.IndexFunc(cfg.Only, func(id string) bool { return strings.HasPrefix(id, strconv.Itoa(n)+".") }); i >= 0 {
			r.ID = cfg.Only[i]
		}
		process, err := cfg.Start(ctx, n, cfg.Base)
		if unbuilt, ok := errors.AsType[*exam.Unbuilt](err); ok {
			r.Outcome, r.Reason = result.NotReached, unbuilt.Message
		} else if silent, ok := errors.AsType[*exam.Silent](err); ok {
			r.Outcome, r.Reason = result.NotReached, silent.Message
		} else if err != nil {
			return nil, err
		} else if own := process.(*fakeProcess).program.Path + " "; strings.Contains(own, fmt.Sprintf("%d=%s", n, "fails")) || n == 3 && cfg.Base == result.Own && strings.Contains(own, "2="+spoilt) {
			r.Outcome, r.Reason, r.Detail = result.Failed, "a small input: want yes", "a small input: want yes\ninput 17"
		}
		if process != nil {
			process.Stop()
		}
		if r.Detail == "" {
			r.Detail = r.Reason
		}
		all = append(all, r)
	}
	return all, nil
}

// say is what a submission got, in a few lines.
func say(s result.Submission) string {
	text := fmt.Sprintf("%s %s", s.Status, s.Mark())
	if s.Message != "" {
		text += ": " + s.Message
	}
	for _, step := range s.Steps {
		text += fmt.Sprintf("\n%d %v %s", step.Number, step.Score, step.Base)
		if !step.Built {
			text += " not built"
		}
		if step.Message != "" {
			text += ": " + step.Message
		}
	}
	for _, f := range s.Findings {
		text += "\n" + f.Kind + " " + said(f)
	}
	for _, note := range s.Notes {
		text += "\nnote " + note
	}
	return text
}

func TestOne(t *testing.T) {
	twice := func(errs ...error) func() error {
		return func() error {
			if len(errs) == 0 {
				return nil
			}
			err := errs[0]
			errs = errs[1:]
			return err
		}
	}
	disk := errors.New("no space left on device")
	share := func(f *fake) { f.Share = true }
	for _, test := range []struct {
		name  string
		s     intake.Submission
		set   func(f *fake)
		want  string
		calls string
		why   string
	}{
		{"all is right", submission("ana", good, good, good), nil,
			"graded 30\n1 10 own\n2 10 own\n3 10 own", "build own [1 2 3]; exam own [1 2 3]",
			"what is whole on the own base needs no other"},
		{"the reference", submission("ana", good+"!", good+"!", bad), nil,
			"graded 20\n1 10 own\n2 10 own\n3 0 own", "build own [1 2 3]; exam own [1 2 3]",
			"on the reference's own steps nothing would come out otherwise"},
		{"what the reference gets is known", submission("ana", good+"!", good+"!", bad), share,
			"graded 20\n1 10 own\n2 10 own\n3 0 own", "build own [1 2 3]; exam own [1 2 3]; build own [3]; exam own [3]",
			"it is the same for all who have it; what is first is the reference"},
		{"on a step of somebody's own", submission("ana", good+"!", good, good+"!"), share,
			"graded 30\n1 10 own\n2 10 own\n3 10 own", "build own [1 2 3]; exam own [1 2 3]; build own [2 3]; exam own [2 3]",
			"the reference's step 3 may fail on that"},
		{"a copy with nothing else", submission("ana", good+"!", "", good+"!"), share,
			"graded 20\n1 10 own\n2 0 own not built: nothing was handed in for this step\n3 10 own",
			"build own [1 2 3]; exam own [1 2 3]; build own [2]; exam own [2]", "it stands on the reference's step 2"},
		{"all of it, and a machine that fails", submission("ana", good+"!", good+"!", good+"!"), func(f *fake) { share(f); f.onExam = twice(disk) },
			"graded 30\n1 10 own\n2 10 own\n3 10 own", "build own [1 2 3]; exam own [1 2 3]; build own [1 2 3]; exam own [1 2 3]",
			"it is examined as every other"},
		{"one early mistake", submission("ana", good, spoilt, good), nil,
			"graded 20\n1 10 own\n2 0 own\n3 10 reference", "build own [1 2 3]; exam own [1 2 3]; build reference [3]; exam reference [3]",
			"step 3 is right, and stands on a wrong step 2"},
		{"a step that stands alone fails", submission("ana", bad, good, good), nil,
			"graded 20\n1 0 own\n2 10 own\n3 10 own", "build own [1 2 3]; exam own [1 2 3]",
			"there is no other base for it"},
		{"a step that does not compile", submission("ana", good, broken, good), nil,
			"graded 20\n1 10 own\n2 0 own not built: it does not compile: a.go:1: expected package\n3 10 own\nbuild a.go:1: expected package",
			"build own [1 2 3]; exam own [1 2 3]", "step 3 stands on the reference then"},
		{"a step that is missing", submission("ana", good, "", good), nil,
			"graded 20\n1 10 own\n2 0 own not built: nothing was handed in for this step\n3 10 own",
			"build own [1 2 3]; exam own [1 2 3]", "half-done is graded for what is there"},
		{"a step that is as it was handed out", submission("ana", good, given, bad), nil,
			"graded 10\n1 10 own\n2 0 own: nothing is written yet: all files are as they were handed out\n3 0 own",
			"build own [1 3]; exam own [1 3]; build reference [3]; exam reference [3]", "there is nothing to ask it"},
		{"nothing but what was handed out", submission("ana", given, given, given), nil,
			"graded 0\n1 0 own: nothing is written yet: all files are as they were handed out\n2 0 own: nothing is written yet: all files are as they were handed out\n3 0 own: nothing is written yet: all files are as they were handed out", "", "nor to build"},
		{"a step that is not allowed", submission("ana", good, banned, good), nil,
			"graded 20\n1 10 own\n2 0 own not built: not built: a.go:3: import \"net/http\"\n3 10 own\npolicy a.go:3: import \"net/http\"",
			"build own [1 2 3]; exam own [1 2 3]", "the others do not suffer"},
		{"nothing that is allowed", submission("ana", banned), nil,
			"refused 0 (refused): no step may be built: a.go:3: import \"net/http\"\npolicy a.go:3: import \"net/http\"", "", ""},
		{"a step that ends the program", submission("ana", good, ends, good), nil,
			"graded 20\n1 10 own\n2 0 own: at its start, the program ended: exit status 0\n3 10 reference: at its start, the program ended: exit status 0",
			"build own [1 2 3]; build own [1 2]; build own [1]; build own [1]; exam own [1 2 3]; build reference [3]; exam reference [3]",
			"one that ends the program must not take the others with it"},
		{"unreadable", func() intake.Submission { s := submission("ana"); s.Err = errors.New("this is no zip"); return s }(), nil,
			"refused 0 (refused): this is no zip", "", "a mark of 0 with the reason"},
		{"a disk that is full once", submission("ana", good, good, good), func(f *fake) { f.onBuild = twice(disk) },
			"graded 30\n1 10 own\n2 10 own\n3 10 own\nnote this machine failed once: no space left on device",
			"build own [1 2 3]; build own [1 2 3]; exam own [1 2 3]", "what this machine did is tried again"},
		{"a disk that is full", submission("ana", good, good, good), func(f *fake) { f.onBuild = twice(disk, disk) },
			"fault no mark (fault): no space left on device (a second try: no space left on device)", "build own [1 2 3]; build own [1 2 3]",
			"a fault is no mark"},
		{"a sandbox that fails", submission("ana", good, good, good), func(f *fake) { f.onExam = twice(disk, disk) },
			"fault no mark (fault): no space left on device (a second try: no space left on device)",
			"build own [1 2 3]; exam own [1 2 3]; build own [1 2 3]; exam own [1 2 3]", ""},
		{"a file that cannot be read", submission("ana"), func(f *fake) {
			f.load = func(_ context.Context, s intake.Submission) (intake.Submission, error) { return s, disk }
		}, "fault no mark (fault): no space left on device", "", "the student did not fail"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t)
			if test.set != nil {
				test.set(f)
			}
			got, err := f.One(t.Context(), test.s)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, say(got)); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, test.why)
			}
			if f.running != 0 {
				t.Errorf("%d processes are still there", f.running)
			}
			if calls := strings.Join(f.calls, "; "); calls != test.calls {
				t.Errorf("calls are\n%s\nwant\n%s\n%s", calls, test.calls, test.why)
			}
		})
	}
}

// TestOne_Limit: who takes all the time that there is gets no mark, and neither does
// who is stopped.
func TestOne_Limit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.exam = func(ctx context.Context, _ exam.Config) ([]exam.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		got, err := f.One(t.Context(), submission("ana", good))
		if err != nil || got.Status != result.Fault || !strings.Contains(got.Message, "longer than 1m0s") {
			t.Errorf("after the limit: %s, %v", say(got), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := f.One(ctx, submission("ana", good)); err == nil {
			t.Errorf("stopped, and yet %s", say(got))
		}
	})
}

// TestOne_Cache: what has not changed is marked, and not examined again.
func TestOne_Cache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	one := func(s intake.Submission, change func(*fake)) (result.Submission, bool) {
		t.Helper()
		f := newFake(t)
		var err error
		if f.Cache, err = OpenCache(dir); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(f)
		}
		got, err := f.One(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return got, len(f.calls) > 0
	}
	s := submission("ana", good, bad, good)
	first, examined := one(s, nil)
	if !examined || first.Mark() != "20" {
		t.Fatalf("at first: %s, examined %v", say(first), examined)
	}
	rules := func(text string) func(*fake) {
		return func(f *fake) {
			c, _ := course.Load()
			r, err := rubric.Read("rubric.json", []byte(text), c, nil)
			if err != nil {
				t.Fatal(err)
			}
			f.Rubric = r
		}
	}
	other := submission("ben", good, bad, good)
	for _, test := range []struct {
		name     string
		s        intake.Submission
		change   func(*fake)
		examined bool
		mark     string
	}{
		{"the same", s, nil, false, "20"},
		{"another student with the same files", other, nil, false, "20"},
		{"another rubric", s, rules(`{"points": {"1.1": 1, "2.1": 2, "3.1": 4}}`), false, "5"},
		{"other files", submission("ana", good, good, good), nil, true, "30"},
		{"another seed", s, func(f *fake) { f.Seed = 8 }, true, "20"},
		{"another checker", s, func(f *fake) { f.Checker = "v2" }, true, "20"},
		{"with races", s, func(f *fake) { f.Race = true }, true, "20"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, examined := one(test.s, test.change)
			if got.ID != test.s.ID || got.Mark() != test.mark || examined != test.examined {
				t.Errorf("%s has %s, examined %v; want %s, %v", got.ID, got.Mark(), examined, test.mark, test.examined)
			}
		})
	}
	t.Run("cut off", func(t *testing.T) {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, name := range files {
			if err := os.Truncate(name, 40); err != nil {
				t.Fatal(err)
			}
		}
		if got, examined := one(s, nil); !examined || got.Mark() != "20" {
			t.Errorf("%s, examined %v", say(got), examined)
		}
	})
	t.Run("a fault is not kept", func(t *testing.T) {
		s := submission("cem", good)
		got, _ := one(s, func(f *fake) { f.onExam = func() error { return errors.New("a fault") } })
		if got.Status != result.Fault {
			t.Fatal(say(got))
		}
		if got, examined := one(s, nil); !examined || got.Status != result.Graded {
			t.Errorf("%s, examined %v", say(got), examined)
		}
	})
	t.Run("a cache that cannot be written", func(t *testing.T) {
		f := newFake(t)
		f.Cache = &Cache{filepath.Join(dir, "gone")}
		if got, err := f.One(t.Context(), s); err == nil {
			t.Errorf("no error, and %s", say(got))
		}
	})
}

// TestOne_Hidden: the input is shown where the rubric says so, whenever it says so.
func TestOne_Hidden(t *testing.T) {
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ rules, reason, detail string }{
		{`{}`, "a small input: want yes\ninput 17", ""},
		{`{"brief": ["2"]}`, "a small input: want yes", "a small input: want yes\ninput 17"},
		{`{"hidden": ["2"]}`, "a small input: want yes", "a small input: want yes\ninput 17"},
	} {
		f := newFake(t)
		rules, err := rubric.Read("rubric.json", []byte(test.rules), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		rules.Tasks = f.Rubric.Tasks
		f.Rubric = rules
		got, err := f.One(t.Context(), submission("ana", good, bad, good))
		if err != nil {
			t.Fatal(err)
		}
		if check := got.Checks[1]; check.Reason != test.reason || check.Detail != test.detail {
			t.Errorf("with %s: reason %q, detail %q", test.rules, check.Reason, check.Detail)
		}
	}
}
