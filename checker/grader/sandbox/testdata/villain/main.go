// Command villain is what the tests of package sandbox run in boxes: attacks, and
// honest programs that need as much as any.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	arg := ""
	if len(os.Args) > 2 {
		arg = os.Args[2]
	}
	acts[os.Args[1]](arg)
}

var hold []any

var acts = map[string]func(string){
	"exit":  func(arg string) { n, _ := strconv.Atoi(arg); os.Exit(n) },
	"panic": func(string) { panic("at \x1b[31m the disco") },
	"nil":   func(string) { var p *int; *p = 1 },
	"spin": func(string) {
		for {
		}
	},
	"sleep": func(string) { fmt.Println("asleep"); time.Sleep(time.Hour) },
	"memory": func(string) {
		for {
			b := make([]byte, 16<<20)
			for i := range b {
				b[i] = 1
			}
			hold = append(hold, b)
		}
	},
	"flood": func(string) {
		line := []byte(strings.Repeat("x", 1<<16))
		for {
			os.Stdout.Write(line)
		}
	},
	"much":  func(string) { os.Stdout.WriteString(strings.Repeat("x", 100_000)) },
	"abort": func(string) { unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGKILL); time.Sleep(time.Hour) },

	"keep":     keep,
	"fill":     fill,
	"see":      see,
	"escape":   escape,
	"hide":     hide,
	"limits":   limits,
	"threads":  threads,
	"children": children,
	"foreign": func(string) {
		_, _, errno := syscall.RawSyscall(0x40000000|39, 0, 0, 0) // getpid, in the x32 ABI
		fmt.Println("answered:", errno)
	},

	"serve":  serve,
	"listen": listen,
	"busy":   busy,
	"leak":   leak,
}

// see says what there is to see.
func see(string) {
	var root []string
	entries, _ := os.ReadDir("/")
	for _, e := range entries {
		root = append(root, e.Name())
	}
	dir, _ := os.Getwd()
	_, proc := os.Stat("/proc/self")
	fmt.Printf("root=%v uid=%v parent=%v env=%v dir=%s proc=%v\n", root, os.Getuid() != 0, os.Getppid() <= 1, os.Environ(), dir, proc == nil)
	// Exactly the files that were handed over.
	for fd := 3; fd < 100; fd++ {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			var st unix.Stat_t
			unix.Fstat(fd, &st)
			if st.Mode&unix.S_IFMT == unix.S_IFSOCK {
				fmt.Println("socket", fd)
			}
		}
	}
}

// escape turns the listener that it was given into a way out.
func escape(arg string) {
	port, _ := strconv.Atoi(arg)
	host := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}
	unspec := make([]byte, 16) // the family AF_UNSPEC is 0
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, 3, uintptr(unsafe.Pointer(&unspec[0])), uintptr(len(unspec)))
	report("dissolve", errnoOr(errno))
	report("connect", unix.Connect(3, host))
	unix.Shutdown(3, unix.SHUT_RDWR)
	report("fast open", unix.Sendto(3, []byte("out"), unix.MSG_FASTOPEN, host))
	_, err := unix.SendmsgN(3, []byte("out"), nil, host, unix.MSG_FASTOPEN)
	report("fast open with sendmsg", err)
	report("repair", unix.SetsockoptInt(3, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1))
	report("upper protocol", unix.SetsockoptString(3, unix.IPPROTO_TCP, unix.TCP_ULP, "tls"))
	report("a filter", unix.SetsockoptInt(3, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, 1))
	_, err = unix.FcntlInt(3, unix.F_SETOWN, 1)
	report("signals from a socket", err)
	_, err = unix.Open("/proc/1/environ", unix.O_RDONLY, 0)
	report("environment", err)
	report("mount", unix.Mount("none", "/", "tmpfs", 0, ""))
	report("chroot", unix.Chroot("/"))
	report("kill all", unix.Kill(-1, 0))
	report("the parent's memory", func() error { return unix.PtraceAttach(1) }())
	_, _, errno = unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
	report("io_uring", errnoOr(errno))
	_, _, errno = unix.RawSyscall6(unix.SYS_CLONE3, 0, 0, 0, 0, 0, 0)
	report("clone3", errnoOr(errno))
}

