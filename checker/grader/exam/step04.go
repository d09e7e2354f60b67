package exam

import (
	"fmt"
	"slices"
	"strings"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/step04"
)

func init() {
	const one = "4.2/answers" // as little as can be: a mistake elsewhere must not cost the whole step
	steps[3] = []Check{
		{ID: "4.1/keep-alive", Title: "KeepAlive reads Connection as a list, and knows what each version does without it",
			Why: "who goes on where the other side has ended waits for ever (RFC 9112 §9.3)", run: checkKeepAlive},
		{ID: one, Title: "ServeConn answers a request with what the handler writes", Live: true,
			Why: "one request, one response (RFC 9112 §2)", run: checkAnswers},
		{ID: "4.2/responses", Title: "a response is what the handler has made it", Live: true, Needs: []string{one},
			Why: "status, fields and content are the handler's, framing is the server's (RFC 9112 §6)", run: checkResponses},
		{ID: "4.2/requests", Title: "the handler sees the request as it was sent, however it arrives", Live: true, Needs: []string{one},
			Why: "TCP cuts where it likes (RFC 9112 §2.2)", run: checkRequests},
		{ID: "4.2/no-content", Title: "responses that have no content send none, and say only what they may", Live: true, Needs: []string{one},
			Why: "one byte more is taken for the start of the next response (RFC 9112 §6.3, RFC 9110 §8.6)", run: checkNoContent},
		{ID: "4.2/date", Title: "every response has one Date, the handler's if it has set one", Live: true, Needs: []string{one},
			Why: "an origin server with a clock MUST send Date (RFC 9110 §6.6.1)", run: checkDateOf},
		{ID: "4.2/one-write", Title: "a short response leaves in one write with its head", Live: true, Needs: []string{one},
			Why: "head and content in two writes are two system calls and often two packets", run: checkOneWrite},
		{ID: "4.3/content", Title: "Body is the content of the request, however it is framed and arrives", Live: true, Needs: []string{one},
			Why: "content ends where its framing says, and not where a Read ends (RFC 9112 §6.3)", run: checkContent},
		{ID: "4.3/broken", Title: "a handler that gives up at broken content leaves the answer to the server", Live: true, Needs: []string{one},
			Why: "what was good before the fault is no answer (RFC 9112 §7.1, §8)", run: checkBrokenContent},
		{ID: "4.4/pipeline", Title: "requests on one connection are answered in order, and none is lost or made up", Live: true, Needs: []string{one},
			Why: "a client tells responses apart by their order only (RFC 9112 §9.3.2)", run: checkPipeline},
		{ID: "4.4/together", Title: "responses to requests that arrive together leave together", Live: true, Needs: []string{one},
			Why: "a write for each of sixteen requests that came with one read is sixteen system calls", run: checkTogether},
		{ID: "4.4/unread", Title: "content that a handler has not read is not taken for a request", Live: true, Needs: []string{one},
			Why: "MUST read all of the content or close (RFC 9112 §9.3)", run: checkUnread},
		{ID: "4.4/afresh", Title: "nothing of a request or its response is left in the next one", Live: true, Needs: []string{one},
			Why: "what is left may be somebody else's", run: checkAfresh},
		{ID: "4.4/at-once", Title: "responses leave before the server waits for the client", Live: true, Needs: []string{one},
			Why: "a client may send its next request only when it has the answer to this one", run: checkAtOnce},
		{ID: "4.5/long", Title: "content of any length is framed so that its end can be known", Live: true, Needs: []string{one},
			Why: "chunks for HTTP/1.1, the end of the connection for HTTP/1.0 (RFC 9112 §6.1, §7.1)", run: checkLong},
		{ID: "4.5/length", Title: "the handler's own Content-Length is kept to", Live: true, Needs: []string{one},
			Why: "the client takes one byte more for the start of the next response (RFC 9112 §6.3, §8)", run: checkOwnLength},
		{ID: "4.5/flush", Title: "Flush sends what has been written so far, and what is long does not wait", Live: true, Needs: []string{one},
			Why: "a client that waits for an event sees it", run: checkFlush},
		{ID: "4.5/interim", Title: "interim responses are sent at once, and not to HTTP/1.0; a 2xx to CONNECT has no framing", Live: true, Needs: []string{one},
			Why: "RFC 9110 §15.2, §9.3.6", run: checkInterim},
		{ID: "4.6/expect", Title: "a 100 is sent once, when the content is wanted and not before", Live: true, Needs: []string{one},
			Why: "the client waits for it before it sends the content (RFC 9110 §10.1.1)", run: checkExpect},
		{ID: "4.7/refused", Title: "a broken request is answered once, with its status, and nothing behind it is read", Live: true, Needs: []string{one},
			Why: "after it nobody knows where the next request starts (RFC 9112 §6.3, §9.6)", run: checkRefused},
		{ID: "4.7/panics", Title: "a handler that panics costs its connection, and the client notices", Live: true, Alone: true, Needs: []string{one},
			Why: "a response that looks complete is stored as one (RFC 9112 §8)", run: checkPanics},
		{ID: "4.7/lingers", Title: "a client that sends more than is read still gets its answer", Live: true, Needs: []string{one},
			Why: "a connection that is closed with bytes unread is reset, and the reset destroys the answer (RFC 9112 §9.6)", run: checkLingers},
		{ID: "4.7/gone", Title: "when a client has left, nothing more is handled for it", Live: true, Needs: []string{one},
			Why: "nobody reads what comes of it (RFC 9112 §9.6)", run: checkGone},
		{ID: "4.8/deadlines", Title: "each kind of waiting has its deadline", Live: true, Needs: []string{one},
			Why: "without them one client with many connections that say nothing stops the server (RFC 9110 §15.5.9)", run: checkDeadlines},
		{ID: "4.9/stop", Title: "when its context is done the server answers what has arrived, and ends", Live: true, Needs: []string{one},
			Why: "a client that was told that it is connected would not send its request again (RFC 9112 §9.3.1)", run: checkStop},
		{ID: "4.9/half-close", Title: "a client that closes its sending side still gets every answer", Live: true, Needs: []string{one},
			Why: "every request that has arrived is answered (RFC 9112 §8)", run: checkHalfClosed},
		{ID: "4.10/upgrade", Title: "a connection that is taken over belongs to its new protocol, with all bytes that came", Live: true, Needs: []string{one},
			Why: "the first bytes of the new protocol may have come with the request (RFC 9110 §7.8)", run: checkUpgrade},
		{ID: "4.10/too-late", Title: "Hijack and Upgrade refuse what cannot be, and nothing is written by the old way afterwards", Live: true, Alone: true, Needs: []string{one},
			Why: "two writers on one connection mix their bytes", run: checkTooLate},
	}
}

