package main

import (
	"net"

	"github.com/valyala/fasthttp"
)

// serveBench serves what checker/bench/target does:
//
//	GET /          Hello, World!
//	POST /echo     the content of the request
//	GET /static/…  the files of root
func serveBench(ln net.Listener, root string) error {
	var files fasthttp.RequestHandler
	if root != "" {
		fs := &fasthttp.FS{Root: root, AcceptByteRange: true, PathRewrite: fasthttp.NewPathSlashesStripper(1)}
		files = fs.NewRequestHandler()
	}
	hello := []byte("Hello, World!")
	srv := &fasthttp.Server{
		Logger: silent{},
		Handler: func(ctx *fasthttp.RequestCtx) {
			switch path := string(ctx.Path()); {
			case path == "/" && ctx.IsGet():
				ctx.SetContentType("text/plain; charset=utf-8")
				ctx.SetBody(hello)
			case path == "/echo" && ctx.IsPost():
				ctx.SetContentType("application/octet-stream")
				ctx.SetBody(ctx.PostBody())
			case files != nil && len(path) > len("/static/"):
				files(ctx)
			default:
				ctx.NotFound()
			}
		},
	}
	return srv.Serve(ln)
}
