// What the reference promises beyond the tasks: what a task costs.

package pool_test

import (
	"context"
	"sync"
	"testing"

	"barewire/solutions/05-thread-pool"
)

// Do and Run allocate nothing once the pool is warm.
func TestBudget(t *testing.T) {
	p := pool.New(pool.Config{Min: 1, Max: 1})
	defer p.Shutdown(context.Background())
	task := func() {}
	ctx := context.Background()
	if got := testing.AllocsPerRun(1000, func() { p.Do(ctx, task) }); got > 0.05 {
		t.Errorf("%.2f allocations for Do, want none", got)
	}
	if got := testing.AllocsPerRun(1000, func() { p.Run(ctx, task) }); got > 0.05 {
		t.Errorf("%.2f allocations for Run, want none", got)
	}
}

// BenchmarkDo compares a task on the pool, handed over to a worker or on the caller's
// goroutine, with a goroutine of its own, and with a semaphore around a plain call.
func BenchmarkDo(b *testing.B) {
	for _, impl := range []struct {
		name string
		do   func(*pool.Pool, context.Context, func()) error
	}{{"pool", (*pool.Pool).Do}, {"run", (*pool.Pool).Run}} {
		b.Run("impl="+impl.name, func(b *testing.B) {
			p := pool.New(pool.Config{Min: 4, Max: 16, Queue: 1024})
			defer p.Shutdown(context.Background())
			task := func() {}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := impl.do(p, context.Background(), task); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	b.Run("impl=goroutine", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var done sync.WaitGroup
			for pb.Next() {
				done.Go(func() {})
				done.Wait()
			}
		})
	})
	b.Run("impl=semaphore", func(b *testing.B) {
		slots := make(chan struct{}, 16)
		task := func() {}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				slots <- struct{}{}
				task()
				<-slots
			}
		})
	})
}
