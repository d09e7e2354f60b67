package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/bench/replay"
	"barewire/checker/internal/load"
)

// A sample is what one server had in one shape in one round.
type sample map[*Metric]float64

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// turn measures one server in one shape. Each turn has a process of its own, so that
// nothing of another shape is left in it.
func (f *field) turn(ctx context.Context, s *Server, shape *Shape, d time.Duration) (sample, error) {
	switch {
	case shape.Kind == Replays:
		batch, n := shape.Batch()
		return f.replay(ctx, s, batch, n, d)
	case shape.Kind == Grows:
		return f.grow(ctx, s, shape, d)
	}
	p, err := f.start(ctx, s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	switch shape.Kind {
	case Paced:
		return paced(ctx, p, shape, d)
	case Idle:
		return idle(ctx, p, shape)
	}
	return closed(ctx, p, shape, d)
}

// replay measures a server in a process without a kernel. Batch has n requests.
func (f *field) replay(ctx context.Context, s *Server, batch []byte, n int, d time.Duration, more ...string) (sample, error) {
	args := []string{"-replay", strconv.Itoa(n), "-for", d.String()}
	cmd := exec.CommandContext(ctx, f.programs[f.key(s)], slices.Concat(args, s.Args, more)...)
	cmd.Stdin = bytes.NewReader(batch)
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	var r replay.Result
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	return sample{Time: r.Nanoseconds, Work: r.Processor, Allocs: math.Round(100*r.Allocations) / 100}, err
}

// paced measures how long requests take that come on a schedule.
func paced(ctx context.Context, p *process, shape *Shape, d time.Duration) (sample, error) {
	target := &url.URL{Scheme: "http", Host: p.addr, Path: "/"}
	var fields []string
	for line := range strings.SplitSeq(shape.Fields, "\r\n") {
		if line != "" {
			fields = append(fields, line)
		}
	}
	request, err := load.NewRequest("GET", target, fields, nil, true)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", p.addr) }
	o := load.Options{Request: request, Rate: shape.Rate, Conns: shape.Conns, Duration: d / 4, Timeout: patience, Dial: dial}
	if _, err := load.Run(ctx, o); err != nil {
		return nil, err
	}
	o.Duration = 2 * d // few are as late as the p99
	pids := family(p.cmd.Process.Pid)
	before, err := cpuOf(pids)
	if err != nil {
		return nil, err
	}
	r, err := load.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	after, err := cpuOf(pids)
	if r.Failed() > 0 || r.Interrupted {
		return nil, fmt.Errorf("%d of %d requests failed", r.Failed(), r.Requests())
	}
	return sample{
		CPU: micro(after-before) / float64(r.Requests()),
		P50: micro(r.Latency(50)), P99: micro(r.Latency(99)),
	}, err
}
