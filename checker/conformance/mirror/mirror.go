// Package mirror has the handler that the conformance collection is sent to, on the
// reference.
package mirror

import (
	"fmt"

	"barewire/checker/conformance/cases"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/09-static-files"
)

// Handler answers every request with what it saw of it:
//
//	method POST
//	target /a?b
//	field x: y
//	content "hello"
//
// cases.FilePath is the file of that name in folder instead, unless folder is "".
// The function that it returns closes the folder.
func Handler(folder string) (keepalive.Handler, func(), error) {
	if folder == "" {
		return keepalive.HandlerFunc(show), func() {}, nil
	}
	files, err := static.Open(folder)
	if err != nil {
		return nil, nil, err
	}
	choose := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if string(r.Target.Path) == cases.FilePath {
			files.ServeHTTP(w, r)
		} else {
			show(w, r)
		}
	}
	return keepalive.HandlerFunc(choose), func() { files.Close() }, nil
}

func show(w keepalive.ResponseWriter, r *keepalive.Request) {
	content, err := r.Content()
	if err != nil {
		return // the server knows what to answer
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "method %s\ntarget %s\n", r.Method, r.Target.Raw)
	for name, value := range r.Header.All() {
		fmt.Fprintf(w, "field %s: %s\n", name, value)
	}
	fmt.Fprintf(w, "content %q\n", content)
}
