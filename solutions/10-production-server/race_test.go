//go:build race

package server_test

// raceEnabled says that sync.Pool forgets things on purpose.
const raceEnabled = true
