package step10

import (
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"time"

	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// OverTCP says what step 4 would miss in a connection over TCP: nothing if it is "", and
// nothing either where this may not listen.
func OverTCP(struct{}) string {
	ln, client, err := wire.Loopback()
	if err != nil {
		return ""
	}
	defer ln.Close()
	defer client.Close()
	conn, err := (&server.Conns{Max: 10}).Listener(ln).Accept()
	if err != nil {
		return nameOf(err)
	}
	defer conn.Close()
	if _, ok := conn.(server.Conn); !ok {
		return "server.Conn, which Accept has to return"
	}
	half, ok := conn.(interface {
		CloseWrite() error
		SetLinger(sec int) error
	})
	if !ok {
		return "CloseWrite or SetLinger"
	}
	if err := half.CloseWrite(); err != nil {
		return "CloseWrite, which fails"
	}
	deadline := time.Now().Add(30 * time.Second)
	_ = client.SetReadDeadline(deadline)
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		return "CloseWrite: the client does not read the end"
	}
	_, _ = io.WriteString(client, "still here")
	_ = client.Close()
	_ = conn.SetReadDeadline(deadline)
	if heard, _ := io.ReadAll(conn); string(heard) != "still here" {
		return "what a client sends behind CloseWrite"
	}
	return ""
}

// A throng is a listener to which each client comes from another network.
type throng struct {
	net.Listener
	nc   net.Conn // of all of them
	came uint32
}

func (c *throng) Accept() (net.Conn, error) {
	c.came++
	ip := net.IP{0x20, 1, 0xd, 0xb8, 15: 1}
	binary.BigEndian.PutUint32(ip[4:], c.came)
	return stays{from{c.nc, &net.TCPAddr{IP: ip, Port: firstPort}}}, nil
}

// stays is a connection that is not closed.
type stays struct{ from }

func (stays) Close() error { return nil }

// Crowd has so many clients come, each from another network, of which each has gone
// before the next comes. It says how many bytes of memory are in use that were not before.
func Crowd(clients int) int64 {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	ln := (&server.Conns{MaxPerClient: 1}).Listener(&throng{nc: theirs})
	before := inUse()
	for range clients {
		nc, err := ln.Accept()
		if err != nil {
			panic("Accept returns an error: " + err.Error())
		}
		_ = nc.Close()
	}
	more := inUse() - before
	runtime.KeepAlive(ln)
	return more
}

// inUse is how many bytes are in use.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
