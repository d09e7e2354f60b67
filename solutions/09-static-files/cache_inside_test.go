package static

// What a Cache holds, and what it does not: nobody outside can see that.

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// A nothing is a ResponseWriter that keeps nothing.
type nothing struct{ header message.Header }

func (w *nothing) Header() *message.Header     { return &w.header }
func (w *nothing) WriteHeader(int)             {}
func (w *nothing) Flush() error                { return nil }
func (w *nothing) Write(p []byte) (int, error) { return len(p), nil }

// get asks for a path, which needs not be one that a parser would let pass.
func get(f *Files, path string) {
	r := &keepalive.Request{Body: strings.NewReader("")}
	r.Method = "GET"
	r.Target.Path = []byte(path)
	f.ServeHTTP(&nothing{}, r)
}

// folder makes files of these sizes, which have their names, and a handler for them.
func folder(t *testing.T, sizes map[string]int) *Files {
	t.Helper()
	dir := t.TempDir()
	for name, size := range sizes {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// holds says what is in a cache.
func (c *Cache) holds() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d entries, %d files, %d bytes", len(c.entries), c.open, c.bytes)
}

func TestCacheHolds(t *testing.T) {
	// Two spellings of 256 and 257 bytes.
	spelling := func(name string, n int) string {
		return "/" + strings.Repeat("./", (n-1-len(name))/2) + name
	}
	for _, test := range []struct {
		name string
		size int
		path string
		want string
	}{
		{"a short file", 10, "/a", "1 entries, 0 files, 10 bytes"},
		{"the longest that is short", maxShort, "/a", fmt.Sprintf("1 entries, 0 files, %d bytes", maxShort)},
		{"the shortest that is long", maxShort + 1, "/a", "1 entries, 1 files, 0 bytes"},
		{"an empty file", 0, "/a", "1 entries, 0 files, 0 bytes"},
		{"under a long spelling", 10, spelling("a", maxPath), "1 entries, 0 files, 10 bytes"},
		{"under a spelling that is too long", 10, spelling("aa", maxPath+1), "0 entries, 0 files, 0 bytes"},
		{"what is not there", 10, "/b", "0 entries, 0 files, 0 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := folder(t, map[string]int{"a": test.size, "aa": test.size})
			get(f, test.path)
			get(f, test.path)
			if got := f.Cache.holds(); got != test.want {
				t.Errorf("after two requests for a path of %d bytes: %s, want %s", len(test.path), got, test.want)
			}
			f.Cache.clear()
			if got := f.Cache.holds(); got != "0 entries, 0 files, 0 bytes" {
				t.Errorf("when all is forgotten: %s", got)
			}
		})
	}
}

// TestCacheRoom: at each of its bounds, a cache takes one more, and then no more.
func TestCacheRoom(t *testing.T) {
	known := cacheKey{path: "/known"}
	full := func(n int) map[cacheKey]*entry {
		entries := map[cacheKey]*entry{known: {}}
		for i := 1; i < n; i++ {
			entries[cacheKey{path: fmt.Sprint(i)}] = &entry{}
		}
		return entries
	}
	for _, test := range []struct {
		name  string
		cache *Cache
		key   cacheKey
		bytes int
		want  bool
	}{
		{"the first entry", &Cache{}, known, 10, true},
		{"the last entry", &Cache{entries: full(maxEntries - 1)}, cacheKey{path: "/new"}, 0, true},
		{"one too many", &Cache{entries: full(maxEntries)}, cacheKey{path: "/new"}, 0, false},
		{"one that is there, of as many as there may be", &Cache{entries: full(maxEntries)}, known, 0, true},
		{"content up to the bound", &Cache{bytes: maxContent - 10}, known, 10, true},
		{"a byte more", &Cache{bytes: maxContent - 10}, known, 11, false},
		{"more than the bound", &Cache{}, known, maxContent + 1, false},
		{"when it is closed", &Cache{closed: true}, known, 0, false},
		{"when it is closed, one that is there", &Cache{closed: true, entries: full(1)}, known, 0, false},
	} {
		if e := test.cache.entry(test.key, test.bytes); (e != nil) != test.want {
			t.Errorf("%s: room is %t, want %t", test.name, e != nil, test.want)
		}
		test.cache.close()
	}
}

// TestCacheFull: what there is no room for is sent from its file, and nothing is read
// into memory; long files need no room for content.
func TestCacheFull(t *testing.T) {
	f := folder(t, map[string]int{"short": 10, "long": maxShort + 1})
	f.Cache.bytes = maxContent
	defer func() { f.Cache.bytes = 0 }()
	for name, want := range map[string]string{"short": "file, 0 entries", "long": "file, 1 entries"} {
		rep := opened(t, f, name)
		f.Cache.keep(f, request(name), rep, time.Now())
		got := fmt.Sprintf("%s, %d entries", map[bool]string{true: "file", false: "content"}[rep.file != nil], len(f.Cache.entries))
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		f.Cache.give(rep)
		f.Cache.clear()
		f.Cache.bytes = maxContent
	}
}

