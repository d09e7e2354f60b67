package bundle

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the workshop's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func options(t *testing.T) Options {
	return Options{Root: root(t), Shards: 4, Seed: 7, Repository: "university/http-course", Ref: "0123456789abcdef", Image: "registry.example/barewire:1", Go: "1.26.8"}
}

// lay writes the files of a kind and returns them.
func lay(t *testing.T, kind string, o Options) (dir string, files map[string]string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "a bundle")
	if _, err := Write(t.Context(), kind, dir, o); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files = make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return dir, files
}

// What matters in each file is in it. Whether an engine takes it is for the engine to
// say; where it is here, another test asks it.
func TestWrite(t *testing.T) {
	for _, test := range []struct {
		kind, file string
		want       []string
		why        string
	}{
		{"slurm", "grade.sbatch", []string{"#SBATCH --array=0-3\n", `-shard "${SHARD:-auto}" -seed 7 `}, "the array is 0 to n-1, which is what -shard auto asks for"},
		{"slurm", "merge.sbatch", []string{`"$results"/shard-*-of-4.jsonl`}, "logs of another number of parts may lie there"},
		{"slurm", "submit.sh", []string{"afterok:$job", "--kill-on-invalid-dep=yes"}, "parts with a gap are not joined"},
		{"kubernetes", "job.yaml", []string{
			"\n  completionMode: Indexed\n  completions: 4\n  parallelism: 4\n", "name: SHARD_COUNT", "value: \"4\"\n", "restartPolicy: Never\n",
			"automountServiceAccountToken: false\n", "runAsNonRoot: true\n", "allowPrivilegeEscalation: false\n", "type: RuntimeDefault\n",
			"values: [2, 3]\n", `args: [grade, -shard, auto, -seed, "7", -jobs, "2", -o, /results, /class/submissions]`, "image: registry.example/barewire:1\n",
		}, "Kubernetes does not tell a pod how many there are, and a submission's code must find no token"},
		{"kubernetes", "merge.yaml", []string{"/results/shard-0-of-4.jsonl, /results/shard-1-of-4.jsonl, /results/shard-2-of-4.jsonl, /results/shard-3-of-4.jsonl]"}, "there is no shell that finds them"},
		{"kubernetes", "Dockerfile", []string{"FROM golang:1.26.8-bookworm\n", "USER 65532\n"}, "the Go that the instructor has"},
		{"github", "grade.yml", []string{"part: [0, 1, 2, 3]\n", "SHARD_INDEX: ${{ strategy.job-index }}\n", "SHARD_COUNT: ${{ strategy.job-total }}\n", "event.repository.private", "permissions:\n  contents: read\n", "fail-fast: false\n"}, "a matrix says which job it is only in an expression"},
		{"classroom", "classroom.yml", []string{"repository: university/http-course\n", "ref: 0123456789abcdef\n", "persist-credentials: false\n", "-to github ", ">/dev/null\n"}, "the checker is the instructor's, at one commit"},
		{"classroom50", "autograder.py", []string{`"https://github.com/university/http-course.git"`, `REF = "0123456789abcdef"`, `"-seed", "7"]`}, "the same for each student"},
		{"classroom50", "runtime.json", []string{`"go": "1.26.8"`, `"bubblewrap"`}, "what the runner installs"},
	} {
		t.Run(test.kind+" "+test.file, func(t *testing.T) {
			_, files := lay(t, test.kind, options(t))
			for _, want := range test.want {
				if !strings.Contains(files[test.file], want) {
					t.Errorf("it has no %q: %s\n%s", want, test.why, files[test.file])
				}
			}
			if strings.Contains(files[test.file], "<%") || strings.Contains(files[test.file], "\t\t\t-") {
				t.Errorf("something is not filled in\n%s", files[test.file])
			}
		})
	}
}

// What is filled in is refused where it could be more than it should.
func TestWrite_refused(t *testing.T) {
	for name, test := range map[string]struct {
		kind string
		edit func(*Options)
		want string
	}{
		"another kind":         {"cron", func(*Options) {}, "none of slurm, kubernetes"},
		"no shards":            {"slurm", func(o *Options) { o.Shards = 0 }, "0 shards"},
		"an image with a line": {"kubernetes", func(o *Options) { o.Image = "a\n  b: c" }, "no name of an image"},
		"no repository":        {"classroom", func(o *Options) { o.Repository = "" }, "write OWNER/NAME"},
		"a ref with a quote":   {"classroom50", func(o *Options) { o.Ref = `x"; import os` }, "git rev-parse HEAD"},
		"no such rubric":       {"slurm", func(o *Options) { o.Rubric = "/nowhere/rubric.json" }, "/nowhere/rubric.json"},
		"a rubric elsewhere":   {"github", func(o *Options) { o.Rubric = os.Args[0] }, "not in the workshop's folder"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			test.edit(&o)
			dir := filepath.Join(t.TempDir(), "new")
			_, err := Write(t.Context(), test.kind, dir, o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("it says %v, want %q", err, test.want)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("there is a folder, although nothing is in it")
			}
		})
	}
}

// A rubric is named as the engine finds it: in the workshop, or wherever it is on a disk
// that all share.
func TestWrite_rubric(t *testing.T) {
	o := options(t)
	o.Rubric = filepath.Join(o.Root, "go.mod")
	for kind, want := range map[string]string{
		"slurm": "-rubric '" + o.Rubric + "'", "kubernetes": `-rubric, "go.mod",`, "github": `-rubric "go.mod" `, "classroom": `-rubric "go.mod" `, "classroom50": `"-rubric", "go.mod"]`,
	} {
		_, files := lay(t, kind, o)
		found := false
		for _, text := range files {
			found = found || strings.Contains(text, want)
		}
		if !found {
			t.Errorf("nothing for %s has %q", kind, want)
		}
	}
}

// Scripts are ones that bash and python understand.
func TestWrite_syntax(t *testing.T) {
	for _, test := range []struct {
		kind, file string
		command    []string
	}{
		{"slurm", "grade.sbatch", []string{"bash", "-n"}},
		{"slurm", "merge.sbatch", []string{"bash", "-n"}},
		{"slurm", "submit.sh", []string{"bash", "-n"}},
		{"classroom50", "autograder.py", []string{"python3", "-m", "py_compile"}},
	} {
		if _, err := exec.LookPath(test.command[0]); err != nil {
			t.Skipf("not run: apt-get install %s", test.command[0])
		}
		dir, _ := lay(t, test.kind, options(t))
		if out, err := exec.CommandContext(t.Context(), test.command[0], append(test.command[1:], filepath.Join(dir, test.file))...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", test.file, err, out)
		}
	}
	for _, script := range []string{"setup.sh", "environment.sh", "run_autograder"} {
		all, err := render("gradescope", ".", options(t))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-n")
		cmd.Stdin = bytes.NewReader(all[script])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}
