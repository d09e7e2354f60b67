package right

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Way is one of the ways in which programs are tried.
type Way string

// The ways.
const (
	Own   Way = "own"   // each author's step on their own earlier ones: a learner's whole course
	Alone Way = "alone" // each program on the reference's earlier steps
	Races Way = "race"  // as Own, with the race detector and in another order
	Mixed Way = "mixed" // on other authors' earlier steps
)

// Ways are all of them, the quickest first.
var Ways = []Way{Own, Alone, Races, Mixed}

// A Survey is what became of the programs.
type Survey struct {
	c        *Collection
	verdicts map[Program]map[Way][]Verdict
}

// A trial is one run of go test.
type trial struct {
	chain Chain
	steps []string
	args  []string
}

// trials returns what there is to run, for the steps that begin so.
func (c *Collection) trials(way Way, prefix string, seed uint64) (all []trial) {
	var steps []string
	for _, step := range c.Steps {
		if strings.HasPrefix(step, prefix) {
			steps = append(steps, step)
		}
	}
	written := func(chain Chain) []string {
		return slices.DeleteFunc(slices.Clone(steps), func(step string) bool { return chain[step] == Reference })
	}
	switch way {
	case Own, Races:
		for _, author := range c.Authors {
			chain := c.Own(author)
			all = append(all, trial{chain, written(chain), nil})
			if way == Races {
				all[len(all)-1].args = []string{"-race", "-shuffle=on"}
			}
		}
	case Alone:
		for _, author := range c.Authors {
			for _, step := range steps {
				if c.Has(author, step) {
					all = append(all, trial{c.Alone(author, step), []string{step}, nil})
				}
			}
		}
	case Mixed:
		for _, chain := range c.Mixed(seed) {
			all = append(all, trial{chain, written(chain), nil})
		}
	}
	return slices.DeleteFunc(all, func(t trial) bool { return len(t.steps) == 0 })
}

// Survey tries the programs of the steps whose folders begin so, in some ways. Found is
// called with each verdict.
func (c *Collection) Survey(ctx context.Context, ways []Way, prefix string, seed uint64, found func(Way, Verdict)) (*Survey, error) {
	s := &Survey{c, map[Program]map[Way][]Verdict{}}
	for _, way := range ways {
		for _, t := range c.trials(way, prefix, seed) {
			verdicts, err := c.Run(ctx, t.chain, t.steps, t.args...)
			if err != nil {
				return nil, err
			}
			for _, v := range verdicts {
				if s.verdicts[v.Program] == nil {
					s.verdicts[v.Program] = map[Way][]Verdict{}
				}
				s.verdicts[v.Program][way] = append(s.verdicts[v.Program][way], v)
				found(way, v)
			}
		}
	}
	return s, nil
}

// Table returns the programs by step and author: how many lines each has, and what
// became of it.
func (s *Survey) Table() []string {
	rows := []string{"| step | " + strings.Join(s.c.Authors, " | ") + " |", "|---" + strings.Repeat("|---", len(s.c.Authors)) + "|"}
	for _, step := range s.c.Steps {
		row := "| " + step
		for _, author := range s.c.Authors {
			row += " | " + s.cell(Program{author, step})
		}
		rows = append(rows, row+" |")
	}
	return rows
}

// cell is what the table says of one program.
func (s *Survey) cell(p Program) string {
	if s.c.Lines[p] == 0 {
		return "-"
	}
	cell := fmt.Sprintf("%d lines", s.c.Lines[p])
	for _, way := range Ways {
		verdicts := s.verdicts[p][way]
		if len(verdicts) == 0 {
			continue
		}
		ok := 0
		for _, v := range verdicts {
			if v.OK() {
				ok++
			}
		}
		switch {
		case len(verdicts) > 1:
			cell += fmt.Sprintf(", %s %d of %d", way, ok, len(verdicts))
		case ok == 1:
			cell += fmt.Sprintf(", %s", way)
		default:
			cell += fmt.Sprintf(", %s REFUSED", way)
		}
	}
	return cell
}
