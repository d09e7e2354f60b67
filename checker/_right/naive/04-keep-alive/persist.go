package keepalive

import (
	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// KeepAlive says whether a connection may be used for another request after this
// one, as far as the client is concerned (RFC 9112 §9.3): not if Connection has
// the member "close"; with HTTP/1.1, yes; with HTTP/1.0, if Connection has the
// member "keep-alive".
//
// Connection is a list: "close, TE" closes, in any case of letters and on any of
// several lines, and "closed" does not.
func KeepAlive(h *message.Head) bool {
	if h.Header.HasMember("Connection", "close") {
		return false
	}
	if h.Version != reqline.HTTP10 {
		return true
	}
	return h.Header.HasMember("Connection", "keep-alive")
}
