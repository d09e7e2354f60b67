package static_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	static "barewire/steps/09-static-files"
)

// changed is when the files of every site were changed.
var changed = time.Date(2024, 5, 1, 12, 0, 0, 500_000_000, time.UTC)

const lastModified = "Wed, 01 May 2024 12:00:00 GMT"

// A site is a folder on the disk and the handler that serves it.
type site struct {
	*static.Files
	dir string // the folder; beside it stands the file "secret"
}

// serve makes a site of files, by name; the name of a directory ends with a slash.
func serve(t testing.TB, files map[string]string) *site {
	t.Helper()
	top := t.TempDir()
	s := &site{dir: filepath.Join(top, "root")}
	write(t, filepath.Join(top, "secret"), "secret")
	must(t, os.MkdirAll(s.dir, 0o777))
	for name, content := range files {
		path := filepath.Join(s.dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			path += string(filepath.Separator) // which Join has taken off
		}
		write(t, path, content)
	}
	f, err := static.Open(s.dir)
	must(t, err)
	f.ErrorLog = slog.New(slog.DiscardHandler)
	t.Cleanup(func() { f.Close() })
	s.Files = f
	return s
}

// write writes a file, or makes a directory if the name ends with a slash.
func write(t testing.TB, name, content string) {
	t.Helper()
	if strings.HasSuffix(name, string(filepath.Separator)) {
		must(t, os.MkdirAll(name, 0o777))
		return
	}
	must(t, os.MkdirAll(filepath.Dir(name), 0o777))
	must(t, os.WriteFile(name, []byte(content), 0o666))
	must(t, os.Chtimes(name, changed, changed))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// link makes a symbolic link in the folder.
func (s *site) link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(s.dir, name)); err != nil {
		t.Skipf("this system lets you make no symbolic links (on Windows, developer mode does): %v", err)
	}
}

// A reply is a response as a client reads it.
type reply struct {
	*http.Response
	content string
	broken  error // why the content ended too early
}

// request returns a request with these further field lines.
func request(method, path string, fields ...string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n" +
		strings.Join(append(fields, ""), "\r\n") + "\r\n"
}

func get(path string, fields ...string) string { return request("GET", path, fields...) }

// patience is how long a response may take, in nanoseconds. When one has taken too long
// the next ones get less, so that a loop without an end costs no minutes.
var patience atomic.Int64

func init() { patience.Store(int64(5 * time.Second)) }

// ask sends a request over a connection and returns the response. It ends the test if
// there is none.
func ask(t testing.TB, h keepalive.Handler, request string) reply {
	t.Helper()
	ours, theirs := net.Pipe()
	srv := &keepalive.Server{Handler: h, ErrorLog: slog.New(slog.DiscardHandler)}
	go func() {
		defer theirs.Close() // also where ServeConn did not
		srv.ServeConn(context.Background(), testkit.Guard(t, theirs))
	}()
	defer ours.Close()
	wait := time.Duration(patience.Load())
	ours.SetDeadline(time.Now().Add(wait))
	go io.WriteString(ours, request)
	raw, err := io.ReadAll(ours)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		patience.Store(int64(200 * time.Millisecond))
		testkit.Report{Sent: request, Want: "a response", Got: fmt.Sprintf("%d bytes, and no end after %v", len(raw), wait), At: testkit.StuckAt()}.Fatal(t)
	}
	if len(raw) == 0 {
		testkit.Report{Sent: request, Want: "a response", Got: "nothing: the server of step 4 has returned", Why: "this test runs over a connection of step 4"}.Fatal(t)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: method})
	if err != nil {
		testkit.Report{Sent: request, Want: "a response", Got: testkit.Excerpt(string(raw)) + ", which is none: " + err.Error()}.Fatal(t)
	}
	content, err := io.ReadAll(res.Body)
	return reply{res, string(content), err}
}

// look says about a reply what want says: "404" is the status, "no Vary" and
// "Vary: x" are fields, "not Vary: x" is another value of one or none, and everything else is the content, quoted.
func (r reply) look(want string) (got string) {
	if other, ok := strings.CutPrefix(want, "not "); ok {
		if got = r.look(other); got != other {
			return want
		}
		return got
	}
	name, isAbsent := strings.CutPrefix(want, "no ")
	switch _, err := strconv.Atoi(want); {
	case err == nil:
		return strconv.Itoa(r.StatusCode)
	case strings.HasPrefix(want, "content "):
		if r.broken != nil {
			return fmt.Sprintf("content %q, then cut off", shorten(r.content))
		}
		return fmt.Sprintf("content %q", shorten(r.content))
	case !isAbsent:
		name, _, _ = strings.Cut(want, ":")
	}
	values := r.Header.Values(name)
	if len(values) == 0 {
		return "no " + name
	}
	return name + ": " + strings.Join(values, " and ")
}

// shorten keeps reports readable.
func shorten(s string) string {
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}

// A row is a request and what has to be true of its response.
type row struct {
	name string
	why  string
	with func(f *static.Files) // changes the handler
	send string
	want []string // see look
}

// run sends the requests of rows to a site, each to a copy of its handler.
func (s *site) run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Helper()
			f := *s.Files
			if r.with != nil {
				r.with(&f)
			}
			s.check(t, &f, r)
		})
	}
}

// allowed puts the methods of an Allow field in order, without OPTIONS: a server that
// answers it may name it or not (RFC 9110 §10.2.1).
func allowed(field string) string {
	name, list, _ := strings.Cut(field, ": ")
	if name != "Allow" {
		return field
	}
	methods := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	methods = slices.DeleteFunc(methods, func(m string) bool { return m == "OPTIONS" })
	slices.Sort(methods)
	return name + ": " + strings.Join(methods, ", ")
}

// check sends one request and reports the first thing that is not as it is wanted.
func (s *site) check(t *testing.T, h keepalive.Handler, r row) reply {
	t.Helper()
	answer := ask(t, h, r.send)
	for _, want := range r.want {
		if got := answer.look(want); got != want && allowed(got) != want {
			if status := strconv.Itoa(answer.StatusCode); got != status {
				got += " (status " + status + ")"
			}
			testkit.Report{Sent: r.send, Want: want, Got: got, Why: r.why}.Error(t)
			break
		}
	}
	return answer
}
