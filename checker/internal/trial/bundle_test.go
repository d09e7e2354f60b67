package trial

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"barewire/checker/wrong"
)

// tree is a module with one step; each test adds its wrong programs.
var tree = map[string]string{
	"go.mod":                  "module barewire\n\ngo 1.26\n",
	"solutions/01-add/add.go": "// Package add adds.\npackage add\n\n// Add returns the sum.\nfunc Add(a, b int) int {\n\treturn a + b\n}\n",
	"solutions/01-add/neg.go": "package add\n\n// Neg returns -a.\nfunc Neg(a int) int { return 0 - a }\n",
	"steps/01-add/add.go":     "package add\n\nfunc Add(a, b int) int { return 0 }\n",
	"steps/01-add/add_test.go": `package add_test

import (
	"testing"

	add "barewire/steps/01-add"
)

func TestTask1_Add(t *testing.T) {
	t.Run("two and two", func(t *testing.T) { equal(t, add.Add(2, 2), 4) })
	t.Run("one and two", func(t *testing.T) { equal(t, add.Add(1, 2), 3) })
}
`,
	"steps/01-add/neg_test.go": `package add_test

import (
	"math/big"
	"os"
	"strings"
	"testing"

	add "barewire/steps/01-add"
)

func equal(t *testing.T, got, want int) {
	t.Helper()
	if got != want || os.Getenv("ADD_BROKEN") != "" {
		t.Errorf("got %d, want %d", got, want)
	}
}

// The local variable is no use of the package.
func less(big struct{ a, b int }) bool { return big.a < big.b }

func TestTask2_Neg(t *testing.T) {
	if want := int(big.NewInt(-3).Int64()); !less(struct{ a, b int }{1, 2}) || strings.Count("aa", "a") != 2 {
		t.Fatal(want)
	}
	equal(t, add.Neg(3), -3)
}
`,
}

// program returns the text of a wrong program.
func program(test, file, old, new string) string {
	return "It is wrong.\n\ncaught-by: " + test + "\n-- " + file + " --\n" + old + "\n-- with --\n" + new + "\n"
}

// layTree writes the module and the wrong programs, and loads them.
func layTree(t *testing.T, changes map[string]string) (root string, programs []wrong.Program) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "a workshop")
	files := maps.Clone(tree)
	for name, text := range changes {
		files["checker/wrong/01-add/"+name+".txtar"] = text
	}
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	programs, err := wrong.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, programs
}

const (
	sum = "TestTask1_Add/two_and_two"
	neg = "TestTask2_Neg"
)

