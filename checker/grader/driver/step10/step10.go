// Package step10 is step 10 for the exam: the parts of a server by themselves, and the
// server that is made of them. What takes time happens in a bubble, where it takes none
// (see wire.Bubble): stories of clients who come, send and wait, told beforehand by the
// exam.
//
// Read config.go, proxy.go and operator.go first, which are functions; then street.go,
// which is where clients come from, conns.go and workers.go; serve.go has the server in a
// bubble, and live.go that on the clock.
package step10

import (
	"strings"

	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"

	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("server.Validate", Validate)
	wire.Handle("server.Faults", Faults)
	wire.Handle("server.ReadProxy", ReadProxy)
	wire.Handle("server.Health", Health)
	wire.Handle("server.Metrics", Metrics)
	wire.Handle("server.Conns", Conns)
	wire.Handle("server.OverTCP", OverTCP)
	wire.Handle("server.Crowd", Crowd)
	wire.Handle("server.Workers", Workers)
	wire.Handle("server.Folder", Folder)
	wire.Handle("server.Certificate", Certificate)
	wire.HandleSession("server.Live", newLive)
	wire.Handle("server.New", New)
	wire.Handle("server.Run", RunTaken)
	wire.Handle("server.RunHalf", RunHalf)
	wire.Handle("server.Server", Serve)
}

// A sheet is a ResponseWriter that keeps what is written.
type sheet struct {
	header message.Header
	status int
	text   strings.Builder
}

func (s *sheet) Header() *message.Header { return &s.header }
func (s *sheet) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}
func (s *sheet) Write(p []byte) (int, error) { s.WriteHeader(200); return s.text.Write(p) }
func (s *sheet) Flush() error                { return nil }

// request returns a request as it would arrive; nil if the exam is wrong about it.
func request(head string) *keepalive.Request {
	r := &keepalive.Request{Body: strings.NewReader("")}
	if _, err := r.Head.Parse([]byte(head), message.Limits{}); err != nil {
		return nil
	}
	return r
}
