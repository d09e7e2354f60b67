// Package docs holds the commands site, which builds the docs, and docs, which serves
// them as well. The generator is in a module of its own, in docs/site: it leans on
// libraries that no learner needs. Read this file first, then serve.go.
package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"barewire/checker/internal/workshop"
)

// Site builds the docs as static pages. Its arguments are the generator's.
func Site(ctx context.Context, w *workshop.Workshop, args []string) int {
	generator, err := compile(ctx, w, "docs", "./site", "site")
	if err == nil {
		err = generate(ctx, w, generator, args...)
	}
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	return workshop.Green
}

// compile builds a package of the module in dir and returns the program's path.
func compile(ctx context.Context, w *workshop.Workshop, dir, pkg, name string) (string, error) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	program := filepath.Join(w.Root, workshop.StateDir, "bin", name)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, pkg)
	cmd.Dir = w.Path(dir)
	cmd.Stderr = os.Stderr // what is downloaded
	if out, err := cmd.Output(); err != nil {
		return "", fmt.Errorf("%s%s in %s could not be built: %w", out, pkg, dir, err)
	}
	return program, nil
}

// generate runs the generator.
func generate(ctx context.Context, w *workshop.Workshop, generator string, args ...string) error {
	cmd := exec.CommandContext(ctx, generator, append([]string{"-root", w.Root}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.Root, w.Out, w.Err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the docs could not be built: %w", err)
	}
	return nil
}
