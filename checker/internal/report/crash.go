package report

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/show"
	"barewire/checker/internal/source"
)

func (r *Report) panicked(f *Failure) bool {
	return r.Package.Panic != nil && r.Package.Panic.Test == f.Test.Name
}

func (r *Report) timedOut(f *Failure) bool {
	return r.Package.Timeout != nil && slices.Contains(r.Package.Timeout.Tests, f.Test.Name)
}

// panic shows the panic that ended the program.
func (r *Report) panic() []string {
	p := r.Package.Panic
	kind := "panic"
	if p.Fatal {
		kind = "fatal error"
	}
	value := show.Clean(strings.ReplaceAll(p.Value, "\n", " "))
	var lines []string
	if words := plain(panicPhrases, p.Value); words != "" {
		lines = label("got", "a "+kind+": "+words)
		lines = append(lines, show.Hang(under, `Go says: "`+value+`"`)...)
	} else {
		lines = label("got", "a "+kind+": "+value)
	}
	lines = append(lines, r.at(p.Stack, "")...)
	why := "a panic that nothing recovers ends the whole program"
	if p.Fatal {
		why = "this ends the whole program, and no code can recover from it"
	}
	return append(lines, label("why", why+r.cost())...)
}

// hang shows where the program was when its time was up.
func (r *Report) hang() []string {
	t := r.Package.Timeout
	got := "no end: the test was still running when its time was up"
	if t.After != "" {
		got = "no end: the test was still running after " + t.After
	}
	lines := label("got", got)
	stuck := r.stuck(t)
	for i, g := range stuck {
		if i == 3 {
			lines = append(lines, fmt.Sprintf("%sand %s more in your code", under, show.Count(len(stuck)-i, "goroutine")))
			break
		}
		lines = append(lines, r.at(g.Stack, ": "+state(g.State))...)
	}
	switch {
	case len(stuck) > 0:
	case slices.ContainsFunc(t.Goroutines, wasRunning):
		lines = append(lines, label("at", "in a loop that never ends, most likely: it was running at that moment, and Go "+cannotSay+". Run the tests again")...)
	default:
		lines = append(lines, label("at", "nowhere in your code: it returned, or was never called"+r.testWaits(t))...)
	}
	why := "a client would wait for ever too" + r.cost()
	return append(lines, label("why", why)...)
}

// cannotSay is what a dump is like where a goroutine was running on another processor
// and could not be stopped in time, as the machine had too much to do.
const cannotSay = "could not say where"

// wasRunning says whether a goroutine is one of which the dump has no stack for that
// reason.
func wasRunning(g gotest.Goroutine) bool { return g.State == "running" && len(g.Stack) == 0 }

// stuck returns the goroutines that are in the learner's code, those that the
// test itself called first.
func (r *Report) stuck(t *gotest.Timeout) []gotest.Goroutine {
	var called, others []gotest.Goroutine
	for _, g := range t.Goroutines {
		if _, ok := ownFrame(g.Stack); !ok {
			continue
		}
		if _, ok := testFrameOf(g.Stack); ok {
			called = append(called, g)
		} else {
			others = append(others, g)
		}
	}
	return append(called, others...)
}

// testWaits says at which line of the tests a goroutine waits, or "".
func (r *Report) testWaits(t *gotest.Timeout) string {
	for _, g := range t.Goroutines {
		if f, ok := testFrameOf(g.Stack); ok {
			return fmt.Sprintf("; the test waits at %s:%d", path.Base(f.File), f.Line)
		}
	}
	return ""
}

// cost says how many tests did not run.
func (r *Report) cost() string {
	if n := len(r.Package.Missing); n > 0 {
		return fmt.Sprintf("; %s after it did not run", show.Count(n, "test function"))
	}
	return ""
}

// ownFrame returns the innermost frame in the learner's code.
func ownFrame(stack []gotest.Frame) (gotest.Frame, bool) {
	i := slices.IndexFunc(stack, func(f gotest.Frame) bool { return source.Own(f.File) })
	if i < 0 {
		return gotest.Frame{}, false
	}
	return stack[i], true
}

// testFrameOf returns the innermost frame in a step's test.
func testFrameOf(stack []gotest.Frame) (gotest.Frame, bool) {
	i := slices.IndexFunc(stack, func(f gotest.Frame) bool {
		return source.StepOf(f.File) != "" && strings.HasSuffix(f.File, "_test.go")
	})
	if i < 0 {
		return gotest.Frame{}, false
	}
	return stack[i], true
}

// at shows where in the learner's code a stack is, with the line of code.
func (r *Report) at(stack []gotest.Frame, then string) []string {
	f, ok := ownFrame(stack)
	if !ok {
		if f, ok = testFrameOf(stack); ok {
			return label("at", fmt.Sprintf("%s:%d, in the test itself", path.Base(f.File), f.Line)+then)
		}
		return nil
	}
	lines := label("at", r.place(f)+r.caller(stack, f)+then)
	return append(lines, r.excerpt(f.File, f.Line, 0)...)
}

