// Package static serves the files below one directory, and nothing else: what a
// request names is looked up with [os.Root], which no name and no link leads out of.
//
// It leaves out files that are not on a disk, uploads, and compression while sending (a
// middleware's work; this package sends files that were compressed before).
//
// Read name.go first: which names there are is what keeps a server's other files its
// own. Then static.go, which finds what a request means and answers it.
// Of the rest each file is one rule: types.go, listing.go, precondition.go (is the
// client's copy still good?), range.go (which part does it want?), and encoding.go
// (in which coding?).
package static

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
)

// DefaultIndex is the file that a directory is answered with.
const DefaultIndex = "index.html"

// Files is a handler that serves the files below a directory. It may be used by any
// number of connections at once and must not change once it is. Only Root is needed.
type Files struct {
	// Root is the directory. [Open] opens it, and Close closes it.
	Root *os.Root

	// Prefix is what stands before the names in a path, such as "/static",
	// without a slash at its end. It is taken off after dot segments have been
	// removed; the path that is Prefix itself is the root without its slash.
	// Paths without it are not found.
	Prefix string

	// Index is the name of the file that a directory is answered with, if it
	// has one: DefaultIndex if it is "".
	Index string

	// Listing says that a directory without an index is answered with a list
	// of what a request could get from it, sorted by the bytes of the names:
	// regular files and directories, also at the end of links within Root.
	// Left out are hidden names (unless DotFiles is set), names that [Name]
	// refuses, links that lead out of Root or nowhere, everything else that is
	// no file, and what is more than [MaxListing]. Without Listing such a
	// directory is not found, but for the redirect to its slash.
	Listing bool

	// DotFiles says that hidden files are served too: see [Hidden].
	DotFiles bool

	// Precompressed says that, where a client accepts it, a file may be
	// answered with a sibling: app.js with app.js.br, app.js.zst or app.js.gz.
	Precompressed bool

	// Types has content types by extension, in lower case and with the dot.
	// They go before those that [ContentType] knows.
	Types map[string]string

	// CacheControl returns the value of the Cache-Control field for a file, by
	// its name below Root, or "" for no such field. Without a function, the
	// field is not sent, and caches guess (RFC 9111 §4.2.2).
	CacheControl func(name string) string

	// ErrorLog is told of files that could not be read; slog.Default() if it
	// is nil. That there is nothing for a name is no error: anybody can cause
	// it, and at level Info and above there is no record of it.
	ErrorLog *slog.Logger
}

// Open returns a handler that serves the files below dir. The directory stays open
// until Close.
func Open(dir string) (*Files, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &Files{Root: root}
	return f, nil
}

// Close closes the directory. Files that are being sent are sent to their ends.
func (f *Files) Close() error {
	return f.Root.Close()
}