func errnoOr(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func report(what string, err error) {
	if err == nil {
		fmt.Println("worked:", what)
	} else {
		fmt.Printf("refused: %s: %v\n", what, err)
	}
}

// hide takes memory that the limit does not count.
func hide(string) {
	_, err := unix.Mmap(-1, 0, 1<<30, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_SHARED)
	report("shared memory", err)
	_, err = unix.MemfdCreate("x", 0)
	report("a file in memory", err)
	_, err = unix.Mmap(-1, 0, 1<<16, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	report("code", err)
}

// limits raises what limits it.
func limits(string) {
	for name, r := range map[string]int{"cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE} {
		report(name, unix.Prlimit(0, r, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}, nil))
	}
	report("death of the parent", unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0))
}

// threads makes as many as it can.
func threads(arg string) {
	for range 2000 {
		go func() {
			runtime.LockOSThread()
			time.Sleep(time.Hour)
		}()
		time.Sleep(100 * time.Microsecond)
	}
	fmt.Println("made 2000 threads")
	if arg == "stay" {
		time.Sleep(time.Hour)
	}
}

// children leaves processes behind that have left their session.
func children(string) {
	made := 0
	for range 200 {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			break
		}
		if pid == 0 {
			syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0)
			ts := syscall.Timespec{Sec: 3600}
			for {
				syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
			}
		}
		made++
	}
	fmt.Println("children:", made)
}

// serve answers on its first file, whatever listener that is.
func serve(dir string) {
	ln, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	echo(ln, dir)
}

// listen listens by itself.
func listen(string) {
	ln, err := net.Listen("tcp", "127.0.0.1:4221")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("listening")
	echo(ln, "")
}

// echo answers lines. The line "file" is answered with a file, as a web server would.
func echo(ln net.Listener, dir string) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		go func() {
			defer conn.Close()
			r := bufio.NewReader(conn)
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					fmt.Fprintf(conn, "%s%v from %v", line, err, conn.RemoteAddr())
					return
				}
				if line == "file\n" {
					root, err := os.OpenRoot(dir)
					if err != nil {
						fmt.Fprintln(conn, err)
						continue
					}
					f, err := root.Open("greeting")
					if err != nil {
						fmt.Fprintln(conn, err)
						continue
					}
					io.Copy(conn, f)
					f.Close()
					continue
				}
				io.WriteString(conn, line)
			}
		}()
	}
}

// busy does what makes a Go program use the kernel.
func busy(string) {
	done := make(chan int)
	for i := range 50 {
		go func() {
			var keep [][]byte
			for range 200 {
				keep = append(keep, make([]byte, 10_000))
				if len(keep) > 20 {
					keep = nil
				}
				time.Sleep(10 * time.Microsecond)
			}
			done <- i
		}()
	}
	for range 50 {
		<-done
	}
	runtime.GC()
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() { io.WriteString(w, "through a pipe"); w.Close() }()
	io.Copy(io.Discard, r)
	fmt.Println("done", runtime.NumCPU() > 0, time.Now().Year() > 2000)
}

// leak holds 100 descriptors and 50 MiB more than before.
func leak(string) {
	fmt.Println("ready")
	time.Sleep(200 * time.Millisecond)
	for range 50 {
		r, w, err := os.Pipe()
		if err != nil {
			fmt.Println(err)
		}
		hold = append(hold, r, w)
	}
	b := make([]byte, 50<<20)
	for i := range b {
		b[i] = 1
	}
	hold = append(hold, b)
	time.Sleep(time.Hour)
}

// keep uses its folder as an honest program does, and tries to leave something elsewhere.
func keep(string) {
	dir, err := os.MkdirTemp("", "site")
	if err == nil {
		err = os.WriteFile(dir+"/a", []byte("text"), 0o666)
	}
	if err == nil {
		err = os.Rename(dir+"/a", dir+"/b")
	}
	if err == nil {
		err = os.Symlink("b", dir+"/c")
	}
	if err == nil {
		err = unix.Mkfifo(dir+"/d", 0o600)
	}
	text, err2 := os.ReadFile(dir + "/c")
	fmt.Printf("%q %v %v\n", text, err, err2)
	for _, name := range []string{"/", "/etc/hostname", dir} {
		if err := os.Chtimes(name, time.Now(), time.Now()); err == nil && name != dir {
			fmt.Println("worked: the times of", name)
		}
	}
	for _, name := range []string{"/", "/var/tmp/", "/dev/shm/", dir + "/../../"} {
		if err := os.WriteFile(name+"left-behind", nil, 0o666); err == nil {
			fmt.Println("worked: a file in", name)
		}
	}
}

// fill writes files until it may not.
func fill(string) {
	b := make([]byte, 1<<20)
	for n := 0; ; n++ {
		if err := os.WriteFile(os.TempDir()+"/"+strconv.Itoa(n), b, 0o666); err != nil {
			fmt.Println(n, err)
			return
		}
	}
}
