package pool_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	pool "barewire/steps/05-thread-pool"
)

// left describes what Shutdown returned.
func left(err error) string {
	if e, ok := errors.AsType[*pool.ShutdownError](err); ok {
		return fmt.Sprintf("dropped %d, running %d, deadline: %v", e.Dropped, e.Running, errors.Is(err, context.DeadlineExceeded))
	}
	return fmt.Sprint(err)
}

func isShutdown(err error) string {
	if errors.Is(err, pool.ErrShutdown) {
		return "ErrShutdown"
	}
	return fmt.Sprint(err)
}

func TestTask1_Shutdown(t *testing.T) {
	tell(t, []row{
		{"tasks that were accepted are finished, the waiting ones too", "six tasks of 1s are given to TrySubmit, and Shutdown is called at once", "a yes is a promise: the client has sent its request and waits", pool.Config{Max: 2, Queue: 4}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			var done atomic.Int32
			for range 6 {
				p.TrySubmit(func() { time.Sleep(time.Second); done.Add(1) })
			}
			err := p.Shutdown(t.Context())
			say("%v, %d done", err, done.Load())
		}, "<nil>, 6 done"},
		{"no goroutine is left", "twelve tasks have been run, all workers are idle, and Shutdown is called", "one that waits for a task that cannot come is a leak: it stays as long as the program", pool.Config{Min: 4, Max: 8, Queue: 8}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			n, _ := submit(p, h, 0, 12)
			h.open()
			goroutines() // they are all idle now
			err := p.Shutdown(t.Context())
			say("%d tasks, %v, goroutines: %d", n, err, goroutines())
		}, "12 tasks, <nil>, goroutines: 0"},
		{"afterwards nothing is accepted", "Shutdown is called, and then TrySubmit", "nobody would run it", pool.Config{Max: 2, Queue: 4}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			say("%v, %s", p.Shutdown(t.Context()), isShutdown(p.TrySubmit(func() {})))
		}, "<nil>, ErrShutdown"},
	})
}

func TestTask7_Shutdown(t *testing.T) {
	within := func(t *testing.T, d time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		t.Cleanup(cancel)
		return ctx
	}
	tell(t, []row{
		{"afterwards nothing is accepted, in any of the three ways", "Shutdown is called, and then TrySubmit, Submit and Do", "nobody would run it", pool.Config{Min: 1, Max: 2, Queue: 4}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			say("%v", p.Shutdown(within(t, time.Hour)))
			say("%s, %s, %s", isShutdown(p.TrySubmit(func() {})), isShutdown(p.Submit(t.Context(), func() {})), isShutdown(p.Do(t.Context(), func() {})))
		}, "<nil>; ErrShutdown, ErrShutdown, ErrShutdown"},
		{"nor while it is going on", "Shutdown waits for a task that takes a minute, and TrySubmit is called", "otherwise it need not come to an end", pool.Config{Max: 1, Queue: 4}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			var closer sync.WaitGroup
			closer.Go(func() { p.Shutdown(within(t, time.Hour)) })
			time.Sleep(time.Second)
			say("%s", isShutdown(p.TrySubmit(func() {})))
			closer.Wait()
		}, "ErrShutdown"},
		{"those who wait for room are told", "the only worker is busy for a minute, a Submit waits for room, and Shutdown is called after 1s", "they would wait for ever", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			var waiter sync.WaitGroup
			waiter.Go(func() {
				begun := time.Now()
				err := p.Submit(t.Context(), func() {})
				say("%s after %v", isShutdown(err), time.Since(begun))
			})
			time.Sleep(time.Second)
			p.Shutdown(within(t, time.Hour))
			waiter.Wait()
		}, "ErrShutdown after 1s"},
		{"when the time is over it says what was dropped", "two tasks run and five wait; Shutdown is called with a context that ends after a minute; then the two are let go", "whoever reads the log in the morning wants to know how many clients were let down", pool.Config{Max: 2, Queue: 8}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 7)
			begun := time.Now()
			err := p.Shutdown(within(t, time.Minute))
			say("%s, after %v", left(err), time.Since(begun))
			h.open()
			say("%v", h)
		}, "dropped 5, running 2, deadline: true, after 1m0s; 0 running, 2 done"},
		{"Do of a dropped task returns", "a task runs and that of a Do waits; Shutdown is called with a context that ends after a minute. What Do returns:", "its caller has a client to answer", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 1)
			var caller sync.WaitGroup
			caller.Go(func() {
				begun := time.Now()
				say("%s after %v", isShutdown(p.Do(t.Context(), func() {})), time.Since(begun))
			})
			goroutines()
			p.Shutdown(within(t, time.Minute))
			caller.Wait()
			h.open()
		}, "ErrShutdown after 1m0s"},
		{"it can be called again, to wait longer", "a task takes an hour; Shutdown is called with a context that ends after a minute, and then with another one of two hours", "the first deadline may be for the log, and the second for the process", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Hour) })
			say("%s", left(p.Shutdown(within(t, time.Minute))))
			begun := time.Now()
			say("%s after %v", left(p.Shutdown(within(t, 2*time.Hour))), time.Since(begun))
		}, "dropped 0, running 1, deadline: true; <nil> after 59m0s"},
		{"a pool that has nothing to do is shut down even when ctx is done", "the pool is shut down; Shutdown is called 16 times more, with a context that is cancelled already. How many return nil:", "nothing was dropped, so there is nothing to complain of", pool.Config{Min: 2, Max: 4}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			good := 0
			if p.Do(t.Context(), func() {}) == nil && p.Shutdown(t.Context()) == nil {
				for range 16 {
					if p.Shutdown(ctx) == nil {
						good++
					}
				}
			}
			say("%d of 16", good)
		}, "16 of 16"},
	})
}

