package lab

// This file is for the program: compiled once for each state of the code that is in it.

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// folders are those below docs/lab whose code is in the program.
var folders = []string{"dissect", "lax", "notation", "serve", "view", "wasm"}

// steps are those whose code is in it.
var steps = []string{"02-request-line", "03-headers-bodies", "04-keep-alive"}

// program adds the program, and the glue that comes with the same Go. What was compiled
// before is kept in .barewire/lab, as linking takes longer than all the rest of the site.
func (c Config) program(files map[string][]byte) error {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	glue := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js")
	if files["wasm_exec.js"], err = os.ReadFile(glue); err != nil {
		return err
	}
	digest, err := c.digest()
	if err != nil {
		return err
	}
	tree := filepath.Base(c.tree())
	kept := filepath.Join(c.Root, ".barewire", "lab", tree+"-"+digest)
	if c.read(kept, files) == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o777); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(kept), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := c.compile(dir); err != nil {
		return err
	}
	if err := c.read(dir, files); err != nil {
		return err
	}
	if old, err := filepath.Glob(filepath.Join(filepath.Dir(kept), tree+"-*")); err == nil {
		for _, name := range old {
			_ = os.RemoveAll(name) // or it stays, and takes some room
		}
	}
	_ = os.Rename(dir, kept) // or it is compiled again next time
	return nil
}

// tree returns the folder of the steps.
func (c Config) tree() string {
	if c.Mine {
		return filepath.Join(c.Root, "steps")
	}
	return filepath.Join(c.Root, "solutions")
}

// digest stands for everything that the program is made of.
func (c Config) digest() (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version())
	for _, dir := range c.sources() {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return "", err
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%s %d\n%s", filepath.Base(name), len(content), content)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

func (c Config) sources() (all []string) {
	for _, f := range folders {
		all = append(all, filepath.Join(c.Root, "docs", "lab", f))
	}
	for _, s := range steps {
		all = append(all, filepath.Join(c.tree(), s))
	}
	return all
}

// read adds what compile has left in dir.
func (c Config) read(dir string, files map[string][]byte) (err error) {
	if c.Mine {
		if files["error.txt"], err = os.ReadFile(filepath.Join(dir, "error.txt")); err != nil || len(files["error.txt"]) > 0 {
			return err
		}
	}
	for _, name := range []string{"lab.wasm", "lab.wasm.gz"} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// compile leaves the program in dir, or what is wrong with a learner's code.
func (c Config) compile(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "lab.wasm")
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program}
	if c.Mine {
		overlay, err := c.overlay(dir)
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.Command("go", append(args, "./lab/wasm")...)
	cmd.Dir = filepath.Join(c.Root, "docs")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && !c.Mine:
		return fmt.Errorf("the wire lab does not compile: %w\n%s", err, out)
	case err == nil:
		out = nil
		content, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		if content, err = compress(content, gzip.BestCompression); err != nil {
			return err
		}
		if err := os.WriteFile(program+".gz", content, 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "error.txt"), out, 0o666)
}

// overlay writes an overlay for go build below dir, in which the lab imports the steps
// and not the solutions.
func (c Config) overlay(dir string) (string, error) {
	replace := map[string]string{}
	base, err := filepath.Abs(filepath.Join(c.Root, "docs", "lab"))
	if err != nil {
		return "", err
	}
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(base, folder, "*.go"))
		if err != nil {
			return "", err
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				return "", err
			}
			mine := bytes.ReplaceAll(content, []byte(`"barewire/solutions/`), []byte(`"barewire/steps/`))
			if bytes.Equal(mine, content) {
				continue
			}
			to := filepath.Join(dir, folder+"-"+filepath.Base(name))
			if err := os.WriteFile(to, mine, 0o666); err != nil {
				return "", err
			}
			replace[name] = to
			if real, err := filepath.EvalSymlinks(name); err == nil {
				replace[real] = to // go may know the folder by this name
			}
		}
	}
	file := filepath.Join(dir, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	return file, os.WriteFile(file, content, 0o666)
}
