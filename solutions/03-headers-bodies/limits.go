package message

import (
	"barewire/solutions/02-request-line"
)

// What a message may cost unless the caller says otherwise.
const (
	// MaxHeaderSection is the size of a header section, in bytes and with all
	// line ends. nginx takes 32 KiB, Apache 100 lines of 8 KiB, Go's own
	// server 1 MiB.
	MaxHeaderSection = 64 << 10

	// MaxFields is the number of field lines in a section. Apache takes 100
	// as well; a browser sends about 20.
	MaxFields = 100

	// MaxContent is the size of a request's content, in bytes. nginx takes
	// 1 MiB, fasthttp 4 MiB, Go's own server has no limit.
	MaxContent = 4 << 20

	// MaxTrailerSection is the size of the trailer section behind chunked
	// content, in bytes and with all line ends. Those that are in use have one or two fields.
	MaxTrailerSection = 8 << 10

	// MaxChunkLine is the size of the line before a chunk, in bytes and with
	// its CRLF.
	MaxChunkLine = 4 << 10

	// MaxChunkExtensions is the size of all chunk extensions of a message
	// together, in bytes (RFC 9112 §7.1.1: a server ought to limit it). They
	// are read and thrown away, so they cost time and nothing else.
	MaxChunkExtensions = 16 << 10
)

// Limits are what one message may cost. A limit of 0 stands for the constant
// that is named beside it.
type Limits struct {
	RequestLine   int   // bytes in the request line: reqline.MaxRequestLine
	HeaderSection int   // bytes in the header section: MaxHeaderSection
	Fields        int   // field lines in the header section, or in the trailer section: MaxFields
	Content       int64 // bytes of content: MaxContent
}

// OrDefaults returns l with every 0 replaced by what it stands for.
func (l Limits) OrDefaults() Limits {
	if l.RequestLine <= 0 {
		l.RequestLine = reqline.MaxRequestLine
	}
	if l.HeaderSection <= 0 {
		l.HeaderSection = MaxHeaderSection
	}
	if l.Fields <= 0 {
		l.Fields = MaxFields
	}
	if l.Content <= 0 {
		l.Content = MaxContent
	}
	return l
}

// protocolError returns the error that the whole course uses.
func protocolError(status int, rule string, offset int, msg string) error {
	return &reqline.ProtocolError{Status: status, Rule: rule, Offset: offset, Msg: msg}
}
