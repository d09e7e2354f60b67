package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// A hall is where tasks are while they run: it counts them and lets them out when
// it is opened.
type hall struct {
	mu    sync.Mutex
	in    int   // tasks that run now
	most  int   // that ever ran at once
	done  int   // that have ended
	order []int // in which they began
	exit  chan struct{}
}

func newHall() *hall { return &hall{exit: make(chan struct{})} }

// task returns a task that stays in the hall until it is opened.
func (h *hall) task(i int) func() {
	return func() {
		h.mu.Lock()
		h.in++
		h.most = max(h.most, h.in)
		h.order = append(h.order, i)
		h.mu.Unlock()
		<-h.exit
		h.mu.Lock()
		h.in--
		h.done++
		h.mu.Unlock()
	}
}

func (h *hall) open() { close(h.exit) }

// story says what has happened so far, once everybody has come to rest.
func (h *hall) story() (order []int, most int) {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.order, h.most
}

// String says who is in the hall, once everybody has come to rest.
func (h *hall) String() string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("%d running, %d done", h.in, h.done)
}

// a row is a story about one pool, told on a fake clock.
type row struct {
	name  string
	doing string // the story in a sentence
	why   string
	cfg   pool.Config
	story func(t *testing.T, p *pool.Pool, say func(format string, args ...any))
	want  string // everything that was said, with "; " between
}

// tell runs the stories, each in a bubble of its own, and shuts its pool down
// afterwards.
func tell(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			report := testkit.Report{
				Doing: fmt.Sprintf("(Min %d, Max %d, Queue %d) %s", r.cfg.Min, r.cfg.Max, r.cfg.Queue, r.doing),
				Why:   r.why,
			}
			report.Want, _ = lines(r.want, r.want)
			testkit.BubbleFor(t, report, func(t *testing.T) {
				if r.cfg.ErrorLog == nil {
					r.cfg.ErrorLog = slog.New(slog.DiscardHandler)
				}
				p := pool.New(r.cfg)
				got := ""
				r.story(t, p, func(format string, args ...any) {
					if got != "" {
						got += "; "
					}
					got += fmt.Sprintf(format, args...)
				})
				if got != r.want {
					report.Want, report.Got = lines(r.want, got)
					report.Error(t)
					go p.Shutdown(context.Background()) // whether that ends is another test's to say
					return
				}
				p.Shutdown(context.Background())
				if goroutines() > 0 {
					time.Sleep(2 * time.Hour) // a Shutdown that does not wait: it is 5.1's to say so
				}
			})
		})
	}
}

// lines writes what was to be said, and what was said, for a report: a line each, no
// error as Go's programmers write it, and of Stats only the figures that differ.
func lines(want, got string) (string, string) {
	plain := strings.NewReplacer("; ", "\n", "panic <nil>", "no panic", "<nil>", "nil",
		"deadline: ", "errors.Is(err, context.DeadlineExceeded): ", "canceled: ", "errors.Is(err, context.Canceled): ", "PanicError: ", "err is a *PanicError: ", "{", "", "}", "", "Workers:", "Workers ", "Idle:", "Idle ",
		"Running:", "Running ", "Waiting:", "Waiting ", "Accepted:", "Accepted ", "Refused:", "Refused ", "Done:", "Done ", "Panicked:", "Panicked ",
		"Withdrawn:", "Withdrawn ", "Dropped:", "Dropped ")
	ws, gs := strings.Split(want, "; "), strings.Split(got, "; ")
	for i := range min(len(ws), len(gs)) {
		if want != got && strings.Contains(ws[i], "{Workers:") && strings.Contains(gs[i], "{Workers:") {
			ws[i], gs[i] = differing(ws[i], gs[i])
		}
	}
	return plain.Replace(strings.Join(ws, "; ")), plain.Replace(strings.Join(gs, "; "))
}

// differing leaves out the words of want and got that are in both, at the same place,
// and are figures.
func differing(want, got string) (string, string) {
	ws, gs := strings.Fields(want), strings.Fields(got)
	if len(ws) != len(gs) {
		return want, got
	}
	var w, g []string
	for i := range ws {
		if figure := strings.Contains(strings.TrimSuffix(ws[i], ":"), ":"); !figure || ws[i] != gs[i] {
			w, g = append(w, ws[i]), append(g, gs[i])
		}
	}
	if want == got {
		w, g = append(w, "good"), append(g, "good")
	}
	return strings.Join(w, " "), strings.Join(g, " ")
}

