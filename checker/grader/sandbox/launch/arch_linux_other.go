//go:build !amd64 && !arm64

package main

const (
	arch         = 0 // no filter
	firstForeign = 0
)

var oldCalls []uintptr
