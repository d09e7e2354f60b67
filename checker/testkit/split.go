package testkit

import (
	"fmt"
	"iter"
)

// Splits yields the ways in which input could arrive from a socket, each as the
// pieces that one Read after another would return: whole, one byte at a time,
// and cut in two at every offset. The name says which way it is.
//
// A parser must give the same answer for all of them, for TCP keeps the bytes
// and their order but not the borders between them.
func Splits(input string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if !yield("whole", []string{input}) {
			return
		}
		bytes := make([]string, len(input))
		for i := range len(input) {
			bytes[i] = input[i : i+1]
		}
		if !yield("one byte at a time", bytes) {
			return
		}
		for i := 1; i < len(input); i++ {
			if !yield(fmt.Sprintf("cut after byte %d", i), []string{input[:i], input[i:]}) {
				return
			}
		}
	}
}
