// Command launch starts a program that nobody trusts, and is beside it in the
// sandbox while it runs.
//
// "launch run" is the first process in the sandbox. It starts itself once more as
// "launch enter", which takes everything from itself that the program must not
// have and then becomes the program; it waits for that, and says to the checker, on
// a socket that the program does not get, how it ended and what it used. "launch
// probe" is a program that tries to get out: package sandbox trusts a sandbox only
// after it could not.
//
// It is built without cgo, so that it needs no file beside itself. Read this file first, then enter_linux.go and seccomp_linux.go.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// controlFD is the checker's socket in "launch run". The program's own files are
// behind it, and are moved to 3 and on when it starts.
const controlFD = 3

// config is what the checker wants: "key=value" arguments up to "--", then the
// program and its arguments.
type config struct {
	files    int    // how many files the program gets, as 3 and on
	control  int    // the checker's socket, in "launch enter"
	tcp      bool   // one file more: a TCP listener
	seccomp  string // "run", "tools", or "" for none
	listen   bool   // the program may listen to TCP by itself
	landlock bool
	alone    bool // in a process namespace of its own
	dir      string
	ro, rw   []string // what Landlock leaves of the file system
	env      []string
	limits   map[int]uint64
	program  []string
	raw      []string // all of it but the program
}

// parse reads the arguments.
func parse(args []string) (*config, error) {
	c := &config{limits: map[int]uint64{}}
	for i, arg := range args {
		if arg == "--" {
			c.program, c.raw = args[i+1:], args[:i]
			if len(c.program) == 0 {
				return nil, fmt.Errorf("no program is named")
			}
			return c, nil
		}
		key, value, _ := strings.Cut(arg, "=")
		if err := c.set(key, value); err != nil {
			return nil, fmt.Errorf("argument %q: %v", arg, err)
		}
	}
	return nil, fmt.Errorf(`there is no "--"`)
}

// set takes one argument.
func (c *config) set(key, value string) (err error) {
	switch key {
	case "files":
		c.files, err = strconv.Atoi(value)
	case "control":
		c.control, err = strconv.Atoi(value)
	case "tcp":
		c.tcp = true
	case "listen":
		c.listen = true
	case "landlock":
		c.landlock = true
	case "alone":
		c.alone = true
	case "seccomp":
		c.seccomp = value
	case "dir":
		c.dir = value
	case "ro":
		c.ro = append(c.ro, value)
	case "rw":
		c.rw = append(c.rw, value)
	case "env":
		c.env = append(c.env, value)
	case "limit":
		name, most, _ := strings.Cut(value, ":")
		resource, ok := resources[name]
		if !ok {
			return fmt.Errorf("there is no limit %q", name)
		}
		c.limits[resource], err = strconv.ParseUint(most, 10, 64)
	default:
		err = fmt.Errorf("not understood")
	}
	return err
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "launch: for the checker's use")
		os.Exit(2)
	}
	args := os.Args[2:]
	switch os.Args[1] {
	case "run":
		os.Exit(run(args))
	case "enter":
		os.Exit(enter(args))
	case "probe":
		os.Exit(probe(args))
	}
	fmt.Fprintf(os.Stderr, "launch: there is no %q\n", os.Args[1])
	os.Exit(2)
}
