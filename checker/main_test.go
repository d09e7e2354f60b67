package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/workshop"
)

// target is a target of the Makefile with its one line.
var target = regexp.MustCompile(`(?m)^(\w+):\n\t@(.*)\n?(\t.*)?`)

// TestMakefile says that make and the program have the same commands, and that
// every target is one line that starts with go.
func TestMakefile(t *testing.T) {
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := make(map[string]bool)
	for _, m := range target.FindAllStringSubmatch(string(text), -1) {
		targets[m[1]] = true
		if !strings.HasPrefix(m[2]+" ", "go tool checker "+m[1]+" ") || m[3] != "" {
			t.Errorf("make %s is %q%q, not one line that calls the command of the same name", m[1], m[2], m[3])
		}
	}
	for _, c := range append(forLearners, forMaintainers...) {
		if len(c.forms) > 0 && c.forms[0].withMake != "" && !targets[c.name] {
			t.Errorf("the Makefile has no target %s", c.name)
		}
		delete(targets, c.name)
	}
	delete(targets, "help")
	for name := range targets {
		t.Errorf("make %s has no command", name)
	}
}

func TestHelp(t *testing.T) {
	var b bytes.Buffer
	help(&workshop.Workshop{Out: &b})
	fixture.Narrow(t, b.String())
	for _, c := range append(forLearners, forMaintainers...) {
		if !strings.Contains(b.String(), "\n  "+c.name+" ") {
			t.Errorf("help says nothing about %s", c.name)
		}
	}
}
