package static_test

import (
	"fmt"
	"os"
	"os/exec"
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
		{"letters and digits stay in a link", "/", []string{"azAZ09-._~"}, `href="./azAZ09-._~"`, "", "these are unreserved: percent-encoded they mean the same, and are harder to read (RFC 3986 §2.3)"},
		{"what stands beside letters and digits", "/", []string{"@[`{:"}, `href="./%40%5B%60%7B%3A"`, "", "all but letters, digits and \"-._~\" is percent-encoded, with upper case digits (RFC 3986 §2.1)"},
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

// links asks for a list and returns it, and the links in it.
func links(t *testing.T, f *static.Files, path string) (page string, found string) {
	page = ask(t, f, get(path)).content
	var all []string
	for part := range strings.SplitSeq(page, `href="`) {
		link, _, _ := strings.Cut(part, `"`)
		if strings.HasPrefix(link, "./") {
			all = append(all, link)
		}
	}
	return page, strings.Join(all, " ")
}

func TestTask5_Listing(t *testing.T) {
	s := serve(t, map[string]string{
		"dir/b.txt": "b", "dir/a.txt": "a", "dir/sub/c.txt": "c", "dir/.env": "x", "indexed/index.html": "<p>index", "indexed/z.txt": "z",
		"empty/": "", "odd/index.html/a.txt": "a",
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
		{name: "an empty directory", why: "it has a list too, without links: ReadDir says io.EOF there, which is no failure", with: listed,
			send: get("/empty/"), want: []string{"200", "Content-Type: text/html; charset=utf-8"}},
		{name: "a directory whose index is a directory", why: "that is no index: only a regular file is one", with: listed,
			send: get("/odd/"), want: []string{"200", "Content-Type: text/html; charset=utf-8"}},
	})
	list := func(t *testing.T, path string) (page string, found string) {
		f := *s.Files
		f.Listing = true
		return links(t, &f, path)
	}
	t.Run("in order, and without what is not served", func(t *testing.T) {
		page, got := list(t, "/dir/")
		if want := "./a.txt ./b.txt ./sub/"; got != want {
			testkit.Report{Sent: get("/dir/"), Want: "links " + want, Got: "links " + got + "\n" + page,
				Why: "the disk has no order; .env is hidden, and Name refuses CON.d"}.Error(t)
		}
	})
	t.Run("hidden names, where they are served", func(t *testing.T) {
		f := *s.Files
		f.Listing, f.DotFiles = true, true
		page, got := links(t, &f, "/dir/")
		if want := "./.env ./a.txt ./b.txt ./sub/"; got != want {
			testkit.Report{Sent: get("/dir/"), Doing: "DotFiles is set", Want: "links " + want, Got: "links " + got + "\n" + page, Why: "a list has what would be served, and with DotFiles .env is"}.Error(t)
		}
	})
	t.Run("what is no file is not in it", func(t *testing.T) {
		special := serve(t, map[string]string{"a.txt": "x"})
		if err := exec.Command("mkfifo", filepath.Join(special.dir, "fifo")).Run(); err != nil {
			t.Skipf("this system has no mkfifo: %v", err)
		}
		special.Listing = true
		page, got := links(t, special.Files, "/")
		if want := "./a.txt"; got != want {
			testkit.Report{Sent: get("/"), Want: "links " + want, Got: "links " + got + "\n" + page, Why: "a list has what would be served, and a FIFO is not: see Listing"}.Error(t)
		}
	})
	t.Run("links that lead out are not in it", func(t *testing.T) {
		s.link(t, filepath.Join("..", "secret"), "out.txt")
		s.link(t, filepath.Join("dir", "a.txt"), "in.txt")
		page, got := list(t, "/")
		if want := "./dir/ ./empty/ ./in.txt ./indexed/ ./odd/"; got != want {
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
		must(t, os.MkdirAll(filepath.Join(s.dir, "html"), 0o777))
		write(t, filepath.Join(s.dir, "html", "<i>.txt"), "x")
		page, got := list(t, "/html/")
		if want := "./%3Ci%3E.txt"; got != want || strings.Contains(page, "<i>") {
			testkit.Report{Sent: get("/odd/"), Want: "links " + want + ", and no <i>", Got: "links " + got + "\n" + page, Why: "names are escaped"}.Error(t)
		}
	})
}
