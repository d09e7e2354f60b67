//go:build unix

//starter:omit
package server

import (
	"net"
	"syscall"
)

// asked says whether something has arrived on a connection that nobody has read yet.
func asked(nc net.Conn) bool {
	if c, ok := nc.(interface{ asked() bool }); ok {
		return c.asked()
	}
	c, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	raw.Control(func(fd uintptr) {
		n, _, _ = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return n > 0
}
