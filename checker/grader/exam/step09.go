package exam

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	static "barewire/solutions/09-static-files"

	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/step09"
)

func init() {
	steps[8] = []Check{
		{ID: "9.1/names", Title: "Name makes names of paths, and refuses what some system takes for something else", Why: "a name that leads elsewhere is how other files are read", run: checkFileNames},
		{ID: "9.1/hidden", Title: "Hidden knows what is not for the public", Why: ".git holds all that was ever deleted, .env the passwords", run: checkHidden},
		{ID: "9.2/types", Title: "ContentType goes by the last extension", Why: "a guess from the content lets whoever writes a file choose what a browser does", run: checkTypes},
		{ID: "9.3/files", Title: "files are sent, and nothing else", Why: "whatever cannot be served is a 404, and nobody learns why", run: checkFiles},
		{ID: "9.3/methods", Title: "GET, HEAD and OPTIONS are answered, and everything else is a 405", Why: "RFC 9110 §9.3, §15.5.6", run: checkFileMethods},
		{ID: "9.3/changes", Title: "a file that changes while it is sent is sent up to the length that was announced", Why: "one byte more is taken for the start of the next response", run: checkChanging},
		{ID: "9.4/directories", Title: "a directory is answered with its index, behind its slash", Why: "relative links count from there, and a Location must not lead to another site", run: checkDirectories},
		{ID: "9.5/page", Title: "AppendListing escapes names for the text and for the link", Why: "whoever may name a file could run a script in the readers' browsers", run: checkPage},
		{ID: "9.5/listing", Title: "a list has what a request could get, and nothing else", Why: "a link that leads out tells what is there", run: checkListing},
		{ID: "9.6/dates", Title: "ParseDate reads the three formats, exactly", Why: "RFC 9110 §5.6.7", run: checkParseDates},
		{ID: "9.6/validators", Title: "ValidatorsOf makes another tag for each version, and a weak one for a young file", Why: "a cache that takes two versions for one mixes their bytes (RFC 9110 §8.8)", run: checkValidators},
		{ID: "9.7/tags", Title: "MatchETag finds tags in lists, strongly or weakly", Why: "commas within the quotes belong to the tag (RFC 9110 §8.8.3)", run: checkMatch},
		{ID: "9.7/conditions", Title: "Check evaluates preconditions in their order", Why: "RFC 9110 §13.2.2", run: checkConditions},
		{ID: "9.7/served", Title: "a client whose copy is good gets a 304 with what it should have", Why: "RFC 9110 §15.4.5", run: checkConditional},
		{ID: "9.8/ranges", Title: "ParseRange finds the parts that are asked for, joins what is near, and ignores what it should", Why: "the parts are never more than the file (RFC 9110 §14.2, §17.15)", run: checkRanges},
		{ID: "9.9/parts", Title: "parts of files are sent as they were asked for", Why: "RFC 9110 §15.3.7", run: checkParts},
		{ID: "9.9/if-range", Title: "If-Range gets parts only of the very version that the client has", Why: "parts of two versions make a file that there never was (RFC 9110 §13.1.5)", run: checkIfRange},
		{ID: "9.10/preference", Title: "ParsePreference reads a member of Accept-Encoding by its grammar", Why: "RFC 9110 §12.5.3, §12.4.2", run: checkPreference},
		{ID: "9.10/accepted", Title: "AppendAccepted orders codings by what the client prefers", Why: "RFC 9110 §12.5.3", run: checkAccepted},
		{ID: "9.10/siblings", Title: "a sibling is sent where the client prefers it, and says what it is", Why: "the bytes are others, so type, tag and Vary matter", run: checkSiblings},
	}
}

func checkFileNames(x *X) {
	var cases []Case[[]byte]
	add := func(path string) { cases = append(cases, Case[[]byte]{Class: "a path", Arg: []byte(path)}) }
	segment := func() string {
		return Pick(x.Rand, "a", "b", x.Word(), ".", "..", "%2e%2e", "a%20b", "a%2fb", "a%5cb", "a\\b", "a:b", "a%3ab", "CON", "con.txt", "nul", "COM1", "com9.tar.gz", "LPT0", "lpt%C2%B9", "COM%C2%B3.x", "CONIN$", "conout$.txt", "CONE", "CON1", "COM", "COM10", "xcon", "aux.", "prn ",
			"a.", "a%20", ".a", "...", "%00", "%0a", "%1f", "%7f", "%80", "%41", "%2541", "%252e", "caf%C3%A9", "~", "a;b", "%", "%zz", strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("%61", 255), "con%2etxt", "%63on")
	}
	for range 600 {
		p := ""
		for range x.Between(1, 4) {
			p += "/" + segment()
		}
		add(p + Pick(x.Rand, "", "", "/", "//", "/.", "/.."))
	}
	for _, device := range []string{"CON", "PRN", "AUX", "NUL", "COM0", "COM1", "COM9", "LPT1", "LPT9", "COM¹", "COM²", "COM³", "LPT¹", "CONIN$", "CONOUT$", "COM⁴", "CLOCK$"} {
		for _, behind := range []string{"", ".txt", ".a.b", "x", " .txt", "%20.txt", "/a"} {
			add("/" + x.Case(device) + behind)
			add("/a/" + device + behind)
		}
	}
	for c := range 256 {
		add("/" + x.Word() + fmt.Sprintf("%%%02x", c) + x.Word())
	}
	for _, p := range []string{"/", "", "a", "//", "/a//b", "/.", "/..", "*", "/a/", "/a/.", "/a/.."} {
		add(p)
	}
	cases = slices.DeleteFunc(cases, func(c Case[[]byte]) bool {
		return strings.Contains(string(c.Arg), " .txt") && !strings.Contains(string(c.Arg), "%")
	})
	Compare(x, "static.Name", step09.Name, cases)
}

