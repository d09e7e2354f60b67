package server_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
	"barewire/solutions/10-production-server"
)

// TestAbuse_StuckHandlers: handlers that block for ever cost a worker each. When all
// are gone, everybody is told within QueueTimeout, and Shutdown ends when it is told to
// and says how many were cut off.
func TestAbuse_StuckHandlers(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		srv, release := target(t, server.Config{MaxWorkers: 2, Queue: 2, QueueTimeout: time.Second})
		d := newDoor()
		go srv.Serve(d)
		for i := range 2 {
			if good := d.call(); ask(good, getOf("/short")) != 200 {
				t.Errorf("with %d of 2 workers gone nobody is answered", i)
			} else {
				good.Close()
			}
			nc := d.call()
			defer nc.Close()
			io.WriteString(nc, getOf("/stuck"))
		}
		synctest.Wait()
		var clients sync.WaitGroup
		for range 10 { // two of them wait, and the others are refused at once
			clients.Go(func() {
				good := d.call()
				defer good.Close()
				begun := time.Now()
				if got, took := ask(good, getOf("/short")), time.Since(begun); got != 503 || took > time.Second {
					t.Errorf("%d after %v, want 503 within 1s", got, took)
				}
			})
		}
		clients.Wait()
		limited, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		err := srv.Shutdown(limited)
		cut, ok := errors.AsType[*server.CutError](err)
		if took := time.Since(begun); !ok || cut.Connections != 2 || took != 3*time.Second {
			t.Errorf("Shutdown returned %v after %v, want 2 connections cut off after 3s", err, took)
		}
		close(release)
	})
}

// TestAbuse_HandlerFaults: a handler that panics, lies about its length or writes after
// it has given the connection away costs its own response and, if that has begun, its
// connection: the client sees that something is missing, and the next one is served.
func TestAbuse_HandlerFaults(t *testing.T) {
	late := errors.New("nothing was written late")
	handlers := map[string]keepalive.HandlerFunc{
		"/panic": func(w keepalive.ResponseWriter, r *keepalive.Request) { panic("at once") },
		"/panic-after-head": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			io.WriteString(w, "the beginning")
			w.Flush()
			panic("later")
		},
		"/panic-of-the-runtime": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			fmt.Fprint(w, r.Path()[100:])
		},
		"/short-of-length": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "too little")
		},
		"/more-than-length": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Set("Content-Length", "3")
			io.WriteString(w, "abc")
			io.WriteString(w, "HTTP/1.1 200 OK\r\n\r\n")
		},
		"/hijack": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Hijack(w, func(ctx context.Context, nc net.Conn) { io.WriteString(nc, "mine") })
			w.WriteHeader(500)
			_, late = io.WriteString(w, "too late")
			w.Flush()
		},
		"/hijack-panic": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Hijack(w, func(ctx context.Context, nc net.Conn) { panic("in the talk") })
		},
		"/split": func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Set("X", "a\r\nSet-Cookie: b=c\r\n\r\nHTTP/1.1 200 OK")
			keepalive.Text(w, 200, "x")
		},
	}
	for path, want := range map[string]string{
		"/panic": "500, 404", "/panic-after-head": "200, cut off", "/panic-of-the-runtime": "500, 404", "/short-of-length": "200, cut off",
		"/more-than-length": "200, 404", "/hijack": "mine", "/hijack-panic": "", "/split": "200, 404",
	} {
		t.Run(path[1:], func(t *testing.T) {
			_, run := tapped(t, server.Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				if h := handlers[r.Path()]; h != nil {
					h(w, r)
				} else {
					keepalive.Error(w, 404)
				}
			})})
			c := &tap{head: getOf(path) + getOf("/next")}
			run(c)
			if got := seen(c.answer.String()); got != want {
				t.Errorf("got %q, want %q: %q", got, want, c.answer.String())
			}
			next := &tap{head: getOf("/next")}
			if run(next); next.status() != "404" {
				t.Errorf("the next connection gets %q", next.status())
			}
		})
	}
	if !errors.Is(late, keepalive.ErrHijackTooLate) {
		t.Errorf("Write after Hijack returned %v", late)
	}
}

// seen describes responses as a client sees them.
func seen(text string) string {
	var all []string
	for r := bufio.NewReader(strings.NewReader(text)); ; {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return cmp.Or(strings.Join(all, ", "), text)
		}
		got := fmt.Sprint(res.StatusCode)
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return strings.Join(append(all, got+", cut off"), ", ")
		}
		all = append(all, got)
	}
}