// Submitting and shutting down at the same time, on all processors.
func TestTask7_Race(t *testing.T) {
	testkit.NoLeaks(t)
	for range 50 {
		p := pool.New(pool.Config{Min: 1, Max: 4, Queue: 4})
		var mu sync.Mutex
		ran, accepted := 0, 0
		testkit.Within(t, 10*time.Second, "callers and Shutdown to return", func() {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 20 {
						if p.TrySubmit(func() { mu.Lock(); ran++; mu.Unlock() }) == nil {
							mu.Lock()
							accepted++
							mu.Unlock()
						}
					}
				})
			}
			all.Go(func() {
				if err := p.Shutdown(context.Background()); err != nil {
					t.Errorf("Shutdown without a deadline: %v", err)
				}
			})
			all.Wait()
		})
		mu.Lock()
		if ran != accepted {
			testkit.Report{Doing: "eight goroutines call TrySubmit, and another one Shutdown at the same time", Want: fmt.Sprintf("%d tasks run, as many as were accepted", accepted), Got: fmt.Sprintf("%d tasks run", ran),
				Why: "whether the pool is closed, and that a task gets in, must be looked at under one lock: otherwise a task gets in behind the last worker"}.Fatal(t)
		}
		mu.Unlock()
	}
}

func TestTask8_Stats(t *testing.T) {
	tell(t, []row{
		{"what runs, what waits, what was refused", "nine tasks are given to TrySubmit, and then let go", "an operator who sees the queue fill up can do something before it is full", pool.Config{Min: 1, Max: 2, Queue: 3}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 9)
			say("while they run: %+v", p.Stats())
			h.open()
			goroutines()
			say("when they have ended: %+v", p.Stats())
		}, "while they run: {Workers:2 Idle:0 Running:2 Waiting:3 Accepted:5 Refused:4 Done:0 Panicked:0 Withdrawn:0 Dropped:0}; " +
			"when they have ended: {Workers:2 Idle:2 Running:0 Waiting:0 Accepted:5 Refused:4 Done:5 Panicked:0 Withdrawn:0 Dropped:0}"},
		{"callers who did not get in are refused, whatever the reason", "the only worker is busy for an hour; callers are refused, one after another", "each of them is a client who was told no", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Hour) })
			refused := func(what string, err error) {
				if err != nil {
					say("%s: Refused %d", what, p.Stats().Refused)
				} else {
					say("%s: accepted", what)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			refused("full", p.TrySubmit(func() {}))
			refused("ctx ends", p.Submit(ctx, func() {}))
			refused("has ended, Submit", p.Submit(ctx, func() {}))
			refused("has ended, Do", p.Do(ctx, func() {}))
			p.Shutdown(t.Context())
			refused("shut down", p.Submit(t.Context(), func() {}))
		}, "full: Refused 1; ctx ends: Refused 2; has ended, Submit: Refused 3; has ended, Do: Refused 4; shut down: Refused 5"},
		{"what went wrong", "Do runs a task that panics, and runtime.Goexit; a task takes an hour; one of a Do is withdrawn; one waits, and is dropped by Shutdown", "panics and withdrawn tasks are clients without an answer", pool.Config{Max: 1, Queue: 3}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.Do(t.Context(), func() { panic("x") })
			p.Do(t.Context(), runtime.Goexit)
			p.TrySubmit(func() { time.Sleep(time.Hour) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p.Do(ctx, func() {})
			p.TrySubmit(func() {})
			p.Shutdown(ctx)
			goroutines()
			say("%+v", p.Stats())
		}, "{Workers:1 Idle:0 Running:1 Waiting:0 Accepted:5 Refused:0 Done:2 Panicked:2 Withdrawn:1 Dropped:1}"},
		{"a task has been counted when Do returns", "Do is called 100 times, and Stats each time that it has returned", "otherwise a caller finds its own task still running", pool.Config{Max: 4}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for range 100 {
				p.Do(t.Context(), func() {})
				if s := p.Stats(); s.Running != 0 {
					say("%+v", s)
				}
			}
			say("%d done", p.Stats().Done)
		}, "100 done"},
	})
}

