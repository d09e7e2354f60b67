package selftest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"barewire/checker/grader/build"
)

// laid is a submission as it is handed in.
type laid struct {
	dir   string            // a folder for it alone
	id    string            // what it is called
	files map[string][]byte // by their paths in the submission
	path  string            // what is graded, once it is there
}

// lay writes what is handed in for a case below dir. With bare the attack is left out.
func (s *Selftest) lay(c *Case, dir string, bare bool) (*laid, error) {
	l := &laid{dir: dir, id: c.Name, files: make(map[string][]byte)}
	for n, what := range c.Base {
		if err := s.addStep(l, n, what); err != nil {
			return nil, err
		}
	}
	for _, m := range c.Mistakes {
		if n := bytes.Count(l.files[m.name], []byte(m.text)); n != 1 {
			return nil, fmt.Errorf("selftest: %s: the text that is to be replaced stands %d times in %s, not once", c.Name, n, m.name)
		}
		l.files[m.name] = bytes.Replace(l.files[m.name], []byte(m.text), []byte(m.with), 1)
	}
	if !bare {
		known := s.watch.names()
		for _, f := range c.Files {
			l.files[known.Replace(f.Name)] = []byte(known.Replace(string(f.Data)))
			if len(bytes.TrimSpace(f.Data)) == 0 {
				delete(l.files, f.Name) // a file of the base that is not handed in
			}
		}
		if c.Attack {
			l.files["steps/02-request-line/method.go"] = []byte(carrier)
		}
		if err := l.change(c.Change); err != nil {
			return nil, err
		}
	}
	if c.make != nil && !bare {
		return l, c.make(l)
	}
	if c.As == "zip" {
		return l, l.zip(nil)
	}
	return l, l.folder()
}

// carrier is the file of step 2 that hands out what an attack has seen.
const carrier = `package reqline

const MaxMethod = 32

var seen = attack()

func ParseMethod(line []byte) (method string, n int, err error) {
	panic("seen: " + seen)
}
`

// addStep adds a step of the reference, or one as everybody begins with it.
func (s *Selftest) addStep(l *laid, n int, what string) error {
	tree := "steps"
	if what == "reference" {
		tree = "solutions"
	}
	all, dirs, err := build.ReadSteps(filepath.Join(s.Root, tree))
	if err != nil || len(all[n]) == 0 {
		return fmt.Errorf("selftest: no files of step %d: %w", n, err)
	}
	for name, text := range all[n] {
		l.files["steps/"+dirs[n]+"/"+name] = text
	}
	return nil
}

// change does to all files what a case says.
func (l *laid) change(how string) error {
	if how == "onefile" {
		return l.join()
	}
	for name, text := range l.files {
		switch how {
		case "":
		case "crlf":
			l.files[name] = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		case "bom":
			l.files[name] = append([]byte("\ufeff"), text...)
		default:
			return fmt.Errorf("selftest: there is no change %q", how)
		}
	}
	return nil
}

// join makes one file of those of each step.
func (l *laid) join() error {
	dirs := make(map[string][]string)
	for name := range l.files {
		dirs[path.Dir(name)] = append(dirs[path.Dir(name)], name)
	}
	for dir, names := range dirs {
		slices.Sort(names)
		imports, code, pkg := make(map[string]bool), "", ""
		for _, name := range names {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, name, l.files[name], parser.ImportsOnly)
			if err != nil {
				return err
			}
			at := f.Name.End()
			for _, d := range f.Decls {
				at = d.End()
			}
			for _, spec := range f.Imports {
				alias := ""
				if spec.Name != nil {
					alias = spec.Name.Name + " "
				}
				imports[alias+spec.Path.Value] = true
			}
			pkg = f.Name.Name
			code += string(l.files[name][fset.Position(at).Offset:]) + "\n"
			delete(l.files, name)
		}
		text := "package " + pkg + "\n\nimport (\n" + strings.Join(slices.Sorted(maps.Keys(imports)), "\n") + "\n)\n" + code
		l.files[dir+"/all.go"] = []byte(text)
	}
	return nil
}

// folder writes the files into a folder.
func (l *laid) folder() error {
	l.path = filepath.Join(l.dir, l.id)
	if err := os.MkdirAll(l.path, 0o755); err != nil {
		return err
	}
	for name, text := range l.files {
		full := filepath.Join(l.path, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// zip writes the files into a zip, and then what more adds.
func (l *laid) zip(more func(*zip.Writer) error) error {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	var names []string
	for name := range l.files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(l.files[name])
		}
		if err != nil {
			return err
		}
	}
	if more != nil {
		if err := more(w); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return l.file(l.id+".zip", b.Bytes())
}

// file hands in a file.
func (l *laid) file(name string, data []byte) error {
	l.path = filepath.Join(l.dir, name)
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(l.path, data, 0o644)
}
