package main

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A rule lets a system call pass if all its conditions hold. Several rules may
// name the same call: one of them has to hold.
type rule struct {
	call  uintptr
	conds []cond
}

// A cond looks at half an argument: the other half of what are 64 bits there is
// not looked at by the kernel either, where the argument is an int.
type cond struct {
	offset uint32 // in struct seccomp_data
	mask   uint32
	op     uint16 // unix.BPF_JEQ or unix.BPF_JGT
	value  uint32
	not    bool
}

// Offsets in struct seccomp_data, on machines that are little-endian.
const (
	offsetCall = 0
	offsetArch = 4
)

func low(arg int) uint32  { return 16 + 8*uint32(arg) }
func high(arg int) uint32 { return low(arg) + 4 }

func is(arg int, value uint32) cond {
	return cond{offset: low(arg), mask: ^uint32(0), op: unix.BPF_JEQ, value: value}
}
func masked(arg int, mask, value uint32) cond {
	return cond{offset: low(arg), mask: mask, op: unix.BPF_JEQ, value: value}
}
func atMost(arg int, value uint32) cond {
	return cond{offset: low(arg), mask: ^uint32(0), op: unix.BPF_JGT, value: value, not: true}
}
func null(arg int) []cond {
	return []cond{is(arg, 0), {offset: high(arg), mask: ^uint32(0), op: unix.BPF_JEQ}}
}

// filterFor returns the filter that the configuration asks for. The process that
// will run under it has the given number, and starts the program from a descriptor.
func filterFor(c *config, pid, program int) ([]unix.SockFilter, error) {
	if arch == 0 {
		return nil, fmt.Errorf("not for this processor")
	}
	switch c.seccomp {
	case "run":
		rules := runRules(pid, program)
		if c.listen {
			rules = append(rules, listenRules()...)
		}
		return assemble(rules, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), unix.SECCOMP_RET_ALLOW, []uintptr{unix.SYS_CLONE3}), nil
	case "tools":
		return assemble(toolRules(c.alone), unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), []uintptr{unix.SYS_CLONE3}), nil
	}
	return nil, fmt.Errorf("there is no filter %q", c.seccomp)
}

