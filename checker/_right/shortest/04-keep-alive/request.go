package keepalive

import (
	"cmp"
	"context"
	"io"
	"net"
	"slices"

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
	// the next piece took too long. A handler that then writes nothing leaves
	// it to the server to tell the client.
	//
	// If the client sent "Expect: 100-continue" and none of its content is here
	// yet, the first Read sends it a 100 before it waits.
	Body io.Reader

	// RemoteAddr is where the connection comes from.
	RemoteAddr net.Addr

	// Fault is why the server has refused the request by itself (see
	// Server.Refused); nil for every request that a handler gets.
	Fault error

	ctx     context.Context
	trailer *message.Header // nil unless the content is chunked and has ended
	values  []pathValue
}

// A pathValue is a part of the path that a pattern has given a name.
type pathValue struct {
	name string
	raw  []byte // borrowed, percent-encoded
}

// begin makes r ready for the next request of a connection: what was set on the
// last one is gone.
func (r *Request) begin(ctx context.Context) {
	r.ctx = ctx
	r.trailer = nil
	r.Fault = nil
	r.values = r.values[:0]
}

// Context is done when the server is told to stop, unless a middleware has set
// another one. It is never nil.
func (r *Request) Context() context.Context {
	if r.ctx == nil {
		return context.Background()
	}
	return r.ctx
}

// SetContext replaces what Context returns, for the rest of this request. The new
// context should be derived from the old one.
func (r *Request) SetContext(ctx context.Context) { r.ctx = ctx }

// PathValue returns the part of the path that matched {name} in the pattern of the
// route, percent-decoded, as a copy; "" if the pattern has no such name.
func (r *Request) PathValue(name string) string {
	for i := range r.values {
		if r.values[i].name == name {
			decoded, err := reqline.AppendDecoded(nil, r.values[i].raw)
			if err != nil {
				return string(r.values[i].raw)
			}
			return string(decoded)
		}
	}
	return ""
}

// SetPathValue makes raw, a part of the target as it was sent, the value of name.
// The bytes are borrowed: they must live as long as the request. It is for routers.
func (r *Request) SetPathValue(name string, raw []byte) {
	for i := range r.values {
		if r.values[i].name == name {
			r.values[i].raw = raw
			return
		}
	}
	r.values = append(r.values, pathValue{name, raw})
}

// Trailer returns the trailer fields of chunked content, once Body has returned
// io.EOF. They live as long as the request.
func (r *Request) Trailer() *message.Header {
	return cmp.Or(r.trailer, new(message.Header))
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
func (r *Request) Content() ([]byte, error) {
	// One byte more than there should be, for the Read that says io.EOF. What a
	// client announces, and has not sent, is not worth much memory.
	content := make([]byte, 0, min(max(r.Framing.Length, 511), 64<<10)+1)
	for {
		n, err := r.Body.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		if err == io.EOF {
			return content, nil
		}
		if err != nil {
			return content, err
		}
		if len(content) == cap(content) {
			content = slices.Grow(content, len(content))
		}
	}
}

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
