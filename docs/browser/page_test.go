package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab is one in the browser. At the test's end it must not have complained: no message
// in the console, no violation of the policy, no failed request, and none to another host.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// open opens a tab of the size of a laptop, or skips the test where there is no browser.
func open(t *testing.T) *tab {
	t.Helper()
	if browser == nil {
		t.Skip("not run: a browser for the docs: apt-get install chromium")
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, patience)
	t.Cleanup(end)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	b.size(1280, 900, false)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Error(c)
		}
	})
	return b
}

// listen notes what no page may do.
func (b *tab) listen(event any) {
	complaint := ""
	switch e := event.(type) {
	case *cdpruntime.EventConsoleAPICalled:
		complaint = fmt.Sprintf("console.%s: %s", e.Type, argument(e.Args))
	case *cdpruntime.EventExceptionThrown:
		complaint = "exception: " + fmt.Sprint(e.ExceptionDetails.Text, " ", argument([]*cdpruntime.RemoteObject{e.ExceptionDetails.Exception}))
	case *log.EventEntryAdded:
		complaint = fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL)
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, base) && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "about:") {
			complaint = "a request to " + url
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			complaint = fmt.Sprintf("%d for %s", e.Response.Status, e.Response.URL)
		}
	}
	if complaint != "" {
		b.mu.Lock()
		b.complaints = append(b.complaints, complaint)
		b.mu.Unlock()
	}
}

func argument(args []*cdpruntime.RemoteObject) string {
	var all []string
	for _, a := range args {
		all = append(all, string(a.Value)+a.Description)
	}
	return strings.Join(all, " ")
}

// do does something, or ends the test.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// visit goes to a page of the site.
func (b *tab) visit(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(base + address))
}

// size makes the window as large as a laptop's or a phone's.
func (b *tab) size(width, height int64, phone bool) {
	b.t.Helper()
	var options []chromedp.EmulateViewportOption
	if phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(chromedp.EmulateViewport(width, height, options...))
}

// dark lets the system prefer dark colours, or light ones.
func (b *tab) dark(dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// eval returns what an expression of JavaScript gives.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits until an expression is true.
func (b *tab) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))); err != nil {
		b.t.Fatalf("never true: %s: %v", expression, err)
	}
}

// quote writes a string as JavaScript does.
func quote(s string) string {
	text, _ := json.Marshal(s) // a string can be written
	return string(text)
}

// pages are the addresses of all pages but those of source files.
func pages(t *testing.T) (all []string) {
	t.Helper()
	if public == "" {
		return []string{""}
	}
	err := filepath.WalkDir(public, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(public, file) // it is below it
		if d.IsDir() && name == "source" {
			return filepath.SkipDir
		}
		if d.Name() == "index.html" {
			all = append(all, strings.TrimSuffix(filepath.ToSlash(name), "index.html"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
