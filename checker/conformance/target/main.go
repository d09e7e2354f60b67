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

	"barewire/checker/conformance/mirror"
	"barewire/solutions/10-production-server"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "the `address` to listen on")
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
		err = serveBarewire(ctx, ln)
	case "net/http":
		err = serveNetHTTP(ctx, ln)
	default:
		err = fmt.Errorf("there is no -impl %q", *impl)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serveBarewire(ctx context.Context, ln net.Listener) error {
	srv, err := server.New(server.Config{
		ErrorLog: slog.New(slog.DiscardHandler),
		Handler:  mirror.Handler(),
	})
	if err != nil {
		return err
	}
	return srv.RunOn(ctx, ln, nil)
}

func serveNetHTTP(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
