// Package exercise has what can be built on the server once the ten steps are done,
// and looks from outside whether it is right: it sends bytes to a program that somebody
// has started, and says what came back.
//
// It leaves out how that program is made, and in which language; docs/exercises.md has
// the tasks in words.
//
// Read this file first, then client.go; websocket.go, preface.go, proxy.go and cache.go
// have the checks.
package exercise

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
	"barewire/checker/testkit"
)

// An Exercise is something to build, and what must be true of it.
type Exercise struct {
	Name    string // such as "websocket"
	Title   string
	Forward bool // it forwards requests to an origin server, which this package plays
	Checks  []Check
}

// A Check is one thing that must be true. Try panics with a testkit.Report if it is not.
type Check struct {
	Name string
	Why  string // why it matters, with the section
	Try  func(c *Client)
}

// All are the exercises, in the order of the page.
var All = []Exercise{webSocket, preface, proxy, cache}

// try returns what is wrong, or "".
func (check Check) try(c *Client) (wrong string) {
	defer c.close()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case testkit.Report:
			r.Why = check.Why
			wrong = r.String()
		default:
			panic(r)
		}
	}()
	check.Try(c)
	return ""
}

// Main is the command exercise: it tries the checks of one on a server.
func Main(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("exercise", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "your program listens on this `host:port`")
	at := flags.String("origin", "127.0.0.1:9090", "the origin server for proxy and cache listens on this `host:port`")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(1, "exercise", names)
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	if len(names) == 0 {
		for _, e := range All {
			w.Printf("%-10s %s\n", e.Name, e.Title)
		}
		w.Lines("", "next   read docs/exercises.md, start your program, make exercise NAME=websocket")
		return workshop.Green
	}
	i := slices.IndexFunc(All, func(e Exercise) bool { return e.Name == names[0] })
	if i < 0 {
		return w.Fail(workshop.Usage, fmt.Errorf("there is no exercise %q; there are %s", names[0], list()))
	}
	return All[i].run(ctx, w, address(*addr), address(*at))
}

// address completes ":8080".
func address(s string) string {
	if strings.HasPrefix(s, ":") {
		return "127.0.0.1" + s
	}
	return s
}

func list() string {
	var names []string
	for _, e := range All {
		names = append(names, e.Name)
	}
	return strings.Join(names, ", ")
}

// run tries the checks one after another.
func (e Exercise) run(ctx context.Context, w *workshop.Workshop, addr, at string) int {
	var o *origin
	if e.Forward {
		var err error
		if o, err = newOrigin(at); err != nil {
			return w.Fail(workshop.Red, fmt.Errorf("the origin server cannot listen: %w", err))
		}
		defer o.stop()
		w.Printf("%s, at %s, which forwards to %s\n\n", e.Title, addr, at)
	} else {
		w.Printf("%s, at %s\n\n", e.Title, addr)
	}
	if err := reachable(addr); err != nil {
		return w.Fail(workshop.Red, errors.Join(err, errors.New("start your program first; docs/exercises.md says what it is")))
	}
	failed := 0
	for _, check := range e.Checks {
		if ctx.Err() != nil {
			return w.Fail(workshop.Red, ctx.Err())
		}
		wrong := check.try(&Client{addr: addr, origin: o})
		if wrong == "" {
			w.Lines(show.Hang("ok    ", check.Name)...)
			continue
		}
		w.Lines(show.Hang("FAIL  ", check.Name)...)
		if failed++; failed == 1 { // one thing at a time
			w.Lines("      " + strings.ReplaceAll(wrong, "\n", "\n      "))
		}
	}
	if failed > 0 {
		w.Printf("\n%d of %d are red; the first one says why\n", failed, len(e.Checks))
		return workshop.Red
	}
	w.Printf("\nall %d are green\n", len(e.Checks))
	return workshop.Green
}