func checkHidden(x *X) {
	var cases []Case[[]byte]
	for range 300 {
		var parts []string
		for range x.Between(1, 4) {
			parts = append(parts, Pick(x.Rand, "a", x.Word(), ".git", ".env", ".well-known", "...", "a.b", "GIT~1", "a~9.txt", "a~", "~a", "~1", "a~b", ".well-known2", "b.", "é~1", "a~b~1", "~~2"))
		}
		cases = append(cases, Case[[]byte]{Class: "a name", Arg: []byte(strings.Join(parts, "/"))})
	}
	cases = append(cases, Case[[]byte]{Class: "the root", Arg: []byte(".")})
	Compare(x, "static.Hidden", step09.Hidden, cases)
}

func checkTypes(x *X) {
	var cases []Case[string]
	for _, ext := range []string{"html", "css", "js", "mjs", "txt", "md", "csv", "json", "xml", "wasm", "pdf", "zip", "gz", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "mp3", "mp4", "webm"} {
		for _, name := range []string{x.Word() + "." + ext, x.Word() + "." + x.Case(ext), "a." + x.Word() + "x9." + ext, "dir.html/" + x.Word() + "." + ext, "a.zip." + ext} {
			cases = append(cases, Case[string]{Class: "a name that ends in ." + ext, Arg: name})
		}
		cases = append(cases, Case[string]{Class: "a name without an extension", Arg: "site." + ext + "/" + x.Word()}, Case[string]{Class: "an extension that nobody knows", Arg: x.Word() + "." + ext + "q9"}, Case[string]{Class: "a name without an extension", Arg: ext})
	}
	CompareOr(x, "static.ContentType", step09.ContentType, cases, func(c Case[string], want, got string) bool {
		switch want { // of which there are two in use
		case "image/x-icon":
			return got == "image/vnd.microsoft.icon"
		case "application/xml":
			return got == "text/xml; charset=utf-8"
		}
		return false
	})
}

// site is a case of a site and requests to it.
func site(class string, s step09.Site, requests ...string) Case[step09.Site] {
	for _, r := range requests {
		s.Requests = append(s.Requests, step09.Request{Head: []byte(r)})
	}
	return Case[step09.Site]{Class: class, Arg: s}
}

// sites compares what sites answer.
func (x *X) sites(cases ...Case[step09.Site]) {
	CompareOr(x, "static.Files", step09.Serve, cases, func(c Case[step09.Site], want, got step09.Served) bool {
		if len(want.Answers) != len(got.Answers) {
			return false
		}
		for i := range want.Answers {
			openOfAnswer(c.Arg.Requests[i], &want.Answers[i])
			openOfAnswer(c.Arg.Requests[i], &got.Answers[i])
		}
		if slices.ContainsFunc(c.Arg.Files, func(f step09.File) bool { return strings.Contains(f.Link, "..") }) {
			got.Logged = want.Logged // a link that leads out may be worth a line
		}
		return same(want, got)
	})
}

// openOfAnswer makes equal what is open: what is written for a HEAD, which the server
// drops; Vary in a 412; and a line end in front of the first part (RFC 9110 §14.6).
func openOfAnswer(r step09.Request, a *step09.Answer) {
	if bytes.HasPrefix(r.Head, []byte("HEAD ")) && len(a.Content) < sparse {
		a.Content, a.Page, a.Complete, a.Copied, a.Files = nil, nil, false, false, false
	}
	if a.Status == 412 {
		a.Fields = slices.DeleteFunc(slices.Clone(a.Fields), func(f string) bool { return strings.EqualFold(f, "vary: accept-encoding") })
	}
	if parts, ok := bytes.CutPrefix(a.Content, []byte("\r\n--")); ok {
		a.Content = append([]byte("--"), parts...)
	}
}

// sparse is the size of a file that nobody reads for a HEAD: the connection drops what is
// written.
const sparse = 1 << 20

func file(name, content string) step09.File { return step09.File{Name: name, Content: []byte(content)} }

