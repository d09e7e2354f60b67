// What the cache promises: that nobody gets more, or anything older, than it says, and
// that what it holds is bounded.

package static_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/09-static-files"
)

// A page is a ResponseWriter that keeps what it is given.
type page struct {
	header  message.Header
	status  int
	content []byte
	onRead  func() // called when a file is handed over, before it is read
}

func (w *page) Header() *message.Header     { return &w.header }
func (w *page) WriteHeader(status int)      { w.status = status }
func (w *page) Flush() error                { return nil }
func (w *page) Write(p []byte) (int, error) { w.content = append(w.content, p...); return len(p), nil }

func (w *page) ReadFrom(src io.Reader) (int64, error) {
	if w.onRead != nil {
		w.onRead()
	}
	content, err := io.ReadAll(src)
	w.content = append(w.content, content...)
	return int64(len(content)), err
}

// cachedGet asks for a path, with these field lines.
func cachedGet(t testing.TB, f *static.Files, path string, fields ...string) *page {
	t.Helper()
	w := &page{}
	f.ServeHTTP(w, parse(t, "GET "+path+" HTTP/1.1\r\nHost: a\r\n"+strings.Join(append(fields, ""), "\r\n")+"\r\n"))
	return w
}

// put replaces a file at once, with a time of long ago for its last change, which is another one for each content.
func put(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	// Counted from one day, so that it does not matter how long it takes to write two files.
	old := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(len(content)+int(content[0])) * time.Millisecond)
	os.Chtimes(name+".new", old, old)
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

const short, long = 1000, 100_000

// TestCacheBelieves: a file that is replaced or removed is noticed when Fresh has passed,
// and until then what is sent goes together.
func TestCacheBelieves(t *testing.T) {
	for _, size := range []int{short, long} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, files := sized(t)
				name := filepath.Join(dir, "a.txt")
				put(t, name, strings.Repeat("a", size))
				first := cachedGet(t, files, "/a.txt")
				put(t, name, strings.Repeat("b", size+1))
				time.Sleep(static.DefaultFresh - 1)
				early := cachedGet(t, files, "/a.txt")
				if string(early.content) != string(first.content) || early.header.Get("ETag") != first.header.Get("ETag") {
					t.Errorf("before Fresh has passed there are %d bytes with the tag %s, want the first ones, %d with %s",
						len(early.content), early.header.Get("ETag"), size, first.header.Get("ETag"))
				}
				time.Sleep(time.Nanosecond)
				late := cachedGet(t, files, "/a.txt")
				if string(late.content) != strings.Repeat("b", size+1) || late.header.Get("ETag") == first.header.Get("ETag") ||
					late.header.Get("Content-Length") != fmt.Sprint(size+1) {
					t.Errorf("then there are %d bytes with the tag %s, want the new file", len(late.content), late.header.Get("ETag"))
				}
				os.Remove(name)
				time.Sleep(static.DefaultFresh)
				if w := cachedGet(t, files, "/a.txt"); w.status != 404 {
					t.Errorf("after it was removed the status is %d", w.status)
				}
			})
		})
	}
}

// TestCacheBelievesFromBefore: the time counts from before the file is opened, and an
// answer that takes long does not make it longer.
func TestCacheBelievesFromBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, files := sized(t)
		name := filepath.Join(dir, "a.txt")
		put(t, name, strings.Repeat("a", long))
		w := &page{onRead: func() { time.Sleep(static.DefaultFresh); put(t, name, strings.Repeat("b", long)) }}
		files.ServeHTTP(w, parse(t, "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"))
		if got := cachedGet(t, files, "/a.txt"); w.content[0] != 'a' || got.content[0] != 'b' {
			t.Errorf("first %q was sent, and afterwards %q", w.content[:1], got.content[:1])
		}
	})
}

