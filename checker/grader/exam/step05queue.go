package exam

import (
	"fmt"
	"time"

	pool "barewire/solutions/05-thread-pool"

	"barewire/checker/grader/driver/step05"
)

func checkFull(x *X) {
	most, queue := x.Between(1, 4), x.Between(1, 5)
	p := x.pool(step05.Config{Max: most, Queue: queue})
	for round := range 3 {
		from := round * 100
		p.tries(from, from+most+queue+3, most+queue)
		p.beginAny(most)
		p.nothing()
		p.end()
		for range queue {
			p.began()
			p.end()
		}
		p.nothing()
		p.rest()
	}
	x.Doing("no queue")
	p = x.pool(step05.Config{Max: most})
	p.tries(0, most+2, most)
	p.beginAny(most)
	p.end()
	for end := time.Now().Add(x.patience); p.call("try", step05.Call{Task: 50}).Name != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			x.Failf("there is no room when all tasks have ended")
		}
	}
	p.begins(50)
	p.end()
	x.Doing("nothing said about Max")
	p = x.pool(step05.Config{})
	p.tries(0, pool.DefaultMax+1, pool.DefaultMax)
	p.beginAny(pool.DefaultMax)
	p.end()
}

func checkSubmit(x *X) {
	p := x.pool(step05.Config{Max: 1, Queue: 1})
	p.is("Submit where there is room", p.call("submit", step05.Call{Task: 0}), "")
	p.is("Submit where there is room", p.call("submit", step05.Call{Task: 1}), "")
	p.begins(0)
	c := p.Go("submit", step05.Call{Task: 2})
	gone := p.Go("submit", step05.Call{Task: 3, Ctx: 1})
	if c.Returned(quietFor) || gone.Returned(0) {
		x.Failf("Submit has returned although there is no room")
	}
	p.Call("cancel", 1, nil)
	p.is("Submit whose context was cancelled", p.result(gone), "context.Canceled")
	p.word(0, "return")
	p.begins(1)
	p.is("Submit when there is room again", p.result(c), "")
	p.nothing()
	p.word(1, "return")
	p.begins(2)
	p.end()
	p.nothing()
	x.Doing("several who wait for room")
	p = x.pool(step05.Config{Max: 1})
	p.tries(0, 1, 1)
	p.begins(0)
	var waiting []*Pending
	for i := range 5 {
		waiting = append(waiting, p.Go("submit", step05.Call{Task: i + 1}))
	}
	time.Sleep(5 * time.Millisecond)
	p.end()
	for range waiting {
		p.began()
		p.end()
	}
	for _, c := range waiting {
		p.is("Submit", p.result(c), "")
	}
}

func checkDo(x *X) {
	p := x.pool(step05.Config{Max: 1, Queue: 3})
	do := func(task, ctx int) *Pending { return p.Go("do", step05.Call{Task: task, Ctx: ctx}) }
	first := do(0, 1)
	p.begins(0)
	second, third, fourth := do(1, 2), (*Pending)(nil), (*Pending)(nil)
	p.waiting(1)
	third = do(2, 0)
	p.waiting(2)
	fourth = do(3, 0)
	p.waiting(3)
	p.Call("cancel", 1, nil)
	if first.Returned(quietFor) {
		x.Failf("Do has returned while its task runs")
	}
	x.Doing("a task in the middle of the queue that is withdrawn")
	p.Call("cancel", 2, nil)
	p.is("Do", p.result(second), "context.Canceled")
	p.is("TrySubmit where a task was withdrawn", p.call("try", step05.Call{Task: 4}), "")
	p.is("TrySubmit where the queue is full again", p.call("try", step05.Call{Task: 5}), "ErrFull")
	p.word(0, "return")
	p.is("Do whose context ended when its task ran", p.result(first), "")
	p.begins(2)
	p.word(2, "return")
	p.is("Do", p.result(third), "")
	p.begins(3)
	p.word(3, "return")
	p.is("Do", p.result(fourth), "")
	p.begins(4)
	p.end()
	p.nothing()
	x.Doing("somebody who waits for the place of a task that is withdrawn")
	p = x.pool(step05.Config{Max: 1, Queue: 1})
	p.tries(0, 1, 1)
	p.begins(0)
	second = p.Go("do", step05.Call{Task: 1, Ctx: 1})
	p.waiting(1)
	third = p.Go("submit", step05.Call{Task: 2})
	if third.Returned(quietFor) {
		x.Failf("Submit has returned although there is no room")
	}
	p.Call("cancel", 1, nil)
	p.is("Do", p.result(second), "context.Canceled")
	p.is("Submit", p.result(third), "")
	p.end()
	p.begins(2)
	p.end()
	x.Doing("Do where there is no room")
	p = x.pool(step05.Config{Max: 1})
	p.tries(0, 1, 1)
	p.begins(0)
	p.is("Do", p.call("do", step05.Call{Task: 1}), "ErrFull")
	p.end()
}

