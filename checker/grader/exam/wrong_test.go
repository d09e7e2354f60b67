package exam

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/result"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
	"barewire/checker/wrong"
)

var (
	wrongStep = flag.String("wrong", "", "try the wrong programs of these steps, such as 2,3, or all")
	wrongOnly = flag.String("program", ".", "of these, those whose names match")
	wrongJobs = flag.Int("jobs", 2, "how many are tried at once")
)

// TestWrong says which of the wrong programs in checker/wrong the exam notices:
//
//	go test ./checker/grader/exam -run TestWrong -v -timeout 1h -wrong 2
//
// It is not part of the gate: it compiles a thousand programs. The exam need not
// catch every one of them, as it may ask for no more than the tasks pin from the
// outside; four in five of each task is the aim.
func TestWrong(t *testing.T) {
	if *wrongStep == "" {
		return // not a skip, which the gate takes for something that this machine lacks
	}
	programs, err := wrong.Load(root(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range c.Steps {
		if *wrongStep == "all" || slices.Contains(strings.Split(*wrongStep, ","), fmt.Sprint(step.Number)) {
			t.Run(step.Dir, func(t *testing.T) { tryWrong(t, step, programs) })
		}
	}
}

// control is the reference among the wrong programs.
const control = "control"

// programName is the name of a wrong program, such as "3.2-last-host".
func programName(p wrong.Program) string { return strings.TrimSuffix(path.Base(p.File), ".txtar") }

func tryWrong(t *testing.T, step course.Step, programs []wrong.Program) {
	chosen := regexp.MustCompile(*wrongOnly)
	programs = slices.DeleteFunc(slices.Clone(programs), func(p wrong.Program) bool {
		return p.Step != step.Dir || !chosen.MatchString(programName(p))
	})
	// One that is not wrong has to pass, or the others fail for another reason.
	programs = append(programs, wrong.Program{File: control + ".txtar", Step: step.Dir, Task: control})
	program, programs := buildWrong(t, step, programs)
	var mu sync.Mutex
	caught, elsewhere, all := map[string]int{}, map[string]int{}, map[string]int{}
	var missed []string
	slots := make(chan struct{}, *wrongJobs)
	var tries sync.WaitGroup
	for _, p := range programs {
		slots <- struct{}{}
		tries.Go(func() {
			defer func() { <-slots }()
			results, err := Run(t.Context(), Config{
				Seed: *seed, Steps: []int{step.Number}, Base: result.Own, NoRetry: true, Patience: 3 * time.Second,
				Start: plain(program, "BAREWIRE_WRONG="+programName(p)),
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%s: %v", programName(p), err)
				return
			}
			var failed []string
			there := false
			for _, r := range results {
				if r.Outcome != result.Passed {
					failed = append(failed, r.ID)
					there = there || r.Task == p.Task
				}
			}
			if testing.Verbose() && *wrongOnly != "." {
				t.Logf("%s (%s)\n%s", programName(p), p.About, report(slices.DeleteFunc(results, func(r Result) bool { return r.Outcome == result.Passed })))
			}
			all[p.Task]++
			switch {
			case p.Task == control:
				if len(failed) > 0 {
					t.Errorf("the reference, built like the wrong programs, fails:\n%s", report(results))
				}
			case there:
				caught[p.Task]++
			case len(failed) > 0:
				elsewhere[p.Task]++
			default:
				missed = append(missed, fmt.Sprintf("%-45s %s", programName(p), p.About))
			}
		})
	}
	tries.Wait()
	slices.Sort(missed)
	for _, task := range step.Tasks {
		n := caught[task.ID] + elsewhere[task.ID]
		t.Logf("%-5s %3d of %3d caught, %d of them by another task only", task.ID, n, all[task.ID], elsewhere[task.ID])
		if *wrongOnly == "." && n*5 < all[task.ID]*4 {
			t.Errorf("task %s: fewer than four in five", task.ID)
		}
	}
	t.Logf("not caught, %d of %d:\n%s", len(missed), len(programs)-1, strings.Join(missed, "\n"))
}

// buildWrong builds one driver with all wrong programs in it that compile. Which
// one it links is chosen by a variable.
func buildWrong(t *testing.T, step course.Step, programs []wrong.Program) (string, []wrong.Program) {
	dir := root(t)
	program := filepath.Join(t.TempDir(), "driver")
	for {
		plan, err := overlay.Reference(dir)
		if err != nil {
			t.Fatal(err)
		}
		onSteps(t, plan)
		layWrong(t, plan, step, programs)
		file, remove, err := plan.Write()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-o", program, "-overlay="+file, "-gcflags=barewire/...=-dwarf=false", "-ldflags=-s -w", "./checker/grader/driver")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		_ = remove()
		if err == nil {
			return program, programs
		}
		n := len(programs)
		programs = slices.DeleteFunc(programs, func(p wrong.Program) bool {
			bad := regexp.MustCompile(`(?m)^# barewire/.*/` + regexp.QuoteMeta(wrongPackage(p)) + `\r?$`).Match(out)
			if bad {
				t.Logf("%s does not compile here, and is left out", programName(p))
			}
			return bad
		})
		if len(programs) == n {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// wrongPackage is the folder of a wrong program's packages.
func wrongPackage(p wrong.Program) string { return "w" + programName(p) }

// layWrong adds a package for each program to a plan, an adapter that calls it, and
// a links.go that knows them all.
func layWrong(t *testing.T, plan *overlay.Plan, step course.Step, programs []wrong.Program) {
	dir := root(t)
	adapter := fmt.Sprintf("checker/grader/driver/step%02d", step.Number)
	adapters := readDir(t, filepath.Join(dir, adapter))
	sources := readDir(t, filepath.Join(dir, "solutions", step.Dir))
	var imports, cases strings.Builder
	for i, p := range programs {
		edited, err := p.Sources(dir)
		if err != nil {
			t.Fatal(err)
		}
		place := path.Join("steps", step.Dir, "wrong", wrongPackage(p))
		all := maps.Clone(sources)
		maps.Copy(all, edited)
		for name, src := range all {
			if !strings.Contains(name, "/") {
				plan.Replace(path.Join(place, name), starter.ToSteps(src))
			}
		}
		to := path.Join("checker/grader/driver/wrong", wrongPackage(p))
		for name, src := range adapters {
			src := strings.ReplaceAll(string(src), `"barewire/solutions/`+step.Dir+`"`, `"barewire/`+place+`"`)
			plan.Replace(path.Join(to, name), starter.ToSteps([]byte(src)))
		}
		fmt.Fprintf(&imports, "\tp%d %q\n", i, "barewire/"+to)
		fmt.Fprintf(&cases, "\tcase %q:\n\t\tp%d.Register()\n", programName(p), i)
	}
	plan.Replace("checker/grader/driver/links.go", []byte("package main\n\nimport (\n\t\"os\"\n"+imports.String()+
		")\n\nvar links = []func(){func() {\n\tswitch os.Getenv(\"BAREWIRE_WRONG\") {\n"+cases.String()+"\t}\n}}\n"))
}

// readDir returns the Go files in a folder, without tests.
func readDir(t *testing.T, dir string) map[string][]byte {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
