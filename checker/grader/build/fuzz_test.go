package build_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"barewire/checker/grader/build"
)

// FuzzRead reads what the go command prints, in which the submission's own text is:
// what comes out is short, can be shown, and has no place outside of the submission.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"ImportPath":"barewire/steps/01-one","Action":"build-output","Output":"steps/01-one/a.go:3:29: undefined: x\n"}` + "\n" +
		`{"ImportPath":"barewire/steps/01-one","Action":"build-output","Output":"\thave (int)\n"}` + "\n" + `{"ImportPath":"barewire/steps/01-one","Action":"build-fail"}`))
	f.Add([]byte(`{"ImportPath":"fmt2","Action":"build-output","Output":"own/02-two/../../x.go:4:8: package fmt2 is not in std\n"}`))
	f.Add([]byte(`{"ImportPath":"barewire/own/03-x","Action":"build-output","Output":"/etc/passwd:1: \u001b[31m\n"}`))
	f.Fuzz(func(t *testing.T, out []byte) {
		for number, found := range build.Read(out) {
			if number < 0 || number > 99 || len(found) > 20 {
				t.Fatalf("step %d has %d findings", number, len(found))
			}
			for _, one := range found {
				if len(one.Text) > 2000 || strings.ContainsFunc(one.Text+one.File, unprintable) || !utf8.ValidString(one.Text+one.File) {
					t.Fatalf("%q at %q cannot be shown", one.Text, one.File)
				}
				if one.File != "" && !strings.HasPrefix(one.File, "steps/") {
					t.Fatalf("%q is no place in a submission", one.File)
				}
			}
		}
	})
}

func unprintable(r rune) bool { return r != '\t' && r != '\n' && unicode.IsControl(r) }

// FuzzCheck looks at a file of step 2: one that may be compiled stays in its folder and
// imports nothing of the workshop but step 1.
func FuzzCheck(f *testing.F) {
	f.Add("a.go", []byte("package two\n\nimport _ \"barewire/steps/01-one\"\n"))
	f.Add("../a.go", []byte("package two\n\nimport _ \"barewire/steps/03-three\"\n"))
	f.Add("barewire/main.go", []byte("package main\n\nimport _ \"barewire\\x2fsteps/02-two\"\n"))
	f.Add("a.go", []byte("package two\n\nimport \"C\"\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if len(build.Check(name, text)) > 0 {
			return
		}
		if !filepath.IsLocal(name) || !strings.HasSuffix(name, ".go") || strings.ContainsAny(name, "\x00\n\\") {
			t.Fatalf("the name %q is accepted", name)
		}
		file, _ := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
		if file == nil {
			return
		}
		for _, spec := range file.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil || p == "barewire/steps/01-one" || strings.Contains(name, "/") && p == "barewire/steps/02-two" {
				continue
			}
			if p == "C" || strings.HasPrefix(p, "barewire/") || strings.HasPrefix(p, ".") {
				t.Fatalf("the import of %q is accepted", p)
			}
		}
	})
}
