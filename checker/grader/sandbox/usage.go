package sandbox

import "time"

// A Usage is what a running program holds. The kernel says so, not the program.
type Usage struct {
	Memory      int64 // bytes that are resident now
	Peak        int64 // and were at most
	CPU         time.Duration
	Descriptors int
	Threads     int
}
