package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
	pool "barewire/steps/05-thread-pool"
)

// goroutineID names the goroutine that calls it, such as "goroutine 7".
func goroutineID() string {
	buf := make([]byte, 64)
	id, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), " [")
	return id
}

func TestTask9_Run(t *testing.T) {
	tell(t, []row{
		{"the task runs on the caller's goroutine", "Run is called", "a hand-over costs more than many a task, and the caller has a goroutine that would only wait", pool.Config{Max: 2, Queue: 2}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			var own, task string
			var caller sync.WaitGroup
			caller.Go(func() {
				own = goroutineID()
				say("%v", p.Run(t.Context(), func() { task = goroutineID() }))
			})
			caller.Wait()
			say("on its own: %v", own == task)
		}, "<nil>; on its own: true"},
		{"that is so for a caller who had to wait, too", "the only worker is busy for a minute, and Run is called with a task of another minute", "a worker that becomes free lends its place, and does not take the task", pool.Config{Min: 1, Max: 1, Queue: 2}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			var task string
			begun := time.Now()
			err := p.Run(t.Context(), func() { task = goroutineID(); time.Sleep(time.Minute) })
			say("%v, on its own: %v, after %v", err, task == goroutineID(), time.Since(begun))
		}, "<nil>, on its own: true, after 2m0s"},
		{"no more than Max tasks run at once, whichever way they came", "four tasks come by Run, four by TrySubmit, four by Do, in turn, and then one more; they stay until the test lets them go", "Max is the bound on what tasks use, and they use it on any goroutine", pool.Config{Max: 3, Queue: 9}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			var callers sync.WaitGroup
			failed := make([]error, 12)
			for i := range 4 {
				callers.Go(func() { failed[i] = p.Run(t.Context(), h.task(i)) })
				synctest.Wait()
				failed[4+i] = p.TrySubmit(h.task(4 + i))
				callers.Go(func() { failed[8+i] = p.Do(t.Context(), h.task(8+i)) })
				synctest.Wait()
			}
			say("%v, %v", h, p.TrySubmit(func() {}))
			h.open()
			callers.Wait()
			_, most := h.story()
			say("%v, most at once %d, error %v", h, most, errors.Join(failed...))
		}, "3 running, 0 done, pool: full; 0 running, 12 done, most at once 3, error <nil>"},
		{"who came first begins first, whichever way", "tasks 0 to 6 come by Run, TrySubmit, Run, Do, Run, Run, Submit; they note the order in which they begin", "if those who wait in Run were served last, a busy pool would never get to them; if first, to nobody else", pool.Config{Max: 1, Queue: 6}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			var callers sync.WaitGroup
			for i, submit := range []func(func()){
				func(task func()) { p.Run(t.Context(), task) },
				func(task func()) { p.TrySubmit(task) },
				func(task func()) { p.Run(t.Context(), task) },
				func(task func()) { p.Do(t.Context(), task) },
				func(task func()) { p.Run(t.Context(), task) },
				func(task func()) { p.Run(t.Context(), task) },
				func(task func()) { p.Submit(t.Context(), task) },
			} {
				callers.Go(func() { submit(h.task(i)) })
				synctest.Wait()
			}
			h.open()
			callers.Wait()
			order, _ := h.story()
			say("%v", order)
		}, "[0 1 2 3 4 5 6]"},
		{"Run is refused at once when the pool is full, and keeps others out", "the task of a Run calls Run, Do and TrySubmit; then Run is called again", "as Do is, and does", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			full := func(err error) bool { return errors.Is(err, pool.ErrFull) }
			begun := time.Now()
			err := p.Run(t.Context(), func() {
				say("full: %v, %v, %v", full(p.Run(t.Context(), func() {})), full(p.Do(t.Context(), func() {})), full(p.TrySubmit(func() {})))
				say("after %v", time.Since(begun))
			})
			say("%v; then %v", err, p.Run(t.Context(), func() {}))
		}, "full: true, true, true; after 0s; <nil>; then <nil>"},
		{"a context that is done means that the task does not run", "Run is called with a context that is cancelled already, first on a free pool, then on a full one", "whether there is a place, or the pool is full", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			ran := false
			free := p.Run(ctx, func() { ran = true })
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			busy := p.Run(ctx, func() { ran = true })
			say("canceled: %v, %v, ran: %v", errors.Is(free, context.Canceled), errors.Is(busy, context.Canceled), ran)
		}, "canceled: true, true, ran: false"},
		{"a caller who has had enough is let go, and its place in the queue is free", "the only worker is busy for a minute; three times Run is called with a context that ends after 1s, then TrySubmit", "the client may have gone", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			ran := false
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				begun := time.Now()
				err := p.Run(ctx, func() { ran = true })
				cancel()
				say("deadline: %v, after %v", errors.Is(err, context.DeadlineExceeded), time.Since(begun))
			}
			say("%v", p.TrySubmit(func() {}))
			time.Sleep(time.Hour)
			say("ran later: %v", ran)
		}, "deadline: true, after 1s; deadline: true, after 1s; deadline: true, after 1s; <nil>; ran later: false"},
		{"a task that has begun runs to its end, whatever ctx says", "Run is called with a context that ends after 1s and a task that takes a minute", "ctx is for the wait", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun := time.Now()
			err := p.Run(ctx, func() { time.Sleep(time.Minute) })
			say("%v after %v", err, time.Since(begun))
		}, "<nil> after 1m0s"},
		{"a place that comes just when ctx is done is not lost", "50 times: a Run ends, its place is handed to a Run that waits, and the context of that one is cancelled at once", "whoever is handed a place has it, wanted or not: it must be used, or passed on", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			long, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			good := 0
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				var waiter sync.WaitGroup
				first := p.Run(long, func() {
					waiter.Go(func() {
						ran := false
						err := p.Run(ctx, func() { ran = true })
						if ran && err == nil || !ran && errors.Is(err, context.Canceled) {
							good++
						}
					})
					synctest.Wait()
				})
				cancel() // the place has been handed over, and the waiter has hardly noticed
				waiter.Wait()
				if first != nil {
					say("%v", first)
					break
				}
			}
			say("%d of 50, then %v and %v", good, p.Run(long, func() {}), p.Do(long, func() {}))
		}, "50 of 50, then <nil> and <nil>"},
		{"the last Min workers stay while callers run in other places", "two workers are idle; Run has a task of an hour, and another hour passes; IdleTimeout is a minute", "the first requests after a rush are not slower than the others", pool.Config{Min: 1, Max: 3, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 2)
			h.open()
			synctest.Wait()
			err := p.Run(t.Context(), func() { time.Sleep(time.Hour) })
			time.Sleep(time.Hour)
			say("%v, goroutines: %d", err, goroutines())
		}, "<nil>, goroutines: 1"},
		{"and after callers have run in theirs", "three workers are idle; three callers Run tasks of an hour in their places, and another hour passes; IdleTimeout is a minute", "a worker that has lent its place is idle again, with a time of its own", pool.Config{Min: 1, Max: 3, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h, held := newHall(), newHall()
			submit(p, h, 0, 3)
			h.open()
			synctest.Wait()
			var callers sync.WaitGroup
			for i := range 3 {
				callers.Go(func() { p.Run(t.Context(), held.task(i)) })
			}
			time.Sleep(time.Hour)
			say("%v", held)
			held.open()
			callers.Wait()
			time.Sleep(time.Hour)
			say("goroutines: %d", goroutines())
		}, "3 running, 0 done; goroutines: 1"},
	})
}

