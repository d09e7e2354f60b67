package diagram

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// faults looks for what would make a picture hard to read.
func faults(s scene) []string {
	var all []string
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for i, b := range s.boxes {
		if b.x < 0 || b.y < 0 || b.x+b.w > s.w || b.y+b.h > s.h {
			fault("box %q leaves the picture", b.id)
		}
		if room := b.room(); b.text.w > max(room, 0) || b.text.h > b.h && !b.title {
			fault("the text of %q has %.0f by %.0f, and room for %.0f by %.0f", b.id, b.text.w, b.text.h, room, b.h)
		}
		for _, c := range s.boxes[i+1:] {
			if b.title && c.inside(b) || c.title && b.inside(c) || b.class == "bar" || c.class == "bar" {
				continue
			}
			if overlap(b.rect(), c.rect()) {
				fault("boxes %q and %q overlap", b.id, c.id)
			}
		}
	}
	for i, l := range s.labels {
		x, y, w, h := l.rect()
		if x < 0 || y < 0 || x+w > s.w || y+h > s.h {
			fault("label %q leaves the picture", l.text.lines)
		}
		for _, b := range s.boxes {
			if !b.title && b.class != "bar" && overlap(l.box(), b.rect()) {
				fault("label %q overlaps box %q", l.text.lines, b.id)
			}
		}
		for _, m := range s.labels[i+1:] {
			if overlap(l.box(), m.box()) {
				fault("labels %q and %q overlap", l.text.lines, m.text.lines)
			}
		}
	}
	for _, p := range s.paths {
		if p.class == "lane" {
			continue
		}
		points := p.sample()
		for _, b := range s.boxes {
			if !b.title && b.class != "bar" && slices.ContainsFunc(points, b.has) {
				fault("%s goes through box %q", p.id, b.id)
			}
		}
		for _, l := range s.labels {
			if l.id != p.id && crosses(points, l.box(), 1) {
				fault("%s goes through label %q", p.id, l.text.lines)
			}
		}
		for _, q := range points {
			if q.x < 0 || q.y < 0 || q.x > s.w || q.y > s.h {
				fault("%s leaves the picture", p.id)
				break
			}
		}
	}
	return all
}

func (b box) rect() [4]float64 { return [4]float64{b.x, b.y, b.w, b.h} }

func (b box) inside(c box) bool {
	return b.x >= c.x && b.y >= c.y && b.x+b.w <= c.x+c.w && b.y+b.h <= c.y+c.h
}

// room is how wide the text in a box may be.
func (b box) room() float64 {
	switch b.shape {
	case Diamond:
		return b.w * (1 - b.text.h/b.h)
	case Circle:
		return b.w - 4
	case Stadium, Hexagon, Lean, Double:
		return b.w - 20
	}
	return b.w - 12
}

func (l label) box() [4]float64 {
	x, y, w, h := l.rect()
	return [4]float64{x, y, w, h}
}

// has says whether a point is in the outline, and not just on it.
func (b box) has(p point) bool {
	dx, dy := math.Abs(p.x-b.cx()), math.Abs(p.y-b.cy())
	switch b.shape {
	case Diamond:
		return dx/(b.w/2)+dy/(b.h/2) < 0.94
	case Circle, Start, End:
		return math.Hypot(dx, dy) < b.w/2-2
	case Hexagon, Lean:
		return dx < b.w/2-11 && dy < b.h/2-2
	}
	return dx < b.w/2-2 && dy < b.h/2-2
}

func overlap(a, b [4]float64) bool {
	const slack = 0.5
	return a[0]+slack < b[0]+b[2] && b[0]+slack < a[0]+a[2] && a[1]+slack < b[1]+b[3] && b[1]+slack < a[1]+a[3]
}

func crosses(points []point, r [4]float64, slack float64) bool {
	for _, p := range points {
		if p.x > r[0]+slack && p.x < r[0]+r[2]-slack && p.y > r[1]+slack && p.y < r[1]+r[3]-slack {
			return true
		}
	}
	return false
}

