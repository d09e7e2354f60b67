// Package browser tries the docs in a real browser: headless Chromium, on the site as
// the reference server of step 10 serves it, below a path of its own, as on a host of
// static pages.
//
// Read this file first, then page_test.go, which says what no page may do.
package browser

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// base is the address of the site, such as "http://127.0.0.1:4711/raw/"; public is its
// folder.
var base, public string

// browser is the context in which tabs are opened, or nil where there is no browser.
var browser context.Context

// browsers are the names of programs that will do.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if runtime.GOOS != "linux" {
		return 0 // one system will do: the browser is the same on the others
	}
	program := findBrowser()
	if program == "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "barewire-docs-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	stop, err := serve(dir)
	if err != nil {
		return fail(err)
	}
	defer stop()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(filepath.Join(dir, "profile")))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	var quit context.CancelFunc
	browser, quit = chromedp.NewContext(allocator)
	defer quit()
	if err := chromedp.Do(browser); err != nil {
		return fail(fmt.Errorf("%s does not start: %w", program, err))
	}
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// findBrowser returns a program, or "".
func findBrowser() string {
	for _, name := range browsers {
		if file, err := exec.LookPath(name); err == nil {
			return file
		}
	}
	return ""
}

// serve builds the site and the reference server, and serves the one with the other.
func serve(dir string) (stop func(), err error) {
	root := filepath.Join(dir, "www")
	public = filepath.Join(root, "raw")
	server := filepath.Join(dir, "barewire")
	for _, args := range [][]string{
		{"go", "run", "../site", "-root", "../..", "-out", public},
		{"go", "build", "-o", server, "barewire/solutions/10-production-server/barewire"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	// The pages have a policy of their own; the server's would forbid WebAssembly.
	cmd := exec.Command(server, "-root", root, "-addr", "127.0.0.1:0", "-security-headers=false", "-access-log", "off")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // how it ends is step 10's business
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		stop()
		return nil, fmt.Errorf("the server says %q, and not where it listens: %v", line, err)
	}
	base = address + "/raw/"
	return stop, nil
}

// patience is how long a test may take. It is for a browser that hangs; a machine may be busy.
const patience = 10 * time.Minute
