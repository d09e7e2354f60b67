package static_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	static "barewire/steps/09-static-files"
)

func TestTask3_Files(t *testing.T) {
	s := serve(t, map[string]string{
		"a.txt": "hello", "long.bin": strings.Repeat("x", 100_000), "empty.txt": "", "dir/b c.html": "<p>", "data": "x", ".env": "SECRET=1", ".git/config": "x",
		".well-known/security.txt": "Contact", "a.special": "s",
	})
	hashed := func(f *static.Files) {
		f.CacheControl = func(name string) string {
			if name == "dir/b c.html" {
				return "max-age=60"
			}
			return ""
		}
	}
	s.run(t, []row{
		{name: "a file is sent", why: "this is what it is for",
			send: get("/a.txt"), want: []string{"200", "Content-Type: text/plain; charset=utf-8", "Content-Length: 5", `content "hello"`}},
		{name: "an empty file is sent", why: "it has content of length 0, and a type",
			send: get("/empty.txt"), want: []string{"200", "Content-Type: text/plain; charset=utf-8", "Content-Length: 0", `content ""`}},
		{name: "a file in a directory", why: "names are decoded",
			send: get("/dir/b%20c.html?v=1"), want: []string{"200", "Content-Type: text/html; charset=utf-8", `content "<p>"`}},
		{name: "a type is not to be guessed", why: "without nosniff, a browser may run as a script what was sent as text",
			send: get("/data"), want: []string{"200", "Content-Type: application/octet-stream", "X-Content-Type-Options: nosniff"}},
		{name: "nor that of an error", why: "every response says so",
			send: get("/missing"), want: []string{"404", "X-Content-Type-Options: nosniff"}},
		{name: "nor that of a 405", why: "every response says so",
			send: request("DELETE", "/data"), want: []string{"405", "X-Content-Type-Options: nosniff"}},
		{name: "a type of one's own", why: "Types goes before the table",
			with: func(f *static.Files) { f.Types = map[string]string{".special": "application/special"} },
			send: get("/a.special"), want: []string{"200", "Content-Type: application/special"}},
		{name: "HEAD has the fields and no content", why: "the server SHOULD send the same fields as for GET (RFC 9110 §9.3.2)",
			send: request("HEAD", "/a.txt"), want: []string{"200", "Content-Type: text/plain; charset=utf-8", "Content-Length: 5", `content ""`}},
		{name: "HEAD of a long file has its length", why: "a client asks with HEAD how long a download will be (RFC 9110 §8.6)",
			send: request("HEAD", "/long.bin"), want: []string{"200", "Content-Length: 100000"}},
		{name: "POST is not allowed", why: "a 405 MUST have Allow (RFC 9110 §15.5.6)",
			send: request("POST", "/a.txt", "Content-Length: 0"), want: []string{"405", "Allow: GET, HEAD"}},
		{name: "nor is DELETE", why: "a 405 MUST have Allow (RFC 9110 §15.5.6)",
			send: request("DELETE", "/a.txt"), want: []string{"405", "Allow: GET, HEAD"}},
		{name: "OPTIONS says what is allowed", why: "a client asks before it tries: a 2xx with Allow (RFC 9110 §9.3.7)",
			send: request("OPTIONS", "/a.txt"), want: []string{"204", "Allow: GET, HEAD", `content ""`}},
		{name: "OPTIONS selects no file", why: "preconditions MUST be ignored there (RFC 9110 §13.2.1)",
			send: request("OPTIONS", "/a.txt", `If-Match: "old"`, "If-None-Match: *"), want: []string{"204", "Allow: GET, HEAD"}},
		{name: "nothing there", why: "a name that is not there is a 404 (RFC 9110 §15.5.5)", send: get("/b.txt"), want: []string{"404"}},
		{name: "a file's name with a slash", why: "a slash behind a name means a directory",
			send: get("/a.txt/"), want: []string{"404"}},
		{name: "a file as a directory", why: "the system's error is not the client's business: nothing is there",
			send: get("/a.txt/b"), want: []string{"404"}},
		{name: "a hidden file", why: "nobody learns that it is there", send: get("/.env"), want: []string{"404"}},
		{name: "below a hidden directory", why: "nobody learns that it is there", send: get("/.git/config"), want: []string{"404"}},
		{name: "an encoded dot hides too", why: "%2e is a dot (RFC 3986 §6.2.2.2)", send: get("/%2eenv"), want: []string{"404"}},
		{name: "hidden files when they are wanted", why: "DotFiles says so",
			with: func(f *static.Files) { f.DotFiles = true },
			send: get("/.env"), want: []string{"200", `content "SECRET=1"`}},
		{name: "well-known is not hidden", why: "it is made for the public (RFC 8615)",
			send: get("/.well-known/security.txt"), want: []string{"200", `content "Contact"`}},
		{name: "Cache-Control for this file", why: "the function is asked with the name of the file", with: hashed,
			send: get("/dir/b%20c.html"), want: []string{"200", "Cache-Control: max-age=60"}},
		{name: "and none for that", why: "\"\" stands for no field", with: hashed,
			send: get("/a.txt"), want: []string{"200", `content "hello"`, "no Cache-Control"}},
		{name: "an error is not cached like a file", why: "a 404 with a long max-age stays when the file comes",
			with: func(f *static.Files) { f.CacheControl = func(string) string { return "max-age=60" } },
			send: get("/missing"), want: []string{"404", "no Cache-Control"}},
	})
}