// TestCacheInPlace: a long file that is changed where it is is noticed at once: its
// bytes are those on the disk, so its length and its tag have to be as well.
func TestCacheInPlace(t *testing.T) {
	dir, files := sized(t)
	name := filepath.Join(dir, "a.txt")
	put(t, name, strings.Repeat("a", long))
	first := cachedGet(t, files, "/a.txt")
	for _, size := range []int{long / 2, long, 10} {
		if err := os.Truncate(name, int64(size)); err != nil {
			t.Fatal(err)
		}
		w := cachedGet(t, files, "/a.txt")
		if length := w.header.Get("Content-Length"); length != fmt.Sprint(len(w.content)) || len(w.content) != size || w.header.Get("ETag") == first.header.Get("ETag") {
			t.Errorf("Content-Length: %s, %d bytes and the tag %s (it was %s), want %d bytes and another tag",
				length, len(w.content), w.header.Get("ETag"), first.header.Get("ETag"), size)
		}
	}
}

// TestCacheShrinks: who is being sent a file that becomes shorter gets less than was
// announced, as without a cache; the next one gets what there is.
func TestCacheShrinks(t *testing.T) {
	dir, files := sized(t, long)
	name := filepath.Join(dir, fmt.Sprint(long, ".txt"))
	cachedGet(t, files, "/100000.txt")
	w := &page{onRead: func() { os.Truncate(name, long/2) }}
	files.ServeHTTP(w, parse(t, "GET /100000.txt HTTP/1.1\r\nHost: a\r\n\r\n"))
	next := cachedGet(t, files, "/100000.txt")
	if w.header.Get("Content-Length") != fmt.Sprint(long) || len(w.content) != long/2 || next.header.Get("Content-Length") != fmt.Sprint(long/2) || len(next.content) != long/2 {
		t.Errorf("of %s bytes %d came, then of %s %d", w.header.Get("Content-Length"), len(w.content), next.header.Get("Content-Length"), len(next.content))
	}
}

// TestCacheSettings: what one handler may send, a copy of it with other settings does
// not find.
func TestCacheSettings(t *testing.T) {
	dir, files := sized(t)
	for name, content := range map[string]string{".env": "secret", "a.txt": "own", "a.txt.gz": "gz", "a.txt.br": "br", "b.txt": "own", "b.txt.zst": "a zst", "b.txt.gz": "gz"} {
		put(t, filepath.Join(dir, name), content)
	}
	open := *files
	open.DotFiles, open.Precompressed = true, true
	open.Types = map[string]string{".txt": "text/special"}
	for range 3 {
		for _, test := range []struct {
			files             *static.Files
			path, field, want string
		}{
			{&open, "/.env", "", "200  application/octet-stream secret"},
			{files, "/.env", "", "404"},
			{files, "/%2eenv", "", "404"},
			{&open, "/a.txt", "", "200  text/special own"},
			{&open, "/a.txt", "Accept-Encoding: gzip", "200 gzip text/special gz"},
			{&open, "/a.txt", "Accept-Encoding: br", "200 br text/special br"},
			{&open, "/a.txt", "Accept-Encoding: gzip, br", "200 br text/special br"},
			{&open, "/a.txt", "Accept-Encoding: gzip, br;q=0.5", "200 gzip text/special gz"},
			{&open, "/a.txt", "Accept-Encoding: zstd", "200  text/special own"},
			{&open, "/b.txt", "", "200  text/special own"},
			{&open, "/b.txt", "Accept-Encoding: zstd", "200 zstd text/special a zst"},
			{&open, "/b.txt", "Accept-Encoding: gzip", "200 gzip text/special gz"},
			{&open, "/b.txt", "Accept-Encoding: zstd, gzip;q=0.5", "200 zstd text/special a zst"},
			{files, "/a.txt", "Accept-Encoding: gzip", "200  text/plain; charset=utf-8 own"},
			{files, "/a.txt/", "", "404"},
		} {
			w := cachedGet(t, test.files, test.path, test.field)
			if test.field == "" {
				w = cachedGet(t, test.files, test.path)
			}
			got := fmt.Sprint(w.status)
			if w.status == 200 {
				got = fmt.Sprintf("%d %s %s %s", w.status, w.header.Get("Content-Encoding"), w.header.Get("Content-Type"), w.content)
			}
			if got != test.want {
				t.Errorf("%s with %q: %s, want %s", test.path, test.field, got, test.want)
			}
		}
	}
}

