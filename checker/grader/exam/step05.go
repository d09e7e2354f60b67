package exam

import (
	"fmt"
	"strings"
	"time"

	pool "barewire/solutions/05-thread-pool"

	"barewire/checker/grader/driver/step05"
)

func init() {
	const basic = "5.1/runs" // as little as can be: a mistake elsewhere must not cost the whole step
	live := func(id, title, why string, run func(x *X)) Check {
		return Check{ID: id, Title: title, Why: why, Live: true, Needs: []string{basic}, run: run}
	}
	alone := func(c Check) Check {
		c.Alone = true
		return c
	}
	steps[4] = []Check{
		{ID: basic, Title: "TrySubmit runs a task and does not wait for it", Live: true,
			Why: "the caller has other connections to look after", run: checkTaskRuns},
		live("5.1/workers", "at most Max tasks run at once, in the order in which they were accepted, and all of them",
			"Max is the bound on what the tasks use: memory, files, the processor", checkWorkers),
		live("5.1/inner", "a task may submit another one", "a lock that is held while a task runs makes this a deadlock", checkInner),
		alone(live("5.1/shutdown", "Shutdown finishes what was accepted, takes nothing more, and leaves no goroutine",
			"a task that was accepted is a client who has been told to wait", checkPoolShutdown)),
		live("5.2/full", "exactly Max tasks run and Queue tasks wait; the next one is refused at once, and never runs",
			"a queue without a bound holds requests whose clients have gone long ago", checkFull),
		live("5.3/submit", "Submit waits for room, and no longer than its context or the pool",
			"who can wait waits for one thing of several", checkSubmit),
		live("5.4/do", "Do returns when its task has ended, and a task that waits is withdrawn when ctx is done",
			"when Do has returned, what the task used is the caller's again", checkDo),
		live("5.4/done-already", "a context that is done already refuses the task, whatever else there is to say",
			"what is left to chance is found in production", checkDoneAlready),
		alone(live("5.5/panics", "a panic costs its task and no more: Do returns it, and otherwise it is logged",
			"a worker that is lost with each panic is a pool that ends after Max of them", checkTaskPanics)),
		alone(live("5.5/goexit", "runtime.Goexit in a task counts as a panic", "a worker that ends so is lost as well", checkTaskExits)),
		live("5.6/sizes", "the pool grows up to Max with its tasks, and shrinks to Min when workers have been idle",
			"memory that a burst has taken comes back", checkSizes),
		live("5.6/busy", "workers that are used do not end, and no task is lost when one does",
			"a worker may not give up at the moment at which it gets a task", checkBusyWorkers),
		live("5.7/deadline", "a Shutdown whose context ends drops what waits, says so, and may be called again",
			"who asks for a shutdown within a time has something planned for afterwards", checkPoolDeadline),
		live("5.7/waiters", "those who wait for room are told of the shutdown", "they would wait for ever", checkWaiters),
		live("5.8/figures", "the figures of Stats add up, and say what has happened",
			"a figure that is wrong is worse than none: somebody acts on it", checkFigures),
		live("5.9/run", "Run runs its task on the caller's goroutine, when it has the place of a worker",
			"no more than Max tasks run at once, whichever way they came", checkRun),
		live("5.9/waits", "who waits in Run stands in the same queue as everybody, and leaves it when ctx is done",
			"a place that is handed over must not be lost", checkRunWaits),
		alone(live("5.9/panics", "a panic in Run is the caller's, and the place is free again",
			"a place that is lost with each panic is a pool that ends after Max of them", checkRunPanics)),
		{ID: "5.1/config", Title: "New panics for a Config that cannot be, and for no other", Why: "a mistake of the program's own is to be found at once", run: checkPoolConfig},
	}
}

// quietFor is how long nothing must happen where nothing may.
const quietFor = 25 * time.Millisecond

