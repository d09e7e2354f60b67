// Package mirror has the handler that the conformance collection is sent to, on the
// reference.
package mirror

import (
	"fmt"

	"barewire/solutions/04-keep-alive"
)

// Handler answers every request with what it saw of it:
//
//	method POST
//	target /a?b
//	field x: y
//	content "hello"
func Handler() keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
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
	})
}
