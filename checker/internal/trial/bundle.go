package trial

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
	"barewire/checker/wrong"
)

// A bundle is one test program with many wrong programs of a step in it: in an
// overlay, each is a package of its own beside the test that has to catch it. To
// load, compile and link them so is several times as fast as one by one.
//
// What comes of it can only say yes: whatever a bundle does not catch by a plain
// failure has to be run by itself.
type bundle struct {
	root, step string
	sources    map[string][]byte // the reference, by the names of its files
	tests      []testFile
	members    []member
	dir        string          // a temporary folder, or "" before there is one
	passes     map[string]bool // the tests that pass in the bundle on the reference
}

// A member is a wrong program in a bundle, or the reference.
type member struct {
	name   string            // of its package's folder
	edited map[string][]byte // the files that differ from the reference
	tests  []string          // the functions that are to run on it
}

// reference is the name of the reference in a bundle. A test must pass on it, or
// something else in the bundle may be what makes it fail.
const reference = "reference"

// choice is the variable that says which member of a bundle is to run.
const choice = "BAREWIRE_WRONG"

// newBundle builds the programs together and runs their tests on the reference.
// Those that do not compile are left out. Env is for the go command.
func newBundle(ctx context.Context, root, step string, programs []wrong.Program, env []string) (*bundle, error) {
	b := &bundle{root: root, step: step, passes: map[string]bool{}}
	var err error
	if b.sources, err = readGo(filepath.Join(root, "solutions", step), false); err != nil {
		return nil, err
	}
	tests, err := readGo(filepath.Join(root, "steps", step), true)
	if err != nil {
		return nil, err
	}
	if b.tests, err = parseTests(tests); err != nil {
		return nil, err
	}
	b.choose(programs)
	if b.dir, err = os.MkdirTemp("", "barewire-wrong-"); err != nil {
		return nil, err
	}
	for output, err := b.build(ctx, env); err != nil; output, err = b.build(ctx, env) {
		// After an error in one package the go command goes on with the others.
		n := len(b.members)
		b.members = slices.DeleteFunc(b.members, func(m member) bool {
			return regexp.MustCompile(`(?m)^# barewire/` + regexp.QuoteMeta(b.place(m)) + `(/test)?\r?$`).Match(output)
		})
		if len(b.members) == n {
			b.remove()
			return nil, fmt.Errorf("%s: %w\n%s", step, err, output)
		}
	}
	_, output := b.run(ctx, reference, ".")
	for _, m := range passed.FindAllSubmatch(output, -1) {
		b.passes[string(m[1])] = true
	}
	return b, nil
}

// choose makes members of the programs that a plain failure of a test should
// catch, and of the reference.
func (b *bundle) choose(programs []wrong.Program) {
	tests := map[string]bool{}
	for _, p := range programs {
		test, _, _ := strings.Cut(p.CaughtBy, "/")
		edited, err := p.Sources(b.root)
		if err != nil || p.EndsWith != "" || !strings.HasPrefix(test, "Test") || !declares(b.tests, test) {
			continue
		}
		b.members = append(b.members, member{p.Name(), edited, []string{test}})
		tests[test] = true
	}
	b.members = append(b.members, member{name: reference, tests: slices.Sorted(maps.Keys(tests))})
}

// remove removes the program that was built.
func (b *bundle) remove() { _ = os.RemoveAll(b.dir) }

// passed is the line with which a test says so: \x16 stands before what package
// testing says itself.
var passed = regexp.MustCompile(`\x16 *--- PASS: (\S+) \(`)

// place is the folder of a member, which is in the overlay only.
func (b *bundle) place(m member) string { return path.Join("steps", b.step, "wrong", m.name) }

// program is the file that is built. Windows wants it to end so, the others do not mind.
func (b *bundle) program() string { return filepath.Join(b.dir, "wrong.exe") }

// build lays all members over the step and builds the program. It returns what
// the go command printed.
func (b *bundle) build(ctx context.Context, env []string) ([]byte, error) {
	plan, err := overlay.Reference(b.root)
	if err != nil {
		return nil, err
	}
	b.lay(plan)
	file, remove, err := plan.Write()
	if err != nil {
		return nil, err
	}
	defer remove()
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", b.program(), "-overlay="+file, "-vet=off",
		// What debuggers want is a sixth of the compiler's time, and most of the linker's.
		"-gcflags=barewire/steps/...=-dwarf=false", "-ldflags=-s -w", "./"+path.Join("steps", b.step, "wrong"))
	cmd.Dir = b.root
	cmd.Env = append(cmd.Environ(), env...)
	return cmd.CombinedOutput()
}

