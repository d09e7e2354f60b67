package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"barewire/checker/internal/fixture"
)

var nan = math.NaN()

func TestSpread(t *testing.T) {
	for _, row := range []struct {
		name   string
		values []float64
		want   Spread
	}{
		{"no values", nil, Spread{nan, nan, nan, 0}},
		{"one is all three", []float64{7}, Spread{7, 7, 7, 1}},
		{"two: the middle is between them, the quartiles too", []float64{4, 8}, Spread{5, 6, 7, 2}},
		{"five, in any order", []float64{50, 10, 40, 20, 30}, Spread{20, 30, 40, 5}},
		{"one that is far off moves neither quartile of five", []float64{10, 20, 30, 40, 9999}, Spread{20, 30, 40, 5}},
		{"a round that failed does not count", []float64{nan, 4, nan, 8}, Spread{5, 6, 7, 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, SpreadOf(row.values), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("SpreadOf(%v) (-want +got):\n%s", row.values, diff)
			}
		})
	}
}

func TestSpreadKeepsOrder(t *testing.T) {
	values := []float64{3, 1, 2}
	SpreadOf(values)
	if !slices.Equal(values, []float64{3, 1, 2}) {
		t.Errorf("the values are %v now: rounds could not be paired any more", values)
	}
}

func TestRatios(t *testing.T) {
	for _, row := range []struct {
		name string
		a, b []float64
		want []float64
	}{
		{"round by round", []float64{10, 30}, []float64{20, 20}, []float64{0.5, 1.5}},
		{"a machine that is slow in one round is so for both", []float64{10, 100}, []float64{20, 200}, []float64{0.5, 0.5}},
		{"a round that one has not finished", []float64{10, nan, 30}, []float64{nan, 20, 20}, []float64{nan, nan, 1.5}},
		{"a round that was cut off", []float64{10, 30}, []float64{20}, []float64{0.5}},
		{"nothing to divide by", []float64{10}, []float64{0}, []float64{nan}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, Ratios(row.a, row.b), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("Ratios(%v, %v) (-want +got):\n%s", row.a, row.b, diff)
			}
		})
	}
}

func TestConclude(t *testing.T) {
	for _, row := range []struct {
		name   string
		ratios []float64
		want   Finding
	}{
		{"nothing was measured", nil, Unknown},
		{"one round, however far off", []float64{0.1}, Unknown},
		{"four rounds on one side: one case in eight by chance", []float64{0.5, 0.5, 0.5, 0.5}, Unknown},
		{"five rounds on one side", []float64{0.5, 0.6, 0.5, 0.7, 0.99}, Less},
		{"five on the other", []float64{2, 3, 2, 1.01, 4}, More},
		{"1 is in the spread", []float64{0.9, 0.95, 1, 1.05, 1.1}, Unknown},
		{"1 is the end of the spread", []float64{0.9, 0.9, 0.9, 1, 1}, Unknown},
		{"four of five, which is one case in three", []float64{0.5, 0.5, 0.5, 0.6, 1.2}, Unknown},
		{"seven of eight", []float64{0.5, 0.5, 0.5, 0.6, 0.5, 0.5, 0.5, 1.2}, Less},
		{"six of eight", []float64{0.5, 0.5, 0.5, 0.6, 0.5, 0.5, 1.1, 1.2}, Unknown},
		{"15 of 20, where 1 is in the spread all the same", append(slices.Repeat([]float64{0.9}, 15), 2, 2, 2, 2, 2), Unknown},
		{"a difference that is smaller than the spread", []float64{0.7, 1.2, 0.8, 1.3, 0.9, 1.1, 0.75}, Unknown},
		{"rounds that failed are not on a side", []float64{nan, 0.5, 0.5, nan, 0.5, 0.5}, Unknown},
		{"equal throughout", []float64{1, 1, 1, 1, 1, 1}, Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Conclude(row.ratios); got != row.want {
				t.Errorf("Conclude(%v) is %v, not %v", row.ratios, got, row.want)
			}
		})
	}
}

