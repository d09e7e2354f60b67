package main

import (
	"flag"
	"sync"

	"github.com/valyala/fasthttp"
)

var folder = flag.String("file", "", "the `folder` with the file that the conformance collection asks for")

var fileHandler = sync.OnceValue(func() fasthttp.RequestHandler {
	fs := &fasthttp.FS{Root: *folder, AcceptByteRange: true}
	return fs.NewRequestHandler()
})

// serveFile answers a request for that file.
func serveFile(ctx *fasthttp.RequestCtx) bool {
	if *folder == "" || string(ctx.Path()) != "/file" {
		return false
	}
	fileHandler()(ctx)
	return true
}
