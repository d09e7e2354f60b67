package main

import "golang.org/x/sys/unix"

const (
	arch = unix.AUDIT_ARCH_X86_64
	// firstForeign is where the calls of the x32 ABI begin.
	firstForeign = 0x40000000
)

// oldCalls are those that newer processors do not have.
var oldCalls = []uintptr{
	unix.SYS_ARCH_PRCTL, unix.SYS_OPEN, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_ACCESS, unix.SYS_READLINK,
	unix.SYS_POLL, unix.SYS_SELECT, unix.SYS_EPOLL_WAIT, unix.SYS_PIPE, unix.SYS_DUP2, unix.SYS_TIME, unix.SYS_RENAMEAT,
}
