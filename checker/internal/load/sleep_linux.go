package load

import (
	"runtime"
	"syscall"
	"time"
)

// spin is how late the kernel wakes a thread, about.
const spin = 100 * time.Microsecond

// exactSleep sleeps in the kernel, which is exact to some 50 microseconds where
// time.Sleep on an idle machine is late by up to a millisecond, and spins for the
// rest. It holds one of the threads that run goroutines.
func exactSleep(d time.Duration) {
	begun := time.Now()
	if d > spin {
		ts := syscall.NsecToTimespec(int64(d - spin))
		_ = syscall.Nanosleep(&ts, nil) // a signal ends it early: then the rest spins
	}
	for time.Since(begun) < d {
		runtime.Gosched()
	}
}
