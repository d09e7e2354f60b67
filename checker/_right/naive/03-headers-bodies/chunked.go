package message

import (
	"bytes"
	"fmt"
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

	state         chunkState
	partial       string // the part of a line that has arrived
	offset        int    // of the line or the data that comes next
	left          int64  // bytes of the chunk that are still to come
	content       int64  // bytes in all chunks so far
	extensions    int
	trailerBytes  int
	trailerFields int
	err           error // the end, or a fault
}

// A chunkState is what may come next.
type chunkState int

const (
	inSize chunkState = iota
	inData
	inDataEnd
	inTrailer
)

// Reset makes d ready for the next body. It keeps its limits and its memory.
func (d *ChunkedDecoder) Reset() {
	*d = ChunkedDecoder{Limits: d.Limits}
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
	for d.err == nil && n < len(src) {
		rest := src[n:]
		if d.state == inData {
			data = rest[:min(d.left, int64(len(rest)))]
			d.left -= int64(len(data))
			if d.left == 0 {
				d.state = inDataEnd
			}
			d.offset += len(data)
			return data, n + len(data), nil
		}
		piece := rest
		if lf := bytes.IndexByte(rest, '\n'); lf >= 0 {
			piece = rest[:lf+1]
		}
		n += len(piece)
		d.partial += string(piece)
		d.err = d.readLine()
	}
	return nil, n, d.err
}

// readLine looks at the line in d.partial, which may lack its end.
func (d *ChunkedDecoder) readLine() error {
	raw := d.partial
	whole := strings.HasSuffix(raw, "\n")
	tooLong := func(limit int) bool {
		return len(raw) > limit || len(raw) == limit && !whole
	}
	switch d.state {
	case inSize:
		if tooLong(MaxChunkLine) {
			return protocolError(400, "RFC 9112 §7.1.1", d.offset, "the line before a chunk is too long")
		}
	case inDataEnd:
		for i := range min(len(raw), 2) {
			if raw[i] != "\r\n"[i] {
				return protocolError(400, "RFC 9112 §7.1", d.offset+i, "no CRLF behind a chunk")
			}
		}
	case inTrailer:
		if tooLong(MaxTrailerSection - d.trailerBytes) {
			return protocolError(431, "RFC 6585 §5", d.offset, "the trailer section is too long")
		}
	}
	if !whole {
		return nil
	}

	line, _, err := reqline.CutLine([]byte(raw))
	if err == nil {
		err = d.takeLine(line)
	}
	if err != nil && err != io.EOF {
		return reqline.Shift(err, d.offset)
	}
	d.offset += len(raw)
	d.partial = ""
	return err
}

// takeLine does what a line without its CRLF says.
func (d *ChunkedDecoder) takeLine(line []byte) error {
	lim := d.Limits.OrDefaults()
	switch d.state {
	case inSize:
		size, ext, err := ParseChunkSize(line)
		if err != nil {
			return err
		}
		d.extensions += len(ext)
		if d.extensions > MaxChunkExtensions {
			return protocolError(400, "RFC 9112 §7.1.1", 0, "too many chunk extensions")
		}
		if size > lim.Content-d.content {
			return protocolError(413, "RFC 9110 §15.5.14", 0, fmt.Sprintf("a chunk of %d bytes is too much", size))
		}
		d.content += size
		d.left = size
		d.state = inData
		if size == 0 {
			d.state = inTrailer
		}
	case inDataEnd:
		d.state = inSize
	case inTrailer:
		if len(line) == 0 {
			return io.EOF
		}
		d.trailerBytes += len(line) + 2
		d.trailerFields++
		if d.trailerFields > lim.Fields {
			return protocolError(431, "RFC 6585 §5", 0, "too many trailer fields")
		}
		field, err := ParseField(line)
		if err != nil {
			return err
		}
		if InTrailer(string(field.Name)) {
			d.Trailer.Add(string(field.Name), string(field.Value))
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
