package exam

import (
	"fmt"
	"strings"
	"time"

	"barewire/checker/grader/driver/step10"
)

// This file has the stories of step 10. In a story nothing happens at the same moment as
// something else, and nothing is looked at while it changes: so there is one right answer,
// however a solution works.

// A teller writes a story.
type teller struct {
	x     *X
	moves []step10.Move
	come  int
}

func (t *teller) move(m step10.Move, then time.Duration) {
	m.Then = then
	t.moves = append(t.moves, m)
}

// comes has the next visitor come.
func (t *teller) comes(m step10.Move, then time.Duration) int {
	m.Do = "come"
	t.move(m, then)
	t.come++
	return t.come - 1
}

func (t *teller) send(who int, data string, then time.Duration) {
	t.move(step10.Move{Do: "send", Who: who, Data: []byte(data)}, then)
}

func (t *teller) leave(who int, then time.Duration) { t.move(step10.Move{Do: "leave", Who: who}, then) }

func (t *teller) look() { t.move(step10.Move{Do: "look"}, 0) }

// while is long enough for everything to have happened that will.
func (t *teller) while() time.Duration {
	return 6*time.Second + time.Duration(t.x.IntN(4000))*time.Millisecond
}

const half, whole = "half a requ", "a request\n"

// wander has visitors come, send and leave, as they like.
func (t *teller) wander(moves int, hosts []string, told []string) {
	for range moves {
		who := 0
		if t.come > 0 {
			who = t.x.IntN(t.come)
		}
		switch n := t.x.IntN(10); {
		case t.come == 0, n < 4 && t.come < 12:
			m := step10.Move{From: Pick(t.x.Rand, hosts...), Taken: t.x.Chance(8)}
			if len(told) > 0 && t.x.Chance(30) {
				m.Told = Pick(t.x.Rand, told...)
			}
			t.comes(m, t.while())
		case n < 6:
			t.send(who, half, t.while())
		case n < 8:
			t.send(who, whole, t.while())
		default:
			t.leave(who, t.while())
		}
		t.look()
	}
}

// times has the end of a connection where it is, but for how it was reached: only the
// looks are compared to the millisecond.
func withoutEnds(v step10.Visited) step10.Visited {
	v.Ends = nil
	return v
}

func visits(x *X, cases []Case[step10.Visit]) {
	CompareOr(x, "server.Conns", step10.Conns, cases, func(c Case[step10.Visit], want, got step10.Visited) bool {
		// When exactly a full server looks again is its own affair.
		if got.Err.Kind != "" || len(want.Ends) != len(got.Ends) || !same(withoutEnds(want), withoutEnds(got)) {
			return false
		}
		for i := range want.Ends {
			if c.Class != inOrder { // one mistake is not several
				want.Ends[i].Err, got.Ends[i].Err = closedOrNot(want.Ends[i].Err), closedOrNot(got.Ends[i].Err)
			}
			if d := want.Ends[i].Took - got.Ends[i].Took; want.Ends[i].Err != got.Ends[i].Err || d > 500*time.Millisecond || d < -500*time.Millisecond {
				return false
			}
		}
		return true
	})
}

// inOrder is the class of the story in which it matters what Read says of a connection
// that was closed to make room.
const inOrder = "all have been idle for some time"

// closedOrNot is an end, of which all that the server has made are the same.
func closedOrNot(end string) string {
	if end == "net.ErrClosed" {
		return "closed by the server itself"
	}
	return end
}

