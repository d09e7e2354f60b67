//starter:omit

package server

import "barewire/solutions/04-keep-alive"

// lookalikes hides the fields Content_Length and Transfer_Encoding from everything
// behind it. They frame nothing, so they are unrecognized fields, which a recipient
// SHOULD ignore (RFC 9110 §5.1). But CGI and what came after it make HTTP_CONTENT_LENGTH
// of both spellings: a handler that hands its fields on, or a filter that looks at them
// like this, would believe another length than the one that the server went by.
func lookalikes(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		for _, name := range [...]string{"Content_Length", "Transfer_Encoding"} {
			r.Header.Del(name)
		}
		next.ServeHTTP(w, r)
	})
}
