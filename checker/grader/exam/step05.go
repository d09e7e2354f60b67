package exam

import (
	"fmt"
	"strings"
	"time"

	pool "barewire/solutions/05-thread-pool"

	"barewire/checker/grader/driver/step05"
	"barewire/checker/grader/driver/wire"
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

// A pool5 is a pool in the driver.
type pool5 struct {
	*Session
	running map[int]wire.Reply // the tasks that wait for a word
}

func (x *X) pool(c step05.Config) *pool5 {
	return &pool5{x.Session("pool.Pool", c), map[int]wire.Reply{}}
}

// quietFor is how long nothing must happen where nothing may.
const quietFor = 25 * time.Millisecond

// began waits for the next task that runs.
func (p *pool5) began() step05.Running {
	var r step05.Running
	e := p.Event("task", &r)
	p.running[r.Task] = e
	return r
}

// begins waits for some tasks, which have to be these, in this order.
func (p *pool5) begins(tasks ...int) {
	for _, want := range tasks {
		if r := p.began(); r.Task != want {
			p.x.Failf("task %d runs where task %d should", r.Task, want)
		}
	}
}

// beginAny waits for so many tasks, in any order.
func (p *pool5) beginAny(n int) {
	for range n {
		p.began()
	}
}

// nothing fails if another task begins.
func (p *pool5) nothing() {
	var r step05.Running
	if _, ok := p.Try("task", &r, quietFor); ok {
		p.x.Failf("task %d runs, and should not", r.Task)
	}
}

// word tells a task what to do.
func (p *pool5) word(task int, do string) {
	e, ok := p.running[task]
	if !ok {
		panic(fmt.Sprintf("task %d does not run", task))
	}
	delete(p.running, task)
	p.Answer(e, step05.Word{Do: do, N: task + 1000})
}

// end ends all tasks that run.
func (p *pool5) end() {
	for task := range p.running {
		p.word(task, "return")
	}
}

// call calls something that returns an error.
func (p *pool5) call(fn string, arg any) step05.Err {
	var e step05.Err
	p.Call(fn, arg, &e)
	return e
}

// is fails unless an error is the one that is wanted.
func (p *pool5) is(what string, got step05.Err, want string) {
	if got.Name != want {
		if want == "" {
			want = "no error"
		}
		p.x.Fail(Failure{Brief: what + " returned another error than it should", Want: want, Got: got.Name})
	}
}

// result waits for a call.
func (p *pool5) result(c *Pending) step05.Err {
	var e step05.Err
	c.Wait(&e)
	return e
}

// tries submits tasks from..to-1 and fails unless the first n are accepted and the
// others are refused.
func (p *pool5) tries(from, to, n int) {
	var tasks []int
	for i := from; i < to; i++ {
		tasks = append(tasks, i)
	}
	var errs []step05.Err
	p.Call("tries", tasks, &errs)
	for i, e := range errs {
		want := ""
		if i >= n {
			want = "ErrFull"
		}
		p.is(fmt.Sprintf("TrySubmit of task %d of %d, with room for %d,", i+1, to-from, n), e, want)
	}
}

// stats waits until the figures are what they should be.
func (p *pool5) stats(what string, want pool.Stats) {
	if got, ok := p.until(func(s pool.Stats) bool { return s == want }); !ok {
		p.x.Fail(Failure{Brief: what + ": Stats are not what they should be", Want: fmt.Sprintf("%+v", want), Got: fmt.Sprintf("%+v", got)})
	}
}

// done waits until so many tasks are. On a busy machine, their workers may be idle for too
// long meanwhile.
func (p *pool5) done(n int64) {
	if got, ok := p.until(func(s pool.Stats) bool { return s.Done == n }); !ok {
		p.x.Fail(Failure{Brief: fmt.Sprintf("%d tasks have ended, and Stats have %d", n, got.Done)})
	}
}

// until asks for Stats again and again until they are as they should be, and says whether
// they came to be that in time.
func (p *pool5) until(right func(pool.Stats) bool) (got pool.Stats, ok bool) {
	for end := time.Now().Add(p.x.patience / 2); ; time.Sleep(2 * time.Millisecond) {
		got = pool.Stats{}
		if p.Call("stats", nil, &got); right(got) {
			return got, true
		}
		if time.Now().After(end) {
			return got, false
		}
	}
}

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

// shuts says whether the pool refuses tasks because of its shutdown.
func (p *pool5) shuts() bool {
	time.Sleep(time.Millisecond)
	e := p.call("try", step05.Call{Task: 99})
	if e.Name != "ErrShutdown" && e.Name != "ErrFull" {
		p.x.Fail(Failure{Brief: "a task is accepted after Shutdown has begun", Got: e.Name})
	}
	return e.Name == "ErrShutdown"
}

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

// waiting waits until so many tasks wait in the queue.
func (p *pool5) waiting(n int) {
	var st pool.Stats
	for end := time.Now().Add(p.x.patience / 2); st.Waiting != n; time.Sleep(time.Millisecond) {
		if p.Call("stats", nil, &st); time.Now().After(end) {
			// Stats may not be written yet; by now the call has been made.
			return
		}
	}
}

// rest waits until no task runs. Stats may not be written yet: then it does not wait.
func (p *pool5) rest() {
	var st pool.Stats
	for end := time.Now().Add(p.x.patience / 2); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if p.Call("stats", nil, &st); st.Running == 0 {
			return
		}
	}
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

// workers asks how many workers there are.
func (p *pool5) workers() int {
	var st pool.Stats
	p.Call("stats", nil, &st)
	return st.Workers
}

// size waits until there are so many workers.
func (p *pool5) size(what string, want int) {
	var n int
	for end := time.Now().Add(p.x.patience / 2); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if n = p.workers(); n == want {
			return
		}
	}
	p.x.Failf("%s: there are %d workers, want %d", what, n, want)
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

// any is a Stats whose workers are those that there are: how many there are is a matter
// of chance where a task ends as the next one comes.
func (p *pool5) any(want pool.Stats) pool.Stats {
	var st pool.Stats
	p.Call("stats", nil, &st)
	want.Workers, want.Idle = st.Workers, st.Workers-want.Running
	return want
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