// ServeHTTP answers GET and HEAD; OPTIONS is a 204 and every other method a 405, both
// with Allow (RFC 9110 §9.3.7, §15.5.6) and whatever the path is. Every response says "X-Content-Type-Options: nosniff", so that a browser
// takes a type for what it is.
//
// A path is found as [Name] has it, behind Prefix. A name that Name refuses, or that
// is [Hidden] while DotFiles is not set, is a 404, and so is all that is there and
// cannot be served: what is neither a regular file nor a directory (which is not
// even opened, for opening a FIFO waits for a writer), a link that leads out of
// Root, a file that must not be read, a file's name with a slash behind it. Nobody
// learns from the answer which of them it was. An error has none of the fields that
// speak of a file, such as ETag and Cache-Control. If the system has no resources left
// to open a file, the answer is a 503.
//
// A regular file is a 200 with Content-Length, with the type that Types or
// [ContentType] gives it, with Cache-Control if there is one, and, once they are
// written, with what follows:
//
//   - A directory whose path ends with a slash is answered with its Index, with a
//     list if it has none and Listing is set (see [AppendListing]), and with 404
//     otherwise. Without the slash the answer is a 301 to the path with it (relative
//     links in the index count from there). Its Location is relative, "docs/" for
//     "/a/docs", with the query behind it if there is one: so it is never the
//     address of another site, and right behind a proxy that takes a prefix off.
//   - ETag and Last-Modified come from [ValidatorsOf], and [Check] decides: a 412, or
//     a 304 with the ETag, Cache-Control and Vary that the 200 would have had (RFC
//     9110 §15.4.5).
//   - Accept-Ranges says "bytes". If GET has one Range field and [IfRange] allows
//     it, [ParseRange] decides: one range is a 206 with Content-Range, several are
//     a 206 of type multipart/byteranges whose parts have Content-Type and
//     Content-Range each (§15.3.7.2), none that is in the file is a 416 with
//     "Content-Range: bytes */size". All that the 200 would have said is said in a
//     206 as well, but for Last-Modified and the type of one range where If-Range was
//     sent: that client has them (§15.3.7).
//   - With Precompressed, the first sibling that there is, in the order of
//     [AppendAccepted] for br, zstd and gzip, is sent instead, with Content-Encoding,
//     the type of the file itself, and validators of its own. One that is older than
//     the file is out of date and passed over. GET with a Range field gets the file
//     itself: its bytes are what a client counts. Whatever is chosen, the response
//     says "Vary: Accept-Encoding".
//
// Content is copied with io.CopyN, from a file to w, so that a ResponseWriter which
// implements io.ReaderFrom may let the kernel do it. For HEAD nothing is copied: that
// the connection drops what is written would not save reading all of the file. A file
// that grows meanwhile is sent up to the length that was announced; one that shrinks
// ends early, which the connection makes visible.
func (f *Files) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != "GET" && r.Method != "HEAD" {
		w.Header().Set("Allow", "GET, HEAD")
		if r.Method == "OPTIONS" {
			w.WriteHeader(204)
		} else {
			keepalive.Error(w, 405)
		}
		return
	}
	normal, err := reqline.AppendNormalized(nil, r.Target.Path)
	prefix, _ := reqline.AppendNormalized(nil, []byte(f.Prefix)) // nil for none
	below, ok := bytes.CutPrefix(normal, prefix)
	name, dir := ".", false
	if err != nil || !ok {
		err = ErrName
	} else if len(below) > 0 {
		name, dir, err = Name(below)
	}
	if err == nil && Hidden(name) && !f.DotFiles {
		err = ErrName
	}
	var info fs.FileInfo
	if err == nil {
		info, err = f.Root.Stat(name)
	}
	switch {
	case err != nil:
		f.fail(w, err)
	case info.IsDir() && !dir:
		location := string(normal[bytes.LastIndexByte(normal, '/')+1:]) + "/"
		if r.Target.Query != nil {
			location += "?" + string(r.Target.Query)
		}
		w.Header().Set("Location", location)
		keepalive.Error(w, 301)
	case info.IsDir():
		index := path.Join(name, cmp.Or(f.Index, DefaultIndex))
		if info, err := f.Root.Stat(index); err == nil && info.Mode().IsRegular() {
			f.serve(w, r, index, info)
		} else if f.Listing {
			f.list(w, r, name)
		} else {
			f.fail(w, cmp.Or(err, ErrName))
		}
	case dir || !info.Mode().IsRegular():
		f.fail(w, ErrName)
	default:
		f.serve(w, r, name, info)
	}
}

// fail answers in the place of a file.
func (f *Files) fail(w keepalive.ResponseWriter, err error) {
	is := func(target error) bool { return errors.Is(err, target) }
	status := 404
	if slices.ContainsFunc([]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM}, is) {
		status = 503
	}
	if !slices.ContainsFunc([]error{ErrName, fs.ErrNotExist, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP}, is) {
		cmp.Or(f.ErrorLog, slog.Default()).Error("static: a file could not be read", "error", err)
	}
	keepalive.Error(w, status)
}

func (f *Files) list(w keepalive.ResponseWriter, r *keepalive.Request, dir string) {
	d, err := f.Root.Open(dir)
	if err != nil {
		f.fail(w, err)
		return
	}
	defer d.Close()
	entries, err := d.ReadDir(MaxListing)
	if err != nil && err != io.EOF {
		f.fail(w, err)
		return
	}
	var names []string
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		info, err := f.Root.Stat(name)
		if _, _, bad := Name([]byte("/" + encoded(e.Name()))); err != nil || bad != nil || Hidden(name) && !f.DotFiles {
			continue
		}
		if info.IsDir() {
			names = append(names, e.Name()+"/")
		} else if info.Mode().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	page := AppendListing(nil, r.Path(), names)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(200)
	if r.Method == "GET" {
		w.Write(page)
	}
}