// drawnOnce says which nodes and edges of a graph are not in the scene exactly once.
func drawnOnce(g *Graph, s scene) []string {
	count := map[string]int{}
	for _, b := range s.boxes {
		count[b.id]++
	}
	for _, p := range s.paths {
		count[p.id]++
	}
	var all []string
	want := func(id string) {
		if count[id] != 1 {
			all = append(all, fmt.Sprintf("%q is drawn %d times", id, count[id]))
		}
	}
	for _, n := range g.Nodes {
		want(n.ID)
	}
	for _, gr := range g.Groups {
		want(gr.ID)
	}
	labels := map[string]bool{}
	for _, l := range s.labels {
		labels[l.id] = true
	}
	for i, e := range g.Edges {
		want(edgeID(i))
		if (strings.TrimSpace(e.Label) != "") != labels[edgeID(i)] {
			all = append(all, fmt.Sprintf("the label of edge %d, %q, is missing or too many", i, e.Label))
		}
	}
	return all
}

// blocks returns the diagrams of a page.
func blocks(page []byte) []string {
	var all []string
	for _, m := range regexp.MustCompile("(?s)```mermaid\n(.*?)```").FindAllSubmatch(page, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// parse reads a diagram without drawing it.
func parse(source string) (drawing, error) {
	p := &parser{lines: strings.Split(source, "\n")}
	return p.parse()
}

func TestDiagramsOfTheDocs(t *testing.T) {
	pages, _ := filepath.Glob("../*.md")
	more, _ := filepath.Glob("../*/*.md")
	n := 0
	for _, name := range append(pages, more...) {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, source := range blocks(page) {
			n++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(name), i+1), func(t *testing.T) {
				d, err := parse(source)
				if err != nil {
					t.Fatal(err)
				}
				for _, width := range []float64{pageWidth, phoneWidth} {
					s := d.scene(width)
					all := faults(s)
					if g, ok := d.(*Graph); ok {
						all = append(all, drawnOnce(g, s)...)
					}
					for _, f := range all {
						t.Errorf("at %v: %s", width, f)
					}
					if s.w > pageWidth {
						t.Errorf("%v wide, and the page has %v", s.w, pageWidth)
					}
				}
			})
		}
	}
	if n == 0 {
		t.Error("no diagrams found: is the path right?")
	}
}

func TestRandomGraphs(t *testing.T) {
	words := strings.Fields("a head that is complete or was refused by the server which closes it at once")
	shapes := []Shape{Box, Round, Stadium, Diamond, Hexagon, Circle, Cylinder, Double, Lean, Start, End, Bar}
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 7))
		text := func(most int) string {
			return strings.Join(words[:r.IntN(most+1)], " ")
		}
		g := &Graph{Dir: []Dir{Down, Right, Up, Left}[r.IntN(4)]}
		groups := []string{""}
		for i := range r.IntN(4) {
			id := fmt.Sprintf("group %d", i)
			g.Groups = append(g.Groups, Group{ID: id, Label: text(6), Group: groups[r.IntN(len(groups))]})
			g.Nodes = append(g.Nodes, Node{ID: "in " + id, Label: text(5), Group: id})
			groups = append(groups, id)
		}
		for i := range 2 + r.IntN(9) {
			n := Node{ID: fmt.Sprintf("node %d", i), Label: text(8), Shape: shapes[r.IntN(len(shapes))], Group: groups[r.IntN(len(groups))]}
			if r.IntN(8) == 0 {
				n.Note = text(7) + "."
			}
			g.Nodes = append(g.Nodes, n)
		}
		loops := map[string]bool{}
		for range r.IntN(14) {
			e := Edge{From: g.Nodes[r.IntN(len(g.Nodes))].ID, To: g.Nodes[r.IntN(len(g.Nodes))].ID, Label: text(5), Head: Arrow}
			if e.From != e.To || !loops[e.From] {
				g.Edges = append(g.Edges, e)
			}
			loops[e.From] = loops[e.From] || e.From == e.To
		}
		if err := g.check(); err != nil {
			t.Fatal(err)
		}
		for _, width := range []float64{pageWidth, phoneWidth} {
			s := g.scene(width)
			for _, f := range append(faults(s), drawnOnce(g, s)...) {
				t.Errorf("seed %d, %v wide: %s", seed, width, f)
			}
			if again := g.scene(width); !bytes.Equal(again.write("", "", ""), s.write("", "", "")) {
				t.Errorf("seed %d: not the same picture twice", seed)
			}
		}
	}
}

