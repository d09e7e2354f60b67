package runs_test

// This file is for the sessions that are not of a chapter: those of a learner's first
// minutes, of a class that is graded, and of the finished server. Times, ports and names
// of commits are replaced by fixed ones; see unstable.

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// golden compares what a command shows with the file of that name, or writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the command shows today.\nIf that is as it should be: UPDATE=1 go test ./runs\n--- it shows\n%s--- the file has\n%s", name, got, want)
	}
}

// step runs a command and keeps what it shows as a golden file.
func (s *scratch) step(file, command string, status int) string {
	s.t.Helper()
	out, got := s.run(command)
	if got != status {
		s.t.Fatalf("%s: exit status %d instead of %d\n%s", command, got, status, out)
	}
	out = stable(out)
	golden(s.t, file, out)
	return out
}

const red = 2 // what make exits with when a test is red

// One copy is for all of them, as it takes its time to compile what is in it.
func TestRuns(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // what make says differs, and the grader and the signals are Linux's
	}
	s := clone(t)
	t.Run("first minutes", func(t *testing.T) { s.in(t).firstMinutes() })
	t.Run("class", func(t *testing.T) { s.in(t).class() })
	t.Run("server", func(t *testing.T) { s.in(t).server() })
	t.Run("red block", func(t *testing.T) { s.in(t).redBlock() }) // the last: the steps are no starters any more
}

// in returns s for a test of its own.
func (s *scratch) in(t *testing.T) *scratch {
	other := *s
	other.t = t
	return &other
}

// firstMinutes are a learner's: docs/start.md has the function that is written here.
func (s *scratch) firstMinutes() {
	s.step("start-progress.txt", "make progress", 0)
	s.step("start-red.txt", "make test", red)
	s.step("start-hint.txt", "make hint", 0)
	echo := s.read("steps/01-tcp-echo/echo.go")
	i := strings.Index(echo, "func Echo(")
	s.write("barewire/steps/01-tcp-echo/echo.go", []byte(echo[:i]+s.fence("docs/start.md", "go")))
	s.step("start-green.txt", "make test", red)
	s.step("start-after.txt", "make progress", 0)
	s.step("start-task.txt", "make test TASK=1.1", 0)
	s.step("start-reset.txt", "make reset STEP=1", 0)
}

// redBlock is as the front page and the README show it, and what helps then.
func (s *scratch) redBlock() {
	s.spoil("2.2-sscanf")
	out := s.step("test-02-red.txt", "make test STEP=2", red)
	golden(s.t, "red.svg", picture("make test STEP=2", out))
	for _, step := range []string{"01-tcp-echo", "03-headers-bodies"} {
		s.solve(step)
	}
	s.spoil("2.1-space-not-counted")
	s.step("bisect-03.txt", "make bisect STEP=3", red)
}

// class is a class, from what Canvas lets an instructor download to its gradebook.
func (s *scratch) class() {
	t := s.t
	doctor, status := s.run("make doctor")
	if !strings.Contains(doctor, "yes  bubblewrap+jail ") {
		t.Skipf("grading needs a sandbox: apt-get install bubblewrap\nexit status %d\n%s", status, doctor)
	}
	golden(t, "grade-doctor.txt", stable(doctor))
	ana := s.solution("01-tcp-echo")
	ben, eve := map[string][]byte{}, map[string][]byte{}
	for name, content := range ana {
		ben[name], eve[name] = content, content
	}
	for name, content := range s.solution("02-request-line") {
		ana[name], eve[name] = content, content
	}
	for name, content := range s.broken("2.1-any-white-space") {
		ben[name] = content
	}
	eve["steps/02-request-line/fetch.go"] = []byte("package reqline\n\nimport \"net/http\"\n\nvar client http.Client\n")
	s.write("ben.zip", handIn(t, ben))
	s.write("submissions.zip", handIn(t, map[string][]byte{
		"diazana_1001_5001_steps.zip":       handIn(t, ana),
		"bauerben_LATE_1002_5002_steps.zip": handIn(t, ben),
		"evanseve_1003_5003_steps.zip":      handIn(t, eve),
	}))
	for _, name := range []string{"rubric.json", "mistakes.json", "gradebook.csv"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		s.write(name, content)
	}
	s.step("grade-mistakes.txt", "cat ../mistakes.json; make grade SUBMISSIONS=../submissions.zip RUBRIC=../mistakes.json", 2)
	s.step("grade-rubric.txt", "cat ../rubric.json", 0)
	s.step("grade-gradebook.txt", "cat ../gradebook.csv", 0)
	const grade = "make grade SUBMISSIONS=../submissions.zip RUBRIC=../rubric.json OUT=../grades JOBS=1 FLAGS='-seed 7%s'"
	s.step("grade-class.txt", fmt.Sprintf(grade, ""), 0)
	s.step("grade-files.txt", "ls ../grades", 0)
	s.step("grade-again.txt", fmt.Sprintf(grade, ""), 0)
	s.step("grade-shard-0.txt", fmt.Sprintf(grade, " -shard 0/2"), 0)
	s.step("grade-shard-1.txt", fmt.Sprintf(grade, " -shard 1/2"), 0)
	s.step("grade-merge.txt", `make merge OUT=../grades RUBRIC=../rubric.json LOGS='../grades/shard-*.jsonl'`, 0)
	s.step("grade-one.txt", "make convert OUT=../grades TO=markdown FLAGS='-student 1002 -for instructor'", 0)
	s.step("grade-selftest.txt", `make selftest FLAGS="-seed 7 -jobs 1 -only 'forge-init-exit|forge-net-http|escape-tcp'"`, 0)
	s.step("grade-canvas.txt", "make convert OUT=../grades TO=canvas FLAGS='-sheet ../gradebook.csv -assignment 777'", 0)
	if out, status := s.run(`sed 's/"percent_per_day": 10/"percent_per_day": 5/' ../rubric.json > ../milder.json`); status != 0 {
		t.Fatal(out)
	}
	s.step("grade-regrade.txt", "make regrade SUBMISSIONS=../submissions.zip RUBRIC=../milder.json OUT=../grades JOBS=1 FLAGS='-seed 7'", 0)
}

// Every golden file is written by a test above: one that is not would never be renewed.
func TestNoStrangers(t *testing.T) {
	var source strings.Builder
	for _, name := range list(t, "*_test.go") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for _, pattern := range []string{"*.txt", "*.svg"} {
		for _, name := range list(t, pattern) {
			if chapters.MatchString(name) {
				continue // TestChapters finds these in the chapters
			}
			if !strings.Contains(source.String(), `"`+name+`"`) {
				t.Errorf("no test writes %s", name)
			}
		}
	}
}

var chapters = regexp.MustCompile(`^(\d\d|wrong|exercise)-`)

func list(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}
