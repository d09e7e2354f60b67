// Package bench measures what a request costs our server and others, side by side.
//
// One round lets every server have its turn in every shape, in a random order; the turns
// of a shape follow each other. A turn is a new process of the server, a moment to warm
// up, and the measurement. Ratios are made within a round, so what disturbs all of it
// falls out, and the spread of the ratios of all rounds says what may be concluded: see
// [Conclude].
//
// What counts is the processor time that the server has used for a request, by the
// kernel's count. Requests a second are of less use on a machine that makes the load
// as well: there a server is fast if it leaves the client enough to be fast.
//
// It leaves out what a request costs over a network, and everything but HTTP/1.1
// without TLS.
//
// Read shapes.go first, which is what is measured, and server.go, which is who; then
// turn.go and client_linux.go, how; stats.go and goals.go, what follows; and table.go,
// plot.go and page.go, how it is shown. grow.go is about one server alone.
package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"barewire/checker/internal/workshop"

	"golang.org/x/term"
)

// settings are what the command line says.
type settings struct {
	rounds  int
	each    time.Duration
	shapes  []*Shape
	subject *Server
	who     []*Server
	dir     string
	docs    bool
	args    []string
}

// Main is the command bench.
func Main(ctx context.Context, w *workshop.Workshop, args []string) int {
	s, err := parse(args)
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	if runtime.GOOS != "linux" {
		return w.Fail(workshop.Red, errors.New("bench: only Linux says how much processor time another process has used; "+
			"on this system there is make load, and go test -bench"))
	}
	begun := time.Now()
	f, err := newField(w)
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	defer f.remove()
	r, err := s.measure(ctx, f)
	if r == nil {
		return w.Fail(workshop.Red, err)
	}
	r.Begun, r.Took = begun, time.Since(begun)
	r.Machine, r.Processors, r.Versions = machine(), runtime.GOMAXPROCS(0), f.versions(ctx, r.servers)
	w.Printf("%s", r.Text())
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	page := filepath.Join(s.dir, "bench.md")
	if s.docs {
		s.dir, page = w.Path("docs/bench"), w.Path("docs/bench.md")
	} else if s.dir == "" {
		s.dir = filepath.Join(w.Root, workshop.StateDir, "bench")
		page = filepath.Join(s.dir, "bench.md")
	}
	if err := r.write(page, s.dir); err != nil {
		return w.Fail(workshop.Red, err)
	}
	w.Lines("", "written to "+page)
	if len(r.Failures) > 0 {
		return workshop.Red
	}
	return workshop.Green
}

// parse reads the command line.
func parse(args []string) (*settings, error) {
	s := &settings{args: args}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&s.rounds, "rounds", 0, "how many `rounds`, of all shapes; without it, as many as end within two minutes, without the shapes for growth. Four or fewer allow no conclusion")
	flags.DurationVar(&s.each, "each", 100*time.Millisecond, "how `long` each turn is measured; twice as long on a schedule")
	shapes := flags.String("shapes", "", "only these `shapes`, with commas: "+names(Shapes, func(s *Shape) string { return s.Name }))
	who := flags.String("who", "", "only these `servers`, with commas, the first of which is compared with the others; a single one is compared with all")
	flags.StringVar(&s.dir, "o", "", "write the page and its plots to this `folder` instead of .barewire/bench")
	flags.BoolVar(&s.docs, "docs", false, "write docs/bench.md and docs/bench")
	rest, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "bench", rest)
	}
	switch {
	case err != nil:
		return nil, err
	case s.rounds < 0 || s.rounds > mostRounds:
		return nil, fmt.Errorf("bench: %d rounds; up to %d are possible", s.rounds, mostRounds)
	case s.each < 10*time.Millisecond || s.each > time.Minute:
		return nil, fmt.Errorf("bench: %v for a turn; from 10ms to 1m are possible", s.each)
	}
	if s.shapes, err = pick(*shapes, Shapes, func(s *Shape) string { return s.Name }); err != nil {
		return nil, fmt.Errorf("bench: -shapes: %w", err)
	}
	if *shapes == "" && s.rounds == 0 {
		// Two minutes are short, and these take long.
		s.shapes = slices.DeleteFunc(s.shapes, func(s *Shape) bool { return s.Kind == Grows })
	}
	if err := s.choose(*who); err != nil {
		return nil, fmt.Errorf("bench: -who: %w", err)
	}
	return s, nil
}

