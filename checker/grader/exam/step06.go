package exam

import (
	"fmt"
	"slices"
	"strings"

	"barewire/checker/grader/driver/step06"
)

func init() {
	steps[5] = []Check{
		{ID: "6.1/patterns", Title: "ParsePattern reads method, host and segments", Why: "a pattern looks like the beginning of a request line", run: checkPatterns},
		{ID: "6.1/refused", Title: "ParsePattern refuses what no request could match", Why: "a route that never matches is looked for for a long time", run: checkBadPatterns},
		{ID: "6.2/literals", Title: "paths of text match segment by segment, as they are", Why: "paths have case, and a query is no part of them (RFC 3986 §3.3)", run: checkLiterals},
		{ID: "6.2/many", Title: "finding a route does not take longer with more of them", Why: "ten thousand routes must not cost ten thousand comparisons", run: checkManyRoutes},
		{ID: "6.3/names", Title: "names and rests match what they should, the most specific route wins, and values are theirs",
			Why: "segment by segment from the left: text before {name} before {name...}, whatever the order of registration", run: checkNames},
		{ID: "6.4/encoded", Title: "each segment is decoded by itself, once", Why: "in /a%2Fb there is one segment (RFC 3986 §2.2)", run: checkEncoded},
		{ID: "6.5/conflicts", Title: "patterns for exactly the same requests conflict, and the panic names both calls", Why: "one of the two would never be called", run: checkConflicts},
		{ID: "6.6/methods", Title: "a route for the method is chosen, and 405, 501 and OPTIONS say what there is", Why: "RFC 9110 §9.1, §15.5.6", run: checkMethods},
		{ID: "6.6/targets", Title: "targets that are no path get their own answers", Why: "OPTIONS * is about the server, CONNECT about a proxy (RFC 9110 §9.3.6, §9.3.7)", run: checkTargets},
		{ID: "6.7/hosts", Title: "hosts are compared without case, port and a dot at the end, and come first", Why: "RFC 9110 §4.2.3", run: checkHosts},
		{ID: "6.8/redirects", Title: "a path with a better spelling is redirected, with its query, and never to another host", Why: "two spellings of one page are two pages to a cache (RFC 9110 §15.4.9)", run: checkRedirects},
		{ID: "6.9/middleware", Title: "middleware is around what it was given to, from the outside in", Why: "it is written in the order in which a request meets it", run: checkMiddleware},
		{ID: "6.9/groups", Title: "groups give their prefix and their middleware to their routes", Why: "a group in a group has both prefixes", run: checkGroups},
		{ID: "6.9/refused", Title: "mistakes panic where they are made", Why: "the line that matters is the one of the program", run: checkRouterMistakes},
		{ID: "6.9/first", Title: "many first requests at once are answered like any other", Why: "a server begins with whatever comes", run: checkFirstRequests},
		{ID: "6.10/mount", Title: "a mounted router's routes get a prefix, and its middleware is around them", Why: "the other router need not know where it is", run: checkMount},
		{ID: "6.10/refused", Title: "Mount panics for what cannot be mounted, and a mounted router takes no more routes", Why: "they would be found nowhere", run: checkMountMistakes},
	}
}

func checkPatterns(x *X) {
	var cases []Case[[]byte]
	add := func(class, pattern string) { cases = append(cases, Case[[]byte]{Class: class, Arg: []byte(pattern)}) }
	for range 150 {
		p := Pick(x.Rand, "", "", "GET ", "POST ", "* ", "VERSION-CONTROL ", x.String(upper, 4)+" ", "PATCH ") + Pick(x.Rand, "", "", "example.org", x.Case("example.ORG"), "[::1]", x.Word(), "a-b.example", "127.0.0.1")
		for i := range x.Between(1, 4) {
			p += "/" + Pick(x.Rand, "a", x.Word(), fmt.Sprintf("{n%d}", i), "caf%C3%A9", "café", "a%2Fb", "c++", ".well-known", "...", "a b", "%41", fmt.Sprintf("{é%d}", i), fmt.Sprintf("{_%d}", i), "a:b", "~", "a.", "..a", "$", "a$")
		}
		add("a pattern that is right", p+Pick(x.Rand, "", "", "/", "/{$}", "/{rest...}", "/{x9...}"))
	}
	add("the root", "/")
	add("the root alone", "/{$}")
	for range 100 {
		add("a pattern mutated", x.Mutate(Pick(x.Rand, "GET /a/{b}/c", "GET example.org/{a...}", "/{$}", "* [::1]/a%2Fb/")))
	}
	cases = slices.DeleteFunc(cases, func(c Case[[]byte]) bool { return !pinnedPattern(string(c.Arg)) })
	Compare(x, "router.ParsePattern", step06.ParsePattern, cases)
}

