package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chapter is a page that has everything: tabs, code, runs, tasks, questions.
const chapter = "01-tcp-echo/"

// TestPages opens every page, wide and narrow. What no page may do is in page_test.go;
// besides, none may be wider than the window, and what one touches is large enough.
func TestPages(t *testing.T) {
	b := open(t)
	for _, place := range pages(t) {
		for _, width := range []int64{1280, 390} {
			b.size(width, 900, width < 500)
			b.visit(place)
			if title := eval[string](b, "document.querySelector('main h1').textContent"); title == "" {
				t.Errorf("%q has no title", place)
			}
			if wide := eval[float64](b, "document.scrollingElement.scrollWidth"); wide > float64(width) {
				t.Errorf("%q is %v wide in a window of %d: %s", place, wide, width, eval[string](b, widest))
			}
			if small := eval[string](b, smallest); small != "" {
				t.Errorf("%q, %d wide: smaller than 24 by 24: %s", place, width, small)
			}
			if moved := eval[float64](b, shifts); moved > 0.01 {
				t.Errorf("%q, %d wide: things have moved after they were seen: %v", place, width, moved)
			}
		}
	}
}

const (
	// widest finds what sticks out of the window.
	widest = `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 &&
		!e.parentElement.closest("pre, .table, .drawing, .hidden")).map((e) => e.outerHTML.slice(0, 120)).slice(0, 3).join("\n")`

	// smallest finds targets that are too small. A link in a sentence may be as high as the sentence.
	smallest = `[...document.querySelectorAll("button, summary, nav a, input, select, textarea, .place a")].filter((e) => {
		const r = e.getBoundingClientRect();
		return e.checkVisibility({ visibilityProperty: true }) && r.width && (r.height < 24 || r.width < 24) && !e.closest("label");
	}).map((e) => e.outerHTML.slice(0, 120)).slice(0, 3).join("\n")`

	// shifts is how much of the page has moved without anybody's doing.
	shifts = `new Promise((done) => {
		let sum = 0;
		new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.hadRecentInput ? 0 : e.value; }).observe({ type: "layout-shift", buffered: true });
		setTimeout(() => done(sum), 50);
	})`
)

// TestSearch finds a field, goes there by keyboard, and says so when nothing is found.
func TestSearch(t *testing.T) {
	b := open(t)
	b.visit(chapter)
	b.do(chromedp.KeyEvent("k", chromedp.KeyModifiers(2))) // Ctrl
	b.until("document.querySelector('#search').open")
	b.do(chromedp.KeyEvent("half-close"))
	b.until("document.querySelectorAll('#found [role=option]').length > 0")
	first := eval[string](b, "document.querySelector('#found [aria-selected=true]').textContent")
	if eval[int](b, "document.querySelectorAll('#found mark').length") == 0 {
		t.Errorf("nothing is marked in %q", first)
	}
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	if second := eval[string](b, "document.querySelector('#found [aria-selected=true]').textContent"); second == first {
		t.Error("the arrow down chooses nothing else")
	}
	b.do(chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Enter))
	b.until("location.hash === '#12-half-close'")
	b.until("!document.querySelector('#search').open")

	b.do(chromedp.Click(chromedp.CSS("button.search")))
	b.until("document.querySelector('#search').open")
	b.do(chromedp.KeyEvent("xyzzy"))
	b.until("document.querySelector('#search .status').textContent === 'Nothing found'")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until("!document.querySelector('#search').open")
}

// TestTheme follows the system until the button is pressed, and remembers then.
func TestTheme(t *testing.T) {
	b := open(t)
	colour := "getComputedStyle(document.body).backgroundColor"
	b.dark(false)
	b.visit(chapter)
	light := eval[string](b, colour)
	b.dark(true)
	dark := eval[string](b, colour)
	if light == dark {
		t.Fatalf("the system's preference changes nothing: %s", light)
	}
	b.do(chromedp.Click(chromedp.CSS(".theme")))
	if now := eval[string](b, colour); now != light {
		t.Errorf("the button makes it %s, want %s", now, light)
	}
	b.visit("bench/")
	if now := eval[string](b, colour); now != light {
		t.Errorf("the next page is %s, want %s", now, light)
	}
	eval[any](b, "localStorage.clear()")
}

// TestTabs chooses a tab by keyboard, and finds it chosen on another page.
func TestTabs(t *testing.T) {
	b := open(t)
	b.visit(chapter)
	chosen := "document.querySelector('.tabs [aria-selected=true]').textContent"
	if now := eval[string](b, chosen); now != "nc" {
		t.Errorf("at first %q is chosen", now)
	}
	b.do(chromedp.Focus(chromedp.CSS(".tabs [role=tab]")), chromedp.KeyEvent(kb.ArrowRight))
	if now := eval[string](b, chosen); now != "curl" {
		t.Errorf("the arrow right chooses %q", now)
	}
	if n := eval[int](b, "[...document.querySelector('.tabs').querySelectorAll('[role=tabpanel]')].filter((e) => e.checkVisibility()).length"); n != 1 {
		t.Errorf("%d tabs are shown", n)
	}
	b.visit("02-request-line/")
	if now := eval[string](b, chosen); now != "curl" {
		t.Errorf("on the next page %q is chosen", now)
	}
	eval[any](b, "localStorage.clear()")
}

