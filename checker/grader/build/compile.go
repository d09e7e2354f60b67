package build

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
)

// A Submission is one that is being built: a private folder with its own cache.
type Submission struct {
	b       *Builder
	dir     string
	sources Sources
	builds  int
	again   map[string]bool // what has been built, by base
	own     string          // its own cache, or "" as long as it needs none
}

// A Request says what to build.
type Request struct {
	Base  string // result.Own or result.Reference
	Steps []int  // those that the driver is to have; nil is all. Others of the student's are compiled only where these need them
	Race  bool   // with the race detector: for feedback

	// Commands has those of the student's steps compiled, too. They are not in the
	// program: what is wrong with them is among the findings, and changes nothing else.
	Commands bool
}

// A Program is what was built.
type Program struct {
	Path     string // "" if no step compiles
	Base     string
	Steps    map[int]Step
	Findings []result.Finding
	Seconds  float64
}

// A Step says whether a step is in the program.
type Step struct {
	Built   bool
	Message string // why not, for the student
}

// Open prepares for building a submission. The caller closes it.
func (b *Builder) Open(sources Sources) (*Submission, error) {
	dir, err := sandbox.Private(b.Dir)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	s := &Submission{b: b, dir: dir, sources: sources, again: map[string]bool{}}
	for _, name := range []string{s.tmp(), s.out()} {
		if err := s.make(name); err != nil {
			s.Close()
			return nil, fmt.Errorf("build: %w", err)
		}
	}
	return s, nil
}

// make makes a folder for the box.
func (s *Submission) make(name string) error {
	if err := os.Mkdir(name, 0o700); err != nil {
		return err
	}
	return sandbox.Give(name)
}

// cache returns the cache of a build. The first of a base has the warm one, to read: it
// compiles each package once, and to keep these for another build costs more than it
// spares, as there seldom is one. The others have one of the submission's own, and so
// has every build without a box, which could write to the warm one.
func (s *Submission) cache(base string) (string, error) {
	if !s.again[base] && !s.b.Box.Trusted() {
		s.again[base] = true
		return s.b.Cache, nil
	}
	if s.own == "" {
		s.own = filepath.Join(s.dir, "cache")
		if err := s.make(s.own); err != nil {
			return "", err
		}
		return s.own, s.b.seed(s.own)
	}
	return s.own, nil
}

func (s *Submission) tmp() string { return filepath.Join(s.dir, "tmp") }
func (s *Submission) out() string { return filepath.Join(s.dir, "out") }

// Close removes all that was built.
func (s *Submission) Close() error { return os.RemoveAll(s.dir) }

// seed makes a cache that begins with what the warm one has.
func (b *Builder) seed(cache string) error {
	for i := range 256 { // the folders that the go command has in it
		folder := filepath.Join(cache, fmt.Sprintf("%02x", i))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		if err := sandbox.Give(folder); err != nil {
			return err
		}
	}
	b.warming.Lock()
	used := b.used
	b.warming.Unlock()
	for _, name := range used {
		if err := os.Symlink(filepath.Join(b.Cache, name), filepath.Join(cache, name)); err != nil {
			return err
		}
	}
	// Go looks for old entries once a day, and this cache does not get as old.
	trimmed := filepath.Join(cache, "trim.txt")
	if err := os.WriteFile(trimmed, fmt.Append(nil, time.Now().Unix()), 0o600); err != nil {
		return err
	}
	return sandbox.Give(trimmed)
}

// Build builds a program. Steps that do not compile are taken out, one round after
// another: a step may fail only because another is missing now. An error is a fault
// of this machine, and says nothing about the submission.
func (s *Submission) Build(ctx context.Context, r Request) (*Program, error) {
	begun := time.Now()
	if r.Race {
		if err := s.b.Race(); err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
		if err := s.b.warm(ctx, true); err != nil {
			return nil, err
		}
	}
	w := &work{s: s, r: r, in: Sources{}, program: &Program{Base: r.Base, Steps: map[int]Step{}}}
	w.choose()
	err := w.rounds(ctx)
	w.program.Seconds = time.Since(begun).Seconds()
	return w.program, err
}

// work is one call of Build.
type work struct {
	s       *Submission
	r       Request
	in      Sources // the student's steps that have not failed
	program *Program
}

// choose takes the steps that were handed in and may be compiled.
func (w *work) choose() {
	for _, step := range w.s.b.steps {
		files := w.s.sources[step.number]
		if len(files) == 0 {
			w.program.Steps[step.number] = Step{Message: "nothing was handed in for this step"}
			continue
		}
		if !w.s.b.examined(step.number) {
			w.program.Steps[step.number] = Step{Message: "the exam has nothing for this step"}
		}
		found, command := w.s.b.check(step, files)
		if len(found) > 0 {
			w.takeOut(step.number, found)
			continue
		}
		w.in[step.number] = files
		if len(command) > 0 {
			w.withoutCommand(step.number, command)
		}
	}
}

// withoutCommand leaves the command of a step out, and says why.
func (w *work) withoutCommand(number int, found []result.Finding) {
	w.in[number] = maps.Clone(w.in[number])
	maps.DeleteFunc(w.in[number], func(name string, _ []byte) bool { return strings.Contains(name, "/") })
	if w.r.Commands {
		w.program.Findings = append(w.program.Findings, found...)
	}
}

// takeOut notes that a step is not in the program.
func (w *work) takeOut(number int, found []result.Finding) {
	delete(w.in, number)
	w.program.Findings = append(w.program.Findings, found...)
	message := "it does not compile"
	if len(found) > 0 {
		message += ": " + Place(found[0]) + found[0].Text
	}
	w.program.Steps[number] = Step{Message: message}
}