func TestRandomSequences(t *testing.T) {
	words := strings.Fields("a head that is complete or was refused by the server which closes it at once")
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 11))
		text := func() string { return strings.Join(words[:1+r.IntN(12)], " ") }
		n := 1 + r.IntN(5)
		who := func() string { return fmt.Sprintf("p%d", r.IntN(n)) }
		b := &strings.Builder{}
		b.WriteString("sequenceDiagram\n")
		for i := range n {
			fmt.Fprintf(b, "participant p%d as %s\n", i, text())
		}
		var some func(deep int)
		some = func(deep int) {
			for range 1 + r.IntN(4) {
				switch kind := r.IntN(10); {
				case kind == 0:
					a := who()
					fmt.Fprintf(b, "activate %s\n%s->>%s: %s\ndeactivate %s\n", a, a, who(), text(), a)
				case kind == 1:
					fmt.Fprintf(b, "Note over %s,%s: %s\n", who(), who(), text())
				case kind == 2:
					fmt.Fprintf(b, "Note %s %s: %s\n", []string{"over", "left of", "right of"}[r.IntN(3)], who(), text())
				case kind == 3 && deep < 3:
					fmt.Fprintf(b, "loop %s\n", text())
					some(deep + 1)
					b.WriteString("end\n")
				case kind == 4 && deep < 3:
					fmt.Fprintf(b, "alt %s\n", text())
					some(deep + 1)
					fmt.Fprintf(b, "else %s\n", text())
					some(deep + 1)
					b.WriteString("end\n")
				default:
					fmt.Fprintf(b, "%s->>%s: %s\n", who(), who(), text())
				}
			}
		}
		some(0)
		d, err := parse(b.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []float64{pageWidth, phoneWidth} {
			s := d.scene(width)
			all := faults(s)
			drawn := map[string]int{}
			for _, p := range s.paths {
				drawn[p.id]++
			}
			for i, e := range d.(*sequence).events {
				if e.kind == message && drawn[edgeID(i)] != 1 {
					all = append(all, fmt.Sprintf("message %q is drawn %d times", e.text, drawn[edgeID(i)]))
				}
			}
			for _, f := range all {
				t.Errorf("seed %d, %v wide: %s", seed, width, f)
			}
			if t.Failed() {
				t.Fatal(b)
			}
		}
	}
}

func TestChains(t *testing.T) {
	for n := 3; n < 20; n++ {
		g := &Graph{Dir: Right, Nodes: []Node{{ID: "0", Label: "begin"}}}
		for i := 1; i < n; i++ {
			g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint(i), Label: strings.Repeat("step ", i%5+1), Shape: []Shape{Box, Diamond, Circle}[i%3]})
			g.Edges = append(g.Edges, Edge{From: fmt.Sprint(i - 1), To: fmt.Sprint(i), Head: Arrow})
		}
		for _, width := range []float64{pageWidth, phoneWidth} {
			s := g.scene(width)
			for _, f := range append(faults(s), drawnOnce(g, s)...) {
				t.Errorf("%d steps, %v wide: %s", n, width, f)
			}
		}
	}
}