func checkConnFigures(x *X) {
	var cases []Case[step10.Visit]
	for range 8 {
		t := &teller{x: x}
		t.wander(x.Between(8, 20), []string{"192.0.2.7", "", "2001:db8::7", "127.0.0.1"}, nil)
		cases = append(cases, Case[step10.Visit]{Class: "connections without a bound", Arg: step10.Visit{Takes: time.Second, Moves: t.moves}})
	}
	t := &teller{x: x}
	a, b := t.comes(step10.Move{}, time.Second), t.comes(step10.Move{}, time.Second)
	t.look()
	t.send(a, whole, time.Minute)
	t.send(b, half, time.Minute)
	t.look()
	t.move(step10.Move{}, time.Hour)
	t.look()
	t.leave(a, time.Second)
	t.look()
	cases = append(cases, Case[step10.Visit]{Class: "a request that takes an hour", Arg: step10.Visit{Takes: time.Hour, Moves: t.moves}})
	visits(x, cases)
}

func checkConnBound(x *X) {
	var cases []Case[step10.Visit]
	for range 14 {
		t := &teller{x: x}
		t.wander(x.Between(10, 25), []string{"192.0.2.7", "", "2001:db8::7", "127.0.0.1"}, nil)
		cases = append(cases, Case[step10.Visit]{Class: "connections with a bound", Arg: step10.Visit{Max: x.Between(1, 4), Takes: time.Second, Moves: t.moves}})
	}
	// One after another becomes idle, and they make room in that order.
	t := &teller{x: x}
	most := x.Between(3, 5)
	for range most {
		t.comes(step10.Move{}, t.while())
	}
	for _, who := range x.Perm(most)[:most-1] {
		t.send(who, whole, t.while())
	}
	t.send(x.IntN(most), half, t.while())
	for range most {
		t.comes(step10.Move{}, t.while())
		t.look()
	}
	cases = append(cases, Case[step10.Visit]{Class: inOrder, Arg: step10.Visit{Max: most, Takes: time.Second, Moves: t.moves}})
	// None is idle: new ones wait until one has gone, or has been answered.
	t = &teller{x: x}
	for range most {
		t.send(t.comes(step10.Move{}, t.while()), half, t.while())
	}
	waiting := t.comes(step10.Move{}, time.Minute)
	t.look()
	t.leave(x.IntN(most), t.while())
	t.look()
	t.send(waiting, half, t.while())
	t.comes(step10.Move{}, time.Minute)
	t.look()
	t.send(waiting, "est\n", t.while())
	t.look()
	cases = append(cases, Case[step10.Visit]{Class: "none is idle", Arg: step10.Visit{Max: most, Takes: time.Minute / 2, Moves: t.moves}})
	visits(x, cases)
}

func checkOneClient(x *X) {
	hosts := []string{
		"192.0.2.7", "192.0.2.7", "192.0.2.8", "::ffff:192.0.2.7", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "127.0.0.1", "::1", "198.51.100.1", "198.51.100.1", "",
	}
	told := []string{"192.0.2.7", "192.0.2.8", "2001:db8::9", "198.51.100.9", "127.0.0.1"}
	trusted := []string{"198.51.100.0/24"}
	var cases []Case[step10.Visit]
	for range 16 {
		t := &teller{x: x}
		t.wander(x.Between(12, 25), hosts, told)
		cases = append(cases, Case[step10.Visit]{Class: "clients with a bound for each", Arg: step10.Visit{PerClient: x.Between(1, 2), Trusted: trusted, Takes: time.Second, Moves: t.moves}})
	}
	// So many come and each of them sends something, so that none makes room.
	crowd := func(class string, per int, told string, from ...string) {
		t := &teller{x: x}
		for _, host := range from {
			t.send(t.comes(step10.Move{From: host, Told: told}, t.while()), half, t.while())
		}
		t.look()
		t.leave(0, t.while())
		t.send(t.comes(step10.Move{From: from[0], Told: told}, t.while()), half, t.while())
		t.look()
		cases = append(cases, Case[step10.Visit]{Class: class, Arg: step10.Visit{PerClient: per, Trusted: trusted, Takes: time.Second, Moves: t.moves}})
	}
	n := x.Between(1, 3)
	v4, net6 := fmt.Sprintf("203.0.113.%d", x.IntN(256)), fmt.Sprintf("2001:db8:%x:%x::", x.IntN(65536), x.IntN(65536))
	crowd("one client", n, "", v4, v4, v4, v4, v4)
	crowd("a network of 64 bits", n, "", net6+"1", net6+"2", net6+"3", net6+"ffff:4", net6+"5")
	crowd("IPv4 in IPv6", n, "", "::ffff:203.0.113.1", "::ffff:203.0.113.2", "::ffff:203.0.113.3", "::ffff:203.0.113.4")
	crowd("IPv4 in IPv6 and by itself", n, "", "::ffff:"+v4, v4, "::ffff:"+v4, v4)
	crowd("a trusted proxy", n, "", "198.51.100.1", "198.51.100.1", "198.51.100.1", "198.51.100.1")
	crowd("this machine", n, "", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "::1", "::1", "::1")
	crowd("clients that a proxy tells of", n, v4, "198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5")
	// Those that are idle make room, of the same client only.
	t := &teller{x: x}
	other := t.comes(step10.Move{From: "192.0.2.99"}, t.while())
	for range 2 {
		t.comes(step10.Move{From: v4}, t.while())
	}
	t.send(1+x.IntN(2), whole, t.while())
	t.comes(step10.Move{From: v4}, t.while())
	t.look()
	t.send(other, whole, t.while())
	t.comes(step10.Move{From: v4}, t.while())
	t.look()
	cases = append(cases, Case[step10.Visit]{Class: "connections of one client, which have been idle for some time", Arg: step10.Visit{PerClient: 2, Takes: time.Second, Moves: t.moves}})
	visits(x, cases)
}

