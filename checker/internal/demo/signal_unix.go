//go:build !windows

package demo

import (
	"os"
	"os/exec"
	"syscall"
)

// passedOn are the signals that the program is to get.
var passedOn = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// ownGroup keeps the program from getting what the terminal sends to this one:
// it gets it from here, once.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func passOn(cmd *exec.Cmd, s os.Signal) {
	_ = cmd.Process.Signal(s) // an error says that the program has ended already
}
