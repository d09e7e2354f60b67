package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Gradescope's machines.
const goos, goarch = "linux", "amd64"

// An archive is a zip that is being written.
type archive struct{ *zip.Writer }

// gradescope writes the autograder's zip. It has all that is needed, so nothing is
// downloaded where submissions are graded: the scripts, the grader, what of the workshop
// it reads, the module of which its sandbox is made, and the go toolchain.
func gradescope(ctx context.Context, file string, scripts map[string][]byte, o Options) (err error) {
	dir, err := os.MkdirTemp("", "barewire-bundle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	grader := filepath.Join(dir, "grader")
	if _, err := command(ctx, o.Root, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", grader, "./checker/grader"); err != nil {
		return err
	}
	toolchain, err := findToolchain(ctx, o)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".autograder-*.zip")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	a := archive{zip.NewWriter(temp)}
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		if err := a.add(name, mode(name), bytes.NewReader(scripts[name])); err != nil {
			return err
		}
	}
	err = a.file("grader", grader, 0o755)
	if err == nil && o.Rubric != "" {
		err = a.file("rubric", o.Rubric, 0o644)
	}
	if err == nil {
		err = a.workshop(o.Root)
	}
	if err == nil {
		err = a.toolchain(toolchain)
	}
	if err == nil {
		err = a.module(ctx, o.Root)
	}
	if err == nil {
		err = a.Close()
	}
	if err == nil {
		err = temp.Chmod(0o644)
	}
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return os.Rename(temp.Name(), file)
}

// command runs go for Gradescope's machines.
func command(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOFLAGS=", "GOWORK=off")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("bundle: go %s: %w\n%s", args[0], err, complaints.String())
	}
	return out, nil
}

// findToolchain returns the folder of a go toolchain: the one that runs here or, where
// that is for other machines, one that go downloads and compares with its checksum.
func findToolchain(ctx context.Context, o Options) (string, error) {
	if runtime.GOOS == goos && runtime.GOARCH == goarch {
		out, err := command(ctx, o.Root, "env", "GOROOT")
		return strings.TrimSpace(string(out)), err
	}
	out, err := command(ctx, o.Root, "mod", "download", "-json", fmt.Sprintf("golang.org/toolchain@v0.0.1-go%s.%s-%s", o.Go, goos, goarch))
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	return module.Dir, json.Unmarshal(out, &module)
}

// add adds one file. All have the same time, so that the same zip is made twice.
func (a archive) add(name string, mode fs.FileMode, r io.Reader) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(mode &^ 0o022)
	w, err := a.CreateHeader(h)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	return err
}

func (a archive) file(name, from string, mode fs.FileMode) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return a.add(name, mode, f)
}

// tree adds the files of a folder that want wants.
func (a archive) tree(to, from string, want func(name string) bool, mode fs.FileMode) error {
	return filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, file)
		name := filepath.ToSlash(rel)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name == "cmd"):
			return fs.SkipDir
		case !d.Type().IsRegular() || strings.HasSuffix(name, "_test.go") || !want(name):
			return nil
		}
		return a.file(path.Join(to, name), file, mode)
	})
}

// workshop adds what of the workshop the grader reads, of which it also makes its
// version.
func (a archive) workshop(root string) error {
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := a.file("barewire/"+name, filepath.Join(root, name), 0o644); err != nil {
			return err
		}
	}
	source := func(name string) bool { return path.Ext(name) == ".go" || path.Ext(name) == ".md" }
	for _, dir := range []string{"solutions", "checker/course", "checker/grader", "checker/internal/starter"} {
		if err := a.tree("barewire/"+dir, filepath.Join(root, filepath.FromSlash(dir)), source, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// toolchain adds what of a go toolchain builds programs.
func (a archive) toolchain(goroot string) error {
	tools := []string{"bin/go"}
	for _, name := range []string{"asm", "compile", "link"} {
		tools = append(tools, "pkg/tool/"+goos+"_"+goarch+"/"+name)
	}
	for _, name := range tools {
		if err := a.file("go/"+name, filepath.Join(goroot, filepath.FromSlash(name)), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"VERSION", "go.env"} {
		if err := a.file("go/"+name, filepath.Join(goroot, name), 0o644); err != nil {
			return err
		}
	}
	all := func(string) bool { return true }
	for _, dir := range []string{"src", "pkg/include"} {
		if err := a.tree("go/"+dir, filepath.Join(goroot, filepath.FromSlash(dir)), all, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// module adds the one module that the sandbox's launcher needs, as go keeps it.
func (a archive) module(ctx context.Context, root string) error {
	out, err := command(ctx, root, "mod", "download", "-json", "golang.org/x/sys")
	if err != nil {
		return err
	}
	var m struct{ Path, Version, Info, GoMod, Zip, Dir, Error string }
	if err := json.Unmarshal(out, &m); err != nil {
		return err
	}
	if m.Error != "" {
		return errors.New(m.Error)
	}
	for _, name := range []string{m.Info, m.GoMod, m.Zip + "hash"} {
		if err := a.file("modules/cache/download/"+m.Path+"/@v/"+filepath.Base(name), name, 0o644); err != nil {
			return err
		}
	}
	to := "modules/" + m.Path + "@" + m.Version
	if err := a.file(to+"/go.mod", filepath.Join(m.Dir, "go.mod"), 0o644); err != nil {
		return err
	}
	return a.tree(to+"/unix", filepath.Join(m.Dir, "unix"), func(name string) bool { return !strings.HasSuffix(name, ".sh") }, 0o644)
}
