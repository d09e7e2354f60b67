// Command target is what the conformance collection is sent to: a server that
// answers every request with what its handler saw of it, as mirror.Handler does.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"

	"barewire/checker/conformance/cases"
	"barewire/checker/conformance/mirror"
	"barewire/solutions/10-production-server"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "the `address` to listen on")
	folder := flag.String("file", "", "the `folder` with the file that the collection asks for")
	impl := flag.String("impl", "barewire", "whose server: barewire or net/http")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch *impl {
	case "barewire":
		err = serveBarewire(ctx, ln, *folder)
	case "net/http":
		err = serveNetHTTP(ctx, ln, *folder)
	default:
		err = fmt.Errorf("there is no -impl %q", *impl)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serveBarewire(ctx context.Context, ln net.Listener, folder string) error {
	handler, stop, err := mirror.Handler(folder)
	if err != nil {
		return err
	}
	defer stop()
	srv, err := server.New(server.Config{
		ErrorLog: slog.New(slog.DiscardHandler),
		Handler:  handler,
	})
	if err != nil {
		return err
	}
	return srv.RunOn(ctx, ln, nil)
}

func serveNetHTTP(ctx context.Context, ln net.Listener, folder string) error {
	srv := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if folder != "" && r.URL.Path == cases.FilePath {
				// FileServer gives no ETag by itself, and heeds one that is set.
				w.Header().Set("ETag", `"net-http"`)
				http.ServeFile(w, r, filepath.Join(folder, filepath.Base(cases.FilePath)))
				return
			}
			content, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, "400", 400)
				return
			}
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintf(w, "method %s\ntarget %s\n", r.Method, r.RequestURI)
			for name, values := range r.Header {
				for _, value := range values {
					fmt.Fprintf(w, "field %s: %s\n", name, value)
				}
			}
			fmt.Fprintf(w, "content %q\n", content)
		}),
	}
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := srv.Serve(ln); err != http.ErrServerClosed {
		return err
	}
	return nil
}
