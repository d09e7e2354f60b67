//go:build unix

package server_test

import (
	"syscall"
	"time"
)

// processorTime is what this program has had of the processors until now. Other
// programs that run at the same time do not count, as they do on a clock.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
