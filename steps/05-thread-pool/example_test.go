package pool_test

import (
	"context"
	"errors"
	"fmt"

	pool "barewire/steps/05-thread-pool"
)

// Work that takes long is done by a few workers, and what is too much is refused.
func Example() {
	p := pool.New(pool.Config{Min: 1, Max: 2, Queue: 1})
	work := make(chan bool)
	for i := range 4 {
		switch err := p.TrySubmit(func() { <-work }); {
		case err == nil:
			fmt.Println("task", i, "accepted")
		case errors.Is(err, pool.ErrFull):
			fmt.Println("task", i, "refused: 503 Service Unavailable, Retry-After: 1")
		default:
			fmt.Println(err)
		}
	}
	close(work)
	fmt.Println("shutdown:", p.Shutdown(context.Background()))
	// Output:
	// task 0 accepted
	// task 1 accepted
	// task 2 accepted
	// task 3 refused: 503 Service Unavailable, Retry-After: 1
	// shutdown: <nil>
}

// A handler hands blocking work to a pool of its own and waits for it, but no longer
// than its client does.
func ExamplePool_Do() {
	p := pool.New(pool.Config{Max: 4, Queue: 16})
	var thumbnail string
	if err := p.Do(context.Background(), func() { thumbnail = "a small picture" }); err != nil {
		fmt.Println(err)
	}
	fmt.Println(thumbnail)
	fmt.Println(p.Do(context.Background(), func() { panic("not a picture") }))
	fmt.Println(p.Shutdown(context.Background()))
	// Output:
	// a small picture
	// pool: task panicked: not a picture
	// <nil>
}

// A server has a goroutine for each connection already. What it needs is a place, so
// that no more than four of them make thumbnails at once.
func ExamplePool_Run() {
	p := pool.New(pool.Config{Max: 4, Queue: 16})
	var thumbnail string
	err := p.Run(context.Background(), func() { thumbnail = "a small picture" })
	fmt.Println(thumbnail, err)
	fmt.Println(p.Shutdown(context.Background()))
	fmt.Println(p.Run(context.Background(), func() {}))
	// Output:
	// a small picture <nil>
	// <nil>
	// pool: shut down
}
