// Command 03-chunked posts content whose length the client does not know when it
// begins, so that net/http has to send it in chunks.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

var addr = "127.0.0.1:8080"

func main() {
	content := io.MultiReader(strings.NewReader("hello, "), strings.NewReader("world"))
	resp, err := http.Post("http://"+addr+"/greeting", "text/plain", content)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(os.Stdout, resp.Body)
}