func checkFiles(x *X) {
	a, b := x.Word(), x.Word()
	files := []step09.File{
		file("index.html", "<p>"+x.Word()), file(a+".txt", x.String(alnum, x.Between(1, 500))), file("dir/"+b+".css", x.Word()), file("dir/a b.js", x.Word()), file("empty", ""), file(".env", "password"), file(".git/config", "x"), file(".well-known/acme", "token"), file("dir/.hidden/x.txt", "x"),
		file("GIT~1", "x"), {Name: "out.txt", Link: "../secret"}, {Name: "in.txt", Link: a + ".txt"}, {Name: "outdir", Link: ".."}, {Name: "indir", Link: "dir"}, {Name: "nowhere", Link: "none"}, {Name: "pipe", Pipe: true}, {Name: "dir/empty/"}, file("caf\u00e9.svg", "<svg/>"), file("big.png", x.String(alnum, 100_000)), file("UP.PNG", "x"), file("own.xyz", "own"), file("a.CUSTOM", "c"), file("staticfile", "no"),
	}
	paths := []string{"/", "/index.html", "/" + a + ".txt", "/dir/" + b + ".css", "/dir/a%20b.js", "/dir/a b.js", "/empty", "/.env", "/.git/config", "/.well-known/acme", "/dir/.hidden/x.txt", "/GIT~1", "/out.txt", "/in.txt", "/outdir/secret", "/outdir/", "/indir/" + b + ".css", "/nowhere", "/pipe", "/none", "/dir/none", "/caf%C3%A9.svg", "/big.png", "/UP.PNG",
		"/" + a + ".txt/", "/index.html/x", "/dir/empty/", "/..%2fsecret", "/../secret", "/%2e%2e/secret", "/dir/../" + a + ".txt", "/dir/..%5c..%5csecret", "//" + a + ".txt", "/CON", "/" + strings.Repeat("a", 300), "/own.xyz", "/a.CUSTOM", "/dir%2f" + b + ".css", "/a%00", "/" + a + ".txt?q=1", "/x/../../secret", "/." + "/" + a + ".txt", "/secret"}
	var requests []string
	for _, p := range paths {
		if !strings.Contains(p, " ") {
			requests = append(requests, get(p))
		}
	}
	x.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
	own := map[string]string{".xyz": "text/x-own", ".custom": "a/b", ".txt": "text/other"}
	s := step09.Site{Files: files}
	withAll := step09.Site{Files: files, DotFiles: true, Types: own, Cached: true}
	prefix := step09.Site{Files: files, Prefix: "/static"}
	var prefixed []string
	for _, p := range []string{"/static/" + a + ".txt", "/static/dir/" + b + ".css", "/static/", "/static", "/staticfile", "/static/../" + a + ".txt", "/" + a + ".txt", "/x/../static/" + a + ".txt", "/static/..%2f", "/static/../static/index.html", "/Static/index.html", "/%73tatic/index.html", "/static//index.html", "/static/static/index.html", "/static/dir", "/staticx/"} {
		prefixed = append(prefixed, get(p))
	}
	films := []step09.File{{Name: "film.mp4", Size: sparse}}
	x.sites(site("HEAD of a file that is large", step09.Site{Files: films}, request("HEAD", "/film.mp4", "")))
	x.stayOpen(files, "/"+a+".txt")
	x.sites(site("files, links, pipes and what is hidden", s, append(requests, requests...)...), site("hidden files that are shown, and types of our own", withAll, requests...), site("a prefix", prefix, prefixed...))
}

// stayOpen asks for a path again and again, and fails if more and more files are open.
func (x *X) stayOpen(files []step09.File, path string) {
	var open int
	x.Call("static.Files open", step09.Site{Files: files, Listing: true, Requests: []step09.Request{{Head: []byte(get(path))}}}, &open)
	if open > 20 {
		x.Fail(Failure{Brief: fmt.Sprintf("after a hundred requests, %d more files are open", open), Input: get(path)})
	}
}

func checkFileMethods(x *X) {
	files := []step09.File{file("a.txt", x.String(alnum, 50)), file("dir/index.html", x.Word()), {Name: "list/"}}
	var requests []string
	for _, m := range append([]string{"PURGE", "get"}, methods...) {
		for _, p := range []string{"/a.txt", "/none", "/dir/", "/dir", "/list/"} {
			if m != "CONNECT" {
				requests = append(requests, request(m, p, "", "If-None-Match: *"), request(m, p, ""))
			}
		}
	}
	x.sites(site("several methods", step09.Site{Files: files, Listing: true}, append(requests, request("OPTIONS", "*", ""))...))
}

