// Package step05 is step 5 for the exam: a pool whose tasks are controlled from afar.
// A task that runs tells the exam, and waits for its word: so the exam sees by itself
// what runs, in which order and how much at once.
package step05

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	pool "barewire/solutions/05-thread-pool"

	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.HandleSession("pool.Pool", newPool)
	wire.Handle("pool.New", New)
	wire.Handle("pool.HandOver", HandOver)
}

// Config is that of a pool.
type Config struct {
	Min, Max, Queue int
	Idle            time.Duration
}

func (c Config) pool() pool.Config {
	return pool.Config{Min: c.Min, Max: c.Max, Queue: c.Queue, IdleTimeout: c.Idle}
}

// New makes a pool and ends it. It panics where New does.
func New(c Config) string {
	p := pool.New(c.pool())
	return Of(p.Shutdown(context.Background())).Name
}

// A Call submits a task.
type Call struct {
	Task int
	Ctx  int // of a context that can be cancelled; 0 for one that cannot
}

// A Word is what a task does when it has been told.
type Word struct {
	Do string // "return", "panic", "goexit", "submit" a task of its own and wait for the next word
	N  int    // the task that is submitted
}

// A Running is a task that tells the exam that it runs.
type Running struct {
	Task int
	Own  bool // it runs on the goroutine of its caller
	Err  Err  // of the task that it has submitted
}

// An Err is the class of an error of the pool.
type Err struct {
	Name             string // "", "ErrFull", "ErrShutdown", "context.Canceled", "context.DeadlineExceeded", "PanicError", "ShutdownError"
	Value            string // what the task panicked with
	Stack            bool   // there is one
	Dropped, Running int
	Cause            string
	Panicked, Exited bool // the call itself panicked, or ended its goroutine
}

// Of returns the class of an error.
func Of(err error) Err {
	var pe *pool.PanicError
	var se *pool.ShutdownError
	switch {
	case err == nil:
		return Err{}
	case errors.As(err, &pe):
		return Err{Name: "PanicError", Value: fmt.Sprint(pe.Value), Stack: len(pe.Stack) > 0}
	case errors.As(err, &se):
		return Err{Name: "ShutdownError", Dropped: se.Dropped, Running: se.Running, Cause: Of(se.Cause).Name}
	case errors.Is(err, pool.ErrFull):
		return Err{Name: "ErrFull"}
	case errors.Is(err, pool.ErrShutdown):
		return Err{Name: "ErrShutdown"}
	case errors.Is(err, context.Canceled):
		return Err{Name: "context.Canceled"}
	case errors.Is(err, context.DeadlineExceeded):
		return Err{Name: "context.DeadlineExceeded"}
	}
	return Err{Name: "another error: " + wire.Clip(err.Error())}
}

// newPool makes a pool. The exam may call
//
//	try, submit, do, run  TrySubmit, Submit, Do, Run
//	tries                 TrySubmit for several tasks, one after another
//	cancel                a context
//	shutdown              Shutdown with so much time, or with none at all
//	stats                 Stats
//	counted               how far Done was behind, where Do has returned
//
// and hears of "task" for each task that runs, which then waits for a Word, and of
// "log".
func newPool(s *wire.Session, c Config) {
	cfg := c.pool()
	cfg.ErrorLog = slog.New(slog.NewTextHandler(logWriter{s}, nil))
	p := pool.New(cfg)
	s.Defer(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.Shutdown(ctx)
	})
	h := &hall{s: s, p: p, contexts: map[int]context.Context{}, cancels: map[int]func(){}}
	wire.On(s, "try", func(c Call) Err { return Of(p.TrySubmit(h.task(c.Task, 0))) })
	wire.On(s, "tries", func(tasks []int) []Err {
		out := []Err{}
		for _, task := range tasks {
			out = append(out, Of(p.TrySubmit(h.task(task, 0))))
		}
		return out
	})
	wire.On(s, "submit", func(c Call) Err { return Of(p.Submit(h.context(c.Ctx), h.task(c.Task, 0))) })
	wire.On(s, "do", func(c Call) Err { return Of(p.Do(h.context(c.Ctx), h.task(c.Task, 0))) })
	wire.On(s, "run", h.run)
	wire.On(s, "cancel", func(n int) bool {
		h.context(n)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.cancels[n]()
		return true
	})
	wire.On(s, "shutdown", func(d time.Duration) Err {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		return Of(p.Shutdown(ctx))
	})
	wire.On(s, "stats", func(struct{}) pool.Stats { return p.Stats() })
	wire.On(s, "counted", func(rounds int) int64 { return counted(p, rounds) })
}

