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
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// build compiles the demo of a step, on the reference or on a wrong program.
func build(t *testing.T, root, dir, step, which string) (program string) {
	solution := one(t, filepath.Join(root, "solutions", step+"-*"))
	program = filepath.Join(dir, which)
	args := []string{"build", "-o", program}
	if which != step {
		archive := one(t, filepath.Join(root, "checker", "wrong", "*", which+".txtar"))
		args = append(args, "-overlay", lay(t, archive, solution, dir))
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

// lay writes the files of a wrong program and an overlay that puts them in the
// place of the solution's. checker/README.md says how such an archive is read.
func lay(t *testing.T, archive, solution, dir string) (overlay string) {
	text, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	parts := regexp.MustCompile(`(?m)^-- (\S+) --\n`).FindAllSubmatchIndex(text, -1)
	section := func(i int) (name, body string) {
		end := len(text)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		return string(text[parts[i][2]:parts[i][3]]), strings.TrimSuffix(string(text[parts[i][1]:end]), "\n")
	}
	for i := 0; i+1 < len(parts); i += 2 {
		name, old := section(i)
		with, changed := section(i + 1)
		if with != "with" {
			t.Fatalf("%s: %q follows %q", archive, with, name)
		}
		if files[name] == "" {
			right, err := os.ReadFile(filepath.Join(solution, name))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(right)
		}
		if n := strings.Count(files[name], old); n != 1 {
			t.Fatalf("%s: %q stands %d times in %s", archive, old, n, name)
		}
		files[name] = strings.Replace(files[name], old, changed, 1)
	}
	replace := map[string]string{}
	for name, text := range files {
		here := filepath.Join(dir, filepath.Base(archive)+"-"+name)
		if err := os.WriteFile(here, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(solution, name)] = here
	}
	plan, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, filepath.Base(archive)+".json")
	if err := os.WriteFile(overlay, plan, 0o666); err != nil {
		t.Fatal(err)
	}
	return overlay
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
