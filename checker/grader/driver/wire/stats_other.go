//go:build !linux

package wire

func descriptorOpen(int) bool { return false }
