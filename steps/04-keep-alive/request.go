package keepalive

import (
	"context"
	"io"
	"net"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A Request is what a handler answers. Its bytes (those of Target, Header and
// Host) are borrowed until the handler returns.
type Request struct {
	message.Head

	// Body is the content, without its transfer coding. It is never nil, ends
	// with io.EOF, and fails with io.ErrUnexpectedEOF where the client ended
	// the connection first, with a *reqline.ProtocolError where the content
	// breaks HTTP/1.1 or is too large, and with os.ErrDeadlineExceeded where
	// the next piece took too long. The first Read answers "Expect:
	// 100-continue".
	Body io.Reader

	// RemoteAddr is where the connection comes from.
	RemoteAddr net.Addr
}

// Context is done when the server is told to stop. It is never nil.
func (r *Request) Context() context.Context {
	// TODO 4.9: The context that ServeConn got.
	return context.Background()
}

// Trailer returns the trailer fields of chunked content, once Body has returned
// io.EOF. They live as long as the request.
func (r *Request) Trailer() *message.Header {
	// TODO 4.3: The decoder has them.
	return new(message.Header)
}

// Path returns the path in its normal form, decoded, as a copy:
// "/a/%2e%2e/b%20c" is "/b c". An encoded slash is a slash in it, so it is for
// reading, and the target's own Path is for routing.
func (r *Request) Path() string {
	normal, err := reqline.AppendNormalized(nil, r.Target.Path)
	if err != nil {
		return string(r.Target.Path) // "*", or no path at all
	}
	decoded, _ := reqline.AppendDecoded(normal[:0], normal) // it never grows
	return string(decoded)
}

// Query returns the parameters in the target's query.
func (r *Request) Query() (reqline.Query, error) { return reqline.ParseQuery(r.Target.Query) }

// Content reads what is left of Body and returns it; it is yours. It cannot be
// larger than the server's limit. The errors are those of Body.
func (r *Request) Content() ([]byte, error) { return io.ReadAll(r.Body) }

// Form reads the content and parses it with [message.ParseForm].
func (r *Request) Form() (reqline.Query, error) {
	content, err := r.Content()
	if err != nil {
		return nil, err
	}
	return message.ParseForm(&r.Header, content)
}

// JSON reads the content and decodes it into v with [message.ParseJSON].
func (r *Request) JSON(v any) error {
	content, err := r.Content()
	if err != nil {
		return err
	}
	return message.ParseJSON(&r.Header, content, v)
}
