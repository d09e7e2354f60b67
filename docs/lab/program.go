package lab

// This file is for the program and what comes with it.

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// folders are those below docs/lab whose code is in the program.
var folders = []string{"dissect", "lax", "notation", "serve", "view", "wasm"}

// steps are those whose code is in it.
var steps = []string{"02-request-line", "03-headers-bodies", "04-keep-alive"}

// tree returns the folder of the steps.
func (c Config) tree() string {
	if c.Mine {
		return filepath.Join(c.Root, "steps")
	}
	return filepath.Join(c.Root, "solutions")
}

// program adds the program, and the glue that comes with the same Go. Where a learner's
// code does not compile, it adds what the compiler says.
func (c Config) program(files map[string][]byte) error {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	glue := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js")
	if files["wasm_exec.js"], err = os.ReadFile(glue); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "barewire-lab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "lab.wasm")
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program}
	if c.Mine {
		overlay, err := c.overlay(dir)
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
		files["error.txt"] = nil
	}
	cmd := exec.Command("go", append(args, "./lab/wasm")...)
	cmd.Dir = filepath.Join(c.Root, "docs")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	switch out, err := cmd.CombinedOutput(); {
	case err != nil && c.Mine:
		files["error.txt"] = out
		return nil
	case err != nil:
		return fmt.Errorf("the wire lab does not compile: %w\n%s", err, out)
	}
	if files["lab.wasm"], err = os.ReadFile(program); err != nil {
		return err
	}
	files["lab.wasm.gz"], err = compress(files["lab.wasm"], gzip.BestCompression)
	return err
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
