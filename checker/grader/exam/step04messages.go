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

	"barewire/checker/grader/driver/step04"
)

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
	for len(c.read) < 1_000_000-128<<10 {
		err := c.more(2 * time.Second)
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			c.ended("content that has been written", err)
		}
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