func TestTask9_Panic(t *testing.T) {
	report := testkit.Report{Want: "the caller has the panic", Why: "the caller's deferred functions recover what is on the caller's goroutine, and nothing else"}
	testkit.Apart(t, report, func(t *testing.T) {
		tell(t, []row{
			{"a panic is the caller's, and the place is free again", "twice Run is called with a task that panics with \"no such page\", then once with one that does not", "the goroutine is the caller's, and so is what ends it; a place that is not given back is missing for ever", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
				for range 2 {
					func() {
						defer func() { say("panic %v", recover()) }()
						p.Run(t.Context(), func() { panic("no such page") })
					}()
				}
				say("%v", p.Run(t.Context(), func() {}))
			}, "panic no such page; panic no such page; <nil>"},
			{"so is runtime.Goexit", "a task in Run calls TrySubmit with another task, and then runtime.Goexit; at the end Run is called once more", "testing's FailNow ends a test this way, and this one's goroutine", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
				h, returned := newHall(), false
				var caller sync.WaitGroup
				caller.Go(func() {
					p.Run(t.Context(), func() {
						p.TrySubmit(h.task(1)) // waits for the place
						runtime.Goexit()
					})
					returned = true
				})
				caller.Wait()
				say("returned: %v, %v", returned, h)
				h.open()
				synctest.Wait()
				say("%v", p.Run(t.Context(), func() {}))
			}, "returned: false, 1 running, 0 done; <nil>"},
		})
	})
}

