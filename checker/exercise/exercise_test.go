package exercise

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// A mistake is a way to get an exercise wrong, and the check that has to see it.
type mistake struct{ name, check string }

// A model is a right program for an exercise, which can also make mistakes.
type model struct {
	exercise Exercise
	start    func(t *testing.T, origin, mistake string) (addr string)
	mistakes []mistake
}

var models = []model{
	{webSocket, startSocket, socketMistakes},
	{preface, startPreface, prefaceMistakes},
	{proxy, startProxy, proxyMistakes},
	{cache, startCache, cacheMistakes},
}

// failing returns the checks that are red at a server.
func failing(e Exercise, addr string, o *origin) (red []string) {
	for _, check := range e.Checks {
		if wrong := check.try(&Client{addr: addr, origin: o}); wrong != "" {
			red = append(red, check.Name+"\n"+wrong)
		}
	}
	return red
}

// TestChecks tries each exercise on a right program, which must pass, and on the same
// with each of its mistakes, which the named check must see. Every check has a mistake.
func TestChecks(t *testing.T) {
	for _, m := range models {
		t.Run(m.exercise.Name, func(t *testing.T) {
			run := func(t *testing.T, mistake string) []string {
				var o *origin
				at := ""
				if m.exercise.Forward {
					var err error
					if o, err = newOrigin("127.0.0.1:0"); err != nil {
						t.Fatal(err)
					}
					defer o.stop()
					at = o.addr
				}
				return failing(m.exercise, m.start(t, at, mistake), o)
			}
			if red := run(t, ""); red != nil {
				t.Fatalf("a right program is red:\n%s", strings.Join(red, "\n"))
			}
			for _, check := range m.exercise.Checks {
				if !slices.ContainsFunc(m.mistakes, func(m mistake) bool { return strings.HasPrefix(check.Name, m.check) }) {
					t.Errorf("no mistake makes %q red", check.Name)
				}
				if check.Why == "" {
					t.Errorf("%q does not say why", check.Name)
				}
			}
			old := patience
			patience = time.Second / 2 // only what is wrong waits so long
			defer func() { patience = old }()
			t.Run("mistakes", func(t *testing.T) {
				for _, mistake := range m.mistakes {
					t.Run(mistake.name, func(t *testing.T) {
						t.Parallel()
						red := run(t, mistake.name)
						if !slices.ContainsFunc(red, func(text string) bool { return strings.HasPrefix(text, mistake.check) }) {
							t.Errorf("it is not seen by %q, but by\n%s", mistake.check, strings.Join(red, "\n"))
						}
					})
				}
			})
		})
	}
}

// TestElsewhere tries the exercises on a server that does none of them: each is red, and
// says so in time.
func TestElsewhere(t *testing.T) {
	old := patience
	patience = time.Second
	defer func() { patience = old }()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for _, e := range All {
		o, err := newOrigin("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if red := failing(e, server.Listener.Addr().String(), o); len(red) == 0 {
			t.Errorf("%s is green at a server that knows nothing of it", e.Name)
		}
		o.stop()
	}
}

// listen calls serve for each connection, until the test ends.
func listen(t *testing.T, serve func(ctx context.Context, nc net.Conn)) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() {
		stop()
		listener.Close()
	})
	go func() {
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(ctx, nc)
		}
	}()
	return listener.Addr().String()
}