func TestGoals(t *testing.T) {
	atMost, atLeast, zero := Goal{Metric: CPU, Bound: 0.9}, Goal{Metric: Rate, Bound: 0.9, AtLeast: true}, Goal{Metric: Allocs}
	low, high := []float64{0.8, 0.85, 0.8, 0.85, 0.8}, []float64{0.95, 0.96, 0.95, 0.96, 1.2}
	for _, row := range []struct {
		name   string
		goal   Goal
		values []float64
		want   string
	}{
		{"below the most", atMost, low, "met"},
		{"above it, though below 1", atMost, high, "missed"},
		{"below the least", atLeast, low, "missed"},
		{"above it", atLeast, high, "met"},
		{"on either side", atMost, []float64{0.8, 0.85, 0.9, 0.95, 1}, "?"},
		{"below, and too few rounds", atMost, low[:4], "?"},
		{"none, but for what happens now and then", zero, []float64{0, 0.01, 0.2}, "met"},
		{"one", zero, []float64{1, 1, 1}, "missed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.goal.verdict(row.values); got != row.want {
				t.Errorf("%v: %v is %s, not %s", row.goal, row.values, got, row.want)
			}
		})
	}
	for _, g := range Goals {
		i := slices.IndexFunc(Shapes, func(s *Shape) bool { return s.Name == g.Shape })
		if i < 0 || !slices.Contains(Shapes[i].Kind.Metrics(), g.Metric) {
			t.Errorf("%s: %v: there is no such figure", g.Shape, g)
		}
	}
}

// steady is a report of five rounds: ours is better than fasthttp in one shape, and there
// is no difference in the other; nginx has failed once.
func steady() *Report {
	server := func(name string) *Server {
		return Servers[slices.IndexFunc(Servers, func(s *Server) bool { return s.Name == name })]
	}
	shape := func(name string) *Shape {
		return Shapes[slices.IndexFunc(Shapes, func(s *Shape) bool { return s.Name == name })]
	}
	r := &Report{
		Begun: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC), Took: 93 * time.Second, Rounds: 5, Each: 150 * time.Millisecond,
		Args: []string{"-who", "ours,fasthttp,nginx"}, Machine: "A processor, Linux 6", Processors: 2, Versions: "go1.26",
		Missing: []string{"gnet cannot be built and is not measured: no network\nmore"}, values: make(map[cell][]float64),
		subject: server("ours"), servers: []*Server{server("fasthttp"), server("ours"), server("ours, all on"), server("nginx")},
		shapes: []*Shape{shape("get"), shape("post"), shape("all"), shape("paced5k"), shape("idle"), shape("replay"),
			shape("routes10"), shape("routes100k"), shape("open10"), shape("open1k"), shape("open10k")},
	}
	for round := range 5 {
		slow := 1 + float64(round)/10 // all of a round
		up := 1 + float64(round%3-1)/5
		r.add(shape("get"), server("ours"), round, sample{CPU: 8 * slow, Rate: 100_000 / slow})
		r.add(shape("get"), server("fasthttp"), round, sample{CPU: 10 * slow, Rate: 80_000 / slow})
		if round != 2 {
			r.add(shape("get"), server("nginx"), round, sample{CPU: 8 * slow * up, Rate: 100_000 / slow / up})
		}
		r.add(shape("post"), server("ours"), round, sample{CPU: 8 * slow, Rate: 1000})
		r.add(shape("post"), server("fasthttp"), round, sample{CPU: 8 * slow * up, Rate: 999})
		r.add(shape("all"), server("ours"), round, sample{CPU: 8 * slow, Rate: 1000})
		r.add(shape("all"), server("ours, all on"), round, sample{CPU: 12 * slow, Rate: 700})
		for i, s := range []string{"ours", "fasthttp", "nginx"} {
			r.add(shape("paced5k"), server(s), round, sample{P99: 1000 * slow * up, P50: 100 * float64(1+i), CPU: 20})
			r.add(shape("idle"), server(s), round, sample{Memory: 4 * float64(1+i) * slow})
		}
		for i, s := range []string{"routes10", "routes100k", "open10", "open1k", "open10k"} {
			r.add(shape(s), server("ours"), round, sample{Work: 600 * slow * (1 + float64(i*i)/10)})
		}
		r.add(shape("replay"), server("ours"), round, sample{Time: 480 * slow, Work: 500 * slow, Allocs: 0})
		r.add(shape("replay"), server("fasthttp"), round, sample{Time: 1000 * slow, Work: 1001 * slow, Allocs: 0.25})
	}
	return r
}

