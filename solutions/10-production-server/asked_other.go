//go:build !unix

//starter:omit
package server

import "net"

// asked says whether something has arrived on a connection that nobody has read yet.
// Here there is no way to know.
func asked(net.Conn) bool { return false }
