// Package build makes one program of a submission: its steps, linked with the exam's
// driver. It takes nothing from the submission but Go files, lays them in a tree
// that is the checker's own, and runs the go command in a sandbox, for compiling what
// a stranger wrote is an attack surface as well.
//
// A step that does not compile is taken out: those that stand on it are built on the
// reference, and the findings say what the compiler did not like, with positions as
// the student knows them. On the base "own" a step stands on the student's earlier
// ones, on the base "reference" on those of the reference; each base is one program.
//
// # The build cache
//
// A submission builds in half a second because everything but its own packages is
// compiled already. A cache that builds of several submissions write to would let one
// that takes over the compiler hand its code to all that follow, so none is shared.
// The checker keeps a warm one, which only builds of the reference write to, outside of
// any sandbox and without a line of a submission's. The sandbox sees it read-only, and
// the go command does without what it cannot write to it. A submission that is built
// more than once on a base gets a cache of its own, which begins as symbolic links into
// the warm one. The program that is built sees neither.
//
// It leaves out what a submission may contain (package policy) and running what was
// built (package sandbox). Read this file first, then tree.go, then compile.go.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
)

// Limits of a build. They are for each process of the go toolchain; the largest of
// the reference's takes 150 MiB.
const (
	mostMemory     = 1 << 30
	mostRaceMemory = 3 << 30
	mostGarbage    = 256 << 20 // before it is collected, which takes a quarter of the compiler's time
	mostFile       = 64 << 20
	mostWall       = 2 * time.Minute
	mostProcesses  = 400 // threads count
	mostOutput     = 1 << 20
)

// RaceMemory is what a program with the race detector gets, as [sandbox.Spec] has it.
const RaceMemory = 2 << 30

// A Config says where things are.
type Config struct {
	Root     string        // the workshop's repository: the reference and the driver
	Go       string        // the go command; "" is that in PATH
	Box      sandbox.Box   // that builds run in
	Dir      string        // a folder of sandbox.Private
	Cache    string        // the warm cache's folder; "" is one of the user's
	Report   func(string)  // is told of what takes long; nil for nobody
	CPU      time.Duration // what each process of a build may take; 0 is 30 seconds
	Parallel int           // how many processors a build uses; 0 is 2. Several builds at once cost least with 1
}

// A Builder builds submissions. It may be used by several goroutines.
type Builder struct {
	Config
	Version string // of go

	goroot string
	cc     string // the C compiler's path, or ""
	mod    []byte // the go.mod of each tree
	steps  []step

	driver map[string][]byte // the driver's files, by their path in a tree

	warming sync.Mutex
	warmed  map[bool]bool // with the race detector or without
	used    []string      // the files of the warm cache that are of use
}

// A step is one step of the course.
type step struct {
	number int
	dir    string            // such as "03-headers-bodies"
	files  map[string][]byte // the reference, by name in the step's folder

	command map[string][]byte // and its command, if it has one

	imports []int             // steps that the reference imports
	starter map[string][]byte // what a learner begins with
}

// New prepares for building, which compiles the reference if the warm cache does not
// have it: on a new machine that takes a minute.
func New(ctx context.Context, config Config) (*Builder, error) {
	b := &Builder{Config: config, warmed: map[bool]bool{}}
	if b.Parallel == 0 {
		b.Parallel = 2
	}
	if b.CPU == 0 {
		b.CPU = 30 * time.Second
	}
	if err := b.findGo(ctx); err != nil {
		return nil, err
	}
	if err := sandbox.Reachable(b.goroot); err != nil {
		return nil, err
	}
	if err := b.load(); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	if b.Cache == "" {
		var err error
		if b.Cache, err = defaultCache(); err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
	}
	b.Cache = filepath.Join(b.Cache, "build-"+b.Version)
	return b, b.warm(ctx, false)
}

// findGo finds the toolchain.
func (b *Builder) findGo(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, orString(b.Go, "go"), "env", "GOROOT", "GOVERSION", "CC")
	cmd.Dir = b.Root
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if err != nil || len(lines) != 3 {
		return fmt.Errorf("build: go env: %v", err)
	}
	b.goroot, b.Version = lines[0], strings.Fields(lines[1] + " unknown")[0]
	if cc, err := exec.LookPath(lines[2]); err == nil {
		b.cc = cc
	}
	return nil
}

