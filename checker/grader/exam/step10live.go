package exam

import (
	"fmt"
	"strings"
	"time"

	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/step10"
)

// needsFolder ends the check where the driver has no folder for files.
func (x *X) needsFolder() {
	there := false
	x.Call("server.Folder", nil, &there)
	if !there {
		x.Fail(Failure{Brief: "there is no folder for files in this box", unreached: true})
	}
}

func checkCertificate(x *X) {
	x.needsFolder()
	var cases []Case[[]step10.Renewal]
	for range 12 {
		story := []step10.Renewal{{Do: "get", Then: 2 * second}}
		get := func() {
			story = append(story, step10.Renewal{Do: "get", Then: time.Duration(x.Between(1, 3600)) * second}, step10.Renewal{Do: "get", Then: 2 * second})
		}
		for i := range x.Between(1, 4) {
			story = append(story, step10.Renewal{Do: Pick(x.Rand, "new", "new", "half", "broken", "gone"), Name: fmt.Sprintf("%s%d", x.Word(), i), Then: 2 * second})
			if last := &story[len(story)-1]; last.Do != "new" && last.Do != "half" && x.Chance(50) {
				last.Name = "key"
			}
			get()
		}
		story = append(story, step10.Renewal{Do: "new", Name: "last", Then: 2 * second}) // whatever was before
		get()
		cases = append(cases, Case[[]step10.Renewal]{Class: "files that change", Arg: story})
	}
	cases = append(cases, Case[[]step10.Renewal]{Class: "files that change within a second of a look at them", Arg: []step10.Renewal{
		{Do: "get", Then: 5 * second}, {Do: "get", Then: 100 * time.Millisecond}, {Do: "new", Name: "next"}, {Do: "get", Then: 5 * second}, {Do: "get"},
	}})
	Compare(x, "server.Certificate", step10.Certificate, cases)
}

func checkTLS(x *X) {
	x.needsFolder()
	host := x.host()
	var cases []Case[step10.Scene]
	add := func(class string, tell func(t *teller)) {
		cases = append(cases, x.scene(class, step10.Scene{TLS: true, Alone: true, Ends: true, Config: step10.Config{HeaderTimeout: 5 * second}}, func(t *teller) {
			tell(t)
			for range 2 { // whoever speaks TLS is served, whatever was before
				t.move(step10.Move{Do: "send", Who: 1, From: host, TLS: true, Data: []byte(get(Pick(x.Rand, "/fast", "/who")))}, second)
			}
			t.move(step10.Move{Do: "send", Who: 1, TLS: true, Data: []byte(post("/echo", x.String(alnum, 20_000)))}, second)
		}))
	}
	first := func(data string) func(t *teller) {
		return func(t *teller) { t.say(0, host, data, 20*second) }
	}
	add("a request in plain HTTP", first(get("/fast")))
	add("a request in plain HTTP, with content", first(post("/echo", x.Word())))
	add("HEAD in plain HTTP", first(request("HEAD", "/", "")))
	add("what is neither TLS nor HTTP", first("\x01\x02\x03\x04\x05\x06\x07"+string(x.Bytes(20))))
	overTLS := func(who int, data string) step10.Move {
		return step10.Move{Do: "send", Who: who, From: host, TLS: true, Data: []byte(data)}
	}
	secure := step10.Config{HeaderTimeout: 20 * second, MinRate: 100}
	cases = append(cases, x.scene("silence between two requests", step10.Scene{TLS: true, Alone: true, Config: secure}, func(t *teller) {
		t.move(overTLS(0, get("/fast")), 50*second)
		t.move(overTLS(0, get("/who")), second)
	}))
	secure.MaxConns = 1
	cases = append(cases, x.scene("one that has done its handshake, and says nothing, makes room", step10.Scene{TLS: true, Alone: true, Config: secure}, func(t *teller) {
		t.move(step10.Move{Do: "come", From: host, TLS: true}, 3*second)
		t.move(overTLS(1, get("/fast")), 30*second)
	}))
	add("somebody who says nothing", func(t *teller) {
		t.move(step10.Move{Do: "come", From: host}, 2*second)
		t.look()
		t.move(step10.Move{}, 18*second)
		t.look()
	})
	scenes(x, cases)
}

