package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// candidates are the ways to run programs, the best first.
func candidates(launcher string) []*box {
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		bwrap = missing
	}
	return []*box{
		{name: "bubblewrap+jail", launcher: launcher, bwrap: bwrap, seccomp: true, landlock: true},
		{name: "bubblewrap+jail without Landlock", launcher: launcher, bwrap: bwrap, seccomp: true},
		{name: "bubblewrap", launcher: launcher, bwrap: bwrap},
		{name: "jail", launcher: launcher, seccomp: true, landlock: true},
	}
}

// missing stands for the path of a bubblewrap that is not there.
const missing = "bwrap"

// unprotected is the way for trusted code.
func unprotected(launcher string) Box { return &box{name: None, launcher: launcher} }

// probe tries the way out: from where a submission runs, and from where it is built.
func (b *box) probe(ctx context.Context, dir string) Probe {
	p := Probe{Name: b.name}
	if b.bwrap == missing {
		p.Why = "bubblewrap is not installed"
		p.Install = "install it: apt-get install bubblewrap (Debian, Ubuntu); dnf install bubblewrap (Fedora); apk add bubblewrap (Alpine)"
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	outside, err := newOutside(dir, b.launcher)
	if err != nil {
		p.Why = err.Error()
		return p
	}
	defer outside.close()
	held := 0
	for _, tools := range []bool{false, true} {
		n, err := outside.attack(ctx, b, tools)
		if err != nil {
			p.Why = err.Error()
			p.Install = b.remedy()
			return p
		}
		held += n
	}
	p.OK, p.Why = true, fmt.Sprintf("it holds: %d attempts to get out have failed", held)
	return p
}

// remedy says what may let bubblewrap make its namespaces.
func (b *box) remedy() string {
	if b.bwrap == "" {
		return "what it takes: Linux 5.13 or later with Landlock among its security modules, and a container that does not block it"
	}
	for _, s := range []struct{ file, value, remedy string }{
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap that has userns"},
		{"kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"},
		{"user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"},
	} {
		if got, err := os.ReadFile("/proc/sys/" + s.file); err == nil && strings.TrimSpace(string(got)) == s.value {
			return "allow it: " + s.remedy
		}
	}
	return "in a container, the jail is what there is; otherwise the kernel has to allow user namespaces"
}

// outside is what a probe tries to reach: a file, servers and a process of the same
// user's.
type outside struct {
	dir, file string
	tcp, unix net.Listener
	abstract  net.Listener
	udp       net.PacketConn
	decoy     *exec.Cmd
	decoyEnd  io.Closer
	reached   atomic.Int32
}

const probeMemory = 128 << 20

const secret = "not for a submission"

func newOutside(parent, launcher string) (o *outside, err error) {
	o = &outside{}
	defer func() {
		if err != nil {
			o.close()
			err = fmt.Errorf("preparing the probe: %w", err)
		}
	}()
	if o.dir, err = Private(parent); err != nil {
		return o, err
	}
	o.file = filepath.Join(o.dir, "secret")
	if err = os.WriteFile(o.file, []byte(secret), 0o600); err != nil {
		return o, err
	}
	if err = Give(o.file); err != nil {
		return o, err
	}
	if o.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return o, err
	}
	if o.udp, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return o, err
	}
	if o.unix, err = net.Listen("unix", filepath.Join(o.dir, "s")); err != nil {
		return o, err
	}
	if err = os.Chmod(filepath.Join(o.dir, "s"), 0o777); err != nil {
		return o, err
	}
	if o.abstract, err = net.Listen("unix", "@"+o.abstractName()); err != nil {
		return o, err
	}
	for _, ln := range []net.Listener{o.tcp, o.unix, o.abstract} {
		go func() {
			for {
				if _, err := ln.Accept(); err != nil {
					return
				}
				o.reached.Add(1)
			}
		}()
	}
	go func() {
		if _, _, err := o.udp.ReadFrom(make([]byte, 100)); err == nil {
			o.reached.Add(1)
		}
	}()
	o.decoy = exec.Command(launcher, "probe", "decoy")
	o.decoy.SysProcAttr = attributes(true)
	o.decoy.Env = []string{}
	if o.decoyEnd, err = o.decoy.StdinPipe(); err != nil {
		return o, err
	}
	if err = o.decoy.Start(); err != nil {
		o.decoy = nil
		return o, err
	}
	return o, nil
}

func (o *outside) abstractName() string { return filepath.Base(o.dir) }

func (o *outside) close() {
	if o.decoy != nil {
		o.decoyEnd.Close()
		o.decoy.Wait()
	}
	for _, c := range []io.Closer{o.tcp, o.udp, o.unix, o.abstract} {
		if c != nil {
			c.Close()
		}
	}
	if o.dir != "" {
		os.RemoveAll(o.dir)
	}
}

// attack runs the probe in the box and returns how many attempts were held.
func (o *outside) attack(ctx context.Context, b *box, tools bool) (held int, err error) {
	pid := strconv.Itoa(o.decoy.Process.Pid)
	_, port, _ := net.SplitHostPort(o.tcp.Addr().String())
	_, udp, _ := net.SplitHostPort(o.udp.LocalAddr().String())
	args := []string{"probe", "read=" + o.file, "change=" + o.file, "write=" + o.dir, "write=/", "write=/tmp", "write=/dev/shm",
		"connect=" + port, "datagram=" + udp, "socket=" + filepath.Join(o.dir, "s"), "abstract=" + o.abstractName(),
		"kill=" + pid, "trace=" + pid, "start=/bin/true", fmt.Sprintf("memory=%d", 2*probeMemory)}
	if b.seccomp {
		args = append(args, "namespace", "hidden")
		if !tools {
			args = append(args, "fork")
		}
	}
	process, err := b.Start(ctx, Spec{Path: b.launcher, Args: args, Tools: tools, Memory: probeMemory, Wall: 10 * time.Second})
	if err != nil {
		return 0, err
	}
	end, err := process.Wait()
	if err != nil {
		return 0, err
	}
	scan := bufio.NewScanner(bytes.NewReader(end.Stdout))
	for scan.Scan() {
		if name, ok := strings.CutPrefix(scan.Text(), "escaped "); ok {
			return 0, fmt.Errorf("it does not hold: a program in it could %s", name)
		}
		held++
	}
	if !end.OK() || held != len(args)-1 {
		return 0, fmt.Errorf("the probe did not get through its attempts: %v: %s", end, strings.TrimSpace(Printable(string(end.Stderr))))
	}
	return held, o.untouched()
}

// untouched looks from outside whether anything got there.
func (o *outside) untouched() error {
	if got, err := os.ReadFile(o.file); err != nil || string(got) != secret {
		return fmt.Errorf("it does not hold: a file outside was changed (%v)", err)
	}
	if entries, err := os.ReadDir(o.dir); err != nil || len(entries) != 2 {
		return fmt.Errorf("it does not hold: a file outside was made (%v)", err)
	}
	if n := o.reached.Load(); n > 0 {
		return fmt.Errorf("it does not hold: a server outside was reached")
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.decoy.Process.Pid))
	if err != nil || bytes.Contains(stat, []byte(") Z ")) {
		return fmt.Errorf("it does not hold: a process outside was killed")
	}
	return nil
}
