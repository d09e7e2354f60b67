package load

import "time"

// A kind is a way in which a request fails without an answer.
type kind int

const (
	connect kind = iota // no connection could be opened
	timeout             // the response was not whole within Options.Timeout
	reset               // the connection ended before the response did
	broken              // the response was not HTTP/1.1
	unsent              // it was due, and no connection was free for it by the end
	kinds
)

var kindNames = [kinds]string{"connect", "timeout", "reset", "broken", "unsent"}

// counts is what is counted during a run.
type counts struct {
	answered                 uint64
	statuses                 [600]uint32   // of those that were answered
	errors                   [kinds]uint64 // of those that were not
	first                    [kinds]string // an example for each kind
	again                    uint64        // sent again, because the server had closed the connection
	unfinished               uint64        // in flight when the run was interrupted
	bytesSent, bytesReceived int64

	latency Histogram // from when a request was due
	service Histogram // from when it was sent
	late    Histogram // how late the client itself was
}

// fail counts a request that was not answered.
func (c *counts) fail(k kind, why string) {
	c.errors[k]++
	if c.first[k] == "" {
		c.first[k] = why
	}
}

// giveUp counts a request that the end of an interrupted run has cut off, after
// it had taken this long.
func (c *counts) giveUp(latency time.Duration) {
	c.unfinished++
	c.latency.Record(latency)
}

// add adds all that o has counted.
func (c *counts) add(o *counts) {
	c.answered += o.answered
	for i, n := range o.statuses {
		c.statuses[i] += n
	}
	for k, n := range o.errors {
		c.errors[k] += n
		if c.first[k] == "" {
			c.first[k] = o.first[k]
		}
	}
	c.again += o.again
	c.unfinished += o.unfinished
	c.bytesSent += o.bytesSent
	c.bytesReceived += o.bytesReceived
	c.latency.Add(&o.latency)
	c.service.Add(&o.service)
	c.late.Add(&o.late)
}

// unanswered returns how many requests failed without an answer.
func (c *counts) unanswered() (n uint64) {
	for _, e := range c.errors {
		n += e
	}
	return n
}

// class returns how many answers had a status of the class, such as 4 for 4xx.
func (c *counts) class(class int) (n uint64) {
	for _, s := range c.statuses[100*class : 100*class+100] {
		n += uint64(s)
	}
	return n
}

// failed returns how many requests failed: those that were not answered, and
// those whose status is 4xx or 5xx.
func (c *counts) failed() uint64 { return c.unanswered() + c.class(4) + c.class(5) }

// A Result is what came of a run, or of several of the same target.
type Result struct {
	Elapsed     time.Duration
	CPU         time.Duration // that the client used; 0 if it is not known
	Interrupted bool
	Closed      bool // it was a closed loop
	counts
}

// Requests returns how many requests there were: answered or failed.
func (r *Result) Requests() uint64 { return r.answered + r.unanswered() }

// Failed returns how many of them failed: without an answer, or with a status of
// the class 4xx or 5xx.
func (r *Result) Failed() uint64 { return r.failed() }

// Rate returns the answers a second.
func (r *Result) Rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.answered) / r.Elapsed.Seconds()
}

// Add adds what came of another run of the same target.
func (r *Result) Add(o *Result) {
	r.Elapsed += o.Elapsed
	r.CPU += o.CPU
	r.Interrupted = r.Interrupted || o.Interrupted
	r.Closed = r.Closed || o.Closed
	r.add(&o.counts)
}

// Latency returns the time that p per cent of all requests did not take longer than,
// counted from when they were due.
func (r *Result) Latency(p float64) time.Duration { return r.latency.Percentile(p) }
