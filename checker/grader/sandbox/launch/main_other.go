//go:build !linux

// Command launch starts a program in a sandbox; there is one on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "launch: there is a sandbox on Linux only")
	os.Exit(2)
}
