package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// tell says one thing to the checker.
func tell(fd int, format string, args ...any) {
	syscall.Write(fd, fmt.Appendf(nil, format, args...))
}

// run starts the program and waits for it. Its own exit status says nothing; what
// it tells the checker does.
func run(args []string) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "launch:", err)
		return 2
	}
	syscall.CloseOnExec(controlFD)
	// The program has the same user: it must not look into this process.
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	child, err := start(c)
	if err != nil {
		tell(controlFD, "fault %v", err)
		return 1
	}
	go serve(child)
	status, usage := await(child)
	// What it has left behind goes with it. A process namespace dies with its first
	// process, which this one is; outside of one, nothing may leave its group.
	syscall.Kill(-child, syscall.SIGKILL)
	tell(controlFD, "ended %d %d %d %d", status, usage.Utime.Nano()/1000, usage.Stime.Nano()/1000, usage.Maxrss)
	return 0
}

// start starts "launch enter" with the program's files, and waits until it has become
// the program.
func start(c *config) (pid int, err error) {
	files := []uintptr{0, 1, 2}
	for i := range c.files {
		syscall.CloseOnExec(controlFD + 1 + i)
		files = append(files, uintptr(controlFD+1+i))
	}
	if c.tcp {
		ln, err := listenTCP()
		if err != nil {
			return 0, err
		}
		files = append(files, uintptr(ln))
	}
	var began [2]int // closed when the program has begun, or never will
	if err := syscall.Pipe2(began[:], syscall.O_CLOEXEC); err != nil {
		return 0, err
	}
	files = append(files, uintptr(began[1]), controlFD)
	again := append([]string{os.Args[0], "enter", "control=" + strconv.Itoa(len(files)-1)}, c.raw...)
	again = append(append(again, "--"), c.program...)
	pid, err = syscall.ForkExec(os.Args[0], again, &syscall.ProcAttr{
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, fmt.Errorf("starting the launcher again: %v", err)
	}
	for _, fd := range files[:len(files)-1] {
		if fd > 2 {
			syscall.Close(int(fd))
		}
	}
	syscall.Read(began[0], make([]byte, 1))
	syscall.Close(began[0])
	tell(controlFD, "began")
	return pid, nil
}

// await waits for the program, and for whatever else has become a child of this
// process.
func await(child int) (syscall.WaitStatus, syscall.Rusage) {
	for {
		var status syscall.WaitStatus
		var usage syscall.Rusage
		pid, err := syscall.Wait4(-1, &status, 0, &usage)
		if pid == child || err != nil && err != syscall.EINTR {
			return status, usage
		}
	}
}

// serve does what the checker asks for. If the checker goes away, so does the
// program.
func serve(child int) {
	buf := make([]byte, 64)
	for {
		n, err := syscall.Read(controlFD, buf)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			syscall.Kill(-child, syscall.SIGKILL)
			os.Exit(1)
		}
		word, rest, _ := strings.Cut(string(buf[:n]), " ")
		number, _ := strconv.Atoi(rest)
		switch word {
		case "kill":
			syscall.Kill(-child, syscall.SIGKILL)
		case "signal":
			syscall.Kill(child, syscall.Signal(number))
		case "socket":
			giveSocket(number)
		}
	}
}

// listenTCP listens on the loopback address of the sandbox's network.
func listenTCP() (fd int, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = syscall.Listen(fd, 4096)
	}
	if err != nil {
		return -1, fmt.Errorf("listening in the sandbox: %v", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return -1, err
	}
	tell(controlFD, "listening %d", name.(*syscall.SockaddrInet4).Port)
	return fd, nil
}

// giveSocket makes a TCP socket of the sandbox's network and gives it to the
// checker, who connects it: a socket stays in the network that it was made in.
func giveSocket(family int) {
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		tell(controlFD, "nosocket %v", err)
		return
	}
	defer syscall.Close(fd)
	if err := syscall.Sendmsg(controlFD, []byte("socket"), syscall.UnixRights(fd), nil, 0); err != nil {
		tell(controlFD, "nosocket %v", err)
	}
}
