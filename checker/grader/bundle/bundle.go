// Package bundle writes the files that let an engine or a course system grade: a Slurm
// array, a Kubernetes Indexed Job, a matrix of GitHub Actions, autograding for GitHub
// Classroom and Classroom 50, and an autograder for Gradescope.
//
// The files are in the folder files, as templates: a class, a rubric and a seed are
// filled in. They call the commands that anybody can type, and nothing else in the
// checker knows of them. It also makes the repository that students get.
//
// Read this file first; gradescope.go makes the zip, and student.go the repository.
package bundle

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed files
var files embed.FS

// A Kind is what files are written for.
type Kind struct {
	Name, About string
	next        string // what to do with them
}

// Kinds are all of them.
var Kinds = []Kind{
	{"slurm", "a Slurm array, and a job that joins its parts", "on the cluster: %s/submit.sh CLASS RESULTS"},
	{"kubernetes", "an Indexed Job, one that joins its parts, and their image", "build the image as %[1]s/Dockerfile says, then: kubectl apply -f %[1]s/job.yaml"},
	{"github", "a matrix of GitHub Actions in a repository of yours", "put %s/grade.yml into .github/workflows"},
	{"classroom", "GitHub Classroom: feedback in the students' repositories", "put %s/classroom.yml into .github/workflows of the template repository"},
	{"classroom50", "Classroom 50: autograder.py and its runtime", "put %s/autograder.py into CLASSROOM/autograders/ASSIGNMENT of the classroom50 repository"},
	{"student", "the course without its reference, to hand out", "give it to your students: cd %s && git init && git add . && git commit -m 'the course'"},
	{"gradescope", "a zip to upload as Gradescope's autograder", "upload %s/autograder.zip under Configure Autograder"},
}

// Options are what is filled in.
type Options struct {
	Root       string // the workshop's repository, absolute
	Shards     int    // of how many parts a class is made
	Seed       uint64 // of which all of them draw the inputs
	Rubric     string // a file, or ""
	Repository string // OWNER/NAME of the workshop on GitHub, for classroom and classroom50
	Ref        string // the commit or tag there
	Image      string // for kubernetes
	Go         string // the version, such as 1.26.8
	Steps      string // those that students get, such as "1-4"; "" for all
}

// values are what a template sees.
type values struct {
	Options
	Dir string // where the files go
}

// Last is the number of the last shard.
func (v values) Last() int { return v.Shards - 1 }

// Logs are the names of all shards' logs, as grade gives them.
func (v values) Logs() []string {
	var all []string
	for i := range v.Shards {
		all = append(all, fmt.Sprintf("shard-%d-of-%d.jsonl", i, v.Shards))
	}
	return all
}

// Indexes is a list of all shards' numbers, for YAML.
func (v values) Indexes() string {
	var all []string
	for i := range v.Shards {
		all = append(all, fmt.Sprint(i))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// What is filled in somewhere between quotes cannot end them.
var (
	plain      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@-]*$`)
	repository = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`)
)

// check says what is wrong with the options, and makes the rubric what the engine will
// find.
func (o *Options) check(kind string) error {
	if o.Shards < 1 || o.Shards > 1000 {
		return fmt.Errorf("bundle: %d shards; 1 to 1000 are possible", o.Shards)
	}
	if !plain.MatchString(o.Image) {
		return fmt.Errorf("bundle: -image %q is no name of an image", o.Image)
	}
	if kind == "classroom" || kind == "classroom50" {
		if !repository.MatchString(o.Repository) {
			return fmt.Errorf("bundle: -repository %q: students' jobs fetch the checker from GitHub; write OWNER/NAME", o.Repository)
		}
		if !plain.MatchString(o.Ref) {
			return fmt.Errorf("bundle: -ref %q: write the commit that is to grade, from git rev-parse HEAD", o.Ref)
		}
	}
	if o.Rubric == "" {
		return nil
	}
	name, err := filepath.Abs(o.Rubric)
	if err != nil {
		return err
	}
	if _, err := os.Stat(name); err != nil {
		return err
	}
	if o.Rubric = name; kind == "slurm" || kind == "gradescope" {
		return nil // on the same disk, or copied
	}
	if o.Rubric, err = filepath.Rel(o.Root, name); err != nil || !filepath.IsLocal(o.Rubric) {
		return fmt.Errorf("bundle: the rubric %s is not in the workshop's folder, which is all that gets there", name)
	}
	if o.Rubric = filepath.ToSlash(o.Rubric); !plain.MatchString(o.Rubric) {
		return fmt.Errorf("bundle: the rubric's name %q: write it with letters, digits, dots and dashes", o.Rubric)
	}
	return nil
}

// Write writes the files of a kind to dir, and returns what to do with them.
func Write(ctx context.Context, kind, dir string, o Options) (next string, err error) {
	for _, k := range Kinds {
		if k.Name == kind {
			next = k.next
		}
	}
	if next == "" {
		return "", fmt.Errorf("bundle: %q is none of %s", kind, names())
	}
	if kind == "student" {
		return fmt.Sprintf(next, dir), student(ctx, dir, o)
	}
	if err := o.check(kind); err != nil {
		return "", err
	}
	all, err := render(kind, dir, o)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if kind == "gradescope" {
		if err := gradescope(ctx, filepath.Join(dir, "autograder.zip"), all, o); err != nil {
			return "", err
		}
		return fmt.Sprintf(next, dir), nil
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name), text, mode(name)); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(next, dir), nil
}

// render fills the templates of a kind in.
func render(kind, dir string, o Options) (map[string][]byte, error) {
	v := values{o, dir}
	all := make(map[string][]byte)
	entries, err := fs.ReadDir(files, "files/"+kind)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(files, path.Join("files", kind, e.Name()))
		if err != nil {
			return nil, err
		}
		// The files are full of the braces that templates usually have.
		t, err := template.New(e.Name()).Delims("<%", "%>").Funcs(template.FuncMap{"quote": quote}).Parse(string(text))
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, v); err != nil {
			return nil, err
		}
		all[e.Name()] = b.Bytes()
	}
	return all, nil
}

// quote quotes for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// mode says which files are programs.
func mode(name string) fs.FileMode {
	if name == "run_autograder" || path.Ext(name) == ".sh" || path.Ext(name) == ".sbatch" {
		return 0o777
	}
	return 0o666
}

func names() string {
	var all []string
	for _, k := range Kinds {
		all = append(all, k.Name)
	}
	return strings.Join(all, ", ")
}