func checkYoung(x *X) {
	var cases []Case[step10.Visit]
	for range 4 {
		t := &teller{x: x}
		a := t.comes(step10.Move{}, 0)
		t.comes(step10.Move{}, time.Duration(x.Between(50, 400))*time.Millisecond)
		t.look() // the first has just come: both are there, one of them in the queue
		t.send(a, half, time.Minute)
		t.look()
		t.send(a, "est\n", time.Duration(x.Between(1100, 1400))*time.Millisecond)
		t.look() // it has just been answered
		t.move(step10.Move{}, time.Second)
		t.look()
		cases = append(cases, Case[step10.Visit]{Class: "one that has just come, and one that waits for its place", Arg: step10.Visit{Max: 1, Takes: time.Second, Moves: t.moves}})
		t = &teller{x: x}
		a = t.comes(step10.Move{From: "192.0.2.7"}, time.Duration(x.Between(50, 400))*time.Millisecond)
		t.comes(step10.Move{From: "192.0.2.7"}, time.Second)
		t.look()
		t.send(a, whole, time.Duration(x.Between(1050, 1400))*time.Millisecond)
		t.comes(step10.Move{From: "192.0.2.7"}, time.Second)
		t.look()
		t.comes(step10.Move{From: "192.0.2.7"}, time.Second)
		t.look()
		cases = append(cases, Case[step10.Visit]{Class: "a client that has just come, and comes again", Arg: step10.Visit{PerClient: 1, Takes: time.Second, Moves: t.moves}})
	}
	visits(x, cases)
}

func checkShut(x *X) {
	var cases []Case[step10.Visit]
	for range 3 {
		t := &teller{x: x}
		most := x.Between(1, 3)
		come := func() { // and never be idle: Accept may take the next one then
			t.send(t.comes(step10.Move{}, 0), half, t.while())
		}
		for range most + x.Between(1, 2) {
			come()
		}
		t.look()
		t.leave(x.IntN(most), t.while()) // one who waits gets the place
		t.look()
		for range 2 {
			come()
		}
		t.move(step10.Move{Do: "shut"}, time.Minute)
		t.look()
		cases = append(cases, Case[step10.Visit]{Class: "a listener that is closed while all places are taken", Arg: step10.Visit{Max: most, Takes: time.Second, Moves: t.moves}})
	}
	t := &teller{x: x}
	t.comes(step10.Move{}, t.while())
	t.move(step10.Move{Do: "shut"}, time.Minute)
	t.look()
	cases = append(cases, Case[step10.Visit]{Class: "a listener that is closed while there is room", Arg: step10.Visit{Max: 2, Moves: t.moves}})
	visits(x, cases)
}

