// Package selftest grades a collection of hostile submissions, and honest ones beside
// them, on the machine that it runs on. It says which layer stopped each, what it
// earned and what it may earn, and whether anything was touched or left behind.
//
// A hostile submission may earn at most what is honest in it: what the same submission
// has without its attack, which is graded as well. An honest one must earn all that it
// deserves, however strange it looks.
//
// To see that the sandbox holds, and not policy in front of it, many attacks of the
// collection are let through policy with packages that an instructor could allow, and
// know what no submission can: where the canaries are. What they have seen they hand
// out in a panic, which the exam reports.
//
// Read this file first, then cases/*.txtar; selftest.go grades them, judge.go says what
// came of it, and watch_linux.go has the canaries.
package selftest

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:embed cases
var files embed.FS

// Layers that stop an attack, in the order in which a submission meets them.
var layers = []string{"intake", "policy", "build", "sandbox", "exam", "rubric", "converter"}

// None is the layer of honest submissions: nothing may stop them.
const None = "nothing"

// A Case is one submission. Its file begins with a sentence that says what it tries; then
// there are lines such as these, and its files:
//
//	base: reference 2, starter 3   what else is handed in, by step; starter 2 without it
//	stopped-by: sandbox            the layer that must stop it; nothing for an honest one
//	shows: permission denied       a pattern that its result must have, as a proof of that
//	proof: canaries                or else, that no canary was touched is the proof
//	never: root:x                  a pattern that its result must not have
//	earns: base                    at most: base (what it has without its attack) or a number
//	deserves: 10                   at least: of an honest submission
//	allow: os syscall              packages that policy lets pass in step 2
//	attack: yes                    ParseMethod panics with what attack() string returned
//	change: crlf                   what is done to all files: crlf, bom or onefile
//	quick: yes                     it is graded by the gate as well
//	as: zip                        how it is handed in: folder (without it), zip or class
//	rubric: {"late": {}}           instead of 10 points for each step
//
// A file NAME and one called "with" behind it are a mistake of somebody honest: the text of
// the first, which is once in that file of the base, becomes that of the second. It is in
// what the submission has without its attack, too.
//
// Each step that is handed in, or has a file, has 10 points.
type Case struct {
	Name, Kind string // "forge-exit": what stands before the first dash
	Tries      string
	Base       map[int]string // "reference" or "starter", by step
	StoppedBy  string
	Shows      []string // patterns
	Never      []string
	Canaries   bool // what shows that it was stopped is that no canary was touched
	AtMost     float64
	AsBase     bool // AtMost is what the base has
	AtLeast    float64
	Allow      []string
	Attack     bool
	Change     string
	Quick      bool
	As         string
	Rubric     string
	Files      []txtar.File
	Mistakes   []mistake

	// make makes what is handed in, where no file can hold it.
	make func(*laid) error
}

// A mistake is a text of a file of the base, and what stands there instead.
type mistake struct{ name, text, with string }

// Cases returns the collection, by name.
func Cases() ([]Case, error) {
	entries, err := files.ReadDir("cases")
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, e := range entries {
		text, err := files.ReadFile("cases/" + e.Name())
		if err != nil {
			return nil, err
		}
		c, err := parse(e.Name(), text)
		if err != nil {
			return nil, fmt.Errorf("selftest: %s: %w", e.Name(), err)
		}
		all = append(all, c)
	}
	for _, m := range made {
		c, err := parse(m.name+".txtar", []byte(m.head))
		if err != nil {
			return nil, fmt.Errorf("selftest: %s: %w", m.name, err)
		}
		c.make = m.make
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Case) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// parse reads one case.
func parse(name string, text []byte) (Case, error) {
	archive := txtar.Parse(text)
	c := Case{Name: strings.TrimSuffix(name, ".txtar"), Base: map[int]string{2: "starter"}, AsBase: true, As: "folder"}
	for i, f := range archive.Files {
		switch {
		case f.Name == "with" && i > 0:
			c.Mistakes = append(c.Mistakes, mistake{archive.Files[i-1].Name, string(archive.Files[i-1].Data), string(f.Data)})
		case i+1 < len(archive.Files) && archive.Files[i+1].Name == "with":
		default:
			c.Files = append(c.Files, f)
		}
	}
	c.Kind, _, _ = strings.Cut(c.Name, "-")
	head, lines, _ := strings.Cut(strings.TrimSpace(string(archive.Comment)), "\n\n")
	c.Tries = strings.Join(strings.Fields(head), " ")
	for line := range strings.Lines(lines) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			return c, fmt.Errorf("the line %q is not key: value", line)
		}
		if err := c.set(key, strings.TrimSpace(value)); err != nil {
			return c, fmt.Errorf("%s: %w", key, err)
		}
	}
	switch {
	case c.Tries == "":
		return c, fmt.Errorf("it does not say what it tries")
	case c.StoppedBy == "":
		return c, fmt.Errorf("it does not say what must stop it")
	case c.StoppedBy != None && c.StoppedBy != "exam" && len(c.Shows) == 0 && !c.Canaries:
		return c, fmt.Errorf("it does not say what shows that the layer has stopped it")
	}
	return c, nil
}

func (c *Case) set(key, value string) (err error) {
	switch key {
	case "base":
		c.Base = make(map[int]string)
		for part := range strings.SplitSeq(value, ",") {
			what, step, _ := strings.Cut(strings.TrimSpace(part), " ")
			n, err := strconv.Atoi(step)
			if what == "none" {
				continue
			}
			if err != nil || what != "reference" && what != "starter" {
				return fmt.Errorf("%q is not like reference 2", part)
			}
			c.Base[n] = what
		}
	case "stopped-by":
		if value != None && !slices.Contains(layers, value) {
			return fmt.Errorf("there is no layer %q", value)
		}
		c.StoppedBy = value
	case "shows", "never":
		if _, err = regexp.Compile(value); key == "never" {
			c.Never = append(c.Never, value)
		} else {
			c.Shows = append(c.Shows, value)
		}
	case "proof":
		if c.Canaries = value == "canaries"; !c.Canaries {
			return fmt.Errorf("there is no proof %q", value)
		}
	case "earns":
		if c.AsBase = value == "base"; !c.AsBase {
			c.AtMost, err = strconv.ParseFloat(value, 64)
		}
	case "deserves":
		c.AtLeast, err = strconv.ParseFloat(value, 64)
		c.AtMost, c.AsBase = 1000, false
	case "allow":
		c.Allow = strings.Fields(value)
	case "attack":
		c.Attack = value == "yes"
	case "quick":
		c.Quick = value == "yes"
	case "change":
		c.Change = value
	case "as":
		c.As = value
	case "rubric":
		c.Rubric = value
	default:
		return fmt.Errorf("there is no such line")
	}
	return err
}

// steps are those that the case has points for.
func (c *Case) steps() []int {
	all := make(map[int]bool)
	for n := range c.Base {
		all[n] = true
	}
	for _, f := range c.Files {
		if dir, ok := strings.CutPrefix(path.Dir(f.Name), "steps/"); ok {
			if n, err := strconv.Atoi(dir[:min(2, len(dir))]); err == nil && n >= 1 && n <= 10 {
				all[n] = true
			}
		}
	}
	if len(all) == 0 {
		all[2] = true
	}
	var list []int
	for n := range all {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}
