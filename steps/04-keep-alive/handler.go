package keepalive

import (
	"errors"
	"strconv"
	"sync"

	"barewire/steps/03-headers-bodies"
)

// A Handler answers a request. It is called once for each, one after another for
// the requests of one connection, and its response is complete when it returns.
// The request, its bytes and the ResponseWriter are of no use afterwards: the
// connection uses them again for the next request. Strings are copies and may be
// kept.
type Handler interface {
	ServeHTTP(w ResponseWriter, r *Request)
}

// HandlerFunc is a function that is a Handler.
type HandlerFunc func(w ResponseWriter, r *Request)

// ServeHTTP calls f.
func (f HandlerFunc) ServeHTTP(w ResponseWriter, r *Request) { f(w, r) }

// A Middleware makes a handler into another one, which does something before the
// first is called, or after it, or instead.
//
// One that hands a ResponseWriter of its own to the next handler gives that a
// method Unwrap() ResponseWriter, which returns the one it was given: so what only
// the connection can do is still found behind it.
type Middleware func(next Handler) Handler

// MaxHeld is how many bytes of content are held back while it is not known
// whether there will be more, so that a response which fits has a Content-Length
// and leaves in one write with its head. Of content that does not fit, some may
// still gather for the next write to the connection, but never more than 64 KiB.
const MaxHeld = 4 << 10

// What Write says of content that the response cannot have. Nothing of that call's
// content is sent, not even what would fit: the client would take the rest for the
// start of the next response.
var (
	// ErrNoContent is for a status that has no content (RFC 9110 §6.4.1).
	ErrNoContent = errors.New("http: a response with this status has no content")

	// ErrContentLength is for more content than the handler's own
	// Content-Length said.
	ErrContentLength = errors.New("http: more content than Content-Length says")
)

// A ResponseWriter is what a handler writes its response with.
type ResponseWriter interface {
	// Header returns the fields of the response. Once the first byte of content
	// has been written, or WriteHeader called, the header section is fixed, and
	// changes have no effect.
	//
	// Content-Length may be set; then it is kept to: Write refuses more, and
	// after less the connection ends, so that the client notices, be it with a
	// 500 if nothing has left yet or with content that is cut off. Date is
	// filled in unless it is set, "Connection: close" closes, and the server says how the
	// content is framed: Transfer-Encoding is ignored. Where HTTP forbids both, with a
	// 1xx, a 204 and a 2xx to CONNECT, Content-Length is ignored as well (RFC 9110
	// §8.6, §9.3.6), and after such an answer to CONNECT the connection ends.
	Header() *message.Header

	// WriteHeader fixes the header section and the status. Only the first call
	// counts. A status from 100 to 199, but for 101, is sent at once with the
	// fields that are there, and more may follow. A number that has not three
	// digits is no status (RFC 9110 §15): WriteHeader panics.
	WriteHeader(status int)

	// Write writes content, after WriteHeader(200) if that was not called. The
	// bytes are copied or sent before it returns. In the response to a HEAD
	// request they are counted and not sent. The errors are ErrNoContent,
	// ErrContentLength, and those of the connection.
	Write(content []byte) (int, error)

	// Flush sends what has been written so far. Before the first Write that is
	// the header section, which Flush fixes as WriteHeader(200) does.
	Flush() error
}

// Text answers with a text in UTF-8.
func Text(w ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	buf := texts.Get().(*[]byte) // as w wants bytes, which text is not
	*buf = append((*buf)[:0], text...)
	_, err := w.Write(*buf)
	if cap(*buf) <= MaxHeld {
		texts.Put(buf)
	}
	return err
}

var texts = sync.Pool{New: func() any { return new([]byte) }}

// JSON answers with v as JSON. If v cannot be encoded, nothing is written.
func JSON(w ResponseWriter, status int, v any) error {
	content, err := message.AppendJSON(nil, v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(content)
	return err
}

// Error answers with the name of a status as text.
func Error(w ResponseWriter, status int) error {
	return Text(w, status, strconv.Itoa(status)+" "+message.StatusText(status)+"\n")
}
