package exam

import (
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

// say has a client say something; it comes for that, from a host.
func (t *teller) say(who int, host, data string, then time.Duration) {
	t.move(step10.Move{Do: "send", Who: who, From: host, Data: []byte(data)}, then)
}

func (t *teller) stop(within, then time.Duration) {
	t.move(step10.Move{Do: "stop", Within: within}, then)
}

// asks has an operator ask.
func (t *teller) asks(path string) {
	t.move(step10.Move{Do: "send", Admin: true, Data: []byte(get(path))}, ms(100))
}
