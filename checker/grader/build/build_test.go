package build_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/checker/grader/build"
	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
)

// workshop is a small one: three steps, each of which stands on the one before, and a
// driver that prints what they return.
var workshop = map[string]string{
	"go.mod":                               "module barewire\n\ngo 1.26\n\nrequire example.com/none v1.0.0\n",
	"solutions/01-one/one.go":              "package one\n\n// F is 1.\nfunc F() int { return 1 }\n",
	"solutions/02-two/two.go":              "package two\n\nimport one \"barewire/solutions/01-one\"\n\n// F is 2.\nfunc F() int { return one.F() + 1 }\n",
	"solutions/03-three/three.go":          "package three\n\nimport two \"barewire/solutions/02-two\"\n\n// F is 3.\nfunc F() int { return two.F() + 1 }\n",
	"solutions/03-three/barewire/main.go":  "package main\n\nimport (\n\t\"os\"\n\n\tthree \"barewire/solutions/03-three\"\n)\n\nfunc main() { os.Exit(three.F()) }\n",
	"solutions/03-three/three_test.go":     "package three\n\nthis is not compiled\n",
	"checker/grader/driver/main.go":        "package main\n\nfunc main() {\n\tfor _, register := range links {\n\t\tregister()\n\t}\n}\n",
	"checker/grader/driver/links.go":       "package main\n\nvar links []func()\n",
	"checker/grader/driver/wire/wire.go":   "package wire\n\nimport \"fmt\"\n\nfunc Say(args ...any) { fmt.Println(args...) }\n",
	"checker/grader/driver/step01/step.go": "package step01\n\nimport (\n\t\"barewire/checker/grader/driver/wire\"\n\tone \"barewire/solutions/01-one\"\n)\n\nfunc Register() { wire.Say(1, one.F()) }\n",
	"checker/grader/driver/step02/step.go": "package step02\n\nimport (\n\t\"barewire/checker/grader/driver/wire\"\n\ttwo \"barewire/solutions/02-two\"\n)\n\nfunc Register() { wire.Say(2, two.F()) }\n",
	"checker/grader/driver/step03/step.go": "package step03\n\nimport (\n\t\"barewire/checker/grader/driver/wire\"\n\tthree \"barewire/solutions/03-three\"\n)\n\nfunc Register() { wire.Say(3, three.F()) }\n",
}

// shared is a builder of the small workshop in the best box of this machine.
var shared struct {
	builder *build.Builder
	box     sandbox.Box
	err     error
}

func TestMain(m *testing.M) {
	code := func() int {
		dir, err := sandbox.Private("")
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer os.RemoveAll(dir)
		if shared.err = prepare(dir); shared.err != nil && !errors.Is(shared.err, sandbox.ErrRefused) {
			fmt.Println(shared.err)
			return 1
		}
		return m.Run()
	}()
	os.Exit(code)
}

func prepare(dir string) error {
	root := filepath.Join(dir, "workshop")
	for name, text := range workshop {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return err
		}
	}
	repository, err := filepath.Abs("../../..")
	if err != nil {
		return err
	}
	box, _, err := sandbox.Best(context.Background(), sandbox.Setup{Root: repository, Dir: dir})
	if err != nil {
		return err
	}
	shared.box = box
	shared.builder, err = build.New(context.Background(), build.Config{Root: root, Box: box, Dir: dir})
	return err
}

// builder returns the shared builder, or skips the test where there is no sandbox.
func builder(t *testing.T) *build.Builder {
	t.Helper()
	if shared.err != nil {
		t.Skipf("not run: %v", shared.err)
	}
	return shared.builder
}

// honest is a submission that adds 10, 100 and 1000 where the reference adds 1.
func honest() build.Sources {
	return build.Sources{
		1: {"one.go": []byte("package one\n\nfunc F() int { return 10 }\n")},
		2: {"two.go": []byte("package two\n\nimport one \"barewire/steps/01-one\"\n\nfunc F() int { return one.F() + 100 }\n")},
		3: {"three.go": []byte("package three\n\nimport two \"barewire/steps/02-two\"\n\nfunc F() int { return two.F() + 1000 }\n")},
	}
}

