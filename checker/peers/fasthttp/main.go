// Command fasthttp serves what checker/conformance/target does, with fasthttp: a peer
// to compare with. With -bench it serves what checker/bench/target does.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"barewire/checker/bench/replay"

	"github.com/valyala/fasthttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "the `address` to listen on")
	speed := flag.Bool("bench", false, "serve what the bench asks for")
	root := flag.String("root", "", "the `folder` of /static/, with -bench")
	perRead := flag.Int("replay", 0, "serve no address, but what stdin has: this many requests, again and again")
	d := flag.Duration("for", 100*time.Millisecond, "how `long`, with -replay")
	flag.Parse()
	if *perRead > 0 {
		err := replay.Main(os.Stdin, os.Stdout, *perRead, *d, func(ln net.Listener) error { return serveBench(ln, *root) })
		if err != nil {
			log.Fatal(err)
		}
		return
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	if *speed {
		log.Fatal(serveBench(ln, *root))
	}
	srv := &fasthttp.Server{
		Logger: silent{},
		Handler: func(ctx *fasthttp.RequestCtx) {
			if serveFile(ctx) {
				return
			}
			ctx.SetContentType("text/plain; charset=utf-8")
			fmt.Fprintf(ctx, "method %s\ntarget %s\n", ctx.Method(), ctx.Request.Header.RequestURI())
			for name, value := range ctx.Request.Header.All() {
				fmt.Fprintf(ctx, "field %s: %s\n", name, value)
			}
			fmt.Fprintf(ctx, "content %q\n", ctx.PostBody())
		},
	}
	log.Fatal(srv.Serve(ln))
}

// silent is a log that nobody reads.
type silent struct{}

// Printf implements fasthttp.Logger.
func (silent) Printf(string, ...any) {}
