package diagram

import (
	"fmt"
	"strings"
)

// scene lays out a graph such that it is no wider than limit: with the widest text that lets it, or
// else in rows or from top to bottom, or else as narrow as it gets.
func (g *Graph) scene(limit float64) scene {
	dir := g.Dir
	if dir == "" {
		dir = Down
	}
	dirs := []Dir{dir}
	if dir.sideways() {
		dirs = append(dirs, Down)
	}
	var best scene
	for i, dir := range dirs {
		if i > 0 {
			if s, ok := g.rows(limit); ok {
				return s
			}
		}
		for wide := 210.0; wide >= 75; wide -= 15 {
			s := layout(g, dir, fitting{node: wide, diamond: min(wide, 170), label: wide})
			if s.w <= limit {
				return s
			}
			if best.w == 0 || s.w < best.w {
				best = s
			}
			if s.w > 2*limit {
				wide = min(wide, 120) // little hope
			}
		}
	}
	return best
}

// tell says in words what the graph shows: each edge once, in the order of the source, and the nodes
// that no edge leads to or from.
func (g *Graph) tell() (name, steps string) {
	name = g.Name
	if name == "" {
		name = "Flowchart"
	}
	text := map[string]string{}
	for _, n := range g.Nodes {
		text[n.ID] = oneLine(n.Label)
		switch n.Shape {
		case Start:
			text[n.ID] = "the beginning"
		case End:
			text[n.ID] = "the end"
		case Bar:
			text[n.ID] = "all at once"
		case Diamond:
			if n.Label == "" {
				text[n.ID] = "a choice"
			}
		}
		if strings.TrimSpace(text[n.ID]) == "" {
			text[n.ID] = n.ID
		}
	}
	for _, gr := range g.Groups {
		text[gr.ID] = "“" + oneLine(gr.Label) + "”"
		if gr.Label == "" {
			text[gr.ID] = "“" + gr.ID + "”"
		}
	}
	var all []string
	linked := map[string]bool{}
	for _, e := range g.Edges {
		linked[e.From], linked[e.To] = true, true
		verb := " to "
		switch {
		case e.Head == NoHead && e.Tail == NoHead:
			verb = " with "
		case e.Head != NoHead && e.Tail != NoHead:
			verb = " to and from "
		case e.Head == NoHead:
			verb = " from "
		}
		s := text[e.From] + verb + text[e.To]
		if e.Label != "" {
			s += ": " + oneLine(e.Label)
		}
		all = append(all, s)
	}
	for _, n := range g.Nodes {
		if !linked[n.ID] {
			all = append(all, text[n.ID])
		}
		if n.Note != "" {
			all = append(all, "Note on "+text[n.ID]+": "+oneLine(n.Note))
		}
	}
	for _, gr := range g.Groups {
		var in []string
		for _, n := range g.Nodes {
			if n.Group == gr.ID {
				in = append(in, text[n.ID])
			}
		}
		for _, other := range g.Groups {
			if other.Group == gr.ID {
				in = append(in, text[other.ID])
			}
		}
		all = append(all, "In "+text[gr.ID]+": "+strings.Join(in, ", "))
	}
	return fmt.Sprintf("%s, %s", name, count(len(g.Edges), "step")), strings.Join(all, ". ") + "."
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
