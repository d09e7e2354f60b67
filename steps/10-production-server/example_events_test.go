package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	keepalive "barewire/steps/04-keep-alive"
	server "barewire/steps/10-production-server"
)

// Server-Sent Events: a response that does not end. Flush sends each event at once,
// its error says that the client has gone, and the context that the server stops:
// otherwise a shutdown would wait for this response until its time is over. A stream
// keeps a worker for as long as it lasts, so MaxWorkers is how many there may be.
func Example_events() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	news := make(chan string, 2)
	srv.HandleFunc("GET /events", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		for n := 1; w.Flush() == nil; n++ {
			select {
			case text := <-news:
				fmt.Fprintf(w, "id: %d\ndata: %s\n\n", n, text)
			case <-time.After(15 * time.Second):
				io.WriteString(w, ": still here\n\n") // a comment; it finds out who has gone
			case <-r.Context().Done():
				io.WriteString(w, "event: bye\ndata: reconnect\n\n")
				return
			}
		}
	})

	addr, stop := start(srv)
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(nc, "GET /events HTTP/1.1\r\nHost: example.org\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		fmt.Println(err)
		stop()
		return
	}
	page{Response: res}.show("Content-Type") // before there is any event
	events := bufio.NewScanner(res.Body)
	next := func() {
		for events.Scan() && events.Text() != "" {
			fmt.Println(events.Text())
		}
	}
	for _, text := range []string{"the kettle boils", "tea is ready"} {
		news <- text
		next()
	}
	stop()
	next()
	fmt.Println("complete:", !events.Scan() && events.Err() == nil)
	// Output:
	// 200 OK
	// Content-Type: text/event-stream
	// id: 1
	// data: the kettle boils
	// id: 2
	// data: tea is ready
	// event: bye
	// data: reconnect
	// complete: true
}
