// Package watch holds the command watch: it runs the tests of a step again
// whenever a file is saved.
//
// It leaves out running and printing them, which it has from
// barewire/checker/internal/learner. Read watch.go first, then loop.go, which is
// all of its logic; files.go and terminal.go tell it what happens.
package watch

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/learner"
	"barewire/checker/internal/workshop"
)

// A session is one call of watch.
type session struct {
	w       *workshop.Workshop
	step    course.Step
	last    *gotest.Package // of the last run that came to its end
	all     bool
	keys    bool // keys work
	screen  bool // the screen is cleared before each result
	polling bool
}

// Watch runs the tests of a step, or of the current one, whenever something is
// saved, until q or Ctrl-C is pressed.
func Watch(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("watch", flag.ContinueOnError)
	poll := flags.Bool("poll", false, "look at the files again and again; for disks where saves are not noticed")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(1, "watch", names)
	}
	s := &session{w: w}
	if err == nil && len(names) == 1 {
		s.step, err = w.Step(names[0])
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	if len(names) == 0 {
		at, err := learner.Current(ctx, w)
		if err != nil {
			return w.Fail(workshop.Red, err)
		}
		s.step = at.Step
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l := &loop{run: s.run, key: s.key, urgent: urgent, crashed: func() {}}
	s.screen = w.Tty
	if t := s.terminal(); t != nil {
		defer t.close()
		l.crashed = t.close
		l.keys = keys(ctx, os.Stdin, t.close)
	}
	l.saved, s.polling = files(ctx, w.Path("steps"), *poll, l.crashed)
	l.watch(ctx)
	w.Lines("")
	return workshop.Green
}

// terminal opens the terminal, if a human sits at both ends of it.
func (s *session) terminal() *terminal {
	if !s.w.Tty {
		return nil
	}
	t := openTerminal(os.Stdin)
	if t != nil {
		s.keys = true
		s.w.Out, s.w.Err = rawWriter{s.w.Out}, rawWriter{s.w.Err}
	}
	return t
}

// run runs the tests and shows the result.
func (s *session) run(ctx context.Context, saved string) {
	what := fmt.Sprintf("The tests of step %d are running ...", s.step.Number)
	if saved != "" {
		what = filepath.Base(saved) + " was saved; the tests are running ..."
	}
	s.w.Lines("", s.w.Style.Dim(what))
	packages, err := learner.Run(ctx, s.w, learner.Options{}, s.step)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		fmt.Fprintln(s.w.Err, err)
		return
	}
	s.last = packages[0]
	s.show()
}

// show shows the last result, and the keys.
func (s *session) show() {
	if s.screen {
		s.w.Printf("\x1b[H\x1b[2J\x1b[3J")
	}
	if s.last != nil {
		learner.Report(s.w, learner.Place{Step: s.step, Package: s.last}, learner.Options{All: s.all})
	}
	s.w.Lines("", s.w.Style.Dim(s.footer()))
}

// footer says what is watched, since when, and what the keys do.
func (s *session) footer() string {
	how := "waiting for you to save a file"
	if s.polling {
		how += " (looking for it, " + pollEvery.String() + " apart)"
	}
	text := time.Now().Format("15:04:05") + "  " + how
	if s.keys {
		return text + "\nkeys: h hint, n next step, a all red tests, q quit"
	}
	return text + "; Ctrl-C ends"
}

// Keys that end the program, whatever else it does: a terminal that gives its
// keys one by one sends no signals for them.
const ctrlC, ctrlD, ctrlBackslash = 3, 4, 28

// urgent reports whether a key stops the tests that run.
func urgent(key byte) bool {
	switch key {
	case 'q', 'Q', 'n', 'N', ctrlC, ctrlD, ctrlBackslash:
		return true
	}
	return false
}

// key does what a key says.
func (s *session) key(ctx context.Context, key byte) action {
	switch key {
	case 'q', 'Q', ctrlC, ctrlD, ctrlBackslash:
		return quit
	case 'h', 'H':
		s.hint(ctx)
	case 'a', 'A':
		s.all = !s.all
		s.show()
	case 'n', 'N':
		next, ok := s.w.Next(s.step)
		if !ok {
			s.w.Lines(fmt.Sprintf("Step %d is the last one that is here.", s.step.Number))
			return wait
		}
		s.step, s.last = next, nil
		s.w.Lines(fmt.Sprintf("Step %d, %s ...", next.Number, next.Title))
		return rerun
	case '\r', '\n', ' ':
		return rerun
	default:
		s.w.Lines("keys: h hint, n next step, a all red tests, Enter runs the tests, q quit")
	}
	return wait
}

// hint shows a hint for the first red task of the last run.
func (s *session) hint(ctx context.Context) {
	task := learner.FirstRed(s.step, s.last)
	if task.ID == "" {
		s.w.Lines("No task is red in a way that a hint could help with.")
		return
	}
	s.w.Lines("")
	learner.Hint(ctx, s.w, []string{task.ID})
}