func checkChanging(x *X) {
	var cases []Case[step09.Site]
	for range 3 {
		n := x.Between(1000, 200_000)
		s := step09.Site{Files: []step09.File{file("grows.txt", x.String(alnum, n)), file("shrinks.txt", x.String(alnum, n)), file("stays.txt", x.String(alnum, n))}}
		s.Requests = []step09.Request{{Head: []byte(get("/stays.txt"))}, {Head: []byte(get("/grows.txt")), Change: "grow grows.txt"}, {Head: []byte(get("/grows.txt", "Range: bytes=-10")), Change: "grow grows.txt"}, {Head: []byte(get("/shrinks.txt")), Change: "shrink shrinks.txt"}}
		cases = append(cases, Case[step09.Site]{Class: "files that change while they are sent", Arg: s})
	}
	CompareOr(x, "static.Files", step09.Serve, cases, func(c Case[step09.Site], want, got step09.Served) bool {
		for _, s := range []*step09.Served{&want, &got} {
			s.Logged = false
			for i := range s.Answers { // the time of a file that has just been changed
				s.Answers[i].Fields = slices.DeleteFunc(s.Answers[i].Fields, func(f string) bool { return strings.HasPrefix(f, "last-modified") || strings.HasPrefix(f, "etag") })
			}
			if part := &s.Answers[2]; len(s.Answers) > 2 && part.Status == 206 { // of which size is open
				*part = step09.Answer{Status: 206}
			}
		}
		// What shrinks is cut off, which is all that matters, or was read before.
		if n := len(want.Answers); n == len(got.Answers) {
			last := &got.Answers[n-1]
			whole := last.Status == 200 && bytes.Equal(last.Content, c.Arg.Files[1].Content)
			if last.Panicked || !last.Complete || whole {
				want.Answers[n-1], *last = step09.Answer{}, step09.Answer{}
			}
		}
		return same(want, got)
	})
}

func checkDirectories(x *X) {
	name := x.Word()
	files := []step09.File{file("index.html", "top"), file("docs/index.html", "docs"), file("docs/home.html", "home"), {Name: "empty/"}, file("a b/index.html", "a b"), file("odd/index.html/x", "x"), file(name+"/index.html", name), {Name: "link", Link: "docs"}, file("caf\u00e9/index.html", "x"), file("deep/er/index.html", "er")}
	var requests []string
	for _, p := range []string{"/", "/docs", "/docs/", "/docs?a=b", "/docs?", "/docs/?a=b", "/empty", "/empty/", "/a%20b", "/a%20b/", "/odd/", "/odd", "/" + name, "/" + name + "/", "//example.org", "//docs", "/x/../docs", "/docs/.", "/docs/..", "/docs/x/..", "/link", "/link/", "/caf%C3%A9", "/deep/er", "/%64ocs", "/docs%2f", "/docs//", "/deep/./er?x", "/%2e/docs"} {
		requests = append(requests, get(p), request("HEAD", p, ""))
	}
	own := step09.Site{Files: files, Index: "home.html"}
	prefix := step09.Site{Files: files, Prefix: "/static"}
	x.sites(site("directories with an index, and without", step09.Site{Files: files}, requests...), site("an index of another name", own, requests...), site("a prefix", prefix, get("/static"), get("/static?x"), get("/static/docs"), get("/static/docs/"), get("/static/docs?a")))
}

// oddName draws a name of a file that needs care.
func (x *X) oddName() string {
	return Pick(x.Rand, x.Word()+".txt", "a b", "a&lt;b", "<script>", "a\" onclick=\"x", "100%41", "what?", "a#b", "javascript:alert(1)", "é.txt", "a'b", "a+b", "a;b&c", "~x", "%2f", "<b>", x.Word()+"/")
}

func checkPage(x *X) {
	var cases []Case[step09.ListingIn]
	for range 100 {
		in := step09.ListingIn{Title: []byte(Pick(x.Rand, "/", "/"+x.Word()+"/", "/<b>/", "/a&b/", "</title><script>x", "/a\"b/"))}
		for range x.IntN(8) {
			in.Names = append(in.Names, []byte(x.oddName()))
		}
		cases = append(cases, Case[step09.ListingIn]{Class: "a page of links", Arg: in})
	}
	Compare(x, "static.AppendListing", step09.Listing, cases)
}

func checkListing(x *X) {
	files := []step09.File{file("dir/b.txt", "b"), file("dir/a.txt", "a"), file("dir/sub/c.txt", "c"), file("dir/.env", "x"), file("dir/B.txt", "B"), file("indexed/index.html", "index"), file("indexed/z.txt", "z"), {Name: "dir/out", Link: "../../secret"}, {Name: "dir/in", Link: "a.txt"}, {Name: "dir/indir", Link: "sub"}, {Name: "dir/nowhere", Link: "none"}, {Name: "dir/pipe", Pipe: true}, file("dir/CON.d", "x"), file("dir/a:b", "x"), file("dir/a\\b", "x"), file("dir/dot.", "x"), {Name: "empty/"}, file("dir/x~1", "x")}
	for range 6 {
		n := x.oddName()
		if !strings.Contains(n, "/") {
			files = append(files, file("odd/"+n, "x"))
		}
	}
	requests := []string{get("/dir/"), get("/dir"), get("/indexed/"), get("/empty/"), get("/odd/"), get("/"), request("HEAD", "/dir/", ""), get("/none/"), get("/dir/sub/"), get("/dir/indir/"), get("/dir/?x")}
	many := step09.Site{Listing: true}
	for i := range 120 {
		many.Files = append(many.Files, file(fmt.Sprintf("m/%s%d", x.Word(), i), ""))
	}
	x.sites(site("lists", step09.Site{Files: files, Listing: true}, requests...), site("no lists", step09.Site{Files: files}, requests...), site("lists with hidden files", step09.Site{Files: files, Listing: true, DotFiles: true}, requests...), site("a long list", many, get("/m/")))
	x.stayOpen(files, "/dir/")
}