// place names a frame: its function, its line and its task.
func (r *Report) place(f gotest.Frame) string {
	name := r.tree.Func(f.File, f.Line)
	file := path.Base(f.File)
	if dir := source.StepOf(f.File); dir != r.Step.Dir {
		file = f.File
	}
	if name == "" {
		return fmt.Sprintf("%s:%d, outside every function", file, f.Line)
	}
	place := fmt.Sprintf("%s (%s:%d)", name, file, f.Line)
	if task := r.tree.Task(source.StepOf(f.File), name); task != "" {
		place += ", task " + task
	}
	return place
}

// caller names the function of a task that called f, if f is of no task.
func (r *Report) caller(stack []gotest.Frame, f gotest.Frame) string {
	dir := source.StepOf(f.File)
	if r.tree.Task(dir, r.tree.Func(f.File, f.Line)) != "" {
		return ""
	}
	for _, g := range stack {
		if !source.Own(g.File) {
			continue
		}
		name := r.tree.Func(g.File, g.Line)
		if task := r.tree.Task(source.StepOf(g.File), name); task != "" {
			return fmt.Sprintf(", called from %s, task %s", name, task)
		}
	}
	return ""
}

// races shows the data races that were seen while a test ran.
func (r *Report) races(test string) []string {
	var lines []string
	for _, race := range r.Package.Races {
		if race.Test != test {
			continue
		}
		lines = append(lines, label("got", "a data race: two goroutines use the same memory at once, and one of them writes")...)
		for _, a := range race.Accesses {
			then := ": a " + strings.ToLower(strings.TrimPrefix(a.What, "Previous "))
			lines = append(lines, r.at(a.Stack, then)...)
		}
		lines = append(lines, label("why", "without a lock or a channel between the two, what is read may be old, or half written")...)
	}
	return lines
}

// exited says that the program ended by itself, and which lines may have done it.
func (r *Report) exited(when string) []string {
	how := "with status 0, as if all were well"
	switch {
	case r.Package.Exit != "":
		how = "with " + r.Package.Exit
	case r.Package.Outcome == gotest.Fail:
		how = "and said that something is wrong"
	}
	lines := label("got", "the program ended by itself "+when+", "+how)
	calls := r.tree.Find(r.Step.Dir, "os.Exit(", "log.Fatal", "syscall.Exit(", "runtime.Goexit(")
	for _, c := range calls {
		lines = append(lines, label("at", r.place(gotest.Frame{File: c.File, Line: c.Line}))...)
		lines = append(lines, r.excerpt(c.File, c.Line, 0)...)
	}
	why := "os.Exit and log.Fatal end the whole program, and the tests with it; return an error instead"
	if len(calls) == 0 {
		why += ". Neither stands in this step's files: look in the steps that it imports"
	}
	return append(lines, label("why", why)...)
}

// ended says, under another failure, that the program did not get to the end.
// With shown == nil all failures stand above it.
func (r *Report) ended(shown *Failure) []string {
	p := r.Package
	var text string
	switch {
	case p.Panic != nil && !(shown == nil && p.Panic.Test != "") && !(shown != nil && r.panicked(shown)):
		text = "Then a panic"
		if f, ok := ownFrame(p.Panic.Stack); ok {
			text += " in " + r.place(f)
		}
		text += " ended the program"
	case p.Timeout != nil && !(shown == nil && len(p.Timeout.Tests) > 0) && !(shown != nil && r.timedOut(shown)):
		text = "Then a test did not end"
		if names := p.Timeout.Tests; len(names) > 0 {
			text += ": " + names[0]
		}
	default:
		return nil
	}
	lines := append([]string{""}, show.Wrap(text+r.cost()+".", show.Width)...)
	if id := shown.id(); id != "" && r.Task == "" {
		lines = append(lines, "The tests of this task alone: "+r.Shop.Command("test", "TASK="+id))
	}
	return lines
}

// id returns the failure's task, or "".
func (f *Failure) id() string {
	if f == nil {
		return ""
	}
	return f.Task.ID
}

// noneRed explains a run that is not green although no test is red.
func (r *Report) noneRed() []string {
	p := r.Package
	next := "change it, save, and run the tests again: " + r.again()
	fail := r.Shop.Style.Red("FAIL") + fmt.Sprintf(" step %d: ", r.Step.Number)
	var lines []string
	switch {
	case p.Panic != nil:
		lines = append([]string{fail + "the program ended outside every test"}, r.panic()...)
	case p.Timeout != nil:
		lines = append([]string{fail + "the program did not end"}, r.hang()...)
	case len(p.Races) > 0:
		lines = append([]string{fail + "a data race outside every test"}, r.races("")...)
	case len(p.Missing) > 0 && len(p.Tests) == 0:
		lines = append([]string{fail + "no test ran"}, r.exited("before the first test")...)
	case len(p.Missing) > 0:
		lines = []string{fail + show.Count(len(p.Missing), "test function") + " did not run"}
		lines = append(lines, label("got", "nothing from "+show.List(p.Missing))...)
		lines = append(lines, r.exited("before them")...)
	case len(p.Tests) == 0:
		return label("", "There are no tests here.")
	default:
		lines = append([]string{fail + "every test passed, but the program failed"}, label("got", p.Exit)...)
	}
	lines = append(lines, printedLines(p.Output)...)
	return append(lines, label("next", next)...)
}
