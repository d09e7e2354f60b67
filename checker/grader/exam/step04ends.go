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

	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/wire"
)

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
	x.Doing("a panic in content that ends with its connection, over TCP")
	var instead string
	if x.Call("keepalive.Reset", nil, &instead); instead != "" {
		x.Fail(Failure{Brief: "there is something else than a reset, and only that shows a client of HTTP/1.0 that something is missing", Want: "the connection is reset", Got: printable(instead, mostShown)})
	}
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
