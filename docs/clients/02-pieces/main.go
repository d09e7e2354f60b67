// Command 02-pieces sends a request line in three pieces, with pauses, as a slow
// network would.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"time"
)

var addr = "127.0.0.1:8080"

func main() {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	for _, piece := range []string{"GET /ca", "fe HTTP/1.1\r", "\n"} {
		io.WriteString(conn, piece)
		time.Sleep(200 * time.Millisecond) // or the kernel may send two as one
	}
	io.Copy(os.Stdout, conn)
}
