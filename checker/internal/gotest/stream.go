package gotest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An event is a line of "go test -json"; "go doc test2json" and "go help
// buildjson" say what is in it. It is read here, for what reads it elsewhere
// takes longer to compile than the tests of a step.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of the package that is built, with build-output
	Test        string
	Elapsed     float64 // in seconds
	Output      string
	FailedBuild string
}

// A stream takes the events of "go test -json" one by one.
type stream struct {
	dir      string
	packages []*building
	builds   map[string][]BuildError // by the package that could not be built
	header   string                  // the package in the last "# package" line
	stray    []string                // lines that are not events
}

// A building is a Package while its events arrive.
type building struct {
	Package
	tests       map[string]*Test
	lines       []line
	lastRun     string // the test that began last
	failedBuild string
}

// A line is one line of output, without its end.
type line struct {
	test  string
	text  string
	ended bool // false if the next piece of the same test belongs to it
	// latest is the test that had begun last when the line was printed, and begun
	// how many had.
	latest string
	begun  int
}

func newStream(dir string) *stream {
	return &stream{dir: dir, builds: make(map[string][]BuildError)}
}

// read takes the events, a line each, until there are no more. Lines that are
// none are stray.
func (s *stream) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadBytes('\n')
		text = bytes.TrimSpace(text)
		var e event
		switch {
		case len(text) == 0:
		case text[0] != '{' || json.Unmarshal(text, &e) != nil:
			s.stray = append(s.stray, string(text))
		default:
			s.event(e)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// event takes the next event.
func (s *stream) event(e event) {
	if e.Action == "build-output" {
		s.build(e.ImportPath, strings.TrimSuffix(e.Output, "\n"))
		return
	}
	if e.Package == "" {
		return
	}
	p := s.pkg(e.Package)
	switch {
	case e.Action == "output":
		p.print(e.Test, e.Output)
	case e.Test != "":
		p.event(e)
	case e.ends():
		p.Outcome = e.outcome()
		p.Elapsed = time.Duration(e.Elapsed * float64(time.Second))
		p.failedBuild = e.FailedBuild
	}
}

// pkg returns the package with an import path, and adds it if it is new.
func (s *stream) pkg(path string) *building {
	for _, p := range s.packages {
		if p.Path == path {
			return p
		}
	}
	p := &building{Package: Package{Path: path}, tests: make(map[string]*Test)}
	s.packages = append(s.packages, p)
	return p
}

// ends reports whether nothing follows on an event of its test or package.
func (e event) ends() bool { return e.Action == "pass" || e.Action == "fail" || e.Action == "skip" }

// outcome returns what an event says that ends a test or a package.
func (e event) outcome() Outcome {
	switch e.Action {
	case "pass":
		return Pass
	case "skip":
		return Skip
	}
	return Fail
}

// event takes an event of a test that is not output.
func (p *building) event(e event) {
	t := p.tests[e.Test]
	if t == nil {
		t = &Test{Name: e.Test}
		p.tests[e.Test] = t
		p.Tests = append(p.Tests, t)
	}
	switch {
	case e.Action == "run":
		p.lastRun = e.Test
	case e.ends():
		t.Outcome = e.outcome()
		t.Elapsed = max(0, time.Duration(e.Elapsed*float64(time.Second)))
	}
}

// print takes a piece of output. The go command cuts long lines into pieces.
func (p *building) print(test, text string) {
	for piece := range strings.Lines(text) {
		text, ended := strings.CutSuffix(piece, "\n")
		if n := len(p.lines); n > 0 && !p.lines[n-1].ended && p.lines[n-1].test == test {
			p.lines[n-1].text += text
			p.lines[n-1].ended = ended
			continue
		}
		p.lines = append(p.lines, line{test, text, ended, p.lastRun, len(p.Tests)})
	}
}

// position finds the place in a complaint such as "vet: steps/a/b.go:3:24: text".
var position = regexp.MustCompile(`^(?:vet: )?(.+?\.go):(\d+):(?:(\d+):)? (.*)$`)

// build takes a line that the compiler, vet or the go command printed.
func (s *stream) build(path, text string) {
	if header, ok := strings.CutPrefix(text, "# "); ok {
		s.header = strings.Trim(header, "[]")
		return
	}
	errs := s.builds[path]
	m := position.FindStringSubmatch(text)
	switch {
	case m != nil:
		l, _ := strconv.Atoi(m[2])
		c, _ := strconv.Atoi(m[3])
		errs = append(errs, BuildError{s.relative(m[1]), l, c, m[4]})
	case strings.HasPrefix(text, "\t") && len(errs) > 0:
		errs[len(errs)-1].Msg += "\n" + text
	case strings.TrimSpace(text) != "" && text != "too many errors":
		errs = append(errs, BuildError{Msg: text})
	}
	s.builds[path] = errs
	if s.header != path && s.header != "" {
		s.builds[s.header] = errs // a package that is not there is reported under its own name
	}
}

// relative returns a file name as it is seen from the root of the module.
func (s *stream) relative(file string) string {
	if filepath.IsAbs(file) {
		if rel, err := filepath.Rel(s.dir, file); err == nil && filepath.IsLocal(rel) {
			file = rel
		}
	}
	return strings.TrimPrefix(filepath.ToSlash(file), "./")
}

// result makes the result of all that was taken. wanted are the packages that
// were asked for, with the tests that each should have run.
func (s *stream) result(wanted []expectation) *Result {
	r := &Result{}
	for _, p := range s.packages {
		p.Build = s.builds[p.failedBuild]
		if own := s.builds[p.Path]; p.failedBuild != "" && len(p.Build) < len(own) {
			p.Build = own
		}
		readOutput(s, p)
	}
	for _, w := range wanted {
		i := slices.IndexFunc(s.packages, func(p *building) bool {
			return p.Path == w.path || p.Path == w.pattern
		})
		p := &Package{Path: w.path}
		if i >= 0 {
			p = &s.packages[i].Package
		}
		for _, name := range w.tests {
			if !slices.ContainsFunc(p.Tests, func(t *Test) bool { return t.Name == name }) {
				p.Missing = append(p.Missing, name)
			}
		}
		r.Packages = append(r.Packages, p)
	}
	return r
}
