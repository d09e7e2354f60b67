package exam

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/wire"
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
		{ID: "4.3/content", Title: "Body is the content of the request, however it is framed and arrives", Live: true, Needs: []string{one},
			Why: "content ends where its framing says, and not where a Read ends (RFC 9112 §6.3)", run: checkContent},
		{ID: "4.3/broken", Title: "a handler that gives up at broken content leaves the answer to the server", Live: true, Needs: []string{one},
			Why: "what was good before the fault is no answer (RFC 9112 §7.1, §8)", run: checkBrokenContent},
		{ID: "4.4/pipeline", Title: "requests on one connection are answered in order, and none is lost or made up", Live: true, Needs: []string{one},
			Why: "a client tells responses apart by their order only (RFC 9112 §9.3.2)", run: checkPipeline},
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

func checkResponses(x *X) {
	word, text := x.Word(), x.String(alnum+"\r\n\x00", x.Between(1, 200))
	status := Pick(x.Rand, 200, 201, 202, 203, 299)
	many := step04.Server{Scripts: step04.Scripts{"/s": {}}}
	for i := range 20 {
		many.Scripts["/s"] = append(many.Scripts["/s"], act("set", fmt.Sprintf("X-%s-%d", x.String(letters, i), i), x.Word()))
	}
	x.Talks(
		Talk{Class: "a handler that writes", Arg: scripts(act("write", text)), Steps: say(get("/s"), get("/"), get("/s", bye))},
		Talk{Class: "a connection that goes on", Arg: scripts(act("write", text)), Steps: say(get("/s"), get("/"+word)), Open: 2},
		Talk{Class: "a handler that does nothing", Arg: scripts(), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "a status of the handler's choice", Arg: scripts(act("status", status), act("write", text)), Steps: say(get("/s", bye))},
		Talk{Class: "a status without content", Arg: scripts(act("status", 404)), Steps: say(get("/s", bye))},
		Talk{Class: "two calls of WriteHeader", Arg: scripts(act("status", 201), act("status", 202), act("write", text)), Steps: say(get("/s", bye))},
		Talk{Class: "fields that are set too late", Arg: scripts(act("set", "X-A", word), act("write", "a"), act("set", "X-A", "late"), act("set", "X-B", "late")), Steps: say(get("/s", bye))},
		Talk{Class: "fields that are set behind WriteHeader", Arg: scripts(act("set", "X-A", word), act("status", 200), act("set", "X-A", "late"), act("add", "X-B", "late")), Steps: say(get("/s", bye))},
		Talk{Class: "several writes", Arg: scripts(act("write", text), act("write", word, 7), act("write", "")), Steps: say(get("/s", bye))},
		Talk{Class: "fields that come twice", Arg: scripts(act("add", "Set-Cookie", "a="+word), act("add", "Set-Cookie", "b="+word), act("add", "X-A", "1"), act("del", "X-A")), Steps: say(get("/s", bye))},
		Talk{Class: "many fields", Arg: many, Steps: say(get("/s", bye))},
		Talk{Class: "fields as long as those that a server knows", Arg: scripts(act("set", "X-ab", word), act("set", "Link", word), act("set", "X-Connecti", "close"), act("set", "X-Content-Len", "5")), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "a field of some thousand bytes", Arg: scripts(act("set", "X-Long", x.String(alnum, 20_000))), Steps: say(get("/s", bye))},
		Talk{Class: "a line end in a field", Arg: scripts(act("set", "Location", "/a\r\nSet-Cookie: admin=1\r\n\r\nHTTP/1.1 200 OK")), Steps: say(get("/s", bye))},
		Talk{Class: "the handler closes", Arg: scripts(act("set", "Connection", "close"), act("write", word)), Steps: say(get("/s") + get("/s"))},
		Talk{Class: "HTTP/1.0", Arg: scripts(act("write", text)), Steps: say("GET /s HTTP/1.0\r\n\r\n")},
		Talk{Class: "HEAD and GET", Arg: scripts(act("write", text)), Steps: say(request("HEAD", "/s", ""), get("/s", bye)), Methods: []string{"HEAD"}},
	)
}

func checkRequests(x *X) {
	var talks []Talk
	for range 12 {
		all := ""
		for range x.Between(1, 3) {
			all += Pick(x.Rand, "", "\r\n") + Pick(x.Rand, "GET", "PUT", "M-SEARCH") + " " + x.path() + x.query() + " HTTP/1.1\r\nhost: " + x.authority() + "\r\n" + x.section(x.IntN(4)) + "\r\n"
		}
		all += get("/"+x.Word()+"/%2e%2e/b%20c", bye)
		var texts []string
		start := 0
		for _, cut := range append(x.Cuts(len(all), 4), len(all)) {
			texts = append(texts, all[start:cut])
			start = cut
		}
		talks = append(talks, Talk{Class: "requests in pieces", Arg: step04.Server{}, Steps: say(texts...), From: fmt.Sprintf("192.0.2.%d:%d", x.IntN(256), x.Between(1024, 65535))})
	}
	x.Talks(talks...)
}