// TestHints opens hints one after another.
func TestHints(t *testing.T) {
	b := open(t)
	b.visit(chapter)
	shown := "[...document.querySelector('.task').querySelectorAll('.hint')].filter((e) => e.checkVisibility()).length"
	for want := 1; want <= 3; want++ {
		if n := eval[int](b, shown); n != want {
			t.Errorf("%d hints can be opened, want %d", n, want)
		}
		eval[any](b, fmt.Sprintf("document.querySelectorAll('.task .hint summary')[%d].click()", want-1))
	}
	if n := eval[int](b, "document.querySelectorAll('.task .tests li').length"); n == 0 {
		t.Error("no test is told in words")
	}
}

// TestCopy copies code as it is, and of a run its command.
func TestCopy(t *testing.T) {
	b := open(t)
	b.visit(chapter)
	eval[any](b, "window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); }")
	eval[any](b, "document.querySelector('.terminal .copy').click(); document.querySelector('.source .copy').click()")
	b.until("copied.length === 2")
	if text := eval[string](b, "copied[0]"); text != "printf 'hello' | nc -N 127.0.0.1 8080" {
		t.Errorf("of the run, %q is copied", text)
	}
	if same := eval[bool](b, "copied[1] === document.querySelector('.source code').textContent && copied[1].includes('func ')"); !same {
		t.Error("the code that is copied is not the code")
	}
	b.until("document.querySelector('.terminal .copy').textContent === 'Copied'")
}

// TestTicks ticks a task, and finds it ticked and counted later.
func TestTicks(t *testing.T) {
	b := open(t)
	b.visit(chapter)
	b.do(chromedp.Click(chromedp.CSS(".task .tick input")))
	b.visit("02-request-line/")
	if n := eval[string](b, "document.querySelector('.menu [data-step=\"1\"]').dataset.done"); n != "1/6" {
		t.Errorf("the menu counts %q", n)
	}
	b.visit(chapter)
	if !eval[bool](b, "document.querySelector('.task .tick input').checked") {
		t.Error("the tick is gone")
	}
	eval[any](b, "localStorage.clear()")
}

// TestMenu opens the menu of a phone, which covers the screen.
func TestMenu(t *testing.T) {
	b := open(t)
	b.size(390, 800, true)
	b.visit(chapter)
	if eval[bool](b, "document.querySelector('.menu').checkVisibility()") {
		t.Error("the menu is open")
	}
	b.do(chromedp.Click(chromedp.CSS(".open-menu")))
	b.until("document.querySelector('.menu').matches(':popover-open')")
	covers := "(() => { const r = document.querySelector('.menu').getBoundingClientRect(); return r.left <= 0 && r.top <= 0 && r.width >= innerWidth && r.height >= innerHeight })()"
	if !eval[bool](b, covers) {
		t.Error("the menu does not cover the screen")
	}
	b.do(chromedp.Click(chromedp.CSS(".close-menu")))
	b.until("!document.querySelector('.menu').checkVisibility()")
}

// TestWithoutScripts reads a page where no script runs: everything but search and the
// lab is there.
func TestWithoutScripts(t *testing.T) {
	b := open(t)
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.visit(chapter)
	for _, row := range []struct{ what, expression string }{
		{"all tabs are shown", "[...document.querySelectorAll('[role=tabpanel]')].every((e) => e.checkVisibility())"},
		{"no button is shown that does nothing", "[...document.querySelectorAll('.search, .theme, [role=tab]')].every((e) => !e.checkVisibility({ visibilityProperty: true }))"},
		{"hints can be opened", "document.querySelectorAll('.task details.hint').length > 3"},
		{"the menu is there", "document.querySelectorAll('.menu a').length > 10"},
	} {
		if !eval[bool](b, row.expression) {
			t.Errorf("not so: %s", row.what)
		}
	}
	b.size(390, 800, true)
	b.visit(chapter)
	x := eval[[]float64](b, "(() => { const r = document.querySelector('.open-menu').getBoundingClientRect(); return [r.x + 5, r.y + 5] })()")
	b.do(chromedp.MouseClickXY(x[0], x[1]))
	if !eval[bool](b, "document.querySelector('.menu').matches(':popover-open')") {
		t.Error("the menu does not open without scripts")
	}
}
