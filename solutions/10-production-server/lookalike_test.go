package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"barewire/checker/testkit"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// No handler sees what looks like a field that frames the message, and it frames nothing.
func TestLookalikes(t *testing.T) {
	srv, err := server.New(server.Config{ErrorLog: slog.New(slog.DiscardHandler), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		content, _ := r.Content()
		fmt.Fprintf(w, "%q", content)
		for name := range r.Header.All() {
			fmt.Fprintf(w, " %s", name)
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ fields, want string }{
		{"Content-Length: 5\r\ncontent_length: 99\r\nX_Y: 1\r\n", `"hello" Host Content-Length X_Y Connection`},
		{"Transfer_Encoding: chunked\r\nContent_Length: 1\r\nContent-Length: 5\r\nTransfer_Encoding: x\r\n", `"hello" Host Content-Length Connection`},
	} {
		ours, theirs := net.Pipe()
		go (&keepalive.Server{Handler: srv.Handler(), ErrorLog: slog.New(slog.DiscardHandler)}).ServeConn(t.Context(), theirs)
		sent := "POST / HTTP/1.1\r\nHost: a\r\n" + r.fields + "Connection: close\r\n\r\nhello"
		go io.WriteString(ours, sent)
		answer, _ := io.ReadAll(ours)
		if _, got, _ := strings.Cut(string(answer), "\r\n\r\n"); got != r.want {
			testkit.Report{Sent: sent, Want: "200 and " + r.want, Got: string(answer),
				Why: "a gateway behind the handler that makes one variable of both names would go by the wrong length"}.Error(t)
		}
	}
}