func TestTask9_Shutdown(t *testing.T) {
	within := func(t *testing.T, d time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		t.Cleanup(cancel)
		return ctx
	}
	tell(t, []row{
		{"Shutdown waits for callers who run, and for those who wait to", "three callers Run tasks of a minute, one after another, and Shutdown is called", "they have been accepted, like all others", pool.Config{Min: 1, Max: 1, Queue: 2}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			var callers sync.WaitGroup
			var ran atomic.Int32
			for range 3 {
				callers.Go(func() { p.Run(t.Context(), func() { time.Sleep(time.Minute); ran.Add(1) }) })
			}
			synctest.Wait()
			begun := time.Now()
			err := p.Shutdown(within(t, time.Hour))
			callers.Wait()
			say("%v after %v, %d ran, then %s", err, time.Since(begun), ran.Load(), isShutdown(p.Run(t.Context(), func() {})))
		}, "<nil> after 3m0s, 3 ran, then ErrShutdown"},
		{"when the time is over those who wait are told, and those who run are counted", "a task of an hour runs in Run, and another caller waits in Run; Shutdown is called with a context that ends after a minute, and then with one of two hours", "both have a client to answer, one of them with 503", pool.Config{Max: 1, Queue: 2}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			var callers sync.WaitGroup
			callers.Go(func() { p.Run(t.Context(), func() { time.Sleep(time.Hour) }) })
			synctest.Wait()
			ran := false
			callers.Go(func() {
				begun := time.Now()
				err := p.Run(t.Context(), func() { ran = true })
				say("%s after %v", isShutdown(err), time.Since(begun))
			})
			synctest.Wait()
			err := p.Shutdown(within(t, time.Minute))
			synctest.Wait()
			say("%s", left(err))
			begun := time.Now()
			err = p.Shutdown(within(t, 2*time.Hour))
			say("%v after %v, ran: %v", err, time.Since(begun), ran)
			callers.Wait()
		}, "ErrShutdown after 1m0s; dropped 1, running 1, deadline: true; <nil> after 59m0s, ran: false"},
	})
}

