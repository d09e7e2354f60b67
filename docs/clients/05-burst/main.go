// Command 05-burst asks for ten pieces of work at the same time, half a second each,
// and counts the answers.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"sort"
	"sync"
	"time"
)

var addr = "127.0.0.1:8080"

func main() {
	var mu sync.Mutex
	answers := map[string]int{}
	var clients sync.WaitGroup
	for range 10 {
		clients.Go(func() {
			answer, took := ask()
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprintf("%-13s after %v", answer, took.Round(250*time.Millisecond))]++
		})
	}
	clients.Wait()

	var lines []string
	for answer, n := range answers {
		lines = append(lines, fmt.Sprintf("%d times %s", n, answer))
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

// ask returns the beginning of the answer, and how long it took to come.
func ask() (string, time.Duration) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	begun := time.Now()
	fmt.Fprintln(conn, "500")
	answer, err := io.ReadAll(conn)
	if err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("%.10q", answer), time.Since(begun)
}