func checkKeepAlive(x *X) {
	var cases []Case[step02.Bytes]
	for range 300 {
		src := "GET / HTTP/1." + x.String("0112", 1) + "\r\nHost: a\r\n"
		for range x.IntN(4) {
			v := ""
			for range x.Between(1, 4) {
				v += Pick(x.Rand, x.Case("close"), x.Case("keep-alive"), "TE", "upgrade", "closed", "not-close", "keep-alive2", "keep", "", "clos") + x.String(" \t", x.IntN(2)) + "," + x.String(" ", x.IntN(2))
			}
			if x.Chance(50) {
				v = strings.TrimRight(v, ", \t")
			}
			src += x.Case(Pick(x.Rand, "Connection", "Connection", "Connection", "Proxy-Connection", "A")) + ": " + v + "\r\n"
		}
		cases = append(cases, bytesCase("a request with several Connection fields", src+"\r\n"))
	}
	Compare(x, "keepalive.KeepAlive", step04.KeepAlive, cases)
}

// request writes a request for a path.
func request(method, path, content string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: a\r\n", method, path)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String() + "\r\n" + content
}

func get(path string, fields ...string) string { return request("GET", path, "", fields...) }

// post is a request with content and its length.
func post(path, content string, fields ...string) string {
	return request("POST", path, content, append(fields, fmt.Sprintf("Content-Length: %d", len(content)))...)
}

