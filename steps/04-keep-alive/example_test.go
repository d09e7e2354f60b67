package keepalive_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	keepalive "barewire/steps/04-keep-alive"
)

// The server answers whatever arrives on a connection; where that comes from does not
// matter to it.
func ExampleServer_ServeConn() {
	srv := &keepalive.Server{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		fmt.Fprintf(w, "you asked for %s\n", r.Path())
	})}
	client, server := net.Pipe()
	go srv.ServeConn(context.Background(), server)

	client.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(client, "GET /a%20b HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
	answer, _ := io.ReadAll(client)
	head, content, _ := strings.Cut(string(answer), "\r\n\r\n")
	status, _, _ := strings.Cut(head, "\r\n")
	fmt.Println(status)
	fmt.Print(content)
	// Output:
	// HTTP/1.1 200 OK
	// you asked for /a b
}
