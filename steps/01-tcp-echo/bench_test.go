package echo_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	echo "barewire/steps/01-tcp-echo"
)

// BenchmarkEcho sends messages over real TCP and waits for each to come back.
// Its peer is the shortest echo server there is: io.Copy from a connection to
// itself, which on Linux never brings the bytes out of the kernel.
func BenchmarkEcho(b *testing.B) {
	impls := []struct {
		name  string
		serve func(net.Listener)
	}{
		{"ours", func(ln net.Listener) {
			srv := &echo.Server{Handler: echo.Echo, ErrorLog: slog.New(slog.DiscardHandler)}
			srv.Serve(ln)
			srv.Shutdown(context.Background())
		}},
		{"iocopy", func(ln net.Listener) {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					io.Copy(conn, conn)
				}()
			}
		}},
	}
	sizes := []struct {
		name  string
		bytes int
	}{{"64B", 64}, {"4KiB", 4 << 10}, {"1MiB", 1 << 20}}
	for _, size := range sizes {
		for _, impl := range impls {
			b.Run("size="+size.name+"/impl="+impl.name, func(b *testing.B) {
				conn := dialServer(b, impl.serve)
				sent, got := bytes.Repeat([]byte("x"), size.bytes), make([]byte, size.bytes)
				turn := make(chan bool)
				defer close(turn)
				go func() {
					for range turn {
						conn.Write(sent)
					}
				}()
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					turn <- true
					if _, err := io.ReadFull(conn, got); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkServe connects, sends one message, gets it back and disconnects.
func BenchmarkServe(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &echo.Server{Handler: echo.Echo, ErrorLog: slog.New(slog.DiscardHandler)}
	go func() {
		defer ln.Close()
		srv.Serve(ln)
	}()
	defer srv.Shutdown(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		io.WriteString(conn, "hello")
		if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
			b.Fatal(err)
		}
		conn.Close()
	}
}

// dialServer starts a server and connects to it; both end with the benchmark.
func dialServer(b *testing.B, serve func(net.Listener)) net.Conn {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		defer ln.Close()
		serve(ln)
	}()
	b.Cleanup(func() { ln.Close() })
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}
