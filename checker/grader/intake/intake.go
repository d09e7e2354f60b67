// Package intake reads what students have handed in: a folder, an archive, or what
// a course system lets an instructor download. It knows who handed what in from the
// envelope alone (the name that the course system gave to a file or a folder), and
// takes nothing but the Go files of the steps.
//
// Nothing is written: not into a submission, nor to anywhere else. Contents are held
// in memory, and everything that is read has a limit, because nobody trusts it. What
// is left out is named in Notes with the reason; a submission that cannot be graded
// has Err.
//
// It leaves out what the code may contain, which is package policy.
//
// Read this file first, then class.go and envelope.go (whose is it?), then tree.go and
// source.go (what is in it?).
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/result"
)

// A Submission is what one student has handed in. [Open] says whose it is, and
// [Submission.Load] reads it.
type Submission struct {
	ID        string // unique in a class; printable, without slashes
	Name      string // of the student, or ""
	Email     string
	Source    string    // where it lies, for a person to find it
	Submitted time.Time // zero if the envelope does not say
	Late      bool      // the course system says so
	Group     []string  // the IDs of all who handed this in together, if they are several

	Steps  map[int][]File // by the number of the step; nil before Load
	Notes  []string       // what was left out or changed, and why
	Digest string         // SHA-256 of the names and contents in Steps, in hex
	Err    error          // why it cannot be graded, for the student to read

	src source
}

// A File is one Go file of a step.
type File struct {
	Name    string // in its step's folder: "field.go", and in step 10 also "barewire/main.go"
	Path    string // in a clean tree: "steps/03-headers-bodies/field.go"
	Content []byte // UTF-8 text without a byte order mark, and with LF at the ends of lines, where it can be had
}

// Formats that [Options.From] can say.
const (
	One        = "one"        // a folder or an archive with one submission
	Class      = "class"      // a folder or a zip with a folder or an archive for each student
	Canvas     = "canvas"     // what Canvas calls "Download submissions", zipped or not
	Moodle     = "moodle"     // what Moodle calls "Download all submissions", zipped or not
	Gradescope = "gradescope" // an export of Gradescope, zipped or not, or the folder that an autograder finds
	GitList    = "git-list"   // a CSV file that names repositories already cloned
)

// Formats lists what [Options.From] can be.
var Formats = []string{One, Class, Canvas, Moodle, Gradescope, GitList}

// Options say how to read submissions. The zero value finds out by itself.
type Options struct {
	From string // one of Formats, or "" to find out

	// ID finds the student in the name of each folder or file of a class. The group
	// named student (or student_id, or id) is required; name, email, late and
	// timestamp are used where they are. A name that does not match is left out.
	ID *regexp.Regexp

	// Roster names the students, or is nil.
	Roster *Roster

	// Report is called with what concerns no single submission, such as a file
	// that is no submission. It may be nil.
	Report func(string)
}

// Limits of one submission. The reference has 86 files with 470 kB in its steps.
const (
	maxArchive  = 32 << 20 // bytes of an archive as it was handed in
	maxEntries  = 50_000   // files and folders that are looked at: a clone has its .git, some have node_modules
	maxFile     = 1 << 20  // bytes of one Go file
	maxTotal    = 8 << 20  // bytes of all Go files
	maxFiles    = 100      // Go files of one step
	maxDepth    = 16       // folders in folders
	maxPath     = 400      // bytes of a path
	maxNotes    = 40       // notes that are kept
	maxMetadata = 64 << 20 // bytes of a roster, or of what Gradescope says about a class
)

// maxUnpacked is how many bytes may come out of a tar, those that nobody wants too. Tests
// make it smaller.
var maxUnpacked int64 = 512 << 20

// Open finds the submissions in paths and says whose they are. Of several by one
// student the latest is taken. None of them is read yet, so a class of thousands is
// cheap to hold; archives stay open as long as a Submission in them is in use.
//
// An error says that a path cannot be read or that nothing is in it.
func Open(ctx context.Context, paths []string, opt Options) ([]Submission, error) {
	if opt.From != "" && !slices.Contains(Formats, opt.From) {
		return nil, fmt.Errorf("intake: there is no format %q; the formats are %s", opt.From, strings.Join(Formats, ", "))
	}
	if opt.ID != nil && group(opt.ID, "student", "student_id", "id") < 0 {
		return nil, fmt.Errorf("intake: --id-regexp %q has no group named student: write (?P<student>…) around what says who it is", opt.ID)
	}
	names, err := stepNames()
	if err != nil {
		return nil, err
	}
	o := &opener{opt: opt, names: names, paths: len(paths)}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := o.path(path); err != nil {
			return nil, fmt.Errorf("intake: %w", err)
		}
	}
	if len(o.found) == 0 {
		return nil, fmt.Errorf("intake: no submission in %s", strings.Join(paths, ", "))
	}
	return o.submissions(), nil
}

// Load reads the submission and returns it with its files. What is wrong with the
// submission is in Err; the error that is returned says that this machine failed,
// and nothing about the student.
func (s Submission) Load(ctx context.Context) (Submission, error) {
	if s.Err != nil || s.src == nil {
		return s, nil
	}
	names, err := stepNames()
	if err != nil {
		return s, err
	}
	t := newTree(names)
	err = t.read(ctx, s.src)
	s.Notes = append(slices.Clone(s.Notes), t.notes.lines()...)
	var bad refusal
	switch {
	case errors.As(err, &bad):
		s.Err = bad
		return s, nil
	case err != nil:
		return s, fmt.Errorf("intake: %s: %w", s.Source, err)
	}
	s.Steps = t.steps
	s.Digest = digest(t.steps)
	return s, nil
}

// digest returns the sum over everything that counts.
func digest(steps map[int][]File) string {
	h := sha256.New()
	for _, n := range slices.Sorted(maps.Keys(steps)) {
		for _, f := range steps[n] {
			fmt.Fprintf(h, "%s %d\n", f.Path, len(f.Content))
			h.Write(f.Content)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A refusal says why a submission cannot be graded.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// stepNames returns the numbers of the steps by their folders.
var stepNames = sync.OnceValues(func() (map[string]int, error) {
	c, err := course.Load()
	if err != nil {
		return nil, fmt.Errorf("intake: %w", err)
	}
	names := make(map[string]int)
	for _, s := range c.Steps {
		names[s.Dir] = s.Number
	}
	return names, nil
})

// readLimited reads all of r, or says that it has more than limit bytes.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errTooLong
	}
	return b, err
}

var errTooLong = errors.New("too long")

// printable returns s as one line of text in which nothing is invisible, and which is not
// too long.
func printable(s string) string {
	const most = 200
	cut := len(s) > most
	if cut {
		s = s[:most]
	}
	s = strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(result.Visible(s))
	if cut {
		s += "…"
	}
	return s
}
