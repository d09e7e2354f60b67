package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	collection "barewire/checker/conformance/cases"
	"barewire/docs/lab/cases"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// shown is true once the lab has shown something.
const shown = `Boolean(document.getElementById("lab").dataset.shown)`

// lab opens the wire lab with what stands behind the # of a link, and waits for it.
func lab(t *testing.T, fragment string) *tab {
	t.Helper()
	b := open(t)
	b.visit("wire-lab/" + fragment)
	b.until(shown)
	return b
}

// text returns what an element of the lab says.
func (b *tab) text(id string) string {
	b.t.Helper()
	return eval[string](b, `document.getElementById("`+id+`").textContent`)
}

// says complains if an element of the lab does not say that.
func (b *tab) says(id, want string) {
	b.t.Helper()
	if got := b.text(id); !strings.Contains(got, want) {
		b.t.Errorf("#%s says %q, want %q", id, got, want)
	}
}

// write replaces what the client sends.
func (b *tab) write(text string) {
	b.t.Helper()
	b.act(`{const t = document.getElementById("lab-text"); t.value = ` + quote(text) + `; t.dispatchEvent(new Event("input"))}`)
}

// act does something after which the lab shows something else, and waits for it.
func (b *tab) act(js string) {
	b.t.Helper()
	before := eval[string](b, `document.getElementById("lab").dataset.shown`)
	eval[any](b, js)
	b.until(`document.getElementById("lab").dataset.shown !== ` + quote(before))
}

// TestLab_still loads the lab, wide and narrow: what is seen of the page while the program
// comes stays where it is.
func TestLab_still(t *testing.T) {
	b := open(t)
	for _, width := range []int64{1280, 390} {
		b.size(width, 900, width < 500)
		b.visit("") // so that the program is loaded anew
		b.visit("wire-lab/")
		b.until(shown)
		if moved := eval[float64](b, shifts); moved > 0.01 {
			t.Errorf("%d wide: things have moved after they were seen: %v", width, moved)
		}
	}
}

// TestLab_cases opens cases of the conformance collection by link.
func TestLab_cases(t *testing.T) {
	tests := []struct{ id, verdict, answer string }{
		{"chunked/two-chunks", "1 whole request. The connection stays open", "HTTP/1.1 200 OK"},
		{"host/two-host-fields", "more than one Host field (RFC 9112 §3.2). The answer is 400", "HTTP/1.1 400 Bad Request"},
		{"chunked/no-chunk-but-the-last", "2 whole requests", "HTTP/1.1 200 OK"},
		{"chunked/chunks-that-arrive-byte-by-byte", "whole request", "HTTP/1.1 200 OK"},
		{"chunked/0x-before-the-size", "The answer is 400", "HTTP/1.1 400 Bad Request"},
		{"chunked/a-comma-behind-the-size", "Refused at byte", "HTTP/1.1 400 Bad Request"},
		{"method/trace", "1 whole request", "HTTP/1.1 501 Not Implemented"},
		{"target/connect-to-a-host-and-a-port", "1 whole request", "HTTP/1.1 501 Not Implemented"},
		{"target/an-https-uri-without-tls", "1 whole request", "HTTP/1.1 421"},
		{"content-length/with-trace", "2 whole requests", "HTTP/1.1 501 Not Implemented"},
		{"persistence/an-empty-line-behind-the-last-request", "1 whole request, then the beginning of another", "HTTP/1.1 200 OK"},
		{"semantics/connect-is-refused", "1 whole request", "HTTP/1.1 501 Not Implemented"},
	}
	b := lab(t, "")
	for _, test := range tests {
		b.act(`location.hash = ` + quote("case="+test.id))
		b.says("lab-verdict", test.verdict)
		b.says("lab-events", test.answer)
		if got := b.text("lab-judged"); !strings.Contains(got, ", which is allowed") {
			t.Errorf("%s: %s", test.id, got)
		}
	}
}

