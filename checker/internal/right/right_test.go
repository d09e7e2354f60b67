package right

import (
	"slices"
	"testing"
)

// For any two steps and any two authors of them there is a chain with both, and a chain
// has nobody at a step that they have not written.
func TestMixed(t *testing.T) {
	c := &Collection{Steps: []string{"01-a", "02-b", "03-c", "04-d", "05-e"}, Authors: []string{"ann", "bob", "eve"}, Lines: map[Program]int{}}
	for _, author := range c.Authors {
		for _, step := range c.Steps {
			if author != "eve" || step > "02-b" { // she came late
				c.Lines[Program{author, step}] = 1
			}
		}
	}
	delete(c.Lines, Program{"ann", "05-e"})
	delete(c.Lines, Program{"bob", "05-e"})
	delete(c.Lines, Program{"eve", "05-e"})
	for seed := range uint64(20) {
		chains := c.Mixed(seed)
		if len(chains) > 15 {
			t.Errorf("seed %d: %d chains, where 9 are enough", seed, len(chains))
		}
		for _, chain := range chains {
			if chain["05-e"] != Reference {
				t.Errorf("seed %d: %q at a step that nobody has written", seed, chain["05-e"])
			}
			for step, author := range chain {
				if !c.Has(author, step) {
					t.Errorf("seed %d: %s has not written %s", seed, author, step)
				}
			}
		}
		for i, a := range c.Steps {
			for _, b := range c.Steps[i+1:] {
				for _, x := range c.Of(a) {
					for _, y := range c.Of(b) {
						if !slices.ContainsFunc(chains, func(chain Chain) bool { return chain[a] == x && chain[b] == y }) {
							t.Errorf("seed %d: %s of %s and %s of %s never meet", seed, a, x, b, y)
						}
					}
				}
			}
		}
	}
}

func TestTable(t *testing.T) {
	c := &Collection{Steps: []string{"01-a", "02-b"}, Authors: []string{"ann", "bob"},
		Lines: map[Program]int{{"ann", "01-a"}: 10, {"bob", "01-a"}: 20, {"ann", "02-b"}: 30}}
	refused := Verdict{Faults: []string{"TestTask1_A"}}
	s := &Survey{c, map[Program]map[Way][]Verdict{
		{"ann", "01-a"}: {Own: {{}}, Alone: {refused}},
		{"ann", "02-b"}: {Mixed: {{}, refused, {}}},
	}}
	want := []string{
		"| step | ann | bob |",
		"|---|---|---|",
		"| 01-a | 10 lines, own, alone REFUSED | 20 lines |",
		"| 02-b | 30 lines, mixed 2 of 3 | - |",
	}
	if got := s.Table(); !slices.Equal(got, want) {
		t.Errorf("the table is\n%q\nwant\n%q", got, want)
	}
}
