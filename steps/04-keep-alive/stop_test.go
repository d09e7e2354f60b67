package keepalive_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// pipe returns the two ends of a connection without a kernel, the second one for
// the server.
func pipe(t *testing.T) (ours, theirs net.Conn) {
	ours, theirs = net.Pipe()
	return ours, testkit.Guard(t, theirs)
}

func TestTask9_Stop(t *testing.T) {
	slow := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Path() == "/slow" {
			time.Sleep(5 * time.Second)
		}
		hello(w, r)
	}
	for _, test := range []struct {
		name string
		send []string // with a pause of 10 ms between two pieces
		stop time.Duration
		want string
		why  string
	}{
		{
			"an idle connection closes at once", []string{get("/1")}, 2 * time.Second, "200, then closed after 2s",
			"nobody is in the middle of anything, and waiting for IdleTimeout would hold up the stop",
		},
		{
			"one that never says anything closes after a second", nil, 2 * time.Second, "no response, then closed after 3s",
			"a client that has just connected has a request on its way, but the stop cannot wait for it for ever",
		},
		{
			"a request in progress is answered, and told that it is the last", []string{get("/slow")}, 2 * time.Second, "200 (Connection: close), then closed after 5s",
			"an accepted request is never dropped; the client must know that the connection ends (RFC 9112 §9.6)",
		},
		{
			"so are those that have arrived behind it", []string{get("/slow") + get("/2")}, 2 * time.Second, "200, 200 (Connection: close), then closed after 5s",
			"they have arrived: a client that is told nothing cannot know whether they were handled",
		},
		{
			"a request that is arriving is answered", []string{"GET / HT", "TP/1.1\r\nHost: a\r\n\r\n"}, 5 * time.Millisecond, "200 (Connection: close), then closed after 10ms",
			"only a connection that waits for a request may be woken",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				time.AfterFunc(test.stop, cancel)
				k := listen(t, ctx, &keepalive.Server{Handler: keepalive.HandlerFunc(slow), ErrorLog: quiet}, patience, test.send...)
				all, _ := k.replies()
				got := ""
				for i, r := range all {
					got += fmt.Sprint(r.StatusCode)
					if r.Close && i == len(all)-1 && k.took > test.stop {
						got += " (Connection: close)"
					}
					got += ", "
				}
				if len(all) == 0 {
					got = "no response, "
				}
				if late := k.took - test.stop; 0 < late && late <= 50*time.Millisecond && len(test.send) < 2 {
					k.took = test.stop // a look at what has just arrived is allowed
				} else if test.send == nil && 0 < late && late < time.Second+50*time.Millisecond {
					k.took = test.stop + time.Second // not much longer than a second
				}
				if got += fmt.Sprintf("then closed after %v", k.took); !k.closed {
					got = k.summary()
				}
				if got != test.want {
					k.report(fmt.Sprintf("the server is told to stop after %v; a pause is 10ms, and the handler of /slow takes 5s", test.stop), test.want, got, test.why).Error(t)
				}
			})
		})
	}
}

// A client that has connected before the stop, and sends its request just after it.
func TestTask9_JustConnected(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(5*time.Millisecond, cancel)
		ours, theirs := pipe(t)
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			(&keepalive.Server{Handler: keepalive.HandlerFunc(hello), ErrorLog: quiet}).ServeConn(ctx, theirs)
		}()
		time.Sleep(10 * time.Millisecond)
		k := &talk{sent: get("/")}
		io.WriteString(ours, k.sent)
		k.read(ours, time.Now(), patience)
		ours.Close()
		theirs.Close()
		<-returned
		if got, want := k.summary(), "200, then closed"; got != want {
			testkit.Report{Sent: k.sent, Doing: "the client connects, the server is told to stop, and then this is sent, 5ms later", Want: want, Got: got,
				Why: "it was told that it is connected; a client sends a request again only on a connection that has answered before (RFC 9112 §9.3.1), so this one would be lost"}.Error(t)
		}
	})
}

func TestTask9_ContextOfTheHandler(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		type key struct{}
		ctx := context.WithValue(context.Background(), key{}, "theirs")
		got := "the handler was not called"
		k := listen(t, ctx, &keepalive.Server{Handler: keepalive.HandlerFunc(func(_ keepalive.ResponseWriter, r *keepalive.Request) {
			if got = "a context without the value"; r.Context().Value(key{}) == "theirs" {
				got = "a context with the value theirs"
			}
		})}, silence, get("/", bye))
		if want := "a context with the value theirs"; got != want {
			testkit.Report{Sent: k.sent, Doing: "ServeConn is called with a context that has a value", Want: want, Got: got, Why: "a handler learns from the context of ServeConn that the server stops; one that comes from context.Background never ends"}.Error(t)
		}
	})
}

// A client that has nothing more to send says so, and still reads. Half a connection
// needs a kernel.
func TestTask9_HalfClose(t *testing.T) {
	for _, test := range []struct{ name, send, want string }{
		{"behind two requests", get("/1") + get("/2"), "200, 200, then closed"},
		{"behind content", post("/", "hello"), "200, then closed"},
		{"in the middle of a head", get("/1") + "GET /2 HT", "200, 400, then closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				time.Sleep(20 * time.Millisecond) // a real clock: the end has arrived before the answer
				hello(w, r)
			})}
			client := dialTCP(t, srv)
			var raw []byte
			var err error
			testkit.Within(t, 10*time.Second, "the responses, and the end of the connection", func() {
				io.WriteString(client, test.send)
				client.(*net.TCPConn).CloseWrite()
				client.SetReadDeadline(time.Now().Add(5 * time.Second))
				raw, err = io.ReadAll(client)
			})
			k := &talk{reads: []piece{{text: string(raw)}}, closed: true}
			got := k.summary()
			if err != nil {
				got += ", with " + testkit.Symptom(err)
			}
			if got != test.want {
				testkit.Report{Sent: test.send, Doing: "the client closes its sending side behind this, and reads on", Want: test.want, Got: got,
					Why: "a client that closes its sending side still reads: every request that has arrived is answered, and one that ends in the middle with a 400 (RFC 9112 §8)"}.Error(t)
			}
		})
	}
}