func orString(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// defaultCache is the folder of the warm cache. If the checker runs as root, builds do
// not, and cannot look into root's home.
func defaultCache() (string, error) {
	if os.Getuid() == 0 {
		return "/var/cache/barewire", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "barewire"), err
}

// Race reports whether programs can be built with the race detector; if not, why.
func (b *Builder) Race() error {
	if b.cc == "" {
		return errors.New("the race detector takes a C compiler: apt-get install gcc libc6-dev")
	}
	return nil
}

// warm fills the warm cache with all that the reference and the driver need. They are
// trusted, and so built outside of any sandbox.
func (b *Builder) warm(ctx context.Context, race bool) error {
	b.warming.Lock()
	defer b.warming.Unlock()
	if b.warmed[race] {
		return nil
	}
	if _, err := os.Stat(b.Cache); err != nil && b.Report != nil {
		b.Report("compiling the standard library and the reference for " + b.Cache + ", which takes a minute; only the first time")
	}
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return fmt.Errorf("build: the warm cache: %w", err)
	}
	if err := sandbox.Reachable(b.Cache); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.Dir, "warm-")
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(dir)
	links := []int{}
	for _, s := range b.steps {
		if b.examined(s.number) {
			links = append(links, s.number)
		}
	}
	all := Sources{}
	for _, s := range b.steps {
		all[s.number] = maps.Clone(s.files)
		maps.Copy(all[s.number], s.command)
	}
	if err := write(filepath.Join(dir, "tree"), b.tree(plan{base: result.Own, sources: all, links: links})); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	for _, args := range [][]string{
		b.arguments(race, b.commands(all, links)...),
		{"list", "-deps", "std"}, // reads all packages that a submission may import, for the cache's index of them
	} {
		cmd := exec.CommandContext(ctx, b.goCommand(), args...)
		cmd.Dir = filepath.Join(dir, "tree")
		cmd.Env = b.environment(dir, b.Cache, filepath.Join(dir, "out"), race)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build: the reference cannot be built: %v\n%s", err, out)
		}
	}
	if err := readable(b.Cache); err != nil {
		return fmt.Errorf("build: the warm cache: %w", err)
	}
	if b.used, err = lately(b.Cache); err != nil {
		return fmt.Errorf("build: the warm cache: %w", err)
	}
	b.warmed[race] = true
	return nil
}

// lately returns the files of a cache that somebody has asked for lately. Others may be of
// what the reference was once. The go command notes it in a file's time, once an hour.
func lately(cache string) (files []string, err error) {
	folders, err := filepath.Glob(filepath.Join(cache, "[0-9a-f][0-9a-f]"))
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			info, err := e.Info()
			if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) < 2*time.Hour {
				files = append(files, filepath.Join(filepath.Base(folder), e.Name()))
			}
		}
	}
	return files, nil
}

// readable lets everybody read what is below a folder of root's: builds are another
// user's.
func readable(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another checker has put it there for a moment
		}
		if err != nil {
			return err
		}
		want := info.Mode().Perm() | 0o444
		if d.IsDir() {
			want |= 0o111
		}
		if want == info.Mode().Perm() {
			return nil
		}
		return os.Chmod(name, want)
	})
}

func (b *Builder) goCommand() string { return filepath.Join(b.goroot, "bin", "go") }

// gcflags spare a third of the compiler's time: there is no debugger to write for, and
// inlining makes most of the code that the exam's adapters are made of. Nothing that is
// examined depends on either.
const gcflags = "-gcflags=barewire/...=-l -dwarf=false"

// arguments of the go command that builds the driver. It compiles other packages, too,
// as "go build" with a place for the driver would not.
func (b *Builder) arguments(race bool, others ...string) []string {
	args := []string{"install", "-json", "-trimpath", "-buildvcs=false", fmt.Sprintf("-p=%d", b.Parallel), gcflags}
	if race {
		args = append(args, "-race", `-ldflags=-s -w -linkmode external -extldflags "-static"`)
	} else {
		args = append(args, "-ldflags=-s -w")
	}
	return append(append(args, driverPackage), others...)
}

// environment is all of it that a build has. There is no HOME: go would keep
// configuration and statistics there.
func (b *Builder) environment(dir, cache, out string, race bool) []string {
	cgo, path := "0", filepath.Join(b.goroot, "bin")
	env := []string{
		"GOROOT=" + b.goroot, "GOCACHE=" + cache, "GOTMPDIR=" + dir, "TMPDIR=" + dir, "GOBIN=" + out,
		"GOPATH=" + filepath.Join(dir, "none"), "GOMODCACHE=" + filepath.Join(dir, "none"),
		"GOFLAGS=-mod=readonly", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOENV=off", "GOTOOLCHAIN=local", "GOVCS=*:off",
		"GOGC=off", "GOMEMLIMIT=" + strconv.Itoa(mostGarbage), "LC_ALL=C", "GOMAXPROCS=" + strconv.Itoa(b.Parallel),
	}
	if race {
		cgo, path = "1", path+":"+filepath.Dir(b.cc)+":/usr/bin:/bin"
		env = append(env, "CC="+b.cc)
	}
	return append(env, "CGO_ENABLED="+cgo, "PATH="+path)
}

// load reads the reference and the driver.
func (b *Builder) load() error {
	text, err := os.ReadFile(filepath.Join(b.Root, "go.mod"))
	if err != nil {
		return err
	}
	language := "1.26"
	for line := range bytes.Lines(text) {
		if v, ok := bytes.CutPrefix(line, []byte("go ")); ok {
			language = string(bytes.TrimSpace(v))
		}
	}
	b.mod = fmt.Appendf(nil, "module barewire\n\ngo %s\n", language)
	if b.steps, err = loadSteps(filepath.Join(b.Root, "solutions")); err != nil {
		return err
	}
	if err := b.loadStarters(); err != nil {
		return err
	}
	b.driver, err = loadDriver(filepath.Join(b.Root, filepath.FromSlash(driverDir)))
	return err
}