// Who ran a task, and how it came by its place, must not be seen in what comes after.
func TestTask9_Afterwards(t *testing.T) {
	idle := pool.Config{Max: 1, Queue: 2, IdleTimeout: time.Minute}
	tell(t, []row{
		{"a task of Run that returned has not panicked", "Run is called with a task that returns", "a figure that grows with every request hides the one panic that matters", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			err := p.Run(t.Context(), func() {})
			say("%v, done %d, panicked %d", err, p.Stats().Done, p.Stats().Panicked)
		}, "<nil>, done 1, panicked 0"},
		{"workers end as if there had been no Run", "Run is called three times, and TrySubmit once; IdleTimeout is a minute. Goroutines, and two minutes later:", "a place that Run has given back is nobody's: counted any longer, the pool believes that it has fewer workers than it has, and keeps them", idle, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for range 3 {
				p.Run(t.Context(), func() {})
			}
			p.TrySubmit(func() {})
			say("%d", goroutines())
			time.Sleep(2 * time.Minute)
			say("%d", goroutines())
		}, "1; 0"},
		{"so does one that took over from a Run", "while the task of a Run takes a second, TrySubmit is called; IdleTimeout is a minute. Goroutines when both are done, and two minutes later:", "a place that Run has given back is nobody's: counted any longer, the pool believes that it has fewer workers than it has, and keeps them", idle, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			err := p.Run(t.Context(), func() {
				say("%v", p.TrySubmit(func() {}))
				time.Sleep(time.Second)
			})
			say("%v, %d", err, goroutines())
			time.Sleep(2 * time.Minute)
			say("%d", goroutines())
		}, "<nil>; <nil>, 1; 0"},
		{"and one that lent its place", "while the task of a TrySubmit takes a second, Run is called; IdleTimeout is a minute. Two minutes after both are done, goroutines:", "a worker that waits for its place to come back is idle from then on", idle, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Second) })
			say("%v", p.Run(t.Context(), func() {}))
			time.Sleep(2 * time.Minute)
			say("%d", goroutines())
		}, "<nil>; 0"},
		{"a task of Do that came in the place of a Run is waited for", "while the task of a Run takes a minute, Do is called with a task of an hour and a context of two minutes", "when Do has returned, its task does not run: what it used is the caller's again, however it came to run", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			var callers sync.WaitGroup
			callers.Go(func() { p.Run(t.Context(), func() { time.Sleep(time.Minute) }) })
			synctest.Wait()
			begun := time.Now()
			err := p.Do(ctx, func() { time.Sleep(time.Hour) })
			say("%v after %v", err, time.Since(begun))
			callers.Wait()
		}, "<nil> after 1h1m0s"},
		{"a task of Do that came in a place that a worker had lent is waited for, too", "while the task of a Run takes a minute, Do is called with a task of an hour and a context of two minutes", "when Do has returned, its task does not run: what it used is the caller's again, however it came to run", pool.Config{Min: 1, Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			var callers sync.WaitGroup
			callers.Go(func() { p.Run(t.Context(), func() { time.Sleep(time.Minute) }) })
			synctest.Wait()
			begun := time.Now()
			err := p.Do(ctx, func() { time.Sleep(time.Hour) })
			say("%v after %v", err, time.Since(begun))
			callers.Wait()
		}, "<nil> after 1h1m0s"},
		{"a task of Do is waited for, although one before was withdrawn", "while a task takes a minute, Do gives up after a second; later Do is called with a task of an hour and a context of two minutes", "what is used again for the next task must not remember that the last one was waiting", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			second, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			say("deadline: %v", errors.Is(p.Do(second, func() {}), context.DeadlineExceeded))
			time.Sleep(time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			begun := time.Now()
			err := p.Do(ctx, func() { time.Sleep(time.Hour) })
			say("%v after %v", err, time.Since(begun))
		}, "deadline: true; <nil> after 1h0m0s"},
	})
}

func TestTask9_Stats(t *testing.T) {
	tell(t, []row{
		{"a task that Run runs is in the figures", "Run has a task of an hour that panics; a second Run is withdrawn after a minute, a third one waits, a fourth is refused; a task of TrySubmit waits, and is dropped by Shutdown", "an operator wants to know how busy the pool is, not on which goroutines", pool.Config{Max: 1, Queue: 3}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var callers sync.WaitGroup
			callers.Go(func() {
				defer func() { recover() }()
				p.Run(ctx, func() { time.Sleep(time.Hour); panic("x") })
			})
			synctest.Wait()
			callers.Go(func() { p.Run(ctx, func() {}) })                                     // withdrawn
			callers.Go(func() { p.Run(t.Context(), func() { time.Sleep(24 * time.Hour) }) }) // runs next
			synctest.Wait()
			p.TrySubmit(func() {}) // dropped
			p.Run(t.Context(), func() {})
			say("first: %+v", p.Stats())
			time.Sleep(2 * time.Hour)
			say("after two hours: %+v", p.Stats())
			p.Shutdown(ctx)
			say("after Shutdown: %+v", p.Stats())
			callers.Wait()
			say("%d done", p.Stats().Done)
		}, "first: {Workers:1 Idle:0 Running:1 Waiting:3 Accepted:4 Refused:1 Done:0 Panicked:0 Withdrawn:0 Dropped:0}; " +
			"after two hours: {Workers:1 Idle:0 Running:1 Waiting:1 Accepted:4 Refused:1 Done:1 Panicked:1 Withdrawn:1 Dropped:0}; " +
			"after Shutdown: {Workers:1 Idle:0 Running:1 Waiting:0 Accepted:4 Refused:1 Done:1 Panicked:1 Withdrawn:1 Dropped:1}; 2 done"},
	})
}