// submit tries to submit tasks from..to-1 and returns how many were accepted, and
// the error of the first one that was not.
func submit(p *pool.Pool, h *hall, from, to int) (accepted int, refused error) {
	for i := from; i < to; i++ {
		if err := p.TrySubmit(h.task(i)); err == nil {
			accepted++
		} else if refused == nil {
			refused = err
		}
	}
	return accepted, refused
}

func TestTask1_Workers(t *testing.T) {
	tell(t, []row{
		{"a task runs", "a task is given to TrySubmit; it stays until the test lets it go", "that is what a pool is for", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			_, err := submit(p, h, 0, 1)
			say("error %v, %v", err, h)
			h.open()
			say("%v", h)
		}, "error <nil>, 1 running, 0 done; 0 running, 1 done"},
		{"TrySubmit does not wait for the task", "TrySubmit is called with a task that sleeps for an hour", "the caller has other connections to look after", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			begun := time.Now()
			err := p.TrySubmit(func() { time.Sleep(time.Hour) })
			say("error %v, after %v", err, time.Since(begun))
		}, "error <nil>, after 0s"},
		{"no more than Max tasks run at once", "ten tasks are given to TrySubmit; they stay until the test lets all of them go", "Max is the bound on what the tasks use: memory, files, the processor", pool.Config{Max: 3, Queue: 7}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 10)
			say("%v", h)
			h.open()
			_, most := h.story()
			say("%v, most at once %d", h, most)
		}, "3 running, 0 done; 0 running, 10 done, most at once 3"},
		{"with one worker tasks run in order", "tasks 0 to 5 are given to TrySubmit, and then let go; they note the order in which they begin", "the queue is first come, first served: a task that is overtaken for ever has not been accepted", pool.Config{Max: 1, Queue: 5}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 6)
			h.open()
			order, _ := h.story()
			say("%v", order)
		}, "[0 1 2 3 4 5]"},
		{"a task may submit another one", "a task calls TrySubmit with another task", "work begets work; a lock that is held while a task runs makes this a deadlock", pool.Config{Max: 2, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			h.open()
			var inner error
			err := p.TrySubmit(func() { inner = p.TrySubmit(h.task(1)) })
			synctest.Wait()
			say("errors %v and %v, %v", err, inner, h)
		}, "errors <nil> and <nil>, 0 running, 1 done"},
	})
}

// A size that no pool can have is a mistake of the program, and shows where it is made.
func TestTask1_Config(t *testing.T) {
	tell(t, []row{
		{"a Max of 0 stands for DefaultMax", "TrySubmit is called as often as DefaultMax says, and once more; the tasks stay", "a Config without an opinion gets what others use, and not a pool that can do nothing", pool.Config{}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			accepted, _ := submit(p, h, 0, pool.DefaultMax+1)
			say("%d accepted, %v", accepted, h)
			h.open()
		}, fmt.Sprintf("%d accepted, %d running, 0 done", pool.DefaultMax, pool.DefaultMax)},
		{"New panics where a number makes no sense", "New is called with a negative Min, Max, Queue or IdleTimeout, and with Min 2 and Max 1; then with Min 1 and Max 1", "a pool that quietly takes another size than it was told is noticed when the load comes", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for _, cfg := range []pool.Config{{Min: -1, Max: 1}, {Max: -1}, {Min: -2, Max: -1}, {Max: 1, Queue: -1}, {Max: 1, IdleTimeout: -1}, {Min: 2, Max: 1}, {Min: 1, Max: 1}} {
				func() {
					defer func() {
						if recover() != nil {
							say("panic")
						}
					}()
					end(pool.New(cfg))
					say("no panic")
				}()
			}
		}, "panic; panic; panic; panic; panic; panic; no panic"},
	})
}