// statsOf is Stats, called in a way that the compiler cannot put into the test: a data
// race in it is then one in the pool's file, and not in this one.
var statsOf = (*pool.Pool).Stats

// end shuts a pool down and does not wait for long: that Shutdown returns is 5.1's to
// say.
func end(p *pool.Pool) {
	done := make(chan struct{})
	go func() {
		p.Shutdown(context.Background())
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
}

// On all processors: when Do has returned, its task is counted, whoever else is busy.
func TestTask8_Counted(t *testing.T) {
	p := pool.New(pool.Config{Min: 4, Max: 4, Queue: 16})
	var returned atomic.Int64
	var mu sync.Mutex
	late := ""
	testkit.Within(t, 10*time.Second, "every Do to return", func() {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 20000 {
					if p.Do(t.Context(), func() {}) != nil {
						continue
					}
					n := returned.Add(1)
					if s := statsOf(p); s.Done < n {
						mu.Lock()
						late = fmt.Sprintf("Done %d when Do had returned %d times", s.Done, n)
						mu.Unlock()
						return
					}
				}
			})
		}
		all.Wait()
	})
	end(p)
	mu.Lock()
	defer mu.Unlock()
	if late == "" && returned.Load() == 0 {
		late = "Do has refused all tasks"
	}
	if late != "" {
		testkit.Report{Doing: "eight goroutines call Do, and Stats each time that it has returned", Want: "Done is never behind", Got: late,
			Why: "when Do has been told before the task is counted, it can return in between and ask: first count, then tell"}.Error(t)
	}
}

// The figures add up at every moment, while everything is moving.
func TestTask8_Sums(t *testing.T) {
	p := pool.New(pool.Config{Min: 1, Max: 4, Queue: 4, IdleTimeout: time.Microsecond})
	stop := make(chan struct{})
	var all, begun sync.WaitGroup
	begun.Add(4)
	for range 4 {
		all.Go(func() {
			p.Do(t.Context(), func() {})
			begun.Done()
			for {
				select {
				case <-stop:
					return
				default:
					p.Do(t.Context(), func() {})
				}
			}
		})
	}
	begun.Wait()
	var s pool.Stats
	for until := time.Now().Add(100 * time.Millisecond); time.Now().Before(until); {
		s = statsOf(p)
		sum := int64(s.Waiting+s.Running) + s.Done + s.Withdrawn + s.Dropped
		if s.Accepted != sum || s.Workers != s.Idle+s.Running || s.Workers > 4 || s.Waiting > 8 {
			testkit.Report{Doing: "four goroutines call Do all the time, and Stats is called meanwhile", Want: "Accepted = Waiting + Running + Done + Withdrawn + Dropped, and Workers = Idle + Running", Got: strings.Trim(fmt.Sprintf("%+v", s), "{}"),
				Why: "counters that are read one after another belong to different moments: a task that has ended in between is counted twice, or not at all"}.Error(t)
			break
		}
	}
	close(stop)
	all.Wait()
	if s.Accepted == 0 {
		testkit.Report{Want: "more than 0 tasks accepted", Got: fmt.Sprintf("%+v", p.Stats()), Why: "four goroutines have called Do all the time"}.Error(t)
	}
	end(p)
}
