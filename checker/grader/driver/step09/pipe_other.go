//go:build !linux

package step09

func pipe(string) {}
