// Package lab is the wire lab: a page that takes raw bytes apart with the parser of the
// course, compiled to WebAssembly.
//
// It builds what the page needs: the program (folder wasm), the conformance collection,
// and the source that a byte leads to. Read this file first, then view, which is what the
// page asks, and dissect, which does the work. The page itself is page.html, and its
// script begins in lab.js.
package lab

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"barewire/docs/lab/cases"
	"barewire/docs/lab/notation"
)

//go:embed page.html
var page string

//go:embed *.css *.js
var assets embed.FS

// Title is the page's.
const Title = "Wire lab"

// Body returns what stands below the page's title.
func Body() string { return page }

// Policy is what the page's Content-Security-Policy has to allow beyond that of other
// pages: to compile WebAssembly, and to run it beside the page.
const (
	ScriptPolicy = "'self' 'wasm-unsafe-eval'"
	WorkerPolicy = "'self'"
)

// A Config says whose parser the lab shows.
type Config struct {
	Root string // the repository
	Mine bool   // the learner's own steps, and not the reference
}

// Files returns the files of the page but for its HTML, by name. The error is one of the
// Go compiler, say, where a learner's code does not compile.
func Files(c Config) (map[string][]byte, error) {
	files := map[string][]byte{}
	entries, err := assets.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if files[e.Name()], err = assets.ReadFile(e.Name()); err != nil {
			return nil, err
		}
	}
	if err := c.program(files); err != nil {
		return nil, err
	}
	groups, err := cases.Load(c.Root)
	if err != nil {
		return nil, err
	}
	source, err := c.source()
	if err != nil {
		return nil, err
	}
	for name, v := range map[string]any{"cases.json": groups, "source.json": source} {
		if files[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"lab.wasm", "cases.json", "source.json"} {
		if files[name+".gz"], err = compress(files[name]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// compress returns content for servers that look for a file.gz beside a file.
func compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// program compiles the lab, and adds the glue that comes with the same Go.
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
	}
	cmd := exec.Command("go", append(args, "./lab/wasm")...)
	cmd.Dir = filepath.Join(c.Root, "docs")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the wire lab does not compile: %w\n%s", err, out)
	}
	files["lab.wasm"], err = os.ReadFile(program)
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
	for _, folder := range []string{"dissect", "lax", "notation", "serve", "view", "wasm"} {
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

// Fragment returns the part of a link to the lab that opens what is named: a case of the
// collection, by its group and name ("Host/two Host fields") or the id in its link, or
// bytes in the lab's notation, which have a backslash in them.
func Fragment(root, what string) (string, error) {
	if strings.Contains(what, `\`) {
		pieces, half, err := notation.Parse(what)
		if err != nil {
			return "", err
		}
		encoded := make([]string, len(pieces))
		for i, p := range pieces {
			encoded[i] = base64.RawURLEncoding.EncodeToString(p)
		}
		link := "#bytes=" + strings.Join(encoded, ".")
		if half {
			link += "&half"
		}
		return link, nil
	}
	groups, err := cases.Load(root)
	if err != nil {
		return "", err
	}
	group, name, ok := strings.Cut(what, "/")
	if !ok {
		return "", errors.New("a case is named by its group and its name, as in Host/two Host fields")
	}
	id := cases.ID(group, name)
	for _, g := range groups {
		for _, c := range g.Cases {
			if c.ID == id {
				return "#case=" + id, nil
			}
		}
	}
	return "", fmt.Errorf("the conformance collection has no case %q", id)
}
