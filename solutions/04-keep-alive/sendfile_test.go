package keepalive_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"barewire/solutions/04-keep-alive"
)

// Content that io.CopyN takes from a file arrives as it is, by whatever way it
// goes, and the connection can be used again.
func TestReadFrom(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	content := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	sends := []struct {
		name      string
		announced int // as Content-Length; -1 for none
		from, n   int64
		cut       bool // the client sees that something is missing
	}{
		{"all of a large file", len(content), 0, int64(len(content)), false},
		{"a range of it", 100_000, 7, 100_000, false},
		{"a small range, by copying", 100, 7, 100, false},
		{"without a length, in chunks", -1, 7, 100_000, false},
		{"a file that ends too early", len(content), 10, int64(len(content)), true},
	}
	for _, s := range sends {
		t.Run(s.name, func(t *testing.T) {
			addr := serveTCP(t, keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				f, err := os.Open(name)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				f.Seek(s.from, io.SeekStart)
				if s.announced >= 0 {
					w.Header().Set("Content-Length", strconv.Itoa(s.announced))
				}
				io.CopyN(w, f, s.n)
			}))
			want := content[s.from:min(s.from+s.n, int64(len(content)))]
			for range 2 {
				res, err := http.Get("http://" + addr)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if (err != nil) != s.cut {
					t.Errorf("reading the content ended with %v; cut off: %v", err, s.cut)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%d bytes came, want these %d", len(got), len(want))
				}
				if head, err := http.Head("http://" + addr); err != nil || s.announced >= 0 && head.ContentLength != int64(s.announced) {
					t.Errorf("HEAD: %v, %v", head, err)
				}
			}
		})
	}
}

// serveTCP serves connections with h on loopback until the test ends.
func serveTCP(t *testing.T, h keepalive.Handler) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); ln.Close() })
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go (&keepalive.Server{Handler: h}).ServeConn(ctx, nc)
		}
	}()
	return ln.Addr().String()
}
