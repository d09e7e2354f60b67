//starter:omit
package pool

// A job is a task on its way through the pool.
type job struct {
	task func()
	err  error         // how it ended; set before done
	done chan struct{} // one token when it has ended; nil if nobody waits
	held bool          // in the queue; under Pool.mu

	inside chan struct{} // closed when there is room for it; nil if it does not wait for that

	// A caller of Run has no task in it: it waits for a place, and done says that
	// it has got one.
	guest bool
	place *worker // who has lent it, if any; set before done

	next, prev *job // in the queue
}

// A queue is the jobs that wait, first come, first served. It is a list whose links
// are in the jobs, so that one that is withdrawn leaves at once from the middle.
type queue struct {
	first, last *job
	n           int
}

func (q *queue) push(j *job) {
	j.prev, j.next = q.last, nil
	if q.last == nil {
		q.first = j
	} else {
		q.last.next = j
	}
	q.last = j
	q.n++
}

// pop takes the first job out, or returns nil.
func (q *queue) pop() *job {
	j := q.first
	if j != nil {
		q.remove(j)
	}
	return j
}

// remove takes j, which must be in q, out of it.
func (q *queue) remove(j *job) {
	if j.prev == nil {
		q.first = j.next
	} else {
		j.prev.next = j.next
	}
	if j.next == nil {
		q.last = j.prev
	} else {
		j.next.prev = j.prev
	}
	j.prev, j.next = nil, nil
	q.n--
}
