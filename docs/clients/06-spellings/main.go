// Command 06-spellings asks for a page by many spellings of its path, and says where
// each of them leads.
package main

import (
	"fmt"
	"log"
	"net/http"
)

var addr = "127.0.0.1:8080"

func main() {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // show redirects, and do not follow them
	}}
	for _, path := range []string{"/hello/you", "/hell%6F/you", "/hello//you", "/x/../hello/you", "/%2e/hello/you?q",
		"/hello/you/", "/HELLO/you", "/x/..//hello/you", "/v1/users", "/v1/users%2F1"} {
		resp, err := client.Get("http://" + addr + path)
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Printf("%-18s %d %s\n", path, resp.StatusCode, resp.Header.Get("Location"))
	}
}
