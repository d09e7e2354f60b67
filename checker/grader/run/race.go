package run

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/result"
)

// raceMemory is what a program with the race detector may have: it needs several times
// as much as without.
const raceMemory = 2 << 30

// mostRaces is how many are told of: one often shows up in many ways.
const mostRaces = 10

// race runs the exam once more, with the race detector, and keeps nothing of it but the
// races. The submission prints them, so they are feedback: no marks depend on them.
func (x *examining) race(ctx context.Context) error {
	p, err := x.build(ctx, build.Request{Base: result.Own, Steps: x.todo, Race: true})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var seen []result.Finding
	_, err = x.exam(ctx, exam.Config{
		Seed: x.Seed, Steps: x.todo, Base: result.Own, NoRetry: true, Patience: 3 * exam.DefaultPatience,
		Start: func(ctx context.Context, step int, _ string) (exam.Process, error) {
			if s := p.Steps[step]; !s.Built {
				return nil, &exam.Unbuilt{Message: s.Message}
			}
			return x.start(ctx, p, func(exit exam.Exit) {
				mu.Lock()
				defer mu.Unlock()
				for _, f := range races(exit.Output) {
					if !slices.Contains(seen, f) && len(seen) < mostRaces {
						seen = append(seen, f)
					}
				}
			})
		},
	})
	x.Findings = append(x.Findings, seen...)
	return err
}

var (
	access = regexp.MustCompile(`(?i)^(?:previous )?(?:atomic )?(read|write) at 0x[0-9a-f]+ by `)
	frame  = regexp.MustCompile(`^\s+(?:\S*/)?(?:barewire/)?(?:steps|own)/(\d\d-[a-z-]+)/([\w./-]+\.go):(\d+)`)
)

// races finds in what a program printed the places in the steps where two goroutines
// were at the same data.
func races(output []byte) []result.Finding {
	var found []result.Finding
	for block := range bytes.SplitSeq(output, []byte("==================")) {
		if !bytes.Contains(block, []byte("WARNING: DATA RACE")) {
			continue
		}
		var places []result.Finding // the first frame of each side that is in a step
		kind := ""
		for line := range bytes.Lines(block) {
			if m := access.FindSubmatch(line); m != nil {
				kind = string(bytes.ToLower(m[1]))
			} else if m := frame.FindSubmatch(line); m != nil && kind != "" {
				n, _ := strconv.Atoi(string(m[3]))
				places = append(places, result.Finding{Kind: result.Race, File: fmt.Sprintf("steps/%s/%s", m[1], m[2]), Line: n, Text: kind})
				kind = ""
			} else if len(bytes.TrimSpace(line)) == 0 {
				kind = ""
			}
		}
		if len(places) == 0 {
			continue
		}
		f := places[0]
		f.Text = fmt.Sprintf("a data race: this %s is not in order with what another goroutine does", places[0].Text)
		if len(places) > 1 {
			f.Text = fmt.Sprintf("a data race: this %s and the %s at %s:%d, by another goroutine, are in no order", places[0].Text, places[1].Text, path.Base(places[1].File), places[1].Line)
		}
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	return found
}