func checkParseDates(x *X) {
	var cases []Case[step09.DateIn]
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	add := func(class, src string) {
		cases = append(cases, Case[step09.DateIn]{Class: class, Arg: step09.DateIn{Src: []byte(src), Now: now.Unix()}})
	}
	for range 150 {
		t := time.Unix(x.Int64N(4e9), 0).UTC()
		one, two, three := t.Format("Mon, 02 Jan 2006 15:04:05 GMT"), t.Format("Monday, 02-Jan-06 15:04:05 GMT"), t.Format("Mon Jan _2 15:04:05 2006")
		add("the format of today", one)
		add("the second format", two)
		near := now.AddDate(x.Between(-49, 49), x.IntN(12), 0)
		add("the second format, near", near.Format("Monday, 02-Jan-06 15:04:05 GMT"))
		add("the third format", three)
		add("a date mutated", x.Mutate(Pick(x.Rand, one, two, three)))
		add("a date with a day of the week changed", "Mon"+one[3:])
		add("a date in letters of another case", Pick(x.Rand, strings.ToLower(one), strings.ToUpper(two), x.Case(three)))
		add("another zone", one[:26]+Pick(x.Rand, "UTC", "EST", "+00", "gmt"))
		add("something behind", one+" ")
		add("a second 60", one[:23]+"60 GMT")
		add("a leap second", one[:17]+"23:59:60 GMT")
		add("a leap second, second format", two[:len(two)-12]+"23:59:60 GMT")
		add("a leap second, third format", three[:11]+"23:59:60"+three[19:])
		add("one digit", t.Format("Mon, 2 Jan 2006 15:04:05 GMT"))
		add("two digits in the third format", t.Format("Mon Jan 02 15:04:05 2006"))
	}
	for _, s := range []string{"", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "1994-11-06T08:49:37Z", "784111777", "Tue, 29 Feb 2028 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT; length=5"} {
		add("the date "+s, s)
	}
	Compare(x, "static.ParseDate", step09.ParseDate, cases)
}

func checkValidators(x *X) {
	var cases []Case[[]step09.Version]
	for range 40 {
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixNano() + x.Int64N(1e9)
		old := now - int64(time.Hour) - x.Int64N(1e15)
		size := x.Int64N(1e6)
		var vs []step09.Version
		add := func(size, at int64, coding string) {
			vs = append(vs, step09.Version{Size: size, Nanos: at, Coding: coding, Now: now})
		}
		add(size, old, "")
		add(size, old, "")
		add(size+1, old, "")
		add(size*10, old, "")
		add(size, old+1, "")
		add(size, old+1e6, "")
		add(size, old+1e9, "")
		add(size, old, "gzip")
		add(size, old, "br")
		add(size, now, "")
		add(size, now-1e9, "")
		add(size, now-2e9, "")
		add(size, now-2e9+1, "")
		add(size, now-2e9-1, "")
		add(size, now+1e9, "")
		add(size, now+3600e9, "")
		add(size, x.Int64N(86400e9), "")
		add(size, 86400e9, "")
		add(size, 86400e9-1, "")
		add(size, -5e9, "")
		add(size, 0, "")
		later := vs[0]
		later.Now += 1e15
		cases = append(cases, Case[[]step09.Version]{Class: "several versions of files", Arg: append(vs, later)})
	}
	Compare(x, "static.ValidatorsOf", step09.ValidatorsOf, cases)
}

func checkMatch(x *X) {
	var cases []Case[step09.MatchIn]
	for range 400 {
		tag := Pick(x.Rand, `"a"`, `W/"a"`, `"a,b"`, `""`, `"x\y"`, `"x\"`, `"`+x.Word()+`"`, "")
		list := ""
		for range x.Between(1, 4) {
			list += Pick(x.Rand, `"a"`, `W/"a"`, tag, `"b"`, `"a,b"`, `"a`, "*", `w/"a"`, "a", `"x\"`, "", `W/ "a"`, `"a"b`) + Pick(x.Rand, ",", ", ", " , ", "", " ")
		}
		cases = append(cases, Case[step09.MatchIn]{Class: "a list of tags", Arg: step09.MatchIn{List: []byte(list), Tag: tag, Strong: x.Chance(50)}})
	}
	for _, list := range []string{"*", " * ", "*,", `*, "a"`, "", `"a"`, `W/"a"`, `"b", "a"`, `"b" "a"`, `"a""b"`, `, ,"a"`, `"b",W/"a"`, `"x\", "a"`, `"x y", "a"`, "\"x\x7fy\", \"a\""} {
		for _, tag := range []string{`"a"`, `W/"a"`, ""} {
			for _, strong := range []bool{false, true} {
				cases = append(cases, Case[step09.MatchIn]{Class: "the list " + list, Arg: step09.MatchIn{List: []byte(list), Tag: tag, Strong: strong}})
			}
		}
	}
	CompareOr(x, "static.MatchETag", step09.MatchETag, cases, func(c Case[step09.MatchIn], want, got bool) bool {
		// Of a tag with a syntax error right behind it, both can be said: that it came
		// before the error, and that it is a part of it.
		n := len(wholeTags.Find(c.Arg.List))
		before := step09.MatchIn{List: c.Arg.List[:n], Tag: c.Arg.Tag, Strong: c.Arg.Strong}
		return brokenTag.Match(c.Arg.List[n:]) && got == step09.MatchETag(before)
	})
}

