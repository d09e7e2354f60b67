package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// A Server is one of those that are compared.
type Server struct {
	Name   string
	Module string   // its folder, if it is not the root module
	Pkg    string   // in that
	Args   []string // besides -addr and -root
	Can    []Feature
	AllOn  bool // it takes part only where everything is on
	Mine   bool // built with the learner's steps
}

// Servers are all that there are. One more engine of ours is one more line, with the
// flag of checker/bench/target that chooses it.
var Servers = []*Server{
	{Name: "ours", Pkg: "./checker/bench/target", Can: []Feature{Echo, Static, Replay, Grow}},
	{Name: "ours, all on", Pkg: "./checker/bench/target", Args: []string{"-all"}, AllOn: true},
	{Name: "goroutines", Pkg: "./checker/bench/target", Args: []string{"-goroutines"}, Can: []Feature{Echo, Static}},
	{Name: "mine", Pkg: "./checker/bench/target", Can: []Feature{Echo, Static, Replay, Grow}, Mine: true},
	{Name: "mine, all on", Pkg: "./checker/bench/target", Args: []string{"-all"}, AllOn: true, Mine: true},
	{Name: "canned", Module: "checker/peers", Pkg: "./canned"},
	{Name: "net/http", Pkg: "./checker/bench/target", Args: []string{"-impl", "net/http"}, Can: []Feature{Echo, Static, Replay}},
	{Name: "fasthttp", Module: "checker/peers", Pkg: "./fasthttp", Args: []string{"-bench"}, Can: []Feature{Echo, Static, Replay}},
	{Name: "gnet", Module: "checker/peers", Pkg: "./gnet", Can: []Feature{Echo}},
	{Name: "nginx", Can: []Feature{Static}},
}

// takesPart says whether a server is measured in a shape, of which subject is the one that the
// others are compared with.
func (s *Server) takesPart(shape *Shape, subject *Server) bool {
	switch {
	case shape.AllOn:
		return s == subject || s.AllOn && s.Mine == subject.Mine
	case s.AllOn || shape.Kind == Grows && s != subject:
		return false
	}
	return shape.Needs == "" || slices.Contains(s.Can, shape.Needs)
}

// A field is the folder with everything that the servers need.
type field struct {
	w        *workshop.Workshop
	dir      string
	programs map[string]string // by module and package
}

// newField makes the folder and the files that are served.
func newField(w *workshop.Workshop) (*field, error) {
	dir, err := os.MkdirTemp("", "barewire-bench-")
	if err != nil {
		return nil, err
	}
	f := &field{w: w, dir: dir, programs: make(map[string]string)}
	// The workers of nginx may be another user's.
	err = errors.Join(os.Chmod(dir, 0o755), os.MkdirAll(filepath.Join(dir, "root", "static"), 0o755))
	for name, size := range files {
		text := bytes.Repeat([]byte(kilobyte), size>>10)
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "root", "static", name), text, 0o644))
	}
	if err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

func (f *field) remove() { _ = os.RemoveAll(f.dir) }

// static is the folder that is served under /static/.
func (f *field) static() string { return filepath.Join(f.dir, "root", "static") }

// mostLines is how many lines of what the compiler says are shown.
const mostLines = 10

// install is what installs a server that is not here.
const install = "apt-get install nginx"

// build builds the program of s, unless that has been done.
func (f *field) build(ctx context.Context, s *Server) error {
	if s.Pkg == "" {
		path, err := exec.LookPath("nginx")
		if err != nil {
			return fmt.Errorf("%s is not installed and is not measured: %s", s.Name, install)
		}
		f.programs[f.key(s)] = path
		return nil
	}
	if f.programs[f.key(s)] != "" {
		return nil
	}
	program := filepath.Join(f.dir, fmt.Sprint("server", len(f.programs)))
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	args := []string{"build", "-o", program}
	if s.Mine {
		overlay, err := f.mine()
		if err != nil {
			return err
		}
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, s.Pkg)...)
	cmd.Dir = f.w.Path(s.Module)
	if out, err := cmd.CombinedOutput(); err != nil {
		why := ""
		if s.Module != "" {
			why = "; its modules are downloaded once, which needs a network"
		}
		text := strings.SplitAfterN(string(out), "\n", mostLines+1)
		return fmt.Errorf("%s cannot be built and is not measured%s: %w\n%s", s.Name, why, err, strings.TrimSpace(strings.Join(text[:min(len(text), mostLines)], "")))
	}
	f.programs[f.key(s)] = program
	return nil
}

// key is what two servers have in common that are one program.
func (f *field) key(s *Server) string { return fmt.Sprint(s.Module, s.Pkg, s.Mine) }

