package exam

import (
	"fmt"
	"strings"
	"time"

	"barewire/checker/grader/driver/step10"
)

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
