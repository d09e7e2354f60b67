package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// resources are the limits by the names that the checker gives them.
var resources = map[string]int{
	"cpu": unix.RLIMIT_CPU, "fsize": unix.RLIMIT_FSIZE, "data": unix.RLIMIT_DATA, "core": unix.RLIMIT_CORE,
	"nproc": unix.RLIMIT_NPROC, "nofile": unix.RLIMIT_NOFILE, "memlock": unix.RLIMIT_MEMLOCK, "msgqueue": unix.RLIMIT_MSGQUEUE,
}

func init() { runtime.LockOSThread() } // what is taken away is taken from one thread, which exec leaves alone

// enter takes away what the program must not have and becomes the program.
func enter(args []string) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "launch:", err)
		return 2
	}
	syscall.CloseOnExec(c.control)
	syscall.CloseOnExec(c.control - 1) // the pipe that says that the program has begun
	err = become(c)
	tell(c.control, "fault %v", err)
	return 127
}

// become returns only if it fails. The order matters: each step needs what the
// next one takes.
func become(c *config) error {
	program, err := syscall.Open(c.program[0], unix.O_PATH|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the program %s: %v", c.program[0], err)
	}
	if c.dir != "" {
		if err := syscall.Chdir(c.dir); err != nil {
			return fmt.Errorf("the working folder %s: %v", c.dir, err)
		}
	}
	for resource, most := range c.limits {
		if err := limit(resource, most); err != nil {
			return fmt.Errorf("limit %d: %v", resource, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %v", err)
	}
	if c.landlock {
		if err := restrict(c.program[0], c.ro, c.rw, c.listen); err != nil {
			return fmt.Errorf("taking files away with Landlock: %v", err)
		}
	}
	argv, err := syscall.SlicePtrFromStrings(c.program)
	if err != nil {
		return err
	}
	envv, err := syscall.SlicePtrFromStrings(c.env)
	if err != nil {
		return err
	}
	empty, _ := syscall.BytePtrFromString("")
	if c.seccomp != "" {
		filter, err := filterFor(c, os.Getpid(), program)
		if err == nil {
			err = install(filter)
		}
		if err != nil {
			return fmt.Errorf("seccomp: %v", err)
		}
	}
	tell(c.control, "jailed")
	_, _, errno := syscall.RawSyscall6(unix.SYS_EXECVEAT, uintptr(program), uintptr(unsafe.Pointer(empty)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])), unix.AT_EMPTY_PATH, 0)
	return fmt.Errorf("starting %s: %v", c.program[0], errno)
}

// limit sets a limit that cannot be raised again. Go ignores soft limits of
// processor time, so soft and hard are the same.
func limit(resource int, most uint64) error {
	return unix.Prlimit(0, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
}
