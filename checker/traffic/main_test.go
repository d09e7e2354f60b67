package main

import "testing"

func TestUnknown(t *testing.T) {
	for _, args := range [][]string{nil, {"test"}} {
		if got := run(args); got != 2 {
			t.Errorf("run(%q) = %d, want 2", args, got)
		}
	}
}