func TestText(t *testing.T) {
	got := steady().Text()
	fixture.Golden(t, "testdata/report.txt", got)
	for line := range strings.Lines(got) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 {
			t.Errorf("a line has %d characters: %s", n, line)
		}
	}
}

func TestMarkdown(t *testing.T) {
	fixture.Golden(t, "testdata/report.md", steady().Markdown([]string{"![a plot](bench/closed-cpu.svg)", "![another](bench/idle-memory.svg)"}))
}

func TestPlots(t *testing.T) {
	plots := steady().Plots()
	var names []string
	for _, p := range plots {
		names = append(names, p.Name)
		d := xml.NewDecoder(strings.NewReader(p.SVG()))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s.svg is not XML: %v", p.Name, err)
			}
		}
	}
	if diff := cmp.Diff([]string{"closed-cpu", "paced-p99", "idle-memory", "replays-time"}, names); diff != "" {
		t.Errorf("the plots (-want +got):\n%s", diff)
	}
	fixture.Golden(t, "testdata/closed-cpu.svg", plots[0].SVG())
	fixture.Golden(t, "testdata/grows-work.svg", steady().GrowthSVG())
}

func TestShapes(t *testing.T) {
	if n := len(browser); n < 550 || n > 750 {
		t.Errorf("the fields of a browser have %d bytes, not about 600", n)
	}
	names := make(map[string]bool)
	for _, s := range Shapes {
		if names[s.Name] {
			t.Errorf("two shapes are called %s", s.Name)
		}
		names[s.Name] = true
		if strings.Contains(s.Name, ",") {
			t.Errorf("%s: -shapes could not name it", s.Name)
		}
	}
}

func TestParse(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want string // the servers, or a part of the error
	}{
		{"all but the learner's", nil, "ours, goroutines, canned, net/http, fasthttp, gnet, nginx, ours, all on"},
		{"one is compared with all", []string{"-who", "mine"}, "mine, ours, goroutines, canned, net/http, fasthttp, gnet, nginx, mine, all on"},
		{"the first is compared with the others", []string{"-who", "fasthttp,ours"}, "fasthttp, ours"},
		{"nobody of that name", []string{"-who", "apache"}, `bench: -who: there is no "apache"; there are ours, goroutines, mine, canned`},
		{"no such shape", []string{"-shapes", "get,round"}, `bench: -shapes: there is no "round"; there are get, get512`},
		{"too short", []string{"-each", "1us"}, "bench: 1µs for a turn"},
		{"too many rounds", []string{"-rounds", "9999"}, "bench: 9999 rounds; up to 1000 are possible"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := parse(row.args)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = names(s.who, serverName)
			}
			if !strings.HasPrefix(got, row.want) || err == nil && got != row.want {
				t.Errorf("%q: got %s, want %s", row.args, got, row.want)
			}
		})
	}
}

func TestAnother(t *testing.T) {
	for _, row := range []struct {
		name         string
		asked, after int
		took, last   time.Duration
		want         bool
	}{
		{"the first", 0, 0, time.Minute, 0, true},
		{"one more of 15 s would end in time", 0, 6, 90 * time.Second, 15 * time.Second, true},
		{"one more would not", 0, 7, 105 * time.Second, 15 * time.Second, false},
		{"what has taken long was the compiler", 0, 1, 75 * time.Second, 20 * time.Second, true},
		{"as many as were asked for, however long they take", 9, 8, time.Hour, time.Minute, true},
		{"and no more", 9, 9, time.Second, time.Second, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &settings{rounds: row.asked}
			if got := s.another(row.after, row.took, row.last); got != row.want {
				t.Errorf("another round: %v", got)
			}
		})
	}
}
