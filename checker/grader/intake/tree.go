package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// A tree collects the files of the steps from a source. Whatever their order is, every
// thing is seen once, so that an archive can be read as a stream.
type tree struct {
	names map[string]int
	notes notes
	steps map[int][]File // the result

	entries  int
	bytes    int64
	copies   map[place]*copyOf // where steps were found
	archives []archive
	others   []string // files that are not of a step, a few
	left     int      // how many there are
	inner    bool     // an archive in the archive
}

// A place is a folder that holds steps.
type place struct {
	root string // what is before the folder of a step, without "steps"
	bare bool   // the steps are not in a folder "steps"
}

func (p place) String() string {
	if p.bare {
		return path.Join(p.root, ".")
	}
	return path.Join(p.root, "steps")
}

// A copyOf is the files of the steps in one place.
type copyOf struct {
	files []found
	notes notes
}

// A found file is one that counts.
type found struct {
	step int
	was  string // its path where it was found
	name string // in the folder of its step
	text []byte
}

// maxWrapped is how many folders may be around "steps".
const maxWrapped = 3

func newTree(names map[string]int) *tree {
	return &tree{names: names, copies: make(map[place]*copyOf)}
}

// read collects the files of src.
func (t *tree) read(ctx context.Context, src source) error {
	if err := src.walk(ctx, t.visit); err != nil {
		return err
	}
	if len(t.copies) > 0 {
		for _, a := range t.archives {
			t.notes.add("left out, an archive beside the steps", a.name)
		}
		return t.choose()
	}
	switch {
	case len(t.archives) > 1:
		return refusef("no step was found, but several archives, and it is not clear which counts: %s and %s. Hand in one",
			printable(t.archives[0].name), printable(t.archives[1].name))
	case len(t.archives) == 1 && t.inner:
		return refusef("an archive in an archive in an archive: %s. Hand in the folder with the steps itself", printable(t.archives[0].name))
	case len(t.archives) == 1:
		a := t.archives[0]
		in := newTree(t.names)
		in.inner = true
		in.notes = t.notes
		in.notes.add("read, an archive in what was handed in", a.name)
		err := in.read(ctx, a)
		t.notes, t.steps = in.notes, in.steps
		return err
	}
	return t.nothing()
}

// nothing says that there was no step, and what there was.
func (t *tree) nothing() error {
	what := "it is empty"
	if t.left > 0 {
		what = "found " + some(t.others, t.left)
	} else if lines := t.notes.lines(); len(lines) > 0 {
		what = strings.Join(lines, "; ")
	}
	return refusef("no Go file of a step was found. They are expected as steps/03-headers-bodies/field.go, at the top or below one folder; %s", what)
}

// ignored are folders and files that tools leave behind; nobody means to hand them in.
var ignored = []string{".git", ".hg", ".svn", "__MACOSX", ".DS_Store", "Thumbs.db", "node_modules", "vendor", ".idea", ".vscode", ".barewire"}

// visit looks at one thing. It returns fs.SkipDir for a folder that needs no look.
func (t *tree) visit(it item) error {
	if t.entries++; t.entries > maxEntries {
		return refusef("more than %d files and folders. Hand in the steps only, without .git and the like", maxEntries)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(it.name, "./"), "/")
	if name == "" || name == "." {
		return nil
	}
	if why := badPath(name); why != "" {
		t.notes.add("left out, "+why, name)
		return fs.SkipDir
	}
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if slices.Contains(ignored, part) {
			t.notes.add("left out, not part of the course", part)
			return fs.SkipDir
		}
	}
	switch it.kind {
	case folder:
		return nil
	case link:
		t.notes.add("left out, a link: hand in the file itself", name)
		return nil
	case special:
		t.notes.add("left out, neither a file nor a folder", name)
		return nil
	}
	return t.file(it, name, parts)
}