func serverName(s *Server) string { return s.Name }

// choose decides who takes part.
func (s *settings) choose(who string) error {
	usual := slices.DeleteFunc(slices.Clone(Servers), func(s *Server) bool { return s.AllOn })
	chosen, err := pick(who, usual, serverName)
	if err != nil {
		return err
	}
	usual = slices.DeleteFunc(usual, func(s *Server) bool { return s.Mine })
	switch {
	case who == "":
		chosen = usual
	case len(chosen) == 1:
		usual = slices.DeleteFunc(usual, func(s *Server) bool { return s == chosen[0] })
		chosen = append(chosen, usual...)
	}
	s.subject = chosen[0]
	for _, one := range Servers {
		if one.AllOn && one.Pkg == s.subject.Pkg && one.Mine == s.subject.Mine && s.subject.Name != "net/http" {
			chosen = append(chosen, one)
		}
	}
	s.who = chosen
	return nil
}

func names[T any](all []*T, name func(*T) string) string {
	var list []string
	for _, one := range all {
		list = append(list, name(one))
	}
	return strings.Join(list, ", ")
}

// pick returns those of all that are named, in the order of their names, or all.
func pick[T any](text string, all []*T, name func(*T) string) ([]*T, error) {
	if text == "" {
		return slices.Clone(all), nil
	}
	var chosen []*T
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		i := slices.IndexFunc(all, func(one *T) bool { return name(one) == word })
		if i < 0 {
			return nil, fmt.Errorf("there is no %q; there are %s", word, names(all, name))
		}
		if !slices.Contains(chosen, all[i]) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// measure runs all rounds. What could not be measured is among the Failures; an error
// says that there is less than was asked for, as it was interrupted.
func (s *settings) measure(ctx context.Context, f *field) (*Report, error) {
	begun := time.Now()
	r := &Report{Each: s.each, Args: s.args, values: make(map[cell][]float64)}
	for _, one := range s.who {
		err := f.build(ctx, one)
		switch {
		case ctx.Err() != nil:
			return nil, errors.New("bench: interrupted before there was anything to report")
		case err != nil && (one.Pkg == "" || one.Module != ""):
			r.Missing = append(r.Missing, err.Error())
		case err != nil:
			r.fail(err)
		default:
			r.servers = append(r.servers, one)
		}
	}
	if !slices.Contains(r.servers, s.subject) || len(r.servers) == 0 {
		return nil, fmt.Errorf("bench: %s is what the others are compared with, and cannot be measured:\n%s", s.subject.Name, strings.Join(append(r.Missing, r.Failures...), "\n"))
	}
	// One that is not finished is found out here, and not once in each shape.
	p, err := f.start(ctx, s.subject)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	p.stop()
	r.subject = s.subject
	for _, shape := range s.shapes {
		if slices.ContainsFunc(r.servers, func(one *Server) bool { return one.takesPart(shape, s.subject) }) {
			r.shapes = append(r.shapes, shape)
		}
	}
	last := time.Duration(0)
	for s.another(r.Rounds, time.Since(begun), last) {
		start := time.Now()
		if err := s.round(ctx, f, r); err != nil {
			return r, err
		}
		r.Rounds++
		last = time.Since(start)
	}
	return r, nil
}

// mostRounds bounds what somebody may ask for by mistake.
const mostRounds = 1000

// budget is what all rounds may take, where nobody has said how many there are to be.
const budget = 110 * time.Second

// another says whether there is to be another round after so many, which took so long with
// what comes before them, and the last one alone.
func (s *settings) another(rounds int, took, last time.Duration) bool {
	switch {
	case s.rounds > 0:
		return rounds < s.rounds
	case rounds == 0:
		return true
	}
	return rounds < mostRounds && took+last < budget
}

// round lets each server have its turn in each shape.
func (s *settings) round(ctx context.Context, f *field, r *Report) error {
	tty := term.IsTerminal(int(os.Stderr.Fd()))
	if tty {
		defer fmt.Fprintf(f.w.Err, "\r%40s\r", "")
	}
	for i, shape := range r.shapes {
		if tty {
			fmt.Fprintf(f.w.Err, "\rround %d, shape %d of %d   ", r.Rounds+1, i+1, len(r.shapes))
		}
		turns := r.taking(shape)
		rand.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
		for _, one := range turns {
			got, err := f.turn(ctx, one, shape, s.each)
			if ctx.Err() != nil {
				return errors.New("bench: interrupted; above is what there was until then")
			}
			if err != nil {
				r.fail(fmt.Errorf("%s, %s: %w", one.Name, shape.Title, err))
			}
			r.add(shape, one, r.Rounds, got)
		}
	}
	return nil
}

// A cell is what one figure is about.
type cell struct {
	shape  *Shape
	server *Server
	metric *Metric
}

// A Report is all that was measured.
type Report struct {
	Begun      time.Time
	Took       time.Duration
	Rounds     int
	Each       time.Duration
	Args       []string
	Machine    string
	Processors int
	Versions   string
	Missing    []string // servers that are not installed
	Failures   []string // what should have been measured

	subject *Server
	servers []*Server
	shapes  []*Shape
	values  map[cell][]float64 // by round
}

// fail remembers what went wrong, once.
func (r *Report) fail(err error) {
	if !slices.Contains(r.Failures, err.Error()) && len(r.Failures) < 50 {
		r.Failures = append(r.Failures, err.Error())
	}
}

// add stores a sample; without one the round counts as failed for this server.
func (r *Report) add(shape *Shape, server *Server, round int, s sample) {
	for _, m := range shape.Kind.Metrics() {
		v, ok := s[m]
		if !ok {
			v = math.NaN()
		}
		key := cell{shape, server, m}
		for len(r.values[key]) < round {
			r.values[key] = append(r.values[key], math.NaN())
		}
		r.values[key] = append(r.values[key], v)
	}
}

// Spread returns the spread of one figure.
func (r *Report) Spread(shape *Shape, server *Server, m *Metric) Spread {
	return SpreadOf(r.values[cell{shape, server, m}])
}

// ratios returns the ratios between the subject and server; for a shape with everything on
// those between server, which has it on, and the subject.
func (r *Report) ratios(shape *Shape, server *Server, m *Metric) []float64 {
	a, b := r.subject, server
	if shape.AllOn {
		a, b = server, r.subject
	}
	return Ratios(r.values[cell{shape, a, m}], r.values[cell{shape, b, m}])
}

// Compare returns the spread of the ratios, and what follows.
func (r *Report) Compare(shape *Shape, server *Server, m *Metric) (Spread, Finding) {
	ratios := r.ratios(shape, server, m)
	return SpreadOf(ratios), Conclude(ratios)
}

// write writes the page, and the plots into dir.
func (r *Report) write(page, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var plots []string
	draw := func(name, title, svg string) error {
		file := filepath.Join(dir, name+".svg")
		link, err := filepath.Rel(filepath.Dir(page), file)
		plots = append(plots, fmt.Sprintf("![%s](%s)", title, filepath.ToSlash(link)))
		return errors.Join(err, os.WriteFile(file, []byte(svg), 0o666))
	}
	for _, p := range r.Plots() {
		if err := draw(p.Name, p.Title, p.SVG()); err != nil {
			return err
		}
	}
	if len(r.grown()) > 0 {
		if err := draw("grows-work", "Processor time with more and more of something", r.GrowthSVG()); err != nil {
			return err
		}
	}
	return os.WriteFile(page, []byte(r.Markdown(plots)), 0o666)
}
