package sandbox

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// box is each of the ways: with bubblewrap or without, with the jail or without.
type box struct {
	name     string
	launcher string // the command launch, linked statically
	bwrap    string // the path of bubblewrap, or ""
	seccomp  bool
	landlock bool
}

func (b *box) Name() string  { return b.name }
func (b *box) Trusted() bool { return b.bwrap == "" && !b.seccomp }
func (b *box) Network() bool { return b.bwrap != "" }

// Start starts a program.
func (b *box) Start(ctx context.Context, spec Spec) (*Process, error) {
	spec = spec.withDefaults()
	if spec.Listen && !b.Network() && !b.Trusted() {
		return nil, ErrNoNetwork
	}
	if spec.Scratch > 0 {
		dir := scratch
		if b.bwrap == "" {
			var err error
			if dir, err = Private(filepath.Dir(b.launcher)); err != nil {
				return nil, fmt.Errorf("sandbox: %w", err)
			}
			spec.scratch, spec.Writable = dir, append(slices.Clone(spec.Writable), dir)
		}
		spec.Env = append(slices.Clone(spec.Env), "TMPDIR="+dir)
	}
	program := spec.Path
	if b.bwrap != "" && !below(spec.Path, spec.ReadOnly) {
		program = "/program"
	}
	var args []string
	if b.bwrap != "" {
		args = append(b.wrap(spec, program), "/launch")
	} else {
		args = []string{b.launcher}
	}
	args = append(append(args, "run"), b.launch(spec)...)
	args = append(append(args, "--", program), spec.Args...)
	p, err := start(ctx, spec, args, !b.Trusted())
	if err != nil && spec.scratch != "" {
		os.RemoveAll(spec.scratch)
	}
	if err == nil && b.bwrap == "" {
		go p.watch(!b.Trusted() && !spec.Tools)
	}
	return p, err
}

// scratch is where the file system of [Spec.Scratch] is in a box of bubblewrap.
const scratch = "/tmp"

// watch ends the program if it has written too much to a folder of the host's, or has too
// many threads: without a file system and users of its own, nothing else limits it.
func (p *Process) watch(threads bool) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
		}
		if threads && threadsOf(p.pid) > p.spec.Processes {
			p.stop(Threads)
		}
		if p.spec.scratch == "" {
			continue
		}
		sum := int64(0)
		filepath.WalkDir(p.spec.scratch, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // it is gone by now
			}
			sum += 4 << 10 // an empty file takes room as well
			if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
				sum += info.Size()
			}
			return nil
		})
		if sum > p.spec.Scratch+p.spec.Scratch/4 {
			p.stop(Disk)
		}
	}
}

// devices are those that the go toolchain has. A whole /dev would be a place to write.
var devices = []string{"/dev/null", "/dev/zero", "/dev/urandom"}

// wrap is the command line of bubblewrap: an empty root with the launcher, the
// program and what the spec names; no user, process, network or anything else of the
// host. The launcher is the first process, so nothing outlives it.
func (b *box) wrap(spec Spec, program string) []string {
	args := []string{b.bwrap,
		"--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
		"--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--clearenv", "--hostname", "box",
		"--uid", strconv.Itoa(User), "--gid", strconv.Itoa(User),
		"--ro-bind", b.launcher, "/launch",
	}
	if program != spec.Path {
		args = append(args, "--ro-bind", spec.Path, program)
	}
	for _, path := range spec.ReadOnly {
		args = append(args, "--ro-bind-try", path, path)
	}
	for _, path := range spec.Writable {
		args = append(args, "--bind-try", path, path)
	}
	if spec.Tools {
		for _, device := range devices {
			args = append(args, "--dev-bind-try", device, device)
		}
	}
	if spec.Scratch > 0 {
		args = append(args, "--size", strconv.FormatInt(spec.Scratch, 10), "--tmpfs", scratch)
	}
	return append(args, "--remount-ro", "/", "--")
}

// launch is what the launcher is told.
func (b *box) launch(spec Spec) []string {
	args := []string{"files=" + strconv.Itoa(len(spec.Files)), "dir=" + or(spec.Dir, "/")}
	limit := func(name string, most int64) { args = append(args, fmt.Sprintf("limit=%s:%d", name, most)) }
	limit("core", 0)
	limit("cpu", int64((spec.CPU+time.Second-1)/time.Second))
	limit("data", spec.Memory)
	limit("fsize", spec.FileSize)
	limit("nofile", int64(spec.Descriptors))
	limit("memlock", 0)
	limit("msgqueue", 0)
	if b.bwrap != "" {
		args = append(args, "alone")
	}
	if b.bwrap != "" && countsByNamespace() {
		// Elsewhere it would be all of the user's processes that are counted. There,
		// seccomp allows no process, and somebody counts the threads: see watch.
		limit("nproc", int64(spec.Processes))
	}
	if spec.TCP {
		args = append(args, "tcp")
	}
	if spec.Listen {
		args = append(args, "listen")
	}
	if b.seccomp {
		args = append(args, "seccomp="+map[bool]string{false: "run", true: "tools"}[spec.Tools])
	}
	if b.landlock {
		args = append(args, "landlock")
		for _, path := range spec.ReadOnly {
			args = append(args, "ro="+path)
		}
		for _, path := range spec.Writable {
			args = append(args, "rw="+path)
		}
		if spec.Scratch > 0 && b.bwrap != "" {
			args = append(args, "rw="+scratch)
		}
		if spec.Tools {
			for _, device := range devices {
				args = append(args, "rw="+device)
			}
		}
	}
	for _, entry := range spec.Env {
		args = append(args, "env="+entry)
	}
	return args
}

// countsByNamespace reports whether the kernel counts processes for each user
// namespace, as it has since Linux 5.14.
var countsByNamespace = sync.OnceValue(func() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	n, _ := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return n == 2 && (major > 5 || major == 5 && minor >= 14)
})

// below reports whether a path is in one of the folders.
func below(path string, folders []string) bool {
	for _, folder := range folders {
		if path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/") {
			return true
		}
	}
	return false
}

// ours reports whether a file is of who programs run as.
func ours(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == User
}

// attributes are how the first process is started: as nobody, in a group of its own,
// and so that it ends with the checker.
func attributes(drop bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if drop && os.Getuid() == 0 {
		a.Credential = &syscall.Credential{Uid: User, Gid: User}
	}
	return a
}
