package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// probe is a program that tries to get out of a sandbox. Each attempt is a line of
// its output, "held NAME WHY" or "escaped NAME"; the checker knows besides whether
// anything has arrived outside.
func probe(args []string) int {
	if len(args) == 0 {
		return 2
	}
	if args[0] == "decoy" { // a process to be killed; it ends with its input
		io.Copy(io.Discard, os.Stdin)
		return 0
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		attempt, ok := attempts[name]
		if !ok {
			fmt.Printf("escaped %s: there is no such attempt\n", name)
			continue
		}
		if err := attempt(value); err != nil {
			fmt.Printf("held %s %v\n", name, err)
		} else {
			fmt.Printf("escaped %s\n", arg)
		}
	}
	return 0
}

// attempts return nil if they got out.
var attempts = map[string]func(string) error{
	"read": func(name string) error { // a file of the host
		_, err := os.ReadFile(name)
		return err
	},
	"write": func(dir string) error { // a new file on the host
		return os.WriteFile(filepath.Join(dir, "written"), []byte("out"), 0o666)
	},
	"change": func(name string) error { // a file of the host
		return os.Truncate(name, 0)
	},
	"connect": func(port string) error { // to a server on the host
		n, _ := strconv.Atoi(port)
		return connectTo(unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: n})
	},
	"datagram": func(port string) error {
		n, _ := strconv.Atoi(port)
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		// Without a network, this can only be told by the checker.
		unix.Sendto(fd, []byte("out"), 0, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: n})
		return errors.New("sent to where nobody is")
	},
	"socket": func(name string) error { // a Unix socket of the host
		return connectTo(unix.AF_UNIX, &unix.SockaddrUnix{Name: name})
	},
	"abstract": func(name string) error { // one without a file
		return connectTo(unix.AF_UNIX, &unix.SockaddrUnix{Name: "@" + name})
	},
	"kill": func(number string) error { // a process of the host
		pid, _ := strconv.Atoi(number)
		if pid == unix.Getpid() || pid <= 1 {
			return errors.New("that is this process")
		}
		return unix.Kill(pid, unix.SIGKILL)
	},
	"trace": func(number string) error {
		pid, _ := strconv.Atoi(number)
		return unix.PtraceSeize(pid)
	},
	"fork": func(string) error {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		if pid == 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		return nil
	},
	"start": func(program string) error { // a program of the host
		return unix.Exec(program, []string{program}, nil)
	},
	"namespace": func(string) error {
		return unix.Unshare(unix.CLONE_NEWUSER)
	},
	"memory": func(size string) error { // more than allowed
		n, _ := strconv.Atoi(size)
		_, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	},
	"hidden": func(string) error { // memory that no limit counts
		_, err := unix.MemfdCreate("hidden", 0)
		return err
	},
}

func connectTo(family int, to unix.Sockaddr) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, to)
}
