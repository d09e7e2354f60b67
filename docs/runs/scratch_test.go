package runs_test

import (
	"archive/zip"
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A scratch is a folder with a copy of the workshop in it, as a fresh clone is: nothing
// that a run does touches the files of whoever works here.
type scratch struct {
	t    *testing.T
	dir  string // of everything
	repo string // dir/barewire, where commands are typed
}

// clone copies what git knows of, as it is in the working tree.
func clone(t *testing.T) *scratch {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed: apt-get install make")
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := exec.Command("git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	s := &scratch{t: t, dir: t.TempDir()}
	s.repo = filepath.Join(s.dir, "barewire")
	for name := range strings.SplitSeq(string(listed), "\x00") {
		if name == "" || strings.HasPrefix(name, "docs/site/") || strings.HasPrefix(name, "docs/lab/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(top, name))
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		s.write("barewire/"+name, content)
	}
	return s
}

// write writes a file below dir.
func (s *scratch) write(name string, content []byte) {
	s.t.Helper()
	name = filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// read reads a file of the copy.
func (s *scratch) read(name string) string {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.repo, filepath.FromSlash(name)))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(content)
}

// solve puts the reference solution of a step, such as "02-request-line", in the place
// of the starter.
func (s *scratch) solve(step string) {
	s.t.Helper()
	for name, content := range s.solution(step) {
		s.write("barewire/"+name, content)
	}
}

// solution returns the files of a step's solution under the names that they have in steps.
func (s *scratch) solution(step string) map[string][]byte {
	s.t.Helper()
	files := map[string][]byte{}
	for _, path := range s.glob("solutions/" + step + "/*.go") {
		if !strings.HasSuffix(path, "_test.go") {
			text := strings.ReplaceAll(s.read(path), "barewire/solutions/", "barewire/steps/")
			files["steps"+strings.TrimPrefix(path, "solutions")] = []byte(text)
		}
	}
	return files
}

func (s *scratch) glob(pattern string) (names []string) {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.repo, filepath.FromSlash(pattern)))
	if err != nil || len(found) == 0 {
		s.t.Fatalf("%s: nothing there: %v", pattern, err)
	}
	for _, name := range found {
		rel, _ := filepath.Rel(s.repo, name)
		names = append(names, filepath.ToSlash(rel))
	}
	return names
}

// broken returns the files of a solution with the changes of a wrong program in them.
func (s *scratch) broken(program string) map[string][]byte {
	s.t.Helper()
	p := mistake(s.t, s.repo, program)
	files := s.solution(p.Step)
	for name, text := range sources(s.t, s.repo, p) {
		files["steps/"+p.Step+"/"+name] = bytes.ReplaceAll(text, []byte("barewire/solutions/"), []byte("barewire/steps/"))
	}
	return files
}

// spoil puts a wrong program in the place of the starter.
func (s *scratch) spoil(program string) {
	s.t.Helper()
	for name, content := range s.broken(program) {
		s.write("barewire/"+name, content)
	}
}

// handIn returns a zip of files, as a student hands it in.
func handIn(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 11, 30, 18, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// fence returns the first fenced block of a language in a page.
func (s *scratch) fence(page, language string) string {
	s.t.Helper()
	_, rest, ok := strings.Cut(s.read(page), "\n```"+language+"\n")
	block, _, closed := strings.Cut(rest, "\n```")
	if !ok || !closed {
		s.t.Fatalf("%s has no block of %s", page, language)
	}
	return block + "\n"
}

// run types a command at the top of the copy, and returns what the terminal shows.
func (s *scratch) run(command string) (output string, status int) {
	s.t.Helper()
	limited, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(limited, "sh", "-c", command)
	cmd.Dir = s.repo
	cmd.Env = environment()
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed || limited.Err() != nil {
		s.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// environment is this process's, without what make, go test and CI put there.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CI", "GOFLAGS", "GOWORK", "UPDATE", "COLUMNS", "STEP", "TASK", "OUT":
		default:
			env = append(env, v)
		}
	}
	return append(env, "NO_COLOR=1", "LC_ALL=C.UTF-8")
}

// unstable is what differs from run to run, and the text that stands for it.
var unstable = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`Makefile:\d+: `), "Makefile:10: "},
	{regexp.MustCompile(`(?m)^compiling the reference, which takes a minute the first time\n`), ""},
	{regexp.MustCompile(`(?m), retried$`), ""}, // the machine was busy
	{regexp.MustCompile(`\d{4}-\d\d-\d\d-\d{6}`), "2026-11-21-201500"},
	{regexp.MustCompile(`\d+(\.\d+)? (m?s)(, \d+:\d\d left)?\n`), "1.5 s\n"},
	{regexp.MustCompile(`barewire [0-9a-f]{12}\b`), "barewire 0123456789ab"},
	{regexp.MustCompile(`(listening on https?://127\.0\.0\.1):\d+`), "$1:8080"},
	{regexp.MustCompile(`(metrics on https?://127\.0\.0\.1):\d+`), "$1:9090"},
	{regexp.MustCompile(`\bid=[A-Z2-7]{26}\b`), "id=EEWJLPWPL4MZINCGEOAG2WMJUE"},
	{regexp.MustCompile(`agent=curl/\S+`), "agent=curl/8.5.0"},
	{regexp.MustCompile(`with go1\.26\S*`), "with go1.26.8."},
	{regexp.MustCompile(`\btime=\S+`), "time=2026-11-21T20:15:00.000Z"},
	{regexp.MustCompile(`pid=\d+`), "pid=4711"},
	{regexp.MustCompile(`(remote=127\.0\.0\.1|client=127\.0\.0\.1):\d+`), "$1:50000"},
	{regexp.MustCompile(`duration=\S+`), "duration=412µs"},
	{regexp.MustCompile(`(?m)^(barewire_request_duration_seconds_bucket\{.*\}) .*$`), "$1 1"},
	{regexp.MustCompile(`(?m)^(barewire_request_duration_seconds_bucket\{le="0\.0001"\}) .*$`), "$1 0"},
	{regexp.MustCompile(`(?m)^(barewire_request_duration_seconds_sum) .*$`), "$1 0.000412"},
	{regexp.MustCompile(`(?m)^(go_goroutines) .*$`), "$1 9"},
	{regexp.MustCompile(`(?m)^(go_memory_bytes) .*$`), "$1 10100000"},
	{regexp.MustCompile(`(?m)^(Last-Modified: ).*$`), "${1}Sat, 21 Nov 2026 20:00:00 GMT"},
	{regexp.MustCompile(`(?m)^(E[Tt]ag: ).*$`), "${1}\"18d2f3a4-3507\""},
	{regexp.MustCompile(`(?m)^(Date: ).*$`), "${1}Sat, 21 Nov 2026 20:15:00 GMT"},
	{regexp.MustCompile(`(?m)^(X-Request-I[dD]: ).*$`), "${1}EEWJLPWPL4MZINCGEOAG2WMJUE"},
}

func stable(output string) string {
	for _, u := range unstable {
		output = u.pattern.ReplaceAllString(output, u.text)
	}
	return output
}
