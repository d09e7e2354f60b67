package message

import (
	"bytes"
	"io"
	"strings"

	"barewire/steps/02-request-line"
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

	state      chunkState // nil before the first byte
	at         int        // the offset in the body
	content    int64      // announced so far
	left       int64      // of this chunk
	extensions int        // bytes of them so far
	fields     int
	trailer    int // bytes of the trailer section in front of this line
	line       []byte
	ended      bool
}

// A chunkState takes what it can off src, which is not empty, and says what
// comes next. Data is what it took if that is content.
type chunkState func(d *ChunkedDecoder, src []byte) (data []byte, n int, next chunkState, err error)

// Reset makes d ready for the next body. It keeps its limits and its memory.
func (d *ChunkedDecoder) Reset() {
	d.Trailer.Reset()
	*d = ChunkedDecoder{Limits: d.Limits, Trailer: d.Trailer, line: d.line[:0]}
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
	if d.state == nil {
		d.state = inSize
	}
	for n < len(src) && data == nil && err == nil && !d.ended {
		var m int
		data, m, d.state, err = d.state(d, src[n:])
		n += m
	}
	if d.ended && err == nil {
		err = io.EOF
	}
	return data, n, err
}

func inData(d *ChunkedDecoder, src []byte) ([]byte, int, chunkState, error) {
	n := int(min(d.left, int64(len(src))))
	d.left -= int64(n)
	d.at += n
	if d.left > 0 {
		return src[:n], n, inData, nil
	}
	return src[:n], n, behindData, nil
}

// behindData takes the CR, and the state behind it the LF.
func behindData(d *ChunkedDecoder, src []byte) ([]byte, int, chunkState, error) {
	return d.byte(src, '\r', func(d *ChunkedDecoder, src []byte) ([]byte, int, chunkState, error) {
		return d.byte(src, '\n', inSize)
	})
}

func (d *ChunkedDecoder) byte(src []byte, want byte, next chunkState) ([]byte, int, chunkState, error) {
	if src[0] != want {
		return nil, 0, nil, protocolError(400, "RFC 9112 §7.1", d.at, "no CRLF behind a chunk")
	}
	d.at++
	return nil, 1, next, nil
}

func inSize(d *ChunkedDecoder, src []byte) ([]byte, int, chunkState, error) {
	tooLong := protocolError(400, "RFC 9112 §7.1.1", 0, "chunk line too long")
	return d.inLine(src, inSize, MaxChunkLine, tooLong, func(line []byte, _ Limits) (chunkState, error) {
		size, ext, err := ParseChunkSize(line)
		d.extensions += len(ext)
		switch {
		case err != nil:
			return nil, err
		case d.extensions > MaxChunkExtensions:
			return nil, protocolError(400, "RFC 9112 §7.1.1", 0, "too many chunk extensions")
		case size > d.Limits.OrDefaults().Content-d.content:
			return nil, protocolError(413, "RFC 9110 §15.5.14", 0, "content too large")
		case size == 0:
			return inTrailer, nil
		}
		d.content += size
		d.left = size
		return inData, nil
	})
}

func inTrailer(d *ChunkedDecoder, src []byte) ([]byte, int, chunkState, error) {
	tooLong := protocolError(431, "RFC 6585 §5", 0, "trailer section too large")
	return d.inLine(src, inTrailer, MaxTrailerSection-d.trailer, tooLong, func(line []byte, lim Limits) (chunkState, error) {
		d.trailer += len(line) + 2
		if d.ended = len(line) == 0; d.ended {
			return inTrailer, nil
		}
		f, err := ParseField(line)
		if d.fields++; d.fields > lim.Fields {
			err = protocolError(431, "RFC 6585 §5", 0, "too many trailer fields")
		}
		if err == nil && InTrailer(string(f.Name)) {
			d.Trailer.Add(string(f.Name), string(f.Value))
		}
		return inTrailer, err
	})
}

// inLine keeps what has come of a line; take has it once it is there.
func (d *ChunkedDecoder) inLine(src []byte, again chunkState, limit int, tooLong error, take func([]byte, Limits) (chunkState, error)) ([]byte, int, chunkState, error) {
	n := bytes.IndexByte(src, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(src)
	}
	if size := len(d.line) + n; size > limit || size == limit && !whole {
		return nil, 0, nil, reqline.Shift(tooLong, d.at)
	}
	d.line = append(d.line, src[:n]...)
	if !whole {
		return nil, n, again, nil
	}
	line, m, err := reqline.CutLine(d.line)
	next := again
	if err == nil {
		next, err = take(line, d.Limits.OrDefaults())
	}
	err = reqline.Shift(err, d.at)
	d.at += m
	d.line = d.line[:0]
	return nil, n, next, err
}

// InTrailer says whether a field called name may stand in a trailer section
// (RFC 9110 §6.5.1). Fields that say how to frame, route, authenticate or read a
// message may not: they are needed before the content, and to heed them after it
// would let the end of a message change what its beginning was checked for.
func InTrailer(name string) bool { return !tooLate[strings.ToLower(name)] }

var tooLate = func() map[string]bool {
	set := make(map[string]bool)
	for _, name := range []string{
		"Transfer-Encoding", "Content-Length", "Trailer", // framing
		"Host", "Connection", "Upgrade", "TE", "Max-Forwards", "Expect", "Forwarded", // routing, control
		"Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate", // authentication
		"Cookie", "Set-Cookie",
		"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range", // modifiers
		"Cache-Control", "Age", "Date", "Expires", "Location", "Retry-After", "Vary", "Warning",
		"Content-Encoding", "Content-Type", "Content-Range", // how to read the content
	} {
		set[strings.ToLower(name)] = true
	}
	return set
}()