func checkNoContent(x *X) {
	text := x.String(alnum, x.Between(1, 50))
	var talks []Talk
	for _, m := range []string{"GET", "HEAD", "POST"} {
		for _, status := range []int{200, 204, 205, 304, 404} {
			if m == "HEAD" && status == 205 {
				continue
			}
			talks = append(talks,
				Talk{Class: fmt.Sprintf("%d to %s, and content", status, m), Arg: scripts(act("status", status), act("write", text)), Steps: say(request(m, "/s", "") + get("/", bye)), Methods: []string{m}},
				Talk{Class: fmt.Sprintf("%d to %s, and no content", status, m), Arg: scripts(act("status", status)), Steps: say(request(m, "/s", "") + get("/", bye)), Methods: []string{m}, Or: zeroOr},
			)
		}
	}
	long := scripts(act("status", 204), act("write", "x", 3*keepalive.MaxHeld))
	talks = append(talks,
		Talk{Class: "204 to HEAD, and long content", Arg: long, Steps: say(request("HEAD", "/s", "") + get("/", bye)), Methods: []string{"HEAD"}},
		Talk{Class: "204 with the handler's length", Arg: scripts(act("set", "Content-Length", "4"), act("status", 204)), Steps: say(get("/s") + get("/", bye))},
		Talk{Class: "HEAD and long content", Arg: scripts(act("write", "x", 3*keepalive.MaxHeld)), Steps: say(request("HEAD", "/s", "") + get("/", bye)), Methods: []string{"HEAD"}, Or: headOr},
	)
	x.Talks(talks...)
}

// zeroOr overlooks whether the response to a HEAD, whose handler has written nothing, says
// that the one to a GET would have no content: it MAY (RFC 9110 §8.6).
func zeroOr(want, got *Heard) bool {
	return len(got.Replies) > 0 && got.Replies[0].Status == 200 && got.Replies[0].Framing == "a length of 0" && headOr(want, got)
}

// headOr overlooks how the response to a HEAD says that it would be long.
func headOr(want, got *Heard) bool {
	if len(got.Replies) != len(want.Replies) || len(got.Replies) == 0 || got.Replies[0].Framing == want.Replies[0].Framing {
		return false
	}
	w, g := *want, *got
	g.Replies = append([]Reply{}, got.Replies...)
	g.Replies[0].Framing = w.Replies[0].Framing
	return same(w.seen(), g.seen())
}

func checkDateOf(x *X) {
	s := x.Session("keepalive.Server", step04.Server{Scripts: step04.Scripts{
		"/own": {act("set", "Date", "Thu, 01 Jan 1970 00:00:00 GMT")}, "/error": {act("status", 404)}, "/link": {act("set", "Link", "</a>")}}})
	var ln string
	s.Call("listener", nil, &ln)
	for path, own := range map[string]string{"/": "", "/error": "", "/link": "", "/own": "Thu, 01 Jan 1970 00:00:00 GMT"} {
		c := x.Dial(ln)
		before := time.Now().Add(-2 * time.Second)
		c.Send(get(path, bye))
		head, _, _ := strings.Cut(string(c.ReadAll()), "\r\n\r\n")
		var dates []string
		for line := range strings.SplitSeq(head, "\r\n") {
			if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Date") {
				dates = append(dates, strings.TrimSpace(value))
			}
		}
		switch {
		case len(dates) != 1:
			x.Fail(Failure{Brief: fmt.Sprintf("a response to %s has %d Date fields", path, len(dates)), Got: head})
		case own != "" && dates[0] != own:
			x.Fail(Failure{Brief: "the handler's Date is not in the response", Want: own, Got: dates[0]})
		case own == "":
			at, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", dates[0])
			if err != nil || at.Before(before) || at.After(time.Now().Add(time.Second)) {
				x.Fail(Failure{Brief: "the Date of a response is not the time, in GMT", Want: time.Now().UTC().Format(time.RFC1123), Got: dates[0]})
			}
		}
	}
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

func checkContent(x *X) {
	read := step04.Server{Scripts: step04.Scripts{
		"/all": {act("content"), act("text", 200, "done")}, "/copy": {act("copy")},
		"/some":  {act("read", 3), act("read", 2), act("read", 100_000), act("write", "ok")},
		"/twice": {act("content"), act("content"), act("read", 1)},
	}}
	var talks []Talk
	for range 10 {
		all := ""
		for range x.Between(1, 4) {
			content := x.String(alnum+"\r\n :", Pick(x.Rand, 0, 1, x.IntN(100), x.IntN(9000)))
			path := Pick(x.Rand, "/all", "/copy", "/some", "/twice")
			if x.Chance(50) {
				all += post(path, content)
			} else {
				all += request("POST", path, x.chunks(content), chunked)
			}
			if x.Chance(20) {
				all += get(path)
			}
		}
		all += get("/all", bye)
		var texts []string
		start := 0
		for _, cut := range append(x.Cuts(len(all), 5), len(all)) {
			texts = append(texts, all[start:cut])
			start = cut
		}
		talks = append(talks, Talk{Class: "requests with content, in pieces", Arg: read, Steps: say(texts...)})
	}
	big := x.String(alnum, 300_000)
	talks = append(talks,
		// Each by itself: a server may close after the first, if it has to say so while more is to be read.
		Talk{Class: "more content than a buffer holds", Arg: read, Steps: say(post("/copy", big, bye))},
		Talk{Class: "more content than a buffer holds, in chunks", Arg: read, Steps: say(request("POST", "/copy", x.chunks(big[:100_000]), chunked, bye))},
		Talk{Class: "a trailer section", Arg: read, Steps: say(request("POST", "/all", "3\r\nabc\r\n0\r\nX-Sum: 7\r\nHost: b\r\n\r\n", chunked, bye))},
	)
	x.Talks(talks...)
}

