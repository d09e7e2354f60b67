// Command fasthttp serves what checker/conformance/target does, with fasthttp: a peer
// to compare with.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/valyala/fasthttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "the `address` to listen on")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	srv := &fasthttp.Server{
		Logger: silent{},
		Handler: func(ctx *fasthttp.RequestCtx) {
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
