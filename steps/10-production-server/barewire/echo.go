package main

import (
	"fmt"
	"io"

	"barewire/steps/04-keep-alive"
)

// echoMethods are those that an echo makes sense for.
const echoMethods = "GET, HEAD, OPTIONS, PATCH, POST, PUT"

// echoBack answers at /echo with the field lines that have arrived, at /cookie with
// the cookies, and everywhere else with the content as it came, or OK where there is
// none. Content that is broken is the server's to answer.
func echoBack(w keepalive.ResponseWriter, r *keepalive.Request) {
	switch r.Method {
	case "GET", "HEAD", "PATCH", "POST", "PUT":
	case "OPTIONS":
		w.Header().Set("Allow", echoMethods)
		w.WriteHeader(204)
		return
	case "DELETE":
		w.Header().Set("Allow", echoMethods)
		keepalive.Error(w, 405)
		return
	default:
		keepalive.Error(w, 501) // RFC 9110 §9.1: not recognized
		return
	}
	content, err := r.Content()
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch string(r.Target.Path) {
	case "/echo":
		for name, value := range r.Header.All() {
			fmt.Fprintf(w, "%s: %s\n", name, value)
		}
	case "/cookie":
		for name, value := range r.Header.Cookies() {
			fmt.Fprintf(w, "%s=%s\n", name, value)
		}
	default:
		if len(content) == 0 {
			io.WriteString(w, "OK")
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(content)
	}
}