func checkBrokenContent(x *X) {
	arg := step04.Server{
		Scripts: step04.Scripts{"/all": {act("content"), act("text", 200, "done")}, "/copy": {act("copy")}, "/anyway": {act("read", 100), act("text", 200, "anyway")}},
		Limits:  message.Limits{Content: 50},
	}
	var talks []Talk
	for _, path := range []string{"/all", "/copy", "/anyway"} {
		broken := map[string]string{
			"a size that is none":               "3\r\nabc\r\nzz\r\nabc\r\n0\r\n\r\n",
			"no CRLF behind a chunk":            "3\r\nabcXX0\r\n\r\n",
			"more chunks than the limit allows": strings.Repeat("a\r\n0123456789\r\n", 7) + "0\r\n\r\n",
			"one chunk above the limit":         "ff\r\n" + x.String(alnum, 255) + "\r\n0\r\n\r\n",
			"chunks up to the limit":            "32\r\n" + x.String(alnum, 50) + "\r\n0\r\n\r\n",
		}
		for _, class := range slices.Sorted(maps.Keys(broken)) {
			content := broken[class]
			if path == "/anyway" && class != "a size that is none" {
				continue
			}
			talks = append(talks, Talk{Class: "a handler at " + path + ": " + class, Arg: arg, Steps: say(request("POST", path, content, chunked) + get("/", bye)), Or: errorsInDone})
		}
		talks = append(talks, Talk{Class: "a handler at " + path + ": content that is cut off", Arg: arg, Steps: say(request("POST", path, "abc", "Content-Length: 10")), Half: true, Or: errorsInDone},
			Talk{Class: "a handler at " + path + ": chunks that are cut off", Arg: arg, Steps: say(request("POST", path, "5\r\nabc", chunked)), Half: true, Or: errorsInDone})
	}
	x.Talks(talks...)
}

// errorsInDone overlooks how much a handler could read before an error: that is a matter
// of buffers.
func errorsInDone(want, got *Heard) bool {
	noData := func(d *step04.Done) {
		if d.Err.Kind != "" {
			d.Data = nil
		}
	}
	w, g := want.withDone(noData), got.withDone(noData)
	for _, h := range []*Heard{&w, &g} {
		h.Replies = append([]Reply{}, h.Replies...)
		for i := range h.Replies {
			if h.Replies[i].Cut {
				h.Replies[i].Framing, h.Replies[i].Content = "", nil
			}
		}
	}
	return same(w, g)
}

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

func checkLong(x *X) {
	long := x.String(alnum, x.Between(5000, 40_000))
	one, pieces := scripts(act("write", long)), scripts(act("write", long[:x.Between(50, 999)], 60))
	const max = keepalive.MaxHeld
	x.Talks(
		Talk{Class: "one long write", Arg: one, Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "many writes", Arg: pieces, Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "many requests with long content", Arg: pieces, Steps: say(strings.Repeat(get("/s"), 5) + get("/s", bye))},
		Talk{Class: "HTTP/1.0", Arg: one, Steps: say("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")},
		Talk{Class: "the handler's own length", Arg: scripts(act("set", "Content-Length", fmt.Sprint(len(long))), act("write", long)), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "content of MaxHeld bytes", Arg: scripts(act("write", long[:max])), Steps: say(get("/s", bye))},
		Talk{Class: "content of MaxHeld bytes in two writes", Arg: scripts(act("write", long[:1000]), act("write", long[1000:max])), Steps: say(get("/s", bye))},
		Talk{Class: "content of more than MaxHeld bytes", Arg: scripts(act("write", long[:max]), act("write", "x")), Steps: say(get("/s", bye))},
		Talk{Class: "a megabyte", Arg: scripts(act("write", long[:4096], 256)), Steps: say(get("/s", bye))},
		Talk{Class: "the handler's Transfer-Encoding", Arg: scripts(act("set", "Transfer-Encoding", "chunked"), act("write", "text")), Steps: say(get("/s"), get("/s", bye))},
	)
}

