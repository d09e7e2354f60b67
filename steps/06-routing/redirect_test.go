package router_test

import (
	"strings"
	"testing"

	"barewire/checker/testkit"
)

func TestTask8_NormalForm(t *testing.T) {
	const (
		dots    = "two spellings of one path: a cache, a filter in front and this router must not disagree about which it is (RFC 3986 §6.2.2.3)"
		slashes = "an empty segment is nearly always a mistake in a link"
	)
	run(t, []row{
		{"a dot segment", dots, []string{"GET /a/b"}, "GET /a/./b", "308, Location: /a/b"},
		{"two dots", dots, []string{"GET /b"}, "GET /a/../b", "308, Location: /b"},
		{"encoded dots", dots, []string{"GET /b"}, "GET /a/%2e%2E/b", "308, Location: /b"},
		{"one dot of two is encoded", dots, []string{"GET /b"}, "GET /a/.%2e/b", "308, Location: /b"},
		{"dots at the end leave their slash", dots, []string{"GET /a/{$}"}, "GET /a/b/..", "308, Location: /a/"},
		{"dots above the root", "no path leads out of the root", []string{"GET /etc"}, "GET /../../etc", "308, Location: /etc"},
		{"a doubled slash", slashes, []string{"GET /a/b"}, "GET /a//b", "308, Location: /a/b"},
		{"many slashes", slashes, []string{"GET /a/b/{$}"}, "GET ///a////b//", "308, Location: /a/b/"},
		{"a doubled slash is not a segment that a name matches", slashes, []string{"GET /a/{x}/b", "GET /a/b"}, "GET /a//b", "308, Location: /a/b"},
		{"a doubled slash within a rest", "what a handler does with a rest should not depend on it either", []string{"GET /f/{path...}"}, "GET /f/a//b", "308, Location: /f/a/b"},
		{"the query is kept", "it is part of what was asked for", []string{"GET /a/b"}, "GET /a//b?x=//y&z=..", "308, Location: /a/b?x=//y&z=.."},
		{"an empty query is kept", "/a? and /a are two targets", []string{"GET /a/b"}, "GET /a//b?", "308, Location: /a/b?"},
		{"other encodings stay as they are", "%2F must not become a separator on the way", []string{"GET /a/{x}"}, "GET /a//b%2Fc", "308, Location: /a/b%2Fc"},
		{"a POST stays a POST", "308 keeps method and content, 301 lets a client make a GET of it (RFC 9110 §15.4.9)", []string{"POST /a/b"}, "POST /a//b", "308, Location: /a/b"},
		{"a route for any method", "it is redirected like the others", []string{"/a/b"}, "PUT /a//b", "308, Location: /a/b"},
		{"nothing is there in normal form either", "a redirect to a 404 is a round trip for nothing", []string{"GET /a/b"}, "GET /a//c", "404"},
		{"it is there for another method", "the client should know at once", []string{"GET /a/b"}, "POST /a//b", "405, Allow: GET, HEAD, OPTIONS"},
		{"names with dots are no dot segments", "only . and .. are", []string{"GET /.git/..."}, "GET /.git/...", "200 GET /.git/..."},
		{"an encoded letter alone is no reason", "it matches as it is", []string{"GET /a"}, "GET /%61", "200 GET /a"},
		{"a dot and letters are no encoded dot", "x2e is text: only behind a percent sign does 2e stand for a dot. A redirect to the same path never ends", []string{"GET /.x2e/{y}"}, "GET /.x2e/b", "200 GET /.x2e/{y} y=b"},
		{"an encoded byte that is nearly a dot", "%3E is no dot, and neither is %2D: a redirect to the same path never ends", []string{"GET /{x}/{y}"}, "GET /%3E/%2D", "200 GET /{x}/{y} x=> y=-"},
		{"a dot behind an encoded letter", "what is found out about one segment holds for the others too", []string{"GET /a/b.c"}, "GET /%61/b.c", "200 GET /a/b.c"},
		{"normal form and slash in one step", "one redirect is better than two", []string{"GET /a/b/"}, "GET /a//b", "308, Location: /a/b/"},
	})
}

