package message_test

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

func parseHead(lim message.Limits) func([]byte) (string, int, error) {
	return func(src []byte) (string, int, error) {
		var h message.Head
		n, err := h.Parse(src, lim)
		return describe(&h), n, err
	}
}

// describe writes what a head says in one line.
func describe(h *message.Head) string {
	content := fmt.Sprintf("%d bytes", h.Framing.Length)
	if h.Framing.Chunked {
		content = "chunks"
	}
	return fmt.Sprintf("%s %s for %s with %d fields and %s", h.Method, h.Target.Raw, cmp.Or(string(h.Host), "no host"), h.Header.Len(), content)
}

func TestTask9_Head(t *testing.T) {
	const bad = "refused with 400"
	run(t, []row{
		one("a minimal request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "27 bytes: GET / for a with 1 fields and 0 bytes", "request line, header section, empty line (RFC 9112 §2.1)"),
		one("content with a length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "48 bytes: POST /x for a with 2 fields and 3 bytes", "case 6: Content-Length says how much (RFC 9112 §6.3)"),
		one("chunked content", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "57 bytes: POST /x for a with 2 fields and chunks", "case 4: chunks say themselves where they end (RFC 9112 §6.3)"),
		one("an absolute target", "GET http://b:1/ HTTP/1.1\r\nHost: a\r\n\r\n", "37 bytes: GET http://b:1/ for b:1 with 1 fields and 0 bytes", "the target's authority wins (RFC 9112 §3.2.2)"),
		one("an empty line in front", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "29 bytes: GET / for a with 1 fields and 0 bytes", "SHOULD be ignored, and counts (RFC 9112 §2.2)"),
		one("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "18 bytes: GET / for no host with 0 fields and 0 bytes", "no Host is needed (RFC 9112 §3.2)"),
		one("no end yet", "GET / HTTP/1.1\r\nHost: a\r\n", "incomplete", "the empty line has not arrived"),
		one("a bad request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", bad, "one space separates the parts (RFC 9112 §3)"),
		one("a bad field", "GET / HTTP/1.1\r\nHost: a\r\nA¦ : b\r\n\r\n", bad, "no whitespace before the colon (RFC 9112 §5.1)"),
		one("no Host", "GET / HTTP/1.1\r\n\r\n", bad, "a request of HTTP/1.1 has one Host, or it MUST be answered with 400: Host of task 3.6 is to be asked (RFC 9112 §3.2)"),
		one("two ways to end", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n¦Transfer-Encoding: chunked\r\n\r\n", bad, "a length beside chunked is how requests are smuggled: RequestFraming of task 3.8 is to be asked (RFC 9112 §6.3)"),
		one("two ways to end, one of them empty", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 5\r\n\r\n", bad, "a field without a value is there all the same, and some take it for another framing (RFC 9112 §6.3)"),
		one("another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "refused with 505", "the message of another major version cannot be read (RFC 9110 §15.6.6)"),
		one("an unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "refused with 501", "framed, but not understood (RFC 9112 §6.1)"),
	}, func(in string) string { return anyWay(in, parseHead(message.Limits{})) })
}

func TestTask9_Limits(t *testing.T) {
	lim := message.Limits{RequestLine: 40, HeaderSection: 60, Fields: 3, Content: 1000}
	const fits = "GET /0123456789012345678901234 HTTP/1.1\r\n"
	runWith(t, limit(lim), []row{
		one("a request line that is too long", strings.Replace(fits, "/", "/01", 1)+"Host: a\r\n\r\n", "refused with 414", "MUST answer 414 (RFC 9112 §3)"),
		one("a header section that is too long", "GET / HTTP/1.1\r\nHost: a\r\nA: "+strings.Repeat("x", 60)+"\r\n\r\n", "refused with 431", "431 Request Header Fields Too Large (RFC 6585 §5)"),
		one("too many fields", "GET / HTTP/1.1\r\nHost: a\r\nA: \r\nB: \r\nC: \r\n\r\n", "refused with 431", "431 is for their number as well (RFC 6585 §5)"),
		one("too much content", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", "refused with 413", "before a byte of it is read (RFC 9110 §15.5.14)"),
		one("as much content as is allowed", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "50 bytes: POST / for a with 2 fields and 1000 bytes", "the limit itself is allowed"),
	}, func(in string) string { return anyWay(in, parseHead(lim)) })

	post := func(n int64) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", n)
	}
	get := func(line int) string {
		return "GET /" + strings.Repeat("x", line-len("GET / HTTP/1.1\r\n")) + " HTTP/1.1\r\nHost: a\r\n\r\n"
	}
	for _, r := range []struct {
		name      string
		lim       message.Limits
		good, bad string
		status    int
		why       string
	}{
		{"more content than the default", message.Limits{}, post(message.MaxContent), post(message.MaxContent + 1), 413, "a limit of 0 stands for MaxContent"},
		{"content of a limit of one byte", message.Limits{Content: 1}, post(1), post(2), 413, "only 0 stands for the default; a limit of 1 is a limit"},
		{"a request line longer than the default", message.Limits{}, get(reqline.MaxRequestLine), get(reqline.MaxRequestLine + 1), 414, "a limit of 0 stands for reqline.MaxRequestLine"},
		{"a request line with a limit of one byte", message.Limits{RequestLine: 1}, "", get(100), 414, "only 0 stands for the default; a limit of 1 is a limit"},
		{"fields of a limit of one field", message.Limits{Fields: 1}, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", post(0), 431, "only 0 stands for the default; a limit of 1 is a limit"},
		{"a header section with a limit of one byte", message.Limits{HeaderSection: 1}, "", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 431, "only 0 stands for the default; a limit of 1 is a limit"},
	} {
		want := fmt.Sprintf("refused with %d, and what just fits is accepted", r.status)
		runWith(t, limit(r.lim), []row{one(r.name, r.bad, want, r.why)}, func(in string) string {
			got := once(parseHead(r.lim), in)
			if r.good != "" && strings.HasPrefix(once(parseHead(r.lim), r.good), "refused") {
				return got + ", and what just fits is " + once(parseHead(r.lim), r.good)
			}
			return got + ", and what just fits is accepted"
		})
	}
}

// One Head parses one request after another, and keeps nothing of the last one.
func TestTask9_OneHeadForAll(t *testing.T) {
	var h message.Head
	for i, r := range []struct{ in, want string }{
		{"POST /1 HTTP/1.1\r\nHost: a\r\nA: b\r\nContent-Length: 3\r\n\r\n", "54 bytes: POST /1 for a with 3 fields and 3 bytes"},
		{"GET /2 HTTP/1.0\r\n\r\n", "19 bytes: GET /2 for no host with 0 fields and 0 bytes"},
		{"GET /3 HTTP/1.1\r\n\r\n", "refused with 400"},
		{"GET /4 HTTP/1.1\r\nHost: b\r\n\r\n", "28 bytes: GET /4 for b with 1 fields and 0 bytes"},
	} {
		n, err := h.Parse([]byte(r.in), message.Limits{})
		got := fmt.Sprintf("%d bytes: %s", n, describe(&h))
		if err != nil {
			got = outcome(err)
		}
		if got != r.want {
			testkit.Report{Sent: r.in, Doing: fmt.Sprintf("one Head parses four requests; this is number %d", i+1), Want: r.want, Got: got, Why: "a connection uses one Head for all of its requests: whatever a request does not have must not be left over from the one before"}.Error(t)
		}
	}
}

// A Head may remember how far it has looked. What it remembers may save time, but
// must not change an answer: here one Head is fed byte by byte, each time from the
// start and with one byte more, as a connection does with a slow client.
func TestTask9_ByteByByte(t *testing.T) {
	lim := message.Limits{RequestLine: 40, HeaderSection: 60, Fields: 3, Content: 1000}
	runWith(t, "one Head is fed byte by byte; "+limit(lim), []row{
		one("one request behind the other", "POST /first HTTP/1.1\r\nHost: a\r\nA: b\r\nContent-Length: 0\r\n\r\n|GET /2 HTTP/1.1\r\nHost: b\r\n\r\n|GET / HTTP/1.0\r\n\r\n",
			"58 bytes: POST /first for a with 3 fields and 0 bytes, 28 bytes: GET /2 for b with 1 fields and 0 bytes, 18 bytes: GET / for no host with 0 fields and 0 bytes", "a Head is used again for the next request (here a | stands between two): what it remembers is of the last one"),
		one("a request line that never ends", "GET /"+strings.Repeat("x", 60), "refused with 414", "the limit is reached whether there is a line end or not (RFC 9112 §3)"),
		one("a request line behind an empty line that never ends", "\r\nGET /"+strings.Repeat("x", 60), "refused with 414", "the limit is reached whether there is a line end or not (RFC 9112 §3)"),
		one("a field that never ends", "GET / HTTP/1.1\r\nHost: a\r\nA: "+strings.Repeat("x", 80), "refused with 431", "the limit is reached whether there is a line end or not (RFC 6585 §5)"),
		one("a request line of all bytes that it may have, without its end", "GET /"+strings.Repeat("x", 35), "refused with 414", "it is certain that it will be longer, and a buffer of 40 bytes is full: more is not to come (RFC 9112 §3)"),
		one("a header section of all bytes that it may have, without its end", "GET / HTTP/1.1\r\nHost: a\r\nA: "+strings.Repeat("x", 48), "refused with 431", "it is certain that it will be longer, and the buffer may be full: more is not to come (RFC 6585 §5)"),
		one("a field that never ends, behind the longest request line", "GET /012345678901234567890123 HTTP/1.1\r\nA: "+strings.Repeat("x", 80), "refused with 431", "the header section has a limit of its own (RFC 6585 §5)"),
	}, func(in string) string {
		var h message.Head
		var all []string
		for message := range strings.SplitSeq(in, "|") {
			got := "incomplete"
			for i := 1; i <= len(message) && got == "incomplete"; i++ {
				n, err := h.Parse([]byte(message[:i]), lim)
				if got = outcome(err); err == nil {
					got = fmt.Sprintf("%d bytes: %s", n, describe(&h))
				}
			}
			all = append(all, got)
		}
		return strings.Join(all, ", ")
	})
}

// What a head is refused for stands where its error says, counted from the start of
// the message.
func TestTask9_Offset(t *testing.T) {
	run(t, []row{
		one("in the request line", "GET /¦ä HTTP/1.1\r\nHost: a\r\n\r\n", "at the mark", "Offset counts from the start of the message"),
		one("in a field", "GET / HTTP/1.1\r\nHost: a\r\nA: b¦\x00\r\n\r\n", "at the mark", "Offset counts from the start of the message, not of the line: reqline.Shift"),
		one("behind an empty line", "\r\nGET / HTTP/1.1\r\nHost: a\r\nA¦ : b\r\n\r\n", "at the mark", "Offset counts from the start of the message"),
	}, func(in string) string {
		at := strings.IndexAny(in, "ä\x00")
		if at < 0 {
			at = strings.Index(in, " :")
		}
		var h message.Head
		_, err := h.Parse([]byte(in), message.Limits{})
		if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
			if e.Offset == at {
				return "at the mark"
			}
			return fmt.Sprintf("Offset %d, and the mark is at %d", e.Offset, at)
		}
		return outcome(err)
	})
}

// Host and RequestFraming cannot say where their fields stood; Head.Parse knows at
// least where the section is.
func TestTask9_OffsetOfFields(t *testing.T) {
	const why = "an error that points at the request line sends people to the wrong place: Offset is the start of the header section, or of a field in it"
	rows := []row{
		one("no Host", "GET / HTTP/1.1\r\n¦A: b\r\n\r\n", "in the header section", why),
		one("two ways to end", "POST / HTTP/1.1\r\n¦Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "in the header section", why),
		one("too much content", "POST / HTTP/1.1\r\n¦Host: a\r\nContent-Length: 99999999999\r\n\r\n", "in the header section", why),
	}
	for i := range rows {
		rows[i].note = "here the header section starts"
	}
	run(t, rows, func(in string) string {
		var h message.Head
		_, err := h.Parse([]byte(in), message.Limits{})
		e, ok := errors.AsType[*reqline.ProtocolError](err)
		switch section := strings.Index(in, "\n") + 1; {
		case !ok:
			return outcome(err)
		case section <= e.Offset && e.Offset < len(in):
			return "in the header section"
		default:
			return fmt.Sprintf("Offset %d, and the header section starts at %d", e.Offset, section)
		}
	})
}

// Whatever Head.Parse accepts, net/http accepts and frames the same way. Where ours is
// stricter, that is no difference that can be used.
func FuzzTask9_Head(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET http://a/?b HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var h message.Head
		n, err := h.Parse(src, message.Limits{})
		if err != nil {
			e, ok := errors.AsType[*reqline.ProtocolError](err)
			if !ok && !errors.Is(err, reqline.ErrIncomplete) || ok && (e.Status < 400 || e.Offset < 0 || e.Offset > len(src)) {
				t.Errorf("%q: the error %v is neither ErrIncomplete nor a *reqline.ProtocolError with a place in the message", src, err)
			}
			return
		}
		if n <= 0 || n > len(src) {
			t.Fatalf("%q: took %d bytes of %d", src, n, len(src))
		}
		for name, pieces := range testkit.Splits(string(src[:n])) {
			if len(pieces) != 2 {
				continue
			}
			var again message.Head
			again.Parse([]byte(pieces[0]), message.Limits{})
			if m, err := again.Parse(src[:n], message.Limits{}); m != n || err != nil || describe(&again) != describe(&h) {
				t.Errorf("%q: %s it is %s (%d bytes, %v), and whole %s (%d bytes)", src[:n], name, describe(&again), m, err, describe(&h), n)
			}
		}
		compare(t, src[:n], &h)
	})
}

// compare parses a head with net/http.
func compare(t *testing.T, head []byte, h *message.Head) {
	if h.Target.Form != reqline.OriginForm || h.Version.Minor > 1 || strings.HasPrefix(string(h.Target.Raw), "//") {
		return // net/http has other ideas of the rarer forms, and none of HTTP/1.2
	}
	// net/http does not ignore an empty line in front.
	head = []byte(strings.TrimPrefix(string(head), "\r\n"))
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(head) + "0\r\n\r\n")))
	if err != nil {
		// It refuses a few hosts and targets that RFC 3986 has; both of us
		// refusing or accepting is not what matters, but framing is.
		return
	}
	length := r.ContentLength
	if chunked := len(r.TransferEncoding) > 0; chunked != h.Framing.Chunked || !chunked && length != h.Framing.Length {
		t.Errorf("%q: net/http sees length %d and transfer codings %q, and we %s", head, length, r.TransferEncoding, describe(h))
	}
}