func checkOwnLength(x *X) {
	w := x.String(lower, 9)
	length := func(n string, actions ...step04.Action) step04.Server {
		return scripts(append([]step04.Action{act("set", "Content-Length", n)}, actions...)...)
	}
	shortOr := func(want, got *Heard) bool { // nothing has left yet: a 500 is as good
		n := len(got.Replies)
		return got.Closed && n == 1 && !got.Rest && (got.Replies[0].Status == 500 || got.Replies[0].Status == 200 && got.Replies[0].Cut) && len(got.Handled) == 1
	}
	x.Talks(
		Talk{Class: "as much as the handler has said", Arg: length("9", act("write", w)), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "a byte too much", Arg: length("9", act("write", w), act("write", "x")), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "too much in one write", Arg: length("9", act("write", w+"x"), act("write", w)), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "too much in the second write", Arg: length("9", act("write", w[:5]), act("write", w), act("write", w[5:])), Steps: say(get("/s"), get("/s", bye))},
		Talk{Class: "less than the handler has said", Arg: length("10", act("write", w)), Steps: say(get("/s") + get("/s")), Or: shortOr, Logs: true},
		Talk{Class: "nothing of what the handler has said", Arg: length("10"), Steps: say(get("/s") + get("/s")), Or: shortOr, Logs: true},
		Talk{Class: "HEAD with the handler's length", Arg: length("1000"), Steps: say(request("HEAD", "/s", ""), get("/", bye)), Methods: []string{"HEAD"}},
	)
}

func checkFlush(x *X) {
	a, b := x.String(lower, 12), x.String(lower, 12)
	x.Talks(
		Talk{Class: "Flush behind a write", Arg: scripts(act("write", a), act("flush"), act("ask"), act("write", b)), Steps: []Step{{Send: get("/s")}, {AwaitText: a, Answer: true, Send: get("/s")}, {AwaitText: b, Answer: true, Send: get("/", bye)}}},
		Talk{Class: "Flush before a write", Arg: scripts(act("set", "X-A", "before"), act("flush"), act("set", "X-A", "after"), act("ask"), act("write", b)), Steps: []Step{{Send: get("/s")}, {AwaitText: "\r\n\r\n", Answer: true, Send: get("/", bye)}}},
		Talk{Class: "Flush with the handler's length", Arg: scripts(act("set", "Content-Length", "24"), act("write", a), act("flush"), act("ask"), act("write", b)), Steps: []Step{{Send: get("/s")}, {AwaitText: a, Answer: true, Send: get("/", bye)}}},
		Talk{Class: "more than 64 KiB without Flush", Arg: scripts(act("write", a+x.String(upper, 1000), 200), act("ask"), act("write", b)), Steps: []Step{{Send: get("/s")}, {AwaitText: a, Answer: true, Send: get("/", bye)}}},
	)
	// What is held back is bounded.
	s := x.Session("keepalive.Server", scripts(act("write", x.String(alnum, 1000), 1000), act("ask"), act("write", "end")))
	var ln string
	s.Call("listener", nil, &ln)
	c := x.Dial(ln)
	c.Send(get("/s", bye))
	e := c.until(s, "ask")
	for {
		if err := c.more(100 * time.Millisecond); errors.Is(err, os.ErrDeadlineExceeded) {
			break
		} else if err != nil {
			c.ended("content that has been written", err)
		}
	}
	if len(c.read) < 1_000_000-128<<10 {
		x.Failf("of a million bytes that the handler has written, only %d have left while it still runs", len(c.read))
	}
	s.Answer(e, nil)
	c.ReadAll()
}

func checkInterim(x *X) {
	link := act("set", "Link", "</"+x.Word()+">; rel=preload")
	text := act("write", x.Word())
	x.Talks(
		Talk{Class: "a 103", Arg: scripts(link, act("status", 103), act("ask"), text), Steps: []Step{{Send: get("/s")}, {AwaitText: " 103 ", Answer: true, Send: get("/", bye)}}},
		Talk{Class: "two 103", Arg: scripts(link, act("status", 103), act("status", 103), act("status", 201), text), Steps: say(get("/s") + get("/s", bye))},
		Talk{Class: "a 103 with a length", Arg: scripts(link, act("set", "Content-Length", fmt.Sprint(len(text.Value))), act("status", 103), text), Steps: say(get("/s", bye)), Fields: []string{"Content-Length"}},
		Talk{Class: "a 103 to HTTP/1.0", Arg: scripts(link, act("status", 103), text), Steps: say("GET /s HTTP/1.0\r\n\r\n")},
		Talk{Class: "a 2xx to CONNECT", Arg: step04.Server{Scripts: step04.Scripts{"": {act("set", "Content-Length", "4"), act("write", "text")}}}, Steps: say(request("CONNECT", "a:443", "") + get("/")), Methods: []string{"CONNECT"}, Or: tunnelOr},
		Talk{Class: "a long 2xx to CONNECT", Arg: step04.Server{Scripts: step04.Scripts{"": {act("write", "text", 5000)}}}, Steps: say(request("CONNECT", "a:443", "") + get("/")), Methods: []string{"CONNECT"}, Or: tunnelOr},
		Talk{Class: "a CONNECT that is refused", Arg: step04.Server{Scripts: step04.Scripts{"": {act("error", 405)}}}, Steps: say(request("CONNECT", "a:443", "") + get("/", bye)), Methods: []string{"CONNECT"}},
	)
}

// tunnelOr overlooks what became of what a handler has written after a 2xx to CONNECT: such
// a response has no content (RFC 9112 §6.3), so Write may refuse it, or send it as the first
// bytes of the tunnel.
func tunnelOr(want, got *Heard) bool {
	w, g := want.withDone(func(d *step04.Done) { *d = step04.Done{} }), got.withDone(func(d *step04.Done) { *d = step04.Done{} })
	if len(w.Replies) != 1 || len(g.Replies) != 1 || len(g.Replies[0].Content) > 0 {
		return false
	}
	g.Replies = []Reply{g.Replies[0]}
	g.Replies[0].Content = w.Replies[0].Content
	return same(w, g)
}

