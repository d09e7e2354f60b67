// This file has the random tests. Its name puts them behind those that ask for one thing
// each.

package router_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	router "barewire/steps/06-routing"
)

// An opinion is the rules of Router in the order in which its comment has them, over
// a list: slow, and hard to get wrong.
type opinion []router.Pattern

// answer says what should come for a GET, PUT or BREW of a path.
func (o opinion) answer(host, method, path string) string {
	normal, err := reqline.AppendNormalized(nil, []byte(path))
	if err != nil {
		return "400"
	}
	clean := string(normal)
	for strings.Contains(clean, "//") {
		clean = strings.ReplaceAll(clean, "//", "/")
	}
	asSent := spelling(clean) == spelling(path)
	if asSent {
		clean = path
	}
	best := o.best(host, method, clean)
	flipped := clean + "/"
	if strings.HasSuffix(clean, "/") {
		flipped = clean[:len(clean)-1]
	}
	other := o.best(host, method, flipped)
	switch {
	case other != nil && (best == nil || kinds(*best)[len(best.Segments)-1] == router.Rest && before(*other, *best) < 0):
		return "308, Location: " + flipped
	case best != nil && !asSent:
		return "308, Location: " + clean
	case best != nil:
		return "200 " + written(*best)
	}
	var allow []string
	for _, p := range o {
		if (p.Host == "" || p.Host == host) && matches(p.Segments, clean) {
			allow = append(allow, p.Method)
		}
	}
	switch {
	case len(allow) == 0:
		return "404"
	case method == "BREW" && !slices.ContainsFunc(o, func(p router.Pattern) bool { return p.Method == method || p.Method == "" }):
		return "501"
	}
	if slices.Contains(allow, "GET") {
		allow = append(allow, "HEAD")
	}
	allow = append(allow, "OPTIONS")
	slices.Sort(allow)
	return "405, Allow: " + strings.Join(slices.Compact(allow), ", ")
}

// spelling is a path cut into segments and decoded: two clean paths with the same
// spelling match alike.
func spelling(path string) string {
	var b strings.Builder
	for s := range strings.SplitSeq(path, "/") {
		decoded, _ := reqline.AppendDecoded(nil, []byte(s))
		fmt.Fprintf(&b, "%q/", decoded)
	}
	return b.String()
}

func (o opinion) best(host, method, path string) *router.Pattern {
	var best *router.Pattern
	for i, p := range o {
		if p.Host != "" && p.Host != host || p.Method != "" && p.Method != method || !matches(p.Segments, path) {
			continue
		}
		if best == nil || before(p, *best) < 0 || before(p, *best) == 0 && p.Method != "" {
			best = &o[i]
		}
	}
	return best
}

// matches says whether segments match a path.
func matches(segs []router.Segment, path string) bool {
	path, ok := strings.CutPrefix(path, "/")
	for i, s := range segs {
		switch {
		case !ok:
			return false
		case s.Kind == router.Rest:
			return true
		case s.Kind == router.End:
			return path == ""
		}
		var part string
		part, path, ok = strings.Cut(path, "/")
		decoded, _ := reqline.AppendDecoded(nil, []byte(part))
		if part == "" || s.Kind == router.Literal && string(decoded) != s.Text {
			return false
		}
		if i == len(segs)-1 {
			return !ok
		}
	}
	return false
}

// before compares by host and by segments: below zero if p goes before q.
func before(p, q router.Pattern) int {
	if p.Host != q.Host && (p.Host == "" || q.Host == "") {
		return strings.Compare(q.Host, p.Host)
	}
	rank := map[router.Kind]int{router.Literal: 1, router.Single: 2, router.End: 3, router.Rest: 4}
	a, b := kinds(p), kinds(q)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return rank[a[i]] - rank[b[i]]
		}
	}
	return 0
}

func kinds(p router.Pattern) []router.Kind {
	var all []router.Kind
	for _, s := range p.Segments {
		all = append(all, s.Kind)
	}
	return all
}

