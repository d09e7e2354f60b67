package build

import (
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/grader/result"
)

// This file is about the command of a step, such as barewire of step 10. The exam does
// not run it, and a step whose command does not compile is examined all the same: there
// is a finding, no more. So it is compiled beside the driver, by the same call of go, and
// as a package, for go would link a program.

const (
	commandDir     = "barewire" // in the step's folder
	commandPackage = "command"
	mainFile       = "main of the checker.go" // no file of a submission has such a name
)

// IsCommand reports whether a path, such as that of a finding, is in the folder of a
// step's command.
func IsCommand(file string) bool {
	return strings.HasPrefix(file, stepsDir+"/") && strings.Count(file, "/") > 2
}

// commands are the packages of the student's commands of some steps.
func (b *Builder) commands(in Sources, steps []int) []string {
	var packages []string
	for _, s := range b.steps {
		for name := range in[s.number] {
			dir := "./" + path.Join(stepsDir, s.dir, path.Dir(name))
			if path.Dir(name) != "." && slices.Contains(steps, s.number) && !slices.Contains(packages, dir) {
				packages = append(packages, dir)
			}
		}
	}
	return packages
}

// asPackage lays a file of a command, and one that asks for its main function.
func asPackage(files map[string][]byte, name string, text []byte) {
	fset := token.NewFileSet()
	f, _ := parser.ParseFile(fset, name, text, parser.PackageClauseOnly)
	if f != nil && f.Name.Name == "main" {
		at := fset.PositionFor(f.Name.Pos(), false).Offset
		text = slices.Concat(text[:at], []byte(commandPackage), text[at+len("main"):])
	}
	files[name] = text
	files[path.Join(path.Dir(name), mainFile)] = fmt.Appendf(nil, "package %s\n\nvar _ func() = main\n", commandPackage)
}

// commandOf finds the step in the path of a command's package.
var commandOf = regexp.MustCompile(`^barewire/steps/(\d\d)-[^/]+/`)

// command notes an event that is about a command, and reports whether it is one.
func (bl *blame) command(e event, b *Builder) bool {
	at := position.FindStringSubmatch(strings.TrimRight(e.Output, "\n"))
	m := commandOf.FindStringSubmatch(e.ImportPath)
	if m == nil && at != nil && strings.Contains(at[3], "/") && stepOf(e) == atoi(at[1]) {
		m = at // a package that is not there, and is imported
	}
	if m == nil {
		return false
	}
	bl.said = true
	in := &blame{found: map[int][]result.Finding{}}
	number := atoi(m[1])
	if in.found[number] = bl.commands[number]; e.Action == "build-output" {
		in.add(number, e.Output, b)
	}
	found := in.found[number]
	if n := len(found) - 1; n >= 0 && path.Base(found[n].File) == mainFile {
		found[n].File, found[n].Line, found[n].Column = path.Dir(found[n].File), 0, 0
	}
	bl.commands[number] = found
	return true
}
