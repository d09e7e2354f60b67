// Command demo runs the echo server of step 1 until you press Ctrl-C.
//
// Talk to it with: nc 127.0.0.1 8080 (or: curl -N telnet://127.0.0.1:8080)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"time"

	echo "barewire/solutions/01-tcp-echo"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	flag.Parse()
	if err := run(*addr); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &echo.Server{Handler: announce(echo.Echo)}

	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	fmt.Printf("listening on %s; Ctrl-C stops\n", ln.Addr())

	interrupted, forget := signal.NotifyContext(context.Background(), os.Interrupt)
	defer forget()
	select {
	case err := <-served:
		return err // by itself: it could not go on
	case <-interrupted.Done():
	}

	// A second Ctrl-C ends the program at once.
	forget()
	fmt.Println("stopping; waiting up to 5s for those who are connected")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return fmt.Errorf("shutdown: %w", err)
	}
	if err := <-served; !errors.Is(err, echo.ErrServerClosed) {
		return err
	}
	return nil
}

// announce says on the screen who comes and goes.
func announce(h echo.Handler) echo.Handler {
	return func(ctx context.Context, conn net.Conn) {
		fmt.Printf("%s  connected\n", conn.RemoteAddr())
		begin := time.Now()
		h(ctx, conn)
		fmt.Printf("%s  done after %v\n", conn.RemoteAddr(), time.Since(begin).Round(time.Millisecond))
	}
}