// TestCacheIfRange: what one request need not be told, the next one is.
func TestCacheIfRange(t *testing.T) {
	_, files := sized(t, short, long)
	for _, size := range []int{short, long} {
		path := fmt.Sprint("/", size, ".txt")
		first := cachedGet(t, files, path)
		part := cachedGet(t, files, path, "Range: bytes=1-2", "If-Range: "+first.header.Get("ETag"))
		if part.status != 206 || part.header.Has("Content-Type") {
			t.Errorf("%s: the part has status %d and the type %q, want 206 and none", path, part.status, part.header.Get("Content-Type"))
		}
		if next := cachedGet(t, files, path); next.header.Get("Content-Type") != first.header.Get("Content-Type") {
			t.Errorf("%s: after that, the type is %q, want %q", path, next.header.Get("Content-Type"), first.header.Get("Content-Type"))
		}
	}
}

// descriptors returns how many files of dir this process has open.
func descriptors(t testing.TB, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this system has no /proc")
	}
	for _, entry := range entries {
		to, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		if strings.HasPrefix(to, dir+"/") {
			n++
		}
	}
	return n
}

// TestCacheBounds: however many files are asked for, few stay open; all are closed when
// nobody asks any more, and when the handler is closed.
func TestCacheBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, files := sized(t)
		for i := range 200 {
			put(t, filepath.Join(dir, fmt.Sprint(i)), strings.Repeat("x", long+i))
		}
		ask := func() {
			for i := range 200 {
				if w := cachedGet(t, files, fmt.Sprint("/", i)); len(w.content) != long+i {
					t.Fatalf("file %d has %d bytes, want %d", i, len(w.content), long+i)
				}
			}
		}
		ask()
		if n := descriptors(t, dir); n == 0 || n > 64 {
			t.Errorf("after 200 files %d are open, want some, and at most 64", n)
		}
		time.Sleep(static.DefaultFresh)
		synctest.Wait()
		if n := descriptors(t, dir); n != 0 {
			t.Errorf("when Fresh has passed %d are open", n)
		}
		ask()
		files.Close()
		if n := descriptors(t, dir); n != 0 {
			t.Errorf("when the handler is closed %d are open", n)
		}
		if cachedGet(t, files, "/1"); descriptors(t, dir) != 0 {
			t.Error("a handler that is closed has opened a file")
		}
	})
}

