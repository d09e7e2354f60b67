package starter

import "bytes"

// ToSteps rewrites the import paths of a source from the solutions to the steps.
func ToSteps(src []byte) []byte {
	return bytes.ReplaceAll(src, []byte("barewire/solutions/"), []byte("barewire/steps/"))
}

// ToSolutions rewrites the import paths of a source from the steps to the
// solutions.
func ToSolutions(src []byte) []byte {
	return bytes.ReplaceAll(src, []byte("barewire/steps/"), []byte("barewire/solutions/"))
}