// slow is a client that sends requests in pieces, so that nobody argues about whether it is
// too slow: it is so by a second at least, or is not by as much.
func (x *X) slow() step10.Visit {
	v := step10.Visit{MinRate: x.Between(50, 500), Grace: time.Duration(x.Between(3, 12)) * time.Second, Takes: time.Duration(x.IntN(5)) * time.Second}
	t := &teller{x: x}
	t.comes(step10.Move{}, time.Duration(x.IntN(30))*time.Second)
	for range x.Between(1, 4) {
		got, waited := 0, time.Duration(0)
		piece := func(end string) time.Duration {
			n := Pick(x.Rand, 1, x.Between(1, 50), x.Between(100, 3000))
			got += n
			pause := time.Duration(0)
			left := v.Grace - waited + time.Duration(float64(got)/float64(v.MinRate)*float64(time.Second))
			switch {
			case end != "":
				pause = v.Takes + t.while()
			case x.Chance(80) && left > 1200*time.Millisecond:
				pause = time.Duration(x.Int64N(int64(min(left, 15*time.Second) - time.Second)))
			default:
				pause = left + time.Duration(x.Between(1000, 20_000))*time.Millisecond
			}
			t.send(0, strings.Repeat("x", n-1)+Pick(x.Rand, "x", " ")+end, pause)
			waited += pause
			return left - pause
		}
		for range x.IntN(8) {
			if piece("") < 0 {
				t.look()
				v.Moves = t.moves
				return v
			}
		}
		if t.x.Chance(20) { // it goes in the middle of a request
			break
		}
		piece("\n")
	}
	t.leave(0, time.Second)
	t.look()
	v.Moves = t.moves
	return v
}

func checkSlow(x *X) {
	var cases []Case[step10.Visit]
	for range 60 {
		v := x.slow()
		cases = append(cases, Case[step10.Visit]{Class: "a client that sends in pieces", Arg: v})
		if x.Chance(20) {
			v.MinRate = 0
			cases = append(cases, Case[step10.Visit]{Class: "a client that sends in pieces, without MinRate", Arg: v})
		}
	}
	grace := time.Duration(x.Between(5, 15)) * time.Second
	fixed := func(class string, takes time.Duration, tell func(t *teller, a int)) {
		t := &teller{x: x}
		a := t.comes(step10.Move{}, time.Second)
		tell(t, a)
		t.leave(a, time.Second)
		t.look()
		cases = append(cases, Case[step10.Visit]{Class: class, Arg: step10.Visit{MinRate: 100, Grace: grace, Takes: takes, Moves: t.moves}})
	}
	fixed("one byte a second", 0, func(t *teller, a int) {
		for range 60 {
			t.send(a, "x", time.Second)
		}
	})
	fixed("silence in the middle of a request", 0, func(t *teller, a int) { t.send(a, half, time.Hour) })
	fixed("silence before a request", 0, func(t *teller, a int) { t.move(step10.Move{}, time.Hour) })
	fixed("slow, but fast enough", 0, func(t *teller, a int) {
		for range 300 {
			t.send(a, strings.Repeat("x", 13), 100*time.Millisecond)
		}
	})
	fixed("fast at first", 0, func(t *teller, a int) {
		t.send(a, strings.Repeat("x", 3000), grace+25*time.Second)
		t.send(a, "x", time.Second)
	})
	fixed("fast at first, then silent", 0, func(t *teller, a int) { t.send(a, strings.Repeat("x", 3000), time.Hour) })
	fixed("a handler that takes its time, while the next request comes", 3*time.Minute, func(t *teller, a int) {
		t.send(a, half, time.Second)
		t.send(a, "est\n", 0)
		t.send(a, "the next o", 3*time.Minute+3*time.Second)
		t.send(a, "ne\n", 4*time.Minute)
	})
	fixed("requests of which each takes almost as long as it may", time.Second, func(t *teller, a int) {
		for range 5 {
			t.send(a, half, grace-time.Second)
			t.send(a, "est\n", 5*time.Second)
		}
	})
	t := &teller{x: x}
	a := t.comes(step10.Move{Taken: true}, time.Hour)
	t.send(a, half, time.Hour)
	t.look()
	cases = append(cases, Case[step10.Visit]{Class: "a connection that speaks another protocol", Arg: step10.Visit{MinRate: 100, Grace: grace, Moves: t.moves}})
	visits(x, cases)
}

