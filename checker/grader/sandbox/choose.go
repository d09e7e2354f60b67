package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Probe is what was found out about one way to run programs on this machine.
type Probe struct {
	Name    string // of the box
	OK      bool
	Why     string // what is missing, or what held
	Install string // how to get it, if it is missing
}

// String is what "checker doctor" prints about a way: a line, and one more if something
// can be done.
func (p Probe) String() string {
	text := "no   " + p.Name + ": " + p.Why
	if p.OK {
		text = "yes  " + p.Name + ": " + p.Why
	}
	if p.Install != "" {
		text += "\n     " + p.Install
	}
	return text
}

// A Setup says where things are.
type Setup struct {
	Root string // the workshop's repository, whose command launch is built
	Go   string // the go command; "" is that in PATH
	Dir  string // a folder of [Private], for the launcher and what probes need
}

// ErrRefused is returned where no way to run programs was found to be safe.
var ErrRefused = errors.New("sandbox: nothing on this machine keeps a submission from what is not its own")

// None is the name of the way without any protection, for code that is trusted.
const None = "none"

// Best returns the best way to run programs of those that have been found to hold,
// and what was found out about it and about better ones.
func Best(ctx context.Context, setup Setup) (Box, []Probe, error) {
	launcher, err := buildLauncher(ctx, setup)
	if err != nil {
		return nil, nil, err
	}
	var probes []Probe
	for _, b := range candidates(launcher) {
		p := b.probe(ctx, setup.Dir)
		probes = append(probes, p)
		if p.OK {
			return b, probes, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
	}
	return nil, probes, refusal(probes)
}

// Named returns the way that was asked for by its name, or by the part of it before
// a space. It must hold as well, but for [None].
func Named(ctx context.Context, setup Setup, name string) (Box, []Probe, error) {
	launcher, err := buildLauncher(ctx, setup)
	if err != nil {
		return nil, nil, err
	}
	if name == None {
		return unprotected(launcher), nil, nil
	}
	var names []string
	var probes []Probe
	for _, b := range candidates(launcher) {
		first, _, _ := strings.Cut(b.Name(), " ")
		names = append(names, first)
		if first != name && b.Name() != name {
			continue
		}
		p := b.probe(ctx, setup.Dir)
		probes = append(probes, p)
		if p.OK {
			return b, probes, nil
		}
	}
	if len(probes) == 0 {
		return nil, nil, fmt.Errorf("sandbox: there is no %q; there are %s and %s", name, strings.Join(names, ", "), None)
	}
	return nil, probes, refusal(probes)
}

// Doctor tries all ways and says what was found out about each.
func Doctor(ctx context.Context, setup Setup) ([]Probe, error) {
	launcher, err := buildLauncher(ctx, setup)
	if err != nil {
		return nil, err
	}
	var probes []Probe
	for _, b := range candidates(launcher) {
		probes = append(probes, b.probe(ctx, setup.Dir))
	}
	if len(probes) == 0 {
		return nil, refusal(nil)
	}
	return probes, nil
}

// refusal says what was wrong with each way and what to do.
func refusal(probes []Probe) error {
	if len(probes) == 0 {
		return fmt.Errorf("%w: there is a sandbox on Linux only; run the checker in a Linux virtual machine or container, or trust the submissions with --sandbox=none", ErrRefused)
	}
	var b strings.Builder
	for _, p := range probes {
		fmt.Fprintf(&b, "\n%v", p)
	}
	return fmt.Errorf("%w:%s", ErrRefused, b.String())
}

// buildLauncher builds the command launch, which is in every box and so may not need
// anything beside itself: the checker itself may be linked with the system's libraries.
func buildLauncher(ctx context.Context, setup Setup) (string, error) {
	if err := Reachable(setup.Dir); err != nil {
		return "", err
	}
	name := filepath.Join(setup.Dir, "launch")
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	cmd := exec.CommandContext(ctx, or(setup.Go, "go"), "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", name,
		"./checker/grader/sandbox/launch")
	cmd.Dir = setup.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("sandbox: the launcher cannot be built: %v\n%s", err, out)
	}
	return name, nil
}