const bye = "Connection: close"

// scripts is a server with one script at /s.
func scripts(actions ...step04.Action) step04.Server {
	return step04.Server{Scripts: step04.Scripts{"/s": actions}}
}

// act is an action.
func act(do string, args ...any) step04.Action {
	a := step04.Action{Do: do}
	for _, arg := range args {
		switch v := arg.(type) {
		case int:
			a.N = v
		case string:
			if do == "set" || do == "kept set" || do == "add" || do == "del" || do == "upgrade" {
				if a.Name == "" {
					a.Name = v
					continue
				}
			}
			a.Value = []byte(v)
		}
	}
	return a
}

func checkAnswers(x *X) {
	x.Talks(Talk{Class: "one request", Arg: scripts(act("write", x.Word())), Steps: say(get("/s", bye))})
}

// chunks makes a chunked body of content.
func (x *X) chunks(content string) string {
	var b strings.Builder
	for len(content) > 0 {
		n := x.Between(1, min(len(content), 5000))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, content[:n])
		content = content[n:]
	}
	return b.String() + "0\r\n\r\n"
}

const chunked = "Transfer-Encoding: chunked"

func checkPipeline(x *X) {
	var talks []Talk
	arg := step04.Server{Scripts: step04.Scripts{"/read": {act("copy")}, "/not": {act("write", "not read")}}}
	for range 10 {
		all := ""
		for range x.Between(5, 40) {
			all += Pick(x.Rand, get("/"+x.Word()), post("/read", x.Word()), request("POST", "/read", x.chunks(x.Word()), chunked),
				"\r\n"+get("/"+x.Word()), post("/not", get("/evil")), request("POST", "/not", x.chunks(get("/evil")), chunked), post("/not", ""))
		}
		talks = append(talks, Talk{Class: "many requests at once", Arg: arg, Steps: say(all + get("/last", bye) + get("/never"))})
	}
	talks = append(talks,
		Talk{Class: "HTTP/1.0 in the middle", Arg: arg, Steps: say(get("/1") + "GET /2 HTTP/1.0\r\n\r\n" + get("/never"))},
		Talk{Class: "HTTP/1.0 that goes on", Arg: arg, Steps: say("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/2", bye)), Fields: []string{"Connection"}, Or: keepAliveOr},
		Talk{Class: "a request behind one that says close", Arg: arg, Steps: say(get("/1", "Connection: TE, Close") + get("/never"))},
	)
	x.Talks(talks...)
}

// keepAliveOr compares Connection in any case of letters.
func keepAliveOr(want, got *Heard) bool {
	w, g := want.seen(), got.seen()
	for _, h := range []*Heard{&w, &g} {
		h.Replies = append([]Reply{}, h.Replies...)
		for i := range h.Replies {
			var fields []string
			for _, f := range h.Replies[i].Fields {
				fields = append(fields, strings.ToLower(f))
			}
			h.Replies[i].Fields = fields
		}
	}
	return same(w, g)
}

