// Command target is what the bench measures: the assembled server of step 10 as it
// comes, with handlers written the ordinary way, and net/http with the same ones.
//
//	GET /          Hello, World!
//	POST /echo     the content of the request
//	GET /static/…  the files of -root
//
// The bench builds it a second time with the learner's steps in the place of the
// solutions.
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
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"barewire/checker/bench/replay"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/08-rate-limiting"
	"barewire/solutions/09-static-files"
	"barewire/solutions/10-production-server"
)

const hello = "Hello, World!"

// mostConns is more than the bench opens. The default is exactly as many, so a
// connection that is just being closed could make the server drop another one.
const mostConns = 20_000

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:0", "the `address` to listen on")
	impl := flag.String("impl", "barewire", "whose server: barewire or net/http")
	root := flag.String("root", "", "the `folder` of /static/")
	all := flag.Bool("all", false, "logs, request ids, CORS, compression and a rate limit, all at once")
	routes := flag.Int("routes", 0, "register this many more routes: GET /routes/N/items/{id}")
	limit := flag.Bool("limit", false, "limit the rate of each address that X-Forwarded-For names")
	goroutines := flag.Bool("goroutines", false, "keep a goroutine for each idle connection")
	perRead := flag.Int("replay", 0, "serve no address, but what stdin has: this many requests, again and again")
	d := flag.Duration("for", 100*time.Millisecond, "how `long`, with -replay")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var serve func(net.Listener) error
	var err error
	switch *impl {
	case "barewire":
		serve, err = barewire(ctx, server.Config{Goroutines: *goroutines}, *root, *routes, *all, *limit)
	case "net/http":
		serve = netHTTP(ctx, *root)
	default:
		err = fmt.Errorf("there is no -impl %q", *impl)
	}
	if err != nil {
		log.Fatal(err)
	}
	if *perRead > 0 {
		if err := replay.Main(os.Stdin, os.Stdout, *perRead, *d, serve); err != nil {
			log.Fatal(err)
		}
		return
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	if err := serve(ln); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// barewire makes the server of step 10 of cfg, with all everything that a Config can switch on
// for every request, and with limit only the rate limit, by what a proxy says.
func barewire(ctx context.Context, cfg server.Config, root string, routes int, all, limit bool) (func(net.Listener) error, error) {
	cfg.MaxConns, cfg.ShutdownTimeout, cfg.ErrorLog = mostConns, time.Second, slog.New(slog.DiscardHandler)
	if all {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		cfg.AccessLog = server.TextLog(server.NewLogWriter(null, nil)) // as the command does
		cfg.RequestID = true
		cfg.CORS.AllowedOrigins = []string{"https://app.example.org"}
		cfg.Compress = true
	}
	if all || limit {
		cfg.RateQuota, cfg.RateWindow = 1_000_000_000, time.Minute
	}
	if limit {
		cfg.Proxies.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		cfg.Proxies.Field = ratelimit.XForwardedFor
	}
	srv, err := server.New(cfg)
	if err != nil {
		return nil, err
	}
	srv.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, hello)
	})
	for n := range routes {
		srv.HandleFunc(fmt.Sprintf("GET /routes/%d/items/{id}", n), func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Text(w, 200, hello)
		})
	}
	srv.HandleFunc("POST /echo", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		io.Copy(w, r.Body) // if that fails, the server answers
	})
	if root != "" {
		files, err := static.Open(root)
		if err != nil {
			return nil, err
		}
		files.Prefix = "/static"
		srv.Handle("GET /static/{name...}", files)
	}
	return func(ln net.Listener) error { return srv.RunOn(ctx, ln, nil) }, nil
}

// netHTTP makes the server of the standard library, with those deadlines that it has in
// the form of ours.
func netHTTP(ctx context.Context, root string) func(net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, hello)
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body) // io.Copy would answer in chunks
		if err != nil {
			http.Error(w, "400", 400)
			return
		}
		w.Write(content)
	})
	if root != "" {
		mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServer(http.Dir(root))))
	}
	srv := &http.Server{
		Handler: mux, ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: keepalive.DefaultHeaderTimeout, IdleTimeout: keepalive.DefaultIdleTimeout,
	}
	context.AfterFunc(ctx, func() { srv.Close() })
	return srv.Serve
}
