package intake

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An opener finds submissions.
type opener struct {
	opt   Options
	names map[string]int
	paths int // how many there are
	found []handed
}

// A handed submission is one of perhaps several by a student.
type handed struct {
	Submission
	raw     string // what identifies the student, as it stands in the envelope
	file    string // the name of what was handed in
	number  int64  // the course system counts what it receives; 0 if it does not say
	changed time.Time
	archive bool // it has the name of an archive, or is a folder
}

// An entry is a thing at the top of a class: a folder, or a file.
type entry struct {
	name    string
	kind    kind
	changed time.Time
	src     source
	steps   bool                          // a folder with steps in it
	open    func() (io.ReadCloser, error) // for a file
}

// handable reports whether the entry may be what a student handed in.
func (e entry) handable() bool {
	return e.kind == folder || e.kind == file && archiveName(e.name)
}

func (o *opener) report(format string, args ...any) {
	if o.opt.Report != nil {
		o.opt.Report(fmt.Sprintf(format, args...))
	}
}

// path finds the submissions in one path that the instructor gave.
func (o *opener) path(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if o.opt.From == "" || o.opt.From == Gradescope {
			if done, err := o.gradescopeAutograder(path); done || err != nil {
				return err
			}
		}
		entries, err := o.folder(path)
		if err != nil {
			return err
		}
		return o.class(path, entries, dir{path, "."}, info.ModTime())
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file nor a folder", path)
	}
	if o.opt.From == GitList || o.opt.From == "" && strings.EqualFold(filepath.Ext(path), ".csv") {
		return o.gitList(path)
	}
	return o.archive(path, info)
}

// folder lists a folder on the disk.
func (o *opener) folder(path string) ([]entry, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	listed, err := list(root, ".")
	if err != nil {
		return nil, err
	}
	if len(listed) > maxEntries {
		return nil, fmt.Errorf("%s has more than %d entries: give a part of them", path, maxEntries)
	}
	var entries []entry
	for _, d := range listed {
		name := d.Name()
		e := entry{name: name, kind: kindOf(d.Type())}
		if info, err := d.Info(); err == nil {
			e.changed = info.ModTime()
		}
		switch e.kind {
		case folder:
			e.src = dir{path, name}
			e.steps = o.hasSteps(root, name)
		case file:
			e.open = func() (io.ReadCloser, error) { return reopen(path, name) }
			e.src = lazy{name, e.open}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// reopen opens a file in a folder.
func reopen(path, name string) (io.ReadCloser, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return openRegular(root, name)
}

// hasSteps reports whether the steps lie in a folder, or in one in it.
func (o *opener) hasSteps(root *os.Root, name string) bool {
	for range 2 {
		entries, err := list(root, name)
		if err != nil {
			return false
		}
		var below []string
		for _, e := range entries {
			if o.isSteps(e.Name()) {
				return true
			}
			if e.IsDir() && !slices.Contains(ignored, e.Name()) {
				below = append(below, e.Name())
			}
		}
		if len(below) != 1 {
			return false
		}
		name += "/" + below[0]
	}
	return false
}

// isSteps reports whether a folder is that of the steps, or of one.
func (o *opener) isSteps(name string) bool {
	return strings.EqualFold(name, "steps") || o.names[strings.ToLower(name)] > 0
}

// archive finds the submissions in an archive on the disk.
func (o *opener) archive(path string, info os.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		f.Close()
		return err
	}
	whole := lazy{filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) }}
	var entries []entry
	if sniff(head[:n]) == isZip && o.opt.From != One {
		entries = o.zip(f, info.Size())
	}
	if entries == nil {
		f.Close() // otherwise it stays open for as long as a submission is read from it
	}
	return o.class(path, entries, whole, info.ModTime())
}

// zip returns the entries of a zip that holds a class, or nil.
func (o *opener) zip(r io.ReaderAt, size int64) []entry {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil // Load says what is wrong with it
	}
	entries := o.entries(listing{files: z.File})
	if o.opt.From != "" && o.opt.From != Gradescope {
		return entries
	}
	if real := slices.DeleteFunc(slices.Clone(entries), junk); len(real) == 1 && real[0].kind == folder && !o.isSteps(real[0].name) {
		// Everything is in one folder: does that hold a class?
		entries = o.entries(real[0].src.(listing))
	}
	if o.opt.From == "" && o.detect(slices.DeleteFunc(slices.Clone(entries), junk), false) == One {
		return nil
	}
	return entries
}

