package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// source is a step whose test overlooks two of its mutants.
const source = `// Package part is a step.
package part

import "errors"

// Limit is the most that is taken.
const Limit = 3

// Take takes at most Limit, and adds what it took to all.
func Take(n int, all *int) (int, error) {
	if n < 0 {
		return 0, errors.New("less than nothing")
	}
	if n > Limit {
		n = Limit
	}
	*all += n
	return n, nil
}
`

const tests = `package part_test

import (
	"testing"

	"barewire/steps/01-part"
)

func TestTask1_Take(t *testing.T) {
	all := 0
	for n, want := range []int{0, 1, 2, 3, 3, 3} {
		if got, err := part.Take(n, &all); got != want || err != nil {
			t.Fatal(n, got, err)
		}
	}
	if _, err := part.Take(-1, &all); err == nil {
		t.Fatal("no error")
	}
}
`

// TestStep says which mutants a small step has, and which of them its test catches.
func TestStep(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                     "module barewire\n\ngo 1.26\n",
		"solutions/01-part/part.go":  source,
		"steps/01-part/part.go":      "package part\n",
		"steps/01-part/part_test.go": tests,
	} {
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := build(t.Context(), root, "01-part", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.remove()
	var caught, missed []string
	err = s.runAll(t.Context(), s.mutants, 2, func(m Mutant, by string) {
		if by == "" {
			missed = append(missed, m.Key())
		} else if by == "TestTask1_Take" {
			caught = append(caught, m.Key())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(caught)
	slices.Sort(missed)
	wantCaught := []string{
		`part.go Take: +1: 0`,
		`part.go Take: +1: Limit`,
		`part.go Take: +1: Limit #2`,
		`part.go Take: -1: 0`,
		`part.go Take: -1: Limit #2`,
		`part.go Take: bound: n < 0`,
		`part.go Take: false: n < 0`,
		`part.go Take: false: n > Limit`,
		`part.go Take: nil: errors.New("less than nothing")`,
		`part.go Take: removed: n = Limit`,
		`part.go Take: true: n < 0`,
		`part.go Take: true: n > Limit`,
	}
	wantMissed := []string{
		`part.go Take: -1: Limit`, // in the condition: 3 becomes 3
		`part.go Take: bound: n > Limit`,
		`part.go Take: removed: *all += n`,
	}
	if diff := cmp.Diff(wantCaught, caught); diff != "" {
		t.Errorf("caught (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantMissed, missed); diff != "" {
		t.Errorf("not caught (-want +got):\n%s", diff)
	}
}

func TestReadEquivalent(t *testing.T) {
	for _, c := range []struct{ name, text, want, complaint string }{
		{"none", "", "", ""},
		{"two", "a.go F: +1: 3\n    nobody reads it\n\nb.go G: true: x\n    x is true\n", "nobody reads it|x is true", ""},
		{"a reason is missing", "a.go F: +1: 3\nb.go G: true: x\n    x is true\n", "", "no reason for a.go F: +1: 3"},
		{"at the end too", "a.go F: +1: 3\n", "", "no reason for a.go F: +1: 3"},
		{"a mutant is missing", "    because\n", "", "a reason without a mutant: because"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "list.txt")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			reasons, err := readEquivalent(file)
			if complaint := errorText(err); !strings.HasSuffix(complaint, c.complaint) || c.complaint == "" && err != nil {
				t.Errorf("complaint %q, want %q", complaint, c.complaint)
			}
			var got []string
			for _, r := range reasons {
				got = append(got, r)
			}
			slices.Sort(got)
			if c.complaint == "" && strings.Join(got, "|") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