func checkExpect(x *X) {
	const expect, length = "Expect: 100-continue", "Content-Length: 5"
	arg := step04.Server{Scripts: step04.Scripts{"/s": {act("content"), act("write", "read")}, "/two": {act("read", 2), act("read", 3), act("write", "read")}, "/no": {act("error", 403)}, "/ask": {act("ask"), act("content"), act("write", "read")}}}
	x.Talks(
		Talk{Class: "a handler that reads", Arg: arg, Steps: []Step{{Send: request("POST", "/s", "", expect, length)}, {AwaitText: " 100 ", Send: "hello" + get("/", bye)}}},
		Talk{Class: "chunks", Arg: arg, Steps: []Step{{Send: request("POST", "/s", "", x.Case("expect")+": "+x.Case("100-continue"), chunked)}, {AwaitText: " 100 ", Send: "5\r\nhello\r\n0\r\n\r\n" + get("/", bye)}}},
		Talk{Class: "a handler that reads twice", Arg: arg, Steps: []Step{{Send: request("POST", "/two", "", expect, length)}, {AwaitText: " 100 ", Send: "he"}, {Send: "llo" + get("/", bye)}}},
		Talk{Class: "a handler that does not read", Arg: arg, Steps: say(request("POST", "/no", "", expect, length))},
		Talk{Class: "HTTP/1.0", Arg: arg, Steps: say("POST /s HTTP/1.0\r\n"+expect+"\r\n"+length+"\r\n\r\n", "hello")},
		Talk{Class: "no content", Arg: arg, Steps: say(get("/s", expect) + get("/", bye))},
		Talk{Class: "another expectation", Arg: arg, Steps: say(get("/s", "Expect: "+x.Word()) + get("/"))},
		Talk{Class: "another expectation behind a good request", Arg: arg, Steps: say(get("/") + get("/s", "Expect: 100-continue2") + get("/"))},
	)
	x.Doing("a handler that has not read yet")
	s := x.Session("keepalive.Server", arg)
	var ln string
	s.Call("listener", nil, &ln)
	c := x.Dial(ln)
	c.Send(request("POST", "/ask", "", expect, length))
	e := s.Event("ask", nil)
	c.Quiet(30 * time.Millisecond)
	s.Answer(e, nil)
	c.await(" 100 ")
	c.Send("hello")
	c.await("\r\n\r\nread")
}

func checkRefused(x *X) {
	arg := step04.Server{Limits: message.Limits{RequestLine: 200, HeaderSection: 500, Fields: 10, Content: 1000}}
	var talks []Talk
	all := map[string]string{
		"two spaces":                   "GET  /evil HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n\r\n",
		"no Host":                      "GET /evil HTTP/1.1\r\nUser-Agent: me\r\n\r\n",
		"two Hosts":                    get("/evil", "Host: b"),
		"a space before a colon":       get("/evil", "A : b"),
		"two ways to end":              request("POST", "/evil", get("/smuggled"), "Content-Length: 3", chunked),
		"an unknown coding":            request("POST", "/evil", "", "Transfer-Encoding: gzip, chunked"),
		"a long request line":          get("/" + x.String(alnum, 300)),
		"a long header section":        get("/evil", "A: "+x.String(alnum, 600)),
		"too many fields":              get("/evil", strings.Repeat("A: b\r\n", 20)+"C: d"),
		"too much content":             post("/evil", x.String(alnum, 1001)),
		"another version":              "GET /evil HTTP/2.0\r\nHost: a\r\n\r\n",
		"a method of 40 bytes":         strings.Replace(get("/evil"), "GET", strings.Repeat("M", 40), 1),
		"a line that ends in LF":       "GET /evil HTTP/1.1\nHost: a\r\n\r\n",
		"chunked with HTTP/1.0":        "POST /evil HTTP/1.0\r\n" + chunked + "\r\n\r\n0\r\n\r\n",
		"a length that is none":        request("POST", "/evil", "abc", "Content-Length: +3"),
		"HTTP/1.0 without Host (good)": "GET /good HTTP/1.0\r\n\r\n",
	}
	for _, class := range slices.Sorted(maps.Keys(all)) {
		bad := all[class]
		word := x.Word()
		talks = append(talks, Talk{Class: class, Arg: arg, Steps: say(bad + get("/never")), Methods: nil})
		talks = append(talks, Talk{Class: class + ", behind good requests", Arg: arg, Steps: say(get("/"+word, "User-Agent: you") + request("HEAD", "/2", "") + bad + get("/never")), Methods: []string{"GET", "HEAD"}})
	}
	talks = append(talks, Talk{Class: "half a head", Arg: arg, Steps: say(get("/1", "User-Agent: you") + "GET /evil HTTP/1.1\r\nUser-Agent: m"), Half: true},
		Talk{Class: "half a request line", Arg: arg, Steps: say(request("HEAD", "/1", "") + "GET /ev"), Half: true, Methods: []string{"HEAD"}})
	x.Talks(talks...)
}

