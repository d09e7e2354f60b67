package main

import "golang.org/x/sys/unix"

const (
	arch         = unix.AUDIT_ARCH_AARCH64
	firstForeign = 0x40000000 // there are none
)

// oldCalls are those that newer processors do not have.
var oldCalls = []uintptr{unix.SYS_RENAMEAT}
