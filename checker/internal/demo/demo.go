// Package demo holds the command run: it builds the program that a step has to
// try it by hand, with the learner's code or the reference's, and runs it.
//
// The program is built and started here rather than by "go run", which hides
// its exit status and does not pass every signal on. Read this file first, then
// below.go, which is about the earlier steps that a program stands on.
package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// Run builds and runs the program of a step, and returns its exit status. What stands
// behind "--" is for the program.
func Run(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	addr := flags.String("addr", "", "listen on this `address` instead of 127.0.0.1:8080")
	reference := flags.Bool("reference", false, "run the reference's code instead of yours")
	base := flags.String("base", "", "`reference` lays the reference under your code of this step")
	var forProgram []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, forProgram = args[:i], args[i+1:]
	}
	names, err := workshop.Parse(flags, args)
	if err == nil && len(names) != 1 {
		err = errors.New("run: which step? For example: " + w.Command("run", "STEP=1"))
	}
	if err == nil && *base != "" && *base != "mine" && *base != "reference" {
		err = fmt.Errorf("run: -base %s: the earlier steps are mine, which is what happens anyway, or reference", *base)
	}
	var step course.Step
	if err == nil {
		step, err = w.Step(names[0])
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	tree, whose := "steps", "your code"
	var vars []string
	switch {
	case *reference:
		tree, whose = "solutions", "the reference's code"
	case *base == "reference" && step.Number > 1:
		whose, vars = "your code on the reference's earlier steps", []string{"BASE=reference"}
	}
	dir := w.Program(tree, step)
	if dir == "" {
		return noProgram(w, step)
	}
	if tree == "steps" && len(vars) == 0 && refuse(w, step, below(ctx, w, step, dir)) {
		return workshop.Red
	}
	program, status := build(ctx, w, step, dir, vars)
	if program == "" {
		return status
	}
	w.Lines(w.Style.Bold(fmt.Sprintf("Step %d, %s, with %s", step.Number, step.Title, whose)), "")
	if try := at(step.Run, *addr); try != "" {
		w.Lines("In another terminal, try:", "", "  "+try, "")
	}
	var extra []string
	if *addr != "" {
		extra = []string{"-addr", *addr}
	}
	return start(w, program, append(extra, forProgram...))
}

// noProgram says that a step has nothing to run.
func noProgram(w *workshop.Workshop, step course.Step) int {
	w.Lines(show.Wrap(fmt.Sprintf("Step %d, %s, has no program of its own; its tests are how to try it.", step.Number, step.Title), show.Width)...)
	w.Lines("", "next   "+w.Command("test", fmt.Sprintf("STEP=%d", step.Number)))
	return workshop.Usage
}

// build builds the program in dir, on the reference's earlier steps if vars has BASE, and
// returns its path, or "" and the status to exit with.
func build(ctx context.Context, w *workshop.Workshop, step course.Step, dir string, vars []string) (program string, status int) {
	name := strings.ReplaceAll(path.Dir(dir), "/", "-")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	program = filepath.Join(w.Root, workshop.StateDir, "bin", name)
	args := []string{"build", "-o", program, "./" + dir}
	if len(vars) > 0 {
		flag, end, err := onReference(w, step)
		if err != nil {
			return "", w.Fail(workshop.Red, err)
		}
		defer end() // what stays behind is in the folder for temporary files
		args = slices.Insert(args, 1, flag)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = w.Root
	out, err := cmd.CombinedOutput()
	if err == nil {
		return program, workshop.Green
	}
	w.Printf("%s", out)
	w.Lines(w.Style.Red("FAIL") + " the program could not be built: " + err.Error())
	test := append([]string{fmt.Sprintf("STEP=%d", step.Number)}, vars...)
	w.Lines("", "next   "+w.Command("test", test...)+"   says what this means")
	return "", workshop.Red
}

// at returns the command to try, with the address that the program listens on
// in the place of the usual one.
func at(try, addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if addr == "" || err != nil {
		return try
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return strings.NewReplacer(
		"127.0.0.1:8080", net.JoinHostPort(host, port),
		"localhost:8080", net.JoinHostPort(host, port),
		"127.0.0.1 8080", host+" "+port,
		"localhost 8080", host+" "+port,
	).Replace(try)
}

// again is how long a signal that comes twice counts as one: the go command and
// the terminal both pass Ctrl-C on.
const again = 300 * time.Millisecond

// start runs the program until it ends, passes signals on to it, and returns its
// exit status.
func start(w *workshop.Workshop, program string, args []string) int {
	cmd := exec.Command(program, args...)
	cmd.Dir = w.Root
	cmd.Stdout, cmd.Stderr = w.Out, w.Err
	ownGroup(cmd)
	endsWithUs(cmd)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return w.Fail(workshop.Red, err)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		last := make(map[os.Signal]time.Time)
		parent, look := os.Getppid(), time.NewTicker(again)
		defer look.Stop()
		for {
			select {
			case <-look.C:
				if os.Getppid() != parent { // the go command was ended, and tells nobody
					passOn(cmd, syscall.SIGTERM)
					look.Stop()
				}
			case s := <-signals:
				if now := time.Now(); now.Sub(last[s]) > again {
					last[s] = now
					passOn(cmd, s)
				}
			case <-done:
				return
			}
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return workshop.Green
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code > 0 {
			return code
		}
		return w.Fail(workshop.Red, fmt.Errorf("the program ended: %w", err))
	}
	return w.Fail(workshop.Red, err)
}