// pinnedPattern says whether it is pinned what a pattern that was mutated means: bytes
// that are no text are not.
func pinnedPattern(p string) bool {
	for _, r := range p {
		if r == 0xFFFD || r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

func checkBadPatterns(x *X) {
	var cases []Case[[]byte]
	for _, p := range []string{"", "GET ", "users", "G(ET /", " /a", "GET  /a", "get /a", "post /a", "patch /a", "GET/a", "POST/a", "CONNECT /a", "example.org:80/a", "example.org./a", "*.example.org/a", "exam{p}le/a", "*/a",
		"/a//b", "//", "/a/./b", "/a/../b", "/.", "/..", "/a/%2E%2e", "/a/.%2e/b", "/%2e", "/a?b", "/a#b", "/100%", "/%zz", "/%4", "/%00", "/{id", "/id}", "/v{n}", "/{name}.json", "/a{b}c", "/{}", "/{...}", "/{1st}", "/{user-id}", "/{a b}",
		"/{id}/{id}", "/{id}/{id...}", "/{path...}/edit", "/{path...}/", "/{$}/a", "/{$}/", "/{$...}", "/{a..}", "/{a.b}", "/{{a}}", "[::1/a", "[]/a", "[::1]:80/a", "a b/c"} {
		cases = append(cases, Case[[]byte]{Class: fmt.Sprintf("the pattern %q", p), Arg: []byte(p)})
	}
	for _, p := range []string{"/", "GET /", "/users", "GET /a", "example.org/a", "/a/b", "/100%25", "/0", "/{id}", "/{n}", "/{first}", "/{user_id}", "/{id}/{id2}", "/edit/{path...}", "/a/{$}", "[::1]/a", "GET example.org/a", "GE /a", "gett /a", "Get2 /a"} {
		cases = append(cases, Case[[]byte]{Class: fmt.Sprintf("the pattern %q", p), Arg: []byte(p)})
	}
	Compare(x, "router.ParsePattern", step06.ParsePattern, cases)
}

// routesCase is a router with some routes and requests to it, both as lines.
func routesCase(class string, routes, requests []string) Case[step06.Plan] {
	c := Case[step06.Plan]{Class: class, Arg: step06.Plan{Routers: 1}}
	for _, r := range routes {
		c.Arg.Ops = append(c.Arg.Ops, step06.Op{Do: "handle", Text: []byte(r)})
	}
	c.Arg.Requests = asks(requests...)
	return c
}

// asks makes requests of lines such as "GET /a example.org".
func asks(lines ...string) []step06.Request {
	var out []step06.Request
	for _, line := range lines {
		f := strings.SplitN(line, " ", 3)
		if len(f) < 3 {
			f = append(f, "h")
		}
		out = append(out, step06.Request{Method: []byte(f[0]), Target: []byte(f[1]), Host: []byte(f[2])})
	}
	return out
}

// Plans compares what routers do.
func (x *X) plans(cases []Case[step06.Plan]) {
	Compare(x, "router.Router", step06.Route, cases)
}

func checkLiterals(x *X) {
	var cases []Case[step06.Plan]
	words := []string{"a", "b", "A", x.Word(), x.Word(), "a.b", "c++", "~"}
	path := func() string {
		p := ""
		for range x.Between(1, 4) {
			p += "/" + Pick(x.Rand, words...)
		}
		return p
	}
	for range 60 {
		routes := map[string]bool{}
		for range x.Between(1, 12) {
			routes["GET "+path()] = true
		}
		all := x.shuffled(routes)
		requests := []string{"GET " + path(), "GET " + path() + "?a=b", "GET /", "GET " + path() + "/" + x.Word()}
		for _, r := range all {
			requests = append(requests, r, r+"?"+x.Word(), r+"/"+x.Word())
		}
		cases = append(cases, routesCase("routes of text", all, requests))
	}
	nilHandler := routesCase("a handler that is nil", []string{"GET /a"}, []string{"GET /a", "GET /b"})
	nilHandler.Arg.Ops = append(nilHandler.Arg.Ops, step06.Op{Do: "handle", Text: []byte("GET /b"), Nil: true})
	cases = append(cases, nilHandler, routesCase("a pattern that cannot be parsed", []string{"GET /a", "GET /{"}, []string{"GET /a"}))
	x.plans(cases)
}

// shuffled returns the keys of a set in an order that is drawn.
func (x *X) shuffled(set map[string]bool) []string {
	var all []string
	for r := range set {
		all = append(all, r)
	}
	slices.Sort(all)
	x.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func checkManyRoutes(x *X) {
	const n = 50_000
	var right int
	if x.Call("router.Many", n, &right); right != n {
		x.Failf("of %d routes, %d are found", n, right)
	}
}

func checkNames(x *X) {
	var cases []Case[step06.Plan]
	segment := func() string { return Pick(x.Rand, "a", "b", "c", "{a}", "{b}", "{c}") }
	for range 150 {
		routes := map[string]bool{}
		for range x.Between(1, 7) {
			p := ""
			for range x.IntN(3) {
				p += "/" + segment()
			}
			p += Pick(x.Rand, "/"+segment(), "/"+segment(), "/", "/{$}", "/{rest...}")
			routes["GET "+p] = true
		}
		var requests []string
		for range 12 {
			p := ""
			for range x.Between(1, 4) {
				p += "/" + Pick(x.Rand, "a", "b", "c", "d", "d e")
			}
			p = strings.ReplaceAll(p, " ", "%20")
			requests = append(requests, "GET "+p+Pick(x.Rand, "", "", "/"))
		}
		cases = append(cases, routesCase("routes with names and rests", x.shuffled(routes), append(requests, "GET /")))
	}
	x.plans(cases)
}

func checkEncoded(x *X) {
	var cases []Case[step06.Plan]
	segment := func() string {
		return Pick(x.Rand, "a", "%61", "a%2Fb", "a%2fb", "%2541", "%41", "A", "caf%C3%A9", "%25", "a%20b", "a+b", "%2B", "%7e", "~", "a%3Fb", "%E9", strings.Repeat("%61", 100), "%2e", "a%2e")
	}
	for range 80 {
		var requests []string
		for range 10 {
			requests = append(requests, "GET /"+segment()+"/"+segment(), "GET /v/"+segment(), "GET /r/"+segment()+"/"+segment())
		}
		routes := []string{"GET /a/{b}", "GET /{a}/a%2Fb", "GET /a%2Fb/{c}", "GET /café/{a}", "GET /v/{a}", "GET /r/{rest...}", "GET /%25/{c}", "GET /A/%2541", "GET /{a}/" + strings.Repeat("a", 100)}
		x.Shuffle(len(routes), func(i, j int) { routes[i], routes[j] = routes[j], routes[i] })
		cases = append(cases, routesCase("encoded segments", routes[:x.Between(5, len(routes))], requests))
	}
	long := x.String(lower, 500)
	cases = append(cases, routesCase("a long segment", []string{"GET /" + long, "GET /{a}/b"}, []string{"GET /" + long, fmt.Sprintf("GET /%%%x%s", long[0], long[1:]), fmt.Sprintf("GET /%%%x%s/b", long[0], long[1:])}))
	x.plans(cases)
}

func checkConflicts(x *X) {
	var cases []Case[step06.Plan]
	for _, pair := range [][2]string{
		{"GET /a", "GET /a"}, {"GET /users/{a}", "GET /users/{b}"}, {"GET /{a}/x/{b...}", "GET /{c}/x/{rest...}"}, {"GET /img/", "GET /img/{rest...}"}, {"GET /%61", "GET /a"}, {"* /a", "/a"},
		{"GET /{$}", "GET /{$}"}, {"example.org/", "EXAMPLE.org/"}, {"/caf%C3%A9", "/café"},
		{"GET /a", "POST /a"}, {"GET /a", "/a"}, {"GET /a/{b}", "GET /{b}/a"}, {"GET /a", "GET /a/"}, {"GET /a/", "GET /a/{$}"}, {"GET /a", "GET /A"}, {"GET /{a}", "GET /{rest...}"}, {"example.org/a", "/a"}, {"GET /a%2Fb", "GET /a/b"},
		{"HEAD /a", "GET /a"}, {"a.example/", "b.example/"},
	} {
		for _, swap := range []bool{false, true} {
			if swap {
				pair[0], pair[1] = pair[1], pair[0]
			}
			cases = append(cases, routesCase(fmt.Sprintf("%q and %q", pair[0], pair[1]), []string{"GET /first/" + x.Word(), pair[0], pair[1]}, []string{"GET /a", "GET /a/b", "POST /a", "GET /a example.org"}))
		}
	}
	x.plans(cases)
}

func checkMethods(x *X) {
	var cases []Case[step06.Plan]
	unknown := "X" + x.String(upper, 5)
	for range 100 {
		routes := map[string]bool{}
		for range x.Between(1, 6) {
			routes[Pick(x.Rand, "GET ", "POST ", "HEAD ", "DELETE ", "", "PUT ", "OPTIONS ", "PURGE ", "PATCH ")+Pick(x.Rand, "/a", "/{a}", "/{rest...}", "/b/c", "/a/")] = true
		}
		var requests []string
		for _, m := range append([]string{unknown, "PURGE", "get"}, methods...) {
			if m != "CONNECT" {
				requests = append(requests, m+" "+Pick(x.Rand, "/a", "/b", "/b/c", "/x/y/z"), m+" /a")
			}
		}
		c := routesCase("routes with several methods", x.shuffled(routes), append(requests, "OPTIONS *"))
		if x.Chance(30) {
			c.Arg.Ops = append(c.Arg.Ops, step06.Op{Do: "not found"}, step06.Op{Do: "not allowed"})
		}
		cases = append(cases, c)
	}
	for range 10 {
		one := []string{"GET /a", "/a", "POST /a", "HEAD /a"}
		x.Shuffle(len(one), func(i, j int) { one[i], one[j] = one[j], one[i] })
		one = slices.DeleteFunc(one, func(r string) bool { return r == "HEAD /a" && x.Chance(70) })
		cases = append(cases, routesCase("routes for one path", one, []string{"HEAD /a", "GET /a", "POST /a", "PUT /a", "OPTIONS /a"}))
	}
	x.plans(cases)
}

func checkTargets(x *X) {
	var cases []Case[step06.Plan]
	for range 15 {
		routes := []string{Pick(x.Rand, "GET /a", "POST /b", "/c"), Pick(x.Rand, "PURGE /p", "DELETE /d", "GET /"), "PUT /" + x.Word()}
		c := routesCase("targets that are no path", routes, []string{"OPTIONS *", "CONNECT a:443", "OPTIONS http://h", "GET http://h/a", "GET http://h"})
		for _, raw := range []string{"", "a", "xa", "*", "a/b", "?"} {
			c.Arg.Requests = append(c.Arg.Requests, step06.Request{Method: []byte("GET"), Target: []byte(raw), Host: []byte("h"), Raw: true})
		}
		cases = append(cases, c)
	}
	x.plans(cases)
}

func checkHosts(x *X) {
	var cases []Case[step06.Plan]
	hosts := []string{"example.org", "a.example", "[::1]", "127.0.0.1", x.Word() + ".example"}
	for range 60 {
		routes := map[string]bool{}
		for range x.Between(2, 7) {
			routes["GET "+Pick(x.Rand, append(hosts, "", "")...)+Pick(x.Rand, "/a", "/{a}", "/", "/{$}", "/b")] = true
		}
		var requests []string
		for _, h := range append(hosts, "other.example") {
			requests = append(requests, "GET "+Pick(x.Rand, "/a", "/b", "/c/d")+" "+x.Case(h)+Pick(x.Rand, "", ":80", ":8080"), "GET /a "+h, "POST /a "+h)
			if !strings.ContainsAny(h, "[") {
				requests = append(requests, "GET /b "+h+"."+Pick(x.Rand, "", ":80"))
			}
		}
		cases = append(cases, routesCase("routes with hosts", x.shuffled(routes), requests))
	}
	x.plans(cases)
}

func checkRedirects(x *X) {
	var cases []Case[step06.Plan]
	for range 150 {
		routes := map[string]bool{}
		for range x.Between(1, 6) {
			routes[Pick(x.Rand, "GET ", "GET ", "POST ", "")+Pick(x.Rand, "/a", "/a/", "/a/b", "/a/b/", "/{a}", "/{a}/", "/", "/{$}", "/a/{rest...}", "/b/{$}", "/a/{b}/c", "/example.org/x", "/a%5Cb")] = true
		}
		var requests []string
		for range 15 {
			p := Pick(x.Rand, "", "", "", "/", "/.", "/..")
			for range x.Between(1, 3) {
				p += "/" + Pick(x.Rand, "a", "b", "c", "a", "", ".", "..", "%2e", "%2E%2e", ".%2E", "%61", "a%5Cb", "example.org", "x")
			}
			requests = append(requests, Pick(x.Rand, "GET ", "GET ", "POST ", "HEAD ")+p+Pick(x.Rand, "", "", "/", "//", "/.", "/..")+Pick(x.Rand, "", "", "?", "?a=b&c", "?/../x"))
		}
		c := routesCase("paths in several spellings", x.shuffled(routes), requests)
		c.Arg.Requests = append(c.Arg.Requests, step06.Request{Method: []byte("GET"), Target: []byte(Pick(x.Rand, "//example.org/x", "/a/..//example.org/x")), Host: []byte("h"), Raw: true})
		cases = append(cases, c)
	}
	x.plans(cases)
}

// tags draws names of middleware.
func (x *X) tags(most int) []string {
	var out []string
	for range x.IntN(most + 1) {
		out = append(out, x.Word())
	}
	return out
}

func rop(do string, on int, text string, tags []string) step06.Op {
	return step06.Op{Do: do, On: on, Text: []byte(text), Tags: tags}
}

func checkMiddleware(x *X) {
	var cases []Case[step06.Plan]
	for range 40 {
		c := Case[step06.Plan]{Class: "middleware of a router and of routes", Arg: step06.Plan{Routers: 1}}
		for range x.IntN(3) {
			c.Arg.Ops = append(c.Arg.Ops, rop("use", 0, "", x.tags(3)))
		}
		for _, r := range []string{"GET /a", "GET /b", "POST /c/"} {
			c.Arg.Ops = append(c.Arg.Ops, rop("handle", 0, r, x.tags(3)))
		}
		c.Arg.Requests = asks("GET /a", "GET /b", "GET /none", "PUT /a", "POST /c", "OPTIONS /a", "GET /a", "GET /b", "HEAD /b", "POST /c/d")
		cases = append(cases, c)
	}
	x.plans(cases)
}

func checkGroups(x *X) {
	var cases []Case[step06.Plan]
	for range 60 {
		c := Case[step06.Plan]{Class: "groups in groups", Arg: step06.Plan{Routers: 1}}
		add := func(op step06.Op) { c.Arg.Ops = append(c.Arg.Ops, op) }
		group := func(on, number int, prefix string) {
			op := rop("group", on, prefix, x.tags(2))
			op.Group = number
			add(op)
		}
		add(rop("use", 0, "", x.tags(2)))
		group(0, 10, Pick(x.Rand, "/v1", "api.example", "api.example/v1", "", "/users/{a}"))
		group(10, 11, Pick(x.Rand, "/x", "/{b}", "/x/y", ""))
		add(rop("use", 10, "", x.tags(2)))
		add(rop("use", 11, "", x.tags(2)))
		group(0, 12, "/other")
		for _, on := range []int{11, 10, 0, 12} {
			add(rop("handle", on, Pick(x.Rand, "GET", "", "POST"), x.tags(2)))
			add(rop("handle", on, Pick(x.Rand, "GET /", "/t", "GET /{c}", "GET /{$}", "DELETE /z/{rest...}"), x.tags(1)))
		}
		for _, p := range []string{"/v1", "/v1/", "/v1/x", "/v1/x/t", "/v1/x/", "/v1/q/t", "/users/7", "/users/7/x/t", "/x", "/x/y", "/x/y/t", "/other", "/other/t", "/t", "/z/1/2", "/v1/z/1", "/", "/none/none/none"} {
			host := Pick(x.Rand, "h", "api.example")
			c.Arg.Requests = append(c.Arg.Requests, asks(Pick(x.Rand, "GET ", "POST ", "DELETE ")+p+" "+host, "GET "+p+" h")...)
		}
		cases = append(cases, c)
	}
	x.plans(cases)
}

func checkRouterMistakes(x *X) {
	var cases []Case[step06.Plan]
	add := func(class string, ops ...step06.Op) {
		cases = append(cases, Case[step06.Plan]{Class: class, Arg: step06.Plan{Routers: 2, Ops: ops, Requests: asks("GET /a", "GET /b")}})
	}
	nothing := func(op step06.Op) step06.Op { op.Nil = true; return op }
	group := func(prefix string) step06.Op { op := rop("group", 0, prefix, nil); op.Group = 10; return op }
	a := rop("handle", 0, "GET /a", nil)
	add("Use after a route", a, rop("use", 0, "", []string{"late"}))
	add("Use of a router after a route of its group", group("/g"), rop("handle", 10, "GET /a", nil), rop("use", 0, "", []string{"late"}))
	add("Use of a group after a route of a group in it", group("/g"), step06.Op{Do: "group", On: 10, Text: []byte("/h"), Group: 11}, rop("handle", 11, "GET /a", nil), rop("use", 10, "", []string{"late"}))
	add("Use of a group after a route of another one", group("/g"), step06.Op{Do: "group", Text: []byte("/h"), Group: 11}, rop("handle", 11, "GET /a", nil), rop("use", 10, "", []string{"fine"}), rop("handle", 10, "GET /b", nil))
	add("a route after the first request", a, rop("request", 0, "", nil), rop("handle", 0, "GET /b", nil))
	add("Use after the first request", rop("request", 0, "", nil), rop("use", 0, "", []string{"late"}))
	add("a group's route after the first request", group("/g"), a, rop("request", 0, "", nil), rop("handle", 10, "GET /b", nil))
	add("a handler that is nil", a, nothing(rop("handle", 0, "GET /b", nil)))
	add("middleware that is nil", nothing(rop("use", 0, "", nil)), a)
	add("middleware of a group that is nil", nothing(group("/g")), a)
	for _, prefix := range []string{"/g/", "g/", "/", "/{a...}", "/{$}", "/a//b", "GET /g", "/a/..", "{a}", "a:80", "/a?b", "/g", "", "example.org", "example.org/g", "/{a}", "/a/{b}/c"} {
		add(fmt.Sprintf("a group with the prefix %q", prefix), group(prefix), rop("handle", 10, "GET /b", nil))
	}
	add("a host in a group with a host", group("a.example/g"), rop("handle", 10, "GET b.example/x", nil))
	add("the same host in a group with a host", group("a.example"), rop("handle", 10, "GET a.example/x", nil))
	add("a name that the group has", group("/{a}"), rop("handle", 10, "GET /{a}", nil))
	add("a pattern that is none", a, rop("handle", 0, "GET /{", nil))
	CompareOr(x, "router.Router", step06.Route, cases, func(c Case[step06.Plan], want, got step06.Routed) bool {
		for _, r := range []*step06.Routed{&want, &got} {
			for i, p := range r.Panics {
				if c.Arg.Ops[p.Op].Do == "use" {
					r.Panics[i].Both = false // that two routes are in conflict needs both lines; that Use is late, one
				}
			}
		}
		return same(want, got)
	})
}

func checkFirstRequests(x *X) {
	var cases []Case[step06.Plan]
	for range 12 {
		c := Case[step06.Plan]{Class: "many first requests at once", Arg: step06.Plan{Routers: 1, AtOnce: true}}
		c.Arg.Ops = []step06.Op{rop("use", 0, "", []string{"slow" + x.Word()}), rop("handle", 0, "GET /a", []string{"slow" + x.Word()}), rop("handle", 0, "GET /{b}", x.tags(1))}
		for range 16 {
			c.Arg.Requests = append(c.Arg.Requests, asks("GET /a", "GET /b", "GET /c/d", "PUT /a")...)
		}
		cases = append(cases, c)
	}
	x.plans(cases)
}

// shop is what mounts: router 1 with routes, groups and middleware.
func (x *X) shop() []step06.Op {
	g := rop("group", 1, "/cart", x.tags(2))
	g.Group = 20
	return []step06.Op{rop("use", 1, "", x.tags(2)), rop("handle", 1, "GET /{$}", x.tags(1)), rop("handle", 1, "GET /items/{a}", x.tags(2)), g, rop("handle", 20, "POST", nil)}
}

func mount(on int, prefix string, router int, tags []string) step06.Op {
	op := rop("mount", on, prefix, tags)
	op.Router = router
	return op
}

func checkMount(x *X) {
	var cases []Case[step06.Plan]
	for i := range 40 {
		c := Case[step06.Plan]{Class: "a router that is mounted", Arg: step06.Plan{Routers: 3}}
		c.Arg.Ops = append(x.shop(), rop("use", 0, "", x.tags(2)))
		g := rop("group", 0, "/g", x.tags(2))
		g.Group = 10
		c.Arg.Ops = append(c.Arg.Ops, g, mount(Pick(x.Rand, 0, 10), Pick(x.Rand, "/shop", "", "shop.example", "/of/{b}", "/shop/x"), 1, x.tags(2)), rop("handle", 0, "DELETE /shop/items/{b}", nil), rop("handle", 0, "GET /shop/items/new", x.tags(1)))
		switch i % 4 {
		case 1: // in two places
			c.Arg.Ops = append(c.Arg.Ops, mount(0, "/again", 1, x.tags(1)))
		case 2: // in another one, which is mounted too
			c.Arg.Ops = append(c.Arg.Ops, rop("use", 2, "", x.tags(1)), mount(2, "/inner", 1, x.tags(1)), mount(0, "/mall", 2, x.tags(1)))
		case 3: // by itself
			c.Arg.On = 1
		}
		for _, p := range []string{"", "/shop", "/shop/x", "/of/ada", "/g", "/g/shop", "/again", "/mall/inner", "/g/of/ada"} {
			for _, r := range []string{"/", "/items/7", "/items/new", "/cart", "/none"} {
				c.Arg.Requests = append(c.Arg.Requests, asks("GET "+p+r+" "+Pick(x.Rand, "h", "shop.example"), "POST "+p+r)...)
			}
			if p != "" {
				c.Arg.Requests = append(c.Arg.Requests, asks("GET "+p, "PUT "+p+"/items/7")...)
			}
		}
		cases = append(cases, c)
	}
	x.plans(cases)
}

func checkMountMistakes(x *X) {
	var cases []Case[step06.Plan]
	add := func(class string, ops ...step06.Op) {
		cases = append(cases, Case[step06.Plan]{Class: class, Arg: step06.Plan{Routers: 3, Ops: append(x.shop(), ops...), Requests: asks("GET /shop/", "GET /shop/items/7", "GET /late")}})
	}
	nothing := func(op step06.Op) step06.Op { op.Nil = true; return op }
	m := mount(0, "/shop", 1, nil)
	own := rop("group", 0, "/g", nil)
	own.Group = 10
	add("a route after it was mounted", m, rop("handle", 1, "GET /late", nil))
	add("a route of its group after it was mounted", m, rop("handle", 20, "GET /late", nil))
	add("middleware after it was mounted", m, rop("use", 1, "", []string{"late"}))
	add("another router in it after it was mounted", m, mount(1, "/more", 2, nil))
	add("no router at all", nothing(m))
	add("a router in itself", mount(0, "/again", 0, nil))
	add("a router in its own group", own, mount(10, "/again", 0, nil))
	add("a conflict with a route of the other router", rop("handle", 0, "GET /shop/items/{b}", nil), m)
	add("the same place twice", m, m)
	add("two places", m, mount(0, "/again", 1, nil))
	add("a router with a NotFound", step06.Op{Do: "not found", On: 1}, m)
	add("a router with a MethodNotAllowed", step06.Op{Do: "not allowed", On: 1}, m)
	add("a NotFound of the outer router", step06.Op{Do: "not found"}, m)
	add("a prefix with a slash at its end", mount(0, "/shop/", 1, nil))
	add("a route before it is mounted", rop("handle", 1, "GET /late", nil), m)
	x.plans(cases)
}
