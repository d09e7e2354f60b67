package gotest

import (
	"os/exec"
	"strconv"
	"time"
)

// ownGroup makes stopping cmd stop the test program as well, which the go
// command starts.
func ownGroup(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	}
	cmd.WaitDelay = time.Second
}

// killGroup has nothing left to do: taskkill ended the whole tree.
func killGroup(*exec.Cmd) {}