// ms are milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// shift is a story of requests for a pool. Nothing of it happens at the same moment: each
// request comes a millisecond later within its second than the one before, and what takes
// time takes so many seconds and a half.
func (x *X) shift(path func() string) step10.Shift {
	a := step10.Shift{Max: x.Between(1, 3), Queue: x.IntN(4), Wait: ms(x.Between(1, 5)*1000 + 250)}
	t := &teller{x: x}
	busy := map[int]int{} // until when a client waits for an answer, at most
	now := 0
	for range x.Between(8, 25) {
		who := x.IntN(8)
		for busy[who] > now {
			who++
		}
		takes := x.IntN(4)*1000 + 500
		p := strings.Replace(path(), "T", fmt.Sprint(takes), 1)
		pause := Pick(x.Rand, 1, 1, 1001, 2001, 4001)
		content := x.String(alnum, x.IntN(200))
		switch x.IntN(4) {
		case 0:
			t.send(who, post(p, content), ms(pause))
		case 1:
			t.send(who, request("PUT", p, x.chunks(content), chunked), ms(pause))
		default:
			t.send(who, get(p), ms(pause))
		}
		busy[who] = now + 40_000
		if now += pause; pause > 1000 {
			t.move(step10.Move{Do: "look"}, 0)
		}
		if x.Chance(10) {
			t.move(step10.Move{}, ms(60_000))
			now += 60_000
		}
	}
	t.move(step10.Move{Do: "look"}, time.Minute)
	a.Moves = t.moves
	return a
}

func checkWorkersStory(x *X) {
	var cases []Case[step10.Shift]
	for range 25 {
		cases = append(cases, Case[step10.Shift]{Class: "requests of which some find no worker", Arg: x.shift(func() string { return "/take/T" })})
	}
	// Refused, and then served, on one connection.
	t := &teller{x: x}
	t.send(0, get("/take/5000"), ms(10))
	t.send(1, post("/take/1", x.Word()), ms(10))
	t.send(1, post("/take/1", x.Word()), ms(6000))
	t.send(1, post("/take/1", x.Word()), time.Second)
	cases = append(cases, Case[step10.Shift]{Class: "a connection after a refusal", Arg: step10.Shift{Max: 1, Wait: time.Second, Moves: t.moves}})
	cases = append(cases, x.stopped(false))
	Compare(x, "server.Workers", step10.Workers, cases)
}

// stopped has a server told to stop while requests wait for the only worker.
func (x *X) stopped(blocking bool) Case[step10.Shift] {
	n := x.Between(1, 3)
	t := &teller{x: x}
	t.send(0, get("/take/5000"), ms(10))
	for who := range n {
		t.send(1+who, get(fmt.Sprintf("/take/%d", x.Between(1, 900))), ms(10))
	}
	t.move(step10.Move{Do: "stop"}, time.Minute)
	return Case[step10.Shift]{Class: "a server that is told to stop while requests wait for a worker", Arg: step10.Shift{Max: 1, Queue: n, Wait: time.Minute / 2, Blocking: blocking, Moves: t.moves}}
}

