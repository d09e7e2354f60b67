// Command 07-gzip fetches a page twice: as any Go program does, which asks for gzip
// and unpacks it without a word, and by hand.
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
)

var addr = "127.0.0.1:8080"

func main() {
	resp, err := http.Get("http://" + addr + "/long")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	fmt.Printf("by itself: %d bytes, unpacked on the way: %v (%v)\n", n, resp.Uncompressed, err)

	req, err := http.NewRequest("GET", "http://"+addr+"/long", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip") // now unpacking is ours to do
	resp, err = http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	packed := &counter{from: resp.Body}
	z, err := gzip.NewReader(packed)
	if err != nil {
		log.Fatal(err)
	}
	n, err = io.Copy(io.Discard, z)
	fmt.Printf("by hand:   %d bytes, out of %d that were %s (%v)\n", n, packed.n, resp.Header.Get("Content-Encoding"), err)
}

// A counter counts what is read through it.
type counter struct {
	from io.Reader
	n    int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += n
	return n, err
}
