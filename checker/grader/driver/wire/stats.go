package wire

import (
	"runtime"
)

// Stats are what the driver has open.
type Stats struct {
	Goroutines  int
	Descriptors int
	Heap        int64 // bytes, after a collection
}

func init() {
	Handle("driver.Stats", func(struct{}) Stats {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return Stats{runtime.NumGoroutine(), descriptors(), int64(m.HeapAlloc)}
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
