//go:build !unix

package server_test

import "time"

var began = time.Now()

// processorTime is the time on the clock, where the system does not say better.
func processorTime() time.Duration { return time.Since(began) }
