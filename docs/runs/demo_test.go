package runs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/wrong"
)

// build compiles the demo of a step, on the reference or on a wrong program.
func build(t *testing.T, root, dir, step, which string) (program string) {
	solution := one(t, filepath.Join(root, "solutions", step+"-*"))
	program = filepath.Join(dir, which)
	args := []string{"build", "-o", program}
	if which != step {
		args = append(args, "-overlay", lay(t, root, mistake(t, root, which), dir))
	}
	demo := "demo"
	if step == "10" {
		demo = "barewire"
	}
	cmd := exec.Command("go", append(args, "./solutions/"+filepath.Base(solution)+"/"+demo)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// lay writes the files of a wrong program and an overlay that puts them in the place of
// the solution's.
func lay(t *testing.T, root string, p wrong.Program, dir string) (overlay string) {
	replace := map[string]string{}
	for name, text := range sources(t, root, p) {
		here := filepath.Join(dir, p.Name()+"-"+name)
		if err := os.WriteFile(here, text, 0o666); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, "solutions", p.Step, name)] = here
	}
	plan, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, p.Name()+".json")
	if err := os.WriteFile(overlay, plan, 0o666); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// mistake returns the wrong program of that name.
func mistake(t *testing.T, root, name string) wrong.Program {
	programs, err := wrong.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(programs, func(p wrong.Program) bool { return p.Name() == name })
	if i < 0 {
		t.Fatalf("there is no wrong program %s", name)
	}
	return programs[i]
}

// sources returns the files of the reference that a wrong program changes, changed.
func sources(t *testing.T, root string, p wrong.Program) map[string][]byte {
	files, err := p.Sources(root)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// run starts program on a free port, runs the session's command in a shell, and
// returns what it printed, as it would be for port 8080.
func run(t *testing.T, root, program string, s session) string {
	port, admin := freePort(t), ""
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	demo := exec.CommandContext(ctx, program, append(flags[s.file], "-addr", "127.0.0.1:"+port)...)
	if s.step == "10" {
		admin = freePort(t)
		demo.Args = append(demo.Args, "-admin-addr", "127.0.0.1:"+admin, "-access-log", "off")
	}
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		demo.Process.Signal(os.Interrupt) // so that it can remove what it made
		gone := time.AfterFunc(3*time.Second, func() { demo.Process.Kill() })
		demo.Wait()
		gone.Stop()
	}()
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the demo said nothing")
	}

	command := strings.ReplaceAll(s.command, "8080", port)
	if admin != "" {
		command = strings.ReplaceAll(command, "8081", admin)
	}
	// The clients of the chapters are Go programs with a variable for the address.
	command = strings.Replace(command, "go run docs/clients/", "go run -ldflags '-X main.addr=127.0.0.1:"+port+"' docs/clients/", 1)
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Dir = root
	shell.WaitDelay = time.Second
	printed, err := shell.CombinedOutput()
	if len(printed) == 0 {
		t.Fatalf("%s printed nothing (%v)", s.command, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%s did not end within a minute", s.command)
	}
	return tidy(strings.ReplaceAll(string(printed), port, "8080"))
}

// differs has what is another thing at each run, and what stands for it.
var differs = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?m)^([<>] )?(Date|Last-Modified|date|last-modified): .*$`), "$1$2: Sat, 21 Nov 2026 18:00:00 GMT"},
	{regexp.MustCompile(`(?m)^(X-Request-ID): [A-Z2-7]{26}$`), "$1: 6RH7QIQGFWOCBTNKPFV5TPVWNK"},
	{regexp.MustCompile(`(?m)^(ETag: )"[0-9a-z]+-`), `$1"dn12x2in96bt-`},
	{regexp.MustCompile(`(boundary=|(?m:^)--)[A-Z2-7]{26}\b`), "${1}ZCYXYQOPVJGDFSSF43NBWMREEH"},
	{regexp.MustCompile(`curl/[0-9.]+`), "curl/8.0.1"},
	{regexp.MustCompile(`exit status \d+\n$`), ""},
}

// tidy replaces what differs from run to run, and shows what a terminal does not.
func tidy(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for _, d := range differs {
		s = d.what.ReplaceAllString(s, d.with)
	}
	return s
}

// lastPort is the port that freePort tried last.
var lastPort atomic.Int64

// freePort returns a port with four digits, as 8080 has: lengths stay the same. It is
// from those that are no number of an RFC, since 8080 is written for it wherever it stands.
func freePort(t *testing.T) string {
	for {
		port := 8620 + int64(os.Getpid()%200) + lastPort.Add(1)
		if port > 8940 {
			t.Fatal("no port is free")
		}
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			ln.Close()
			return fmt.Sprint(port)
		}
	}
}

// one returns the only file that pattern matches.
func one(t *testing.T, pattern string) string {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) != 1 {
		t.Fatalf("%s matches %q (%v)", pattern, names, err)
	}
	return names[0]
}