var (
	wholeTags = regexp.MustCompile(`\A(?:[ \t,]*(?:W/)?"[^"]*"[ \t]*,)*[ \t,]*`)
	brokenTag = regexp.MustCompile(`\A(?:W/)?"[^"]*"[ \t]*[^ \t,]`)
)

// mixed says whether one line of a list makes another one of it mean something else: a
// star beside tags, or a quote that is open.
func mixed(fields []step03.Pair) bool {
	lines, odd := map[string]int{}, map[string]bool{}
	for _, f := range fields {
		lines[string(f.Name)]++
		odd[string(f.Name)] = odd[string(f.Name)] || string(f.Value) == "*" || bytes.Count(f.Value, []byte{'"'})%2 > 0
	}
	return lines["If-Match"] > 1 && odd["If-Match"] || lines["If-None-Match"] > 1 && odd["If-None-Match"]
}

func checkConditions(x *X) {
	var cases []Case[step09.CheckIn]
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	date := func() string {
		t := at.Add(Pick(x.Rand, 0, 0, time.Second, -time.Second, time.Hour, -time.Hour))
		return Pick(x.Rand, t.Format("Mon, 02 Jan 2006 15:04:05 GMT"), t.Format("Mon, 02 Jan 2006 15:04:05 GMT"), t.Format("Monday, 02-Jan-06 15:04:05 GMT"), t.Format("Mon Jan _2 15:04:05 2006"), "yesterday", "")
	}
	tags := func() string {
		return Pick(x.Rand, `"a"`, `W/"a"`, `"b"`, "*", `"b", "a"`, `"b", W/"a"`, "", `"a`, `"c,a"`)
	}
	for range 600 {
		in := step09.CheckIn{Method: Pick(x.Rand, "GET", "HEAD", "PUT", "DELETE", "GET"), ETag: Pick(x.Rand, `"a"`, `W/"a"`, ""), Modified: Pick(x.Rand, at.Unix(), at.Unix(), 0)}
		for range x.IntN(4) {
			in.Fields = append(in.Fields, pairs(Pick(x.Rand, "If-Match", "If-None-Match"), tags())...)
			in.Fields = append(in.Fields, pairs(Pick(x.Rand, "If-Modified-Since", "If-Unmodified-Since", "X"), date())...)
			if x.Chance(25) { // as Last-Modified writes it: whether another form matches "exactly" is open (RFC 9110 §13.1.5)
				in.Fields = append(in.Fields, pairs("If-Range", at.Add(Pick(x.Rand, 0, time.Second)).Format("Mon, 02 Jan 2006 15:04:05 GMT"))...)
			}
			if x.Chance(30) {
				in.Fields = append(in.Fields, pairs("If-Range", tags())...)
			}
			in.Fields = slices.DeleteFunc(in.Fields, func(step03.Pair) bool { return x.Chance(40) })
		}
		if !mixed(in.Fields) {
			cases = append(cases, Case[step09.CheckIn]{Class: "a request with preconditions", Arg: in})
		}
	}
	Compare(x, "static.Check", step09.Check, cases)
}

func checkConditional(x *X) {
	files := []step09.File{file("a.txt", x.String(alnum, 100)), {Name: "young.css", Content: []byte("x"), Young: true}, {Name: "old.css", Content: []byte("x"), Epoch: true}, file("dir/index.html", x.Word()), file("b.js", x.Word()), {Name: "later.js", Content: []byte(x.Word()), Later: time.Second}}
	const same, before, after = "Wed, 01 May 2024 12:00:00 GMT", "Wed, 01 May 2024 11:59:59 GMT", "Wed, 01 May 2024 12:00:01 GMT"
	requests := []string{get("/a.txt"), get("/young.css"), get("/old.css"), get("/dir/"), get("/b.js"), get("/later.js")}
	for i, p := range []string{"/a.txt", "/young.css", "/old.css", "/dir/", "/b.js", "/later.js"} {
		tag, weak := fmt.Sprintf("{tag %d}", i), fmt.Sprintf("{weak %d}", i)
		if p == "/old.css" {
			tag, weak = `"x"`, `W/"x"`
		}
		for _, f := range []string{"If-None-Match: " + tag, "If-None-Match: " + weak, "If-None-Match: \"x\", " + tag, "If-None-Match: *", "If-None-Match: \"x\"", "If-Match: " + tag, "If-Match: " + weak, "If-Match: *", "If-Match: \"x\"", "If-Modified-Since: " + same, "If-Modified-Since: " + before, "If-Modified-Since: " + after, "If-Unmodified-Since: " + same, "If-Unmodified-Since: " + before,
			"If-None-Match: \"x\"\r\nIf-Modified-Since: " + after, "If-None-Match: " + tag + "\r\nIf-Modified-Since: " + before, "If-Match: " + tag + "\r\nIf-Unmodified-Since: " + before, "If-None-Match: \"x\"\r\nIf-None-Match: " + tag, "If-None-Match: " + tag + "\r\nRange: bytes=0-0", "If-Match: \"x\"\r\nIf-None-Match: " + tag, "If-Match: \"x\"\r\nRange: bytes=0-0"} {
			requests = append(requests, get(p, f))
			if x.Chance(30) {
				requests = append(requests, request("HEAD", p, "", f))
			}
		}
	}
	requests = append(requests, get("/none", "If-None-Match: *"), get("/none", "If-Match: *"), get("/dir", "If-None-Match: *"))
	x.sites(site("requests with preconditions", step09.Site{Files: files, Cached: true}, requests...), site("requests with preconditions, and siblings", step09.Site{Files: append(files, file("b.js.gz", "gz")), Cached: true, Precompressed: true}, requests...))
}

