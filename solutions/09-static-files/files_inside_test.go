package static

// What this package has chosen where its contract leaves it free.

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/solutions/03-headers-bodies"
)

// A taker is a ResponseWriter that keeps all, up to a limit if it has one.
type taker struct {
	nothing
	status  int
	content bytes.Buffer
	limit   int
}

func (w *taker) WriteHeader(status int) { w.status = status }

func (w *taker) Write(p []byte) (int, error) {
	if w.limit > 0 && w.content.Len()+len(p) > w.limit {
		return 0, errors.New("no more")
	}
	return w.content.Write(p)
}

// ask asks for a path with these field lines.
func ask(t *testing.T, f *Files, w *taker, path string, fields ...string) {
	t.Helper()
	r := request("")
	r.Target.Path = []byte(path)
	if _, err := r.Header.Parse([]byte(strings.Join(append(fields, ""), "\r\n")+"\r\n"), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	f.ServeHTTP(w, r)
}

func TestTypes(t *testing.T) {
	for name, want := range map[string]string{
		"a.htm": "text/html; charset=utf-8", "a.vtt": "text/vtt; charset=utf-8", "a.map": "application/json", "a.webmanifest": "application/manifest+json",
		"a.atom": "application/atom+xml", "a.rss": "application/rss+xml", "a.xhtml": "application/xhtml+xml", "a.xml": "application/xml",
		"a.zst": "application/zstd", "a.tar": "application/x-tar", "a.ico": "image/x-icon", "a.ttf": "font/ttf", "a.otf": "font/otf",
		"a.ogg": "audio/ogg", "a.wav": "audio/wav", "a.flac": "audio/flac", "a.mov": "video/quicktime",
	} {
		if got := ContentType(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestPage(t *testing.T) {
	const want = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>/a/</title>\n<h1>/a/</h1>\n<ul>\n" +
		"<li><a href=\"./d/\">d/</a>\n<li><a href=\"./%FF\">\uFFFD</a>\n<li><a href=\"./x%2Fy\">x/y</a>\n</ul>\n"
	if got := string(AppendListing(nil, "/a/", []string{"d/", "\xff", "x/y"})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestListing(t *testing.T) {
	f := folder(t, map[string]int{"a": 1})
	f.Listing = true
	if err := os.Mkdir(filepath.Join(f.Root.Name(), "dir"), 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/": string(AppendListing(nil, "/", []string{"a", "dir/"})), "/dir/": string(AppendListing(nil, "/dir/", nil)),
	} {
		w := &taker{}
		ask(t, f, w, path)
		if got := w.content.String(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
		for name, value := range map[string]string{
			"Content-Length": fmt.Sprint(len(want)), "Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'none'",
		} {
			if got := w.header.Get(name); got != value {
				t.Errorf("%s: %s: %q, want %q", path, name, got, value)
			}
		}
	}
}

func TestTag(t *testing.T) {
	at := time.Unix(1_700_000_000, 123_456_789)
	for _, test := range []struct {
		coding, want string
		age          time.Duration
	}{
		{"", `"cwyvpeni7w9h-zz"`, time.Hour}, {"br", `"cwyvpeni7w9h-zz-br"`, time.Hour}, {"", `W/"cwyvpeni7w9h-zz"`, 0},
	} {
		if got := ValidatorsOf(info{36*36 - 1, at}, test.coding, at.Add(test.age)).ETag; got != test.want {
			t.Errorf("%q, %v old: %s, want %s", test.coding, test.age, got, test.want)
		}
	}
}

type info struct {
	size int64
	time time.Time
}

func (i info) Name() string       { return "a" }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0 }
func (i info) ModTime() time.Time { return i.time }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

// A member that cannot be read is as if it were not there.
func TestUnreadable(t *testing.T) {
	var h message.Header
	if _, err := h.Parse([]byte("Accept-Encoding: br;q=high, gzip, br\r\n\r\n"), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(AppendAccepted(nil, &h, "br", "gzip")); got != "[br gzip]" {
		t.Errorf("%s, want [br gzip]", got)
	}
}

func TestOpenNothing(t *testing.T) {
	if f, err := Open(filepath.Join(t.TempDir(), "missing")); f != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of what is not there returns %v, %v", f, err)
	}
}

// Between Stat and Open, a name may come to stand for something else.
func TestOpenedAnother(t *testing.T) {
	f := folder(t, map[string]int{"a": 1})
	was, err := f.Root.Stat("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(f.Root.Name(), "b"), 0o777); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadDir("/proc/self/fd")
	for range 10 {
		if file, _, err := f.open("b", was); file != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("a directory is opened as a file: %v, %v", file, err)
		}
	}
	if after, _ := os.ReadDir("/proc/self/fd"); len(after) > len(before) {
		t.Errorf("%d files are open, and %d were", len(after), len(before))
	}
}

// What a client asks for in vain is in the log only where that is wanted.
func TestDebugLog(t *testing.T) {
	f := folder(t, map[string]int{"a": 1})
	for path, want := range map[string]string{
		"/missing": "", "/nul": "",
		"/a/b": `level=DEBUG msg="static: not served" error="statat a/b: not a directory"` + "\n",
	} {
		var log strings.Builder
		f.ErrorLog = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug,
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}))
		if ask(t, f, &taker{}, path); log.String() != want {
			t.Errorf("%s: %q, want %q", path, log.String(), want)
		}
	}
}

// TestParts: several ranges, byte by byte, and up to where the client goes away.
func TestParts(t *testing.T) {
	f := folder(t, nil)
	if err := os.WriteFile(filepath.Join(f.Root.Name(), "a.txt"), []byte(strings.Repeat("0123456789", 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	whole := &taker{}
	ask(t, f, whole, "/a.txt", "Range: bytes=0-4,-5")
	boundary, _ := strings.CutPrefix(whole.header.Get("Content-Type"), "multipart/byteranges; boundary=")
	const head = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
	first := "--" + boundary + "\r\n" + head + "0-4/1000\r\n\r\n01234\r\n"
	second := "--" + boundary + "\r\n" + head + "995-999/1000\r\n\r\n56789"
	if got, want := whole.content.String(), first+second+"\r\n--"+boundary+"--\r\n"; got != want || whole.header.Get("Content-Length") != fmt.Sprint(len(want)) {
		t.Errorf("Content-Length: %s,\ngot\n%s\nwant\n%s", whole.header.Get("Content-Length"), got, want)
	}
	for _, test := range []struct {
		name        string
		limit, want int
	}{
		{"in the first head", 10, 0},
		{"in the first part", strings.Index(first, "01234") + 2, strings.Index(first, "01234")},
		{"in the second head", len(first) + 10, len(first) - 2},
		{"in the second part", len(first) + len(second) - 2, len(first) + len(second) - 5},
	} {
		w := &taker{limit: test.limit}
		ask(t, f, w, "/a.txt", "Range: bytes=0-4,-5")
		if got := w.content.Len(); got != test.want {
			t.Errorf("a client that goes %s is sent %d bytes, want %d", test.name, got, test.want)
		}
	}
}

// TestPartsOfLess: behind a part that is shorter than it should be comes nothing.
func TestPartsOfLess(t *testing.T) {
	rep := opened(t, folder(t, map[string]int{"a": 10}), "a")
	defer rep.file.Close()
	rep.size = 20
	w := &taker{}
	rep.sendParts(w, []Range{{0, 5}, {8, 5}, {2, 2}})
	if got := w.content.String(); !strings.HasSuffix(got, "bytes 8-12/20\r\n\r\n\x00\x00") {
		t.Errorf("%q", got)
	}
}

// A copy that ends early says so.
func TestCopyFails(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(rep *representation)
		part Range
		want bool
	}{
		{"whole", func(*representation) {}, Range{0, 10}, true},
		{"of a file that is shorter by now", func(*representation) {}, Range{5, 10}, false},
		{"of a file that is closed", func(rep *representation) { rep.file.Close() }, Range{0, 0}, false},
		{"of content, to nobody", func(rep *representation) { rep.file, rep.content = nil, make([]byte, 100) }, Range{0, 100}, false},
	} {
		rep := opened(t, folder(t, map[string]int{"a": 10}), "a")
		file := rep.file
		test.make(rep)
		if err := rep.copy(&taker{limit: 50}, test.part); (err == nil) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
		file.Close()
	}
}
