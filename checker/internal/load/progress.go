package load

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"barewire/checker/internal/show"
)

// Progress is what has happened in a run so far.
type Progress struct {
	Elapsed  time.Duration
	Total    time.Duration // Options.Duration
	Requests uint64        // answered or failed
	Failed   uint64
	Now      float64       // requests a second since the last Progress
	P99      time.Duration // of the latency, since the start
}

// watch calls Watch once a second until the function that it returns is called.
func (r *run) watch(ctx context.Context) (stop func()) {
	if r.o.Watch == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		var last Progress
		for {
			select {
			case <-tick.C:
				p := r.progress()
				if passed := p.Elapsed - last.Elapsed; passed > 0 {
					p.Now = float64(p.Requests-last.Requests) / passed.Seconds()
				}
				r.o.Watch(p)
				last = p
			case <-ctx.Done():
				return
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// progress sums up what the workers have counted so far.
func (r *run) progress() Progress {
	var all counts
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		all.add(&s.counts)
		s.mu.Unlock()
	}
	failed := all.failed()
	return Progress{
		Elapsed:  time.Since(r.start),
		Total:    r.o.Duration,
		Requests: all.answered + all.unanswered(),
		Failed:   failed,
		P99:      all.latency.Percentile(99),
	}
}

// quiet is how far apart the lines of progress are where they stay.
const quiet = 5 * time.Second

// A progressWriter shows how far a run is: on a terminal in one line that is
// written anew, elsewhere in a line now and then.
type progressWriter struct {
	w       io.Writer
	rewrite bool
	prefix  string

	last  time.Duration // when a line was written that stays
	width int           // of the line that can be written anew
}

// show writes how far the run is.
func (p *progressWriter) show(at Progress) {
	line := fmt.Sprintf("%s%d s of %s  %s requests  %s a second  p99 %s  %s failed", p.prefix,
		int(at.Elapsed.Seconds()+0.5), span(at.Total), show.Number(at.Requests), amount(at.Now), span(at.P99), show.Number(at.Failed))
	if !p.rewrite {
		if at.Elapsed < p.last {
			p.last = 0 // another run has begun
		}
		if at.Elapsed-p.last >= quiet-time.Second/2 {
			p.last = at.Elapsed
			fmt.Fprintln(p.w, line)
		}
		return
	}
	width := utf8.RuneCountInString(line)
	if width >= show.Width {
		line, width = string([]rune(line)[:show.Width-1]), show.Width-1 // a longer one would stay
	}
	fmt.Fprint(p.w, "\r", line, strings.Repeat(" ", max(p.width-width, 0)))
	p.width = width
}

// clear takes the line away that would be written anew.
func (p *progressWriter) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r", strings.Repeat(" ", p.width), "\r")
		p.width = 0
	}
}
