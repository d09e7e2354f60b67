package watch

import (
	"context"
	"time"
)

// settle is how long nothing may be saved before the tests run: editors write a
// file in several steps, and "save all" writes several files.
const settle = 30 * time.Millisecond

// A loop runs the tests whenever something was saved, and does what keys say.
// It knows no files and no terminal: tests drive it through its channels.
type loop struct {
	saved <-chan string // names of files that were saved
	keys  <-chan byte   // keys that were pressed; nil if there are none, closed if the terminal is gone

	// run runs the tests and shows the result. It returns early, and shows
	// nothing, when ctx is cancelled. saved is the file that caused it, or "".
	run func(ctx context.Context, saved string)
	// key does what a key says, while no tests run, and says what comes then.
	key func(ctx context.Context, key byte) action
	// urgent reports whether a key stops the tests that run.
	urgent func(key byte) bool
	// crashed is called in a goroutine that panics, before the program ends.
	crashed func()
}

// An action is what follows on a key.
type action int

const (
	wait  action = iota // for the next save or key
	rerun               // the tests
	quit
)

// watch runs until a key says quit or ctx is cancelled.
func (l *loop) watch(ctx context.Context) {
	cause := ""
	for {
		what, saved := l.once(ctx, cause)
		cause = saved
		for what == wait {
			what, cause = l.idle(ctx)
		}
		if what == quit {
			return
		}
	}
}

// once runs the tests. A save stops them, and so does a key that is urgent; any
// other key has to wait for the result, which it may be about.
func (l *loop) once(ctx context.Context, cause string) (action, string) {
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer l.onPanic()
		l.run(running, cause)
	}()
	// Nothing else may happen before the run has ended: both print.
	end := func() { stop(); <-done }
	defer end()
	var pending []byte
	for {
		select {
		case <-ctx.Done():
			return quit, ""
		case name := <-l.saved:
			end()
			return l.gather(ctx, name)
		case key, ok := <-l.keys:
			switch {
			case !ok:
				return quit, ""
			case l.urgent(key):
				end()
				if what := l.key(ctx, key); what != wait {
					return what, ""
				}
				return rerun, cause
			}
			pending = append(pending, key)
		case <-done:
			for _, key := range pending {
				if what := l.key(ctx, key); what != wait {
					return what, ""
				}
			}
			return wait, ""
		}
	}
}

// idle waits for the next save or key.
func (l *loop) idle(ctx context.Context) (action, string) {
	select {
	case <-ctx.Done():
		return quit, ""
	case name := <-l.saved:
		return l.gather(ctx, name)
	case key, ok := <-l.keys:
		if !ok {
			return quit, ""
		}
		return l.key(ctx, key), ""
	}
}

// gather waits until nothing is saved any more; name was saved first.
func (l *loop) gather(ctx context.Context, name string) (action, string) {
	timer := time.NewTimer(settle)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return quit, ""
		case <-l.saved:
			timer.Reset(settle)
		case <-timer.C:
			return rerun, name
		}
	}
}

func (l *loop) onPanic() {
	if e := recover(); e != nil {
		l.crashed()
		panic(e)
	}
}