func checkRanges(x *X) {
	var cases []Case[step09.RangeIn]
	add := func(class, value string, size int64) {
		cases = append(cases, Case[step09.RangeIn]{Class: class, Arg: step09.RangeIn{Value: []byte(value), Size: size}})
	}
	for range 500 {
		size := Pick(x.Rand, 1, 10, 1000, x.Int64N(1e6)+1, 1<<40)
		n := func() string { return fmt.Sprint(Pick(x.Rand, 0, size-1, size, x.Int64N(size+10), 1)) }
		member := func() string {
			return Pick(x.Rand, n()+"-"+n(), n()+"-"+n(), n()+"-", "-"+n(), n()+"-99999999999999999999999", "99999999999999999999999-", "-99999999999999999999999", "00"+n()+"-", fmt.Sprintf("%d-%d", size/2, size/2+5))
		}
		v := x.Case("bytes") + "="
		for i := range x.Between(1, 5) {
			if i > 0 {
				v += Pick(x.Rand, ",", ", ", " ,", ",,")
			}
			v += member()
		}
		add("ranges", v, size)
		add("ranges mutated", x.Mutate(v), size)
		from := x.Int64N(size)
		for _, gap := range []int64{0, 1, static.MaxGap - 1, static.MaxGap, static.MaxGap + 1} {
			add("two ranges with something between them", fmt.Sprintf("bytes=%d-%d,%d-%d", from, from+9, from+10+gap, from+20+gap), 1<<41)
		}
	}
	for _, n := range []int{31, 32, 33} {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf("%d-%d", i*1000, i*1000+1))
		}
		add(fmt.Sprintf("%d ranges", n), "bytes="+strings.Join(parts, ","), 1e6)
	}
	for _, v := range []string{"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=0", "bytes=a-b", "bytes=5-4", "bytes=+1-2", "bytes=1-+2", "bytes= 0-1", "bytes=0 -1", "bytes=0- 1", "bytes =0-1", "items=0-1", "bytes=0-1;", "bytes=-0", "bytes=0-0,-1", "bytes=0x0-1", "bytes=--1", "bytes=1-2-3", "bytes=0-1,x", "bytes=100-200,0-5", "bytes=5-9,0-4", "bytes=0-5,3-9,1000-", "bytes=-5,-5", "byte\u017f=0-1", "bytes=18446744073709551616-", "bytes=18446744073709551617-5", "bytes=-18446744073709551617", "bytes=0-18446744073709551616"} {
		add("the value "+v, v, 10)
		add("the value "+v+", and an empty file", v, 0)
	}
	Compare(x, "static.ParseRange", step09.ParseRange, cases)
}

func checkParts(x *X) {
	files := []step09.File{file("a.txt", x.String(alnum, 2000)), file("b.png", x.String(alnum, 10)), file("empty", ""), {Name: "young.css", Content: []byte(x.String(alnum, 1000)), Young: true}, {Name: "old.css", Content: []byte(x.String(alnum, 1000)), Epoch: true}}
	var requests []string
	for _, p := range []string{"/a.txt", "/b.png", "/empty", "/young.css", "/old.css", "/none"} {
		requests = append(requests, get(p))
		for _, r := range []string{"bytes=0-0", "bytes=0-", "bytes=-5", "bytes=5-8", "bytes=0-0,1000-1010", "bytes=1500-1510,0-3,900-", "bytes=0-5,10-20", "bytes=99999-", "items=0-1", "bytes=3-2", "bytes=-99999", "bytes=0-99999", "Bytes=1-2", "bytes=0-1,99999-", fmt.Sprintf("bytes=%d-%d,%d-", x.IntN(100), x.Between(100, 200), x.Between(600, 700))} {
			requests = append(requests, get(p, "Range: "+r))
			if x.Chance(30) {
				requests = append(requests, request("HEAD", p, "", "Range: "+r), get(p, "Range: "+r, "Range: bytes=0-1"))
			}
		}
	}
	requests = append(requests, get("/a.txt", "Range: bytes=0-0", "If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"), get("/a.txt", "Range: bytes=99999-", "If-None-Match: *"), get("/a.txt", "Range: bytes=99999-", "If-Match: \"x\""))
	x.sites(site("parts of files", step09.Site{Files: files, Cached: true}, requests...))
}

