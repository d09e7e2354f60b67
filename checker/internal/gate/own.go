package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/internal/fuzz"
	"barewire/checker/internal/gotest"
)

// done is the last line of gotestsum.
var done = regexp.MustCompile(`(?m)^DONE (?:\d+ runs, )?(\d+) tests?(?:, (\d+) skipped)?(?:, (\d+) failures?)?`)

// checkOwn runs the checker's own tests and those of the nested modules.
func checkOwn(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	race, missing := g.raceDetector(ctx)
	if missing != "" {
		v.notRun = append(v.notRun, missing)
	}
	modules, err := g.modules()
	if err != nil {
		v.failf("%v", err)
	}
	for _, dir := range modules {
		packages := "./..."
		switch dir {
		case ".":
			packages = "./checker/..."
		case docsModule:
			continue // checkDocs
		}
		v.gotestsum(ctx, g, dir, append(race, "-shuffle=on", packages))
	}
	return v
}

// docsModule is the folder of the docs, which are a module of their own.
const docsModule = "docs"

// checkDocs runs the tests of the docs, which build them and look at them in a browser.
// What they look at is what other programs have made, so a result from before says
// nothing, and there is no race to detect.
func checkDocs(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	v.gotestsum(ctx, g, docsModule, []string{"-count=1", "-shuffle=on", "./..."})
	return v
}

// gotestsum runs the tests of one module.
func (v *verdict) gotestsum(ctx context.Context, g *gate, dir string, args []string) {
	sum := []string{"tool", "-modfile=" + filepath.Join(g.root, "go.mod"), "-n", "gotestsum"}
	tool, err := g.command(ctx, ".", nil, sum...)
	if err != nil {
		v.failf("gotestsum cannot be built: %v\n%s", err, tool)
		return
	}
	events, err := os.CreateTemp("", "barewire-events-")
	if err != nil {
		v.failf("%v", err)
		return
	}
	defer os.Remove(events.Name())
	defer events.Close()
	flags := []string{"--format=pkgname", "--hide-summary=skipped", "--jsonfile=" + events.Name()}
	if junit := g.junitFile(dir); junit != "" {
		if err := os.MkdirAll(filepath.Dir(junit), 0o777); err != nil {
			v.failf("%v", err)
		}
		flags = append(flags, "--junitfile="+junit)
	}
	out, err := g.program(ctx, dir, []string{quickExit}, toolPath(tool), append(append(flags, "--"), args...)...)
	m := done.FindStringSubmatch(out)
	if m == nil {
		v.failf("the tests in %s: %v\n%s", dir, err, out)
		return
	}
	ran, skipped, failed := number(m[1]), number(m[2]), number(m[3])
	v.passed += ran - skipped - failed
	if skipped > 0 {
		v.notRun = append(v.notRun, skips(events, dir)...)
	}
	if err != nil || failed > 0 {
		v.failf("the tests in %s: %v\n%s", dir, err, out)
	}
}

// skips reads the events of tests, and says which tests skipped themselves for which
// reason. A reason is to name the command that installs what is missing.
func skips(events io.Reader, dir string) []string {
	output := make(map[[2]string]*gotest.Test)
	tests := make(map[string][]string)
	for d := json.NewDecoder(events); ; {
		var e struct{ Action, Package, Test, Output string }
		if d.Decode(&e) != nil {
			break // the end; what else is wrong with the tests is said elsewhere
		}
		key := [2]string{e.Package, e.Test}
		switch e.Action {
		case "output":
			if output[key] == nil {
				output[key] = new(gotest.Test)
			}
			output[key].Output = append(output[key].Output, strings.TrimRight(e.Output, "\n"))
		case "pass", "fail", "skip":
			if e.Action == "skip" && e.Test != "" {
				why := "it does not say why"
				if t := output[key]; t != nil {
					if said, _ := t.Messages(); len(said) > 0 {
						why = strings.TrimPrefix(said[len(said)-1].Text, "not run: ")
					}
				}
				tests[why] = append(tests[why], e.Test)
			}
			delete(output, key)
		}
	}
	var all []string
	for _, why := range slices.Sorted(maps.Keys(tests)) {
		names := tests[why]
		all = append(all, fmt.Sprintf("%d test(s) in %s (%s): %s", len(names), dir, names[0], why))
	}
	return all
}

// junitFile returns where the JUnit file for a module goes, or "".
func (g *gate) junitFile(dir string) string {
	file := g.junit
	if file == "" && g.ci {
		file = filepath.Join(g.root, ".barewire", "junit.xml")
	}
	if file != "" && dir != "." {
		file = strings.TrimSuffix(file, ".xml") + "-" + strings.ReplaceAll(filepath.ToSlash(dir), "/", "-") + ".xml"
	}
	return file
}

// number returns the number that digits are, or 0.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// checkFuzz runs each fuzz target of the steps and of the solutions on the reference,
// and the checker's own.
// What it finds is written below testdata, where the next run begins with it.
func checkFuzz(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	if g.fuzzTime == "0" {
		v.notRun = append(v.notRun, "fuzzing: -fuzztime is 0")
		return v
	}
	targets, err := fuzz.Targets(g.root, g.step)
	if err == nil {
		err = fuzz.Run(ctx, g.root, targets, g.fuzzTime, func(r fuzz.Result) {
			if r.Finding == "" {
				v.passed++
				return
			}
			v.failf("%s: %s: %s\nagain: %s", r.Dir, r.Name, r.Finding, fuzz.Again(r.Target))
		})
	}
	if err != nil {
		v.failf("%v", err)
	}
	return v
}