func checkTaskRuns(x *X) {
	p := x.pool(step05.Config{Max: 1})
	n := x.Between(1, 1000)
	p.is("TrySubmit", p.call("try", step05.Call{Task: n}), "")
	p.begins(n)
	p.end()
}

func checkWorkers(x *X) {
	most, queue := x.Between(2, 5), x.Between(4, 9)
	p := x.pool(step05.Config{Max: most, Queue: queue})
	p.tries(0, most+queue, most+queue)
	p.beginAny(most)
	p.nothing()
	for i := range queue { // each that ends makes room for the next in the queue
		for task := range p.running {
			p.word(task, "return")
			break
		}
		p.begins(most + i)
	}
	p.nothing()
	p.end()
	x.Doing("one worker")
	p = x.pool(step05.Config{Max: 1, Queue: queue})
	p.tries(0, queue+1, queue+1)
	for i := range queue + 1 {
		p.begins(i)
		p.nothing()
		p.word(i, "return")
	}
}

func checkInner(x *X) {
	p := x.pool(step05.Config{Max: 2, Queue: 1})
	p.tries(0, 1, 1)
	p.begins(0)
	p.word(0, "submit")
	p.beginAny(2) // the first one tells of its error, the inner one that it runs
	if _, ok := p.running[1000]; !ok {
		x.Failf("a task that a task has submitted does not run")
	}
	p.end()
}

func checkPoolShutdown(x *X) {
	p := x.pool(step05.Config{Min: 2, Max: 3, Queue: 5})
	p.tries(0, 8, 8) // there is no room for another one, whenever Shutdown begins
	p.beginAny(3)
	c := p.Go("shutdown", time.Minute)
	second := p.Go("shutdown", time.Minute)
	for !p.shuts() {
	}
	if c.Returned(quietFor) {
		x.Failf("Shutdown has returned with tasks that run and wait")
	}
	p.end()
	p.beginAny(3)
	p.is("TrySubmit after Shutdown", p.call("try", step05.Call{Task: 100}), "ErrShutdown")
	p.end()
	p.beginAny(2)
	p.end()
	p.is("Shutdown", p.result(c), "")
	p.is("a second Shutdown", p.result(second), "")
	p.is("a third Shutdown, without any time", p.call("shutdown", time.Duration(0)), "")
	p.is("Submit after Shutdown", p.call("submit", step05.Call{Task: 101}), "ErrShutdown")
	p.is("Do after Shutdown", p.call("do", step05.Call{Task: 102}), "ErrShutdown")
	p.is("Run after Shutdown", p.call("run", step05.Call{Task: 103}), "ErrShutdown")
	p.nothing()
	var st pool.Stats
	if p.Call("stats", nil, &st); st.Workers != 0 {
		x.Failf("there are %d workers after Shutdown", st.Workers)
	}
	x.Doing("pools that were shut down")
	before := x.stats()
	for range 20 {
		p := x.pool(step05.Config{Min: 5, Max: 10})
		p.is("Shutdown", p.call("shutdown", time.Minute), "")
		p.End()
	}
	x.settles(before, 60)
}

func checkTaskPanics(x *X) {
	x.tasksEnd("panic", func(p *pool5, task int, e step05.Err) {
		if e.Value != fmt.Sprintf("task %d", task) || !e.Stack {
			x.Fail(Failure{Brief: "the PanicError has another value, or no stack", Got: e.Value})
		}
		if _, ok := p.Try("log", nil, quietFor); ok {
			x.Failf("a panic that Do returns is logged as well")
		}
	}, func(task int, logged string) {
		if !strings.Contains(logged, fmt.Sprintf("task %d", task)) {
			x.Fail(Failure{Brief: "what is logged of a panic does not have its value", Got: logged})
		}
	})
}

func checkTaskExits(x *X) {
	x.tasksEnd("goexit", func(_ *pool5, _ int, e step05.Err) {
		if e.Value != "<nil>" {
			x.Fail(Failure{Brief: "the value of the PanicError is not nil", Got: e.Value})
		}
	}, func(int, string) {})
}