func checkDoneAlready(x *X) {
	for range 20 {
		p := x.pool(step05.Config{Max: 1})
		p.Call("cancel", 1, nil)
		p.is("Do with room and a context that is done", p.call("do", step05.Call{Task: 1, Ctx: 1}), "context.Canceled")
		p.is("Submit with room and a context that is done", p.call("submit", step05.Call{Task: 1, Ctx: 1}), "context.Canceled")
		p.is("Run with room and a context that is done", p.call("run", step05.Call{Task: 1, Ctx: 1}), "context.Canceled")
		p.tries(0, 1, 1)
		p.begins(0)
		p.is("Do without room and with a context that is done", p.call("do", step05.Call{Task: 1, Ctx: 1}), "context.Canceled")
		p.is("Run without room and with a context that is done", p.call("run", step05.Call{Task: 1, Ctx: 1}), "context.Canceled")
		p.end()
		p.End()
	}
}

func checkPoolDeadline(x *X) {
	p := x.pool(step05.Config{Max: 2, Queue: 4})
	p.tries(0, 4, 4)
	p.beginAny(2)
	do := p.Go("do", step05.Call{Task: 10})
	p.waiting(3)
	run := p.Go("run", step05.Call{Task: 11})
	p.waiting(4)
	const d = 100 * time.Millisecond
	began := time.Now()
	e := p.call("shutdown", d)
	if took := time.Since(began); took < d {
		x.Failf("Shutdown with %v returned after %v, while tasks run", d, took)
	}
	want := step05.Err{Name: "ShutdownError", Dropped: 4, Running: 2, Cause: "context.DeadlineExceeded"}
	if e != want {
		x.Fail(Failure{Brief: "Shutdown returned another error than it should", Want: fmt.Sprintf("%+v", want), Got: fmt.Sprintf("%+v", e)})
	}
	p.is("Do whose task was dropped", p.result(do), "ErrShutdown")
	p.is("Run whose task was dropped", p.result(run), "ErrShutdown")
	e = p.call("shutdown", time.Duration(0))
	want.Dropped = 0
	if e != want {
		x.Fail(Failure{Brief: "a second Shutdown returned another error than it should", Want: fmt.Sprintf("%+v", want), Got: fmt.Sprintf("%+v", e)})
	}
	third := p.Go("shutdown", time.Minute)
	if third.Returned(quietFor) {
		x.Failf("a third Shutdown has returned while tasks run")
	}
	p.end()
	p.is("a third Shutdown", p.result(third), "")
	p.nothing()
	for range 10 {
		p.is("a Shutdown without any time, of a pool that is empty,", p.call("shutdown", time.Duration(0)), "")
	}
	x.Doing("a pool that nobody has used")
	for range 10 {
		p = x.pool(step05.Config{Max: 2})
		p.is("Shutdown without any time", p.call("shutdown", time.Duration(0)), "")
		p.End()
	}
}

func checkWaiters(x *X) {
	p := x.pool(step05.Config{Max: 1, Queue: 1})
	p.tries(0, 2, 2)
	p.begins(0)
	a, b := p.Go("submit", step05.Call{Task: 2}), p.Go("submit", step05.Call{Task: 3})
	if a.Returned(quietFor) || b.Returned(0) {
		x.Failf("Submit has returned although there is no room")
	}
	c := p.Go("shutdown", time.Minute)
	p.is("Submit that waits for room when the pool is shut down", p.result(a), "ErrShutdown")
	p.is("Submit that waits for room when the pool is shut down", p.result(b), "ErrShutdown")
	p.end()
	p.begins(1)
	p.end()
	p.is("Shutdown", p.result(c), "")
}