// TestLab_unjudged opens a case that asks for a file, and the list, which says how many do.
func TestLab_unjudged(t *testing.T) {
	all, err := collection.Load()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c collection.Case) bool { return c.NeedsFile })
	files := 0
	for _, c := range all {
		if c.NeedsFile {
			files++
		}
	}
	number := func(n int) string {
		if n < 1000 {
			return strconv.Itoa(n)
		}
		return strconv.Itoa(n/1000) + "," + fmt.Sprintf("%03d", n%1000)
	}
	want := number(files) + " cases of " + number(len(all))
	b := lab(t, "#case="+cases.ID(all[i].Group, all[i].Name))
	b.until(`document.getElementById("lab-judged").textContent !== ""`)
	b.says("lab-judged", want)
	eval[any](b, `document.getElementById("lab-pick").click()`)
	b.until(`document.getElementById("lab-found").textContent !== ""`)
	b.says("lab-found", want)
}

// TestLab_parts looks at what the bytes of one message are said to be.
func TestLab_parts(t *testing.T) {
	b := lab(t, "")
	b.write(`POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`)
	got := eval[string](b, `[...document.querySelectorAll("#lab-legend li")].map((l) => l.textContent).join(", ")`)
	if want := "method, space, path, query, version, field name, colon, optional whitespace, field value, line end, end of the head, content"; got != want {
		t.Errorf("the parts are %s, want %s", got, want)
	}
	if n := eval[int](b, `document.querySelectorAll("#lab-grid [role=option]").length`); n != 52 {
		t.Errorf("%d bytes, want 52", n)
	}
	b.write(`GET / HTTP/1.1\r\nHost : a\r\n\r\n`)
	b.says("lab-detail", "whitespace before the colon")
	b.says("lab-detail", "0x20")
	b.says("lab-verdict", "Refused at byte 20: whitespace before the colon (RFC 9112 §5.1). The answer is 400")
	b.write(`GET / HTTP/1.0\r\n\r\nGET`)
	b.says("lab-verdict", "1 whole request. The connection ends: the request is HTTP/1.0 and does not ask for more (RFC 9112 §9.3).")
	b.write(`\q`)
	b.says("lab-wrong", "backslash that stands for nothing")
}

// TestLab_link shows the same again from the address of the page alone.
func TestLab_link(t *testing.T) {
	const text = "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 3\\r\\n\n\\r\\n\n...\n\\x00\\xff\n...\na\nEOF\n"
	b := lab(t, "")
	b.write(text)
	b.do(chromedp.Focus(chromedp.CSS("#lab-grid")), chromedp.KeyEvent(kb.PageDown))
	at, verdict, events := b.text("lab-detail"), b.text("lab-verdict"), b.text("lab-events")
	link := eval[string](b, "location.hash")
	if !strings.Contains(link, "&half") || !strings.Contains(link, "&at=") {
		t.Errorf("the link is %s, want one with the cursor and the end of the client", link)
	}
	c := lab(t, link)
	if got := eval[string](c, `document.getElementById("lab-text").value`); got != text {
		t.Errorf("%s opens\n%s\nwant\n%s", link, got, text)
	}
	date := func(s string) string { before, _, _ := strings.Cut(s, "Date:"); return before }
	if c.text("lab-detail") != at || c.text("lab-verdict") != verdict || date(c.text("lab-events")) != date(events) {
		t.Errorf("%s shows another thing: %s | %s", link, c.text("lab-detail"), c.text("lab-verdict"))
	}
	if again := eval[string](c, "location.hash"); again != link {
		t.Errorf("%s becomes %s", link, again)
	}
	// What is too long is written as text.
	c.write(`GET / HTTP/1.1\r\nX: {a*100000}`)
	d := lab(t, eval[string](c, "location.hash"))
	d.says("lab-verdict", "Refused")
	d.says("lab-size", "100,019 bytes")
}

