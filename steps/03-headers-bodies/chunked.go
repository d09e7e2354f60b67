package message

import (
	"errors"
	"strings"
)

// A ChunkedDecoder takes the chunked transfer coding off a message body (RFC 9112
// §7.1.3), piece by piece as the bytes arrive. The zero value is ready for a body
// with the default limits.
type ChunkedDecoder struct {
	Limits Limits // Content, and Fields for the trailer section, are used

	// Trailer is the fields of the trailer section, once the body has ended.
	// Those that must not stand there have been left out: see [InTrailer].
	// Its bytes are the decoder's own.
	Trailer Header
}

// Reset makes d ready for the next body. It keeps its limits and its memory.
func (d *ChunkedDecoder) Reset() {
	// TODO 3.11: As the zero value was, but with the limits.
}

// Decode takes bytes off the start of src and returns the content that it found
// there, borrowed from src and perhaps empty, and how many bytes it took. It takes
// at least one byte unless src is empty or the body has ended, and never one that
// stands behind the body. Call it with what is left until that is empty, then with
// the bytes that arrive next. Content is handed out as it comes: a chunk need not
// be there whole.
//
// The error is [io.EOF] with the last byte of the body, and from then on. Every
// other error is a [*reqline.ProtocolError] with an offset into the body: what
// [ParseChunkSize], [ParseField] and [reqline.CutLine] say of a line, a 400 for a
// chunk that no CRLF follows, for extensions and lines longer than
// [MaxChunkExtensions] and [MaxChunkLine], a 431 for a trailer section that is
// larger than [MaxTrailerSection] or has too many fields, and a 413 as soon as a
// chunk is announced that would bring the content above its limit. After an
// error, d is of no use until Reset.
func (d *ChunkedDecoder) Decode(src []byte) (data []byte, n int, err error) {
	// TODO 3.11: One state for each thing that may come next: size line, data, the CRLF behind it, trailer line, end.
	return nil, 0, errors.New("task 3.11 is not written yet")
}

// InTrailer says whether a field called name may stand in a trailer section
// (RFC 9110 §6.5.1). Fields that say how to frame, route, authenticate or read a
// message may not: they are needed before the content, and to heed them after it
// would let the end of a message change what its beginning was checked for.
func InTrailer(name string) bool {
	for _, forbidden := range []string{
		"Transfer-Encoding", "Content-Length", "Trailer", // framing
		"Host", "Connection", "Upgrade", "TE", "Max-Forwards", "Expect", "Forwarded", // routing, control
		"Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate", // authentication
		"Cookie", "Set-Cookie",
		"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range", // modifiers
		"Cache-Control", "Age", "Date", "Expires", "Location", "Retry-After", "Vary", "Warning",
		"Content-Encoding", "Content-Type", "Content-Range", // how to read the content
	} {
		if strings.EqualFold(name, forbidden) {
			return false
		}
	}
	return true
}