// counted has a few goroutines call Do, and Stats when it has returned, so often at most.
// It returns by how much Done was less than what had returned, at its worst.
func counted(p *pool.Pool, rounds int) int64 {
	var returned, behind atomic.Int64
	before := p.Stats().Done
	end := time.Now().Add(time.Second)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range rounds {
				if behind.Load() > 0 || time.Now().After(end) {
					return
				}
				if p.Do(context.Background(), func() {}) != nil {
					continue
				}
				n := returned.Add(1)
				if late := before + n - p.Stats().Done; late > 0 {
					behind.Store(late)
				}
			}
		})
	}
	all.Wait()
	return behind.Load()
}

// A hall is where tasks are while they run.
type hall struct {
	s        *wire.Session
	p        *pool.Pool
	mu       sync.Mutex
	contexts map[int]context.Context
	cancels  map[int]func()
}

// context returns a context that can be cancelled, by its number.
func (h *hall) context(n int) context.Context {
	if n == 0 {
		return context.Background()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.contexts[n] == nil {
		h.contexts[n], h.cancels[n] = context.WithCancel(context.Background())
	}
	return h.contexts[n]
}

// task returns a task that waits for the exam's word. Its caller's goroutine is 0 where
// that does not matter.
func (h *hall) task(n int, caller uint64) func() {
	return func() {
		running := Running{Task: n, Own: caller != 0 && goroutine() == caller}
		for {
			var word Word
			if h.s.Ask("task", running, &word) != nil {
				return
			}
			switch word.Do {
			case "panic":
				panic(fmt.Sprintf("task %d", n))
			case "goexit":
				runtime.Goexit()
			case "submit":
				running.Err = Of(h.p.TrySubmit(h.task(word.N, 0)))
			default:
				return
			}
		}
	}
}

// run calls Run on a goroutine of its own, since that may end with it.
func (h *hall) run(c Call) Err {
	result := make(chan Err, 1)
	go func() {
		out := Err{Exited: true}
		defer func() { result <- out }()
		defer func() {
			if v := recover(); v != nil {
				out = Err{Panicked: true, Value: fmt.Sprint(v)}
			}
		}()
		out = Of(h.p.Run(h.context(c.Ctx), h.task(c.Task, goroutine())))
	}()
	return <-result
}

// goroutine is the number of the goroutine that calls it.
func goroutine() uint64 {
	var buf [64]byte
	var id uint64
	_, _ = fmt.Fscanf(bytes.NewReader(buf[:runtime.Stack(buf[:], false)]), "goroutine %d", &id)
	return id
}

type logWriter struct{ s *wire.Session }

func (w logWriter) Write(line []byte) (int, error) {
	w.s.Emit("log", wire.Clip(string(line)))
	return len(line), nil
}

// Lost is what was lost when places were handed over.
type Lost struct {
	Callers int  // whose task ran and who were told that it did not, or the other way round
	Place   bool // the only one that there is
}

// HandOver hands the only place of a pool to a caller whose context ends at that moment,
// so many times.
func HandOver(times int) (lost Lost) {
	err := wire.Bubble(func() {
		p := pool.New(pool.Config{Max: 1, Queue: 1})
		long, end := context.WithTimeout(context.Background(), time.Hour)
		defer end()
		for range times {
			ctx, cancel := context.WithCancel(long)
			var waiter sync.WaitGroup
			first := p.Run(long, func() {
				waiter.Go(func() {
					ran := false
					err := p.Run(ctx, func() { ran = true })
					if ran != (err == nil) || !ran && !errors.Is(err, context.Canceled) {
						lost.Callers++
					}
				})
				synctest.Wait()
			})
			cancel() // the place has been handed over, and the waiter has hardly noticed
			waiter.Wait()
			if lost.Place = first != nil; lost.Place {
				break
			}
		}
		lost.Place = lost.Place || p.Run(long, func() {}) != nil || p.Do(long, func() {}) != nil
		_ = p.Shutdown(long)
	})
	if err != nil {
		panic(err.Error())
	}
	return lost
}
