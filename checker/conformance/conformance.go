// Package conformance sends a collection of requests, most of them odd or hostile, to a
// server over TCP, and says where the server's answers are not among the allowed ones.
//
// It leaves out what is not on the wire: what a case costs the server is a matter of
// its own tests.
//
// The collection is package cases. Read that first, then exchange.go and judge.go.
package conformance

import "barewire/checker/conformance/cases"

// What the collection is made of.
type (
	Case   = cases.Case
	Answer = cases.Answer
	End    = cases.End
	Check  = cases.Check
)

// What may become of a connection.
const (
	Open   = cases.Open
	Closed = cases.Closed
	Either = cases.Either
)

// FilePath is where a server has the file that cases of conditions and ranges ask for.
const FilePath = cases.FilePath

// Load reads the collection that is built into this program.
func Load() ([]Case, error) { return cases.Load() }
