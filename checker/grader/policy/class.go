package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
)

// A Class finds submissions that resemble each other. It keeps a fingerprint of each, of
// a few kilobytes, so a class of thousands fits; what the starter and the reference have
// does not count.
type Class struct {
	ignore map[uint32]bool

	mu       sync.Mutex
	students []student
}

type student struct {
	id    string
	group []string // they handed in together, so they need not differ
	same  string   // equal for equal submissions
	print hashes
}

// NewClass returns a class without submissions.
func NewClass(c *Corpus) *Class {
	ignore := make(map[uint32]bool, len(c.given))
	for h := range c.given {
		ignore[h] = true
	}
	for h, works := range c.works {
		if slices.Contains(works, reference) {
			ignore[h] = true
		}
	}
	return &Class{ignore: ignore}
}

// Add adds a submission and its fingerprint. Several goroutines may call it at once.
func (c *Class) Add(s intake.Submission, print *Print) {
	p := print.hashes(c.ignore)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.students = append(c.students, student{s.ID, s.Group, s.Digest, p})
}

// Similar is what a class has in common.
type Similar struct {
	Pairs []Pair // those worth a look, the most similar first
	class *Class
	at    map[[2]int]int // where a pair of students is in Pairs
}

// A Pair is two submissions that resemble each other.
type Pair struct {
	A, B  string  // the IDs
	Share float64 // 0 to 1: how much of the smaller one is in the other, in the steps below
	Steps []int
}

// When a step of two submissions is worth a look.
const (
	pairMarks = 24  // in common, about 200 tokens
	pairPart  = 0.5 // of the smaller one
)

// Compare compares all submissions with each other. What many have is nobody's own: it
// does not count if a quarter of the class has it, and at least eight.
func (c *Class) Compare(ctx context.Context) (*Similar, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The order in which submissions were added must not matter.
	slices.SortFunc(c.students, func(a, b student) int { return strings.Compare(a.id, b.id) })
	similar := &Similar{class: c, at: make(map[[2]int]int)}
	similar.equal()
	for n := 1; n <= 10; n++ {
		if err := similar.compare(ctx, n); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(similar.Pairs, func(a, b Pair) int {
		switch {
		case len(a.Steps) != len(b.Steps):
			return len(b.Steps) - len(a.Steps)
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return strings.Compare(a.A+"\x00"+a.B, b.A+"\x00"+b.B)
	})
	return similar, nil
}

// common reports whether so many of a class have something that it says nothing.
func common(have, class int) bool { return have >= 8 && 4*have >= class }

// compare compares one step of all.
func (s *Similar) compare(ctx context.Context, n int) error {
	all := s.class.students
	holders := make(map[uint32][]int32) // who has a hash
	for i := range all {
		for _, h := range all[i].print[n] {
			holders[h] = append(holders[h], int32(i))
		}
	}
	own := make([]int, len(all))
	for _, in := range holders {
		if !common(len(in), len(all)) {
			for _, i := range in {
				own[i]++
			}
		}
	}
	counts := make([]int32, len(all)) // what student i has in common with those after them
	for i := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		clear(counts)
		for _, h := range all[i].print[n] {
			if in := holders[h]; !common(len(in), len(all)) {
				at, _ := slices.BinarySearch(in, int32(i))
				for _, j := range in[at+1:] {
					counts[j]++
				}
			}
		}
		for j, count := range counts {
			share := float64(count) / float64(max(1, min(own[i], own[j])))
			if count >= pairMarks && share >= pairPart && !slices.Contains(all[i].group, all[j].id) {
				s.add(i, j, n, share)
			}
		}
	}
	return nil
}

// add says that a step of two students is worth a look.
func (s *Similar) add(i, j, n int, share float64) {
	at, ok := s.at[[2]int{i, j}]
	if !ok {
		at = len(s.Pairs)
		s.at[[2]int{i, j}] = at
		s.Pairs = append(s.Pairs, Pair{A: s.class.students[i].id, B: s.class.students[j].id})
	}
	p := &s.Pairs[at]
	if !slices.Contains(p.Steps, n) {
		p.Share = (p.Share*float64(len(p.Steps)) + share) / float64(len(p.Steps)+1)
		p.Steps = append(p.Steps, n)
	}
}

// equal pairs each submission with the next one that is the same in every byte, so that
// what a quarter of the class has copied is seen too.
func (s *Similar) equal() {
	last := make(map[string]int)
	for i, st := range s.class.students {
		j, seen := last[st.same]
		last[st.same] = i
		if !seen || st.same == "" || slices.Contains(st.group, s.class.students[j].id) {
			continue
		}
		for n := 1; n <= 10; n++ {
			if len(st.print[n]) >= pairMarks {
				s.add(j, i, n, 1)
			}
		}
	}
}

// Matrix returns the shares of those submissions that are in pairs, of the most
// similar ones at most limit: shares[i][j] is how much of the smaller of i and j is in
// the other, over all steps.
func (s *Similar) Matrix(limit int) (ids []string, shares [][]float64) {
	for _, p := range s.Pairs {
		for _, id := range []string{p.A, p.B} {
			if len(ids) < limit && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	prints := make([]hashes, len(ids))
	for _, st := range s.class.students {
		if i, ok := slices.BinarySearch(ids, st.id); ok {
			prints[i] = st.print
		}
	}
	for i := range ids {
		row := make([]float64, len(ids))
		for j := range ids {
			row[j] = prints[i].share(prints[j])
		}
		shares = append(shares, row)
	}
	return ids, shares
}

// share returns how much of the smaller one is in the other.
func (p hashes) share(q hashes) float64 {
	both, mine, yours := 0, 0, 0
	for n := 1; n <= 10; n++ {
		both += shared(p[n], q[n])
		mine, yours = mine+len(p[n]), yours+len(q[n])
	}
	if min(mine, yours) == 0 {
		return 0
	}
	return float64(both) / float64(min(mine, yours))
}

// Findings returns a finding for each submission that resembles others, by id.
func (s *Similar) Findings() map[string][]result.Finding {
	found := make(map[string][]result.Finding)
	for _, p := range s.Pairs {
		for _, who := range [][2]string{{p.A, p.B}, {p.B, p.A}} {
			if len(found[who[0]]) < mostFindings {
				found[who[0]] = append(found[who[0]], result.Finding{Kind: result.Review,
					Text: fmt.Sprintf("%s: %.0f %% of the smaller one reads like that of %s, names apart, beyond the starter and the reference. %s",
						list(p.Steps), 100*p.Share, result.Visible(who[1]), look4yourself)})
			}
		}
	}
	return found
}
