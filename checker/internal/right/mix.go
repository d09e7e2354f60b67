package right

import "math/rand/v2"

// Mixed returns chains of several authors: for any two steps and any two of their
// authors there is a chain in which both are. Which chains these are depends on the
// seed, and how many is for chance as well: with four authors, about thirty.
func (c *Collection) Mixed(seed uint64) []Chain {
	r := rand.New(rand.NewPCG(seed, 0))
	missing := map[[2]Program]bool{}
	for i, a := range c.Steps {
		for _, b := range c.Steps[i+1:] {
			for _, x := range c.Of(a) {
				for _, y := range c.Of(b) {
					missing[[2]Program{{x, a}, {y, b}}] = true
				}
			}
		}
	}
	covers := func(chain Chain) (all [][2]Program) {
		for i, a := range c.Steps {
			for _, b := range c.Steps[i+1:] {
				pair := [2]Program{{chain[a], a}, {chain[b], b}}
				if missing[pair] {
					all = append(all, pair)
				}
			}
		}
		return all
	}
	var chains []Chain
	for len(missing) > 0 {
		// The best of some by chance: what is best of all takes long to find.
		var best Chain
		var most [][2]Program
		for range 200 {
			chain := c.random(r)
			if pairs := covers(chain); len(pairs) > len(most) {
				best, most = chain, pairs
			}
		}
		for _, pair := range most {
			delete(missing, pair)
		}
		if len(most) > 0 {
			chains = append(chains, best)
		}
	}
	return chains
}

// random is a chain by chance.
func (c *Collection) random(r *rand.Rand) Chain {
	chain := Chain{}
	for _, step := range c.Steps {
		chain[step] = Reference
		if authors := c.Of(step); len(authors) > 0 {
			chain[step] = authors[r.IntN(len(authors))]
		}
	}
	return chain
}
