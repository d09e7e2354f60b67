//go:build !linux

package demo

import "os/exec"

func endsWithUs(*exec.Cmd) {}
