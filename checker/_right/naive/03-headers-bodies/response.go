package message

import (
	"fmt"
	"time"
)

// HasContent says whether a response with this status to a request with this
// method may have content (RFC 9110 §6.4.1). If not, it ends with its header
// section, whatever that says (RFC 9112 §6.3, case 1): one byte more would be
// taken for the start of the next response. These are all responses to HEAD, and
// those with 1xx, 204 and 304.
//
// A 205 is not among them: it has no content either, but it does not end with its
// header section by itself, and says Content-Length: 0 (RFC 9110 §15.3.6). Nor is
// a 2xx to CONNECT, behind which a tunnel begins.
func HasContent(method string, status int) bool {
	return method != "HEAD" && status/100 != 1 && status != 204 && status != 304
}

// AppendStatusLine appends the status line of a response to dst (RFC 9112 §4),
// with its CRLF. The version is always HTTP/1.1, also towards HTTP/1.0 clients
// (RFC 9110 §6.2). A status without a name still has the space behind it.
func AppendStatusLine(dst []byte, status int) []byte {
	return fmt.Appendf(dst, "HTTP/1.1 %03d %s\r\n", status, StatusText(status))
}

// AppendField appends one field line to dst, with its CRLF, and checks nothing:
// name and value must be a token and a value without controls, as those in a
// [Header] are.
func AppendField[N, V []byte | string](dst []byte, name N, value V) []byte {
	return fmt.Appendf(dst, "%s: %s\r\n", name, value)
}

// AppendTo appends all field lines of h to dst. The empty line that ends a header
// section is not among them.
func (h *Header) AppendTo(dst []byte) []byte {
	for name, value := range h.All() {
		dst = AppendField(dst, name, value)
	}
	return dst
}

// AppendDate appends t to dst in the one format that HTTP writes dates in
// (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT", 29 bytes, always in UTC.
func AppendDate(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 GMT")
}

// AppendChunk appends data as one chunk to dst (RFC 9112 §7.1). Without data it
// appends nothing: a chunk of size zero would end the body.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkSize(dst, len(data))
	dst = append(dst, data...)
	return append(dst, "\r\n"...)
}

// AppendChunkSize appends the line before a chunk of size bytes to dst, for a
// writer that does not want to copy the data. A CRLF belongs behind the data. The
// digits may be in either case.
func AppendChunkSize(dst []byte, size int) []byte {
	return fmt.Appendf(dst, "%x\r\n", size)
}

// AppendLastChunk appends the end of a chunked body to dst: the chunk of size
// zero, the fields of trailer (none if it is nil), and the empty line.
func AppendLastChunk(dst []byte, trailer *Header) []byte {
	dst = append(dst, "0\r\n"...)
	if trailer != nil {
		dst = trailer.AppendTo(dst)
	}
	return append(dst, "\r\n"...)
}

// StatusText returns the name of a status code as the IANA registry has it, or ""
// if it has none.
func StatusText(status int) string { return statusText[status] }

var statusText = map[int]string{
	100: "Continue",
	101: "Switching Protocols",
	102: "Processing",
	103: "Early Hints",
	200: "OK",
	201: "Created",
	202: "Accepted",
	203: "Non-Authoritative Information",
	204: "No Content",
	205: "Reset Content",
	206: "Partial Content",
	207: "Multi-Status",
	208: "Already Reported",
	226: "IM Used",
	300: "Multiple Choices",
	301: "Moved Permanently",
	302: "Found",
	303: "See Other",
	304: "Not Modified",
	305: "Use Proxy",
	307: "Temporary Redirect",
	308: "Permanent Redirect",
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Content Too Large",
	414: "URI Too Long",
	415: "Unsupported Media Type",
	416: "Range Not Satisfiable",
	417: "Expectation Failed",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	423: "Locked",
	424: "Failed Dependency",
	425: "Too Early",
	426: "Upgrade Required",
	428: "Precondition Required",
	429: "Too Many Requests",
	431: "Request Header Fields Too Large",
	451: "Unavailable For Legal Reasons",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",
	507: "Insufficient Storage",
	508: "Loop Detected",
	511: "Network Authentication Required",
}