// open opens a regular file.
func (f *Files) open(name string) (*os.File, fs.FileInfo, error) {
	file, err := f.Root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrName
	}
	if err != nil {
		file.Close()
	}
	return file, info, err
}

// choose opens the sibling that is to be sent in the place of a file, or the file.
func (f *Files) choose(r *keepalive.Request, name string, info fs.FileInfo) (*os.File, fs.FileInfo, string, error) {
	if f.Precompressed && !(r.Method == "GET" && r.Header.Has("Range")) {
		for _, coding := range AppendAccepted(nil, &r.Header, "br", "zstd", "gzip") {
			sibling := name + map[string]string{"br": ".br", "zstd": ".zst", "gzip": ".gz"}[coding]
			if i, err := f.Root.Stat(sibling); err != nil || !i.Mode().IsRegular() || i.ModTime().Before(info.ModTime()) {
				continue
			}
			if file, i, err := f.open(sibling); err == nil {
				return file, i, coding, nil
			}
		}
	}
	file, info, err := f.open(name)
	return file, info, "", err
}

// serve answers with a regular file.
func (f *Files) serve(w keepalive.ResponseWriter, r *keepalive.Request, name string, info fs.FileInfo) {
	file, info, coding, err := f.choose(r, name, info)
	if err != nil {
		f.fail(w, err)
		return
	}
	defer file.Close()
	h, now, size := w.Header(), time.Now(), info.Size()
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	if f.Precompressed {
		h.Add("Vary", "Accept-Encoding")
	}
	v := ValidatorsOf(info, coding, now)
	status := Check(r.Method, &r.Header, v, now)
	var ranges []Range
	if lines := slices.Collect(r.Header.Values("Range")); status == 200 && r.Method == "GET" && len(lines) == 1 && IfRange(&r.Header, v, now) {
		if ranges, err = ParseRange(lines[0], size); err != nil {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			status = 416
		}
	}
	if status >= 400 {
		keepalive.Error(w, status)
		return
	}
	set("ETag", v.ETag)
	if f.CacheControl != nil {
		set("Cache-Control", f.CacheControl(name))
	}
	if status == 304 {
		w.WriteHeader(304)
		return
	}
	contentType := cmp.Or(f.Types[strings.ToLower(path.Ext(name))], ContentType(name))
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", contentType)
	set("Content-Encoding", coding)
	if !v.Modified.IsZero() {
		h.Set("Last-Modified", v.Modified.Format(fixDate))
	}
	if ranges != nil && r.Header.Has("If-Range") { // the client has them
		h.Del("Last-Modified")
		h.Del("Content-Type")
	}
	heads, end, length := []string{""}, "", int64(0) // what stands before each range, and behind the last
	switch len(ranges) {
	case 0:
		ranges = []Range{{0, size}}
	case 1:
		status = 206
		h.Set("Content-Range", ranges[0].of(size))
	default:
		status = 206
		boundary := rand.Text()
		h.Set("Content-Type", "multipart/byteranges; boundary="+boundary)
		heads, end = nil, "\r\n--"+boundary+"--\r\n"
		for _, rg := range ranges {
			heads = append(heads, fmt.Sprintf("\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n", boundary, contentType, rg.of(size)))
		}
	}
	for i, rg := range ranges {
		length += int64(len(heads[i])) + rg.Length
	}
	h.Set("Content-Length", strconv.FormatInt(length+int64(len(end)), 10))
	w.WriteHeader(status)
	if r.Method == "HEAD" {
		return
	}
	for i, rg := range ranges {
		io.WriteString(w, heads[i])
		file.Seek(rg.Start, io.SeekStart)
		if _, err := io.CopyN(w, file, rg.Length); err != nil {
			return
		}
	}
	io.WriteString(w, end)
}

// of is the value of Content-Range.
func (rg Range) of(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", rg.Start, rg.Start+rg.Length-1, size)
}
