// Package runs_test holds the terminal sessions of the chapters against the
// programs that they are about. A chapter shows a session as a link with the
// title "run": its text is the command, its target the file with what came back.
//
//	UPDATE=1 go test ./runs    writes the files anew
package runs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A session is one command of a chapter.
type session struct {
	step    string // "03"
	command string // what the reader types
	file    string // "03-two-hosts.txt", beside this test
}

// flags are what demos are started with that need any.
var flags = map[string][]string{
	"08-proxied.txt":          {"-proxy", "127.0.0.1/32"},
	"08-rotating.txt":         {"-proxy", "127.0.0.1/32"},
	"wrong-8.8-leftmost.txt":  {"-proxy", "0.0.0.0/1"},
	"10-half.txt":             {"-header-timeout", "2s"},
	"10-slow.txt":             {"-header-timeout", "2s"},
	"10-rate.txt":             {"-rate", "3", "-rate-window", "10s"},
	"10-proxy.txt":            {"-proxy-protocol", "-trusted-proxies", "127.0.0.1", "-rate", "1", "-rate-window", "1m"},
	"wrong-10.1-half-tls.txt": {"-key", "my.key"},
}

// TestChapters runs each command against the demo of the chapter's step on the
// reference. If its file is called wrong-3.6-first-of-two.txt, the demo is on
// that program of checker/wrong.
func TestChapters(t *testing.T) {
	for _, tool := range []string{"sh", "nc", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: %v", tool, err)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	built := map[string]string{}
	for _, s := range sessions(t) {
		which := s.step
		if name, ok := strings.CutPrefix(s.file, "wrong-"); ok {
			which = strings.TrimSuffix(name, ".txt")
		}
		t.Run(strings.TrimSuffix(s.file, ".txt"), func(t *testing.T) {
			if built[which] == "" {
				built[which] = build(t, root, dir, s.step, which)
			}
			program := built[which]
			t.Parallel() // when all is built: some count seconds
			got := run(t, root, program, s)
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(s.file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(s.file)
			if err != nil {
				t.Fatalf("%v: UPDATE=1 go test ./runs writes it", err)
			}
			if got != string(want) {
				t.Errorf("%s\n--- the file has\n%s--- it prints\n%s", s.command, want, got)
			}
		})
	}
}

var link = regexp.MustCompile("(?m)^\\[(?:`` (.+) ``|`(.+)`)\\]\\(runs/((?:[01][0-9]|wrong|exercise)-[^ )]+) \"run\"\\)$")

// sessions reads the chapters. Links to files with other names are not theirs.
func sessions(t *testing.T) (all []session) {
	chapters, err := filepath.Glob("../[01][0-9]-*.md")
	if err != nil || len(chapters) != 10 {
		t.Fatalf("there are %d chapters, want 10 (%v)", len(chapters), err)
	}
	for _, name := range append(chapters, "../exercises.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		step := filepath.Base(name)[:2]
		if step == "ex" {
			step = "10" // what comes after the course is tried on the server that it ends with
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			all = append(all, session{step: step, command: m[1] + m[2], file: m[3]})
		}
	}
	used := map[string]bool{}
	for _, s := range all {
		if used[s.file] {
			t.Errorf("two sessions have the file %s", s.file)
		}
		used[s.file] = true
	}
	for _, pattern := range []string{"[01][0-9]-*.txt", "wrong-*.txt", "exercise-*.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no files %s (%v)", pattern, err)
		}
		for _, name := range files {
			if !used[name] {
				t.Errorf("no chapter shows %s", name)
			}
		}
	}
	return all
}
