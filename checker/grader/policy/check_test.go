package policy_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"barewire/checker/course"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/internal/starter"

	"github.com/google/go-cmp/cmp"
)

const root = "../../.."

var theCourse = sync.OnceValues(course.Load)

// step returns the files of one step: names and contents take turns.
func step(t testing.TB, n int, pairs ...string) map[int][]intake.File {
	t.Helper()
	c, err := theCourse()
	if err != nil {
		t.Fatal(err)
	}
	var files []intake.File
	for i := 0; i < len(pairs); i += 2 {
		files = append(files, intake.File{Name: pairs[i], Path: "steps/" + c.Steps[n-1].Dir + "/" + pairs[i], Content: []byte(pairs[i+1])})
	}
	return map[int][]intake.File{n: files}
}

// check returns the findings, one a line.
func check(t testing.TB, steps map[int][]intake.File) string {
	t.Helper()
	found, err := policy.Check(steps, nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for n := 1; n <= 10; n++ {
		for _, f := range found[n] {
			lines = append(lines, fmt.Sprintf("%s %s:%d:%d: %s", f.Kind, filepath.Base(f.File), f.Line, f.Column, f.Text))
		}
	}
	return strings.Join(lines, "\n")
}

func TestCheck_imports(t *testing.T) {
	for _, test := range []struct {
		step  int
		pkg   string
		want  string // a part of the reason, or "" if it is allowed
		asCmd bool
	}{
		{1, "net", "", false}, {1, "os", "", false}, {1, "log/slog", "", false},
		{2, "net", "", false}, {2, "os", "step 2, Request line, works on what it is given, and needs no os", false},
		{2, "os", "needs no os", false},
		{2, "net/netip", "", false}, {2, "net/url", "", false},
		{5, "net", "needs no net", false}, {5, "container/list", "", false},
		{3, "net/textproto", "reads header fields", false}, {3, "mime/multipart", "reads header fields", false},
		{4, "net/http", "it is the server that this course builds", false},
		{4, "net/http/httputil", "it is the server that this course builds", false},
		{4, "expvar", "brings net/http with it", false}, {4, "net/rpc/jsonrpc", "brings net/http with it", false},
		{4, "unsafe", "around what Go promises about memory", false}, {4, "C", "without C", false},
		{4, "os/exec", "only the command barewire", false}, {10, "os/exec", "only the command barewire", false}, {10, "os/exec", "", true},
		{10, "flag", "not among what step 10 may import", false}, {10, "flag", "", true},
		{10, "syscall", "", false}, {9, "syscall", "", false}, {4, "syscall", "needs no syscall", false},
		{4, "embed", "without any file", false}, {4, "plugin", "loads other code", false}, {4, "testing", "_test.go", false},
		{4, "runtime/cgo", "not among what step 4 may import", false}, {4, "internal/poll", "not among", false},
		{4, "golang.org/x/net/http2", "nothing but the standard library", false}, {4, "./sub", "write the whole path", false},
		{4, "nеt/http", "not among what step 4 may import", false}, // with a Cyrillic letter
		{4, "barewire/solutions/04-keep-alive", "the reference may be read", false},
		{4, "barewire/checker/testkit", "no part of a solution", false}, {4, "barewire/checker/grader/exam", "no part of a solution", false},
		{4, "barewire/steps/03-headers-bodies", "", false},
		{4, "barewire/steps/04-keep-alive", "a step cannot import itself", false},
		{4, "barewire/steps/06-routing", "step 6 is later than step 4", false},
		{4, "barewire/steps/03-headers-bodies/demo", "no package that is graded", false},
		{10, "barewire/steps/10-production-server/barewire", "no package that is graded", false},
		{10, "barewire/steps/10-production-server", "", true}, {10, "barewire/steps/09-static-files", "", false},
		{5, "barewire/steps/02-request-line", "step 5 stands alone", false},
		{7, "barewire/steps/06-routing", "step 7 stands on steps 2, 3 and 4; with step 6 too", false},
		{8, "barewire/steps/07-middleware", "", false},
		{3, "barewire/steps/01-tcp-echo", "step 3 stands on step 2; with step 1", false},
		{4, "barewire", "not among", false}, {4, "barewire/steps", "not among", false}, {4, "", "not among", false},
	} {
		t.Run(fmt.Sprintf("%d/%s/%v", test.step, test.pkg, test.asCmd), func(t *testing.T) {
			c, err := course.Load()
			if err != nil {
				t.Fatal(err)
			}
			pkg := c.Steps[test.step-1].Package
			files := []string{"a.go", "package " + pkg + "\n\nimport (\n\t\"fmt\"\n\t_ " + strconv.Quote(test.pkg) + "\n)\n"}
			if test.asCmd {
				files = []string{"a.go", "package " + pkg + "\n", "barewire/main.go", "package main\n\nimport (\n\t\"fmt\"\n\t_ " + strconv.Quote(test.pkg) + "\n)\n"}
			}
			got := check(t, step(t, test.step, files...))
			switch {
			case test.want == "" && got != "":
				t.Errorf("not allowed: %s", got)
			case test.want != "" && (!strings.HasPrefix(got, "policy ") || !strings.Contains(got, ":5:4: import ") || !strings.Contains(got, test.want)):
				t.Errorf("got %q, want %q at 5:4", got, test.want)
			}
		})
	}
}

func TestCheck_code(t *testing.T) {
	const ok = "package reqline\n"
	for _, test := range []struct{ name, src, want string }{
		{"nothing special", ok, ""},
		{"init, goroutines, generics and panics are Go", "package reqline\n\nfunc init() { go func() {}() }\n\nfunc F[T any](t T) { panic(t) }\n", ""},
		{"a build tag", "//go:build linux\n\n" + ok, ""},
		{"generate, noinline and fix", "package reqline\n\n//go:generate rm -rf /\n\n//go:noinline\nfunc f() {}\n", ""},
		{"linkname", "package reqline\n\nimport _ \"unsafe\"\n\n//go:linkname exit runtime.exit\nfunc exit(int32)\n",
			"policy a.go:3:10: import \"unsafe\": it goes around what Go promises about memory, and no step needs it\n" +
				"policy a.go:5:1: //go:linkname is not allowed: it reaches what another package keeps to itself\n" +
				"policy a.go:6:1: func exit has no body, so it would be written in assembly, and the steps are Go only"},
		{"embed", "package reqline\n\nimport \"embed\"\n\n//go:embed *\nvar all embed.FS\n",
			"policy a.go:3:8: import \"embed\": the steps are graded without any file but their Go files\n" +
				"policy a.go:5:1: //go:embed is not allowed: the steps are graded without any file but their Go files"},
		{"debug", "//go:debug panicnil=1\n" + ok, "policy a.go:1:1: //go:debug is not allowed: it changes how Go itself behaves"},
		{"other directives", "package reqline\n\n//go:nosplit\nfunc f() {}\n", "policy a.go:3:1: //go:nosplit is not allowed: it tells the compiler to do what Go does not; write a space after // if it is only a comment"},
		{"a directive with a tab behind it", "package reqline\n\n//go:embed\t*\nvar x string\n", "policy a.go:3:1: //go:embed is not allowed: the steps are graded without any file but their Go files"},
		{"a directive in a string is none", "package reqline\n\nvar s = `\n//go:embed *\n//line /etc/passwd:1\n`\n", ""},
		{"a directive in other words", "package reqline\n\n// go:embed is something else, and so is //go:embed here\n", ""},
		{"line", "package reqline\n\n//line /etc/passwd:1\n//go:embed x\n", "policy a.go:3:1: a comment that begins with line and has no space before it tells the compiler that this code comes from elsewhere: write a space first\n" +
			"policy a.go:4:1: //go:embed is not allowed: the steps are graded without any file but their Go files"},
		{"line within a line", "package reqline\n\nvar x = /*line /etc/passwd:1:1*/ 1\n", "policy a.go:3:9: a comment that begins with line and has no space before it tells the compiler that this code comes from elsewhere: write a space first"},
		{"line in words", "package reqline\n\n//line breaks matter here\n", ""},
		{"cgo", "package reqline\n\n// #include \"/etc/passwd\"\nimport \"C\"\n", "policy a.go:4:8: import \"C\": the steps are Go only, without C"},
		{"export", "package reqline\n\n//export f\nfunc f() {}\n", "policy a.go:3:1: //export is for cgo, and the steps are Go only: write a space after // if it is only a comment"},
		{"another package", "package reqlin\n", "build a.go:1:9: this is package reqlin, and step 2 is package reqline: all files in one folder begin with the same name"},
		{"a program", "package main\n\nfunc main() {}\n", "policy a.go:1:9: package main is a program of its own, and step 2 is package reqline: move this file elsewhere, or change its first line"},
		{"a test's package", "package reqline_test\n", "build a.go:1:9: this is package reqline_test, and step 2 is package reqline: all files in one folder begin with the same name"},
		{"a syntax error", "package reqline\n\nfunc f( {\n", "build a.go:3:9: not Go: expected ')', found '{'. Often a brace, a bracket or a comma is missing, here or a few lines above"},
		{"a syntax error that claims to be elsewhere", "package reqline\n\n//line /etc/passwd:7\nfunc f( {\n", "build a.go:4:9: not Go: expected ')', found '{'. Often a brace, a bracket or a comma is missing, here or a few lines above\n" +
			"policy a.go:3:1: a comment that begins with line and has no space before it tells the compiler that this code comes from elsewhere: write a space first"},
		{"what is wrong after a syntax error", "package reqline\n\nimport \"net/http\"\n\nfunc f( {\n", "build a.go:5:9: not Go: expected ')', found '{'. Often a brace, a bracket or a comma is missing, here or a few lines above\n" +
			"policy a.go:3:8: import \"net/http\": it is the server that this course builds: write that yourself"},
		{"nothing at all", "", "build a.go:1:1: not Go: expected 'package', found 'EOF'. Often a brace, a bracket or a comma is missing, here or a few lines above"},
		{"UTF-16", "\xff\xfep\x00a\x00", "build a.go:0:0: the file is UTF-16, which Go cannot read: save it as UTF-8"},
		{"an import whose name is invisible", "package reqline\n\nimport \"net/http\u200b\"\n", `policy a.go:3:8: import "net/http\u200b": it is not among what step 2 may import; if your solution is better with it, ask your instructor`},
		{"an import in the other quotes", "package reqline\n\nimport `net/http`\n", "policy a.go:3:8: import \"net/http\": it is the server that this course builds: write that yourself"},
		{"an import with a name, and with a dot", "package reqline\n\nimport h \"net/http\"\nimport . \"net/http\"\n", "policy a.go:3:10: import \"net/http\": it is the server that this course builds: write that yourself\n" +
			"policy a.go:4:10: import \"net/http\": it is the server that this course builds: write that yourself"},
		{"a carriage return in a directive", "package reqline\n\n//\rgo:embed x\n", "policy a.go:3:1: //go:embed is not allowed: the steps are graded without any file but their Go files"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, check(t, step(t, 2, "a.go", test.src))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every file counts, whatever its build tags say; but a file that is not built may be of
// another package.
func TestCheck_buildTags(t *testing.T) {
	const ok = "package reqline\n"
	other := "windows"
	if runtime.GOOS == other {
		other = "linux"
	}
	for _, test := range []struct {
		name, want string
		files      []string
	}{
		{"a program that is never built", "", []string{"a.go", ok, "gen.go", "//go:build ignore\n\npackage main\n\nfunc main() {}\n"}},
		{"what is never built imports as everything else", "policy gen.go:5:8: import \"net/http\": it is the server that this course builds: write that yourself",
			[]string{"a.go", ok, "gen.go", "//go:build ignore\n\npackage reqline\n\nimport \"net/http\"\n"}},
		{"a file for another system", "policy x_" + other + ".go:3:8: import \"unsafe\": it goes around what Go promises about memory, and no step needs it",
			[]string{"a.go", ok, "x_" + other + ".go", "package reqline\n\nimport \"unsafe\"\n"}},
		{"a file that only the race detector sees", "policy r.go:3:9: package main is a program of its own, and step 2 is package reqline: move this file elsewhere, or change its first line",
			[]string{"a.go", ok, "r.go", "//go:build race\n\npackage main\n"}},
		{"a step of which nothing is built", "build 02-request-line:0:0: go leaves out every file of this step: look at the //go:build lines and at names such as x_windows.go",
			[]string{"a.go", "//go:build ignore\n\npackage reqline\n"}},
		{"a file that cgo would need", "build 02-request-line:0:0: go leaves out every file of this step: look at the //go:build lines and at names such as x_windows.go",
			[]string{"a.go", "//go:build cgo\n\npackage reqline\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, check(t, step(t, 2, test.files...))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheck_also(t *testing.T) {
	steps := step(t, 2, "a.go", "package reqline\n\nimport (\n\t\"C\"\n\t\"unsafe\"\n\t\"net\"\n\t\"os\"\n\t\"barewire/solutions/02-request-line\"\n)\n")
	found, err := policy.Check(steps, map[int][]string{2: {"C", "unsafe", "net", "barewire/solutions/02-request-line"}, 3: {"os"}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, f := range found[2] {
		lines = append(lines, f.Line)
	}
	if want := []int{4, 5, 7, 8}; !slices.Equal(lines, want) {
		t.Errorf("lines %v are refused, want %v: all but net, which is allowed", lines, want)
	}
}

func TestCheck_isBounded(t *testing.T) {
	src := "package reqline\n\nimport (\n" + strings.Repeat("\t\"net/http\"\n", 500) + ")\n"
	got := strings.Split(check(t, step(t, 2, "a.go", src)), "\n")
	if len(got) != 21 || !strings.HasSuffix(got[20], "and 480 more findings in this step") {
		t.Errorf("%d findings, the last one is %s", len(got), got[len(got)-1])
	}
}

// tree reads the steps below a folder of the workshop.
func tree(t testing.TB, dir string, change func([]byte) []byte) map[int][]intake.File {
	t.Helper()
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	steps := map[int][]intake.File{}
	for _, s := range c.Steps {
		for _, sub := range []string{"", "barewire/"} {
			names, err := filepath.Glob(filepath.Join(root, dir, s.Dir, sub, "*.go"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if base := filepath.Base(name); !strings.HasSuffix(base, "_test.go") {
					steps[s.Number] = append(steps[s.Number], intake.File{Name: sub + base, Path: "steps/" + s.Dir + "/" + sub + base, Content: change(text)})
				}
			}
		}
	}
	return steps
}

// What makes a file or a socket of a number may take one of the driver's.
func TestCheck_numbers(t *testing.T) {
	const newFile = "os.NewFile takes the number of a file or a socket, which may be somebody else's: use what os and net have opened"
	src := func(pkg, imports, body string) []string {
		return []string{"a.go", "package " + pkg + "\n\nimport " + imports + "\n\nvar x = " + body + "\n"}
	}
	for _, test := range []struct {
		name  string
		step  int
		files []string
		want  string
	}{
		{"a file by its name", 1, src("echo", `"os"`, "os.Open"), ""},
		{"a file by its number", 1, src("echo", `"os"`, "os.NewFile(3, `x`)"), "policy a.go:5:9: " + newFile},
		{"its function under another name", 1, src("echo", `o "os"`, "[]any{o.NewFile}"), "policy a.go:5:15: " + newFile},
		{"os without a name", 1, src("echo", `. "os"`, "NewFile(3, `x`)"), "policy a.go:3:8: import . \"os\" hides what is used of it: leave out the dot"},
		{"an error, a constant and a type", 9, src("static", `"syscall"`, "[]any{syscall.ENOTDIR, syscall.O_NONBLOCK, syscall.Errno(2), new(syscall.Stat_t)}"), ""},
		{"a system call", 9, src("static", `"syscall"`, "syscall.Write"), "policy a.go:5:9: " + strings.Replace(newFile, "os.NewFile", "syscall.Write", 1)},
		{"system calls in step 10", 10, src("server", `"syscall"`, "[]any{syscall.Write, syscall.RawSyscall}"),
			"review a.go:5:15: syscall.Write takes the number of a file or a socket: look whether all of those in this step are its own"},
		{"the command of step 10", 10, append([]string{"barewire/main.go", "package main\n\nimport \"os\"\n\nvar x = os.NewFile(3, `x`)\n"}, src("server", `"os"`, "os.Args")...), ""},
		{"a variable with such a field", 1, src("echo", `"os"`, "struct{ os struct{ NewFile int } }{}.os.NewFile + len(os.Args)"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, check(t, step(t, test.step, test.files...))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	found, err := policy.Check(step(t, 1, src("echo", `"os"`, "os.NewFile(3, `x`)")...), map[int][]string{1: {"os.NewFile"}})
	if err != nil || len(found) > 0 {
		t.Errorf("what the instructor allows: %v, %v", found, err)
	}
}

// The reference, handed in, is allowed, and so is the starter. In the reference, there is
// one thing that an instructor would look at.
func TestCheck_ours(t *testing.T) {
	got := check(t, tree(t, "solutions", starter.ToSteps))
	if !strings.HasPrefix(got, "review ") || !strings.Contains(got, "syscall.") || strings.Contains(got, "\n") {
		t.Errorf("the reference:\n%s", got)
	}
	if got := check(t, tree(t, "steps", func(b []byte) []byte { return b })); got != "" {
		t.Errorf("the starter:\n%s", got)
	}
}

// What a step may stand on is what the reference stands on, directly or through another.
func TestCheck_standsOnWhatTheReferenceDoes(t *testing.T) {
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	direct := map[int]map[int]bool{}
	for n, files := range tree(t, "solutions", starter.ToSteps) {
		direct[n] = map[int]bool{}
		for _, f := range files {
			tree, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Content, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range tree.Imports {
				path, _ := strconv.Unquote(spec.Path.Value)
				if s, err := c.Step(path); err == nil && strings.HasPrefix(path, "barewire/steps/") && s.Number != n {
					direct[n][s.Number] = true
				}
			}
		}
	}
	var reach func(from, at int, seen map[int]bool)
	reach = func(from, at int, seen map[int]bool) {
		for n := range direct[at] {
			if !seen[n] {
				seen[n] = true
				reach(from, n, seen)
			}
		}
	}
	for _, s := range c.Steps {
		seen := map[int]bool{}
		reach(s.Number, s.Number, seen)
		for _, other := range c.Steps {
			src := fmt.Sprintf("package %s\n\nimport _ %q\n", s.Package, "barewire/steps/"+other.Dir)
			// The design lets step 8 use step 7; the reference does without.
			want := seen[other.Number] || s.Number == 8 && other.Number == 7
			if allowed := check(t, step(t, s.Number, "a.go", src)) == ""; allowed != want {
				t.Errorf("step %d may import step %d: %v; the reference does, directly or through another: %v", s.Number, other.Number, allowed, seen[other.Number])
			}
		}
	}
}

// FuzzCheck looks for a file that is let through although the compiler would obey it.
func FuzzCheck(f *testing.F) {
	for _, src := range []string{"package reqline\n\nimport \"net/http\"\n", "package reqline\n//go:embed x\nvar x string", "package reqline\n/*line x:1*/import \"C\"", "\xff\xfe", "package main;func f()"} {
		f.Add([]byte(src), "a.go")
	}
	f.Fuzz(func(t *testing.T, src []byte, name string) {
		got := check(t, step(t, 2, name, string(src)))
		if got == "" {
			// What go itself says of the imports and the directives is a second opinion.
			tree, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ParseComments)
			if err != nil {
				t.Fatalf("nothing was found in %q, which is not Go: %v", src, err)
			}
			for _, spec := range tree.Imports {
				if path, _ := strconv.Unquote(spec.Path.Value); path == "C" || path == "unsafe" || strings.HasPrefix(path, "net/http") {
					t.Fatalf("%q is let through with %s", src, path)
				}
			}
			for line := range strings.SplitSeq(string(src), "\n") {
				if (strings.HasPrefix(line, "//go:embed ") || strings.HasPrefix(line, "//go:linkname ")) && !strings.ContainsAny(string(src), "`*") {
					t.Fatalf("%q is let through with %s", src, line)
				}
			}
		}
	})
}