func checkPanics(x *X) {
	enc := act("set", "Content-Encoding", "gzip")
	half := act("write", "half of the content")
	x.Talks(
		Talk{Class: "a panic before anything is written", Arg: scripts(enc, act("set", "X-A", "1"), act("panic")), Steps: say(get("/1") + get("/s") + get("/3")), Logs: true},
		Talk{Class: "a panic before anything has left", Arg: scripts(enc, half, act("panic")), Steps: say(get("/1") + get("/s") + get("/3")), Logs: true},
		Talk{Class: "a panic when the head has left", Arg: scripts(half, act("flush"), act("panic")), Steps: say(get("/1") + get("/s") + get("/3")), Logs: true},
		Talk{Class: "a panic in a long response", Arg: scripts(act("write", "x", 100_000), act("panic")), Steps: say(get("/s") + get("/3")), Logs: true},
		Talk{Class: "a panic in a response with a length", Arg: scripts(act("set", "Content-Length", "100"), half, act("flush"), act("panic")), Steps: say(get("/s") + get("/3")), Logs: true},
		Talk{Class: "a panic with unread content", Arg: scripts(act("panic")), Steps: say(post("/s", x.String(alnum, 1000)) + get("/3")), Logs: true},
		Talk{Class: "a status that has not three digits", Arg: scripts(act("status", 7)), Steps: say(get("/s") + get("/3"))},
	)
}

func checkLingers(x *X) {
	big := x.String(alnum, 600<<10)
	arg := step04.Server{}
	for _, tcp := range []bool{false, true} {
		x.Talks(
			Talk{Class: "a refused request with content behind it", Arg: arg, Steps: say("POST / HTTP/1.1\r\n\r\n" + big), Half: true, TCP: tcp},
			Talk{Class: "content above the limit", Arg: arg, Steps: say(request("POST", "/", big, "Content-Length: 100000000")), Half: true, TCP: tcp},
			Talk{Class: "a request that says close, and more behind it", Arg: arg, Steps: say(get("/", bye) + big), Half: true, TCP: tcp},
		)
	}
	s := x.Session("keepalive.Server", arg)
	var ln string
	s.Call("listener", nil, &ln)
	const refused = "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
	x.Doing("a client that has been refused, and has sent more")
	c := x.Dial(ln)
	c.Send(refused + big[:60<<10])
	c.CloseWrite()
	c.ReadAll() // fails where the connection is reset
	s.Event("served", nil)
	// Nobody holds the connection for longer than this, and most not for so long.
	const most = 10 * time.Second
	x.Doing("a client that has been refused, and is silent")
	silent := x.Dial(ln)
	silent.Send(refused)
	silent.ReadAll()
	x.Doing("a client that has been refused, and goes on sending")
	busy := x.Dial(ln)
	busy.Send(refused)
	busy.ReadAll()
	for end, left := time.Now().Add(most+x.patience), 2; left > 0; {
		if _, ok := s.Try("served", nil, 100*time.Millisecond); ok {
			left--
		}
		if busy.Send("x"); time.Now().After(end) {
			x.Failf("the server still holds the connection of a client that has been refused, after %v", most)
		}
	}
}

// checkGone has a client leave while it is being answered.
func checkGone(x *X) {
	s := x.Session("keepalive.Server", scripts(act("ask"), act("write", x.String(alnum, 100_000), 20)))
	var ln string
	s.Call("listener", nil, &ln)
	c := x.Dial(ln)
	c.Send(get("/s") + get("/behind"))
	e := s.Event("ask", nil)
	c.Close()
	s.Answer(e, nil)
	s.Event("served", nil)
	for s.Count("handled") > 0 {
		var h step04.Handled
		if s.Event("handled", &h); string(h.Path) != "/s" {
			x.Failf("the handler was called for a request behind one whose response could not be sent")
		}
	}
	x.Doing("a client that has left in the middle of its content")
	s = x.Session("keepalive.Server", scripts(act("ask"), act("content"), act("write", "never read")))
	s.Call("listener", nil, &ln)
	c = x.Dial(ln)
	c.Send(get("/"))
	c.peek() // the rest of the response is never read: so the connection is reset
	c.Send(request("POST", "/s", "hel", "Content-Length: 5"))
	e = s.Event("ask", nil)
	c.Close()
	s.Answer(e, nil)
	s.Event("served", nil)
	var line string
	if _, ok := s.Try("log", &line, 0); ok {
		x.Fail(Failure{Brief: "it is logged, and nobody can mend it", Got: line})
	}
}

