package policy

import (
	"fmt"
	"maps"
	"slices"

	"barewire/checker/grader/result"
)

// When a file or a step is flagged. Four people who wrote the ten steps between them
// without looking at the reference had up to 75 % of a small file in common with it,
// 20 % of a step, and nothing with other servers.
const (
	fewMarks = 16 // fewer say nothing: about 130 tokens

	// Of the reference: the starter leads everybody the same way.
	partOfStep = 0.6
	partOfFile = 0.85
	inRow      = 40 // marks, about 60 lines

	// Of another work.
	otherPart  = 0.35
	otherInRow = 12
)

const reference = "the reference solution"

// Review returns what reads like a known work. Nobody loses a point by it.
func (c *Corpus) Review(p *Print) []result.Finding {
	var found []result.Finding
	for _, n := range slices.Sorted(maps.Keys(p.steps)) {
		own, same := 0, 0
		var files []result.Finding
		for _, f := range p.steps[n] {
			works, all := c.passages(f)
			own += all
			if w := works[reference]; w != nil {
				same += w.marks
			}
			if finding, ok := flag(f, works, all); ok {
				files = append(files, finding)
			}
		}
		if same >= fewMarks && float64(same) >= partOfStep*float64(own) {
			found = append(found, result.Finding{Kind: result.Review, File: p.steps[n][0].path, Line: 1, Column: 1,
				Text: fmt.Sprintf("%d %% of what step %d has beyond the starter reads like %s, names apart. %s", 100*same/own, n, reference, look4yourself)})
			continue
		}
		found = append(found, files...)
	}
	return found
}

const look4yourself = "Compare them yourself: answers to one task can look alike, and no points depend on this"

// A passage is what a file has in common with a work.
type passage struct {
	marks       int
	row, start  int // the marks in a row up to here, and the line where they begin
	long        int // the most in a row
	first, last int // its lines
}

// passages compares a file with all works. It returns how many marks the file has beyond
// the starter, too.
func (c *Corpus) passages(f filePrint) (works map[string]*passage, own int) {
	works = make(map[string]*passage)
	for _, m := range f.marks {
		if c.given[m.hash] {
			continue
		}
		own++
		in := c.works[m.hash]
		for _, work := range in {
			if works[work] == nil {
				works[work] = new(passage)
			}
		}
		for work, p := range works {
			if !slices.Contains(in, work) {
				p.row = 0
				continue
			}
			p.marks++
			if p.row++; p.row == 1 {
				p.start = int(m.line)
			}
			if p.row > p.long {
				p.long, p.first, p.last = p.row, p.start, int(m.line)
			}
		}
	}
	return works, own
}

// flag says which work a file reads like, if it does.
func flag(f filePrint, works map[string]*passage, own int) (result.Finding, bool) {
	for _, work := range slices.Sorted(maps.Keys(works)) {
		p := works[work]
		part, row := otherPart, otherInRow
		if work == reference {
			part, row = partOfFile, inRow
		}
		if p.marks < fewMarks || float64(p.marks) < part*float64(own) && p.long < row {
			continue
		}
		return result.Finding{Kind: result.Review, File: f.path, Line: p.first, Column: 1,
			Text: fmt.Sprintf("%d %% of what this file has beyond the starter reads like %s, names apart; the longest passage is lines %d to %d. %s",
				100*p.marks/own, work, p.first, p.last, look4yourself)}, true
	}
	return result.Finding{}, false
}
