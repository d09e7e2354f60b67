package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// PID is the program's process, as this process sees it.
func (p *Process) PID() int { return p.pid }

// ticks is how many parts of a second /proc counts processor time in, on every
// Linux that runs Go.
const ticks = 100

// threadsOf returns how many threads a process has, which everybody may know.
func threadsOf(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := bytes.Cut(status, []byte("\nThreads:"))
	var n int
	fmt.Sscan(string(rest), &n)
	return n
}

// Usage says what the running program holds.
func (p *Process) Usage() (Usage, error) {
	select {
	case <-p.done:
		return Usage{}, fmt.Errorf("sandbox: the program has ended")
	default:
	}
	var u Usage
	proc := fmt.Sprintf("/proc/%d/", p.pid)
	fds, err := os.ReadDir(proc + "fd")
	if err != nil {
		return u, fmt.Errorf("sandbox: %w", err)
	}
	u.Descriptors = len(fds)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return u, fmt.Errorf("sandbox: %w", err)
	}
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		var n int64
		switch string(name) {
		case "VmRSS":
			fmt.Sscan(string(value), &n)
			u.Memory = n << 10
		case "VmHWM":
			fmt.Sscan(string(value), &n)
			u.Peak = n << 10
		case "Threads":
			fmt.Sscan(string(value), &u.Threads)
		}
	}
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return u, fmt.Errorf("sandbox: %w", err)
	}
	// Behind the name, which may have anything in it, the fields are state, then ten
	// others, then the time in user mode and in the kernel.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) > 12 {
		var user, system int64
		fmt.Sscan(string(fields[11]), &user)
		fmt.Sscan(string(fields[12]), &system)
		u.CPU = time.Duration(user+system) * time.Second / ticks
	}
	return u, nil
}