func TestTask2_Full(t *testing.T) {
	full := func(err error) string {
		if errors.Is(err, pool.ErrFull) {
			return "ErrFull"
		}
		return fmt.Sprint(err)
	}
	tell(t, []row{
		{"Max tasks run and Queue tasks wait, and not one more", "TrySubmit is called ten times; the tasks stay until the test lets them go", "a queue without a bound holds requests whose clients have gone long ago, until memory is used up", pool.Config{Max: 2, Queue: 3}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			n, err := submit(p, h, 0, 10)
			say("%d accepted, then %s", n, full(err))
			h.open()
			say("%v", h)
		}, "5 accepted, then ErrFull; 0 running, 5 done"},
		{"without a queue the first worker is still there", "TrySubmit is called three times; the tasks stay until the test lets them go", "a handover that only works when a worker happens to be waiting already refuses the first task", pool.Config{Max: 2}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			n, err := submit(p, h, 0, 3)
			say("%d accepted, then %s", n, full(err))
			h.open()
		}, "2 accepted, then ErrFull"},
		{"a refusal does not wait", "the only worker has a task that sleeps for an hour, and TrySubmit is called again", "the client can be told 503 now, and try another server", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			begun := time.Now()
			p.TrySubmit(func() { time.Sleep(time.Hour) })
			err := p.TrySubmit(func() {})
			say("%s after %v", full(err), time.Since(begun))
		}, "ErrFull after 0s"},
		{"when tasks have ended there is room again", "three times: TrySubmit is called nine times, and then the tasks are let go", "full is a moment, not a state to stay in", pool.Config{Max: 2, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for range 3 {
				h := newHall()
				n, err := submit(p, h, 0, 9)
				h.open()
				say("%d accepted, then %s, %v", n, full(err), h)
			}
		}, "3 accepted, then ErrFull, 0 running, 3 done; 3 accepted, then ErrFull, 0 running, 3 done; 3 accepted, then ErrFull, 0 running, 3 done"},
		{"a refused task never runs", "the only worker is busy; a second task is given to TrySubmit, and then both are let go. Of the second one:", "its caller has told the client so", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h, late := newHall(), newHall()
			submit(p, h, 0, 1)
			_, err := submit(p, late, 0, 1)
			h.open()
			late.open()
			say("%s, %v", full(err), late)
		}, "ErrFull, 0 running, 0 done"},
	})
}

func TestTask3_Submit(t *testing.T) {
	tell(t, []row{
		{"Submit does not wait where there is room", "Submit is called twice; the tasks stay until the test lets them go", "waiting is for the case that there is none", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h, begun := newHall(), time.Now()
			say("%v, %v", p.Submit(t.Context(), h.task(0)), p.Submit(t.Context(), h.task(1)))
			say("after %v", time.Since(begun))
			h.open()
		}, "<nil>, <nil>; after 0s"},
		{"Submit waits for room", "the only worker has a task that sleeps for a minute, and Submit is called", "a caller that can wait should, instead of asking again and again", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			begun := time.Now()
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			err := p.Submit(t.Context(), func() {})
			say("error %v after %v", err, time.Since(begun))
		}, "error <nil> after 1m0s"},
		{"a caller who has had enough is let go", "the only worker has a task that sleeps for a minute, and Submit is called with a context that ends after 1s", "the client may have gone: nobody is interested in the answer any more", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun, ran := time.Now(), false
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			err := p.Submit(ctx, func() { ran = true })
			say("deadline: %v, after %v", errors.Is(err, context.DeadlineExceeded), time.Since(begun))
			time.Sleep(time.Hour)
			say("ran later: %v", ran)
		}, "deadline: true, after 1s; ran later: false"},
		{"a context that is done is noticed even where there is room", "Submit is called 16 times with a context that is cancelled already; the pool has nothing to do", "select chooses by chance between cases that are both ready", pool.Config{Max: 8, Queue: 8}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			n := 0
			for range 16 {
				if err := p.Submit(ctx, func() {}); errors.Is(err, context.Canceled) {
					n++
				}
			}
			say("%d of 16 refused", n)
		}, "16 of 16 refused"},
		{"everybody who waits gets in at last", "50 goroutines call Submit with a task of one second", "a wake-up that gets lost leaves somebody waiting for ever: a deadlock", pool.Config{Max: 2, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			var ok, ran atomic.Int32
			var callers sync.WaitGroup
			for range 50 {
				callers.Go(func() {
					if p.Submit(t.Context(), func() { time.Sleep(time.Second); ran.Add(1) }) == nil {
						ok.Add(1)
					}
				})
			}
			callers.Wait()
			time.Sleep(time.Minute)
			say("%d accepted, %d done", ok.Load(), ran.Load())
		}, "50 accepted, 50 done"},
	})
}

