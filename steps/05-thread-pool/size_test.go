package pool_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
	pool "barewire/steps/05-thread-pool"
)

// goroutines counts those that the pool's code has started and that are still
// there, once everything has come to rest.
func goroutines() int {
	synctest.Wait()
	return testkit.Goroutines()
}

func TestTask6_Size(t *testing.T) {
	tell(t, []row{
		{"Min workers are there before the first task", "the pool has had no task yet", "the first requests after a start are not slower than the others", pool.Config{Min: 3, Max: 8}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			say("goroutines: %d", goroutines())
		}, "goroutines: 3"},
		{"a worker that is free is used before a new one is started", "Do is called 20 times, one after another", "a goroutine for each task would be no pool", pool.Config{Max: 8}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for range 20 {
				p.Do(t.Context(), func() {})
			}
			say("goroutines: %d", goroutines())
		}, "goroutines: 1"},
		{"workers are started as they are needed", "TrySubmit is called six times, and the goroutines are counted each time; the tasks stay", "each task that cannot be run by an idle worker is worth one, up to Max", pool.Config{Min: 1, Max: 4, Queue: 9}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			for i := range 6 {
				p.TrySubmit(h.task(i))
				say("%d", goroutines())
			}
			h.open()
		}, "1; 2; 3; 4; 4; 4"},
		{"workers that are not needed end after IdleTimeout", "eight tasks have run and ended; IdleTimeout is a minute. Goroutines:", "a goroutine keeps its stack, and what its last task left on it", pool.Config{Min: 2, Max: 8, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 8)
			h.open()
			say("%d", goroutines())
			time.Sleep(59 * time.Second)
			say("%d after 59 s", goroutines())
			time.Sleep(2 * time.Second)
			say("%d after 61 s", goroutines())
			time.Sleep(time.Hour)
			say("%d after an hour", goroutines())
		}, "8; 8 after 59 s; 2 after 61 s; 2 after an hour"},
		{"each worker has been idle for that long", "two workers become idle, the second one 30s later; IdleTimeout is a minute. Goroutines:", "workers end one by one, as they are not needed: those who have just worked will be the next to be used", pool.Config{Max: 2, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			first, second := newHall(), newHall()
			submit(p, first, 0, 1)
			submit(p, second, 1, 2)
			first.open()
			time.Sleep(30 * time.Second)
			second.open()
			say("%d", goroutines())
			time.Sleep(31 * time.Second)
			say("%d after 61 s of the first, 31 s of the second", goroutines())
			time.Sleep(30 * time.Second)
			say("%d after 61 s of the second", goroutines())
		}, "2; 1 after 61 s of the first, 31 s of the second; 0 after 61 s of the second"},
		{"it shrinks after each burst, not only after the first", "three times: four tasks run and end, and an hour passes; IdleTimeout is a minute. Goroutines each time, before the hour and after it:", "there is a rush every morning", pool.Config{Min: 1, Max: 4, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			for range 3 {
				h := newHall()
				submit(p, h, 0, 4)
				h.open()
				before := goroutines()
				time.Sleep(time.Hour)
				say("%d, then %d", before, goroutines())
			}
		}, "4, then 1; 4, then 1; 4, then 1"},
		{"without Min none is left", "two tasks run and end, and two minutes pass; IdleTimeout is a minute", "a service that nobody uses should cost nothing", pool.Config{Max: 2, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 2)
			h.open()
			time.Sleep(2 * time.Minute)
			say("%d", goroutines())
			say("error %v", p.Do(t.Context(), func() {}))
		}, "0; error <nil>"},
		{"a worker that works is not idle", "two tasks are given to TrySubmit; IdleTimeout is 1s, and they stay for an hour", "the time-out is for workers, not for tasks", pool.Config{Max: 1, Queue: 1, IdleTimeout: time.Second}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 2)
			time.Sleep(time.Hour)
			h.open()
			say("%v", h)
		}, "0 running, 2 done"},
		{"a worker that was used again ends, too", "Do is called twice, half a minute apart, and two minutes pass; IdleTimeout is a minute. Goroutines:", "its time begins anew each time that it becomes idle", pool.Config{Max: 1, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			p.Do(t.Context(), func() {})
			time.Sleep(30 * time.Second)
			p.Do(t.Context(), func() {})
			time.Sleep(59 * time.Second)
			say("%d after 59 s", goroutines())
			time.Sleep(time.Minute)
			say("%d after two minutes", goroutines())
		}, "1 after 59 s; 0 after two minutes"},
		{"a few tasks now and then keep a few workers", "eight tasks run and end; then Do is called every 10s, 20 times; IdleTimeout is a minute. Goroutines:", "the worker that became idle last is used first, so that the others can end", pool.Config{Max: 8, IdleTimeout: time.Minute}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			h := newHall()
			submit(p, h, 0, 8)
			h.open()
			for range 20 {
				time.Sleep(10 * time.Second)
				p.Do(t.Context(), func() {})
			}
			say("%d", goroutines())
		}, "1"},
		{"a task that comes just when a worker gives up is run", "Do is called 50 times, each time when the worker has been idle for exactly IdleTimeout. Tasks that ran:", "between the end of the time and the end of the worker there is a gap, and a task that falls into it waits for ever", pool.Config{Max: 1, IdleTimeout: time.Second}, func(t *testing.T, p *pool.Pool, say func(string, ...any)) {
			n := 0
			for range 50 {
				if p.Do(t.Context(), func() { n++ }) == nil {
					time.Sleep(time.Second) // to the nanosecond: both timers fire together
				}
			}
			say("%d of 50", n)
		}, "50 of 50"},
	})
}

// Without a bubble, on all processors: what only fails now and then fails here.
func TestTask6_Stress(t *testing.T) {
	testkit.NoLeaks(t)
	p := pool.New(pool.Config{Min: 1, Max: 8, Queue: 8, IdleTimeout: 50 * time.Microsecond})
	const callers, each = 16, 500
	var mu sync.Mutex
	ran, accepted, in, most := 0, 0, 0, 0
	testkit.Within(t, 30*time.Second, "8000 tasks to be run or refused (if they never are, a wake-up was lost)", func() {
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for range each {
					err := p.Do(t.Context(), func() {
						mu.Lock()
						ran++
						in++
						most = max(most, in)
						mu.Unlock()
						time.Sleep(time.Microsecond)
						mu.Lock()
						in--
						mu.Unlock()
					})
					if err == nil {
						mu.Lock()
						accepted++
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		p.Shutdown(t.Context())
	})
	mu.Lock()
	defer mu.Unlock()
	if ran != accepted || accepted == 0 || most > 8 {
		testkit.Report{Want: "as many tasks run as were accepted, at least one of them, and at most 8 at once",
			Got: fmt.Sprintf("%d run, %d accepted, %d at once", ran, accepted, most),
			Why: "two goroutines that change one thing without a lock overwrite each other's work: a data race; make test STEP=5 RACE=1 shows the two lines, where a C compiler is installed"}.Error(t)
	}
}
