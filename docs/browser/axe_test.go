package browser

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// axeFile is what npm ci puts there; package-lock.json says which version it is, and its digest.
const axeFile = "node_modules/axe-core/axe.min.js"

// TestAxe looks at every page for what would keep people out who do not see it, or do
// not use a mouse. In the dark and on a phone one page of each kind is enough.
func TestAxe(t *testing.T) {
	b := open(t)
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		t.Skip("not run: axe-core: apt-get install npm, then npm ci --prefix docs/browser")
	}
	b.dark(false)
	for _, place := range pages(t) {
		if strings.HasSuffix(place, "/wrong/") && !strings.HasPrefix(place, chapter) {
			continue // they are long, and all alike
		}
		b.look(string(axe), place, "main", "light")
	}
	kinds := []string{"", chapter, "manual/", "wire-lab/"}
	b.dark(true)
	for _, place := range kinds {
		b.look(string(axe), place, "html", "dark")
	}
	b.size(390, 800, true)
	b.dark(false)
	for _, place := range kinds {
		b.look(string(axe), place, "html", "light, on a phone")
	}
}

// look lets axe look at a part of a page. In one chapter everything is unfolded; what is
// folded in the others is of the same kinds, and a lot.
func (b *tab) look(axe, place, part, how string) {
	b.t.Helper()
	b.visit(place)
	if place == chapter {
		eval[any](b, "for (const d of document.querySelectorAll('details')) d.open = true")
	}
	b.axe(axe, place, part, how)
}

// axe lets axe look at a part of what is shown.
func (b *tab) axe(axe, place, part, how string) {
	b.t.Helper()
	eval[any](b, axe+"; 0")
	raw := eval[string](b, `axe.run(`+quote(part)+`, { resultTypes: ["violations"] }).then((r) => JSON.stringify(r.violations.map((v) => ({
		id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")), n: v.nodes.length }))))`)
	var found []struct {
		ID, Impact, Help string
		Nodes            []string
		N                int
	}
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.t.Errorf("%q, %s: %s: %s, %d times:\n%s", place, how, v.ID, v.Help, v.N, v.Nodes)
		}
	}
}
