package gate

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"barewire/checker/internal/starter"
)

// walk calls do with every file of the repository, by its path relative to the
// root. Folders whose names start with a dot, testdata, and what the docs build
// are left out.
func (g *gate) walk(do func(name string) error) error {
	return filepath.WalkDir(g.root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(g.root, file)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" ||
				d.Name() == "node_modules" || filepath.ToSlash(name) == "docs/public" {
				return filepath.SkipDir
			}
			return nil
		}
		return do(filepath.ToSlash(name))
	})
}

// checkFormat compares every Go file with what gofmt makes of it.
func checkFormat(_ context.Context, g *gate) *verdict {
	v := new(verdict)
	err := g.walk(func(name string) error {
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := os.ReadFile(filepath.Join(g.root, name))
		if err != nil {
			return err
		}
		switch formatted, err := format.Source(src); {
		case err != nil:
			v.failf("%s: %v", name, err)
		case bytes.Contains(src, []byte("\r\n")):
			v.failf("%s: its lines end in CR LF; .gitattributes asks for LF: \"git add --renormalize .\"", name)
		case !bytes.Equal(src, formatted):
			v.failf("%s: not as gofmt writes it: \"gofmt -w %s\"", name, name)
		default:
			v.passed++
		}
		return nil
	})
	if err != nil {
		v.failf("%v", err)
	}
	return v
}

// checkFresh compares the committed starters with what the solutions generate.
func checkFresh(_ context.Context, g *gate) *verdict {
	v := new(verdict)
	steps, err := starter.Steps(g.root)
	if err != nil {
		v.failf("%v", err)
	}
	for _, step := range steps {
		stale, err := starter.CompareStep(g.root, step)
		switch {
		case err != nil:
			v.failf("%v", err)
		case len(stale) == 0:
			v.passed++
		}
		for _, s := range stale {
			v.failf("%s\n\"make starters\" writes it from the solution", s)
		}
	}
	return v
}

// modules returns the folders of all modules in the repository that have packages,
// relative to the root.
func (g *gate) modules() (dirs []string, err error) {
	var sources []string
	err = g.walk(func(name string) error {
		switch {
		case filepath.Base(name) == "go.mod":
			dirs = append(dirs, filepath.Dir(name))
		case filepath.Ext(name) == ".go":
			sources = append(sources, name)
		}
		return nil
	})
	dirs = slices.DeleteFunc(dirs, func(dir string) bool {
		return dir != "." && !slices.ContainsFunc(sources, func(name string) bool {
			return strings.HasPrefix(name, dir+string(filepath.Separator))
		})
	})
	return dirs, err
}

// command runs the go command in a folder of the repository and returns what it
// printed.
func (g *gate) command(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	return g.program(ctx, dir, env, "go", args...)
}

// program is command for any program.
func (g *gate) program(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(g.root, dir)
	cmd.Env = append(cmd.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// toolPath returns the path that "go tool -n" has printed. On a fresh machine there are
// lines before it, about what had to be downloaded.
func toolPath(out string) string {
	out = strings.TrimSpace(out)
	return out[strings.LastIndexByte(out, '\n')+1:]
}

// checkVet runs go vet for three systems in every module.
func checkVet(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	modules, err := g.modules()
	if err != nil {
		v.failf("%v", err)
	}
	for _, dir := range modules {
		for _, goos := range []string{"linux", "darwin", "windows"} {
			out, err := g.command(ctx, dir, []string{"GOOS=" + goos}, "vet", "./...")
			if err != nil {
				v.failf("GOOS=%s go vet ./... in %s: %v\n%s", goos, dir, err, out)
				continue
			}
			v.passed++
		}
	}
	return v
}

// checkStatic runs the staticcheck that checker/tools pins in every module.
func checkStatic(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	modules, err := g.modules()
	if err != nil {
		v.failf("%v", err)
	}
	tools := filepath.Join(g.root, "checker", "tools", "go.mod")
	tool, err := g.command(ctx, ".", nil, "tool", "-modfile="+tools, "-n", "staticcheck")
	if err != nil {
		v.failf("staticcheck cannot be built: %v\n%s", err, tool)
		return v
	}
	for _, dir := range modules {
		if out, err := g.program(ctx, dir, nil, toolPath(tool), "./..."); err != nil {
			v.failf("staticcheck ./... in %s: %v\n%s", dir, err, out)
			continue
		}
		v.passed++
	}
	return v
}

// raceDetector returns the arguments that turn the race detector on, or what is
// missing for it.
func (g *gate) raceDetector(ctx context.Context) (args []string, missing string) {
	const install = "install a C compiler (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
	out, err := g.command(ctx, ".", nil, "env", "CGO_ENABLED", "CC")
	if err != nil {
		return nil, fmt.Sprintf("the race detector: %v", err)
	}
	enabled, cc, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if program, _, _ := strings.Cut(cc, " "); program != "" && enabled == "1" {
		if _, err := exec.LookPath(program); err == nil {
			return []string{"-race"}, ""
		}
	}
	return nil, "the race detector, which needs cgo: " + install
}