func checkWorkersContent(x *X) {
	var cases []Case[step10.Shift]
	add := func(class string, tell func(t *teller)) {
		t := &teller{x: x}
		tell(t)
		t.move(step10.Move{Do: "look"}, time.Second)
		cases = append(cases, Case[step10.Shift]{Class: class, Arg: step10.Shift{Max: 1, Wait: time.Second, Moves: t.moves}})
	}
	for range 6 {
		content := x.String(alnum, x.Between(2, 15_000))
		cut := x.Between(0, len(content)-1)
		framed := Pick(x.Rand, post("/take/1", content), request("POST", "/take/1", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(content), content), chunked))
		split := strings.Index(framed, content) + cut
		add("short content of which a part is missing", func(t *teller) {
			t.send(0, framed[:split], time.Second)
			t.look()
			t.send(1, get("/take/1"), time.Second)
			t.send(0, framed[split:], time.Second)
		})
		add("half a head", func(t *teller) {
			t.send(0, framed[:x.Between(1, 40)], time.Second)
			t.send(1, get("/take/1"), time.Second)
			t.look()
		})
	}
	for range 4 {
		content := x.String(alnum, x.Between(17_000, 150_000))
		add("content that is longer than what is read ahead", func(t *teller) {
			t.send(0, Pick(x.Rand, post("/take/1", content), request("POST", "/take/1", x.chunks(content), chunked)), time.Second)
			t.send(0, get("/take/1"), time.Second)
		})
		framed := post("/take/1", content)
		add("content that is longer than what is read ahead, of which the end is missing", func(t *teller) {
			t.send(0, framed[:len(framed)-5], time.Second)
			t.look()
			t.send(1, get("/take/1"), time.Second)
			t.send(0, framed[len(framed)-5:], time.Second)
		})
	}
	content := x.String(alnum, x.Between(2, 500))
	for _, broken := range []string{"5\r\nhello!!\r\n0\r\n\r\n", "x\r\n", "5\r\nhello\r\n-1\r\n", "3;\x00\r\nabc\r\n0\r\n\r\n"} {
		add("short content that is broken", func(t *teller) {
			t.send(0, request("POST", "/take/1", broken, chunked), time.Second)
			t.send(1, post("/take/1", content), time.Second)
		})
	}
	add("a client that waits for a 100", func(t *teller) {
		t.send(0, request("POST", "/take/1", "", "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", len(content))), time.Second)
		t.look()
		t.send(0, content, time.Second)
		t.send(0, get("/take/1"), time.Second)
	})
	add("a client that has gone in the middle of its content", func(t *teller) {
		framed := post("/take/1", content)
		t.send(0, framed[:len(framed)-1], time.Second)
		t.leave(0, time.Second)
		t.send(1, get("/take/1"), time.Second)
	})
	add("connections that are idle", func(t *teller) {
		for who := range 5 {
			t.send(who, post("/take/1", x.Word()), time.Second)
			t.look()
		}
	})
	Compare(x, "server.Workers", step10.Workers, cases)
}

func checkBlocking(x *X) {
	var cases []Case[step10.Shift]
	for range 15 {
		a := x.shift(func() string { return "/take/T" + Pick(x.Rand, "", fmt.Sprintf("/%d", x.Between(1, 5)*1000+250)) })
		a.Blocking = true
		cases = append(cases, Case[step10.Shift]{Class: "parts of handlers, of which some find no worker", Arg: a})
	}
	cases = append(cases, x.stopped(true))
	Compare(x, "server.Workers", step10.Workers, cases)
}

func checkWorkerPanics(x *X) {
	var cases []Case[step10.Shift]
	for _, blocking := range []bool{false, true} {
		for range 4 {
			a := x.shift(func() string { return Pick(x.Rand, "/take/T", "/panic") })
			a.Blocking = blocking
			cases = append(cases, Case[step10.Shift]{Class: "handlers of which some panic", Arg: a})
		}
	}
	Compare(x, "server.Workers", step10.Workers, cases)
}
