package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/starter"
)

// This file makes the repository that is handed out to students: starters, tests and
// chapters, what runs them, and nothing of the reference.

// student writes the repository into dir, which must be new or empty.
func student(ctx context.Context, dir string, o Options) error {
	c, err := course.Load()
	if err != nil {
		return err
	}
	steps, err := chosen(c, o.Steps)
	if err != nil {
		return err
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		return fmt.Errorf("bundle: %s has something in it already: %s", dir, entries[0].Name())
	}
	git := exec.CommandContext(ctx, "git", "ls-files", "-z")
	git.Dir = o.Root
	listed, err := git.Output()
	if err != nil {
		return fmt.Errorf("bundle: git says which files belong to the course, and it fails in %s: %w", o.Root, err)
	}
	all := map[string][]byte{}
	for name := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		if !handedOut(name, steps) {
			continue
		}
		if all[name], err = os.ReadFile(filepath.Join(o.Root, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	for _, step := range steps {
		files, err := starter.Generate(filepath.Join(o.Root, "solutions", step.Dir))
		if err != nil {
			return err
		}
		for name, text := range files {
			all[path.Join("steps", step.Dir, name)] = text
		}
	}
	if err := missing(all, steps); err != nil {
		return err
	}
	for name, text := range all {
		if path.Ext(name) == ".md" && !strings.HasPrefix(name, "checker/") {
			text = page(name, text, all)
		}
		if name == "README.md" {
			_, rest, _ := bytes.Cut(text, []byte("\n"))
			text = slices.Concat([]byte("# Barewire\n\n"+note(c, steps)+"\n"), rest)
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, text, 0o666)); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	return nil
}

// note is what a student reads first.
func note(c *course.Course, steps []course.Step) string {
	which := "all steps"
	if len(steps) < len(c.Steps) {
		var numbers []string
		for _, s := range steps {
			numbers = append(numbers, strconv.Itoa(s.Number))
		}
		which = "steps " + strings.Join(numbers, ", ")
	}
	return "This copy of the course was handed out with " + which + " and without the reference. " +
		"What needs the reference (`solution`, `bisect`, `BASE=reference`, the site) says so; everything else is here. " +
		"Hand in the folder `steps`."
}

// chosen reads the steps, such as "1-4,6"; "" are all.
func chosen(c *course.Course, list string) ([]course.Step, error) {
	if list == "" {
		return c.Steps, nil
	}
	wanted := map[int]bool{}
	for part := range strings.SplitSeq(list, ",") {
		first, last, dashed := strings.Cut(strings.TrimSpace(part), "-")
		if !dashed {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || from < 1 || to > len(c.Steps) || from > to {
			return nil, fmt.Errorf("bundle: -steps %s: %q is no step from 1 to %d and no range of them, such as 1-4", list, part, len(c.Steps))
		}
		for n := from; n <= to; n++ {
			wanted[n] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(c.Steps), func(s course.Step) bool { return !wanted[s.Number] }), nil
}

var (
	// ofStep is a file that belongs to one step.
	ofStep = regexp.MustCompile(`^(?:steps|checker/course|checker/handout|docs|docs/clients)/(\d\d-[a-z-]+)(?:/|\.md$|\.txt$)`)

	// forStudents are the files that are handed out, and notForStudents those of them that
	// are not: what has the reference in it, or is of use to maintainers only.
	forStudents = regexp.MustCompile(`^(go\.mod|go\.sum|Makefile|README\.md|LICENSE|AGENTS\.md|\.gitignore|\.gitattributes|` +
		`\.vscode/.*|\.devcontainer/.*|steps/.*|checker/.*\.go|checker/(course|handout|conformance)/.*|` +
		`docs/(\d\d-.*|start|exercises)\.md|docs/runs/.*\.txt|docs/clients/.*)$`)
	notForStudents = regexp.MustCompile(`^checker/(_right|mutants|grader|peers|tools|conformance/target)/|^checker/.*_test\.go$`)
)

// handedOut says whether a file of the repository is for students who have these steps.
// The starters are made anew.
func handedOut(name string, steps []course.Step) bool {
	if !forStudents.MatchString(name) || notForStudents.MatchString(name) {
		return false
	}
	if m := ofStep.FindStringSubmatch(name); m != nil && !slices.ContainsFunc(steps, func(s course.Step) bool { return s.Dir == m[1] }) {
		return false
	}
	return !strings.HasPrefix(name, "steps/") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") || path.Dir(name) == "steps"
}

// imported is a step in an import.
var imported = regexp.MustCompile(`"barewire/steps/([^"/]+)`)

// missing complains about the first step that another one imports and that is left out.
func missing(all map[string][]byte, steps []course.Step) error {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(name, "steps/") {
			continue
		}
		for _, m := range imported.FindAllSubmatch(all[name], -1) {
			if !slices.ContainsFunc(steps, func(s course.Step) bool { return s.Dir == string(m[1]) }) {
				return fmt.Errorf("bundle: %s imports step %s, which is left out: add it to -steps", name, m[1])
			}
		}
	}
	return nil
}

var (
	explained = regexp.MustCompile(`(?ms)^## The reference explained\n.*?(^## |\z)`)
	fromCode  = regexp.MustCompile(`(?m)^\[[^\]]*\]\(\.\./solutions/[^)]*\)\n\n?`)
	linked    = regexp.MustCompile(`(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)((?: "[^"]*")?)\)`)
)

// page is a chapter without what explains the reference. Links to what is not handed out
// are their words alone.
func page(name string, text []byte, all map[string][]byte) []byte {
	text = explained.ReplaceAll(text, []byte("$1"))
	text = fromCode.ReplaceAll(text, nil)
	return linked.ReplaceAllFunc(text, func(link []byte) []byte {
		m := linked.FindSubmatch(link)
		target, _, _ := strings.Cut(string(m[3]), "#")
		if target == "" || strings.Contains(target, ":") {
			return link
		}
		at := path.Join(path.Dir(name), target)
		for file := range all {
			if file == at || strings.HasPrefix(file, at+"/") {
				return link
			}
		}
		if len(m[1]) > 0 {
			return nil // a picture
		}
		return m[2]
	})
}
