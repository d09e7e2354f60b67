package static

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// Of a directory that may not be searched or read nothing is shown, and the log says why.
func TestClosedDirectories(t *testing.T) {
	f := folder(t, nil)
	for _, test := range []struct {
		name    string
		mode    os.FileMode
		listing bool
		want    string
	}{
		{"readable", 0o777, true, ""},
		{"not searchable", 0o666, false, "static: not readable"},
		{"not searchable, with a list", 0o666, true, "static: not readable"},
		{"not readable", 0o333, true, "static: not readable"},
	} {
		f.Listing = test.listing
		dir := filepath.Join(f.Root.Name(), test.name)
		for _, name := range []string{dir, filepath.Join(dir, "sub")} {
			if err := os.Mkdir(name, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, test.mode); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		f.ErrorLog = slog.New(slog.NewTextHandler(&log, nil))
		w := &taker{}
		asNobody(t, func() { ask(t, f, w, "/"+strings.ReplaceAll(test.name, " ", "%20")+"/") })
		listed := strings.Contains(w.content.String(), "./sub/")
		if listed != (test.want == "") || !strings.Contains(log.String(), test.want) || (log.Len() > 0) != (test.want != "") || !listed && w.status != 404 {
			t.Errorf("%s: status %d, log %q, content\n%s", test.name, w.status, log.String(), w.content.String())
		}
		os.Chmod(dir, 0o755)
	}
}

// asNobody calls do with the rights of somebody else to files, where this process may
// read everything.
func asNobody(t *testing.T, do func()) {
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setfsuid(0)
	}
	do()
}