func checkUnread(x *X) {
	arg := step04.Server{Scripts: step04.Scripts{"/not": {act("write", "not read")}, "/some": {act("read", 3), act("write", "some")}}}
	evil := get("/evil") + get("/evil")
	big := strings.Repeat(evil, 9000) // more than MaxDrain
	x.Talks(
		Talk{Class: "unread content", Arg: arg, Steps: say(post("/not", evil) + get("/next", bye))},
		Talk{Class: "unread chunks", Arg: arg, Steps: say(request("POST", "/not", x.chunks(evil), chunked) + get("/next", bye))},
		Talk{Class: "content that is read in part", Arg: arg, Steps: say(post("/some", evil) + request("POST", "/some", x.chunks(evil), chunked) + get("/next", bye))},
		Talk{Class: "unread content that comes later", Arg: arg, Steps: say(request("POST", "/not", "", fmt.Sprintf("Content-Length: %d", len(evil))), evil[:10], evil[10:]+get("/next", bye))},
		Talk{Class: "unread content that fits", Arg: arg, Steps: say(post("/not", x.String(alnum, 200_000)) + get("/next", bye))},
		Talk{Class: "too much unread content", Arg: arg, Steps: say(post("/not", big))},
		Talk{Class: "too many unread chunks", Arg: arg, Steps: say(request("POST", "/not", x.chunks(big), chunked)), Or: closeOr},
		Talk{Class: "unread chunks that are broken", Arg: arg, Steps: say(request("POST", "/not", "3\r\nabcXX"+evil, chunked)), Or: closeOr},
	)
}

// closeOr overlooks whether the last response says that it is the last: that may not be
// known in time.
func closeOr(want, got *Heard) bool {
	w, g := want.seen(), got.seen()
	for _, h := range []*Heard{&w, &g} {
		h.Replies = append([]Reply{}, h.Replies...)
		if n := len(h.Replies); n > 0 && h.Closed {
			h.Replies[n-1].Close = true
		}
	}
	return same(w, g)
}

func checkAfresh(x *X) {
	arg := step04.Server{Scripts: step04.Scripts{"/s": {act("mark"), act("set", "X-A", x.Word()), act("status", 201), act("write", x.Word())}}}
	x.Talks(
		Talk{Class: "a request behind one that a handler has changed", Arg: arg, Steps: say(post("/s", "abc", "X-Field: 1") + get("/"+x.Word()) + post("/s", "abc") + get("/", bye))},
		Talk{Class: "the same, one after another", Arg: arg, Steps: say(post("/s", "abc", "X-Field: 1"), get("/"+x.Word()), get("/", bye))},
		Talk{Class: "trailer fields", Arg: step04.Server{Scripts: step04.Scripts{"/s": {act("content")}}}, Steps: say(request("POST", "/s", "1\r\na\r\n0\r\nX-T: 1\r\n\r\n", chunked) + post("/s", "a") + get("/s", bye))},
	)
}

func checkAtOnce(x *X) {
	arg := step04.Server{Scripts: step04.Scripts{"/read": {act("content"), act("write", "read")}}}
	s := x.Session("keepalive.Server", arg)
	var ln string
	s.Call("listener", nil, &ln)
	c := x.Dial(ln)
	x.Doing("a client that waits for each answer")
	for range 5 {
		path := "/" + x.Word()
		c.Send(get(path))
		c.await("hello " + path)
	}
	x.Doing("a client that waits for two answers, with half a request behind them")
	path := "/" + x.Word()
	c.Send(get("/") + get(path) + "GET /next HT")
	c.await("hello " + path)
	x.Doing("a client that waits for an answer before it sends the content of its next request")
	path = "/" + x.Word()
	c.Send("TP/1.1\r\nHost: a\r\n\r\n" + get(path) + request("POST", "/read", "", "Content-Length: 5"))
	c.await("hello " + path)
	c.Send("hello")
	c.await("\r\n\r\nread")
}

// withDone is seen, with a change to what each call of a handler returned.
func (h *Heard) withDone(change func(*step04.Done)) Heard {
	out := h.seen()
	out.Handled = slices.Clone(out.Handled)
	for i := range out.Handled {
		out.Handled[i].Done = slices.Clone(out.Handled[i].Done)
		for j := range out.Handled[i].Done {
			change(&out.Handled[i].Done[j])
		}
	}
	return out
}