func TestTask3_Prefix(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello", "static/a.txt": "inner"})
	s.Prefix = "/static"
	s.run(t, []row{
		{name: "is taken off", why: "the handler is mounted there", send: get("/static/a.txt"), want: []string{"200", `content "hello"`}},
		{name: "once", why: "what is behind it is a name", send: get("/static/static/a.txt"), want: []string{"200", `content "inner"`}},
		{name: "in any spelling", why: "%73 is an s (RFC 3986 §6.2.2.2)", send: get("/%73tatic/a.txt"), want: []string{"200", `content "hello"`}},
		{name: "and must be there", why: "other paths are not this handler's", send: get("/a.txt"), want: []string{"404"}},
		{name: "as whole segments", why: "/statica.txt is another path", send: get("/statica.txt"), want: []string{"404"}},
		{name: "after the dots are gone", why: "/static/../a.txt is /a.txt (RFC 3986 §5.2.4)", send: get("/static/../a.txt"), want: []string{"404"}},
		{name: "which may also lead to it", why: "/x/../static is /static (RFC 3986 §5.2.4)", send: get("/x/../static/a.txt"), want: []string{"200", `content "hello"`}},
	})
}

// Names that lead out of the root, links that do, and what is no file.
func TestTask3_Outside(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello", "dir/b.txt": "b"})
	for _, path := range []string{
		"/../secret", "/%2e%2e/secret", "/..%2fsecret", "/dir/../../secret", "/dir/%2e%2e%2f%2e%2e%2fsecret", "/..%5csecret",
		"/%252e%252e/secret", "//..//secret", "/dir/....//secret", "/a.txt%00/../secret",
	} {
		t.Run(strings.ReplaceAll(path[1:], "/", "|")+" does not lead out", func(t *testing.T) {
			// The request is given to the handler as it is: a server would refuse
			// some of these before.
			rec := record(t, s, "GET", path)
			if rec.status != 404 && rec.status != 400 {
				testkit.Report{Sent: path, Want: "404", Got: fmt.Sprintf("%d, content %q", rec.status, rec.content),
					Why: "the file secret stands beside the root"}.Error(t)
			}
		})
	}
	t.Run("a link that leads out", func(t *testing.T) {
		s.link(t, filepath.Join("..", "secret"), "out.txt")
		s.check(t, s, row{why: "whoever may write into the root must not be able to publish the rest of the disk: os.Root follows no such link",
			send: get("/out.txt"), want: []string{"404"}})
	})
	t.Run("a link to a directory outside", func(t *testing.T) {
		s.link(t, "..", "up")
		s.check(t, s, row{why: "os.Root follows no link out of the root, wherever in a name it stands",
			send: get("/up/secret"), want: []string{"404"}})
	})
	t.Run("an absolute link", func(t *testing.T) {
		s.link(t, filepath.Join(filepath.Dir(s.dir), "secret"), "absolute.txt")
		s.check(t, s, row{why: "os.Root follows no absolute link", send: get("/absolute.txt"), want: []string{"404"}})
	})
	t.Run("a link to a device", func(t *testing.T) {
		s.link(t, os.DevNull, "null.txt")
		s.check(t, s, row{why: "a device is no file, and this one is outside", send: get("/null.txt"), want: []string{"404"}})
	})
	t.Run("a link that stays inside", func(t *testing.T) {
		s.link(t, "a.txt", "inside.txt")
		s.check(t, s, row{why: "such a link is the site's own", send: get("/inside.txt"), want: []string{"200", `content "hello"`}})
	})
	t.Run("a link to itself", func(t *testing.T) {
		s.link(t, "loop.txt", "loop.txt")
		s.check(t, s, row{why: "the system's error is not the client's business: nothing is there", send: get("/loop.txt"), want: []string{"404"}})
	})
}