func request(name string) *keepalive.Request {
	r := &keepalive.Request{}
	r.Method = "GET"
	r.Target.Path = []byte("/" + name)
	return r
}

// opened returns what serveFile makes of a file.
func opened(t *testing.T, f *Files, name string) *representation {
	t.Helper()
	file, err := f.Root.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return &representation{name: name, file: file, size: info.Size(), changed: info.ModTime()}
}

// TestCacheWritten: a file that is being written to is not kept.
func TestCacheWritten(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(rep *representation)
		want string
	}{
		{"as it was", func(*representation) {}, "1 entries, 0 files, 10 bytes"},
		{"shorter than it was", func(rep *representation) { rep.size++ }, "1 entries, 0 files, 0 bytes"},
		{"longer than it was", func(rep *representation) { rep.size-- }, "1 entries, 0 files, 0 bytes"},
		{"changed since", func(rep *representation) { rep.changed = rep.changed.Add(-1) }, "1 entries, 0 files, 0 bytes"},
		{"not to be looked at", func(rep *representation) { rep.file.Close() }, "1 entries, 0 files, 0 bytes"},
	} {
		f := folder(t, map[string]int{"a": 10})
		rep := opened(t, f, "a")
		test.make(rep)
		f.Cache.keep(f, request("a"), rep, time.Now())
		if got := f.Cache.holds(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		f.Cache.give(rep)
	}
	f := folder(t, map[string]int{"a": 10})
	rep := opened(t, f, "a")
	rep.file.Close()
	if rep.unchanged() {
		t.Error("of a file that cannot be looked at, nobody knows that it is unchanged")
	}
}

// TestCacheEntry: an entry has content once, or files, and never both.
func TestCacheEntry(t *testing.T) {
	f := folder(t, map[string]int{"a": 10, "long": maxShort + 1})
	c := f.Cache
	for range 2 {
		c.keep(f, request("a"), opened(t, f, "a"), time.Now())
	}
	if got := c.holds(); got != "1 entries, 0 files, 10 bytes" {
		t.Errorf("content that was kept twice: %s", got)
	}
	late := opened(t, f, "long")
	late.entry = c.entries[cacheKey{f, "/a", 0}]
	c.give(late)
	if got := c.holds(); got != "1 entries, 0 files, 10 bytes" || late.file.Close() == nil {
		t.Errorf("a file that is given back where there is content by now is not closed, or kept: %s", got)
	}
	first, second := opened(t, f, "long"), opened(t, f, "long")
	for _, rep := range []*representation{first, second} {
		c.keep(f, request("long"), rep, time.Now())
	}
	c.give(first)
	c.give(second)
	if got := c.holds(); got != "2 entries, 2 files, 10 bytes" {
		t.Errorf("two requests had a long file each: %s", got)
	}
	for i := range maxOpen {
		rep := opened(t, f, "long")
		c.keep(f, request("long"), rep, time.Now())
		if c.give(rep); c.open != min(maxOpen, 3+i) {
			t.Fatalf("after %d more there are %d files", i+1, c.open)
		}
	}
}

// TestCacheForgets: all is forgotten Fresh after the first entry was made, once.
func TestCacheForgets(t *testing.T) {
	for _, test := range []struct{ fresh, want time.Duration }{
		{0, DefaultFresh}, {-1, DefaultFresh}, {1, 1}, {10 * time.Second, 10 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &Cache{Fresh: test.fresh}
			defer c.close()
			entries := func(when string, want int) {
				t.Helper()
				synctest.Wait()
				if got := c.holds(); got != fmt.Sprintf("%d entries, 0 files, 0 bytes", want) {
					t.Errorf("Fresh is %v: %s there are %s, want %d", test.fresh, when, got, want)
				}
			}
			c.entry(cacheKey{path: "/a"}, 0)
			time.Sleep(test.want / 2)
			c.entry(cacheKey{path: "/b"}, 0)
			entries("after half of it", 2)
			time.Sleep(test.want - test.want/2)
			entries("after all of it", 0)
			if test.want < time.Second {
				return // too short for what follows
			}
			time.Sleep(test.want / 4)
			c.entry(cacheKey{path: "/c"}, 0)
			time.Sleep(test.want / 2)
			entries("after half of the next", 1)
		})
	}
}

// TestCacheTakes: what is too old, or was changed, is not taken, and no file of it stays open.
func TestCacheTakes(t *testing.T) {
	f := folder(t, map[string]int{"a": 10, "long": maxShort + 1})
	for _, name := range []string{"a", "long"} {
		now := time.Now()
		rep := opened(t, f, name)
		file := rep.file
		f.Cache.keep(f, request(name), rep, now)
		f.Cache.give(rep)
		if f.Cache.take(f, request(name), now.Add(DefaultFresh)) != nil {
			t.Errorf("%s is taken when Fresh has passed", name)
		}
		if file.Close() == nil {
			t.Errorf("%s was open", name)
		}
		if f.Cache.open != 0 {
			t.Errorf("%s: %d files are counted", name, f.Cache.open)
		}
	}
	f.Cache.close()
	if f.Cache.entry(cacheKey{path: "/a"}, 0) != nil {
		t.Error("what is closed keeps something")
	}
}