// entries groups what is in a zip by the first part of the names.
func (o *opener) entries(l listing) []entry {
	var all []entry
	at := make(map[string]int)
	for _, f := range l.files {
		name := zipName(f)[l.strip:]
		top, rest, below := strings.Cut(name, "/")
		if top == "" || badPath(top) != "" || top == "." || top == ".." {
			if name != "" {
				o.report("left out, its path leads elsewhere: %s", printable(f.Name))
			}
			continue
		}
		i, seen := at[top]
		if !seen {
			i = len(all)
			at[top] = i
			e := entry{name: top, kind: kindOf(f.Mode()), changed: f.Modified}
			if below {
				e.kind = folder
				e.src = listing{strip: l.strip + len(top) + 1}
			} else if e.kind == file {
				e.open = func() (io.ReadCloser, error) { return openZip(f) }
				e.src = lazy{top, e.open}
			}
			all = append(all, e)
		}
		e := &all[i]
		if sub, ok := e.src.(listing); ok && below {
			sub.files = append(sub.files, f)
			e.src = sub
			parts := strings.SplitN(rest, "/", 3)
			e.steps = e.steps || o.isSteps(parts[0]) && len(parts) > 1 || len(parts) == 3 && o.isSteps(parts[1])
		} else if seen {
			o.report("left out, the name is there twice: %s", printable(f.Name))
		}
	}
	return all
}

// junk reports whether an entry is what some system leaves behind.
func junk(e entry) bool {
	return slices.Contains(ignored, e.name) || strings.HasPrefix(e.name, "._")
}

// class takes the entries of a folder or an archive for one submission or for many.
func (o *opener) class(path string, entries []entry, whole source, changed time.Time) error {
	entries = slices.DeleteFunc(entries, junk)
	from := o.opt.From
	if from == "" {
		from = o.detect(entries, isDir(whole))
	}
	if from != One && entries == nil && !isDir(whole) {
		return fmt.Errorf("%s: only a folder or a zip holds a class", path)
	}
	base := filepath.Base(path)
	if abs, err := filepath.Abs(path); err == nil {
		base = filepath.Base(abs) // of "." and ".." too
	}
	var name func(entry) (handed, string)
	switch from {
	case One:
		e := entry{name: base, kind: folder, changed: changed, src: whole}
		if l, ok := whole.(lazy); ok {
			e.kind, e.open = file, l.open
		}
		h, why := o.byName(e)
		if why != "" {
			o.report("left out, %s: %s", why, printable(path))
			return nil
		}
		h.Source = path
		o.found = append(o.found, h)
		return nil
	case Class:
		name = o.byName
	case Canvas:
		name = canvasNamer(entries)
	case Moodle:
		name = moodle
	case Gradescope:
		return o.gradescope(path, entries)
	default:
		return fmt.Errorf("%s is not a CSV file, as a list of repositories is", path)
	}
	if o.opt.ID != nil {
		name = o.byName
	}
	for _, e := range entries {
		if e.src == nil {
			o.report("left out, a link, or neither a file nor a folder: %s in %s", printable(e.name), path)
			continue
		}
		h, why := name(e)
		if why != "" {
			o.report("left out, %s: %s in %s", why, printable(e.name), path)
			continue
		}
		h.Source = path + string(filepath.Separator) + printable(e.name)
		o.found = append(o.found, h)
	}
	return nil
}

func isDir(s source) bool {
	_, ok := s.(dir)
	return ok
}

// detect says what a folder or an archive holds.
func (o *opener) detect(entries []entry, onDisk bool) string {
	var canvasNames, moodleNames, steps, hands, others int
	for _, e := range entries {
		if e.name == gradescopeMetadata {
			return Gradescope
		}
		if o.isSteps(e.name) && e.kind == folder {
			return One
		}
		if canvasName.MatchString(e.name) || canvasAnonymous.MatchString(e.name) {
			canvasNames++
		}
		if moodleName.MatchString(e.name) {
			moodleNames++
		}
		switch {
		case e.steps, e.kind == file && archiveName(e.name):
			steps++
			hands++
		case e.kind == folder:
			hands++
		default:
			others++
		}
	}
	switch {
	case moodleNames > len(entries)/2:
		return Moodle
	case canvasNames > len(entries)/2:
		return Canvas
	case steps > 1, hands > 1 && others == 0 && onDisk && o.paths == 1:
		return Class // of several paths each is rather the folder of a student
	}
	return One
}

// byName takes the name of a folder or of an archive for the student's, or what
// Options.ID finds in it.
func (o *opener) byName(e entry) (handed, string) {
	h := handed{file: e.name, changed: e.changed, archive: e.handable(), raw: e.name}
	h.src = e.src
	if e.kind == file {
		h.raw = stem(e.name)
	}
	if o.opt.ID != nil {
		why := byRegexp(&h, o.opt.ID, e.name)
		return h, why
	}
	if !h.archive && o.opt.From != One && e.kind == file && sniffEntry(e) == unknown {
		return h, "neither a folder nor an archive"
	}
	return h, ""
}

// sniffEntry looks at how a file begins.
func sniffEntry(e entry) format {
	if e.open == nil {
		return unknown
	}
	r, err := e.open()
	if err != nil {
		return unknown
	}
	defer r.Close()
	head, _ := io.ReadAll(io.LimitReader(r, 512)) // what cannot be read is no archive
	return sniff(head)
}
