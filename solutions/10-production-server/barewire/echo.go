package main

import (
	"fmt"
	"io"

	"barewire/solutions/04-keep-alive"
)

// echoBack answers any request: at /echo with the field lines that have arrived, at
// /cookie with the cookies, and everywhere else with the content as it came, or OK
// where there is none.
func echoBack(w keepalive.ResponseWriter, r *keepalive.Request) {
	switch string(r.Target.Path) {
	case "/echo":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for name, value := range r.Header.All() {
			fmt.Fprintf(w, "%s: %s\n", name, value)
		}
	case "/cookie":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for name, value := range r.Header.Cookies() {
			fmt.Fprintf(w, "%s=%s\n", name, value)
		}
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		n, err := io.Copy(w, r.Body)
		if n == 0 && err == nil {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, "OK")
		}
	}
}
