package lab_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/conformance/cases"
	"barewire/docs/lab"
	"barewire/docs/lab/dissect"
)

var reference = lab.Config{Root: filepath.Join("..", "..")}

// A source is source.json.
type source struct {
	Tree  string
	Files map[string]string
	Decls map[string]struct {
		File     string
		From, To int
	}
	Texts []struct {
		Text, File string
		Line       int
	}
}

func sourceOf(t *testing.T, files map[string][]byte) (s source) {
	t.Helper()
	if err := json.Unmarshal(files["source.json"], &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFiles builds the lab of the reference: the program is no larger than it was said to
// be, and every part and every error of the collection leads to a line of the code.
func TestFiles(t *testing.T) {
	files, err := reference.Files()
	if err != nil {
		t.Fatal(err)
	}
	program := files["lab.wasm"]
	if !bytes.HasPrefix(program, []byte("\x00asm")) || len(program) > 5<<20 || len(files["lab.wasm.gz"]) > 1400<<10 {
		t.Errorf("the program has %d bytes, %d compressed; want 5 MiB and 1.4 MiB at most", len(program), len(files["lab.wasm.gz"]))
	}
	t.Logf("lab.wasm: %d bytes, %d with gzip", len(program), len(files["lab.wasm.gz"]))
	s := sourceOf(t, files)
	for _, e := range dissect.Table {
		if _, ok := s.Decls[e.Step+"#"+e.Decl]; !ok {
			t.Errorf("%s: there is no %s in %s", e.Name, e.Decl, e.Step)
		}
	}
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range all {
		for _, m := range dissect.Parse([]byte(c.Sent()), -1).Messages {
			if m.Stop != nil && !seen[m.Stop.Msg] {
				seen[m.Stop.Msg] = true
				if !s.has(m.Stop.Msg) {
					t.Errorf("%s: no line of the code says %q", c.File, m.Stop.Msg)
				}
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("the collection leads to %d errors, want more", len(seen))
	}
}

var verb = regexp.MustCompile(`%[-+#.\d]*[a-zA-Z]`)

// has says whether a literal begins what is said, as code.js looks for it.
func (s source) has(said string) bool {
	for _, text := range s.Texts {
		pieces := verb.Split(text.Text, -1)
		for i := range pieces {
			pieces[i] = regexp.QuoteMeta(pieces[i])
		}
		if regexp.MustCompile("^" + strings.Join(pieces, ".*")).MatchString(said) {
			return true
		}
	}
	return false
}

// TestFiles_mine builds the lab on the steps as a learner finds them, and on code that
// does not compile.
func TestFiles_mine(t *testing.T) {
	mine := lab.Config{Root: reference.Root, Mine: true}
	files, err := mine.Files()
	if err != nil {
		t.Fatal(err)
	}
	if s := sourceOf(t, files); s.Tree != "steps" {
		t.Errorf("the code shown is of %s", s.Tree)
	}
	body, err := mine.Body()
	if err != nil || !strings.Contains(string(body), "your own code") {
		t.Errorf("the page does not say whose code it is: %v", err)
	}
	if len(files["error.txt"]) > 0 || len(files["lab.wasm"]) == 0 {
		t.Errorf("the starters do not compile: %s", files["error.txt"])
	}

	root := t.TempDir()
	for _, dir := range []string{"checker", "solutions", "steps", "docs/lab"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(reference.Root, dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "docs/go.mod", "docs/go.sum"} {
		content, err := os.ReadFile(filepath.Join(reference.Root, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(root, file), content, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	wrong := filepath.Join(root, "steps", "02-request-line", "line.go")
	if err := os.WriteFile(wrong, []byte("package reqline\n\nfunc broken() { return 1 }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	files, err = lab.Config{Root: root, Mine: true}.Files()
	if err != nil || !strings.Contains(string(files["error.txt"]), "line.go:3") || files["lab.wasm"] != nil {
		t.Errorf("code that does not compile: %v\n%s", err, files["error.txt"])
	}
}

func TestLink(t *testing.T) {
	tests := []struct{ what, fragment, words, wrong string }{
		{"Host/two Host fields", "#case=host/two-host-fields", "two Host fields", ""},
		{"host/two-host-fields", "#case=host/two-host-fields", "two Host fields", ""},
		{`GET / HTTP/1.1\r\n`, "#bytes=R0VUIC8gSFRUUC8xLjENCg", "these bytes", ""},
		{"CL.TE", "", "CL.TE, read in two ways", ""},
		{"Host/no such case", "", "", `the conformance collection has no "Host/no such case"`},
		{`\q`, "", "", "a backslash that stands for nothing"},
	}
	for _, test := range tests {
		fragment, words, err := reference.Link(test.what)
		switch {
		case test.wrong != "":
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: %v, want %s", test.what, err, test.wrong)
			}
		case err != nil || test.fragment != "" && fragment != test.fragment || words != test.words:
			t.Errorf("%s: %s, %s, %v; want %s, %s", test.what, fragment, words, err, test.fragment, test.words)
		case test.what == "CL.TE" && !strings.HasSuffix(fragment, "&view=readings&left=length&right=lax"):
			t.Errorf("%s: %s", test.what, fragment)
		}
	}
}
