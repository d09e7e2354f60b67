package keepalive_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"barewire/solutions/04-keep-alive"
)

// A told is a connection that counts how often it was told that the server waits for
// another request.
type told struct {
	net.Conn
	waits int
}

func (c *told) AwaitRequest() { c.waits++ }

// A connection that wants to know is told before each wait for a request but the first,
// and not while a request arrives.
func TestAwaitRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := &told{Conn: theirs}
		served := make(chan struct{})
		go func() {
			defer close(served)
			h := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "ok") })
			(&keepalive.Server{Handler: h}).ServeConn(context.Background(), c)
		}()
		responses := bufio.NewReader(ours)
		for i := range 3 {
			io.WriteString(ours, "GET / HTTP/1.1\r\n")
			synctest.Wait()
			if c.waits != i {
				t.Errorf("told %d times while request %d arrives, want %d", c.waits, i+1, i)
			}
			io.WriteString(ours, "Host: a\r\n\r\n")
			res, err := http.ReadResponse(responses, nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			synctest.Wait()
			if c.waits != i+1 {
				t.Errorf("told %d times after %d requests, want %d", c.waits, i+1, i+1)
			}
		}
		ours.Close()
		<-served
	})
}