// assemble writes the filter: calls that a rule holds for get then, others
// otherwise. Those that are absent get ENOSYS, so that the caller uses an older one,
// whose arguments can be looked at. A foreign way to call the kernel, such as 32-bit
// calls, ends the process.
func assemble(rules []rule, otherwise, then uint32, absent []uintptr) []unix.SockFilter {
	f := []unix.SockFilter{
		load(offsetArch),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: arch},
		ret(unix.SECCOMP_RET_KILL_PROCESS),
		load(offsetCall),
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, Jf: 1, K: firstForeign},
		ret(unix.SECCOMP_RET_KILL_PROCESS),
	}
	for _, call := range absent {
		f = append(f, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(call)},
			ret(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS)))
	}
	for _, r := range rules {
		var block []unix.SockFilter
		for _, c := range r.conds {
			block = append(block, load(c.offset), unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: c.mask},
				unix.SockFilter{Code: unix.BPF_JMP | c.op | unix.BPF_K, K: c.value})
		}
		block = append(block, ret(then))
		if len(r.conds) > 0 {
			block = append(block, load(offsetCall)) // for the next rule
		}
		// A condition that does not hold goes to that last instruction.
		for i := range block {
			if block[i].Code&7 != unix.BPF_JMP {
				continue
			}
			away := uint8(len(block) - 2 - i)
			if r.conds[i/3].not {
				block[i].Jt = away
			} else {
				block[i].Jf = away
			}
		}
		f = append(f, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: uint8(len(block)), K: uint32(r.call)})
		f = append(f, block...)
	}
	return append(f, ret(otherwise))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func ret(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

// install puts this thread under the filter, and what it becomes.
func install(filter []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
}

// runRules are what a submission may do: be a Go program with the files that it
// was given. It can start nothing but itself, signal nobody else, and make no socket;
// connecting one that it has is refused, and so is every other way to use a listener
// as a client (fast open).
func runRules(pid, program int) []rule {
	rules := allow(
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_FUTEX, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_CTL, unix.SYS_ACCEPT4,
		unix.SYS_CLOSE, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_SCHED_YIELD, unix.SYS_MADVISE, unix.SYS_MUNMAP,
		unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_PREADV, unix.SYS_PWRITEV,
		unix.SYS_LSEEK, unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_GETDENTS64, unix.SYS_READLINKAT,
		unix.SYS_OPENAT, unix.SYS_FACCESSAT, unix.SYS_GETCWD, unix.SYS_FTRUNCATE, unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_FLOCK,
		unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT2, unix.SYS_SYMLINKAT, unix.SYS_FSTATFS,
		unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_SPLICE, unix.SYS_TEE, unix.SYS_SENDFILE, unix.SYS_COPY_FILE_RANGE,
		unix.SYS_ACCEPT, unix.SYS_SHUTDOWN, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_GETSOCKOPT,
		unix.SYS_RECVFROM, unix.SYS_RECVMSG,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EVENTFD2, unix.SYS_PPOLL, unix.SYS_PSELECT6,
		unix.SYS_TIMERFD_CREATE, unix.SYS_TIMERFD_SETTIME, unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SETITIMER,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
		unix.SYS_BRK, unix.SYS_MINCORE, unix.SYS_MREMAP, unix.SYS_MLOCK, unix.SYS_MUNLOCK,
		unix.SYS_GETPID, unix.SYS_GETPPID, unix.SYS_GETTID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID,
		unix.SYS_GETRANDOM, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT, unix.SYS_TIMES,
		unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY,
		unix.SYS_SCHED_GETAFFINITY, unix.SYS_SET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	)
	rules = append(rules, allow(oldCalls...)...)
	const threads = unix.CLONE_THREAD | unix.CLONE_VM
	const spaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	return append(rules,
		rule{unix.SYS_CLONE, []cond{masked(0, threads|spaces, threads)}},
		rule{unix.SYS_TGKILL, []cond{is(0, uint32(pid))}},
		// Not shared: that is not counted in RLIMIT_DATA. Not executable: what runs is
		// what was built.
		rule{unix.SYS_MMAP, []cond{masked(2, unix.PROT_EXEC, 0), masked(3, unix.MAP_SHARED, 0)}},
		rule{unix.SYS_MPROTECT, []cond{masked(2, unix.PROT_EXEC, 0)}},
		// In its folder: pipes, but no devices; times of open files only, as Landlock does not
		// look after times.
		rule{unix.SYS_MKNODAT, []cond{masked(2, unix.S_IFMT, unix.S_IFIFO)}},
		rule{unix.SYS_UTIMENSAT, null(1)},
		// F_SETOWN would send signals.
		rule{unix.SYS_FCNTL, []cond{atMost(1, unix.F_SETFL)}},
		rule{unix.SYS_FCNTL, []cond{is(1, unix.F_DUPFD_CLOEXEC)}},
		// No filters, no other protocols on top, no repair mode, no fast open.
		rule{unix.SYS_SETSOCKOPT, []cond{is(1, unix.SOL_SOCKET), atMost(2, unix.SO_SNDTIMEO)}},
		rule{unix.SYS_SETSOCKOPT, []cond{is(1, unix.IPPROTO_TCP), atMost(2, unix.TCP_USER_TIMEOUT)}},
		rule{unix.SYS_SENDTO, append(null(4), masked(3, unix.MSG_FASTOPEN, 0))},
		rule{unix.SYS_SENDMSG, []cond{masked(2, unix.MSG_FASTOPEN, 0)}},
		rule{unix.SYS_PRLIMIT64, []cond{is(0, 0)}},
		rule{unix.SYS_EXECVEAT, []cond{is(0, uint32(program)), is(4, unix.AT_EMPTY_PATH)}},
	)
}

// listenRules are for a submission that listens by itself, in a network of its own.
func listenRules() []rule {
	rules := allow(unix.SYS_BIND, unix.SYS_LISTEN)
	for _, family := range []uint32{unix.AF_INET, unix.AF_INET6} {
		rules = append(rules, rule{unix.SYS_SOCKET, []cond{is(0, family), masked(1, 0xf, unix.SOCK_STREAM), is(2, 0)}})
	}
	return rules
}

// toolRules are what the go toolchain may not do: it may start processes, but they
// stay what they are and where they are. It has no sockets of any kind.
func toolRules(alone bool) []rule {
	denied := []uintptr{
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_OPEN, unix.SYS_PROCESS_MADVISE,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS,
		unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_SYSLOG, unix.SYS_PERSONALITY,
		unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET,
		unix.SYS_MKNODAT, unix.SYS_SETSID, unix.SYS_SETPGID,
	}
	if !alone { // its processes are the checker's user's, as others are
		denied = append(denied, unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_PIDFD_SEND_SIGNAL)
	}
	rules := allow(denied...)
	for _, flag := range []uint32{unix.CLONE_NEWUSER, unix.CLONE_NEWNS, unix.CLONE_NEWPID, unix.CLONE_NEWNET, unix.CLONE_NEWIPC, unix.CLONE_NEWUTS, unix.CLONE_NEWCGROUP} {
		rules = append(rules, rule{unix.SYS_CLONE, []cond{masked(0, flag, flag)}})
	}
	return rules
}

// allow returns a rule without conditions for each call.
func allow(calls ...uintptr) []rule {
	calls = slices.Clone(calls)
	rules := make([]rule, len(calls))
	for i, call := range calls {
		rules[i].call = call
	}
	return rules
}