// TestLab_keyboard goes from byte to byte without a mouse.
func TestLab_keyboard(t *testing.T) {
	b := lab(t, "#bytes=R0VUIC8gSFRUUC8xLjENCkhvc3QgOiBhDQoNCg")
	press := func(keys ...string) {
		for _, k := range keys {
			b.do(chromedp.KeyEvent(k))
		}
	}
	at := func() string {
		return eval[string](b, `document.getElementById("lab-grid").getAttribute("aria-activedescendant").split("-").pop()`)
	}
	b.do(chromedp.Focus(chromedp.CSS("#lab-grid")))
	for _, test := range []struct{ key, at, said string }{
		{kb.Home, "16", "Byte 16, capital H: field name, RFC 9112 §5.1"},
		{kb.ArrowUp, "0", "method"},
		{kb.ArrowRight, "1", "the head is not complete"},
		{kb.PageDown, "3", "space"},
		{kb.PageDown, "4", "path"},
		{kb.PageUp, "3", "space"},
		{kb.End, "15", "LF: line end"},
		{kb.ArrowDown, "25", "not read"},
		{kb.Home, "16", "field name"},
		{kb.ArrowLeft, "15", "line end"},
	} {
		press(test.key)
		if got := at(); got != test.at {
			t.Errorf("%q leads to byte %s, want %s", test.key, got, test.at)
		}
		b.says("lab-live", test.said)
	}
	eval[any](b, `document.querySelector(".lab-jump").click()`)
	b.says("lab-live", "whitespace before the colon, RFC 9112 §5.1, answer 400")
	press(kb.Enter)
	b.until(`document.activeElement.closest("#lab-code") !== null`)
	b.says("lab-code", "solutions/03-headers-bodies/field.go")
	if line := eval[string](b, `document.querySelector(".lab-here").textContent`); !strings.Contains(line, "whitespace before the colon") {
		t.Errorf("the line that decides is %s", line)
	}
	// The whole file is a page of the site, and has that line.
	if line := eval[string](b, `(async () => {
		const to = new URL(document.querySelector("#lab-code a").href), page = await fetch(to);
		return new DOMParser().parseFromString(await page.text(), "text/html").getElementById(to.hash.slice(1)).textContent;
	})()`); !strings.Contains(line, "whitespace before the colon") {
		t.Errorf("the link leads to %s", line)
	}
	// The picker, from the keyboard alone.
	b.do(chromedp.Focus(chromedp.CSS("#lab-pick")))
	press(kb.Enter)
	b.until(`document.querySelectorAll("#lab-cases [role=option]").length > 20`)
	b.do(chromedp.KeyEvent("three chunks"), chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent(kb.Escape)) // the first one empties the field
	b.do(chromedp.Focus(chromedp.CSS("#lab-pick")))
	press(kb.Enter)
	b.do(chromedp.KeyEvent("two Host fields"))
	press(kb.ArrowDown, kb.ArrowUp, kb.Enter)
	b.until(`location.hash.startsWith("#case=host/")`)
	// The driver sends a key and its character apart: the second Enter opens the dialog again.
	eval[any](b, `document.getElementById("lab-dialog").close()`)
	// Enter ends a line on the wire.
	b.do(chromedp.Focus(chromedp.CSS("#lab-text")))
	eval[any](b, `document.getElementById("lab-text").select()`)
	b.do(chromedp.KeyEvent("GET / HTTP/1.1"), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent("Host: a"), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	if got := eval[string](b, `document.getElementById("lab-text").value`); got != "GET / HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\n" {
		t.Errorf("typed: %q", got)
	}
	b.until(`document.getElementById("lab-verdict").textContent.startsWith("1 whole request")`)
	// The tabs.
	b.do(chromedp.Focus(chromedp.CSS("#lab-tab-take")))
	press(kb.ArrowRight)
	b.until(`!document.getElementById("lab-readings").hidden && document.activeElement.id === "lab-tab-readings"`)
}

// TestLab_readings smuggles a request.
func TestLab_readings(t *testing.T) {
	b := lab(t, "")
	b.act(`document.getElementById("lab-tab-readings").click()`)
	for _, name := range []string{"CL.TE", "TE.CL", "TE.TE", "CL.0", "Bare LF", "Space before the colon"} {
		b.act(`[...document.querySelectorAll("#lab-famous button")].find((b) => b.textContent === ` + quote(name) + `).click()`)
		b.says("lab-difference", "Smuggled: The reader")
		b.says("lab-difference", "GET /admin HTTP/1.1")
	}
	b.says("lab-strict", "The reference refuses this at byte 40: whitespace before the colon (RFC 9112 §5.1)")
	link := eval[string](b, "location.hash")
	if !strings.Contains(link, "view=readings&left=colon&right=lax") {
		t.Errorf("the link is %s", link)
	}
	// The same mistakes on both sides: they agree.
	b.act(`document.querySelector("#lab-left input[data-bit='8']").click()`)
	b.says("lab-difference", "Both readers agree")
	c := lab(t, link)
	c.says("lab-difference", "Smuggled")
}

// TestLab_phone has a narrow screen.
func TestLab_phone(t *testing.T) {
	for _, fragment := range []string{"#case=host/two-host-fields", "#bytes=R0VUIC8gSFRUUC8xLjENCkhvc3Q6IGENCg0K&view=readings&left=strict&right=lf"} {
		b := open(t)
		b.size(390, 844, true)
		b.visit("wire-lab/" + fragment)
		b.until(shown)
		if n := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
			t.Errorf("%s: the page is %d pixels wider than the screen", fragment, n)
		}
		small := eval[string](b, `[...document.querySelectorAll("#lab-app button, #lab-app select, #lab-app summary, #lab-app input")].filter((e) => {
			const r = e.getBoundingClientRect();
			return r.width > 0 && (r.height < 24 || r.width < 24) && e.type !== "checkbox" && !e.classList.contains("lab-jump");
		}).map((e) => e.outerHTML).join("\n")`)
		if small != "" {
			t.Errorf("%s: too small for a finger:\n%s", fragment, small)
		}
	}
}

