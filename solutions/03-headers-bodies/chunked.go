package message

import (
	"bytes"
	"io"
	"strings"

	"barewire/solutions/02-request-line"
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

	//starter:omit
	state chunkState
	//starter:omit
	left int64 // bytes of the chunk that are still to come
	//starter:omit
	content int64 // bytes of content so far, with the chunk that was announced
	//starter:omit
	extensions, trailer int // bytes of each so far
	//starter:omit
	trailerLines int
	//starter:omit
	offset int // bytes of the body so far
	//starter:omit
	partial []byte // a line that has begun and not ended
}

// chunkState is what a ChunkedDecoder expects next.
//
//starter:omit
type chunkState uint8

//starter:omit
const (
	sizeLine chunkState = iota
	chunkData
	dataEnd
	trailerLine
	bodyEnd
)

// Reset makes d ready for the next body. It keeps its limits and its memory.
//
//starter:todo 3.11 As the zero value was, but with the limits.
func (d *ChunkedDecoder) Reset() {
	*d = ChunkedDecoder{
		Limits:  d.Limits,
		Trailer: d.Trailer,
		partial: d.partial[:0],
	}
	d.Trailer.Reset()
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
//
//starter:todo 3.11 One state for each thing that may come next: size line, data, the CRLF behind it, trailer line, end.
func (d *ChunkedDecoder) Decode(src []byte) (data []byte, n int, err error) {
	for n < len(src) && len(data) == 0 && d.state != bodyEnd {
		var used int
		if d.state == chunkData {
			used = int(min(d.left, int64(len(src)-n)))
			data = src[n : n+used]
			if d.left -= int64(used); d.left == 0 {
				d.state = dataEnd
			}
		} else {
			start := d.offset - len(d.partial)
			if used, err = d.decodeLine(src[n:]); err != nil {
				return nil, n, reqline.Shift(err, start)
			}
		}
		n += used
		d.offset += used
	}
	if d.state == bodyEnd {
		err = io.EOF
	}
	return data, n, err
}

// decodeLine takes the next line off src, or the piece of it that is there, and
// acts on it when it is whole. The CRLF behind a chunk is an empty line.
//
//starter:omit
func (d *ChunkedDecoder) decodeLine(src []byte) (n int, err error) {
	line, n, err := d.line(src)
	if line == nil { // its end is not there, or it is not right
		return n, err
	}
	switch d.state {
	case sizeLine:
		err = d.startChunk(line)
	case dataEnd:
		d.state = sizeLine
	case trailerLine:
		err = d.addTrailer(line)
	}
	return n, err
}

// line returns the line at the start of src, with the pieces of it that came
// before in front, or nil while its end is not there. Only new bytes are searched.
//
//starter:omit
func (d *ChunkedDecoder) line(src []byte) (line []byte, n int, err error) {
	n = bytes.IndexByte(src, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(src)
	}
	if err := d.checkLine(len(d.partial) + n); err != nil {
		return nil, n, err
	}
	if whole && len(d.partial) == 0 {
		line, _, err = reqline.CutLine(src[:n])
		return line, n, err
	}
	d.partial = append(d.partial, src[:n]...)
	if !whole {
		return nil, n, nil
	}
	line, _, err = reqline.CutLine(d.partial)
	d.partial = d.partial[:0] // line still stands in its memory
	return line, n, err
}

// checkLine reports a line of size bytes, or more, that is too long for what is
// expected.
//
//starter:omit
func (d *ChunkedDecoder) checkLine(size int) error {
	switch {
	case d.state == sizeLine && size > MaxChunkLine:
		return protocolError(400, "RFC 9112 §7.1.1", MaxChunkLine, "the line before a chunk is longer than its limit")
	case d.state == dataEnd && size > len("\r\n"):
		return protocolError(400, "RFC 9112 §7.1", 0, "a chunk is longer than its size says")
	case d.state == trailerLine && size > MaxTrailerSection-d.trailer:
		return protocolError(431, "RFC 6585 §5", 0, "a trailer section larger than its limit")
	}
	return nil
}

// startChunk acts on the line before a chunk.
//
//starter:omit
func (d *ChunkedDecoder) startChunk(line []byte) error {
	size, ext, err := ParseChunkSize(line)
	if err != nil {
		return err
	}
	if d.extensions += len(ext); d.extensions > MaxChunkExtensions {
		return protocolError(400, "RFC 9112 §7.1.1", 0, "more chunk extensions than the limit")
	}
	if size == 0 {
		d.state = trailerLine
		return nil
	}
	if size > d.Limits.OrDefaults().Content-d.content {
		return protocolError(413, "RFC 9110 §15.5.14", 0, "content longer than the limit")
	}
	d.content += size
	d.left, d.state = size, chunkData
	return nil
}

// addTrailer acts on a line of the trailer section; an empty one ends the body.
//
//starter:omit
func (d *ChunkedDecoder) addTrailer(line []byte) error {
	if len(line) == 0 {
		d.state = bodyEnd
		return nil
	}
	d.trailer += len(line) + len("\r\n")
	if d.trailerLines++; d.trailerLines > d.Limits.OrDefaults().Fields {
		return protocolError(431, "RFC 6585 §5", 0, "more trailer fields than the limit")
	}
	f, err := ParseField(line)
	if err != nil {
		return err
	}
	if name := string(f.Name); InTrailer(name) {
		d.Trailer.Add(name, string(f.Value))
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
