package exam

import (
	"fmt"
	"strings"
	"time"

	"barewire/checker/grader/driver/step10"
)

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
