package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// family returns a process and its children, such as the workers of nginx.
func family(pid int) []int {
	all := []int{pid}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return all
	}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
		if err != nil {
			continue // it has just ended
		}
		// The name of the program is in brackets and can have spaces.
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			all = append(all, id)
		}
	}
	return all
}

// cpuOf returns the processor time that processes have used so far. It asks for the
// clock of each, which counts nanoseconds, as /proc/PID/stat has hundredths of a second.
func cpuOf(pids []int) (time.Duration, error) {
	var all time.Duration
	for _, pid := range pids {
		// clock_getcpuclockid(3): the number of a process's clock is made of its id;
		// 2 is for what the scheduler has counted.
		var t unix.Timespec
		if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
			return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
		}
		all += time.Duration(t.Nano())
	}
	return all, nil
}

// memoryOf returns how many bytes of memory processes have.
func memoryOf(pids []int) (int64, error) {
	var all int64
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err != nil {
			return 0, err
		}
		fields := strings.Fields(string(text))
		pages, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return 0, err
		}
		all += pages * int64(os.Getpagesize())
	}
	return all, nil
}

// mostFiles returns how many files a process may have open.
func mostFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return int(min(limit.Max, 1<<20))
}

// machine says what this runs on.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // the rest is said without it
	model := "unknown processor"
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	release := ""
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		release = " " + unix.ByteSliceToString(uts.Release[:])
	}
	return model + ", Linux" + release
}
