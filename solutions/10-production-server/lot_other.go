//go:build !linux

//starter:omit
package server

import (
	"context"
	"net"
)

// A parkingLot is what there is on Linux only.
type parkingLot struct{}

func (parkingLot) get(*Server) parkingLot { return parkingLot{} }

func (parkingLot) stop() {}

func (parkingLot) shutdown(context.Context) error { return nil }

// An fdConn is what there is on Linux only.
type fdConn struct{ net.Conn }

func newEventConn(c *fdConn, k *track) Conn { return &otherConn{c, k} }

func (s *Server) park(ln net.Listener) net.Listener { return s.conns.Listener(ln) }