// randomRoutes are patterns over few names, so that most of them overlap, and no two of
// them are for the same requests.
func randomRoutes(t testing.TB, rng *rand.Rand) []string {
	var texts []string
	there := map[string]bool{}
	for range 1 + rng.IntN(12) {
		var b strings.Builder
		b.WriteString([]string{"", "GET ", "GET ", "PUT "}[rng.IntN(4)])
		b.WriteString([]string{"", "", "", "h", "other"}[rng.IntN(5)])
		for i := range 1 + rng.IntN(4) {
			b.WriteString([]string{"/a", "/b", "/%2F", fmt.Sprintf("/{x%d}", i)}[rng.IntN(4)])
		}
		b.WriteString([]string{"", "", "/", "/{$}"}[rng.IntN(4)])
		text := b.String()
		p, err := router.ParsePattern(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		shape := fmt.Sprint(p.Method, "|", p.Host)
		for _, s := range p.Segments {
			if s.Kind == router.Literal {
				shape += "/" + s.Text
			} else {
				shape += fmt.Sprint("/", s.Kind)
			}
		}
		if !there[shape] {
			there[shape] = true
			texts = append(texts, text)
		}
	}
	return texts
}

// opinions returns what asks the rules and a router with these routes.
func opinions(texts []string) func(method, path string) (want, got string) {
	r := new(router.Router)
	var o opinion
	for _, text := range texts {
		p, _ := router.ParsePattern(text)
		o = append(o, p)
		if said := panics(func() { r.HandleFunc(text, says(written(p))) }); said != "" {
			return func(_, _ string) (want, got string) { return "no panic", fmt.Sprintf("a panic for %s: %s", text, said) }
		}
	}
	return func(method, path string) (want, got string) {
		got, _, _ = strings.Cut(asked(r, targeted(method, path)), " x") // without path values
		return o.answer("h", method, path), got
	}
}

// smallest leaves out routes and segments of the path, as long as the opinions still
// differ without them.
func smallest(texts []string, method, path string) ([]string, string) {
	differ := func(texts []string, path string) bool {
		want, got := opinions(texts)(method, path)
		return want != got
	}
	for shrunk := true; shrunk; {
		shrunk = false
		for i := range texts {
			if fewer := slices.Delete(slices.Clone(texts), i, i+1); differ(fewer, path) {
				texts, shrunk = fewer, true
				break
			}
		}
		parts := strings.Split(path[1:], "/")
		for i := range parts {
			if fewer := "/" + strings.Join(slices.Delete(slices.Clone(parts), i, i+1), "/"); fewer != path && differ(texts, fewer) {
				path, shrunk = fewer, true
				break
			}
		}
	}
	return texts, path
}

// agree asks both, follows a redirect, and reports where they differ.
func agree(t *testing.T, texts []string, ask func(method, path string) (want, got string), method, path string) {
	t.Helper()
	for hops := 0; ; hops++ {
		want, got := ask(method, path)
		if want != got {
			texts, path = smallest(texts, method, path)
			want, got = opinions(texts)(method, path)
			routes := "with the routes " + strings.Join(texts, ", ")
			switch len(texts) {
			case 0:
				routes = "without any route"
			case 1:
				routes = "with the route " + texts[0]
			}
			testkit.Report{Sent: method + " " + path, Mark: len(method) + 1, Note: routes, Want: want, Got: got,
				Why: "a list of the routes, tried one by one with the rules in Router's comment, gives another answer. This is the smallest case that was found; if another test of step 6 is red, mend that first"}.Fatal(t)
		}
		location, ok := strings.CutPrefix(got, "308, Location: ")
		if !ok {
			return
		}
		if hops > 0 || strings.HasPrefix(location, "//") {
			testkit.Report{Sent: method + " " + path, Want: "one redirect, to a path", Got: "another one, to " + location, Why: "a redirect leads to a route"}.Fatal(t)
		}
		path = location
	}
}

func TestTask8_SecondOpinion(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	parts := []string{"a", "b", "c", "%61", "%2F", "%2f", "", "", ".", "..", "%2e", "a%2Fb"}
	for seed := range uint64(500) {
		texts := randomRoutes(t, rand.New(rand.NewPCG(seed, 6)))
		ask := opinions(texts) // it takes longer to build than to ask
		for range 40 {
			var b strings.Builder
			for range 1 + rng.IntN(5) {
				b.WriteString("/" + parts[rng.IntN(len(parts))])
			}
			agree(t, texts, ask, []string{"GET", "PUT", "BREW"}[rng.IntN(3)], b.String())
		}
	}
}

// For any path, the tree answers as a list does that is tried one by one, and no
// redirect is followed by another.
func FuzzTask8_SecondOpinion(f *testing.F) {
	for i, seed := range []string{"/", "/a", "/a/b", "//a", "/a/../b", "/%2F/%61/", "/a/b/a/b", "/%2e%2e//x"} {
		f.Add(uint64(i), byte(i), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, method byte, path []byte) {
		if len(path) == 0 || path[0] != '/' || bytes.ContainsAny(path, "\\?# ") {
			return
		}
		var target reqline.Target
		if target.Parse("GET", path) != nil {
			return
		}
		texts := randomRoutes(t, rand.New(rand.NewPCG(seed%500, 6)))
		agree(t, texts, opinions(texts), []string{"GET", "PUT", "BREW"}[method%3], string(path))
	})
}
