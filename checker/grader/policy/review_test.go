package policy_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"go/build"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/internal/starter"

	"github.com/google/go-cmp/cmp"
)

var corpus = sync.OnceValues(func() (*policy.Corpus, error) { return policy.NewCorpus(root) })

func newCorpus(t testing.TB) *policy.Corpus {
	t.Helper()
	c, err := corpus()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// review returns the findings, one a line.
func review(t *testing.T, steps map[int][]intake.File) string {
	t.Helper()
	var lines []string
	for _, f := range newCorpus(t).Review(policy.NewPrint(steps)) {
		if f.Kind != "review" || f.Line < 1 {
			t.Errorf("a finding is %+v", f)
		}
		lines = append(lines, f.File+": "+f.Text)
	}
	return strings.Join(lines, "\n")
}

// disguise changes what costs a copier nothing: names, comments, literals and the layout.
func disguise(src []byte) []byte {
	src = regexp.MustCompile(`(?m)^\s*//[^\n]*\n`).ReplaceAll(src, nil)
	src = regexp.MustCompile(`\b(conn|line|name|value|field|err|req|buf|dst|rest)\b`).ReplaceAll(src, []byte("my$1"))
	return bytes.ReplaceAll(src, []byte("\n\n"), []byte("\n\n\n// This is my own work.\n"))
}

func TestReview(t *testing.T) {
	http := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "src", "net", "http", name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	mine := tree(t, "steps", func(b []byte) []byte { return b })

	t.Run("the starter resembles nothing", func(t *testing.T) {
		if got := review(t, mine); got != "" {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("a disguised copy of the reference is seen in every step", func(t *testing.T) {
		got := review(t, tree(t, "solutions", func(b []byte) []byte { return disguise(starter.ToSteps(b)) }))
		if n := strings.Count(got, "reads like the reference solution, names apart"); n != 10 || strings.Count(got, "\n") != 9 {
			t.Errorf("want a finding for each step, got:\n%s", got)
		}
	})
	t.Run("one copied step is seen", func(t *testing.T) {
		steps := tree(t, "steps", func(b []byte) []byte { return b })
		steps[6] = tree(t, "solutions", func(b []byte) []byte { return disguise(starter.ToSteps(b)) })[6]
		if got := review(t, steps); !strings.Contains(got, "what step 6 has beyond the starter reads like the reference") || strings.Contains(got, "\n") {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("a file of net/http is seen", func(t *testing.T) {
		got := review(t, step(t, 3, "mine.go", string(disguise(http("transfer.go")))))
		if !strings.Contains(got, "reads like net/http, names apart; the longest passage is lines ") {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("a passage of net/http in other code is seen", func(t *testing.T) {
		chunk := http("server.go")
		chunk = chunk[bytes.Index(chunk, []byte("func (cw *chunkWriter) writeHeader")):]
		chunk = chunk[:bytes.Index(chunk, []byte("\n}\n"))+3]
		steps := tree(t, "solutions", starter.ToSteps)
		text := "package keepalive\n" + strings.Repeat("\nfunc f(a, b int) int {\n\tfor a < b {\n\t\ta += b\n\t}\n\treturn a\n}\n", 50) + string(disguise(chunk))
		got := review(t, map[int][]intake.File{4: {{Name: "x.go", Path: steps[4][0].Path, Content: []byte(text)}}})
		if !strings.Contains(got, "reads like net/http") {
			t.Errorf("got %q", got)
		}
	})
}

// A student writes something of their own: functions that are random, but Go.
func ownCode(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	b.WriteString("package reqline\n")
	for i := range 40 {
		fmt.Fprintf(&b, "\nfunc f%d(a, b int, s []byte) (n int) {\n", i)
		for range 8 {
			b.WriteString("\t" + []string{"if a < b && n == %d {\n\t\treturn %d\n\t}\n", "for i := range s {\n\t\tn += i * %d\n\t}\n", "n = a*%d + b\n", "switch {\n\tcase n > %d:\n\t\ta--\n\tdefault:\n\t\tb++\n\t}\n",
				"s = append(s, byte(%d))\n", "defer func() { n += %d }()\n", "a, b = b, a+%d\n", "if len(s) > %d {\n\t\ts = s[1:]\n\t}\n", "n |= a &^ %d\n"}[r.IntN(9)])
		}
		b.WriteString("\treturn n\n}\n")
	}
	return strings.ReplaceAll(b.String(), "%d", fmt.Sprint(seed))
}

func TestClass(t *testing.T) {
	class := policy.NewClass(newCorpus(t))
	hand := func(s intake.Submission) { class.Add(s, policy.NewPrint(s.Steps)) }
	add := func(id, src string, group ...string) {
		hand(intake.Submission{ID: id, Group: group, Digest: fmt.Sprint(len(src), src[:40], id[:1]), Steps: step(t, 2, "line.go", src)})
	}
	for i := range 12 {
		add(fmt.Sprintf("h%02d", i), ownCode(uint64(i+1)))
	}
	add("copier", string(disguise([]byte(strings.ReplaceAll(ownCode(1), "func f", "func g")))))
	add("half", strings.Join(append(strings.SplitAfter(ownCode(2), "\n")[:700], strings.SplitAfter(ownCode(50), "\n")[1:200]...), ""))
	add("pair1", ownCode(60), "pair1", "pair2")
	add("pair2", ownCode(60), "pair1", "pair2")
	for _, id := range []string{"x1", "x2"} { // both have the reference, which is seen elsewhere
		hand(intake.Submission{ID: id, Steps: tree(t, "solutions", starter.ToSteps)})
	}
	for i := range 9 { // many have the same: nobody's own, unless it is all the same
		add(fmt.Sprintf("s%d", i), ownCode(99))
	}
	similar, err := class.Compare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range similar.Pairs {
		got = append(got, fmt.Sprintf("%s-%s %v", p.A, p.B, p.Steps))
	}
	slices.Sort(got)
	want := []string{"copier-h00 [2]", "h01-half [2]"}
	for i := range 8 {
		want = append(want, fmt.Sprintf("s%d-s%d [2]", i, i+1))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	ids, shares := similar.Matrix(100)
	if len(ids) != 13 || len(shares) != 13 {
		t.Fatalf("the matrix is of %v", ids)
	}
	at := func(a, b string) float64 { return shares[slices.Index(ids, a)][slices.Index(ids, b)] }
	if at("copier", "h00") < 0.9 || at("h00", "copier") != at("copier", "h00") || at("copier", "h01") > 0.3 || at("h00", "h00") != 1 {
		t.Errorf("the matrix says %v", shares)
	}
	if ids, _ := similar.Matrix(5); len(ids) != 5 {
		t.Errorf("a matrix of 5 has %d rows", len(ids))
	}
	findings := similar.Findings()
	if f := findings["copier"]; len(f) != 1 || !strings.HasPrefix(f[0].Text, "step 2: ") || !strings.Contains(f[0].Text, "reads like that of h00") || f[0].Kind != "review" {
		t.Errorf("the copier's findings are %+v", f)
	}
	if f := findings["h05"]; f != nil {
		t.Errorf("an honest student's findings are %+v", f)
	}
}

func TestExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "export")
	e, err := policy.NewExport(dir, root)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []intake.Submission{
		{ID: "4711", Name: "=HYPERLINK(\"http://evil\")", Late: true, Steps: step(t, 2, "line.go", "package reqline\n")},
		{ID: "..evil", Steps: step(t, 10, "server.go", "package server\n", "barewire/main.go", "package main\n")},
		{ID: "empty"},
	} {
		if err := e.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"jplag/submissions/4711/steps/02-request-line/line.go":               "package reqline\n",
		"jplag/submissions/evil/steps/10-production-server/barewire/main.go": "package main\n",
		"dolos/student-4711.go":                   "// steps/02-request-line/line.go\npackage reqline\n\n",
		"jplag/starter/steps/01-tcp-echo/echo.go": "package echo",
		"dolos/starter.go":                        "package echo",
		"README.txt":                              "java -jar jplag.jar -l golang",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s is %q, %v; want %q in it", name, got, err, want)
		}
	}
	list, err := os.ReadFile(filepath.Join(dir, "dolos", "info.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
	want := [][]string{{"filename", "full_name", "id", "created_at", "label", "ignored"}, {"starter.go", "", "", "", "", "true"},
		{"student-4711.go", "'=HYPERLINK(\"http://evil\")", "4711", "", "late", ""}, {"student-evil.go", "..evil", "..evil", "", "", ""}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil {
		t.Errorf("info.csv: %v (-want +got):\n%s", err, diff)
	}
	if _, err := policy.NewExport(dir, root); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a second export into the same folder: %v", err)
	}
}