// with returns a submission with one file replaced.
func with(step int, name, text string) build.Sources {
	s := honest()
	s[step] = maps.Clone(s[step])
	if text == "" {
		delete(s, step)
		return s
	}
	s[step][name] = []byte(text)
	return s
}

// open opens a submission.
func open(t *testing.T, sources build.Sources) *build.Submission {
	t.Helper()
	s, err := builder(t).Open(sources)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run runs a program in the box and returns what it printed.
func run(t *testing.T, p *build.Program) string {
	t.Helper()
	if p.Path == "" {
		return ""
	}
	process, err := shared.box.Start(t.Context(), sandbox.Spec{Path: p.Path, Wall: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	end, err := process.Wait()
	if err != nil || !end.OK() {
		t.Fatalf("the program: %v, %v: %s", end, err, end.Stderr)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(end.Stdout)), "\n", ", ")
}

func TestBuild_Bases(t *testing.T) {
	tests := []struct {
		name           string
		why            string
		sources        build.Sources
		own, reference string          // what the programs print
		says           map[int]string  // why a step is not in the one on the own base
		finding        *result.Finding // the first on the own base
	}{
		{
			name: "all compile", why: "each step stands on the student's, or on the reference",
			sources: honest(), own: "1 10, 2 110, 3 1110", reference: "1 10, 2 101, 3 1002",
		},
		{
			name: "the first does not", why: "the others are built on the reference",
			sources: with(1, "one.go", "package one\n\nfunc F() int { return \"ten\" }\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says:    map[int]string{1: `it does not compile: one.go:3: cannot use "ten" (untyped string constant) as int value in return statement`},
			finding: &result.Finding{Kind: result.Build, File: "steps/01-one/one.go", Line: 3, Column: 23, Text: `cannot use "ten" (untyped string constant) as int value in return statement`},
		},
		{
			name: "a step leans on what the student added to the one before", why: "on the reference, which has not got it, it does not compile",
			sources: build.Sources{
				1: {"one.go": []byte("package one\n\nfunc F() int { return 10 }\n\nfunc Extra() int { return 5 }\n")},
				2: {"two.go": []byte("package two\n\nimport one \"barewire/steps/01-one\"\n\nfunc F() int { return one.Extra() }\n")},
			},
			own: "1 10, 2 5", reference: "1 10",
			says: map[int]string{3: "nothing was handed in for this step"},
		},
		{
			name: "and that one does not compile", why: "a second round finds it",
			sources: build.Sources{
				1: {"one.go": []byte("package one\n\nfunc F() int { return 10 }\n\nfunc Extra() int { return five }\n")},
				2: {"two.go": []byte("package two\n\nimport one \"barewire/steps/01-one\"\n\nfunc F() int { return one.Extra() }\n")},
				3: honest()[3],
			},
			own: "3 1002", reference: "3 1002",
			says: map[int]string{1: "it does not compile: one.go:5: undefined: five", 2: "it does not compile: two.go:5: undefined: one.Extra"},
		},
		{
			name: "a syntax error", why: "its place is the student's",
			sources: with(3, "three.go", "package three\n\nfunc F( int { return 1 }\n"),
			own:     "1 10, 2 110", reference: "1 10, 2 101",
			says: map[int]string{3: "it does not compile: three.go:3: syntax error: unexpected {"},
		},
		{
			name: "no package clause", why: "go finds that before it compiles anything",
			sources: with(3, "three.go", "pakkage three\n"),
			own:     "1 10, 2 110", reference: "1 10, 2 101",
			says: map[int]string{3: "it does not compile: three.go:1: expected 'package', found pakkage"},
		},
		{
			name: "two packages in a folder", why: "go names no place in the submission",
			sources: with(1, "other.go", "package other\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: "found packages one (one.go) and other (other.go)"},
		},
		{
			name: "a package that is not there", why: "the place is where it is imported",
			sources: with(2, "two.go", "package two\n\nimport _ \"example.com/none\"\n\nfunc F() int { return 1 }\n"),
			own:     "1 10, 3 1011", reference: "1 10, 3 1002",
			says: map[int]string{2: "it does not compile: two.go:3: cannot find module providing package example.com/none"},
		},
		{
			name: "a function is missing", why: "it is the driver that does not compile",
			sources: with(2, "two.go", "package two\n\nfunc G() int { return 1 }\n"),
			own:     "1 10, 3 1011", reference: "1 10, 3 1002",
			says: map[int]string{2: "it does not compile: the step no longer has what its starter has: undefined: two.F"},
		},
		{
			name: "a program instead of a package", why: "it cannot be linked",
			sources: with(1, "one.go", "package main\n\nfunc main() {}\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: "is a program, not an importable package"},
		},
		{
			name: "nothing but a file for another system", why: "there is no package then",
			sources: build.Sources{1: {"one_windows.go": []byte("package one\n")}},
			own:     "", reference: "",
			says: map[int]string{1: "build constraints exclude all Go files"},
		},
		{
			name: "no step at all", why: "then there is no program",
			sources: build.Sources{}, own: "", reference: "",
			says: map[int]string{1: "nothing was handed in for this step"},
		},
		{
			name: "the reference is imported", why: "it would be called in the place of the student's",
			sources: with(1, "one.go", "package one\n\nimport two \"barewire/steps/02-two\"\n\nfunc F() int { return two.F() - 1 }\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: `it does not compile: one.go:3: "barewire/steps/02-two" cannot be imported: a step may import those before it`},
		},
		{
			name: "the step imports itself", why: "on the reference base, that would be the reference",
			sources: with(2, "two.go", "package two\n\nimport ref \"barewire/steps/02-two\"\n\nfunc F() int { return ref.F() }\n"),
			own:     "1 10, 3 1011", reference: "1 10, 3 1002",
			says: map[int]string{2: `"barewire/steps/02-two" cannot be imported`},
		},
		{
			name: "the checker is imported", why: "it is in the tree",
			sources: with(2, "two.go", "package two\n\nimport _ `barewire/checker/grader/driver/./wire`\n\nfunc F() int { return 1 }\n"),
			own:     "1 10, 3 1011", reference: "1 10, 3 1002",
			says: map[int]string{2: `"barewire/checker/grader/driver/wire" cannot be imported`},
		},
		{
			name: "cgo", why: "a C compiler reads any file that it is told to",
			sources: with(1, "one.go", "package one\n\n// #include \"/etc/passwd\"\nimport \"C\"\n\nfunc F() int { return 1 }\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: `one.go:4: "C" cannot be imported`},
		},
		{
			name: "a position that lies", why: "only go says whose package a message is about",
			sources: with(2, "two.go", "package two\n\n//line /work/tree/steps/01-one/one.go:1\nfunc F() int { return \"\\x1b[31m\" }\n"),
			own:     "1 10, 3 1011", reference: "1 10, 3 1002",
			says: map[int]string{2: `it does not compile: cannot use "\x1b[31m" (untyped`},
		},
		{
			name: "names that are no Go files'", why: "nothing else is laid",
			sources: with(1, "../../go.mod", "module other\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: "this is no name of a Go file"},
		},
		{
			name: "assembly", why: "it can include any file",
			sources: with(1, "x.s", "#include \"/etc/passwd\"\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: "this is no name of a Go file"},
		},
		{
			name: "embedding what is beside", why: "the folder has nothing but the student's files",
			sources: with(1, "one.go", "package one\n\nimport _ \"embed\"\n\n//go:embed ../../go.mod\nvar mod string\n\nfunc F() int { return len(mod) }\n"),
			own:     "2 101, 3 1101", reference: "2 101, 3 1002",
			says: map[int]string{1: "invalid pattern syntax"},
		},
	}
	builder(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, tt.sources)
			for base, want := range map[string]string{result.Own: tt.own, result.Reference: tt.reference} {
				p, err := s.Build(t.Context(), build.Request{Base: base})
				if err != nil {
					t.Fatalf("%s: %v", base, err)
				}
				if got := run(t, p); got != want {
					t.Errorf("on base %s: %q, want %q: %s\n%+v", base, got, want, tt.why, p)
				}
				if base != result.Own {
					continue
				}
				for number, says := range tt.says {
					if got := p.Steps[number]; got.Built || !strings.Contains(got.Message, says) {
						t.Errorf("step %d: %+v, want %q", number, got, says)
					}
				}
				if tt.finding != nil && (len(p.Findings) == 0 || p.Findings[0] != *tt.finding) {
					t.Errorf("findings %+v, want first %+v", p.Findings, *tt.finding)
				}
			}
		})
	}
}

func TestBuild_Bombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	doubling := "package one\n\nconst a0 = \"0123456789abcdef\"\n"
	for i := range 26 {
		doubling += fmt.Sprintf("const a%d = a%d + a%d\n", i+1, i, i)
	}
	large := "var x = [40 << 20]byte{1}\nvar n int\n\nfunc F() int { return int(x[n]) "
	together := with(1, "one.go", "package one\n\n"+large+"}\n")
	together[2] = map[string][]byte{"two.go": []byte("package two\n\nimport one \"barewire/steps/01-one\"\n\n" + large + "+ one.F() }\n")}
	nested := "package one\n\ntype t0 struct{ a, b any }\n"
	for i := range 25 {
		nested += fmt.Sprintf("type t%d struct{ a, b t%d }\n", i+1, i)
	}
	config := builder(t).Config
	config.CPU, config.Cache = 2*time.Second, filepath.Dir(config.Cache)
	limited, err := build.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		sources build.Sources
		want    string
		out     int
	}{
		{"a type with millions of fields", with(1, "one.go", nested+"\nvar x, y t25\n\nfunc F() int {\n\tif x == y {\n\t\treturn 1\n\t}\n\treturn 2\n}\n"), "2 101, 3 1101", 1},
		{"an array with a gigabyte", with(1, "one.go", "package one\n\nvar x = [1 << 30]byte{1}\n\nfunc F() int { return int(x[0]) }\n"), "2 101, 3 1101", 1},
		{"a string with a gigabyte", with(1, "one.go", doubling+"\nvar s = a26\n\nfunc F() int { return len(s) }\n"), "2 101, 3 1101", 1},
		{"two steps that are too large together", together, "1 1, 3 1002", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := limited.Open(tt.sources)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			p, err := s.Build(t.Context(), build.Request{Base: result.Own})
			if err != nil {
				t.Fatal(err)
			}
			if got := run(t, p); got != tt.want || p.Steps[tt.out].Built {
				t.Errorf("%q, want %q; step %d: %+v", got, tt.want, tt.out, p.Steps[tt.out])
			}
			t.Logf("%.1f s: %s", p.Seconds, p.Steps[tt.out].Message)
		})
	}
}

// The reference, handed in, compiles with the real driver on both bases.
func TestBuild_Course(t *testing.T) {
	builder(t)
	repository, _ := filepath.Abs("../../..")
	real, err := build.New(t.Context(), build.Config{Root: repository, Box: shared.box, Dir: filepath.Dir(shared.builder.Root)})
	if err != nil {
		t.Fatal(err)
	}
	sources := build.Sources{}
	files, _ := filepath.Glob(filepath.Join(repository, "solutions", "*", "*.go"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var number int
		fmt.Sscanf(filepath.Base(filepath.Dir(file)), "%02d-", &number)
		if sources[number] == nil {
			sources[number] = map[string][]byte{}
		}
		if !strings.HasSuffix(file, "_test.go") {
			sources[number][filepath.Base(file)] = []byte(strings.ReplaceAll(string(text), "barewire/solutions/", "barewire/steps/"))
		}
	}
	s, err := real.Open(sources)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, base := range []string{result.Own, result.Reference} {
		p, err := s.Build(t.Context(), build.Request{Base: base})
		if err != nil {
			t.Fatal(err)
		}
		if p.Path == "" || len(p.Findings) > 0 || !p.Steps[1].Built {
			t.Errorf("on base %s: %+v", base, p)
		}
		for number, step := range p.Steps {
			if !step.Built && !strings.Contains(step.Message, "the exam has nothing") {
				t.Errorf("on base %s, step %d: %s", base, number, step.Message)
			}
		}
	}
}

func TestBuild_OneStep(t *testing.T) {
	s := open(t, honest())
	for _, base := range []string{result.Own, result.Reference} {
		p, err := s.Build(t.Context(), build.Request{Base: base, Steps: []int{2}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{result.Own: "2 110", result.Reference: "2 101"}[base]
		if got := run(t, p); got != want || !p.Steps[2].Built || p.Steps[1].Built {
			t.Errorf("step 2 alone on base %s: %q, want %q; %+v", base, got, want, p.Steps)
		}
	}
}

// races is a submission whose first step has a data race.
func races() build.Sources {
	return with(1, "one.go", `package one

func F() int {
	n := 0
	done := make(chan bool)
	go func() { n++; done <- true }()
	n++
	<-done
	return n
}
`)
}

func TestBuild_InEachBox(t *testing.T) {
	b := builder(t)
	if err := b.Race(); err != nil {
		t.Skipf("not run: %v", err)
	}
	repository, _ := filepath.Abs("../../..")
	for _, name := range []string{"bubblewrap+jail", "bubblewrap", "jail", sandbox.None} {
		t.Run(name, func(t *testing.T) {
			box, probes, err := sandbox.Named(t.Context(), sandbox.Setup{Root: repository, Dir: b.Dir}, name)
			if err != nil {
				t.Skipf("not run: %v %v", err, probes)
			}
			config := b.Config
			config.Box, config.Cache = box, filepath.Dir(config.Cache)
			other, err := build.New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			s, err := other.Open(races())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			p, err := s.Build(t.Context(), build.Request{Base: result.Own})
			if err != nil {
				t.Fatal(err)
			}
			if got := run(t, p); got != "1 2, 2 102, 3 1102" {
				t.Errorf("%q: %+v", got, p)
			}
			if p, err = s.Build(t.Context(), build.Request{Base: result.Own, Race: true}); err != nil || p.Path == "" {
				t.Fatalf("with the race detector: %v, %+v", err, p)
			}
			process, err := box.Start(t.Context(), sandbox.Spec{Path: p.Path, Memory: build.RaceMemory})
			if err != nil {
				t.Fatal(err)
			}
			end, err := process.Wait()
			if err != nil || !strings.Contains(string(end.Stderr), "WARNING: DATA RACE") || !strings.Contains(string(end.Stderr), "steps/01-one/one.go") {
				t.Errorf("%v, %v; want a data race to be reported:\n%s", end, err, end.Stderr)
			}
		})
	}
}

// Nothing of one submission's build is there for the next one's.
func TestBuild_LeavesNothing(t *testing.T) {
	b := builder(t)
	before := entries(t, b.Cache)
	s := open(t, honest())
	if _, err := s.Build(t.Context(), build.Request{Base: result.Own}); err != nil {
		t.Fatal(err)
	}
	if after := entries(t, b.Cache); after != before {
		t.Errorf("the warm cache had %d entries, and %d after a build", before, after)
	}
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "??", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func TestBuild_Stopped(t *testing.T) {
	s := open(t, honest())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if p, err := s.Build(ctx, build.Request{Base: result.Own}); err == nil {
		t.Errorf("a build that was stopped: %+v, want an error, for it says nothing about the submission", p)
	}
}

// slow is a box of a busy machine.
type slow struct{ sandbox.Box }

func (s slow) Start(ctx context.Context, spec sandbox.Spec) (*sandbox.Process, error) {
	time.Sleep(2100 * time.Millisecond)
	return s.Box.Start(ctx, spec)
}

// From two seconds on, go keeps what it has read of a package, and the cache of the first
// build is not one to write to.
func TestBuild_BusyMachine(t *testing.T) {
	config := builder(t).Config
	config.Box, config.Cache = slow{config.Box}, filepath.Dir(config.Cache)
	b, err := build.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Open(honest())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := s.Build(t.Context(), build.Request{Base: result.Own})
	if err != nil || len(p.Findings) > 0 || run(t, p) == "" {
		t.Errorf("%v, %+v", err, p)
	}
}

// What of the standard library nobody has compiled before can be imported, though go can
// note nothing about it in a cache that it may only read.
func TestBuild_Import(t *testing.T) {
	s := open(t, with(1, "one.go", "package one\n\nimport (\n\t\"container/ring\"\n\t\"encoding/ascii85\"\n\t\"net/mail\"\n)\n\nvar a mail.Address\n\nfunc F() int { return ring.New(9).Len() + ascii85.MaxEncodedLen(0) + 1 + len(a.Name) }\n"))
	p, err := s.Build(t.Context(), build.Request{Base: result.Own})
	if err != nil || len(p.Findings) > 0 {
		t.Fatalf("%v, %+v", err, p)
	}
	if got := run(t, p); got != "1 10, 2 110, 3 1110" {
		t.Errorf("%q", got)
	}
}