func TestTask3_FIFO(t *testing.T) {
	s := serve(t, nil)
	fifo := filepath.Join(s.dir, "fifo.txt")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Skipf("this system has no mkfifo: %v", err)
	}
	timer := time.AfterFunc(2*time.Second, func() {
		// Opened for writing, it lets go of whoever waits in Open.
		if f, err := os.OpenFile(fifo, os.O_RDWR, 0); err == nil {
			f.Close()
		}
	})
	rec := record(t, s, "GET", "/fifo.txt")
	late := !timer.Stop()
	if late || rec.status != 404 {
		got := fmt.Sprint(rec.status)
		if late {
			got = "no answer for 2 seconds"
		}
		testkit.Report{Sent: "/fifo.txt", Want: "404 at once", Got: got,
			Why: "opening a FIFO waits until somebody writes to it: each request for it would hold a goroutine for ever"}.Error(t)
	}
}

// While a file is sent, it may change.
func TestTask3_Change(t *testing.T) {
	const size = 1 << 20
	long := strings.Repeat("0123456789abcdef", size/16)
	t.Run("a file that shrinks ends the response early", func(t *testing.T) {
		s := serve(t, map[string]string{"a.bin": long})
		rec := newRecorder("GET")
		rec.onContent = func() { os.Truncate(filepath.Join(s.dir, "a.bin"), size/2) }
		rec.ask(t, s, "/a.bin")
		if rec.header.Get("Content-Length") != fmt.Sprint(size) || len(rec.content) >= size {
			testkit.Report{Sent: "/a.bin", Want: fmt.Sprintf("Content-Length: %d and less content", size),
				Got: fmt.Sprintf("Content-Length: %s and %d bytes", rec.header.Get("Content-Length"), len(rec.content)),
				Why: "the length was announced; what fills it up would be taken for the file (RFC 9112 §8)"}.Error(t)
		}
	})
	t.Run("a file that grows is sent as announced", func(t *testing.T) {
		s := serve(t, map[string]string{"a.bin": long})
		rec := newRecorder("GET")
		rec.onContent = func() { os.WriteFile(filepath.Join(s.dir, "a.bin"), []byte(long+long), 0o666) }
		rec.ask(t, s, "/a.bin")
		if rec.header.Get("Content-Length") != fmt.Sprint(size) || len(rec.content) != size {
			testkit.Report{Sent: "/a.bin", Want: fmt.Sprintf("Content-Length: %d and as many bytes", size),
				Got: fmt.Sprintf("Content-Length: %s and %d bytes", rec.header.Get("Content-Length"), len(rec.content)),
				Why: "what is more than was announced is the start of the next response (RFC 9112 §6.3)"}.Error(t)
		}
	})
}

func TestTask3_Kernel(t *testing.T) {
	s := serve(t, map[string]string{"a.bin": strings.Repeat("x", 100_000)})
	rec := &readerFrom{recorder: newRecorder("GET")}
	rec.writer = rec
	rec.ask(t, s, "/a.bin")
	const want = "ReadFrom with an io.LimitedReader of an *os.File, with 100000 bytes to go, after Content-Length: 100000"
	if rec.got != want {
		got := rec.got
		if got == "" {
			got = "no call of ReadFrom"
		}
		testkit.Report{Sent: "/a.bin", Want: want, Got: got,
			Why: "that is what sendfile can be used for: the bytes need not pass through the program"}.Error(t)
	}
}

// Anybody can ask for what is not there.
func TestTask3_Log(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello", ".env": "x"})
	for _, test := range []struct{ name, path string }{
		{"a name that is not there", "/missing.txt"},
		{"a hidden name", "/.env"},
		{"a name that is refused", "/nul.txt"},
		{"a file as a directory", "/a.txt/b"},
		{"a name that is too long for the system", "/" + strings.Repeat("x/", 3000)},
	} {
		t.Run(test.name+" is no error in the log", func(t *testing.T) {
			var log strings.Builder
			f := *s.Files
			f.ErrorLog = slog.New(slog.NewTextHandler(&log, nil))
			rec := record(t, &f, "GET", test.path)
			if rec.status != 404 || log.Len() > 0 {
				testkit.Report{Sent: "GET " + test.path, Want: "404, and in the log at level Info or above: nothing", Got: fmt.Sprintf("%d, and in the log at level Info or above: %s", rec.status, testkit.LogLines(log.String())),
					Why: "whoever scans for names that you do not have would fill the log, and hide in it what an operator has to see"}.Error(t)
			}
		})
	}
}

