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

// What ParsePattern accepts can be written down from its parts, and is the same
// pattern then: nothing was lost, and nothing has two readings.
func FuzzTask1_ParsePattern(f *testing.F) {
	for _, seed := range []string{
		"/", "GET /a/{b}/{c...}", "* a.example/{$}", "/a%2Fb", "/caf%C3%A9/{$}",
		"", "GET", "GET /{", "/%", "a:80/", "/{x...}/", "/{$}/a", "//", "/..", "\x00/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := router.ParsePattern("GET /{$}"); err != nil || describe(p) != `method "GET", host "", end` {
			t.Fatalf("GET /{$}: %s, %v", describe(p), err)
		}
		p, err := router.ParsePattern(s)
		if err != nil {
			return
		}
		again, err := router.ParsePattern(written(p))
		if err != nil || describe(again) != describe(p) {
			t.Errorf("%q is %s; written as %q, it is %s, %v", s, describe(p), written(p), describe(again), err)
		}
		for i, seg := range p.Segments {
			if i < len(p.Segments)-1 && (seg.Kind == router.Rest || seg.Kind == router.End) {
				t.Errorf("%q: segment %d of %s can only be the last", s, i, describe(p))
			}
		}
		if len(p.Segments) == 0 {
			t.Errorf("%q has no segments", s)
		}
	})
}

// written writes a pattern down, with every byte of its literals encoded.
func written(p router.Pattern) string {
	var b strings.Builder
	if p.Method != "" {
		b.WriteString(p.Method + " ")
	}
	b.WriteString(p.Host)
	for _, s := range p.Segments {
		b.WriteByte('/')
		switch {
		case s.Kind == router.Single:
			b.WriteString("{" + s.Text + "}")
		case s.Kind == router.Rest && s.Text != "":
			b.WriteString("{" + s.Text + "...}")
		case s.Kind == router.End:
			b.WriteString("{$}")
		case s.Kind == router.Literal:
			for i := range len(s.Text) {
				fmt.Fprintf(&b, "%%%02X", s.Text[i])
			}
		}
	}
	return b.String()
}

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

// randomRoutes makes a router and the opinion on it, from patterns over few names,
// so that most of them overlap.
func randomRoutes(t testing.TB, rng *rand.Rand) (*router.Router, opinion, []string) {
	r := new(router.Router)
	var o opinion
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
		if there[shape] {
			continue
		}
		there[shape] = true
		r.HandleFunc(text, says(written(p)))
		o, texts = append(o, p), append(texts, text)
	}
	return r, o, texts
}

// agree asks both, follows a redirect, and reports where they differ.
func agree(t *testing.T, seed uint64, method, path string) {
	t.Helper()
	r, o, texts := randomRoutes(t, rand.New(rand.NewPCG(seed, 6)))
	for hops := 0; ; hops++ {
		want, got := o.answer("h", method, path), asked(r, targeted(method, path))
		got, _, _ = strings.Cut(got, " x") // without path values
		if want != got {
			testkit.Report{Sent: method + " " + path, Mark: len(method) + 1, Note: "with the routes " + strings.Join(texts, ", "), Want: want, Got: got,
				Why: "a list of the routes, tried one by one with the rules of Router, gives another answer than the tree"}.Fatal(t)
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
	for range 20000 {
		var b strings.Builder
		for range 1 + rng.IntN(5) {
			b.WriteString("/" + parts[rng.IntN(len(parts))])
		}
		agree(t, rng.Uint64N(500), []string{"GET", "PUT", "BREW"}[rng.IntN(3)], b.String())
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
		agree(t, seed%500, []string{"GET", "PUT", "BREW"}[method%3], string(path))
	})
}
