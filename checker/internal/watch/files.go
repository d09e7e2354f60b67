package watch

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pollEvery is how often the files are looked at where the system does not
// report changes. A look at all steps takes about a millisecond.
const pollEvery = 300 * time.Millisecond

// Saved sends the names of files below the folders that are saved and matter, until
// ctx is cancelled.
func Saved(ctx context.Context, dirs []string, matters func(name string) bool) <-chan string {
	all := make(chan string)
	for _, dir := range dirs {
		names, _ := reports(ctx, dir, matters, false, func() {})
		go func() {
			for {
				select {
				case name := <-names:
					select {
					case all <- name:
					case <-ctx.Done():
					}
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	return all
}

// files sends the names of Go files below dir that are saved; see reports.
func files(ctx context.Context, dir string, poll bool, crashed func()) (saved <-chan string, polling bool) {
	return reports(ctx, dir, matters, poll, crashed)
}

// reports sends the names of files below dir that are saved and matter, until ctx is
// cancelled. It asks the system to report them, or, if poll is set or the system
// cannot, looks at the files again and again; polling says which.
func reports(ctx context.Context, dir string, matters func(string) bool, poll bool, crashed func()) (saved <-chan string, polling bool) {
	names := make(chan string)
	guarded := func(f func()) {
		defer func() {
			if e := recover(); e != nil {
				crashed()
				panic(e)
			}
		}()
		f()
	}
	if !poll && !silent(dir) {
		if w, err := newWatcher(dir); err == nil {
			go guarded(func() { notify(ctx, w, matters, names) })
			return names, false
		}
	}
	before := snapshot(dir, matters)
	go guarded(func() {
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		compare(ctx, tick.C, func() map[string]stamp { return snapshot(dir, matters) }, before, names)
	})
	return names, true
}

// silent reports whether dir is on a Windows disk that Linux sees through WSL:
// changes are not reported there.
func silent(dir string) bool {
	version, _ := os.ReadFile("/proc/version")
	return runtime.GOOS == "linux" && strings.Contains(strings.ToLower(string(version)), "microsoft") &&
		strings.HasPrefix(dir, "/mnt/") && len(dir) > 6 && dir[6] == '/'
}

// matters reports whether a file is one that tests depend on.
func matters(name string) bool {
	base := filepath.Base(name)
	return strings.HasSuffix(base, ".go") && !strings.HasPrefix(base, ".") && !strings.HasPrefix(base, "#")
}

// newWatcher watches dir and the folders in it.
func newWatcher(dir string) (*fsnotify.Watcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := add(w, dir); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func add(w *fsnotify.Watcher, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return w.Add(path)
	})
}

// notify passes on what the system reports.
func notify(ctx context.Context, w *fsnotify.Watcher, matters func(string) bool, names chan<- string) {
	defer w.Close()
	for {
		var e fsnotify.Event
		var ok bool
		select {
		case <-ctx.Done():
			return
		case <-w.Errors:
			// Reports were lost; which, nobody knows. One rerun covers them all.
			e, ok = fsnotify.Event{Name: "all.go", Op: fsnotify.Write}, true
		case e, ok = <-w.Events:
		}
		if !ok {
			return
		}
		if info, err := os.Stat(e.Name); e.Has(fsnotify.Create) && err == nil && info.IsDir() {
			_ = add(w, e.Name) // a folder that is gone again needs no watching
		}
		if e.Op == fsnotify.Chmod || !matters(e.Name) {
			continue
		}
		select {
		case names <- e.Name:
		case <-ctx.Done():
			return
		}
	}
}

// A stamp is what changes when a file is saved.
type stamp struct {
	changed time.Time
	size    int64
}

// snapshot returns the stamps of all files below dir that matter.
func snapshot(dir string, matters func(string) bool) map[string]stamp {
	all := make(map[string]stamp)
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !matters(path) {
			return nil // what cannot be read now is read at the next look
		}
		if info, err := d.Info(); err == nil {
			all[path] = stamp{info.ModTime(), info.Size()}
		}
		return nil
	})
	return all
}

// compare takes a look at each tick and sends the name of a file that is not as
// it was.
func compare(ctx context.Context, ticks <-chan time.Time, look func() map[string]stamp, before map[string]stamp, names chan<- string) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		now := look()
		name := changed(before, now)
		before = now
		if name == "" {
			continue
		}
		select {
		case names <- name:
		case <-ctx.Done():
			return
		}
	}
}

// changed returns a file that is in one of two looks only, or differs.
func changed(before, now map[string]stamp) string {
	for name := range now {
		if old, ok := before[name]; !ok || old != now[name] {
			return name
		}
	}
	for name := range before {
		if _, ok := now[name]; !ok {
			return name
		}
	}
	return ""
}