func TestTask8_Slash(t *testing.T) {
	run(t, []row{
		{"the slash is missing", "somebody left it out, and there is only one thing that they can mean",
			[]string{"GET /img/"}, "GET /img", "308, Location: /img/"},
		{"one slash too much", "the same the other way round",
			[]string{"GET /users/{id}"}, "GET /users/7/", "308, Location: /users/7"},
		{"both are there", "then they are two resources",
			[]string{"GET /img/", "GET /img"}, "GET /img", "200 GET /img"},
		{"a missing slash before an end", "/img/{$} is /img/",
			[]string{"GET /img/{$}"}, "GET /img?a=b", "308, Location: /img/?a=b"},
		{"a rest further up gives way", "everybody who has / and /img/ means /img/ by /img; net/http does the same",
			[]string{"GET /", "GET /img/"}, "GET /img", "308, Location: /img/"},
		{"a name does not give way", "/{page} is for one segment, and that is what came",
			[]string{"GET /{page}", "GET /img/"}, "GET /img", "200 GET /{page} page=img"},
		{"a rest that begins here does not give way", "/a/ is for all that is below it, /a is another resource",
			[]string{"GET /a/{path...}", "GET /a"}, "GET /a/", "200 GET /a/{path...} path="},
		{"a rest does not give way to what comes after it", "the rest below /a is more specific than anything below /{x}",
			[]string{"GET /a/{path...}", "GET /{x}/b/{$}"}, "GET /a/b", "200 GET /a/{path...} path=b"},
		{"for another method only", "the client would be sent to a 405",
			[]string{"POST /img/"}, "GET /img", "404"},
		{"a route for another method is no reason to stay", "this method has a route, one slash away",
			[]string{"POST /img", "GET /img/{$}"}, "GET /img", "308, Location: /img/"},
		{"HEAD as GET", "HEAD is answered as GET is",
			[]string{"GET /img/"}, "HEAD /img", "308, Location: /img/"},
		{"of a host", "the tree of the host is asked first",
			[]string{"a.example/img/", "/"}, "GET /img a.example", "308, Location: /img/"},
		{"with encoded bytes", "the path is sent back as it came",
			[]string{"GET /{x}/"}, "GET /%C3%A9%2F", "308, Location: /%C3%A9%2F/"},
	})
}

func TestTask8_Site(t *testing.T) {
	const why = "a Location that starts with // or /\\ is on another host: whoever can make a user click on a link to your site sends them to theirs, with your name on it"
	run(t, []row{
		{"slashes before a host", why, []string{"GET /{x...}"}, "GET //evil.example/", "308, Location: /evil.example/"},
		{"slashes before a host, and a slash that is missing", why, []string{"GET /{x}/"}, "GET //evil.example", "308, Location: /evil.example/"},
		{"slashes before a host, and one too much", why, []string{"GET /{x}"}, "GET //evil.example/", "308, Location: /evil.example"},
		{"dots that leave two slashes", why, []string{"GET /{x...}"}, "GET /a/..//evil.example/", "308, Location: /evil.example/"},
		{"encoded dots that leave two slashes", why, []string{"GET /{x...}"}, "GET /%2e//evil.example/", "308, Location: /evil.example/"},
		{"an absolute-form", why, []string{"GET /{x...}"}, "GET http://h//evil.example/%2e%2e/", "308, Location: /"},
		{"an encoded slash stays encoded", why, []string{"GET /{x}/"}, "GET /%2Fevil.example", "308, Location: /%2Fevil.example/"},
		{"an encoded backslash stays encoded", why, []string{"GET /{x}/"}, "GET /%5Cevil.example", "308, Location: /%5Cevil.example/"},
	})
	for name, path := range map[string]string{
		"a raw backslash":                 `/\evil.example`,
		"a raw backslash before dots":     `/\/evil.example/..`,
		"a raw backslash behind dots":     `/a/../\evil.example`,
		"raw backslashes behind a slash":  `//\\evil.example`,
		"a raw backslash, slash missing":  `/\evil.example/x/..`,
		"as many slashes as it got bytes": `/\//x///`,
	} {
		t.Run(name, func(t *testing.T) {
			got := asked(build(t, "GET /{x...}", "GET /{x}/"), targeted("GET", path))
			location, ok := strings.CutPrefix(got, "308, Location: ")
			if !ok || strings.Contains(location, `\`) || !strings.Contains(location, "%5C") || strings.HasPrefix(location, "//") || !strings.HasPrefix(location, "/") {
				testkit.Report{Sent: path, Want: "308, with a Location that has %5C for each backslash", Got: got,
					Why: "step 2 refuses such a target, but a middleware may rewrite paths, and " + why}.Error(t)
			}
		})
	}
}
