package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

func TestAt(t *testing.T) {
	for _, test := range []struct{ try, addr, want string }{
		{"curl -v http://127.0.0.1:8080/", "", "curl -v http://127.0.0.1:8080/"},
		{"curl -v http://127.0.0.1:8080/", ":9000", "curl -v http://127.0.0.1:9000/"},
		{"nc 127.0.0.1 8080", "0.0.0.0:9000", "nc 0.0.0.0 9000"},
		{"curl http://localhost:8080/", "[::1]:80", "curl http://[::1]:80/"},
		{"nc 127.0.0.1 8080", "nonsense", "nc 127.0.0.1 8080"},
	} {
		if got := at(test.try, test.addr); got != test.want {
			t.Errorf("at(%q, %q) = %q, want %q", test.try, test.addr, got, test.want)
		}
	}
}

// program ends with status 3 when it is interrupted, and with 4 when it is told
// to; it says what it was given.
const program = `package main

import (
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-addr" && os.Args[2] == "end" {
		os.Exit(4)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	fmt.Println("ready", os.Args[1:])
	<-interrupted
	os.Exit(3)
}
`

// A screen is a buffer that may be read while it is written.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func lay(t *testing.T, code string) (*workshop.Workshop, *screen) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a workshop")
	err := os.CopyFS(dir, fstest.MapFS{
		"go.mod":                                {Data: []byte("module barewire\n\ngo 1.26\n")},
		"steps/01-tcp-echo/echo_test.go":        {Data: []byte("package echo_test\n")},
		"steps/01-tcp-echo/demo/main.go":        {Data: []byte(code)},
		"solutions/01-tcp-echo/demo/main.go":    {Data: []byte(strings.ReplaceAll(code, "ready", "reference"))},
		"steps/02-request-line/reqline_test.go": {Data: []byte("package reqline_test\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := course.Parse(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	c.Steps[0].Run = "nc 127.0.0.1 8080"
	s := &screen{}
	return &workshop.Workshop{Root: dir, Course: c, ByMake: true, Out: s, Err: s}, s
}

func TestStatus(t *testing.T) {
	w, s := lay(t, program)
	if status := Run(t.Context(), w, []string{"1", "-addr", "end"}); status != 4 {
		t.Errorf("exit status %d, want that of the program:\n%s", status, s)
	}
}

func TestDoesNotBuild(t *testing.T) {
	w, s := lay(t, "package main\n\nfunc main() { x }\n")
	if status := Run(t.Context(), w, []string{"1"}); status != workshop.Red || !strings.Contains(s.String(), "undefined: x") {
		t.Errorf("exit status %d:\n%s", status, s)
	}
}

func TestNoProgram(t *testing.T) {
	w, s := lay(t, program)
	if status := Run(t.Context(), w, []string{"2"}); status != workshop.Usage || !strings.Contains(s.String(), "no program of its own") {
		t.Errorf("exit status %d:\n%s", status, s)
	}
}

// twoSteps is a program of step 2 that says whose step 1 it is made of.
func twoSteps(t *testing.T, stepOne string) (*workshop.Workshop, *screen) {
	t.Helper()
	w, s := lay(t, program)
	const solution = "package echo\n\nimport \"errors\"\n\n// Whose says whose it is.\n//\n//starter:todo 1.1 Say it.\n" +
		"func Whose() (string, error) { return \"the reference's\", errors.Join() }\n"
	files := map[string]string{
		"solutions/01-tcp-echo/echo.go":      solution,
		"steps/02-request-line/demo/main.go": "package main\n\nimport echo \"barewire/steps/01-tcp-echo\"\n\nfunc main() {\n\twhose, err := echo.Whose()\n\tprintln(whose)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n}\n",
	}
	if stepOne != "" {
		files["steps/01-tcp-echo/echo.go"] = stepOne
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(w.Path(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(w.Path(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if stepOne == "" {
		made, err := starter.Generate(w.Path("solutions/01-tcp-echo"))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range made {
			if err := os.WriteFile(w.Path("steps/01-tcp-echo/"+name), text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w, s
}

func TestBase(t *testing.T) {
	const (
		mine  = "package echo\n\nfunc Whose() (string, error) { return \"mine\", nil }\n"
		parts = "package echo\n\nimport \"errors\"\n\nfunc Whose() (string, error) { return \"in parts\", nil }\n\nfunc Other() error { return errors.New(\"task 1.2 is not written yet\") }\n"
		next  = "make run STEP=2 BASE=reference"
	)
	for _, test := range []struct {
		name, stepOne string
		args          []string
		status        int
		want          []string
		never         string
	}{
		{"an earlier step that is not begun", "", []string{"2"}, workshop.Red, []string{"step 1 is not written yet", next}, "panic"},
		{"with the reference's in its place", "", []string{"2", "-base", "reference"}, workshop.Green, []string{"the reference's", "on the reference's earlier steps"}, "not written"},
		{"the learner's own", mine, []string{"2", "-base", "mine"}, workshop.Green, []string{"mine"}, "not written"},
		{"the reference's instead of the learner's own", mine, []string{"2", "-base=reference"}, workshop.Green, []string{"the reference's"}, "mine"},
		{"one of which a task is missing", parts, []string{"2"}, workshop.Green, []string{"in parts", "task 1.2 is not written yet", next}, "the reference's"},
		{"another base", mine, []string{"2", "-base", "yours"}, workshop.Usage, []string{"-base yours"}, "In another terminal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, s := twoSteps(t, test.stepOne)
			status := Run(t.Context(), w, test.args)
			if status != test.status || strings.Contains(s.String(), test.never) {
				t.Errorf("exit status %d, want %d, and never %q:\n%s", status, test.status, test.never, s)
			}
			for _, want := range test.want {
				if !strings.Contains(strings.Join(strings.Fields(s.String()), " "), want) { // whatever the lines
					t.Errorf("%q is not in:\n%s", want, s)
				}
			}
		})
	}
}

// TestSignal interrupts this process, which has to pass it on, once.
func TestSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the console sends Ctrl-C to all programs there")
	}
	w, s := lay(t, program)
	status := make(chan int, 1)
	go func() { status <- Run(t.Context(), w, []string{"-reference", "1", "-addr", ":9000"}) }()
	deadline := time.Now().Add(30 * time.Second)
	for !strings.Contains(s.String(), "reference [-addr :9000]") {
		if time.Now().After(deadline) {
			t.Fatalf("the program did not begin:\n%s", s)
		}
		time.Sleep(5 * time.Millisecond)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // as the terminal and the go command do
		if err := self.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-status; got != 3 {
		t.Errorf("exit status %d, want that of the program, 3:\n%s", got, s)
	}
	if want := fmt.Sprintf("In another terminal, try:\n\n  %s\n", "nc 127.0.0.1 9000"); !strings.Contains(s.String(), want) {
		t.Errorf("%q is not in:\n%s", want, s)
	}
}
