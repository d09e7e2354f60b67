package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// settled is how long a server has to put things away before its memory is looked at.
const settled = 500 * time.Millisecond

// closed measures what a request costs a server that is asked as fast as it answers.
func closed(ctx context.Context, p *process, shape *Shape, d time.Duration) (sample, error) {
	c, err := newClient(shape, p.addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.openAll(ctx); err != nil {
		return nil, err
	}
	if err := c.run(ctx, d/4); err != nil {
		return nil, err
	}
	pids := family(p.cmd.Process.Pid)
	before, err := cpuOf(pids)
	if err != nil {
		return nil, err
	}
	answered, begun := c.answered, time.Now()
	// Of a few answers the first may be older than the measurement.
	enough := answered + int64(8*shape.Conns*max(shape.Pipeline, 1))
	for err == nil && (c.answered < enough || time.Since(begun) < d) {
		err = c.run(ctx, min(d, 50*time.Millisecond))
		if time.Since(begun) > 2*patience {
			break
		}
	}
	took := time.Since(begun)
	after, cpuErr := cpuOf(pids)
	if err = errors.Join(err, cpuErr); err != nil {
		return nil, err
	}
	n := float64(c.answered - answered)
	if c.answered < enough {
		return nil, fmt.Errorf("only %.0f answers in %v", n, took)
	}
	return sample{CPU: micro(after-before) / n, Rate: n / took.Seconds()}, nil
}

// keep opens connections that ask once and then keep still, until the function is called
// that it returns.
func keep(ctx context.Context, p *process, conns int) (end func(), err error) {
	c, err := newClient(&Shape{Conns: conns}, p.addr)
	if err != nil {
		return nil, err
	}
	if err := c.openQuiet(ctx); err != nil {
		c.close()
		return nil, err
	}
	time.Sleep(settled)
	return c.close, nil
}

// idle measures the memory of connections that have asked once.
func idle(ctx context.Context, p *process, shape *Shape) (sample, error) {
	// What a first request makes a server keep is not a connection's.
	end, err := keep(ctx, p, 1)
	if err != nil {
		return nil, err
	}
	defer end()
	pids := family(p.cmd.Process.Pid)
	before, err := memoryOf(pids)
	if err != nil {
		return nil, err
	}
	conns := min(shape.Conns, mostFiles()-200)
	endAll, err := keep(ctx, p, conns)
	if err != nil {
		return nil, err
	}
	defer endAll()
	after, err := memoryOf(pids)
	return sample{Memory: float64(after-before) / 1024 / float64(conns)}, err
}
