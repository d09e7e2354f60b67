package static_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// Of what the system refuses, a client learns whether it is worth another attempt.
func TestTask3_Refused(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello", "private.txt": "secret"})
	for _, test := range []struct {
		name, path string
		refuse     func(t *testing.T, do func())
		status     int
		why        string
	}{
		{"no file can be opened any more", "/a.txt", withoutFiles, 503,
			"the file is there, and a moment later it can be opened: with a 404, caches and search engines would forget it (RFC 9110 §15.6.4)"},
		{"a file that must not be read", "/private.txt", asNobody, 404, "nobody learns that it is there (RFC 9110 §15.5.4)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			must(t, os.Chmod(filepath.Join(s.dir, "private.txt"), 0))
			var log strings.Builder
			f := *s.Files
			f.ErrorLog = slog.New(slog.NewTextHandler(&log, nil))
			var rec *recorder
			test.refuse(t, func() { rec = record(t, &f, "GET", test.path) })
			if rec.status != test.status || rec.header.Has("ETag") {
				testkit.Report{Sent: "GET " + test.path, Doing: test.name, Want: fmt.Sprint(test.status, ", and no ETag"), Got: fmt.Sprintf("%d, ETag %q, content %q", rec.status, rec.header.Get("ETag"), rec.content), Why: test.why}.Error(t)
			}
			if log.Len() == 0 {
				testkit.Report{Sent: "GET " + test.path, Doing: test.name, Want: "a record in ErrorLog", Got: "none", Why: "ErrorLog is told of files that could not be read: an operator has to mend that, and the client is told nothing"}.Error(t)
			}
			after := keepalive.Handler(&f)
			if rec := record(t, after, "GET", "/a.txt"); rec.status != 200 || string(rec.content) != "hello" {
				testkit.Report{Sent: "GET /a.txt", Doing: "afterwards, when files can be opened again", Want: `200 with "hello"`, Got: fmt.Sprintf("%d with %q", rec.status, rec.content), Why: "what was refused once is not refused for ever"}.Error(t)
			}
		})
	}
}

// withoutFiles calls do while this process can open no file.
func withoutFiles(t *testing.T, do func()) {
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	low := before
	low.Cur = uint64(openFiles() + 20)
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	var taken []*os.File
	defer func() {
		for _, f := range taken {
			f.Close()
		}
		must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
	}()
	for range low.Cur {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	do()
}

// asNobody calls do with the rights of somebody else to files, where this process may
// read everything.
func asNobody(t *testing.T, do func()) {
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		must(t, syscall.Setfsuid(65534))
		defer syscall.Setfsuid(0)
	}
	do()
}
