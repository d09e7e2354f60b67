package gate

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/learner"
	"barewire/checker/internal/starter"
	shop "barewire/checker/internal/workshop"
	"barewire/checker/wrong"
)

// planted is a wrong program of each step that others stand on: one that they notice.
var planted = []string{
	"2.6-n-without-crlf", "3.9-counts-the-section-only", "4.2-no-length", "5.5-no-recover",
	"6.2-raw-target", "7.1-last-outermost", "8.6-serves-anyway", "9.9-status-200",
}

// checkBisect plants a mistake in one step of a learner whose code is the reference's, and
// has bisect look for it from each later step. Where that is red, the step with the mistake
// must be named, and no other.
func checkBisect(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	c, err := course.Parse(os.DirFS(filepath.Join(g.root, "checker", "course")))
	if err != nil {
		v.failf("%v", err)
		return v
	}
	programs, err := wrong.Load(g.root)
	if err != nil {
		v.failf("%v", err)
	}
	for _, name := range planted {
		i := slices.IndexFunc(programs, func(p wrong.Program) bool { return p.Name() == name })
		if i < 0 {
			v.failf("there is no wrong program %s to plant", name)
		} else if strings.HasPrefix(programs[i].Step, g.step) {
			v.bisect(ctx, g.root, c, programs[i])
		}
	}
	return v
}

// blames is how bisect names a step.
var blames = regexp.MustCompile(`(?m)^Your step (\d+), `)

// bisect plants one program and looks for it from every later step.
func (v *verdict) bisect(ctx context.Context, root string, c *course.Course, p wrong.Program) {
	dir, err := os.MkdirTemp("", "barewire-bisect-")
	if err != nil {
		v.failf("%v", err)
		return
	}
	defer os.RemoveAll(dir)
	if err := plant(root, dir, p); err != nil {
		v.failf("%s: %v", p.Name(), err)
		return
	}
	own, err := c.Step(p.Step)
	if err != nil {
		v.failf("%v", err)
		return
	}
	row := fmt.Sprintf("%s breaks the steps", p.Name())
	broken := 0
	for _, later := range c.Steps[own.Number:] {
		var said bytes.Buffer
		w := &shop.Workshop{Root: dir, Course: c, Out: &said, Err: &said}
		learner.Bisect(ctx, w, []string{fmt.Sprint(later.Number)})
		blamed := blames.FindAllSubmatch(said.Bytes(), -1)
		switch {
		case strings.Contains(said.String(), "stands alone:"), strings.Contains(said.String(), "None: "):
			continue // it does not use the step, or does not notice
		case len(blamed) == 1 && string(blamed[0][1]) == fmt.Sprint(own.Number):
			row += fmt.Sprintf(" %d", later.Number)
			broken++
			v.passed++
		default:
			v.failf("%s is planted, and bisect says of step %d:\n%s", p.Name(), later.Number, &said)
		}
	}
	if v.said = append(v.said, row); broken == 0 {
		v.failf("%s is planted, and no later step is red: plant another one", p.Name())
	}
}

// plant makes a workshop in dir in which the reference is what the learner wrote, but for
// one program.
func plant(root, dir string, p wrong.Program) error {
	for _, tree := range []string{"steps", "solutions", "checker/testkit"} {
		if err := os.CopyFS(filepath.Join(dir, tree), os.DirFS(filepath.Join(root, tree))); err != nil {
			return err
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o666)
		}
		if err != nil {
			return err
		}
	}
	err := fs.WalkDir(os.DirFS(dir), "solutions", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "steps"+strings.TrimPrefix(name, "solutions")), starter.ToSteps(text), 0o666)
	})
	if err != nil {
		return err
	}
	sources, err := p.Sources(root)
	for file, text := range sources {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "steps", p.Step, file), starter.ToSteps(text), 0o666)
		}
	}
	return err
}