func checkDeadlines(x *X) {
	const ms = time.Millisecond
	arg := step04.Server{
		Header: 250 * ms, Idle: 400 * ms, Body: 300 * ms, Write: 350 * ms,
		Scripts: step04.Scripts{"/s": {act("content"), act("write", "read")}, "/not": {act("write", "not read")}, "/big": {act("write", x.String(alnum, 100_000), 100)}},
	}
	s := x.Session("keepalive.Server", arg)
	var ln string
	s.Call("listener", nil, &ln)
	// trickle sends a byte every 20 ms, until the server has ended the connection.
	type row struct {
		class   string
		send    string
		trickle string
		least   time.Duration
		status  string // of the last response, "" for none
	}
	long := "GET / HTTP/1.1\r\nHost: a\r\nA: "
	check := func(r row) {
		x.Doing(r.class)
		began := time.Now() // before the server can begin
		c := x.Dial(ln)
		c.Send(r.send)
		end := time.Now().Add(x.patience)
		for time.Now().Before(end) {
			err := c.more(20 * ms)
			if err == nil {
				continue
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if r.trickle != "" {
				c.Send(r.trickle)
			}
		}
		took := time.Since(began)
		statuses := strings.Count(string(c.read), "HTTP/1.1 ")
		switch {
		case !time.Now().Before(end):
			x.Fail(Failure{Brief: fmt.Sprintf("the connection is still open after %v; its deadline was %v", x.patience, r.least), slow: true})
		case took < r.least-5*ms:
			x.Fail(Failure{Brief: fmt.Sprintf("the connection has ended after %v; its deadline was %v", took.Round(ms), r.least), Got: string(c.read)})
		case r.status == "" && statuses > strings.Count(r.send, "HTTP/1.1"), r.status != "" && !strings.Contains(string(c.read), "HTTP/1.1 "+r.status):
			x.Fail(Failure{Brief: "the response is not the right one", Want: "status " + r.status, Got: shorten(string(c.read))})
		}
	}
	rows := []row{
		{"a connection that never says anything", "", "", 250 * ms, ""},
		{"half a head", "GET / HTTP/1.1\r\nHo", "", 250 * ms, "408"},
		{"a head that comes one byte at a time", long, "x", 250 * ms, "408"},
		{"half a head behind a request", get("/") + "GET / HT", "", 250 * ms, "408"},
		{"an idle connection", get("/1"), "", 400 * ms, ""},
		{"content that does not come, and a handler that gives up", request("POST", "/s", "", "Content-Length: 10"), "", 300 * ms, "408"},
		{"chunks that do not come", request("POST", "/s", "5\r\nhel", chunked), "", 300 * ms, "408"},
		{"unread content that comes one byte at a time", request("POST", "/not", "", "Content-Length: 100000"), "x", 300 * ms, "200"},
	}
	for _, r := range rows {
		check(r)
	}
	x.Doing("a client that does not read a long response")
	for { // what the rows have left
		if _, ok := s.Try("handled", nil, 0); !ok {
			break
		}
	}
	began := time.Now()
	c := x.Dial(ln)
	c.Send(get("/big"))
	var h step04.Handled
	s.Event("handled", &h)
	if took := time.Since(began); took < 345*ms || len(h.Done) == 0 || h.Done[0].Err.Kind == "" {
		x.Failf("the handler's Write returned after %v without an error; its deadline was 350ms", took.Round(ms))
	}
	x.Doing("a connection that is used for a while")
	used := step04.Server{Header: 1500 * ms, Idle: 1500 * ms, Body: 1500 * ms, Write: 1500 * ms}
	x.Session("keepalive.Server", used).Call("listener", nil, &ln)
	c = x.Dial(ln)
	for range 5 { // longer than any deadline, and with time enough for a machine that is busy
		c.Send(get("/" + x.Word()))
		c.await("hello")
		c.read, c.pos = nil, 0
		time.Sleep(320 * ms)
	}
	c.Send(get("/", bye))
	c.await("hello")
}

func checkStop(x *X) {
	arg := step04.Server{Scripts: step04.Scripts{"/ask": {act("ask"), act("write", "answer")}}}
	s := x.Session("keepalive.Server", arg)
	var ln string
	s.Call("listener", nil, &ln)
	idle, busy, fresh, never := x.Dial(ln), x.Dial(ln), x.Dial(ln), x.Dial(ln)
	idle.Send(get("/"))
	idle.await("hello /")
	busy.Send(get("/ask") + get("/behind") + get("/last"))
	e := s.Event("ask", nil)
	half := x.Dial(ln)
	half.Send("GET /half HTTP/1.1\r\nHo")
	time.Sleep(10 * time.Millisecond) // until it has been read
	began := time.Now()
	s.Call("stop", nil, nil)
	x.Doing("an idle connection, when the server stops")
	idle.pos = len(idle.read)
	idle.ExpectEnd()
	if took := time.Since(began); took > 3*time.Second { // for a machine that is busy
		x.Failf("it is closed %v later; want at once, or after a look of 50 ms", took.Round(time.Millisecond))
	}
	x.Doing("a client that has just connected, when the server stops")
	fresh.Send(get("/fresh"))
	fresh.await("hello /fresh")
	fresh.ReadAll()
	x.Doing("requests that have arrived, when the server stops")
	busy.Quiet(20 * time.Millisecond)
	s.Answer(e, nil)
	got := string(busy.ReadAll())
	if !strings.Contains(got, "answer") || !strings.Contains(got, "hello /behind") || !strings.Contains(got, "hello /last") {
		x.Fail(Failure{Brief: "not all of them are answered", Got: shorten(got)})
	}
	if last := got[strings.LastIndex(got, "HTTP/1.1 "):]; !strings.Contains(strings.ToLower(last), "connection: close") {
		x.Fail(Failure{Brief: "the last response does not say that it is the last", Got: shorten(got)})
	}
	x.Doing("a request that was arriving, when the server stops")
	half.Send("st: a\r\n\r\n")
	half.await("hello /half")
	half.ReadAll()
	x.Doing("a connection that has never said anything, when the server stops")
	never.ExpectEnd()
	if took := time.Since(began); took > 5*time.Second {
		x.Failf("it is closed %v later; want about a second", took.Round(time.Millisecond))
	}
	var h step04.Handled
	gone := false
	for range 5 {
		s.Event("handled", &h)
		gone = gone || string(h.Path) == "/ask" && h.Gone && h.Theirs
	}
	if !gone {
		x.Failf("the context that a handler sees is not that of ServeConn")
	}
}

func checkHalfClosed(x *X) {
	arg := step04.Server{Scripts: step04.Scripts{"/slow": {act("sleep", 20), act("write", "slow")}}}
	x.Talks(
		Talk{Class: "the client closes its side behind two requests", Arg: arg, Steps: say(get("/slow") + get("/2")), Half: true},
		Talk{Class: "the client closes its side behind content", Arg: arg, Steps: say(post("/slow", "hello")), Half: true, Or: closeOr},
		Talk{Class: "the client closes its side in the middle of a head", Arg: arg, Steps: say(get("/slow") + "GET /2 HT"), Half: true},
		Talk{Class: "the client closes its side behind two requests, on TCP", Arg: arg, Steps: say(get("/slow") + get("/2")), Half: true, TCP: true},
		Talk{Class: "the client closes its side at once", Arg: arg, Steps: say(""), Half: true},
	)
}

func checkUpgrade(x *X) {
	up := get("/s", x.Case("connection")+": "+x.Case("upgrade"), "Upgrade: shout")
	arg := scripts(act("upgrade", "shout", "welcome\n"))
	arg.Header, arg.Idle, arg.Body, arg.Write = 200*time.Millisecond, 200*time.Millisecond, 200*time.Millisecond, 200*time.Millisecond
	a, b := x.Word()+"\n", x.Word()+"\n"
	x.Talks(
		Talk{Class: "lines behind the switch", Arg: arg, Steps: say(up, a, b, "bye\n")},
		Talk{Class: "lines that come with the request", Arg: arg, Steps: say(up+a+b[:2], b[2:]+"bye\n")},
		Talk{Class: "what looks like a request", Arg: arg, Steps: say(up + get("/") + "bye\n")},
		Talk{Class: "responses before the switch", Arg: arg, Steps: say(get("/a") + get("/b") + up + a + "bye\n")},
		Talk{Class: "the client ends it", Arg: arg, Steps: say(up + a), Half: true},
	)
	x.Doing("a connection that is silent for longer than any deadline of HTTP")
	s := x.Session("keepalive.Server", arg)
	var ln string
	s.Call("listener", nil, &ln)
	c := x.Dial(ln)
	c.Send(up)
	c.await("welcome")
	c.Quiet(450 * time.Millisecond)
	c.Send(a)
	c.await("!" + a)
}

func checkTooLate(x *X) {
	up := get("/s", "Connection: Upgrade", "Upgrade: shout")
	old := "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n"
	no := scripts(act("upgrade", "shout", "x"))
	no.Scripts["/s"] = step04.Actions{act("upgrade", "shout", "welcome\n"), act("error", 426)}
	hijacked := scripts(act("hijack", old), act("write", "a response"), act("flush"), act("status", 404))
	x.Talks(
		Talk{Class: "Hijack behind the first byte", Arg: scripts(act("write", "begun"), act("hijack", old), act("write", ", too late")), Steps: say(get("/s"), get("/", bye))},
		Talk{Class: "Hijack twice", Arg: scripts(act("hijack", old), act("hijack", "never")), Steps: say(get("/s") + "bye\n")},
		Talk{Class: "a write behind Hijack", Arg: hijacked, Steps: say(get("/s") + "bye\n"), Or: anyError},
		Talk{Class: "another protocol than the one on offer", Arg: scripts(act("upgrade", "whisper", "x"), act("write", "n")), Steps: say(up + get("/", bye))},
		Talk{Class: "no offer", Arg: no, Steps: say(get("/s") + get("/s", "Upgrade: shout") + get("/s", "Connection: upgrade") + get("/", bye))},
		Talk{Class: "an offer of HTTP/1.0", Arg: no, Steps: say("GET /s HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n")},
		Talk{Class: "an offer with content", Arg: no, Steps: say(request("POST", "/s", "hello", "Connection: upgrade", "Upgrade: shout", "Content-Length: 5") + get("/", bye))},
		Talk{Class: "a panic behind Hijack", Arg: scripts(act("hijack", old), act("panic")), Steps: say(get("/s"))},
		Talk{Class: "a panic in talk", Arg: scripts(act("upgrade", "shout", "welcome\n")), Steps: say(up + "panic\n")},
	)
}

// anyError overlooks which errors a handler got.
func anyError(want, got *Heard) bool {
	noKind := func(d *step04.Done) {
		if d.Err.Kind != "" {
			d.Err = wire.Err{Kind: "an error"}
		}
	}
	return same(want.withDone(noKind), got.withDone(noKind))
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