func checkIfRange(x *X) {
	files := []step09.File{file("a.txt", x.String(alnum, 2000)), {Name: "young.css", Content: []byte(x.String(alnum, 1000)), Young: true}, {Name: "old.css", Content: []byte(x.String(alnum, 1000)), Epoch: true}}
	requests := []string{get("/a.txt"), get("/young.css"), get("/old.css")}
	for i, p := range []string{"/a.txt", "/young.css", "/old.css"} {
		tag, weak := fmt.Sprintf("{tag %d}", i), fmt.Sprintf("{weak %d}", i)
		if i == 2 {
			tag, weak = `"x"`, `W/"x"`
		}
		for _, f := range []string{tag, weak, `"x"`, "*", tag + ", \"x\"", "\"x\", " + tag, "Wed, 01 May 2024 12:00:00 GMT", "Wed, 01 May 2024 11:59:59 GMT", "Wed, 01 May 2024 12:00:01 GMT", "yesterday", "", "Thu, 01 Jan 1970 01:00:00 GMT"} {
			for _, r := range []string{"bytes=0-5", "bytes=0-5,1900-", "bytes=99999-"} {
				requests = append(requests, get(p, "Range: "+r, "If-Range: "+f))
			}
		}
		requests = append(requests, get(p, "Range: bytes=0-5", "If-Range: "+tag, "If-Range: "+tag), get(p, "If-Range: "+tag), request("HEAD", p, "", "Range: bytes=0-5", "If-Range: "+tag))
	}
	x.sites(site("parts of a version", step09.Site{Files: files, Cached: true}, requests...))
}

func checkPreference(x *X) {
	Compare(x, "static.ParsePreference", step09.ParsePreference, x.weighted())
}

func checkAccepted(x *X) {
	var cases []Case[step09.AcceptedIn]
	for range 400 {
		var fields []string
		for range x.Between(0, 2) {
			v := ""
			for range x.Between(1, 5) {
				v += Pick(x.Rand, x.Case("gzip"), x.Case("br"), "*", x.Case("identity"), "x-gzip", "zstd", "gzipped", "", "gzip x") + Pick(x.Rand, "", "", ";q=0", ";q=1", ";q=0.5", "; q=0.5", ";q=0.001", ";q=2", ";q=0.8") + Pick(x.Rand, ",", ", ", " ,")
			}
			fields = append(fields, Pick(x.Rand, "Accept-Encoding", "accept-encoding", "Accept-Encoding", "Accept"), v)
		}
		cases = append(cases, Case[step09.AcceptedIn]{Class: "several codings", Arg: step09.AcceptedIn{Fields: pairs(fields...), Offered: Pick(x.Rand, []string{"br", "zstd", "gzip"}, []string{"gzip"}, []string{"gzip", "br"}, []string{})}})
	}
	Compare(x, "static.AppendAccepted", step09.Accepted, cases)
}

func checkSiblings(x *X) {
	late := func(name string, later time.Duration) step09.File {
		f := file(name, name+x.Word())
		f.Later = later
		return f
	}
	files := []step09.File{file("a.js", x.String(alnum, 300)), file("a.js.gz", "gz"+x.Word()), file("a.js.br", "br"+x.Word()), late("a.js.zst", time.Hour), file("old.js", x.Word()), late("old.js.gz", -time.Hour), late("old.js.br", -time.Second), file("b.css", x.Word()), late("b.css.gz", time.Second), file("plain.txt", x.Word()), file("dir/index.html", x.Word()), file("dir/index.html.gz", x.Word()), {Name: "c.js.gz/"}, file("c.js", "c"), file("d.tar.gz", "archive"), file("only.js.gz", "only"), {Name: "e.js.gz", Link: "../../secret"}, file("e.js", "e"), {Name: "sub/"}}
	accepts := []string{"gzip", "br", "gzip, br", "br;q=0.5, gzip", "zstd, gzip;q=0.1", "*", "identity", "identity;q=0.5, gzip;q=0.4", "gzip;q=0", "*;q=0.5, br;q=0", "x-gzip", "gzip;q=2", "", "zstd;q=0.2, br;q=0.1, identity;q=0"}
	var requests []string
	for _, p := range []string{"/a.js", "/old.js", "/b.css", "/plain.txt", "/dir/", "/c.js", "/d.tar.gz", "/only.js", "/e.js", "/a.js.gz", "/none"} {
		requests = append(requests, get(p))
		for _, a := range accepts {
			requests = append(requests, get(p, "Accept-Encoding: "+a))
			if x.Chance(25) {
				requests = append(requests, request("HEAD", p, "", "Accept-Encoding: "+a), get(p, "Accept-Encoding: "+a, "Range: bytes=0-1"), get(p, "Accept-Encoding: "+a, "Range: items=0-1"), get(p, "Accept-Encoding: "+a, "If-None-Match: *"))
			}
		}
	}
	x.sites(site("files with siblings", step09.Site{Files: files, Precompressed: true, Cached: true}, requests...), site("files with siblings that are not sent", step09.Site{Files: files}, requests...))
}
