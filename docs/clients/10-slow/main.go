// Command 10-slow sends half a request and then one field every half second, as
// Slowloris did, until the server has had enough.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"time"
)

var addr = "127.0.0.1:8080"

func main() {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	begun := time.Now()
	go func() {
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n")
		for i := 1; ; i++ {
			time.Sleep(500 * time.Millisecond)
			if _, err := fmt.Fprintf(conn, "X-%d: still here\r\n", i); err != nil {
				return
			}
		}
	}()
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("after %v: %q\n", time.Since(begun).Round(time.Second), answer)
}
