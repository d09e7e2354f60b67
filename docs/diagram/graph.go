package diagram

import (
	"fmt"
	"slices"
)

// A Graph is boxes and arrows: a flowchart, a state diagram, or a picture made from data.
type Graph struct {
	Name  string // what a screen reader calls the picture; "Flowchart" if empty
	Dir   Dir
	Nodes []Node
	Edges []Edge
	// Groups are frames around nodes. A group comes after the one that it is in.
	Groups []Group
}

// A Dir is where arrows lead.
type Dir string

const (
	Down  Dir = "TD"
	Up    Dir = "BT"
	Right Dir = "LR"
	Left  Dir = "RL"
)

func (d Dir) sideways() bool { return d == Right || d == Left }

// A Node is one box of a Graph.
type Node struct {
	ID    string
	Label string // a line break is kept, and long lines are broken at spaces
	Shape Shape
	Class string // added to the box's classes: "here", "done" and "muted" have a look
	Group string // the ID of the group it is in, if any
	Note  string // stands beside it
}

// A Shape is the outline of a node.
type Shape string

const (
	Box      Shape = "" // with slightly round corners
	Round    Shape = "round"
	Stadium  Shape = "stadium"
	Diamond  Shape = "diamond"
	Hexagon  Shape = "hexagon"
	Circle   Shape = "circle"
	Cylinder Shape = "cylinder"
	Double   Shape = "double" // a box with a second line on either side
	Lean     Shape = "lean"   // a parallelogram
	Start    Shape = "start"  // a dot, without text
	End      Shape = "end"    // a dot in a circle, without text
	Bar      Shape = "bar"    // where states fork and join, without text
)

// An Edge is an arrow from one node or group to another, or to itself.
type Edge struct {
	From, To string
	Label    string
	Line     Line
	Head     Head // at To
	Tail     Head // at From
	Class    string
	Length   int // at least so many ranks; 0 counts as 1
}

// A Line is how an edge is drawn.
type Line string

const (
	Solid  Line = ""
	Dotted Line = "dotted"
	Thick  Line = "thick"
)

// A Head is what stands at the end of an edge.
type Head string

const (
	NoHead Head = ""
	Arrow  Head = "arrow"
	Dot    Head = "dot"
	Cross  Head = "cross"
	Open   Head = "open" // an arrow of two strokes
)

// A Group is a frame with a title around nodes and other groups.
type Group struct {
	ID, Label string
	Group     string // the one it is in, if any
	Dir       Dir    // of what is inside; empty: as outside
}

// Limits keep a picture readable, and the build quick.
const (
	maxNodes = 50
	maxEdges = 80
)

// check reports what cannot be drawn.
func (g *Graph) check() error {
	if len(g.Nodes) == 0 {
		return fmt.Errorf("a diagram without a node")
	}
	if len(g.Nodes) > maxNodes || len(g.Edges) > maxEdges {
		return fmt.Errorf("too large to be read: %d nodes and %d edges, of at most %d and %d", len(g.Nodes), len(g.Edges), maxNodes, maxEdges)
	}
	switch g.Dir {
	case "", Down, Up, Right, Left:
	default:
		return fmt.Errorf("unknown direction %q", g.Dir)
	}
	groups := map[string]bool{"": true}
	for _, gr := range g.Groups {
		if groups[gr.ID] {
			return fmt.Errorf("two groups %q, or one without a name", gr.ID)
		}
		if !groups[gr.Group] {
			return fmt.Errorf("group %q is in %q, which does not stand before it", gr.ID, gr.Group)
		}
		groups[gr.ID] = true
	}
	parent := map[string]string{} // of groups and nodes
	for _, gr := range g.Groups {
		parent[gr.ID] = gr.Group
	}
	filled := map[string]bool{}
	seen := map[string]bool{}
	for _, n := range g.Nodes {
		if n.ID == "" || seen[n.ID] || groups[n.ID] {
			return fmt.Errorf("two nodes or groups %q, or one without a name", n.ID)
		}
		if !groups[n.Group] {
			return fmt.Errorf("node %q is in %q, which is no group", n.ID, n.Group)
		}
		seen[n.ID] = true
		parent[n.ID] = n.Group
		for in := n.Group; in != ""; in = parent[in] {
			filled[in] = true
		}
	}
	for _, gr := range g.Groups {
		if !filled[gr.ID] {
			return fmt.Errorf("nothing is in group %q", gr.ID)
		}
	}
	loops := map[string]bool{}
	for _, e := range g.Edges {
		for _, id := range []string{e.From, e.To} {
			if id == "" || !seen[id] && !groups[id] {
				return fmt.Errorf("an edge from %q to %q, but there is no %q", e.From, e.To, id)
			}
		}
		if e.Length > 5 {
			return fmt.Errorf("the edge from %q to %q is longer than 5 ranks", e.From, e.To)
		}
		for _, pair := range [][2]string{{e.From, e.To}, {e.To, e.From}} {
			for in := parent[pair[0]]; in != ""; in = parent[in] {
				if in == pair[1] {
					return fmt.Errorf("an edge between %q and the group %q that it is in", pair[0], in)
				}
			}
		}
		if e.From == e.To && (groups[e.From] || loops[e.From]) {
			return fmt.Errorf("a group, or a second edge, from %q to itself: let one edge have all the text", e.From)
		}
		loops[e.From] = loops[e.From] || e.From == e.To
	}
	return nil
}

// Reduce leaves out the edges that others already say: those from a to c where one can also go from a
// to c by way of b. What imports what, and what needs what, is easier to see without them.
func (g *Graph) Reduce() {
	next := map[string][]string{}
	for _, e := range g.Edges {
		next[e.From] = append(next[e.From], e.To)
	}
	var reach func(from, to string, seen map[string]bool) bool
	reach = func(from, to string, seen map[string]bool) bool {
		if from == to {
			return true
		}
		if seen[from] {
			return false
		}
		seen[from] = true
		for _, n := range next[from] {
			if reach(n, to, seen) {
				return true
			}
		}
		return false
	}
	g.Edges = slices.DeleteFunc(g.Edges, func(e Edge) bool {
		return slices.ContainsFunc(next[e.From], func(by string) bool {
			return by != e.To && by != e.From && reach(by, e.To, map[string]bool{e.From: true})
		})
	})
}