// TestLab_noScript says what is missing.
func TestLab_noScript(t *testing.T) {
	b := open(t)
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.visit("wire-lab/")
	if got := eval[string](b, `document.querySelector("#main").innerText`); !strings.Contains(got, "It needs scripts and WebAssembly") {
		t.Errorf("without scripts the page says %q", got)
	}
}

// TestLab_broken has programs that do not load, end, or never come back.
func TestLab_broken(t *testing.T) {
	tests := []struct{ name, worker, says string }{
		{"no program", `postMessage({ failed: "no WebAssembly" });`, "could not be loaded"},
		{"a program that ends", `importScripts("whole.js"); addEventListener("message", () => postMessage({ ended: "panic: no" }));`, "panicked"},
		{"a parser that loops", `addEventListener("message", () => { for (;;); }); importScripts("whole.js");`, "five seconds"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t)
			dir := filepath.Join(public, "broken-"+strconv.Itoa(i))
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(public, "wire-lab"))); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			if err := os.Rename(filepath.Join(dir, "worker.js"), filepath.Join(dir, "whole.js")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "worker.js"), []byte(test.worker), 0o666); err != nil {
				t.Fatal(err)
			}
			b.visit("broken-" + strconv.Itoa(i) + "/")
			b.until(`!document.getElementById("lab-broken").hidden`)
			b.says("lab-broken", test.says)
			b.says("lab-broken", "Start it again")
			if i > 0 {
				eval[any](b, `document.querySelector("#lab-broken button").click()`)
				b.until(`document.getElementById("lab-broken").textContent.includes("runs again")`)
			}
		})
	}
}

// TestLab_axe looks at the lab in all its states.
func TestLab_axe(t *testing.T) {
	axe, err := os.ReadFile(axeFile)
	if browser != nil && err != nil {
		t.Skip("not run: axe-core: apt-get install npm, then npm ci --prefix docs/browser")
	}
	for _, dark := range []bool{false, true} {
		for _, state := range []struct{ fragment, js string }{
			{"#case=host/two-host-fields", `document.querySelector("#lab-detail button").click()`},
			{"#case=chunked/two-chunks&at=60", `document.getElementById("lab-pick").click()`},
			{"#bytes=R0VUIC8gSFRUUC8xLjENCkhvc3QgOiBhDQoNCg.R0VU", `document.querySelector(".lab-help").open = true`},
			{"#bytes=R0VUIC8gSFRUUC8xLjENCkhvc3Q6IGENCg0K&view=readings&left=strict&right=lf", `document.querySelector("#lab-right details").open = true`},
		} {
			b := open(t)
			b.dark(dark)
			b.visit("wire-lab/" + state.fragment)
			b.until(shown)
			eval[any](b, state.js+"; new Promise((r) => setTimeout(r, 500))")
			how := "light"
			if dark {
				how = "dark"
			}
			b.axe(string(axe), state.fragment, "html", how)
		}
	}
}
