package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// mostMemory is what a test may have before it is ended: a mutant that never comes to its
// end may well take memory all the while.
const mostMemory = 3 << 30

// watchMemory ends a process that takes too much memory. It returns what stops it.
func watchMemory(p *os.Process) (stop func()) {
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(100 * time.Millisecond):
			}
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.Pid))
			fields := strings.Fields(string(text))
			if err != nil || len(fields) < 2 {
				continue // it has just ended
			}
			if pages, _ := strconv.ParseInt(fields[1], 10, 64); pages*int64(os.Getpagesize()) > mostMemory {
				_ = p.Kill() // it may have ended
			}
		}
	}()
	return func() { close(ended) }
}