// checkLoad has so many clients at once that a server which does them one after another
// or forgets to end something is noticed.
func checkLoad(x *X) {
	const clients, rounds = 100, 10
	s := x.Session("server.Live", step10.Config{MaxConns: 1000, MaxConnsPerClient: 1000})
	var ln string
	s.Call("listener", nil, &ln)
	one := x.Dial(ln)
	one.Send(get("/fast", bye))
	one.ReadAll()
	one.Close()
	before := x.stats()
	x.Doing("clients who send half a request")
	var slow []*Client
	for range 30 {
		c := x.Dial(ln)
		c.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
		slow = append(slow, c)
	}
	x.Doing("many clients, each with many requests")
	all := make([]*Client, clients)
	var words []string
	for i := range all {
		all[i] = x.DialFrom(ln, "", i%10 == 0)
	}
	for round := range rounds {
		words = append(words, x.Word())
		for i, c := range all {
			fields := []string{}
			if round == rounds-1 {
				fields = append(fields, bye)
			}
			c.Send(post("/echo", fmt.Sprint(words[round], i), fields...))
		}
	}
	for i, c := range all {
		text := string(c.ReadAll())
		for _, w := range words {
			_, rest, ok := strings.Cut(text, fmt.Sprint("\r\n\r\n", w, i))
			if text = rest; !ok {
				x.Failf("a client has not got the answers to its requests, in their order")
			}
		}
		c.Close()
	}
	x.Doing("clients who send the rest of their request late")
	for i, c := range slow {
		if i%2 == 0 {
			c.Send(strings.Repeat("x", 96) + get("/fast", bye))
			if text := string(c.ReadAll()); strings.Count(text, "HTTP/1.1 200") != 2 {
				c.fail("two responses", shorten(text), false)
			}
		}
		c.Close()
	}
	x.Doing("when all of them have gone")
	var st server.ConnStats
	for end := time.Now().Add(x.patience); ; time.Sleep(10 * time.Millisecond) {
		if s.Call("conns", nil, &st); st.Open == 0 && st.Accepted > clients {
			break
		}
		if time.Now().After(end) {
			x.Failf("%d connections are open, and %d were accepted", st.Open, st.Accepted)
		}
	}
	x.settles(before, 40)
	x.Doing("a shutdown")
	last, quiet := x.Dial(ln), x.Dial(ln)
	quiet.Send(get("/fast"))
	quiet.await("fast")
	last.Send(get("/slow/300"))
	for end := time.Now().Add(x.patience); ; time.Sleep(time.Millisecond) {
		if s.Call("conns", nil, &st); st.Open == 2 && st.Idle == 1 {
			break
		}
		if time.Now().After(end) {
			x.Failf("of a connection that is idle and one that is not, %d are open and %d idle", st.Open, st.Idle)
		}
	}
	stop := s.Go("stop", time.Minute)
	if text := string(last.ReadAll()); !strings.HasPrefix(text, "HTTP/1.1 200") || !strings.HasSuffix(text, "slow 300ms") {
		last.fail("the answer to a request in progress", shorten(text), false)
	}
	quiet.await("fast")
	quiet.ReadAll()
	var e step10.Ended
	if stop.Wait(&e); e.Err != "" {
		x.Fail(Failure{Brief: "Shutdown returned an error, and had time enough", Got: show(e)})
	}
	if s.Event("served", &e); e.Err != "ErrServerClosed" {
		x.Fail(Failure{Brief: "Serve returned another error than ErrServerClosed", Got: show(e)})
	}
}

// checkOverTCP asks for what step 4 looks for in a connection.
func checkOverTCP(x *X) {
	var missing string
	if x.Call("server.OverTCP", nil, &missing); missing != "" {
		x.Fail(Failure{Brief: "over TCP something is missing: " + printable(missing, mostShown)})
	}
}

// checkMemory has clients come and go, has content go through a server, and asks the
// kernel what is left of it.
func checkMemory(x *X) {
	const clients, each = 5_000, 20
	x.Doing("clients of many networks, of which each has gone before the next comes")
	var more int64
	for try := range 3 { // whatever else has just begun to take memory does so once
		if x.Call("server.Crowd", clients, &more); more < clients*each {
			break
		} else if try == 2 {
			x.Failf("after %d clients, of which none is there any more, %d KiB more are in use", clients, more>>10)
		}
	}
	x.Doing("")
	const size, rounds, most = 200 << 10, 70, 10 << 20
	s := x.Session("server.Live", step10.Config{})
	var ln string
	s.Call("listener", nil, &ln)
	c := x.Dial(ln)
	content := x.String(alnum, size)
	echo := func() {
		word := x.Word() + x.Word()
		c.Send(post("/echo", content+word))
		c.await(word)
		c.read, c.pos, c.sent = nil, 0, nil
	}
	for range 10 {
		echo()
	}
	before, ok := x.driver.Usage()
	for range rounds {
		echo()
	}
	for end := time.Now().Add(x.patience); ok; time.Sleep(20 * time.Millisecond) {
		x.stats() // collects garbage
		now, _ := x.driver.Usage()
		if now.Memory < before.Memory+most {
			return
		}
		if time.Now().After(end) {
			x.Failf("the server held %d MiB, and after %d requests of 200 KiB one after another it holds %d MiB", before.Memory>>20, rounds, now.Memory>>20)
		}
	}
}