func TestTask4_Do(t *testing.T) {
	tell(t, []row{
		{"Do returns when the task has ended", "Do is called with a task that sleeps for a minute and then makes \"a page\"", "the caller uses what the task has made", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			begun, made := time.Now(), ""
			err := p.Do(t.Context(), func() { time.Sleep(time.Minute); made = "a page" })
			say("error %v, made %q, after %v", err, made, time.Since(begun))
		}, "error <nil>, made \"a page\", after 1m0s"},
		{"Do is refused at once when the pool is full", "the only worker is busy for a minute, and Do is called", "as TrySubmit is", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			begun := time.Now()
			err := p.Do(t.Context(), func() {})
			say("full: %v, after %v", errors.Is(err, pool.ErrFull), time.Since(begun))
		}, "full: true, after 0s"},
		{"a task that still waits is withdrawn when ctx is done", "the only worker is busy for a minute, and Do is called with a context that ends after 1s", "nobody waits for its result any more", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun, ran := time.Now(), false
			err := p.Do(ctx, func() { ran = true })
			say("deadline: %v, after %v", errors.Is(err, context.DeadlineExceeded), time.Since(begun))
			time.Sleep(time.Hour)
			say("ran later: %v", ran)
		}, "deadline: true, after 1s; ran later: false"},
		{"its place in the queue is free at once", "the only worker is busy for a minute; three times Do is called with a context that ends after 1s, then TrySubmit", "otherwise a queue full of tasks that nobody wants keeps everybody else out", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				err := p.Do(ctx, func() {})
				cancel()
				say("deadline: %v", errors.Is(err, context.DeadlineExceeded))
			}
			say("%v", p.TrySubmit(func() {}))
		}, "deadline: true; deadline: true; deadline: true; <nil>"},
		{"one who waits for room gets it at once", "the only worker is busy for an hour; the last place in the queue has the task of a Do whose context ends after 1s; Submit is called", "whoever waits in Submit sleeps: making room is one thing, and waking somebody up for it another", pool.Config{Max: 1, Queue: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Hour) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var callers sync.WaitGroup
			callers.Go(func() { p.Do(ctx, func() {}) })
			synctest.Wait() // Do's task has the last place in the queue
			begun := time.Now()
			err := p.Submit(t.Context(), func() {})
			say("error %v after %v", err, time.Since(begun))
			callers.Wait()
		}, "error <nil> after 1s"},
		{"a task that has begun is waited for, whatever ctx says", "Do is called with a context that ends after 1s and a task that takes a minute", "when Do returns, what the task used is used again: two goroutines in one buffer are a data race", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun, ended := time.Now(), false
			err := p.Do(ctx, func() { time.Sleep(time.Minute); ended = true })
			say("error %v, ended: %v, after %v", err, ended, time.Since(begun))
		}, "error <nil>, ended: true, after 1m0s"},
		{"the others in the queue keep their order", "the only worker is busy; tasks 1, 2 and 3 wait, 2 of them by a Do whose context ends after 1s; the test notes which begin", "taking one out of the middle must not lose its neighbours", pool.Config{Max: 1, Queue: 3}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			p.TrySubmit(h.task(1))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var callers sync.WaitGroup
			callers.Go(func() { p.Do(ctx, h.task(2)) })
			synctest.Wait()
			p.TrySubmit(h.task(3))
			callers.Wait()
			h.open()
			time.Sleep(time.Hour)
			order, _ := h.story()
			say("%v", order)
		}, "[1 3]"},
		{"a context that is done means that the task does not run", "Do is called with a context that is cancelled already", "the caller did not want it any more before it asked", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			ran := false
			err := p.Do(ctx, func() { ran = true })
			say("canceled: %v, ran: %v", errors.Is(err, context.Canceled), ran)
		}, "canceled: true, ran: false"},
		{"that is the answer of a full pool, too", "the only worker is busy; TrySubmit is called, and Do with a context that is cancelled already", "the caller has gone: it is not to try again later, as ErrFull would have it", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.TrySubmit(func() { time.Sleep(time.Minute) })
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			say("%v, canceled: %v", p.TrySubmit(func() {}), errors.Is(p.Do(ctx, func() {}), context.Canceled))
		}, "pool: full, canceled: true"},
	})
}

