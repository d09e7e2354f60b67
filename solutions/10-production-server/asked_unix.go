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
	yes := false
	raw.Control(func(fd uintptr) { yes = peek(int(fd)) })
	return yes
}

// peek says whether there is something to read.
func peek(fd int) bool {
	n, _, _ := syscall.Recvfrom(fd, make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return n > 0
}