// On all processors, everything at once: the bound holds, the figures add up at every
// moment, and nobody is forgotten.
func TestTask9_Stress(t *testing.T) {
	testkit.NoLeaks(t)
	for round := range 10 {
		cfg := pool.Config{Min: round % 3, Max: 3, Queue: 4, IdleTimeout: 20 * time.Microsecond}
		p := pool.New(cfg)
		var in, most, ran, accepted, byRun atomic.Int64
		task := func() {
			n := in.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if rand.N(4) == 0 {
				runtime.Gosched()
			}
			ran.Add(1)
			in.Add(-1)
		}
		count := func(err error) bool {
			if err == nil {
				accepted.Add(1)
			}
			return err == nil
		}
		wrong := make(chan string, 1)
		watch := func(least int) {
			s := statsOf(p)
			sum := int64(s.Waiting+s.Running) + s.Done + s.Withdrawn + s.Dropped
			if s.Accepted != sum || s.Workers != s.Idle+s.Running || s.Workers < least || s.Workers > cfg.Max || s.Idle < 0 || s.Running < 0 || s.Waiting > cfg.Max+cfg.Queue {
				select {
				case wrong <- fmt.Sprintf("%+v, with Min %d, Max %d, Queue %d", s, cfg.Min, cfg.Max, cfg.Queue):
				default:
				}
			}
		}
		testkit.Within(t, 30*time.Second, "callers and Shutdown to return (if they never do, a place or a wake-up was lost)", func() {
			var callers sync.WaitGroup
			least := cfg.Min
			if round%2 == 1 {
				least = 0 // they go home at the shutdown
			}
			for range 8 {
				callers.Go(func() {
					for range 250 {
						ctx, cancel := t.Context(), func() {}
						if rand.N(2) == 0 {
							ctx, cancel = context.WithTimeout(ctx, rand.N(30*time.Microsecond))
						}
						switch rand.N(7) {
						case 0:
							count(p.TrySubmit(task))
						case 1:
							count(p.Submit(ctx, task))
						case 2:
							count(p.Do(ctx, task))
						case 3:
							func() {
								defer func() {
									if recover() != nil {
										accepted.Add(1)
									}
								}()
								p.Run(ctx, func() { task(); panic("now and then") })
							}()
						default:
							if count(p.Run(ctx, task)) {
								byRun.Add(1)
							}
						}
						cancel()
						watch(least)
					}
				})
			}
			if round%2 == 0 {
				callers.Wait()
			}
			if err := p.Shutdown(context.Background()); err != nil {
				t.Errorf("Shutdown without a deadline: %v", err)
			}
			callers.Wait()
		})
		watch(0)
		report := testkit.Report{Want: fmt.Sprintf("figures that add up, between %d and %d workers", cfg.Min, cfg.Max),
			Why: "a place is counted in the step, under the lock, in which somebody gets it or gives it back"}
		select {
		case report.Got = <-wrong:
			report.Fatal(t)
		default:
		}
		if ran.Load() != accepted.Load() || most.Load() > int64(cfg.Max) || round%2 == 0 && byRun.Load() == 0 {
			testkit.Report{Want: "as many tasks run as were accepted, some of them by Run, and at most 3 at once",
				Got: fmt.Sprintf("%d run, %d accepted, %d by Run, %d at once", ran.Load(), accepted.Load(), byRun.Load(), most.Load()),
				Why: "a place that two have, or nobody"}.Fatal(t)
		}
	}
}
