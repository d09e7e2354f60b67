package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/internal/source"
)

// What makes it likely that a test is about a function. The sum counts.
const (
	inSentence = 8 // the test's sentence has its name: "Set replaces all of a name"
	inRow      = 4 // the row calls it
	inNoun     = 2 // the test function is called after it: TestTask12_Date, AppendDate
	inReach    = 1 // the test function calls it, or one of its helpers does
)

// likely puts the places that a test is most likely about first, and returns how
// many of them are as likely as the first one: all, if nothing is known.
func (r *Report) likely(f *Failure, todos []source.Todo) int {
	top, _, _ := strings.Cut(f.Test.Name, "/")
	row := r.tree.Row(r.Step.Dir, f.Test.Name)
	line := ""
	if row.Exact {
		line, _ = r.tree.Line("steps/"+r.Step.Dir+"/"+row.File, row.Line)
	}
	var called string
	if m := taskTest.FindStringSubmatch(top); m != nil {
		called = strings.TrimSuffix(m[2], "s")
	}
	reach := r.reach(top)
	score := func(t source.Todo) (n int) {
		name := t.Func[strings.LastIndexByte(t.Func, '.')+1:]
		call := regexp.MustCompile(`\.` + regexp.QuoteMeta(name) + `\b`)
		if regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(row.Sentence) {
			n += inSentence
		}
		if call.MatchString(line) {
			n += inRow
		}
		if called != "" && (strings.Contains(name, called) || strings.Contains(called, name)) {
			n += inNoun
		}
		if call.MatchString(reach) {
			n += inReach
		}
		return n
	}
	slices.SortStableFunc(todos, func(a, b source.Todo) int { return score(b) - score(a) })
	n := 0
	for n < len(todos) && score(todos[n]) == score(todos[0]) {
		n++
	}
	return n
}

// reach returns the source of a test function and of the helpers that it calls, and
// that these call.
func (r *Report) reach(test string) string {
	files, _ := filepath.Glob(filepath.Join(r.Shop.Root, "steps", r.Step.Dir, "*_test.go"))
	text := make(map[string]string)    // by the name of a function
	calls := make(map[string][]string) // names in it that may be functions
	for _, file := range files {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			var b strings.Builder
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					b.WriteString("." + n.Sel.Name + " ")
				case *ast.Ident:
					calls[fn.Name.Name] = append(calls[fn.Name.Name], n.Name)
				}
				return true
			})
			text[fn.Name.Name] += b.String()
		}
	}
	var b strings.Builder
	for todo := []string{test}; len(todo) > 0; todo = todo[1:] {
		b.WriteString(text[todo[0]])
		for _, name := range calls[todo[0]] {
			if _, ok := text[name]; ok && !slices.Contains(todo, name) {
				todo = append(todo, name)
			}
		}
		delete(text, todo[0])
	}
	return b.String()
}
