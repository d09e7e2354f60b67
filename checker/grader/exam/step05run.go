package exam

import (
	"fmt"
	"time"

	pool "barewire/solutions/05-thread-pool"

	"barewire/checker/grader/driver/step05"
)

func checkRun(x *X) {
	p := x.pool(step05.Config{Max: 2, Queue: 3})
	a := p.Go("run", step05.Call{Task: 0})
	if r := p.began(); !r.Own {
		x.Failf("the task of Run is not on its caller's goroutine")
	}
	b := p.Go("run", step05.Call{Task: 1})
	p.begins(1)
	p.stats("with two tasks in Run", pool.Stats{Workers: 2, Running: 2, Accepted: 2})
	p.tries(2, 3, 1)
	p.nothing()
	c := p.Go("run", step05.Call{Task: 3})
	p.waiting(2)
	p.nothing()
	p.word(0, "return")
	p.is("Run", p.result(a), "")
	p.begins(2)
	p.nothing()
	p.word(2, "return")
	if r := p.began(); r.Task != 3 || !r.Own {
		x.Failf("task %d runs where task 3 of Run should, on its caller's goroutine", r.Task)
	}
	if c.Returned(0) || b.Returned(quietFor) {
		x.Failf("Run has returned while its task runs")
	}
	p.end()
	p.is("Run", p.result(b), "")
	p.is("Run", p.result(c), "")
	x.Doing("Run where there is no room")
	p = x.pool(step05.Config{Max: 1})
	p.tries(0, 1, 1)
	p.begins(0)
	p.is("Run", p.call("run", step05.Call{Task: 1}), "ErrFull")
	p.end()
	x.Doing("workers that have lent their places")
	p = x.pool(step05.Config{Min: 2, Max: 3, Queue: 3, Idle: 100 * time.Millisecond})
	for range 3 {
		a, b, c := p.Go("run", step05.Call{Task: 0}), p.Go("run", step05.Call{Task: 1}), p.Go("run", step05.Call{Task: 2})
		p.beginAny(3)
		p.end()
		for _, r := range []*Pending{a, b, c} {
			p.is("Run", p.result(r), "")
		}
		time.Sleep(150 * time.Millisecond)
		p.size("after the IdleTimeout", 2)
	}
	p.tries(10, 12, 2)
	p.beginAny(2)
	p.end()
	const idle = 100 * time.Millisecond
	x.Doing("the last worker, while Run has another place")
	p = x.pool(step05.Config{Min: 1, Max: 3, Idle: idle})
	p.tries(0, 2, 2)
	p.beginAny(2)
	p.end()
	p.done(2)
	a = p.Go("run", step05.Call{Task: 2})
	p.begins(2)
	time.Sleep(2 * idle)
	p.end()
	p.is("Run", p.result(a), "")
	time.Sleep(2 * idle)
	p.size("after the IdleTimeout", 1)
	x.Doing("the last worker, after Run has had all places")
	p = x.pool(step05.Config{Min: 1, Max: 3, Idle: idle})
	p.tries(0, 3, 3)
	p.beginAny(3)
	p.end()
	p.done(3)
	var runs []*Pending
	for i := range 3 {
		runs = append(runs, p.Go("run", step05.Call{Task: 3 + i}))
	}
	p.beginAny(3)
	p.end()
	for _, r := range runs {
		p.is("Run", p.result(r), "")
	}
	time.Sleep(2 * idle)
	p.size("after the IdleTimeout", 1)
}

func checkRunWaits(x *X) {
	p := x.pool(step05.Config{Max: 1, Queue: 5})
	p.tries(0, 1, 1)
	p.begins(0)
	p.tries(1, 2, 1)
	a := p.Go("run", step05.Call{Task: 2})
	p.waiting(2)
	gone := p.Go("run", step05.Call{Task: 3, Ctx: 1})
	p.waiting(3)
	p.tries(4, 5, 1)
	b := p.Go("run", step05.Call{Task: 5})
	p.waiting(5)
	p.is("TrySubmit where the queue is full", p.call("try", step05.Call{Task: 9}), "ErrFull")
	p.Call("cancel", 1, nil)
	p.is("Run whose context was cancelled", p.result(gone), "context.Canceled")
	for _, task := range []int{0, 1, 2, 4, 5} {
		if task > 0 {
			p.begins(task)
		}
		p.nothing()
		p.word(task, "return")
	}
	p.is("Run", p.result(a), "")
	p.is("Run", p.result(b), "")
	p.nothing()
	x.Doing("contexts that end just when a place is handed over")
	var lost step05.Lost
	if x.Call("pool.HandOver", 50, &lost); lost != (step05.Lost{}) {
		x.Failf("of 50 callers, %d ran and were told otherwise, or did not run and were told otherwise; a place was lost: %v", lost.Callers, lost.Place)
	}
	for i := range 40 {
		p := x.pool(step05.Config{Max: 1, Queue: 2})
		p.tries(0, 1, 1)
		p.begins(0)
		run := p.Go("run", step05.Call{Task: 1, Ctx: 1})
		p.waiting(1)
		if i%2 == 0 {
			p.Go("cancel", 1)
			p.end()
		} else {
			p.end()
			p.Go("cancel", 1)
		}
		for !run.Returned(time.Millisecond) {
			var r step05.Running
			if e, ok := p.Try("task", &r, time.Millisecond); ok {
				p.Answer(e, step05.Word{Do: "return"})
			}
		}
		if e := p.result(run); e.Name != "" && e.Name != "context.Canceled" {
			p.is("Run", e, "context.Canceled")
		}
		p.is("TrySubmit afterwards", p.call("try", step05.Call{Task: 2}), "")
		p.begins(2)
		p.end()
		p.End()
	}
}

func checkRunPanics(x *X) {
	p := x.pool(step05.Config{Max: 2, Queue: 1})
	for i := range 6 {
		for _, do := range []string{"panic", "goexit"} {
			run := p.Go("run", step05.Call{Task: i})
			p.begins(i)
			p.word(i, do)
			e := p.result(run)
			switch {
			case do == "panic" && (!e.Panicked || e.Value != fmt.Sprintf("task %d", i)):
				x.Fail(Failure{Brief: "a panic in the task of Run is not its caller's", Got: fmt.Sprintf("%+v", e)})
			case do == "goexit" && !e.Exited:
				x.Fail(Failure{Brief: "Goexit in the task of Run does not end its caller's goroutine", Got: fmt.Sprintf("%+v", e)})
			}
		}
	}
	p.stats("after twelve tasks that have panicked in Run", p.any(pool.Stats{Accepted: 12, Done: 12, Panicked: 12}))
	p.tries(100, 104, 3)
	p.beginAny(2)
	p.end()
}
