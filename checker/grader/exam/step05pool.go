package exam

import (
	"fmt"
	"time"

	pool "barewire/solutions/05-thread-pool"

	"barewire/checker/grader/driver/step05"
	"barewire/checker/grader/driver/wire"
)

// A pool5 is a pool in the driver.
type pool5 struct {
	*Session
	running map[int]wire.Reply // the tasks that wait for a word
}

func (x *X) pool(c step05.Config) *pool5 {
	return &pool5{x.Session("pool.Pool", c), map[int]wire.Reply{}}
}

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

// shuts says whether the pool refuses tasks because of its shutdown.
func (p *pool5) shuts() bool {
	time.Sleep(time.Millisecond)
	e := p.call("try", step05.Call{Task: 99})
	if e.Name != "ErrShutdown" && e.Name != "ErrFull" {
		p.x.Fail(Failure{Brief: "a task is accepted after Shutdown has begun", Got: e.Name})
	}
	return e.Name == "ErrShutdown"
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

// any is a Stats whose workers are those that there are: how many there are is a matter
// of chance where a task ends as the next one comes.
func (p *pool5) any(want pool.Stats) pool.Stats {
	var st pool.Stats
	p.Call("stats", nil, &st)
	want.Workers, want.Idle = st.Workers, st.Workers-want.Running
	return want
}