// A process is a server that runs.
type process struct {
	cmd    *exec.Cmd
	addr   string
	ended  chan struct{}
	stderr bytes.Buffer // not to be read before the end
}

// patience is how long a server may take to begin or to end.
const patience = 5 * time.Second

// start starts a server and waits until it listens. More are more arguments.
func (f *field) start(ctx context.Context, s *Server, more ...string) (*process, error) {
	p := &process{ended: make(chan struct{})}
	if s.Pkg == "" {
		return p, p.startNginx(ctx, f, s)
	}
	p.cmd = exec.CommandContext(ctx, f.programs[f.key(s)], slices.Concat(s.Args, []string{"-root", f.static()}, more)...)
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("%s does not start: %w", s.Name, err)
	}
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		lines <- line
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	line := ""
	select {
	case line = <-lines:
	case <-time.After(patience):
	}
	_, addr, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if !ok {
		p.stop()
		return nil, fmt.Errorf("%s does not start: %s", s.Name, strings.TrimSpace(line+"\n"+p.stderr.String()))
	}
	p.addr = addr
	return p, nil
}

// stop ends the process, and only this one.
func (p *process) stop() {
	if p.cmd.Path != "" && filepath.Base(p.cmd.Path) == "nginx" {
		// The master ends its workers; it could not if it were killed.
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
			return
		case <-time.After(patience):
		}
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// nginxConf is a configuration with which nginx does what the others do, and does not
// stop after a number of requests.
const nginxConf = `%sdaemon off;
worker_processes %d;
worker_rlimit_nofile %d;
pid %s/nginx.pid;
error_log stderr crit;
events { worker_connections %d; }
http {
	access_log off;
	keepalive_requests 1000000000;
	sendfile on;
	tcp_nopush on;
	default_type text/plain;
	client_body_temp_path %[4]s/body;
	proxy_temp_path %[4]s/proxy;
	fastcgi_temp_path %[4]s/fastcgi;
	uwsgi_temp_path %[4]s/uwsgi;
	scgi_temp_path %[4]s/scgi;
	server {
		listen %[6]s;
		location = / { return 200 "Hello, World!"; }
		location /static/ { root %[7]s; }
	}
}
`

// startNginx starts nginx with as many workers as Go has processors.
func (p *process) startNginx(ctx context.Context, f *field, s *Server) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.addr = ln.Addr().String()
	ln.Close()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n"
	}
	files := max(mostFiles()-100, 100)
	conf := fmt.Sprintf(nginxConf, user, runtime.GOMAXPROCS(0), files, f.dir, files, p.addr, filepath.Join(f.dir, "root"))
	name := filepath.Join(f.dir, "nginx.conf")
	if err := os.WriteFile(name, []byte(conf), 0o644); err != nil {
		return err
	}
	p.cmd = exec.CommandContext(ctx, f.programs[f.key(s)], "-p", f.dir, "-c", name, "-e", "stderr")
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("%s does not start: %w", s.Name, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	for begun := time.Now(); time.Since(begun) < patience; {
		nc, err := net.Dial("tcp", p.addr)
		if err == nil {
			nc.Close()
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s does not start: %s", s.Name, p.stderr.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
	p.stop()
	return fmt.Errorf("%s does not start", s.Name)
}

// mine writes an overlay in which the target stands on the learner's steps, and returns
// its name.
func (f *field) mine() (string, error) {
	source := f.w.Path("checker/bench/target/main.go")
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(f.dir, "target-mine.go")
	overlay := filepath.Join(f.dir, "overlay.json")
	return overlay, errors.Join(
		os.WriteFile(changed, bytes.ReplaceAll(text, []byte(`"barewire/solutions/`), []byte(`"barewire/steps/`)), 0o644),
		os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace":{%q:%q}}`, source, changed), 0o644))
}

// versions says what the servers were built of.
func (f *field) versions(ctx context.Context, servers []*Server) string {
	all := []string{runtime.Version()}
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{if not .Indirect}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}", "all")
	cmd.Dir = f.w.Path("checker/peers")
	out, _ := cmd.Output() // what cannot be found out is left out
	for line := range strings.Lines(string(out)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, s := range servers {
			if strings.Contains(name, "/"+s.Name) {
				all = append(all, s.Name+" "+version)
			}
		}
	}
	for _, s := range servers {
		if s.Pkg == "" {
			out, _ := exec.CommandContext(ctx, f.programs[f.key(s)], "-v").CombinedOutput()
			_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "nginx/")
			all = append(all, s.Name+" "+version)
		}
	}
	return show.List(all)
}