func TestTask5_Panic(t *testing.T) {
	report := testkit.Report{Doing: "a task panics", Want: "the task is lost, and nothing else",
		Why: "a panic that nobody recovers ends the program, with the requests of all other clients"}
	panics := func(t *testing.T, rows []row) {
		testkit.Apart(t, report, func(t *testing.T) { tell(t, rows) })
	}
	panics(t, []row{
		{"Do says what the task panicked with", "Do is called with a task that panics with \"no such page\"", "the caller can answer 500, and log why", pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			err := p.Do(t.Context(), func() { panic("no such page") })
			if e, ok := errors.AsType[*pool.PanicError](err); ok {
				say("%v, stack: %v", e.Value, len(e.Stack) > 0)
			} else {
				say("error %v", err)
			}
		}, "no such page, stack: true"},
		{"the worker goes on", "ten tasks panic; then TrySubmit is called 20 times, and those tasks stay until the test lets them go", "a pool that loses a worker with each panic stops after Max of them", pool.Config{Max: 2, Queue: 10}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for range 10 {
				p.TrySubmit(func() { panic("again") })
			}
			h := newHall()
			synctest.Wait()
			n, _ := submit(p, h, 0, 20)
			say("%d accepted, %v", n, h)
			h.open()
			say("%v", h)
		}, "12 accepted, 2 running, 0 done; 0 running, 12 done"},
		{"runtime.Goexit costs the task as well", "Do is called with runtime.Goexit for a task, and then TrySubmit three times", "testing's FailNow calls it; a worker that it ends is missing for ever", pool.Config{Max: 1, Queue: 3}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			var failed *pool.PanicError
			err := p.Do(t.Context(), runtime.Goexit)
			say("PanicError: %v", errors.As(err, &failed))
			h := newHall()
			h.open()
			submit(p, h, 0, 3)
			say("%v", h)
		}, "PanicError: true; 0 running, 3 done"},
	})
}

// Without ErrorLog, a panic that nobody waits for is told to slog.Default.
func TestTask5_NoErrorLog(t *testing.T) {
	report := testkit.Report{Doing: "ErrorLog is nil, and TrySubmit is called with a task that panics with \"out of ink\"",
		Want: "a line in slog.Default() that has this text", Why: "the methods of a nil *slog.Logger panic, and that ends the program"}
	testkit.Apart(t, report, func(t *testing.T) {
		var log bytes.Buffer
		defer slog.SetDefault(slog.Default())
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		testkit.Bubble(t, func(t *testing.T) {
			p := pool.New(pool.Config{Max: 1})
			p.TrySubmit(func() { panic("out of ink") })
			synctest.Wait()
			p.Shutdown(t.Context())
			if !strings.Contains(log.String(), "out of ink") {
				report.Got = testkit.LogLines(log.String())
				report.Error(t)
			}
		})
	})
}

// A panic is told to whoever can do something about it, and to nobody else.
func TestTask5_PanicLog(t *testing.T) {
	for _, test := range []struct {
		name, doing, why, want string // want is in the one line
		run                    func(t *testing.T, p *pool.Pool)
	}{
		{"a panic that nobody waits for is logged", "TrySubmit is called with a task that panics with \"out of ink\"",
			"the caller of TrySubmit has gone: a panic that is not logged is a page that is missing and nobody knows why", "out of ink",
			func(t *testing.T, p *pool.Pool) { p.TrySubmit(func() { panic("out of ink") }) }},
		{"so is runtime.Goexit", "TrySubmit is called with runtime.Goexit for a task",
			"it counts as a panic: the task is not done, and nobody else notices", "task panicked",
			func(t *testing.T, p *pool.Pool) { p.TrySubmit(runtime.Goexit) }},
		{"one that Do returns is not", "a task of Do panics with \"Do has this one\", and then one of TrySubmit with \"out of ink\"",
			"Do's caller has it, and logs it or not: one that is logged twice looks like two", "out of ink",
			func(t *testing.T, p *pool.Pool) {
				p.Do(t.Context(), func() { panic("Do has this one") })
				p.TrySubmit(func() { panic("out of ink") })
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := testkit.Report{Doing: test.doing, Want: fmt.Sprintf("one line in ErrorLog, with %q in it", test.want), Why: test.why}
			testkit.Apart(t, report, func(t *testing.T) {
				testkit.Bubble(t, func(t *testing.T) {
					var log bytes.Buffer
					p := pool.New(pool.Config{Max: 1, Queue: 1, ErrorLog: slog.New(slog.NewTextHandler(&log, nil))})
					test.run(t, p)
					synctest.Wait()
					p.Shutdown(t.Context())
					if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), test.want) {
						report.Got = "no line"
						if lines > 0 {
							report.Got = fmt.Sprintf("%d:\n%s", lines, testkit.LogLines(log.String()))
						}
						report.Error(t)
					}
				})
			})
		})
	}
}
