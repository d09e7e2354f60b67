package docs

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"barewire/checker/internal/watch"
	"barewire/checker/internal/workshop"
)

// A session is one call of the command docs.
type session struct {
	w         *workshop.Workshop
	addr      string
	mine      bool
	generator string // the program
}

// Serve is the command docs: it builds the docs, serves them with the server of step
// 10, and builds them anew whenever something is saved that they are made of.
func Serve(ctx context.Context, w *workshop.Workshop, args []string) int {
	s := &session{w: w}
	flags := flag.NewFlagSet("docs", flag.ContinueOnError)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8000", "serve at this `address`")
	who := flags.String("who", "reference", "`mine` serves with your own step 10, and puts your own parser into the wire lab")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "docs", names)
	}
	if err == nil && *who != "mine" && *who != "reference" {
		err = fmt.Errorf("docs: -who %s: it is mine or reference", *who)
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	s.mine = *who == "mine"
	if err := s.run(ctx); err != nil && ctx.Err() == nil {
		return w.Fail(workshop.Red, err)
	}
	return workshop.Green
}

// run does everything until ctx is cancelled. The server is compiled while the
// generator is, and is never in the way of the first build.
func (s *session) run(ctx context.Context) error {
	compiled := make(chan error, 1)
	var server string
	go func() {
		var err error
		server, err = compile(ctx, s.w, ".", "./solutions/10-production-server/barewire", "docs-server")
		compiled <- err
	}()
	err := s.build(ctx, true)
	if err := <-compiled; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	running, err := s.serve(ctx, server)
	if err != nil {
		return err
	}
	defer running.stop()
	s.w.Lines("", "The docs are at "+s.w.Style.Bold(running.address+"/")+", served by "+running.by+".",
		"They are built anew whenever you save. Ctrl-C ends it.", "")
	return s.watch(ctx, running)
}

// build builds the docs, and the generator if it may have changed.
func (s *session) build(ctx context.Context, generator bool) (err error) {
	if generator {
		if s.generator, err = compile(ctx, s.w, "docs", "./site", "site"); err != nil {
			return err
		}
	}
	var args []string
	if s.mine {
		args = append(args, "-mine")
	}
	return generate(ctx, s.w, s.generator, args...)
}

// A server is one that runs.
type server struct {
	address, by string
	cmd         *exec.Cmd
	ended       chan error
}

// serve starts the learner's own server, if that is asked for and it works, or else the
// reference's, which has been compiled.
func (s *session) serve(ctx context.Context, reference string) (*server, error) {
	if s.mine {
		mine, err := compile(ctx, s.w, ".", "./steps/10-production-server/barewire", "docs-server-mine")
		if err == nil {
			var running *server
			if running, err = s.start(ctx, mine, "your own server of step 10"); err == nil {
				return running, nil
			}
		}
		s.w.Lines("Your own step 10 does not serve yet: " + strings.TrimSpace(err.Error()))
	}
	return s.start(ctx, reference, "the reference server of step 10")
}

// soon is how long a server may take until it listens.
const soon = 5 * time.Second

// start starts a server, and waits until it says where it listens. The pages have a
// security policy of their own; the one that the server adds would forbid WebAssembly.
func (s *session) start(ctx context.Context, program, by string) (*server, error) {
	cmd := exec.CommandContext(ctx, program, "-root", filepath.Join(s.w.Root, "docs", "public"), "-addr", s.addr, "-security-headers=false", "-access-log", "off")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = soon
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		r := bufio.NewReader(out)
		first, _ := r.ReadString('\n') // "" is no address
		line <- first
		_, _ = io.Copy(io.Discard, r) // what else it says is for nobody
		ended <- cmd.Wait()
	}()
	running := &server{by: by, cmd: cmd, ended: ended}
	timeout := time.AfterFunc(soon, func() { _ = cmd.Process.Kill() })
	address, ok := strings.CutPrefix(strings.TrimSpace(<-line), "listening on ")
	if !timeout.Stop() || !ok {
		_ = cmd.Process.Kill()
		<-ended
		return nil, errors.New("it does not say where it listens\n" + said.String())
	}
	running.address = address
	return running, nil
}

// stop ends the server; requests in progress are answered.
func (r *server) stop() {
	if r.cmd.Process.Signal(os.Interrupt) != nil {
		_ = r.cmd.Process.Kill() // Windows has no such signal, or it has ended
	}
	select {
	case <-r.ended:
	case <-time.After(soon):
		_ = r.cmd.Process.Kill()
	}
}

// madeOf are the folders that the docs are made of.
var madeOf = []string{"docs", "solutions", "steps", "checker/course", "checker/wrong", "checker/red", "checker/conformance"}

// matters reports whether the docs may look different when a file has changed.
func matters(name string) bool {
	name = filepath.ToSlash(name)
	base := filepath.Base(name)
	return !strings.Contains(name, "/docs/public/") && !strings.HasPrefix(base, ".") && !strings.HasSuffix(base, "~") && filepath.Ext(base) != ""
}

// quiet is how long nothing is to be saved until the docs are built: editors and git
// save many files at once.
const quiet = 60 * time.Millisecond

// watch builds the docs whenever something is saved, until ctx is cancelled or the
// server ends. A mistake is printed, and the pages stay as they were.
func (s *session) watch(ctx context.Context, running *server) error {
	var dirs []string
	for _, dir := range madeOf {
		dirs = append(dirs, s.w.Path(dir))
	}
	saved := watch.Saved(ctx, dirs, matters)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-running.ended:
			running.ended <- err
			return fmt.Errorf("the server has ended: %w", err)
		case name := <-saved:
			generator := ofGenerator(name)
			for more := true; more; {
				select {
				case name := <-saved:
					generator = generator || ofGenerator(name)
				case <-time.After(quiet):
					more = false
				}
			}
			if err := s.build(ctx, generator); err != nil && ctx.Err() == nil {
				s.w.Fail(workshop.Red, err)
			}
		}
	}
}

// ofGenerator reports whether a file is part of the generator's program.
func ofGenerator(name string) bool {
	name = filepath.ToSlash(name)
	return !strings.Contains(name, "/solutions/") && !strings.Contains(name, "/steps/") && filepath.Ext(name) != ".md" || strings.Contains(name, "/checker/")
}
