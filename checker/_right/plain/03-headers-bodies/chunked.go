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

	state   int
	left    int64 // of the chunk
	content int64 // so far
	exts    int
	trailer int
	fields  int
	line    []byte
	offset  int // of the line, in the body
}

const (
	inSize = iota
	inData
	inDataEnd
	inTrailer
	atEnd
)

// Reset makes d ready for the next body. It keeps its limits and its memory.
func (d *ChunkedDecoder) Reset() {
	*d = ChunkedDecoder{Limits: d.Limits, line: d.line[:0]}
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
	lim := d.Limits.OrDefaults()
	for n < len(src) && d.state != atEnd {
		if d.state == inData {
			m := int(min(d.left, int64(len(src)-n)))
			data = src[n : n+m]
			d.left -= int64(m)
			d.offset += m
			if d.left == 0 {
				d.state = inDataEnd
			}
			return data, n + m, nil
		}
		max, status := MaxChunkLine, 400
		switch d.state {
		case inDataEnd:
			max = 2
		case inTrailer:
			max, status = MaxTrailerSection-d.trailer, 431
		}
		i := bytes.IndexByte(src[n:], '\n')
		m := i + 1
		if i < 0 {
			m = len(src) - n
		}
		if len(d.line)+m > max || i < 0 && len(d.line)+m == max {
			return nil, n, protocolError(status, "RFC 9112 §7.1", d.offset, "line too long")
		}
		d.line = append(d.line, src[n:n+m]...)
		n += m
		if i < 0 {
			break
		}
		if err := d.takeLine(lim); err != nil {
			return nil, n, reqline.Shift(err, d.offset)
		}
		d.offset += len(d.line)
		d.line = d.line[:0]
	}
	if d.state == atEnd {
		return nil, n, io.EOF
	}
	return nil, n, nil
}

// takeLine looks at d.line, which ends in LF.
func (d *ChunkedDecoder) takeLine(lim Limits) error {
	line, m, err := reqline.CutLine(d.line)
	if err != nil {
		return err
	}
	switch d.state {
	case inSize:
		size, ext, err := ParseChunkSize(line)
		if err != nil {
			return err
		}
		d.exts += len(ext)
		if d.exts > MaxChunkExtensions {
			return protocolError(400, "RFC 9112 §7.1.1", 0, "too many extensions")
		}
		if size > lim.Content-d.content {
			return protocolError(413, "RFC 9110 §15.5.14", 0, "content too large")
		}
		d.content += size
		d.left = size
		d.state = inData
		if size == 0 {
			d.state = inTrailer
		}
	case inDataEnd:
		if len(line) > 0 {
			return protocolError(400, "RFC 9112 §7.1", 0, "no CRLF behind the chunk")
		}
		d.state = inSize
	case inTrailer:
		d.trailer += m
		if len(line) == 0 {
			d.state = atEnd
			return nil
		}
		if d.fields == lim.Fields {
			return protocolError(431, "RFC 6585 §5", 0, "too many fields")
		}
		d.fields++
		f, err := ParseField(line)
		if err != nil {
			return err
		}
		if InTrailer(string(f.Name)) {
			d.Trailer.Add(string(f.Name), string(f.Value))
		}
	}
	return nil
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
