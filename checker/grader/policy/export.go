package policy

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"barewire/checker/grader/intake"
	"barewire/checker/internal/starter"
)

// An Export writes submissions for other programs that compare code:
//
//	DIR/jplag/submissions/ID/steps/…  a folder for each, and DIR/jplag/starter
//	DIR/dolos/student-ID.go           a file for each, and DIR/dolos/info.csv
//
// It writes the files that are graded and nothing else, through an os.Root, into a folder
// that must be empty or not there.
type Export struct {
	root *os.Root
	rows [][]string
}

const exportReadme = `The submissions, as they were graded, for two programs that compare code.
Neither sends anything anywhere when it runs on your own machine.

JPlag (https://github.com/jplag/JPlag), which needs Java:

	java -jar jplag.jar -l golang -bc jplag/starter jplag/submissions

Dolos (https://dolos.ugent.be), which needs Node.js:

	dolos run -l go -f web dolos/info.csv
`

// NewExport begins an export into dir; root is that of the workshop, for the starter.
func NewExport(dir, root string) (*Export, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("policy: %s is not empty: name a folder that is, or is not there", dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	e := &Export{root: r, rows: [][]string{{"filename", "full_name", "id", "created_at", "label", "ignored"}}}
	if err := e.starter(root); err != nil {
		r.Close()
		return nil, fmt.Errorf("policy: %w", err)
	}
	return e, nil
}

// starter writes what all submissions begin with.
func (e *Export) starter(root string) error {
	steps, err := starter.Steps(root)
	if err != nil {
		return err
	}
	var all bytes.Buffer
	for _, step := range steps {
		files, err := starter.Generate(filepath.Join(root, "solutions", step))
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if path.Ext(name) != ".go" || strings.HasPrefix(name, "demo/") {
				continue
			}
			if err := e.write("jplag/starter/steps/"+step+"/"+name, files[name]); err != nil {
				return err
			}
			all.Write(files[name])
			all.WriteByte('\n')
		}
	}
	if err := e.write("README.txt", []byte(exportReadme)); err != nil {
		return err
	}
	e.rows = append(e.rows, []string{"starter.go", "", "", "", "", "true"})
	return e.write("dolos/starter.go", all.Bytes())
}

// Add writes a submission that has been loaded. One without steps is left out.
func (e *Export) Add(s intake.Submission) error {
	var all bytes.Buffer
	id := strings.TrimLeft(strings.ReplaceAll(s.ID, ":", "-"), "-.")
	for _, n := range slices.Sorted(maps.Keys(s.Steps)) {
		for _, f := range s.Steps[n] {
			if err := e.write("jplag/submissions/"+id+"/"+f.Path, f.Content); err != nil {
				return fmt.Errorf("policy: %w", err)
			}
			fmt.Fprintf(&all, "// %s\n", f.Path)
			all.Write(f.Content)
			all.WriteByte('\n')
		}
	}
	if all.Len() == 0 {
		return nil
	}
	at := ""
	if !s.Submitted.IsZero() {
		at = s.Submitted.Format(time.RFC3339)
	}
	label := ""
	if s.Late {
		label = "late"
	}
	name := s.Name
	if name == "" {
		name = s.ID
	}
	e.rows = append(e.rows, []string{"student-" + id + ".go", text(name), text(s.ID), at, label, ""})
	if err := e.write("dolos/student-"+id+".go", all.Bytes()); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	return nil
}

// Close writes the list of all submissions.
func (e *Export) Close() error {
	defer e.root.Close()
	var list bytes.Buffer
	w := csv.NewWriter(&list)
	if err := w.WriteAll(e.rows); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	if err := e.write("dolos/info.csv", list.Bytes()); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	return nil
}

// text returns a cell that no spreadsheet takes for a formula.
func text(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// write writes a file that is not there yet, and the folders that it is in.
func (e *Export) write(name string, content []byte) error {
	if err := e.root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o777); err != nil {
		return err
	}
	f, err := e.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
