package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
	"barewire/solutions/10-production-server"
)

// TestTextLog: a line is what AccessLog writes with a slog.TextHandler, whatever there is
// to log. In the bubble, both see the same times.
func TestTextLog(t *testing.T) {
	values := []string{"", "/", "/a=b", "two words", `quote " and \ backslash`, "\x00\r\n\t\x7f\x80\xff é", `\`, `\ =`, "=a", " a", strings.Repeat("x y", 200)}
	for range 200 {
		value := make([]byte, rand.IntN(20))
		for i := range value {
			value[i] = byte(rand.Uint32())
		}
		values = append(values, string(value))
	}
	addrs := []net.Addr{nil, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 7}, &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 7},
		&net.UnixAddr{Name: "/run/a =\"\n", Net: "unix"}, &net.UnixAddr{}}
	var ours, theirs bytes.Buffer
	status, size, pause := 0, 0, time.Duration(0)
	observed := middleware.Chain(middleware.RequestID(), server.TextLog(&ours), middleware.AccessLog(slog.New(slog.NewTextHandler(&theirs, nil))))(
		keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			time.Sleep(pause)
			if status == 0 {
				panic("as it was told to")
			}
			keepalive.Text(w, status, strings.Repeat("x", size))
		}))
	synctest.Test(t, func(t *testing.T) {
		for i, value := range values {
			r := &keepalive.Request{Body: strings.NewReader(""), RemoteAddr: addrs[i%len(addrs)]}
			r.Method, r.Version = []string{"GET", "", "HEAD", "M-SEARCH"}[i%4], reqline.HTTP11
			r.Target.Raw = []byte(values[(i+1)%len(values)])
			r.Header.Add("X-Request-ID", fmt.Sprint(i))
			if i%7 > 0 {
				r.Header.Add("User-Agent", value)
			}
			if i%5 == 0 {
				r.Fault = errors.New("found " + value)
			}
			size = rand.IntN(1000)
			status = []int{200, 404, 499, 500, 503, 0}[rand.IntN(6)]
			pause = time.Duration(rand.IntN(1000)) * time.Millisecond
			if i > len(values)/2 { // until then, on the millisecond
				pause = []time.Duration{0, 1, 1500, 12345678, 999 * time.Millisecond, 3 * time.Minute}[rand.IntN(6)]
			}
			if i == len(values)-1 { // the last nanosecond of a millisecond
				pause = 5*time.Millisecond - 1 - time.Duration(time.Now().Nanosecond()%1e6)
			}
			func() {
				defer func() { recover() }()
				observed.ServeHTTP(new(nothing), r)
			}()
			if ours.String() != theirs.String() || ours.Len() == 0 {
				t.Errorf("wrote\n%qwant\n%q", ours.String(), theirs.String())
			}
			ours.Reset()
			theirs.Reset()
		}
	})
}

// A nothing is a ResponseWriter that forgets everything.
type nothing struct{ header message.Header }

func (n *nothing) Header() *message.Header     { return &n.header }
func (n *nothing) WriteHeader(int)             {}
func (n *nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n *nothing) Flush() error                { return nil }
