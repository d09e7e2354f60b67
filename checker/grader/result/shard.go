package result

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// ShardSchema names the version of the first line of a shard's file.
const ShardSchema = "barewire/shard/v1"

// A Shard is the first line of a shard's file: which part of which class it is. Every
// other line is a [Submission].
type Shard struct {
	Schema   string   `json:"schema"`
	Index    int      `json:"index"` // counted from 0
	Count    int      `json:"count"`
	Class    string   `json:"class"`    // see [Class]
	IDs      []string `json:"ids"`      // the submissions that it is to grade
	Document Document `json:"document"` // without submissions
}

// Class returns a digest of the ids of all submissions of a class. Each shard has it,
// so that a merge can tell whether the parts make a whole.
func Class(ids []string) string {
	sum := sha256.New()
	for _, id := range slices.Sorted(slices.Values(ids)) {
		fmt.Fprintf(sum, "%d:%s\n", len(id), id)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// A Log is the file of a shard while it is graded. It is only ever appended to.
type Log struct {
	file *os.File
	want map[string]bool
}

// OpenLog begins the file of a shard, or goes on with it: then it returns what was
// graded before, and notes on what was amiss. The file must be of the same shard.
func OpenLog(path string, shard Shard) (log *Log, done []Submission, notes []string, err error) {
	shard.Schema, shard.Document.Schema, shard.Document.Submissions = ShardSchema, Schema, []Submission{}
	if shard.Document.Tasks == nil {
		shard.Document.Tasks = []Task{}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			err = fmt.Errorf("%s: %w", path, err)
		}
	}()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, nil, nil, err
	}
	old, done, whole, notes, err := parseShard(data)
	if err != nil {
		return nil, nil, nil, err
	}
	if whole < len(data) {
		if err := f.Truncate(int64(whole)); err != nil {
			return nil, nil, nil, err
		}
	}
	log = &Log{file: f, want: make(map[string]bool)}
	for _, id := range shard.IDs {
		log.want[id] = true
	}
	if old == nil {
		return log, nil, notes, log.write(shard)
	}
	if why := differs(old, &shard); why != "" {
		err = fmt.Errorf("it was begun otherwise and cannot be gone on with: %s", why)
	} else if old.Index != shard.Index || !slices.Equal(old.IDs, shard.IDs) {
		err = errors.New("it was begun for other submissions and cannot be gone on with")
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return log, done, notes, nil
}

// Append writes a submission; when it returns, it is on the disk.
func (l *Log) Append(s Submission) error {
	if !l.want[s.ID] {
		return fmt.Errorf("%q is not a submission of this shard", s.ID)
	}
	if err := s.Validate(); err != nil {
		return err
	}
	return l.write(s)
}

// write writes one line at once, so that a crash can only tear the last one.
func (l *Log) write(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := l.file.Write(append(data, '\n')); err != nil {
		return err
	}
	return l.file.Sync()
}

// Close ends the writing.
func (l *Log) Close() error { return l.file.Close() }

// parseShard reads a shard's file. whole is how many bytes of it are whole lines; what
// a crash left behind them is dropped with a note. shard is nil if not even the first
// line is whole.
func parseShard(data []byte) (shard *Shard, done []Submission, whole int, notes []string, err error) {
	at := make(map[string]int)
	for n := 1; whole < len(data); n++ {
		text, rest, ended := bytes.Cut(data[whole:], []byte("\n"))
		torn := !ended || len(bytes.Trim(text, "\x00")) == 0
		var s Submission
		if !torn && shard == nil {
			shard = new(Shard)
			err = shard.read(text)
		} else if !torn {
			if err = decode(text, &s); err == nil {
				err = s.Validate()
			}
			torn = err != nil && len(rest) == 0 && !json.Valid(text)
		}
		switch {
		case torn && len(rest) == 0:
			notes = append(notes, fmt.Sprintf("line %d was torn by a crash while it was written; it is dropped", n))
			return shard, done, whole, notes, nil
		case torn:
			return nil, nil, 0, nil, fmt.Errorf("line %d is empty", n)
		case err != nil:
			return nil, nil, 0, nil, fmt.Errorf("line %d: %s", n, strings.TrimPrefix(err.Error(), "line 1: "))
		case n == 1: // the shard itself
		case !slices.Contains(shard.IDs, s.ID):
			return nil, nil, 0, nil, fmt.Errorf("line %d: %q is not a submission of this shard", n, s.ID)
		default:
			i, again := at[s.ID]
			if again && done[i].Status != Fault {
				return nil, nil, 0, nil, fmt.Errorf("line %d: %q is there a second time", n, s.ID)
			} else if again {
				done[i] = s // a second try after a fault
			} else {
				at[s.ID] = len(done)
				done = append(done, s)
			}
		}
		whole += len(text) + 1
	}
	return shard, done, whole, notes, nil
}

// read reads the first line.
func (s *Shard) read(text []byte) error {
	if err := decode(text, s); err != nil {
		return err
	}
	if s.Schema != ShardSchema {
		return fmt.Errorf("its schema is %q, and this checker reads %q", s.Schema, ShardSchema)
	}
	if s.Count < 1 || s.Index < 0 || s.Index >= s.Count {
		return fmt.Errorf("there is no shard %d of %d, counted from 0", s.Index, s.Count)
	}
	return s.Document.Validate()
}

// differs says in what two shards are not of the same grading, or "".
func differs(a, b *Shard) string {
	x, y := &a.Document, &b.Document
	for _, d := range []struct {
		what string
		a, b any
	}{
		{"classes", a.Class, b.Class},
		{"numbers of shards", a.Count, b.Count},
		{"seeds", x.Seed, y.Seed},
		{"rubrics", x.Rubric, y.Rubric},
		{"checkers", x.Checker, y.Checker},
		{"versions of Go", x.Go, y.Go},
		{"sandboxes", x.Sandbox, y.Sandbox},
		{"kinds of trust", x.Trusted, y.Trusted},
		{"maximum scores", x.MaxScore, y.MaxScore},
	} {
		if d.a != d.b {
			return fmt.Sprintf("the %s differ: %v and %v", d.what, d.a, d.b)
		}
	}
	return ""
}
