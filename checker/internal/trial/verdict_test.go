package trial

import (
	"strings"
	"testing"

	"barewire/checker/internal/gotest"
	"barewire/checker/wrong"
)

// A wrong program that is not caught must never look as if it were.
func TestVerdict(t *testing.T) {
	const name = "TestTask1_Add/two_and_two"
	ran := func(o gotest.Outcome) []*gotest.Test { return []*gotest.Test{{Name: name, Outcome: o}} }
	for _, test := range []struct {
		name, endsWith string
		pkg            gotest.Package
		want           string
	}{
		{"the test fails", "", gotest.Package{Tests: ran(gotest.Fail)}, ""},
		{"the test passes", "", gotest.Package{Tests: ran(gotest.Pass)}, "says pass"},
		{"the test is skipped", "", gotest.Package{Tests: ran(gotest.Skip)}, "says skip"},
		{"another test fails", "", gotest.Package{Tests: []*gotest.Test{{Name: "TestTask1_Sub", Outcome: gotest.Fail}}}, "no test"},
		{"nothing ran", "", gotest.Package{}, "no test"},
		{"it does not compile", "", gotest.Package{Build: []gotest.BuildError{{Msg: "undefined: x"}}}, "does not compile"},
		{"a panic instead of a failure", "", gotest.Package{Panic: new(gotest.Panic), Tests: ran(gotest.Fail)}, "ends with"},
		{"the panic that was announced", "panic", gotest.Package{Panic: new(gotest.Panic), Tests: ran(gotest.Unfinished)}, ""},
		{"a hang instead of a panic", "panic", gotest.Package{Timeout: new(gotest.Timeout), Tests: ran(gotest.Unfinished)}, "ends with"},
		{"a failure instead of a panic", "panic", gotest.Package{Tests: ran(gotest.Fail)}, "ends with"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := verdict(wrong.Program{CaughtBy: name, EndsWith: test.endsWith}, &test.pkg)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("not caught: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
