package diagram_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"barewire/docs/diagram"
)

// The pictures in testdata are what SVG makes of the sources beside them. UPDATE=1 writes them anew:
// look at them in a browser then.
func TestGolden(t *testing.T) {
	sources, _ := filepath.Glob("testdata/*.mmd")
	if len(sources) == 0 {
		t.Fatal("no sources in testdata")
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := diagram.SVG(string(source))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden := strings.TrimSuffix(name, ".mmd") + ".svg"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what SVG makes now: UPDATE=1 go test ./diagram, and look at it", golden)
		}
		wellFormed(t, got)
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "style" || a.Name.Local == "id" || strings.HasPrefix(a.Name.Local, "on") {
					t.Fatalf("<%s> has an attribute %s", e.Name.Local, a.Name.Local)
				}
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, row := range []struct {
		name, source string
		line         int
		reason       string // a part of it
	}{
		{"nothing at all", "\n%% only a comment\n", 1, "empty"},
		{"another kind", "pie\n", 1, `"pie" is no kind`},
		{"an unknown direction", "flowchart XY\nA --> B", 1, `direction "XY"`},
		{"no node", "flowchart LR\n", 2, "without a node"},
		{"a link to nothing", "flowchart LR\nA -->\n", 2, "a node is missing"},
		{"no arrow", "flowchart LR\n\nA B\n", 3, "an arrow is missing"},
		{"half an arrow", "flowchart LR\nA -- B\n", 2, "has no end"},
		{"an arrow that is none", "flowchart LR\nA --. B\n", 2, "has no end"},
		{"text without an end", "flowchart LR\nA -->|yes B\n", 2, "no closing |"},
		{"two texts", "flowchart LR\nA -- a -->|b| B\n", 2, "two texts"},
		{"a bracket that stays open", "flowchart LR\nA[text\n", 2, "has no ]"},
		{"brackets in the text", "flowchart LR\nA[text (more)]\n", 2, "put it in quotes"},
		{"a quote that stays open", "flowchart LR\nA[\"text]\n", 2, "no closing quote"},
		{"text behind the quotes", "flowchart LR\nA[\"text\" more]\n", 2, "not with ]"},
		{"a shape that is not known", "flowchart LR\nA>text]\n", 2, "shape >"},
		{"a class", "flowchart LR\nA:::red --> B\n", 2, "an arrow is missing"},
		{"a style", "flowchart LR\nA --> B\nstyle A fill:#f00\n", 3, "looks are the page's"},
		{"a node called end", "flowchart LR\nA --> end\n", 2, "end is a word"},
		{"an end too many", "flowchart LR\nA\nend\n", 3, "nothing has begun"},
		{"a subgraph without end", "flowchart LR\nsubgraph a\nb\n", 4, `"a" has no end`},
		{"a subgraph without name", "flowchart LR\nsubgraph\nend\n", 2, "without a name"},
		{"a subgraph with nothing in it", "flowchart LR\nA\nsubgraph b\nend\n", 5, `nothing is in group "b"`},
		{"a subgraph twice", "flowchart LR\nsubgraph b\nA\nend\nsubgraph b\nB\nend", 5, `second group "b"`},
		{"an arrow out of a group into itself", "flowchart LR\nsubgraph b\nA --> b\nend\n", 5, "that it is in"},
		{"two arrows to oneself", "flowchart LR\nA --> A\nA --> A", 3, "let one edge have all the text"},
		{"too many nodes", "flowchart LR\n" + strings.Repeat("A --> B\n", 200), 202, "too large"},
		{"a state with a strange name", "stateDiagram-v2\na b --> c\n", 2, "no name of a state"},
		{"regions", "stateDiagram-v2\nstate a {\nb\n--\nc\n}\n", 4, "side by side"},
		{"another state of a kind", "stateDiagram-v2\nstate a <<history>>\n", 2, "choice, fork or join"},
		{"a note without an end", "stateDiagram-v2\na\nnote right of a\nb\n", 3, "without end note"},
		{"a note nowhere", "stateDiagram-v2\nnote under a: b\n", 2, "right of"},
		{"a text without a name", "stateDiagram-v2\nstate \"a\"\n", 2, "as name"},
		{"nobody", "sequenceDiagram\n", 2, "nobody takes part"},
		{"no message", "sequenceDiagram\nA says something\n", 2, "no line of a sequence"},
		{"a message from nobody", "sequenceDiagram\n->>B: a\n", 2, "no name of a participant"},
		{"somebody twice", "sequenceDiagram\nparticipant A\nparticipant A\n", 3, "second participant"},
		{"a note that says nothing", "sequenceDiagram\nA->>B: a\nNote over A\n", 3, "without text"},
		{"a note beside two", "sequenceDiagram\nNote left of A,B: a\n", 2, "two participants"},
		{"a note somewhere", "sequenceDiagram\nNote under A: a\n", 2, "over, left of or right of"},
		{"an else without alt", "sequenceDiagram\nA->>B: a\nelse b\n", 3, "outside"},
		{"an else in a loop", "sequenceDiagram\nloop a\nA->>B: a\nelse b\nend\n", 4, "outside"},
		{"an end without a beginning", "sequenceDiagram\nend\n", 2, "nothing has begun"},
		{"a loop without end", "sequenceDiagram\nloop a\nA->>B: a\n", 4, "loop has no end"},
		{"a loop in which nothing happens", "sequenceDiagram\nloop a\nend\n", 3, "nothing happens"},
		{"the end of what did not begin", "sequenceDiagram\nA->>B: a\ndeactivate A\n", 3, "not active"},
		{"a coloured box", "sequenceDiagram\nrect rgb(1,2,3)\n", 2, "rect is not known"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := diagram.SVG(row.source)
			var e *diagram.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *diagram.Error", err)
			}
			if e.Line != row.line || !strings.Contains(e.Reason, row.reason) {
				t.Errorf("got line %d: %s\nwant line %d: ... %s ...", e.Line, e.Reason, row.line, row.reason)
			}
		})
	}
}

