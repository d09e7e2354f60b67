package message

import (
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

	state                       chunkState
	line                        []byte // as much of it as is there
	read                        int    // bytes before line
	left, content               int64  // of this chunk, of all
	extensions, fields, trailer int    // how much of each there was
}

type chunkState int

const (
	inSize chunkState = iota
	inData
	behindData
	inTrailer
	ended
)

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
	for n < len(src) && d.state != ended {
		if d.state == inData {
			data = src[n:][:min(d.left, int64(len(src)-n))]
			d.read += len(data)
			if d.left -= int64(len(data)); d.left == 0 {
				d.state = behindData
			}
			return data, n + len(data), nil
		}
		limit := [...]int{inSize: MaxChunkLine, behindData: 2, inTrailer: MaxTrailerSection - d.trailer}[d.state]
		d.line = append(d.line, src[n])
		n++
		if src[n-1] != '\n' && len(d.line) < limit {
			continue
		}
		if err := d.endLine(); err != nil {
			return nil, n, reqline.Shift(err, d.read)
		}
		d.read += len(d.line)
		d.line = d.line[:0]
	}
	if d.state == ended {
		err = io.EOF
	}
	return nil, n, err
}

// endLine takes d.line, which ends in LF or is as long as a line may be.
func (d *ChunkedDecoder) endLine() error {
	line, _, err := reqline.CutLine(d.line)
	lim := d.Limits.OrDefaults()
	switch {
	case err == reqline.ErrIncomplete && d.state == inTrailer:
		return protocolError(431, "RFC 6585 §5", len(d.line), "the trailer section is too large")
	case err == reqline.ErrIncomplete:
		return protocolError(400, "RFC 9112 §7.1", 0, "a line of a chunk that is too long")
	case err != nil:
		return err
	case d.state == behindData:
		d.state = inSize
	case d.state == inTrailer && len(line) == 0:
		d.state = ended
	case d.state == inTrailer:
		d.trailer += len(d.line)
		if d.fields++; d.fields > lim.Fields {
			return protocolError(431, "RFC 6585 §5", 0, "too many trailer fields")
		}
		f, err := ParseField(line)
		if err != nil {
			return err
		}
		if InTrailer(string(f.Name)) {
			d.Trailer.Add(string(f.Name), string(f.Value))
		}
	default:
		size, ext, err := ParseChunkSize(line)
		if err != nil {
			return err
		}
		if d.extensions += len(ext); d.extensions > MaxChunkExtensions {
			return protocolError(400, "RFC 9112 §7.1.1", 0, "too many chunk extensions")
		}
		if size > lim.Content-d.content {
			return protocolError(413, "RFC 9110 §15.5.14", 0, "the content is too large")
		}
		d.content += size
		d.left = size
		d.state = inData
		if size == 0 {
			d.state = inTrailer
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
