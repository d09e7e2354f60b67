package demo

import (
	"os"
	"os/exec"
)

// passedOn are the signals that do not end this program.
var passedOn = []os.Signal{os.Interrupt}

func ownGroup(*exec.Cmd) {}

// passOn has nothing to do: the console sends Ctrl-C to the program too.
func passOn(*exec.Cmd, os.Signal) {}