// TestAbuse_KeptRequest shows what a handler sees that keeps its request: that of
// others. The bytes of a Request are borrowed until the handler returns, and then the
// connection has the next one in the same place. But it is never another connection's.
func TestAbuse_KeptRequest(t *testing.T) {
	var kept *keepalive.Request
	var name []byte
	later := ""
	_, run := tapped(t, server.Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Header.Has("Keep") {
			kept, name = r, r.Header.Value("Keep")
			return
		}
		if kept != nil {
			later = r.Header.Get("Other") + " " + string(kept.Target.Raw) + " " + kept.Header.Get("Other")
		}
		w.Write(name) // what it is now
	})})
	run(&tap{head: "GET /1 HTTP/1.1\r\nHost: a\r\nKeep: secret\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nOther: secret-of-2\r\n\r\n"})
	if later != "secret-of-2 /2 secret-of-2" {
		t.Errorf("a request that was kept is %q", later)
	}
	c := &tap{head: "GET /3 HTTP/1.1\r\nHost: a\r\nOther: another-connection\r\n\r\n"}
	if run(c); !strings.HasSuffix(c.answer.String(), "\r\n\r\nsecret") {
		t.Errorf("another connection got into what was kept: %q", c.answer.String())
	}
	if seen := strings.TrimPrefix(later, "another-connection "); strings.Contains(seen, "/3") || strings.Contains(seen, "another") {
		t.Errorf("another connection got into the request that was kept: %q", later)
	}
}

// A broken is a file on a disk that is full.
type broken struct{ writes int }

func (b *broken) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("no space left on device")
}

// TestAbuse_LogFull: a log that cannot be written costs no request and no connection.
func TestAbuse_LogFull(t *testing.T) {
	full := new(broken)
	for name, access := range map[string]keepalive.Middleware{
		"text": middleware.AccessLog(slog.New(slog.NewTextHandler(full, nil))), "JSON": middleware.AccessLog(slog.New(slog.NewJSONHandler(full, nil))),
		"common": middleware.CommonLog(full), "combined": middleware.CombinedLog(full), "TextLog": server.TextLog(full),
	} {
		full.writes = 0
		_, run := tapped(t, server.Config{AccessLog: access, ErrorLog: slog.New(slog.NewTextHandler(full, nil))})
		c := &tap{more: getOf("/short"), times: 10}
		run(c)
		if n := strings.Count(c.answer.String(), "HTTP/1.1 200 OK"); n != 10 || full.writes != 10 {
			t.Errorf("%s: %d of 10 requests are answered, %d written to the log", name, n, full.writes)
		}
	}
}

// A shortage is a listener that has no descriptors for a while.
type shortage struct {
	*door
	over  atomic.Int64 // when, in nanoseconds since 1970
	tries atomic.Int64
}

func (s *shortage) Accept() (net.Conn, error) {
	if time.Now().UnixNano() < s.over.Load() {
		s.tries.Add(1)
		return nil, errTooMany
	}
	return s.door.Accept()
}

// errTooMany is what Accept returns where there are no descriptors left.
var errTooMany = &net.OpError{Op: "accept", Net: "tcp", Err: errors.New("accept4: too many open files")}

// TestAbuse_Descriptors: while there are no descriptors, the server tries once a second
// and says so each time, and not more often; connections that are open are served, and
// a second after there are some again, new ones are.
func TestAbuse_Descriptors(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		srv, release := target(t, server.Config{ErrorLog: slog.New(slog.NewTextHandler(&log, nil))})
		close(release)
		d := newDoor()
		s := &shortage{door: d}
		go srv.Serve(s)
		old := d.call()
		defer old.Close()
		ask(old, getOf("/short"))
		synctest.Wait() // Accept waits for the next one: that it gets
		s.over.Store(time.Now().Add(time.Minute).UnixNano())
		d.call().Close() // accepted, and then there are none left
		time.Sleep(30 * time.Second)
		if got := ask(old, getOf("/short")); got != 200 {
			t.Errorf("an open connection gets %d", got)
		}
		time.Sleep(30 * time.Second)
		begun := time.Now()
		nc := d.call()
		defer nc.Close()
		if got, took := ask(nc, getOf("/short")), time.Since(begun); got != 200 || took > time.Second {
			t.Errorf("%d after %v, want 200 within 1s", got, took)
		}
		srv.Shutdown(context.Background())
		if tries, lines := s.tries.Load(), strings.Count(log.String(), "\n"); tries > 70 || int64(lines) > tries {
			t.Errorf("%d tries and %d lines in the log in a minute", tries, lines)
		}
	})
}
