package gotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/modfile"
)

// An expectation is a package that is asked for and the top-level tests that it
// has to run.
type expectation struct {
	pattern string // as in Run.Packages
	path    string // its import path
	tests   []string
}

// expected reads the test sources of the packages, as the overlay shows them.
func (r Run) expected() ([]expectation, error) {
	module, err := r.module()
	if err != nil {
		return nil, err
	}
	replace, err := r.replacements()
	if err != nil {
		return nil, err
	}
	selected, err := r.selection()
	if err != nil {
		return nil, err
	}
	var all []expectation
	for _, pattern := range r.Packages {
		if strings.Contains(pattern, "...") {
			return nil, fmt.Errorf("packages are named one by one, not with %s", pattern)
		}
		names, err := r.testNames(pattern, replace)
		if err != nil {
			return nil, err
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !selected.MatchString(name) })
		all = append(all, expectation{pattern, path.Join(module, filepath.ToSlash(pattern)), names})
	}
	return all, nil
}

// module returns the module's path.
func (r Run) module() (string, error) {
	text, err := os.ReadFile(filepath.Join(r.Dir, "go.mod"))
	if err != nil {
		return "", err
	}
	return modfile.ModulePath(text), nil
}

// replacements reads the overlay: a file's absolute name, and where its text is.
func (r Run) replacements() (map[string]string, error) {
	if r.Overlay == "" {
		return nil, nil
	}
	text, err := os.ReadFile(r.Overlay)
	if err != nil {
		return nil, err
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Overlay, err)
	}
	return overlay.Replace, nil
}

// selection returns the expression that chooses the top-level tests: the part
// of -run before the first slash.
func (r Run) selection() (*regexp.Regexp, error) {
	pattern := ""
	for i, arg := range r.Args {
		name, value, hasValue := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.TrimPrefix(name, "-") != "run" || !strings.HasPrefix(arg, "-") {
			continue
		}
		if pattern = value; !hasValue && i+1 < len(r.Args) {
			pattern = r.Args[i+1]
		}
	}
	top, _, _ := strings.Cut(pattern, "/")
	return regexp.Compile(top)
}

// testNames returns the top-level tests in the source of a package, file by
// file. A file that cannot be parsed has none; the compiler will complain.
func (r Run) testNames(pattern string, replace map[string]string) ([]string, error) {
	dir, err := filepath.Abs(filepath.Join(r.Dir, pattern))
	if err != nil {
		return nil, err
	}
	ctxt := build.Default
	if slices.Contains(r.Args, "-race") {
		ctxt.BuildTags = append(ctxt.BuildTags, "race")
	}
	ctxt.OpenFile = func(name string) (io.ReadCloser, error) {
		text, err := os.ReadFile(actual(name, replace))
		return io.NopCloser(bytes.NewReader(text)), err
	}
	var names []string
	var files []*ast.File
	for _, name := range testFiles(dir, replace) {
		if ok, err := ctxt.MatchFile(dir, name); err != nil || !ok {
			continue
		}
		text, err := os.ReadFile(actual(filepath.Join(dir, name), replace))
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			continue
		}
		names = append(names, testFuncs(f)...)
		files = append(files, f)
	}
	for _, e := range doc.Examples(files...) {
		if e.Output != "" || e.EmptyOutput {
			names = append(names, "Example"+e.Name)
		}
	}
	return names, nil
}

// actual returns the file that holds the text of name.
func actual(name string, replace map[string]string) string {
	if to, ok := replace[name]; ok {
		return to
	}
	return name
}

// testFiles returns the names of the test files in dir, as the overlay shows it.
func testFiles(dir string, replace map[string]string) []string {
	seen := make(map[string]bool)
	entries, _ := os.ReadDir(dir) // a folder that is not there has no files
	for _, e := range entries {
		seen[e.Name()] = true
	}
	for name, to := range replace {
		if filepath.Dir(name) == dir {
			seen[filepath.Base(name)] = to != ""
		}
	}
	var names []string
	for name, there := range seen {
		if there && strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// testFuncs returns the names of the tests and fuzz targets in f.
func testFuncs(f *ast.File) []string {
	var names []string
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || fn.Name.Name == "TestMain" {
			continue
		}
		for _, prefix := range []string{"Test", "Fuzz"} {
			rest, ok := strings.CutPrefix(fn.Name.Name, prefix)
			if first, _ := utf8.DecodeRuneInString(rest); ok && !unicode.IsLower(first) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}
