// Package sandbox runs a program that nobody trusts with nothing around it: no files
// but those it is given, no network but its own, no other process to see, and
// limits on what it may use. What is left to it are the files that it is handed, such
// as a listening socket.
//
// There are two ways to do that, and both together are the best. Bubblewrap makes
// a box of namespaces: an empty file system, other users, processes and network. The
// jail takes rights from a process: Landlock for files, seccomp for everything else.
// Where bubblewrap cannot run, as in most containers, the jail is enough. No way is
// trusted because its program exists: each is tried by a program that attempts to get
// out ([Best]).
//
// It leaves out what is run, and why: barewire/checker/grader/build builds in a box,
// and barewire/checker/grader/exam talks to what runs in one. Kernel bugs are out of
// its reach, too; who fears them grades in a virtual machine that is thrown away.
//
// Read this file first, then choose.go, box_linux.go and process_linux.go; what
// happens inside is in the command launch.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Limits where a [Spec] says nothing.
const (
	DefaultMemory      = 512 << 20        // a Go program needs 64 MiB to start, and 400 with the race detector
	DefaultFileSize    = 1 << 20          // for a submission: it has nowhere to write
	DefaultCPU         = 30 * time.Second // the checks of a step take less than one
	DefaultWall        = 60 * time.Second
	DefaultProcesses   = 96   // threads count; a Go program has ten or so
	DefaultDescriptors = 4096 // a server with a thousand clients must not be told that it has too many
	DefaultOutput      = 64 << 10
)

// mostDrained is how much output a program may write altogether. What is beyond
// Spec.Output is read, so that the program does not stop at a full pipe, and dropped.
const mostDrained = 64 << 20

// A Spec says what runs, what it gets and how much it may use.
type Spec struct {
	Path string   // the program: absolute, and linked statically unless Tools is set
	Args []string // without the program's name
	Env  []string // all of it: nothing is inherited
	Dir  string   // where it starts; "" is the root

	// Files are its descriptors 3, 4 and so on. A listening socket among them must
	// be a Unix one: a TCP socket of the host's network can be made to connect to
	// the host (connect to AF_UNSPEC dissolves the listener). TCP is the way to get
	// a TCP listener.
	Files []*os.File

	// ReadOnly and Writable are files and folders, by their absolute names, which
	// are in the box by the same names. What is missing is left out.
	ReadOnly, Writable []string

	// Scratch is how many bytes the program may write to a folder of its own, whose
	// name is in TMPDIR. It is gone when the program is. 0 is no such folder.
	Scratch int64

	// Tools is for the go toolchain, never for a submission: it may start processes.
	Tools bool

	// TCP gives it one file more, behind Files: a TCP listener of the network in the
	// box. [Process.DialTCP] connects to it.
	TCP bool
	// Listen lets it listen to TCP by itself. That takes a network of its own
	// ([Box.Network]).
	Listen bool

	Memory      int64         // bytes, in each process; see RLIMIT_DATA
	FileSize    int64         // bytes, of each file that it writes
	CPU         time.Duration // processor time of each process, in whole seconds
	Wall        time.Duration // from its start
	Processes   int           // processes and threads
	Descriptors int           // open files
	Output      int64         // bytes that are kept of its output, and of its errors

	scratch string // a folder of the host's for Scratch
}

// withDefaults fills in what is missing.
func (s Spec) withDefaults() Spec {
	s.Memory = or(s.Memory, DefaultMemory)
	s.FileSize = or(s.FileSize, DefaultFileSize)
	s.CPU = or(s.CPU, DefaultCPU)
	s.Wall = or(s.Wall, DefaultWall)
	s.Processes = or(s.Processes, DefaultProcesses)
	s.Descriptors = or(s.Descriptors, DefaultDescriptors)
	s.Output = or(s.Output, DefaultOutput)
	return s
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// A Box is a way to run programs.
type Box interface {
	// Name is what the results say: "bubblewrap and jail", "bubblewrap", "jail" or
	// "none".
	Name() string
	// Trusted reports whether it protects from nothing, and so is for trusted code.
	Trusted() bool
	// Network reports whether what runs in it has a network of its own.
	Network() bool
	// Start starts a program. An error is a fault of this machine, not of the program.
	// When ctx ends, so does the program.
	Start(ctx context.Context, spec Spec) (*Process, error)
}

// ErrNoNetwork is returned for a Spec with Listen by a box that has no network of
// its own.
var ErrNoNetwork = errors.New("sandbox: this box has no network of its own, so nothing may listen in it by itself")

// User is who programs run as when the checker runs as root. It is one that no
// system uses, and below 65536, where the users of many containers end.
const User = 65530

// Private makes an empty folder for files that a box gets or writes. Only the
// checker and what runs in a box can reach it.
func Private(parent string) (dir string, err error) {
	if dir, err = os.MkdirTemp(parent, "barewire-grade-"); err != nil {
		return "", err
	}
	return dir, Give(dir)
}

// Reachable returns an error that says what to do if programs, which run as [User]
// where the checker is root, cannot get to a folder: one of root's own is closed to
// them.
func Reachable(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		if info.Mode()&0o001 == 0 && !ours(info) {
			return fmt.Errorf("sandbox: the checker runs as root, and what it runs does so as user %d, who cannot get through %s to %s: do not run it as root, or move that to a folder that is open to all", User, at, dir)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// Give makes a file or folder the property of who programs run as.
func Give(name string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return os.Lchown(name, User, User)
}