// What is dropped must not be read first.
func TestTask3_Head(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello"})
	big := filepath.Join(s.dir, "big.txt")
	write(t, big, "")
	const size = 1 << 30
	must(t, os.Truncate(big, size)) // nearly nothing on the disk
	must(t, os.Chtimes(big, changed, changed))
	for _, test := range []struct {
		name, why string
		with      func(*static.Files)
	}{
		{"reads nothing of the file", "the connection drops what is written for HEAD, and a film would be read from its first byte to its last for that", nil},
		{"reads nothing where siblings are looked for", "it is the same file",
			func(f *static.Files) { f.Precompressed = true }},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := *s.Files
			if test.with != nil {
				test.with(&f)
			}
			got := ""
			for _, ask := range []struct{ method, path string }{{"HEAD", "/big.txt"}, {"GET", "/a.txt"}} {
				rec := &tally{recorder: newRecorder(ask.method)}
				rec.writer = rec
				rec.ask(t, &f, ask.path)
				got += fmt.Sprintf("%s: %d, Content-Length: %s, and %d bytes; ", ask.method, rec.status, rec.header.Get("Content-Length"), rec.read)
			}
			if want := fmt.Sprintf("HEAD: 200, Content-Length: %d, and 0 bytes; GET: 200, Content-Length: 5, and 5 bytes; ", size); got != want {
				testkit.Report{Sent: "HEAD /big.txt, then GET /a.txt", Want: want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

// A tally is a recorder that counts what is handed to it and keeps none of it.
type tally struct {
	*recorder
	read int64
}

func (w *tally) Write(p []byte) (int, error) {
	w.WriteHeader(200)
	if w.read += int64(len(p)); w.read > 1<<20 {
		return 0, io.ErrShortWrite // enough has been seen
	}
	return len(p), nil
}

// A recorder is a ResponseWriter without a connection.
type recorder struct {
	method    string
	header    message.Header
	status    int
	content   []byte
	onContent func() // called before the first content
	writer    keepalive.ResponseWriter
}

func newRecorder(method string) *recorder {
	rec := &recorder{method: method}
	rec.writer = rec
	return rec
}

// record gives one request to a handler.
func record(t testing.TB, h keepalive.Handler, method, path string, fields ...string) *recorder {
	t.Helper()
	rec := newRecorder(method)
	rec.ask(t, h, path, fields...)
	return rec
}

func (w *recorder) ask(t testing.TB, h keepalive.Handler, path string, fields ...string) {
	t.Helper()
	var r keepalive.Request
	if _, err := r.Head.Parse([]byte(request(w.method, "/", fields...)), message.Limits{}); err != nil {
		t.Fatalf("step 3 does not parse a request: %v", err)
	}
	r.Target.Path, r.Target.Raw = []byte(path), []byte(path)
	r.Body = strings.NewReader("")
	h.ServeHTTP(w.writer, &r)
	if w.status == 0 {
		w.status = 200
	}
}

func (w *recorder) Header() *message.Header { return &w.header }
func (w *recorder) Flush() error            { return nil }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(200)
	if w.onContent != nil {
		w.onContent()
		w.onContent = nil
	}
	if w.method != "HEAD" {
		w.content = append(w.content, p...)
	}
	return len(p), nil
}

// A readerFrom is a recorder that takes content the way a connection would that has
// the kernel's help.
type readerFrom struct {
	*recorder
	got string
}

func (w *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	w.got = fmt.Sprintf("ReadFrom with a %T", src)
	if l, ok := src.(*io.LimitedReader); ok {
		if _, ok := l.R.(*os.File); ok {
			w.got = fmt.Sprintf("ReadFrom with an io.LimitedReader of an *os.File, with %d bytes to go, after Content-Length: %s", l.N, w.header.Get("Content-Length"))
		}
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(src)
	w.Write(b.Bytes())
	return n, err
}

func TestTask4_Directories(t *testing.T) {
	s := serve(t, map[string]string{
		"index.html": "<p>top", "dir/index.html": "<p>dir", "dir/sub/a.txt": "a", "other/main.htm": "<p>main", "odd/index.html/a.txt": "a",
		"with space/index.html": "<p>space", "empty/": "",
	})
	s.run(t, []row{
		{name: "the root has an index", why: "DefaultIndex is index.html",
			send: get("/"), want: []string{"200", "Content-Type: text/html; charset=utf-8", `content "<p>top"`}},
		{name: "a directory has an index", why: "DefaultIndex is index.html",
			send: get("/dir/"), want: []string{"200", `content "<p>dir"`}},
		{name: "HEAD of a directory", why: "the same fields as for GET (RFC 9110 §9.3.2)",
			send: request("HEAD", "/dir/"), want: []string{"200", "Content-Length: 6"}},
		{name: "an index of another name", why: "Index says so", with: func(f *static.Files) { f.Index = "main.htm" },
			send: get("/other/"), want: []string{"200", `content "<p>main"`}},
		{name: "no index", why: "without Listing nobody learns what is in it",
			send: get("/empty/"), want: []string{"404"}},
		{name: "an index that is a directory", why: "only regular files are served", send: get("/odd/"), want: []string{"404"}},
		{name: "the index by its own name", why: "it is a file like others", send: get("/dir/index.html"), want: []string{"200", `content "<p>dir"`}},
	})
	for _, test := range []struct{ name, path, want, why, prefix string }{
		{"without a slash", "/dir", "http://example.org/dir/", "a link to a.txt in the index would lead to /a.txt otherwise (RFC 3986 §5.2.3)", ""},
		{"in a directory", "/dir/sub", "http://example.org/dir/sub/", "the path is that of the request", ""},
		{"with a query", "/dir?a=1&b=%2F", "http://example.org/dir/?a=1&b=%2F", "the query belongs to the request", ""},
		{"with an encoded name", "/with%20space", "http://example.org/with%20space/", "a space in a Location is no URI (RFC 3986 §2)", ""},
		{"with dots", "/x/../dir", "http://example.org/dir/", "dot segments are removed", ""},
		{"below a prefix", "/files/dir", "http://example.org/files/dir/", "the client knows nothing of the prefix", "/files"},
		{"the prefix itself", "/files", "http://example.org/files/", "that is the root", "/files"},
	} {
		t.Run("redirected "+test.name, func(t *testing.T) {
			f := *s.Files
			f.Prefix = test.prefix
			answer := ask(t, &f, get(test.path))
			base, _ := url.Parse("http://example.org" + test.path)
			got := fmt.Sprintf("%d to nowhere", answer.StatusCode)
			if strings.ContainsFunc(answer.Header.Get("Location"), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
				got = fmt.Sprintf("%d to what is no URI", answer.StatusCode)
			} else if to, err := base.Parse(answer.Header.Get("Location")); err == nil && answer.Header.Get("Location") != "" {
				got = fmt.Sprintf("%d to %s", answer.StatusCode, to)
			}
			if want := "301 to " + test.want; got != want {
				testkit.Report{Sent: get(test.path), Want: want, Got: got + fmt.Sprintf(" (Location: %q)", answer.Header.Get("Location")), Why: test.why}.Error(t)
			}
		})
	}
	t.Run("redirected by a relative Location", func(t *testing.T) {
		s.run(t, []row{
			{name: "of one segment", why: "it is right behind a proxy that has taken a prefix off the path, and cannot be another site",
				send: get("/dir/sub"), want: []string{"301", "Location: sub/"}},
			{name: "with the query", why: "the query belongs to the request", send: get("/dir?a=1"), want: []string{"301", "Location: dir/?a=1"}},
		})
	})
	// These would lead to another site.
	for _, path := range []string{"//dir", "//example.com/..", "//example.com/%2e%2e", "/%5cdir", "/%2Fdir", "///dir"} {
		t.Run("never redirected elsewhere from "+strings.ReplaceAll(path, "/", "|"), func(t *testing.T) {
			rec := record(t, s, "GET", path)
			base, _ := url.Parse("http://example.org/")
			to, err := base.Parse(rec.header.Get("Location"))
			if err != nil || to.Host != "example.org" || rec.status == 200 && len(rec.content) == 0 || strings.Contains(rec.header.Get("Location"), "\\") {
				testkit.Report{Sent: path, Want: "404, or a Location at example.org", Got: fmt.Sprintf("%d, Location: %s", rec.status, rec.header.Get("Location")),
					Why: "a Location that starts with // is the address of another host (RFC 3986 §4.2)"}.Error(t)
			}
		})
	}
}
