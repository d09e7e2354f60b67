package echo_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	echo "barewire/steps/01-tcp-echo"
)

func ExampleEcho() {
	client, conn := net.Pipe()
	go func() {
		defer conn.Close() // a Server does this when the handler has returned
		echo.Echo(context.Background(), conn)
	}()

	client.SetDeadline(time.Now().Add(5 * time.Second)) // never wait for ever
	io.WriteString(client, "hello")
	answer := make([]byte, 5)
	n, err := io.ReadFull(client, answer)
	fmt.Printf("%s %v\n", answer[:n], err)
	client.Close()
	// Output: hello <nil>
}

func ExampleServer() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := &echo.Server{Handler: echo.Echo}
	go func() {
		defer ln.Close()
		srv.Serve(ln)
	}()
	defer ln.Close() // Shutdown would be the polite way

	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(conn, "hello")
	conn.(*net.TCPConn).CloseWrite() // "I have said everything", but still listen
	answer, err := io.ReadAll(conn)
	fmt.Printf("%s %v\n", answer, err)
	// Output: hello <nil>
}