// lay adds the packages of all members to a plan, and a test that calls theirs.
func (b *bundle) lay(plan *overlay.Plan) {
	var imports strings.Builder
	calls := map[string]string{} // by the test
	for i, m := range b.members {
		for name, src := range b.sources {
			if edited, ok := m.edited[name]; ok {
				src = edited
			}
			plan.Replace(path.Join(b.place(m), name), starter.ToSteps(src))
		}
		for name, src := range prune(b.tests, m.tests) {
			src = bytes.ReplaceAll(src, []byte(`"barewire/steps/`+b.step+`"`), []byte(`"barewire/`+b.place(m)+`"`))
			// A package of test files cannot be imported; but testkit knows them by their names.
			to := path.Join(b.place(m), "test", strings.TrimSuffix(name, "_test.go")+".go")
			plan.Replace(to, append([]byte("//line "+name+":1\n"), src...))
		}
		fmt.Fprintf(&imports, "\tp%d %q\n", i, "barewire/"+b.place(m)+"/test")
		for _, test := range m.tests {
			calls[test] += fmt.Sprintf("\tcase %q:\n\t\tp%d.%s(t)\n", m.name, i, test)
		}
	}
	main := "package trial_test\n\nimport (\n\t\"os\"\n\t\"testing\"\n\n" + imports.String() + ")\n"
	for _, test := range slices.Sorted(maps.Keys(calls)) {
		main += fmt.Sprintf("\nfunc %s(t *testing.T) {\n\tswitch os.Getenv(%q) {\n%s\t}\n}\n", test, choice, calls[test])
	}
	plan.Replace(path.Join("steps", b.step, "wrong", "wrong_test.go"), []byte(main))
}

// readGo reads the Go files in a folder, either its tests or the others.
func readGo(dir string, tests bool) (map[string][]byte, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// run runs some tests on a member. It returns the program's exit status, which is
// 1 if tests failed and another if it ended otherwise, and what it printed.
func (b *bundle) run(ctx context.Context, member, tests string) (int, []byte) {
	cmd := exec.CommandContext(ctx, b.program(), "-test.v=test2json", "-test.paniconexit0", "-test.timeout="+timeout, "-test.run="+tests)
	cmd.Dir = filepath.Join(b.root, "steps", b.step)
	cmd.Env = append(cmd.Environ(), choice+"="+member)
	output, _ := cmd.CombinedOutput() // the status says it
	if cmd.ProcessState == nil {
		return -1, output
	}
	return cmd.ProcessState.ExitCode(), output
}

// catches reports whether the program is in the bundle, and the test passes on the
// reference and fails on it, and all other tests that ran came to an end. It returns
// what the test said.
func (b *bundle) catches(ctx context.Context, p wrong.Program) (red string, caught bool) {
	if !b.passes[p.CaughtBy] || !slices.ContainsFunc(b.members, func(m member) bool { return m.name == p.Name() }) {
		return "", false
	}
	status, output := b.run(ctx, p.Name(), pattern(p.CaughtBy))
	failed := regexp.MustCompile(`\x16 *--- FAIL: ` + regexp.QuoteMeta(p.CaughtBy) + ` \(`).FindIndex(output)
	if status != 1 || failed == nil {
		return "", false
	}
	return said(&gotest.Test{Output: linesOf(output[:failed[0]], p.CaughtBy)}), true
}

// linesOf returns the lines that a test printed, of what the program did before that
// test ended.
func linesOf(output []byte, test string) (lines []string) {
	begun := false
	for line := range strings.Lines(string(output)) {
		line = strings.TrimRight(line, "\r\n")
		if _, mark, ok := strings.Cut(line, "\x16"); ok {
			begun = begun || strings.HasPrefix(mark, "=== RUN ") && strings.HasSuffix(mark, " "+test)
			continue
		}
		if begun {
			lines = append(lines, line)
		}
	}
	return lines
}
