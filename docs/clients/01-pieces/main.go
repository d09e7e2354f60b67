// Command 01-pieces sends an echo server three pieces of very different sizes,
// ends its own half of the connection, and reads what comes back to its end.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"strings"
)

var addr = "127.0.0.1:8080"

func main() {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	go func() {
		for _, piece := range []string{"hello, ", "world\n", strings.Repeat("x", 100_000)} {
			io.WriteString(conn, piece)
		}
		conn.(*net.TCPConn).CloseWrite() // FIN: no more from here, but we still read
	}()

	back, err := io.ReadAll(conn) // until io.EOF, which is no error for ReadAll
	fmt.Printf("sent 3 pieces, 100013 bytes; %d came back, beginning with %q; error: %v\n", len(back), back[:13], err)
}
