package wire

import (
	"runtime"
)

// Stats are what the driver has open, as it says itself. The exam asks the kernel where
// it can: a submission might say something else.
type Stats struct {
	Goroutines  int
	Descriptors int
}

func init() {
	Handle("driver.Stats", func(struct{}) Stats {
		runtime.GC() // closes files that nobody has
		runtime.GC()
		return Stats{runtime.NumGoroutine(), descriptors()}
	})
}

// descriptors counts the file descriptors that are open, of the first thousand. It
// asks for each of them: there is no /proc in a box.
func descriptors() int {
	n := 0
	for fd := range 1024 {
		if descriptorOpen(fd) {
			n++
		}
	}
	return n
}