// TestCacheMemory: content is bounded too, and so are the paths, of any length.
func TestCacheMemory(t *testing.T) {
	_, files := sized(t, 30_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, w := parse(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &sink{}
	for i := range 5000 { // each is the same file under another spelling
		r.Target.Path = fmt.Appendf(nil, "/%s%d/../30000.txt", strings.Repeat("x", i%300), i)
		w.header.Reset()
		if files.ServeHTTP(w, r); w.status != 200 {
			t.Fatalf("%s: %d", r.Target.Path, w.status)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown < 1<<20 || grown > 10<<20 {
		t.Errorf("after 5000 files of 30,000 bytes the heap has grown by %d bytes, want 8 MiB at most and a little", grown)
	}
	runtime.KeepAlive(files)
}

// TestCacheEntries: a short file under very many spellings does not fill the memory.
func TestCacheEntries(t *testing.T) {
	_, files := sized(t, 1)
	files.Cache.Fresh = time.Hour
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, w := parse(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &sink{}
	for i := range 10_000 {
		r.Target.Path = fmt.Appendf(nil, "/%s%d/../1.txt", strings.Repeat("x", 200), i)
		w.header.Reset()
		if files.ServeHTTP(w, r); w.status != 200 {
			t.Fatalf("%s: %d", r.Target.Path, w.status)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 3<<20 {
		t.Errorf("after 10,000 spellings of one path the heap has grown by %d bytes, want a thousand entries or so", grown)
	}
	runtime.KeepAlive(files)
}

// TestCacheInUse: a file that is forgotten, or whose handler is closed, while it is being sent is
// sent to its end, and closed then.
func TestCacheInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, files := sized(t, long)
		cachedGet(t, files, "/100000.txt")
		var also *page
		w := &page{onRead: func() {
			also = cachedGet(t, files, "/100000.txt") // a file of its own
			files.Close()
		}}
		files.ServeHTTP(w, parse(t, "GET /100000.txt HTTP/1.1\r\nHost: a\r\n\r\n"))
		if len(w.content) != long || len(also.content) != long {
			t.Errorf("%d and %d bytes came, want %d", len(w.content), len(also.content), long)
		}
		if n := descriptors(t, dir); n != 0 {
			t.Errorf("%d files are open afterwards", n)
		}
	})
}

// TestCacheRace: many ask while files are replaced; each gets one version of a file, and
// the validators of that version. Run it with -race.
func TestCacheRace(t *testing.T) {
	dir, files := sized(t)
	files.Cache.Fresh = time.Millisecond
	names := []string{"a.txt", "b.txt"}
	sizes := map[string]int{"a.txt": short, "b.txt": long}
	for _, name := range names {
		put(t, filepath.Join(dir, name), strings.Repeat("a", sizes[name]))
	}
	var stop atomic.Bool
	var writing, reading sync.WaitGroup
	writing.Go(func() {
		for i := 0; !stop.Load(); i++ {
			name := names[i/26%2]
			put(t, filepath.Join(dir, name), strings.Repeat(string(rune('a'+i%26)), sizes[name]+i%26))
		}
	})
	var tags sync.Map // which letter a tag stands for
	for g := range 4 {
		reading.Go(func() {
			for i := range 100 {
				name := names[(i+g)%2]
				w := cachedGet(t, files, "/"+name)
				letter := string(w.content[:1])
				if n := sizes[name] + int(letter[0]-'a'); string(w.content) != strings.Repeat(letter, n) || w.header.Get("Content-Length") != fmt.Sprint(n) {
					t.Errorf("%s: Content-Length: %s, and %d bytes that begin with %s", name, w.header.Get("Content-Length"), len(w.content), letter)
				}
				if other, _ := tags.LoadOrStore(w.header.Get("ETag"), letter); other != letter {
					t.Errorf("%s: one tag for %s and %s", name, letter, other)
				}
			}
		})
	}
	reading.Wait()
	stop.Store(true)
	writing.Wait()
}

// TestBudgetCache: a short file that is in the cache costs no allocation.
func TestBudgetCache(t *testing.T) {
	dir, files := sized(t, short, long)
	put(t, filepath.Join(dir, "1000.txt.gz"), "gz")
	files.Cache.Fresh = time.Hour
	files.Precompressed, files.Prefix = true, "/static"
	for _, test := range []struct {
		path, fields string
		status       int
		want         float64
	}{
		{"/static/1000.txt", "", 200, 0},
		{"/static/1000.txt", "Accept-Encoding: gzip, br\r\n", 200, 0},
		{"/static/1000.txt", "If-None-Match: *\r\n", 304, 0},
		{"/static/100000.txt", "", 200, 2}, // a FileInfo, and the reader that stops in time
	} {
		r := parse(t, "GET "+test.path+" HTTP/1.1\r\nHost: a\r\n"+test.fields+"\r\n")
		w := &sink{}
		got := testing.AllocsPerRun(100, func() {
			w.header.Reset()
			files.ServeHTTP(w, r)
		})
		if w.status != test.status || got > test.want {
			t.Errorf("%s with %q: status %d, %.0f allocations, want %d and at most %.0f", test.path, test.fields, w.status, got, test.status, test.want)
		}
	}
}

// TestCacheNoCache: without one nothing is believed.
func TestCacheNoCache(t *testing.T) {
	dir, files := sized(t)
	files.Cache = nil
	for _, content := range []string{"a", "bb", strings.Repeat("c", long)} {
		put(t, filepath.Join(dir, "a.txt"), content)
		if w := cachedGet(t, files, "/a.txt"); string(w.content) != content {
			t.Errorf("%d bytes came, want %d", len(w.content), len(content))
		}
	}
	if n := descriptors(t, dir); n != 0 {
		t.Errorf("%d files are open", n)
	}
}