// Whatever a program does, it is reported under its own name, and the others are
// judged as if it were not there.
func TestRun(t *testing.T) {
	saved := timeout
	t.Cleanup(func() { timeout = saved }) // when the parallel ones are done
	timeout = "3s"
	good := program(sum, "add.go", "a + b", "a - b")
	for _, test := range []struct {
		name   string
		wrong  map[string]string
		caught string // by the bundle, without a run for each alone
		want   map[string]string
	}{
		{
			"all are caught",
			map[string]string{"1.1-a": good, "1.1-b": program(sum, "add.go", "a + b", "a + b + 1"), "1.2-a": program(neg, "neg.go", "0 - a", "a")},
			"1.1-a 1.1-b 1.2-a", nil,
		},
		{
			"one is not caught",
			map[string]string{"1.1-a": good, "1.1-same": program(sum, "add.go", "a + b", "b + a")},
			"1.1-a", map[string]string{"1.1-same": "not caught: " + sum + " says pass"},
		},
		{
			"one is caught by another subtest only",
			map[string]string{"1.1-a": good, "1.1-odd": program(sum, "add.go", "a + b", "a + b + a%2")},
			"1.1-a", map[string]string{"1.1-odd": "not caught: " + sum + " says pass"},
		},
		{
			"two do not compile",
			map[string]string{
				"1.1-a": good, "1.1-c": program(sum, "add.go", "a + b", "a + c"),
				"1.2-import": program(neg, "neg.go", "package add\n", "package add\n\nimport \"os\"\n"),
			},
			"1.1-a", map[string]string{"1.1-c": "add.go:6: undefined: c", "1.2-import": "it does not compile"},
		},
		{
			"one does not compile with the tests",
			map[string]string{"1.1-a": good, "1.1-strings": program(sum, "add.go", "func Add(a, b int) int {\n\treturn a + b", "func Add(a, b string) string {\n\treturn a + b")},
			"1.1-a", map[string]string{"1.1-strings": "it does not compile: steps/01-add/add_test.go:10"},
		},
		{
			"one imports what there is not",
			map[string]string{"1.1-a": good, "1.2-import": program(neg, "neg.go", "package add\n", "package add\n\nimport _ \"barewire/nowhere\"\n")},
			"", map[string]string{"1.2-import": "barewire/nowhere"},
		},
		{
			"panics",
			map[string]string{
				"1.1-a": good, "1.1-panic": program(sum, "add.go", "return a + b", "panic(a + b)"),
				"1.1-later":  program(sum, "add.go", "return a + b", "defer func() { go panic(1); select {} }()\n\treturn a"),
				"1.2-wanted": "ends-with: panic\n" + program(neg, "neg.go", "return 0 - a", "panic(a)"),
				"1.2-fails":  "ends-with: panic\n" + program(neg, "neg.go", "0 - a", "a"),
			},
			"1.1-a", map[string]string{
				"1.1-panic": `it ends with "panic", and should with ""`, "1.1-later": `it ends with "panic", and should with ""`,
				"1.2-fails": `it ends with "", and should with "panic"`,
			},
		},
		{
			"a hang",
			map[string]string{"1.1-a": good, "1.1-hang": program(sum, "add.go", "return a + b", "for {\n\t\t<-make(chan int)\n\t}")},
			"1.1-a", map[string]string{"1.1-hang": `it ends with "hang", and should with ""`},
		},
		{
			"one ends the program",
			map[string]string{"1.1-a": good, "1.1-exit": program(sum, "add.go", "package add\n\n// Add returns the sum.\nfunc Add(a, b int) int {\n", "package add\n\nimport \"os\"\n\n// Add returns the sum.\nfunc Add(a, b int) int {\n\tos.Exit(1)\n")},
			"1.1-a", map[string]string{"1.1-exit": "says unfinished"},
		},
		{
			"one panics before any test runs",
			map[string]string{"1.1-a": good, "1.2-init": program(neg, "neg.go", "package add\n", "package add\n\nfunc init() { panic(1) }\n")},
			"", map[string]string{"1.2-init": `it ends with "panic", and should with ""`},
		},
		{
			"one makes another one's test fail",
			map[string]string{
				"1.1-a": good, "1.1-same": program(sum, "add.go", "a + b", "b + a"),
				"1.2-init": program(neg, "neg.go", "package add\n", "package add\n\nimport \"os\"\n\nfunc init() { os.Setenv(\"ADD_BROKEN\", \"1\") }\n"),
			},
			"", map[string]string{"1.1-same": "not caught"},
		},
		{
			"a test that is not there",
			map[string]string{"1.1-a": good, "1.1-gone": program("TestTask1_Sub", "add.go", "a + b", "a - b"), "1.1-lost": program("TestTask1_Add/three", "add.go", "a + b", "a - b")},
			"1.1-a", map[string]string{"1.1-gone": "there is no test TestTask1_Sub", "1.1-lost": "there is no test TestTask1_Add/three"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root, programs := layTree(t, test.wrong)
			for i, r := range Run(t.Context(), root, programs) {
				name, err := programs[i].Name(), r.Err
				if err != nil && r.Red != "" || err == nil && r.Red == "" && programs[i].EndsWith == "" {
					t.Errorf("%s: error %v, and the test said %q", name, err, r.Red)
				}
				want, bad := test.want[name]
				if bad != (err != nil) || bad && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name+".txtar: ")) {
					t.Errorf("%s: error %v, want one with %q", name, err, want)
				}
			}
			var caught []string
			if b, err := newBundle(t.Context(), root, "01-add", programs, nil); err == nil {
				defer b.remove()
				for _, p := range programs {
					if red, ok := b.catches(t.Context(), p); ok && red != "" {
						caught = append(caught, p.Name())
					}
				}
			}
			if got := strings.Join(caught, " "); got != test.caught {
				t.Errorf("the bundle catches %q, want %q", got, test.caught)
			}
		})
	}
}

func TestPrune(t *testing.T) {
	tests, err := parseTests(map[string][]byte{
		"add_test.go": []byte(tree["steps/01-add/add_test.go"]), "neg_test.go": []byte(tree["steps/01-add/neg_test.go"])})
	if err != nil {
		t.Fatal(err)
	}
	pruned := prune(tests, []string{"TestTask1_Add"})
	if got, want := string(pruned["add_test.go"]), tree["steps/01-add/add_test.go"]; got != want {
		t.Errorf("what is needed is\n%s\nwant\n%s", got, want)
	}
	got := string(pruned["neg_test.go"])
	for part, want := range map[string]bool{
		"func equal(": true, "func less(": false, "func TestTask2_Neg(": false,
		"\t\"os\"": true, "\t_ \"math/big\"": true, "\t_ \"strings\"": true, "\t_ \"barewire/steps/01-add\"": true,
	} {
		if strings.Contains(got, part) != want {
			t.Errorf("%q stands there: %t, want %t\n%s", part, !want, want, got)
		}
	}
	if !slices.ContainsFunc(tests, func(f testFile) bool { return f.name == "add_test.go" }) || declares(tests, "TestTask3_Sub") || !declares(tests, "equal") {
		t.Error("declares does not tell what is there from what is not")
	}
}
