// Package result is the document that a grading ends in: what every submission got,
// and why. The checker alone writes it, and everything that a course system or a
// human reads is made from it, see package convert.
//
// It leaves out how marks come about (package rubric) and how they look.
//
// Read this file first, then valid.go for what must hold, file.go for reading and
// writing, and shard.go for the parts of a class that several machines grade.
package result

import "time"

// Schema names the version of the document. schema.json describes it for other programs.
const Schema = "barewire/grade/v1"

// A Document is the outcome of one grading.
type Document struct {
	Schema      string       `json:"schema"`
	Checker     string       `json:"checker"` // version or commit
	Go          string       `json:"go"`
	Sandbox     string       `json:"sandbox"`
	Trusted     bool         `json:"trusted"`     // there was no sandbox: the submissions were trusted
	Seed        uint64       `json:"seed,string"` // a string, as many readers of JSON round large numbers
	Started     time.Time    `json:"started"`
	Finished    time.Time    `json:"finished"`
	Rubric      Rubric       `json:"rubric"`
	MaxScore    float64      `json:"max_score"`
	Tasks       []Task       `json:"tasks"` // those that have points, in the order of the course
	Submissions []Submission `json:"submissions"`
}

// A Rubric says by which rubric the marks were given.
type Rubric struct {
	Name string `json:"name"`
	Hash string `json:"hash"` // SHA-256 of all that it says, in hex
}

// A Task is a part of a step that has points.
type Task struct {
	ID        string  `json:"id"` // such as "3.2"
	Step      int     `json:"step"`
	Title     string  `json:"title"`
	MaxPoints float64 `json:"max_points"`
	Bonus     bool    `json:"bonus,omitempty"` // its points come on top of the maximum
}

// A Status says whether there is a mark.
type Status string

const (
	Graded  Status = "graded"
	Refused Status = "refused" // nothing in it can be graded; the mark is 0
	Fault   Status = "fault"   // the checker failed: there is no mark, which is not a mark of 0
)

// A Submission is what one student got.
type Submission struct {
	ID        string     `json:"id"` // from the course system, never from inside the submission
	Name      string     `json:"name,omitempty"`
	Email     string     `json:"email,omitempty"`
	Source    string     `json:"source,omitempty"`
	Digest    string     `json:"digest,omitempty"` // SHA-256 of all that counts
	Submitted *time.Time `json:"submitted,omitempty"`
	Late      bool       `json:"late,omitempty"`
	Status    Status     `json:"status"`
	Message   string     `json:"message,omitempty"` // why it was refused, or what the fault was
	Score     *float64   `json:"score"`             // nil for a fault
	Raw       *float64   `json:"raw"`               // before lateness and caps; nil for a fault
	MaxScore  float64    `json:"max_score"`
	Steps     []Step     `json:"steps,omitempty"`
	Checks    []Check    `json:"checks,omitempty"`
	Findings  []Finding  `json:"findings,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
	Seed      uint64     `json:"seed,string"`
	Graded    time.Time  `json:"graded"` // when
	Seconds   float64    `json:"seconds"`
}

// The bases of a step: the earlier steps that it stands on.
const (
	Own       = "own"       // the student's
	Reference = "reference" // the checker's
	Weighted  = "weighted"  // a part of each counts
)

// A Step is what a submission got for one step.
type Step struct {
	Number    int     `json:"number"`
	Title     string  `json:"title"`
	Own       float64 `json:"own"`       // points on the student's own earlier steps
	Reference float64 `json:"reference"` // points on the reference ones
	Score     float64 `json:"score"`     // what counts
	MaxScore  float64 `json:"max_score"`
	Base      string  `json:"base"`  // which counts: own, reference or weighted
	Built     bool    `json:"built"` // it compiled on at least one of the bases
	Message   string  `json:"message,omitempty"`
}

// An Outcome is what became of a check.
type Outcome string

const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	NotReached Outcome = "not reached" // something that it needs failed before
)

// A Check is one property that was tried on one base. It holds or it does not: there
// are no points between.
type Check struct {
	ID        string  `json:"id"`   // such as "3.2/two-host-fields"
	Task      string  `json:"task"` // such as "3.2"
	Step      int     `json:"step"`
	Base      string  `json:"base"` // own or reference
	Title     string  `json:"title"`
	Outcome   Outcome `json:"outcome"`
	Reason    string  `json:"reason,omitempty"` // for the student, unless Hidden
	Detail    string  `json:"detail,omitempty"` // for the instructor, where the reason does not say all
	Hidden    bool    `json:"hidden,omitempty"` // the student does not see the outcome
	Points    float64 `json:"points"`
	MaxPoints float64 `json:"max_points"`
	Seed      uint64  `json:"seed,string"`
	Retried   int     `json:"retried,omitempty"`
	Seconds   float64 `json:"seconds,omitempty"`
}

// Kinds of findings.
const (
	Policy = "policy"
	Build  = "build"
	Race   = "race"
	Review = "review" // for the instructor's eyes only: nobody is marked down for it
	Intake = "intake"
)

// A Finding is what was seen in a submission, with its place where there is one.
type Finding struct {
	Kind   string `json:"kind"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
}