// tasksEnd has tasks end in a way that could end a worker too: some whose error Do returns,
// for done to look at, and some that are logged. All workers are there afterwards.
func (x *X) tasksEnd(how string, done func(p *pool5, task int, e step05.Err), logged func(task int, text string)) {
	const most = 2
	p := x.pool(step05.Config{Max: most, Queue: 1})
	for i := range 3 * most {
		c := p.Go("do", step05.Call{Task: i})
		p.begins(i)
		p.word(i, how)
		e := p.result(c)
		p.is("Do whose task ended with "+how, e, "PanicError")
		done(p, i, e)
	}
	for i := 100; i < 100+3*most; i++ {
		p.tries(i, i+1, 1)
		p.begins(i)
		p.word(i, how)
		text := ""
		p.Event("log", &text)
		logged(i, text)
	}
	x.Doing("after tasks that ended with " + how)
	p.stats("then", p.any(pool.Stats{Accepted: 6 * most, Done: 6 * most, Panicked: 6 * most}))
	p.tries(200, 200+most+2, most+1)
	p.beginAny(most)
	p.end()
}

func checkSizes(x *X) {
	const idle = 150 * time.Millisecond
	p := x.pool(step05.Config{Min: 2, Max: 6, Queue: 3, Idle: idle})
	p.size("at the start", 2)
	for round := range 2 {
		n := x.Between(4, 6)
		from := round * 10
		for i := range n {
			p.tries(from+i, from+i+1, 1)
			p.began()
		}
		p.size(fmt.Sprintf("with %d tasks", n), n)
		began := time.Now()
		p.end()
		for p.workers() >= n && time.Since(began) < x.patience {
			time.Sleep(2 * time.Millisecond)
		}
		if took := time.Since(began); took < idle-10*time.Millisecond {
			x.Failf("a worker has ended after %v, and its IdleTimeout is %v", took.Round(time.Millisecond), idle)
		}
		p.size("after the IdleTimeout", 2)
		time.Sleep(2 * idle)
		p.size("long after the IdleTimeout", 2)
	}
	x.Doing("no minimum")
	p = x.pool(step05.Config{Max: 3, Idle: idle})
	p.size("at the start", 0)
	p.tries(0, 3, 3)
	p.beginAny(3)
	p.end()
	p.size("after the IdleTimeout", 0)
	p.tries(10, 11, 1)
	p.begins(10)
	p.end()
	x.Doing("two workers that become idle one after the other")
	const late = 400 * time.Millisecond
	p = x.pool(step05.Config{Max: 2, Idle: late})
	p.tries(0, 2, 2)
	p.beginAny(2)
	p.word(0, "return")
	time.Sleep(late / 2)
	began := time.Now() // before the second one can be idle
	p.word(1, "return")
	p.size("after the IdleTimeout of both", 0)
	if took := time.Since(began); took < late {
		x.Failf("both have ended %v after the second task, and the IdleTimeout is %v", took.Round(time.Millisecond), late)
	}
}

func checkBusyWorkers(x *X) {
	const idle = 200 * time.Millisecond
	p := x.pool(step05.Config{Max: 3, Queue: 2, Idle: idle})
	p.tries(0, 3, 3)
	p.beginAny(3)
	p.end()
	// One task at a time, again and again: one worker does it, and the others end.
	n := 3
	for end := time.Now().Add(4 * idle); time.Now().Before(end) && n > 1; time.Sleep(20 * time.Millisecond) {
		p.tries(10, 11, 1)
		p.begins(10)
		p.end()
		n = p.workers()
	}
	if n != 1 {
		x.Failf("with one task every 20 ms and an IdleTimeout of %v, there are %d workers after a while: want 1", idle, n)
	}
	x.Doing("tasks that come when a worker is about to end")
	p = x.pool(step05.Config{Max: 2, Queue: 50, Idle: time.Millisecond})
	for i := range 60 {
		p.tries(i, i+1, 1)
		p.begins(i)
		p.end()
		time.Sleep(time.Duration(x.Between(500, 1500)) * time.Microsecond)
	}
}

