// Command demo serves a folder with the handler of this step, on the server of step 4
// and the accept loop of step 1. Without -root it makes a small folder of its own.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/04-keep-alive"
	"barewire/steps/09-static-files"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	dir := flag.String("root", "", "the folder to serve; a small one is made if it is empty")
	flag.Parse()
	log.SetFlags(0)
	if *dir == "" {
		made, err := makeFolder()
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(made)
		*dir = made
	}
	files, err := static.Open(*dir)
	if err != nil {
		log.Fatal(err)
	}
	defer files.Close()
	files.Listing = true
	files.Precompressed = true
	files.CacheControl = func(name string) string {
		if strings.HasPrefix(name, "assets/") {
			return "public, max-age=31536000, immutable" // a new version has a new name
		}
		return "no-cache" // may be kept, but is asked for each time
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	fmt.Printf("serving %s\n", *dir)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	http := &keepalive.Server{Handler: files}
	tcp := &echo.Server{Handler: http.ServeConn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-ctx.Done()
		stop() // a second interrupt ends the program at once
		drain, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		tcp.Shutdown(drain)
	}()
	if err := tcp.Serve(ln); err != echo.ErrServerClosed {
		log.Fatal(err)
	}
	<-done
}

// makeFolder makes a folder with something of everything: a page, a file with a
// sibling, a long file for ranges, a folder without an index, a hidden file.
func makeFolder() (string, error) {
	dir, err := os.MkdirTemp("", "barewire-")
	if err != nil {
		return "", err
	}
	style := "body { font: 1.2em sans-serif; margin: 4em }\n" + strings.Repeat("/* a comment that compresses well */\n", 100)
	var squeezed bytes.Buffer
	z := gzip.NewWriter(&squeezed)
	z.Write([]byte(style))
	z.Close()
	var numbers strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&numbers, "line %06d\n", i)
	}
	hour := time.Now().Add(-time.Hour) // old enough for a strong entity tag
	for _, file := range []struct{ name, content string }{
		{"index.html", "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Files</title>\n" +
			"<link rel=\"stylesheet\" href=\"assets/style.css\">\n<h1>Files</h1>\n" +
			"<p><a href=\"docs/\">a folder</a>, <a href=\"numbers.txt\">a long file</a>\n"},
		{"assets/style.css", style},
		{"assets/style.css.gz", squeezed.String()},
		{"numbers.txt", numbers.String()},
		{"docs/a & b.txt", "a and b\n"},
		{"docs/<i>.txt", "not in italics\n"},
		{".env", "SECRET=1\n"},
	} {
		name := filepath.Join(dir, filepath.FromSlash(file.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return dir, err
		}
		// Windows has no file called <i>.txt; the others are enough there.
		if os.WriteFile(name, []byte(file.content), 0o666) == nil {
			os.Chtimes(name, hour, hour)
		}
	}
	return dir, nil
}
