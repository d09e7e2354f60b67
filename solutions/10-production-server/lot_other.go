//go:build !linux

//starter:omit
package server

import (
	"context"
	"net"
)

// lots are what there is on Linux only.
type lots struct{}

func (lots) get(*Server) lots { return lots{} }

func (lots) stop() {}

func (lots) shutdown(context.Context) error { return nil }

// An fdConn is what there is on Linux only.
type fdConn struct{ net.Conn }

func newEventConn(c *fdConn, k *track) Conn { return &otherConn{c, k} }

func (s *Server) park(ln net.Listener) net.Listener { return s.conns.Listener(ln) }
