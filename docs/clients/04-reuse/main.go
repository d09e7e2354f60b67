// Command 04-reuse asks for four things and says for each whether the client had to
// open a connection for it.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
)

var addr = "127.0.0.1:8080"

func main() {
	for _, path := range []string{"/", "/style.css", "/stream", "/nothing"} {
		req, err := http.NewRequest("GET", "http://"+addr+path, nil)
		if err != nil {
			log.Fatal(err)
		}
		trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
			fmt.Printf("%-11s on a connection that was there: %v", path, c.Reused)
		}}
		resp, err := http.DefaultClient.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
		if err != nil {
			log.Fatal(err)
		}
		// Only who reads a response to its end can use the connection again.
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		fmt.Printf("; %d, %d bytes (announced: %d), %v\n", resp.StatusCode, n, resp.ContentLength, err)
	}
}