// A reader who does not see the picture gets all its texts, in the order of the source.
func TestTextAlternative(t *testing.T) {
	for _, row := range []struct {
		name, source, label, steps string
	}{
		{"a flowchart", "flowchart LR\nA[one] -->|then| B{two?}\nC\n",
			"Flowchart, 1 step", "one to two?: then. C."},
		{"states", "stateDiagram-v2\n[*] --> a: go\na --> [*]\nnote right of a: rest\n",
			"State diagram, 2 steps", "the beginning to a: go. a to the end. Note on a: rest."},
		{"a sequence", "sequenceDiagram\nA->>B: x < y\nalt yes\nB->>B: z\nelse\nB->>A: no\nend\n",
			"Sequence diagram between A and B, 3 messages",
			"1, A to B: x &lt; y. Either yes. 2, B to itself: z. Or else. 3, B to A: no. That is all of it."},
		{"its own", "flowchart LR\naccTitle: My name\naccDescr: What it is.\nA --> B\n", "My name", "What it is."},
	} {
		t.Run(row.name, func(t *testing.T) {
			svg, err := diagram.SVG(row.source)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{`role="img" aria-label="` + row.label + `"`, "<desc>" + row.steps + "</desc>"} {
				if !strings.Contains(string(svg), want) {
					t.Errorf("no %s in\n%s", want, svg)
				}
			}
		})
	}
}

// What comes from the data of the course is drawn like what is written in a page.
func TestGraphFromData(t *testing.T) {
	g := &diagram.Graph{
		Name:   "The ten steps",
		Dir:    diagram.Right,
		Nodes:  []diagram.Node{{ID: "1", Label: "1 TCP echo", Class: "done"}, {ID: "2", Label: "2 Request line", Class: "here"}},
		Edges:  []diagram.Edge{{From: "1", To: "2", Head: diagram.Arrow}},
		Groups: nil,
	}
	svg, err := g.SVG()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
	for _, want := range []string{`class="d-box d-here"`, `class="d-text d-done"`, "The ten steps, 1 step"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	g.Edges[0].To = "3"
	if _, err := g.SVG(); err == nil || !strings.Contains(err.Error(), `no "3"`) {
		t.Errorf("an edge to a node that is not there: %v", err)
	}
}

func TestReduce(t *testing.T) {
	g := &diagram.Graph{Edges: []diagram.Edge{
		{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "a", To: "c"}, {From: "c", To: "d"}, {From: "a", To: "d"}, {From: "d", To: "d"},
	}}
	g.Reduce()
	var got []string
	for _, e := range g.Edges {
		got = append(got, e.From+e.To)
	}
	if want := "ab bc cd dd"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// SVG takes anything: it draws it as well-formed XML, or says in which line it cannot.
func FuzzSVG(f *testing.F) {
	sources, _ := filepath.Glob("testdata/*.mmd")
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source))
	}
	f.Fuzz(func(t *testing.T, source string) {
		svg, err := diagram.SVG(source)
		if err != nil {
			var e *diagram.Error
			if !errors.As(err, &e) || e.Line < 1 || e.Line > strings.Count(source, "\n")+1 || e.Reason == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		wellFormed(t, svg)
	})
}
