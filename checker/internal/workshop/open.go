package workshop

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"barewire/checker/course"

	"github.com/mattn/go-colorable"
	"golang.org/x/term"
)

// Signals returns a context that the first signal cancels: every command ends
// soon after it, and leaves the terminal and the files as they should be.
func Signals() (ctx context.Context, stop func()) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// Open returns a workshop that writes to this program's output and does not know
// yet where it is; see [Workshop.Find].
func Open() *Workshop {
	w := &Workshop{
		Out:    colorable.NewColorable(os.Stdout),
		Err:    colorable.NewColorable(os.Stderr),
		ByMake: os.Getenv("MAKELEVEL") != "",
		Tty:    term.IsTerminal(int(os.Stdout.Fd())),
	}
	w.Style.Color = w.Tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return w
}

// Find finds the workshop around the working folder, and reads the course.
func (w *Workshop) Find() error {
	dir, err := os.Getwd()
	if err == nil {
		w.Root, err = FindRoot(dir)
	}
	if err == nil {
		w.Course, err = course.Load()
	}
	return err
}

// Call runs another program of this module with this one's input and output, and
// returns its status. tool is its import path, which go.mod names as a tool.
func (w *Workshop) Call(ctx context.Context, tool string, args ...string) int {
	find := exec.CommandContext(ctx, "go", "tool", "-n", tool)
	find.Dir, find.Stderr = w.Root, os.Stderr
	file, err := find.Output()
	if err != nil {
		return w.Fail(Red, errors.New(tool+" cannot be built: "+err.Error()))
	}
	// Another command may be writing the same program into go's cache just now.
	for try := 0; ; try++ {
		cmd := exec.CommandContext(ctx, strings.TrimSpace(string(file)), args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		err = cmd.Run()
		if state := cmd.ProcessState; state != nil && state.ExitCode() >= 0 {
			return state.ExitCode()
		}
		if try == 10 || !errors.Is(err, syscall.ETXTBSY) {
			return w.Fail(Red, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