// badPath says why a path is not looked at, or "".
func badPath(name string) string {
	switch {
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "a control character in the name"
	case strings.Contains(name, `\`):
		return `a \ in the name`
	case !fs.ValidPath(strings.ToValidUTF8(name, "?")) || windowsDrive(name):
		return "its path leads elsewhere"
	case len(name) > maxPath || strings.Count(name, "/") > maxDepth:
		return "its path is too long"
	}
	return ""
}

func windowsDrive(name string) bool { return len(name) > 1 && name[1] == ':' }

// file looks at a regular file.
func (t *tree) file(it item, name string, parts []string) error {
	at, step, rest, ok := t.place(parts)
	if !ok {
		return t.other(it, name, parts)
	}
	c := t.copies[at]
	if c == nil {
		c = new(copyOf)
		t.copies[at] = c
	}
	short, why := countable(step, rest)
	if why != "" {
		c.notes.add(why, name)
		return nil
	}
	text, err := it.read(maxFile)
	t.bytes += int64(len(text))
	switch {
	case errors.Is(err, errTooLong):
		c.notes.add(fmt.Sprintf("left out, longer than %d bytes", maxFile), name)
	case isDamage(err):
		c.notes.add("left out, "+err.Error(), name)
	case err != nil:
		return err
	default:
		c.files = append(c.files, found{step: step, was: name, name: short, text: c.normal(name, text)})
	}
	if t.bytes > maxTotal {
		return refusef("the Go files of the steps have more than %d bytes", maxTotal)
	}
	return nil
}

// place says where a file of a step lies: parts is {"x", "steps", "03-headers-bodies",
// "field.go"}, and rest is what follows the step.
func (t *tree) place(parts []string) (at place, step int, rest []string, ok bool) {
	for i, part := range parts[:len(parts)-1] {
		n := t.names[strings.ToLower(part)]
		if n == 0 {
			continue
		}
		before := parts[:i]
		at.bare = len(before) == 0 || !strings.EqualFold(before[i-1], "steps")
		if !at.bare {
			before = before[:i-1]
		} else if len(before) > 0 && slices.Contains([]string{"solutions", "wrong", "docs"}, before[i-1]) {
			return at, 0, nil, false
		}
		at.root = strings.Join(before, "/")
		return at, n, parts[i+1:], len(before) <= maxWrapped
	}
	return at, 0, nil, false
}

// other remembers a file that is not of a step.
func (t *tree) other(it item, name string, parts []string) error {
	t.left++
	if len(t.others) < 5 {
		t.others = append(t.others, printable(name))
	}
	if i := slices.Index(parts, "steps"); i >= 0 && i+2 < len(parts) && t.names[strings.ToLower(parts[i+1])] == 0 {
		for dir, n := range t.names {
			if number, _, _ := strings.Cut(dir, "-"); strings.HasPrefix(parts[i+1], number) {
				t.notes.add(fmt.Sprintf("left out, no folder of the course: step %d is in steps/%s", n, dir), parts[i+1])
			}
		}
	}
	if !archiveName(name) || len(parts) > 2 || len(t.archives) > 1 || len(t.copies) > 0 {
		return nil
	}
	data, err := it.read(maxArchive)
	switch {
	case errors.Is(err, errTooLong):
		t.notes.add(fmt.Sprintf("left out, an archive of more than %d bytes", maxArchive), name)
	case isDamage(err):
		t.notes.add("left out, "+err.Error(), name)
	case err != nil:
		return err
	default:
		t.archives = append(t.archives, archive{name, data})
	}
	return nil
}

// choose takes the place that is nearest to the top.
func (t *tree) choose() error {
	var places []place
	for p, c := range t.copies {
		if len(c.files) > 0 {
			places = append(places, p)
		}
	}
	onlyOthers := len(places) == 0 // tests, say: then one of the places will do to name them
	if onlyOthers {
		places = slices.Collect(maps.Keys(t.copies))
	}
	depth := func(p place) int {
		n := 0
		if p.root != "" {
			n = 2 * (strings.Count(p.root, "/") + 1)
		}
		if p.bare {
			n++
		}
		return n
	}
	slices.SortFunc(places, func(a, b place) int {
		if d := depth(a) - depth(b); d != 0 {
			return d
		}
		return strings.Compare(a.root, b.root)
	})
	if len(places) > 1 && !onlyOthers && depth(places[0]) == depth(places[1]) {
		return refusef("the steps are there more than once, and it is not clear which count: %s and %s. Hand in one",
			printable(places[0].String()), printable(places[1].String()))
	}
	for _, p := range places[1:] {
		t.notes.add("left out, another copy of steps", p.String())
	}
	if t.left > 0 {
		t.notes.add("left out, not in the folder of a step", some(t.others[:min(shown, len(t.others))], t.left))
	}
	c := t.copies[places[0]]
	t.steps = make(map[int][]File)
	for _, f := range c.unique() {
		t.steps[f.step] = append(t.steps[f.step], File{Name: f.name, Path: t.dir(f.step) + f.name, Content: f.text})
	}
	for _, reason := range c.notes.reasons { // after those about the whole
		t.notes.take(&c.notes, reason)
	}
	if len(t.steps) == 0 {
		return refusef("no Go file of a step counts in %s; %s", printable(places[0].String()), strings.Join(c.notes.lines(), "; "))
	}
	for n, files := range t.steps {
		if len(files) > maxFiles {
			return refusef("step %d has %d Go files, more than %d", n, len(files), maxFiles)
		}
		slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	}
	return nil
}

// dir returns the folder of a step in a clean tree, with a slash at its end.
func (t *tree) dir(step int) string {
	for dir, n := range t.names {
		if n == step {
			return "steps/" + dir + "/"
		}
	}
	return ""
}
