package static_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"barewire/checker/testkit"
	static "barewire/steps/09-static-files"
)

func TestTask5_Page(t *testing.T) {
	for _, test := range []struct {
		name   string
		title  string
		names  []string
		has    string // what the page has
		hasNot string // what it has not
		why    string
	}{
		{"each name has a link", "/", []string{"a.txt", "b.txt"}, `<a href="./b.txt">b.txt</a>`, "", "that is what a list is for"},
		{"a directory's link ends with a slash", "/", []string{"dir/"}, `<a href="./dir/">dir/</a>`, "%2F", "without it, each click would cost a redirect"},
		{"a name is escaped as text", "/", []string{"<script>alert(1)<"}, `&lt;script&gt;alert(1)&lt;`, "<script>", "whoever may name a file could run a script in the readers' browsers"},
		{"an ampersand", "/", []string{"a&lt;b"}, `>a&amp;lt;b<`, `>a&lt;b<`, "it begins an escape in HTML"},
		{"a quote ends no attribute", "/", []string{`a" onclick="x`}, `href="./a%22%20onclick%3D%22x"`, `" onclick="`, "an attribute ends with its quote"},
		{"a percent sign in a link", "/", []string{"100%41.txt"}, `href="./100%2541.txt"`, `href="./100%41.txt"`, "a link is decoded when it is asked for"},
		{"a question mark in a link", "/", []string{"what?.txt"}, `href="./what%3F.txt"`, "", "it would begin the query"},
		{"a hash in a link", "/", []string{"a#b"}, `href="./a%23b"`, "", "it would begin the fragment"},
		{"a name that looks like a scheme", "/", []string{"javascript:alert(1)"}, `href="./javascript%3Aalert%281%29"`, `href="javascript`, "a link is never a scheme (RFC 3986 §4.2)"},
		{"a name with other letters", "/", []string{"é.txt"}, `<a href="./%C3%A9.txt">é.txt</a>`, "", "bytes outside ASCII are percent-encoded in a link (RFC 3986 §2)"},
		{"the title is escaped", "/<b>/", nil, "<title>/&lt;b&gt;/</title>", "<b>", "the title comes from the path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := string(static.AppendListing([]byte("before "), test.title, test.names))
			if !strings.HasPrefix(page, "before ") {
				testkit.Report{Doing: "AppendListing is called, and \"before \" is in dst", Want: "what was in dst before it", Got: testkit.Excerpt(page), Why: "AppendListing appends"}.Error(t)
			}
			if !strings.Contains(page, test.has) || test.hasNot != "" && strings.Contains(page, test.hasNot) {
				want := "a page with " + test.has
				if test.hasNot != "" {
					want += " and without " + test.hasNot
				}
				testkit.Report{Doing: fmt.Sprintf("AppendListing of %s is called with the names %q, behind \"before \"", test.title, test.names), Want: want, Got: page, Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask5_Listing(t *testing.T) {
	s := serve(t, map[string]string{
		"dir/b.txt": "b", "dir/a.txt": "a", "dir/sub/c.txt": "c", "dir/.env": "x", "indexed/index.html": "<p>index", "indexed/z.txt": "z",
	})
	if runtime.GOOS != "windows" { // which has no file of that name
		write(t, filepath.Join(s.dir, "dir", "CON.d"), "x")
	}
	listed := func(f *static.Files) { f.Listing = true }
	s.run(t, []row{
		{name: "a list is a page", why: "it is HTML, and says so", with: listed,
			send: get("/dir/"), want: []string{"200", "Content-Type: text/html; charset=utf-8"}},
		{name: "an index goes before a list", why: "a list is for a directory without an index", with: listed,
			send: get("/indexed/"), want: []string{"200", `content "<p>index"`}},
		{name: "no list unless it is wanted", why: "Listing is off by default", send: get("/dir/"), want: []string{"404"}},
		{name: "redirected before it is listed", why: "the links are relative", with: listed, send: get("/dir"), want: []string{"301"}},
		{name: "HEAD of a list", why: "the same fields as for GET (RFC 9110 §9.3.2)", with: listed,
			send: request("HEAD", "/dir/"), want: []string{"200", "Content-Type: text/html; charset=utf-8", `content ""`}},
	})
	list := func(t *testing.T, path string) (page string, links string) {
		f := *s.Files
		f.Listing = true
		page = ask(t, &f, get(path)).content
		var found []string
		for part := range strings.SplitSeq(page, `href="`) {
			link, _, _ := strings.Cut(part, `"`)
			if strings.HasPrefix(link, "./") {
				found = append(found, link)
			}
		}
		return page, strings.Join(found, " ")
	}
	t.Run("in order, and without what is not served", func(t *testing.T) {
		page, got := list(t, "/dir/")
		if want := "./a.txt ./b.txt ./sub/"; got != want {
			testkit.Report{Sent: get("/dir/"), Want: "links " + want, Got: "links " + got + "\n" + page,
				Why: "the disk has no order; .env is hidden, and Name refuses CON.d"}.Error(t)
		}
	})
	t.Run("links that lead out are not in it", func(t *testing.T) {
		s.link(t, filepath.Join("..", "secret"), "out.txt")
		s.link(t, filepath.Join("dir", "a.txt"), "in.txt")
		page, got := list(t, "/")
		if want := "./dir/ ./in.txt ./indexed/"; got != want {
			testkit.Report{Sent: get("/"), Want: "links " + want, Got: "links " + got + "\n" + page, Why: "a list has what would be served, and links that lead out are not (see Listing)"}.Error(t)
		}
	})
	t.Run("not more than MaxListing entries", func(t *testing.T) {
		many := serve(t, map[string]string{"dir/": ""})
		last := ""
		for i := range static.MaxListing + 5 {
			name := filepath.Join(many.dir, "dir", fmt.Sprint(i))
			// One more name for a file takes the disk a fifth of the time of a file.
			// No file may have too many.
			if i%1000 != 0 && os.Link(last, name) == nil {
				continue
			}
			f, err := os.Create(name)
			must(t, err)
			f.Close()
			last = name
		}
		many.Listing = true
		rec := record(t, many, "GET", "/dir/")
		got := strings.Count(string(rec.content), `href="./`)
		if got != static.MaxListing {
			testkit.Report{Sent: get("/dir/"), Want: fmt.Sprintf("%d links, of %d files", static.MaxListing, static.MaxListing+5), Got: fmt.Sprintf("%d links", got),
				Why: "one request must not make the server read and keep as many names as somebody has put into a directory"}.Error(t)
		}
	})
	t.Run("a name that is HTML", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("Windows has no file with < in its name")
		}
		must(t, os.MkdirAll(filepath.Join(s.dir, "odd"), 0o777))
		write(t, filepath.Join(s.dir, "odd", "<i>.txt"), "x")
		page, got := list(t, "/odd/")
		if want := "./%3Ci%3E.txt"; got != want || strings.Contains(page, "<i>") {
			testkit.Report{Sent: get("/odd/"), Want: "links " + want + ", and no <i>", Got: "links " + got + "\n" + page, Why: "names are escaped"}.Error(t)
		}
	})
}
