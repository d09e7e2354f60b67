package middleware

import (
	"barewire/steps/04-keep-alive"
)

// MinCompress is how many bytes of content are worth compressing. Below it, the
// response fits into one packet either way. nginx begins at 20 bytes, Caddy at 512,
// Express at 1 KiB, Tomcat at 2 KiB.
const MinCompress = 1 << 10

// DefaultGzipLevel is the level of compression that Compress(0) uses. A text of 9934
// bytes became 4479 at level 1 in 92 µs, 4134 at level 4 in 132 µs, 4075 at level 5
// in 184 µs, and 4074 at level 9.
const DefaultGzipLevel = 4

// Compress compresses content with gzip for clients that prefer it (see
// [Negotiate]). Level is from 1, quick, to 9, small, and 0 stands for
// [DefaultGzipLevel]; any other panics.
//
// A response is left exactly as it is if its status is 1xx, 204, 205 or 206; if it
// has Content-Range, Content-Encoding, or Cache-Control: no-transform; if its
// Content-Length is below [MinCompress]; if it answers CONNECT; and, unless it is a
// 304, if its Content-Type is missing or does not shrink. These shrink at least, in any
// case of letters and with any parameters: text/*, application/json,
// application/javascript, application/xml, application/wasm, and what ends in +json or
// +xml. Pictures (but for SVG), videos, sounds and archives are compressed already.
//
// Every other one gets Vary: Accept-Encoding, whether this client takes gzip or
// not: a cache has to know that there are two (RFC 9110 §12.5.5). If it does, and
// the content is not less than MinCompress when the handler returns, the response
// also gets Content-Encoding: gzip, loses Content-Length and Accept-Ranges, and
// its ETag becomes a weak one, because the bytes are others (§8.8.1). HEAD gets the
// fields that GET would get, and nothing is written for it, not even the end of a gzip:
// the connection would count that. A 304 has no content to compress, and mostly no
// Content-Type that would say what it stands for; it gets Vary, and the weak ETag if
// this client takes gzip, whatever its type (§15.4.5: the fields of the 200). A client
// that asks with the strong one finds it again: If-None-Match does not look at W/.
//
// For the handler, nothing is different while its content is held back: its first
// WriteHeader, Write (also of nothing) or Flush fixes the status and the fields, a
// header that it has kept included, and Hijack is too late from then on.
//
// Flush compresses and sends what has been written so far, however little. A handler
// that panics gets no proper end of the compressed content. One that writes more than
// its Content-Length gets keepalive.ErrContentLength for what is too much. One that has
// written less makes Compress panic, so that the response is cut off; but not if a
// Write or Flush of the writer behind has failed: then the client is gone, and the
// handler has stopped because it was told so.
func Compress(level int) keepalive.Middleware {
	// TODO 7.8: Decide when the header section is fixed and enough content is known; then the writer has one of two jobs.
	return func(next keepalive.Handler) keepalive.Handler { return next }
}
