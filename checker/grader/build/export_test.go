package build

import (
	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
)

// Read reads the output of a build, of three steps.
func Read(stdout []byte) map[int][]result.Finding {
	b := &Builder{goroot: "/go"}
	return b.read(sandbox.End{Stdout: stdout}).found
}

// Check looks at one file of step 2 of three.
func Check(name string, text []byte) []result.Finding {
	b := &Builder{steps: []step{{number: 1, dir: "01-one"}, {number: 2, dir: "02-two"}, {number: 3, dir: "03-three"}}}
	found, command := b.check(b.steps[1], map[string][]byte{name: text})
	return append(found, command...)
}