func checkFigures(x *X) {
	p := x.pool(step05.Config{Min: 1, Max: 2, Queue: 2})
	p.stats("at the start", pool.Stats{Workers: 1, Idle: 1})
	p.tries(0, 6, 4)
	p.beginAny(2)
	p.stats("with two tasks that run and two that wait, and two refused", pool.Stats{Workers: 2, Running: 2, Waiting: 2, Accepted: 4, Refused: 2})
	gone := p.Go("submit", step05.Call{Task: 7, Ctx: 1})
	if gone.Returned(quietFor) {
		x.Failf("Submit has returned although there is no room")
	}
	p.Call("cancel", 1, nil)
	p.is("Submit", p.result(gone), "context.Canceled")
	p.stats("with a Submit whose context has ended", pool.Stats{Workers: 2, Running: 2, Waiting: 2, Accepted: 4, Refused: 3})
	p.end()
	p.beginAny(2)
	p.stats("with two tasks done", pool.Stats{Workers: 2, Running: 2, Accepted: 4, Refused: 3, Done: 2})
	do := p.Go("do", step05.Call{Task: 8, Ctx: 2})
	p.stats("with one more that waits", pool.Stats{Workers: 2, Running: 2, Waiting: 1, Accepted: 5, Refused: 3, Done: 2})
	p.Call("cancel", 2, nil)
	p.is("Do", p.result(do), "context.Canceled")
	p.stats("with one that was withdrawn", pool.Stats{Workers: 2, Running: 2, Accepted: 5, Refused: 3, Done: 2, Withdrawn: 1})
	for task := range p.running {
		p.word(task, "panic")
	}
	p.stats("with two that have panicked", pool.Stats{Workers: 2, Idle: 2, Accepted: 5, Refused: 3, Done: 4, Panicked: 2, Withdrawn: 1})
	x.Doing("figures right after Do has returned")
	for i := range 30 {
		do := p.Go("do", step05.Call{Task: 100 + i})
		p.begins(100 + i)
		p.end()
		p.is("Do", p.result(do), "")
		var st pool.Stats
		if p.Call("stats", nil, &st); st.Done != int64(5+i) {
			x.Failf("%d tasks are counted as done when the caller of the %dth has been told", st.Done, 5+i)
		}
	}
	var behind int64
	if p.Call("counted", 5000, &behind); behind > 0 {
		x.Failf("%d more tasks have returned to callers of Do than are counted as done", behind)
	}
	x.Doing("figures of a shutdown without time")
	p = x.pool(step05.Config{Max: 1, Queue: 2})
	p.tries(0, 3, 3)
	p.begins(0)
	p.call("shutdown", time.Millisecond)
	p.stats("while a task still runs", pool.Stats{Workers: 1, Running: 1, Accepted: 3, Dropped: 2})
	p.is("TrySubmit", p.call("try", step05.Call{Task: 5}), "ErrShutdown")
	p.end()
	p.stats("when it has ended", pool.Stats{Accepted: 3, Refused: 1, Done: 1, Dropped: 2})
}

func checkPoolConfig(x *X) {
	var cases []Case[step05.Config]
	for range 40 {
		cases = append(cases, Case[step05.Config]{Class: "a Config with numbers of any sign", Arg: step05.Config{
			Min: x.Between(-2, 8), Max: x.Between(-1, 8), Queue: x.Between(-1, 3), Idle: time.Duration(x.Between(-1, 1)) * time.Second}})
	}
	cases = append(cases, Case[step05.Config]{Class: "the zero Config"}, Case[step05.Config]{Class: "Min above DefaultMax", Arg: step05.Config{Min: pool.DefaultMax + 1}},
		Case[step05.Config]{Class: "Min of DefaultMax", Arg: step05.Config{Min: pool.DefaultMax}})
	Compare(x, "pool.New", step05.New, cases)
}