// Place writes where a finding is.
func Place(f result.Finding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return f.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", filepath.Base(f.File), f.Line)
}

// links are the steps that the driver is to call.
func (w *work) links() []int {
	var links []int
	for _, number := range slices.Sorted(maps.Keys(w.in)) {
		if (w.r.Steps == nil || slices.Contains(w.r.Steps, number)) && w.s.b.examined(number) {
			links = append(links, number)
		}
	}
	return links
}

// rounds builds until nothing fails.
func (w *work) rounds(ctx context.Context) error {
	for {
		links := w.links()
		if len(links) == 0 {
			return nil
		}
		p := plan{base: w.r.Base, sources: w.in, links: links}
		if w.r.Commands {
			p.commands = w.s.b.commands(w.in, links)
		}
		path, blame, err := w.s.compile(ctx, w.r, p)
		if err != nil {
			return err
		}
		if blame != nil {
			for _, number := range slices.Sorted(maps.Keys(blame.commands)) {
				w.withoutCommand(number, blame.commands[number])
			}
		}
		if path != "" {
			w.program.Path = path
			for _, number := range links {
				w.program.Steps[number] = Step{Built: true}
			}
			return nil
		}
		guilty := blame.steps(w.in)
		if len(guilty) == 0 && len(p.commands) > 0 { // it may be one of them that is too much
			for number := range w.in {
				w.withoutCommand(number, nil)
			}
			continue
		}
		// The go command may not say which it is: it was ended, or could not link, or a
		// step of the reference does not compile on one of the student's. A step may be
		// too much by itself, or with those that it stands on, or with all others.
		for _, all := range []bool{false, true} {
			if len(guilty) == 0 && len(links) > 1 || len(guilty) == 0 && !all {
				if guilty, err = w.each(ctx, links, all); err != nil {
					return err
				}
			}
		}
		if len(guilty) == 0 {
			for _, number := range links {
				w.takeOut(number, nil)
				w.program.Steps[number] = Step{Message: "the steps together cannot be built: " + blame.why()}
			}
			return nil
		}
		for _, number := range slices.Sorted(maps.Keys(guilty)) {
			if !w.standsOnOne(number, guilty) {
				w.takeOut(number, guilty[number])
			}
		}
	}
}

// standsOnOne reports whether a step imports one of those named: then it may be to
// blame for nothing, which the next round finds out.
func (w *work) standsOnOne(number int, guilty map[int][]result.Finding) bool {
	for _, other := range w.s.b.imports(w.in[number]) {
		if _, ok := guilty[other]; ok && other != number {
			return true
		}
	}
	return false
}

// each builds a program for each step, with nothing else of the student's or with all
// of it, and returns those that fail.
func (w *work) each(ctx context.Context, links []int, all bool) (map[int][]result.Finding, error) {
	guilty := map[int][]result.Finding{}
	for _, number := range links {
		in := Sources{number: w.in[number]}
		if all {
			in = w.in
		}
		path, blame, err := w.s.compile(ctx, w.r, plan{base: w.r.Base, sources: in, links: []int{number}})
		if err != nil {
			return nil, err
		}
		if path != "" {
			continue
		}
		if guilty[number] = blame.steps(in)[number]; guilty[number] == nil {
			guilty[number] = []result.Finding{finding("", 0, 0, blame.why())}
		}
	}
	return guilty, nil
}

// compile builds a tree in the box, and returns the program or whose fault it is that
// there is none.
func (s *Submission) compile(ctx context.Context, r Request, p plan) (string, *blame, error) {
	s.builds++
	tree := filepath.Join(s.dir, fmt.Sprintf("tree%d", s.builds))
	if err := write(tree, s.b.tree(p)); err != nil {
		return "", nil, fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(tree)
	out := filepath.Join(s.out(), strconv.Itoa(s.builds))
	program := filepath.Join(out, path.Base(driverDir))
	cache, err := s.cache(r.Base)
	if err != nil {
		return "", nil, fmt.Errorf("build: %w", err)
	}
	spec := sandbox.Spec{
		Path: s.b.goCommand(), Args: s.b.arguments(r.Race, p.commands...),
		Env: s.b.environment(s.tmp(), cache, out, r.Race), Dir: tree,
		ReadOnly: []string{s.b.goroot, s.b.Cache, tree}, Writable: []string{s.tmp(), s.out()}, Tools: true,
		Memory: mostMemory, FileSize: mostFile, CPU: s.b.CPU, Wall: mostWall, Processes: mostProcesses, Output: mostOutput,
	}
	if r.Race {
		spec.Memory = mostRaceMemory
		spec.ReadOnly = append(spec.ReadOnly, "/usr", "/bin", "/lib", "/lib64", "/etc/alternatives")
	}
	if s.own != "" {
		spec.Writable = append(spec.Writable, s.own)
	}
	process, err := s.b.Box.Start(ctx, spec)
	if err != nil {
		return "", nil, err
	}
	end, err := process.Wait()
	if err != nil {
		return "", nil, err
	}
	if end.Cause == sandbox.Cancelled {
		return "", nil, ctx.Err()
	}
	if end.OK() {
		return program, nil, s.take(program)
	}
	blame := s.b.read(end)
	if err := blame.fault(s.b.CPU); err != nil {
		return "", nil, fmt.Errorf("build: %w", err)
	}
	if end.Cause == sandbox.Exited && len(blame.commands) > 0 && !blame.others {
		return program, blame, s.take(program)
	}
	return "", blame, nil
}

// take makes sure that a program is a file, and nobody's to change.
func (s *Submission) take(program string) error {
	info, err := os.Lstat(program)
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostFile {
		return fmt.Errorf("build: the program is no file: %v", err)
	}
	return os.Chmod(program, 0o555)
}
