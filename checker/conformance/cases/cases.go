// Package cases is the conformance collection: requests, most of them odd or hostile, with
// what a server may answer to each, and why. It needs no network, so that what only reads
// the collection, such as the docs, is compiled without one.
//
// The cases are in the files beside it; their format is described at [Parse]. Package
// conformance asks servers.
package cases

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.md
var files embed.FS

// FilePath is where a server has the file that cases of conditions and ranges ask for.
const FilePath = "/file"

// A Case is one thing that a client may send.
type Case struct {
	File    string // where it stands, such as "cases/host.md:12"
	Group   string // such as "Host"
	Name    string // what is special about it
	Section string // what decides, such as "RFC 9112 §3.2"
	Verb    string // MUST, SHOULD or MAY: how much the section asks
	Why     string // what goes wrong otherwise
	Reason  string // why barewire does not give the first, the strictest answer of Want; "" if it does

	NeedsFile bool // it asks for the file at FilePath

	Pieces  []string // what is sent, with a pause between two of them
	Half    bool     // then the client closes its sending side
	Methods []string // of the requests, in order; GET where there are fewer
	Want    []Answer // any of these is right, the strictest first
	Checks  []Check  // of the last response, where the answer is the first of Want
}

// An Answer is what a server may do.
type Answer struct {
	Statuses []string // of all responses, interim ones too: "400", "4xx", "xxx"
	End      End
}

// End is what has become of the connection.
type End string

// What may become of a connection.
const (
	Open   End = "open"   // the next request is answered
	Closed End = "close"  // it is closed, and nothing more is answered
	Either End = "either" // one of them
)

// A Check looks at the last response.
type Check struct {
	Kind  byte   // '+' there is such a field, '-' there is none, ':' the content has such a line, '=' the content is such parts of the file
	Name  string // of the field
	Value string // "" for any
}

// Load reads the collection that is built into this program.
func Load() ([]Case, error) {
	var all []Case
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		cases, err := Parse("cases/"+name, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, cases...)
	}
	return all, nil
}

// Sent returns all that the case sends.
func (c *Case) Sent() string { return strings.Join(c.Pieces, "") }

// Method returns the method of the i-th request that is answered.
func (c *Case) Method(i int) string {
	if i < len(c.Methods) {
		return c.Methods[i]
	}
	return "GET"
}

// String writes an answer as a file of cases does.
func (a Answer) String() string {
	statuses := strings.Join(a.Statuses, " ")
	if statuses == "" {
		statuses = "nothing"
	}
	return statuses + " " + string(a.End)
}

// Matches says whether got is what a allows.
func (a Answer) Matches(got Answer) bool {
	if a.End != Either && a.End != got.End || len(a.Statuses) != len(got.Statuses) {
		return false
	}
	for i, want := range a.Statuses {
		for j := range want {
			if want[j] != 'x' && want[j] != got.Statuses[i][j] {
				return false
			}
		}
	}
	return true
}
