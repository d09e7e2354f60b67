// Package load is a load generator for HTTP/1.1 servers. It sends one request
// again and again over its own connections and counts how long each took.
//
// # Latency and service time
//
// In an open loop (a rate is given) request number i is due at the time i/rate
// after the start, whatever the server does. Its latency is counted from when it
// was due, its service time from when it was sent. The two differ if all
// connections were waiting for the server at the time when the request was due.
//
// A generator that sends the next request when the last answer has come, and
// counts from there, is silent while the server stalls: of a stall of a second it
// sees one slow request on each connection, where the users of that server would
// have seen a thousand. It omits what it should measure, in coordination with the
// server, hence "coordinated omission" (Gil Tene). The latency here has each of
// the thousand, with the time that each would have waited. The service time says
// what the server does once it has got to a request.
//
// In a closed loop (no rate) there is no schedule, so the two are the same. Such
// numbers say how much a server can do, not how long its users wait.
//
// A request that timed out, for which no connection was free by the end, or that
// an interrupt has cut off, is in the latency with the time until it was given up,
// which is a lower bound: to leave it out would be an omission of the same kind.
// Requests that failed for another reason are counted, but not timed.
//
// # What it leaves out
//
// HTTP/2, redirects, cookies, more than one kind of request, and everything about
// a response but its framing and its status.
//
// Read this file first, then schedule.go and worker.go; response.go reads
// responses, histogram.go counts times, report.go and compare.go say what came of it,
// command.go is the command line.
package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Bounds of one run. They are far above what a workshop needs on one machine, and
// far below what would be an attack.
const (
	maxConns    = 1024
	maxRequests = 100_000_000
	maxDuration = 10 * time.Minute
	maxRate     = 1_000_000
	maxPipeline = 64
	maxTimeout  = time.Minute

	// maxAhead bounds the bytes of the requests that are sent without waiting for
	// a response, so that they fit what the two kernels keep: client and server
	// could otherwise both wait for each other to read.
	maxAhead = 64 << 10
)

// grace is how long after the end of the run requests are still sent that were
// due before it.
const grace = time.Second

// Options say what is sent, and how.
type Options struct {
	Request  Request
	Rate     float64       // requests a second in all; 0 for a closed loop
	Conns    int           // connections
	Duration time.Duration // how long requests are due
	Requests int           // no more than this many; 0 for no such bound
	Pipeline int           // requests in flight on a connection; 0 for 1
	Close    bool          // a new connection for each request
	Timeout  time.Duration // from when a request is sent to the end of its response

	// Dial opens a connection; the context ends with the run or with Timeout.
	Dial func(context.Context) (net.Conn, error)

	// Sleep sleeps as exactly as it can, for less than 2 ms; nil for the best that
	// the system offers. A test in a synctest bubble gives time.Sleep.
	Sleep func(time.Duration)

	// Watch is called about once a second with what has happened so far, if it
	// is not nil. It must be quick.
	Watch func(Progress)
}

// check says what is wrong with o.
func (o *Options) check() error {
	switch {
	case o.Conns < 1 || o.Conns > maxConns:
		return fmt.Errorf("load: %d connections; from 1 to %d are possible", o.Conns, maxConns)
	case o.Duration <= 0 || o.Duration > maxDuration:
		return fmt.Errorf("load: a duration of %v; up to %v are possible", o.Duration, maxDuration)
	case o.Requests < 0 || o.Requests > maxRequests:
		return fmt.Errorf("load: %d requests; up to %d are possible", o.Requests, maxRequests)
	case !(o.Rate >= 0 && o.Rate <= maxRate):
		return fmt.Errorf("load: %v requests a second; up to %d are possible", o.Rate, maxRate)
	case o.Timeout <= 0 || o.Timeout > maxTimeout:
		return fmt.Errorf("load: a timeout of %v; up to %v are possible", o.Timeout, maxTimeout)
	case o.Pipeline < 0 || o.Pipeline > maxPipeline:
		return fmt.Errorf("load: %d requests in flight; from 1 to %d are possible", o.Pipeline, maxPipeline)
	case o.Pipeline > 1 && o.Close:
		return errors.New("load: a connection for each request cannot have several in flight")
	case o.Pipeline > 1 && o.Pipeline*len(o.Request.bytes) > maxAhead:
		return fmt.Errorf("load: %d requests of %d bytes in flight; they may have %d bytes in all", o.Pipeline, len(o.Request.bytes), maxAhead)
	}
	return nil
}

// Run sends requests until the duration is over, their number is reached, or ctx
// ends, which is no error. An error says that nothing could be measured: the
// options are wrong, or no connection could be opened at the start.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.Pipeline = max(o.Pipeline, 1)
	if o.Sleep == nil {
		o.Sleep = exactSleep
	}
	r := &run{o: &o, shards: make([]shard, min(o.Conns, mostShards))}
	workers := make([]*worker, o.Conns)
	for i := range workers {
		workers[i] = newWorker(r, &r.shards[i%len(r.shards)])
	}
	if err := warm(ctx, workers); err != nil {
		return nil, err
	}
	// The clock starts when the connections are open: what follows is about
	// requests.
	cpu, _ := cpuTime()
	r.start = time.Now()
	r.schedule = newSchedule(&o, r.start)
	watched := r.watch(ctx)
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() { w.work(ctx) })
	}
	wg.Wait()
	elapsed := time.Since(r.start)
	watched()
	cpuAfter, known := cpuTime()
	result := r.collect(ctx, elapsed)
	if known {
		result.CPU = cpuAfter - cpu
	}
	return result, nil
}

// warm opens the connection of each worker. It fails if there is none that could
// be opened; a worker whose connection could not be tries again with its first
// request.
func warm(ctx context.Context, workers []*worker) error {
	errs := make([]error, len(workers))
	var wg sync.WaitGroup
	for i, w := range workers {
		wg.Go(func() { errs[i] = w.dial(ctx) })
	}
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("load: no connection could be opened: %w", errs[0])
}

// run is one call of Run.
type run struct {
	o        *Options
	start    time.Time
	schedule *schedule
	shards   []shard
}

// mostShards bounds the memory for histograms. Workers share a shard where there
// are more of them; there are never as many processors.
const mostShards = 16

// A shard is what some of the workers have counted.
type shard struct {
	mu sync.Mutex
	counts
}

// collect sums up a run that has ended.
func (r *run) collect(ctx context.Context, elapsed time.Duration) *Result {
	result := &Result{
		Elapsed:     elapsed,
		Interrupted: ctx.Err() != nil,
		Closed:      r.o.Rate == 0,
	}
	for i := range r.shards {
		result.add(&r.shards[i].counts)
	}
	for due := range r.schedule.left(elapsed) {
		if result.Interrupted {
			result.giveUp(elapsed - due)
			continue
		}
		result.fail(unsent, "no connection was free by the end of the run")
		result.latency.Record(elapsed - due)
	}
	return result
}
