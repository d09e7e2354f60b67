package build

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSame(t *testing.T) {
	files := func(pairs ...string) map[string][]byte {
		all := map[string][]byte{}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = []byte(pairs[i+1])
		}
		return all
	}
	b := &Builder{steps: []step{{number: 10, files: files("a.go", "a", "b.go", "b"), command: files("barewire/main.go", "m")}}}
	for _, tt := range []struct {
		why   string
		files map[string][]byte
		want  bool
	}{
		{"all of it", files("a.go", "a", "b.go", "b", "barewire/main.go", "m"), true},
		{"the exam asks nothing of the command", files("a.go", "a", "b.go", "b"), true},
		{"a command of somebody's own has to be compiled", files("a.go", "a", "b.go", "b", "barewire/main.go", "n"), false},
		{"a file is missing", files("a.go", "a", "barewire/main.go", "m"), false},
		{"a file is another one", files("a.go", "a", "b.go", "c"), false},
		{"a file has another name", files("a.go", "a", "c.go", "b"), false},
		{"there is one more", files("a.go", "a", "b.go", "b", "c.go", ""), false},
		{"nothing", files(), false},
	} {
		if got := b.Same(10, tt.files); got != tt.want {
			t.Errorf("%s: %v", tt.why, got)
		}
	}
}

// Of a cache, what nobody has asked for lately is left out.
func TestLately(t *testing.T) {
	cache := t.TempDir()
	for name, age := range map[string]time.Duration{"00/new-a": 0, "ff/hour-d": time.Hour, "ff/old-a": 3 * time.Hour, "other/new-a": 0} {
		full := filepath.Join(cache, filepath.FromSlash(name))
		at := time.Now().Add(-age)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(full, at, at); err != nil {
			t.Fatal(err)
		}
	}
	got, err := lately(cache)
	if want := []string{filepath.Join("00", "new-a"), filepath.Join("ff", "hour-d")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}
