// Command 09-resume reads the first 600,000 bytes of a file, "loses" the connection,
// and asks for the rest, provided that the file is still the same.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
)

var addr = "127.0.0.1:8080"

func main() {
	url := "http://" + addr + "/numbers.txt"
	resp, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	have, err := io.ReadAll(io.LimitReader(resp.Body, 600_000))
	resp.Body.Close() // in the middle
	fmt.Printf("%d, %d bytes announced, %d read (%v)\n", resp.StatusCode, resp.ContentLength, len(have), err)

	// If-Range: the part if this is still the version, otherwise all of the new one.
	for _, version := range []string{resp.Header.Get("ETag"), `"another"`} {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			log.Fatal(err)
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", len(have)))
		req.Header.Set("If-Range", version)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		rest, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Printf("%d %s, %d bytes (%v)\n", resp.StatusCode, resp.Header.Get("Content-Range"), len(rest), err)
	}
}
