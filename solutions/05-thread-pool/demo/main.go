// Command demo is a service that is slow on purpose, on a pool of four workers:
// send it a line with a number of milliseconds, and it answers after so long, or at
// once that it is full.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"time"

	"barewire/solutions/05-thread-pool"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s (lines of text, though: try \"echo 500 | nc -N\" and this address)\n", ln.Addr())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	workers := pool.New(pool.Config{Min: 1, Max: 4, Queue: 4, IdleTimeout: 3 * time.Second})
	go func() {
		<-ctx.Done()
		stop()
		ln.Close()
	}()
	go show(ctx, workers)
	var clients sync.WaitGroup
	for {
		conn, err := ln.Accept()
		if err != nil {
			break
		}
		clients.Go(func() { serve(conn, workers) })
	}
	fmt.Println("stopping: tasks that were accepted are finished first")
	drain, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := workers.Shutdown(drain); err != nil {
		fmt.Println(err)
		return
	}
	clients.Wait()
}

// serve answers one line.
func serve(conn net.Conn, workers *pool.Pool) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	line, _ := bufio.NewReader(conn).ReadString('\n')
	ms, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || ms < 0 || ms > 10_000 {
		fmt.Fprintf(conn, "%q is not a number of milliseconds from 0 to 10000\n", line)
		return
	}
	begun := time.Now()
	err = workers.Do(context.Background(), func() { time.Sleep(time.Duration(ms) * time.Millisecond) })
	if err != nil {
		fmt.Fprintln(conn, err)
		return
	}
	fmt.Fprintf(conn, "%d ms of work, done after %v\n", ms, time.Since(begun).Round(time.Millisecond))
}

// show prints the pool's figures whenever they have changed.
func show(ctx context.Context, workers *pool.Pool) {
	var last pool.Stats
	for ctx.Err() == nil {
		if s := workers.Stats(); s != last {
			log.Printf("%d workers, %d of them idle; %d waiting; %d done, %d refused", s.Workers, s.Idle, s.Waiting, s.Done, s.Refused)
			last = s
		}
		time.Sleep(200 * time.Millisecond)
	}
}
