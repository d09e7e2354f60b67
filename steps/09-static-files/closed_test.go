package static_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"barewire/checker/testkit"
	static "barewire/steps/09-static-files"
)

// openFiles counts what this process has open, or returns 0 where no system says.
func openFiles() int {
	all, _ := os.ReadDir("/dev/fd")
	return len(all)
}

// closed asks for a path a hundred times, and reports it if what was opened stays open.
func closed(t *testing.T, f *static.Files, path string) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector closes what it finds, at some time
	const requests, some = 100, 20
	record(t, f, "GET", path)
	before, ok := openFiles(), 0
	for range requests {
		if rec := record(t, f, "GET", path); rec.status == 200 && len(rec.content) > 0 {
			ok++
		}
	}
	if more := openFiles() - before; ok != requests || more > some {
		testkit.Report{Sent: "GET " + path, Doing: fmt.Sprintf("%d times; then the open files of the process are counted", requests),
			Want: fmt.Sprintf("%d times 200 with content, and no more open files than before", requests), Got: fmt.Sprintf("%d times 200 with content, and %d more open files", ok, more),
			Why: "a process may have some thousand open files, its connections among them: who opens a file closes it, however the response ends"}.Error(t)
	}
}

func TestTask3_Closed(t *testing.T) {
	t.Run("a file is closed when it has been sent", func(t *testing.T) {
		closed(t, serve(t, map[string]string{"a.txt": "hello"}).Files, "/a.txt")
	})
}

func TestTask5_Closed(t *testing.T) {
	t.Run("a directory is closed when it has been listed", func(t *testing.T) {
		f := serve(t, map[string]string{"dir/a.txt": "hello"}).Files
		f.Listing = true
		closed(t, f, "/dir/")
	})
}
