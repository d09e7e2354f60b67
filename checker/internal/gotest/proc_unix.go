//go:build !windows

package gotest

import (
	"os/exec"
	"syscall"
	"time"
)

// ownGroup makes cmd the first of its own process group, so that stopping it
// stops the test program as well, which the go command starts: a test that
// loops for ever would otherwise stay behind.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = time.Second
}

// killGroup ends what is left of cmd's process group.
func killGroup(cmd *exec.Cmd) {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // an error says that nothing is left
}
