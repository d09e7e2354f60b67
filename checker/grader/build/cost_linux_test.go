package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"barewire/checker/grader/build"
	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
)

// BenchmarkBuild builds the whole reference as a submission would be built, in the box
// and without one. What counts is cpu-ms/op: wall times depend on who else is there.
func BenchmarkBuild(b *testing.B) {
	if shared.err != nil {
		b.Skip(shared.err)
	}
	repository, _ := filepath.Abs("../../..")
	dir, err := sandbox.Private("")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	root, submission := wholeCourse(b, repository, dir)
	none, _, err := sandbox.Named(b.Context(), sandbox.Setup{Root: repository, Dir: dir}, sandbox.None)
	if err != nil {
		b.Fatal(err)
	}
	for _, box := range []sandbox.Box{none, shared.box} {
		builder, err := build.New(b.Context(), build.Config{Root: root, Box: box, Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		for _, base := range []string{result.Own, result.Reference} {
			b.Run(fmt.Sprintf("box=%s/base=%s", box.Name(), base), func(b *testing.B) {
				before := childTime()
				n := 0
				for b.Loop() {
					n++
					s, err := builder.Open(changed(submission, n))
					if err != nil {
						b.Fatal(err)
					}
					p, err := s.Build(b.Context(), build.Request{Base: base})
					if err != nil || p.Path == "" || len(p.Findings) > 0 {
						b.Fatal(err, p)
					}
					s.Close()
				}
				b.ReportMetric(float64((childTime()-before).Milliseconds())/float64(n), "cpu-ms/op")
			})
		}
	}
}

// wholeCourse makes a workshop of the real steps with a driver that links them all, and
// a submission that is the reference.
func wholeCourse(b *testing.B, repository, dir string) (root string, submission build.Sources) {
	b.Helper()
	root, submission = filepath.Join(dir, "course"), build.Sources{}
	put := func(name, text string) {
		full := filepath.Join(root, filepath.FromSlash(name))
		os.MkdirAll(filepath.Dir(full), 0o755)
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	put("go.mod", workshop["go.mod"])
	put("checker/grader/driver/main.go", workshop["checker/grader/driver/main.go"])
	files, _ := filepath.Glob(filepath.Join(repository, "solutions", "*", "*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		step := filepath.Base(filepath.Dir(file))
		number, _ := strconv.Atoi(step[:2])
		put("solutions/"+step+"/"+filepath.Base(file), string(text))
		put(fmt.Sprintf("checker/grader/driver/step%02d/step.go", number),
			fmt.Sprintf("package step%02d\n\nimport _ %q\n\nfunc Register() {}\n", number, "barewire/solutions/"+step))
		if submission[number] == nil {
			submission[number] = map[string][]byte{}
		}
		submission[number][filepath.Base(file)] = []byte(strings.ReplaceAll(string(text), "barewire/solutions/", "barewire/steps/"))
	}
	return root, submission
}

// changed returns a submission none of whose packages is in any cache.
func changed(submission build.Sources, n int) build.Sources {
	out := build.Sources{}
	for number, files := range submission {
		out[number] = map[string][]byte{}
		for name, text := range files {
			out[number][name] = fmt.Appendf(nil, "%s\n// %d %d\n", text, n, time.Now().UnixNano())
		}
	}
	return out
}

// childTime is the processor time of all that this process has started and waited for.
func childTime() time.Duration {
	var u unix.Rusage
	unix.Getrusage(unix.RUSAGE_CHILDREN, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
