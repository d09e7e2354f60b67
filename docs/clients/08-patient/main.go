// Command 08-patient sends seven requests as fast as it can, and waits where it is
// told to.
package main

import (
	"fmt"
	"log"
	"net/http"
	"strconv"
	"time"
)

var addr = "127.0.0.1:8080"

func main() {
	for i := 1; i <= 7; i++ {
		resp := get()
		for resp.StatusCode == http.StatusTooManyRequests {
			seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
			if err != nil {
				log.Fatal(err) // it may also be a date (RFC 9110 §10.2.3)
			}
			fmt.Printf("request %d: refused; in %d s again\n", i, seconds)
			time.Sleep(time.Duration(seconds) * time.Second)
			resp = get()
		}
		fmt.Printf("request %d: %d\n", i, resp.StatusCode)
	}
}

func get() *http.Response {
	resp, err := http.Get("http://" + addr + "/")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	return resp
}
