package build_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/grader/build"
	"barewire/checker/grader/result"
)

// A step whose command does not compile has a finding, and is in the program as all
// others are.
func TestBuild_Command(t *testing.T) {
	const all = "1 10, 2 110, 3 1110"
	doubling := "const a0 = \"0123456789abcdef\"\n"
	for i := range 26 {
		doubling += fmt.Sprintf("const a%d = a%d + a%d\n", i+1, i, i)
	}
	tests := []struct {
		name, why string
		files     map[string]string // what the third step has beside three.go
		program   string
		finding   result.Finding // none, if it has no text
	}{
		{
			name: "a right one", why: "there is nothing to say", program: all,
			files: map[string]string{"barewire/main.go": "package main\n\nimport three \"barewire/steps/03-three\"\n\nfunc main() { println(three.F()) }\n"},
		},
		{
			name: "a type error", why: "the place is the student's", program: all,
			files:   map[string]string{"barewire/main.go": "package main\n\nfunc main() { f(\"x\") }\n", "barewire/f.go": "package main\n\nfunc f(int) {}\n"},
			finding: result.Finding{File: "steps/03-three/barewire/main.go", Line: 3, Column: 17, Text: `cannot use "x" (untyped string constant) as int value in argument to f`},
		},
		{
			name: "it does not fit the student's step", why: "it is built on that, not on the reference", program: all,
			files:   map[string]string{"barewire/main.go": "package main\n\nimport three \"barewire/steps/03-three\"\n\nfunc main() { three.Run() }\n"},
			finding: result.Finding{File: "steps/03-three/barewire/main.go", Line: 5, Column: 21, Text: "undefined: three.Run"},
		},
		{
			name: "no main function", why: "go run would say so", program: all,
			files:   map[string]string{"barewire/main.go": "package main\n\nfunc Main() {}\n"},
			finding: result.Finding{File: "steps/03-three/barewire", Text: "undefined: main"},
		},
		{
			name: "an import that is not there", why: "go says that before it compiles anything", program: all,
			files:   map[string]string{"barewire/main.go": "package main\n\nimport _ \"example.com/none\"\n\nfunc main() {}\n"},
			finding: result.Finding{File: "steps/03-three/barewire/main.go", Line: 3, Column: 8, Text: "cannot find module providing package example.com/none: import lookup disabled by -mod=readonly"},
		},
		{
			name: "an import of the checker's", why: "that is none of a step's, either", program: all,
			files:   map[string]string{"barewire/main.go": "package main\n\nimport _ \"barewire/checker/grader/driver/wire\"\n\nfunc main() {}\n"},
			finding: result.Finding{File: "steps/03-three/barewire/main.go", Line: 3, Column: 8, Text: `"barewire/checker/grader/driver/wire" cannot be imported: a step may import those before it`},
		},
		{
			name: "its init does something", why: "it is compiled, and not in the program", program: all,
			files: map[string]string{"barewire/main.go": "package main\n\nimport \"os\"\n\nfunc init() { os.Exit(7) }\n\nfunc main() {}\n"},
		},
		{
			name: "the step does not compile, either", why: "one finding is enough, and the other steps are there", program: "1 10, 2 110",
			files:   map[string]string{"three.go": "package three\n\nfunc F() int { return x }\n", "barewire/main.go": "package main\n\nimport three \"barewire/steps/03-three\"\n\nfunc main() { three.Run() }\n"},
			finding: result.Finding{File: "steps/03-three/three.go", Line: 3, Column: 23, Text: "undefined: x"},
		},
		{
			name: "a string with a gigabyte", why: "it is the command that is too much, and not the step", program: all,
			files:   map[string]string{"barewire/main.go": "package main\n\n" + doubling + "\nvar s = a26\n\nfunc main() { println(s) }\n"},
			finding: result.Finding{Text: "compiling it takes more than 1024 MiB of memory"},
		},
	}
	builder(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sources := honest()
			for name, text := range tt.files {
				sources[3][name] = []byte(text)
			}
			s := open(t, sources)
			p, err := s.Build(t.Context(), build.Request{Base: result.Own, Commands: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := run(t, p); got != tt.program {
				t.Errorf("the program says %q, want %q: %s", got, tt.program, tt.why)
			}
			if tt.finding.Text == "" {
				if len(p.Findings) > 0 {
					t.Errorf("%+v: %s", p.Findings, tt.why)
				}
				return
			}
			tt.finding.Kind = result.Build
			if len(p.Findings) == 0 || len(p.Findings) > 1 && p.Findings[0] == p.Findings[1] || !strings.HasPrefix(p.Findings[0].Text, tt.finding.Text) {
				t.Fatalf("%+v, want %+v: %s", p.Findings, tt.finding, tt.why)
			}
			got := p.Findings[0]
			if got.Text = tt.finding.Text; got != tt.finding {
				t.Errorf("%+v, want %+v: %s", got, tt.finding, tt.why)
			}
		})
	}
}
