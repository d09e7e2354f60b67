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
	"barewire/steps/03-headers-bodies"
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
	if err != nil {
		keepalive.Error(w, 404)
		return
	}
	below, ok := f.belowPrefix(string(normal))
	if !ok {
		keepalive.Error(w, 404)
		return
	}
	name, dir := ".", false
	if below != "" {
		name, dir, err = Name([]byte(below))
	}
	if err != nil || Hidden(name) && !f.DotFiles {
		keepalive.Error(w, 404)
		return
	}

	info, err := f.Root.Stat(name)
	switch {
	case err != nil:
		f.refuse(w, name, err)
	case info.IsDir() && !dir:
		location := path.Base(string(normal)) + "/"
		if r.Target.Query != nil {
			location += "?" + string(r.Target.Query)
		}
		w.Header().Set("Location", location)
		keepalive.Error(w, 301)
	case info.IsDir():
		f.serveDirectory(w, r, name)
	case dir:
		keepalive.Error(w, 404)
	default:
		f.serveFile(w, r, name)
	}
}

// belowPrefix takes the prefix off a path in its normal form. What is left is "", or
// starts with a slash.
func (f *Files) belowPrefix(normal string) (string, bool) {
	rest := normal
	for _, want := range strings.Split(f.Prefix, "/") {
		if want == "" {
			continue
		}
		segment, behind, more := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		if !sameSegment(segment, want) {
			return "", false
		}
		rest = ""
		if more {
			rest = "/" + behind
		}
	}
	return rest, true
}

// sameSegment compares two segments after decoding.
func sameSegment(a, b string) bool {
	x, err := reqline.AppendDecoded(nil, []byte(a))
	if err != nil {
		return false
	}
	y, err := reqline.AppendDecoded(nil, []byte(b))
	return a == b || err == nil && string(x) == string(y) || string(x) == b
}

// refuse answers where a name cannot be served because of err.
func (f *Files) refuse(w keepalive.ResponseWriter, name string, err error) {
	log := f.ErrorLog
	if log == nil {
		log = slog.Default()
	}
	status := 404
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, e) {
			status = 503
		}
	}
	if status == 503 || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EIO) {
		log.Error("file cannot be read", "name", name, "err", err)
	} else {
		log.Debug("file not found", "name", name, "err", err)
	}
	keepalive.Error(w, status)
}

var errNotRegular = errors.New("static: not a regular file")

// open opens a regular file.
func (f *Files) open(name string) (*os.File, fs.FileInfo, error) {
	info, err := f.Root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	file, err := f.Root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err = file.Stat() // the name may belong to another file by now
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

func (f *Files) serveDirectory(w keepalive.ResponseWriter, r *keepalive.Request, name string) {
	index := path.Join(name, cmp.Or(f.Index, DefaultIndex))
	info, err := f.Root.Stat(index)
	switch {
	case err == nil && info.Mode().IsRegular():
		f.serveFile(w, r, index)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		f.refuse(w, index, err)
	case f.Listing:
		f.serveListing(w, r, name)
	default:
		keepalive.Error(w, 404)
	}
}

func (f *Files) serveListing(w keepalive.ResponseWriter, r *keepalive.Request, name string) {
	dir, err := f.Root.Open(name)
	if err != nil {
		f.refuse(w, name, err)
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(MaxListing)
	if err != nil && err != io.EOF {
		f.refuse(w, name, err)
		return
	}

	names := []string{}
	isDir := map[string]bool{}
	for _, e := range entries {
		whole := path.Join(name, e.Name())
		if !isSafe(e.Name()) || Hidden(whole) && !f.DotFiles {
			continue
		}
		info, err := f.Root.Stat(whole)
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			continue
		}
		names = append(names, e.Name())
		isDir[e.Name()] = info.IsDir()
	}
	slices.Sort(names)
	for i, n := range names {
		if isDir[n] {
			names[i] += "/"
		}
	}
	page := AppendListing(nil, r.Path(), names)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(200)
	if r.Method != "HEAD" {
		w.Write(page)
	}
}

// choose opens the file, or one of its siblings that is as new and wanted.
func (f *Files) choose(r *keepalive.Request, name string) (file *os.File, info fs.FileInfo, coding string, err error) {
	if f.Precompressed && (r.Method != "GET" || !r.Header.Has("Range")) {
		info, err := f.Root.Stat(name)
		if err != nil {
			return nil, nil, "", err
		}
		for _, coding := range AppendAccepted(nil, &r.Header, "br", "zstd", "gzip") {
			extension := map[string]string{"br": ".br", "zstd": ".zst", "gzip": ".gz"}[coding]
			sibling, siblingInfo, err := f.open(name + extension)
			if err != nil {
				continue
			}
			if siblingInfo.ModTime().Before(info.ModTime()) {
				sibling.Close()
				continue
			}
			return sibling, siblingInfo, coding, nil
		}
	}
	file, info, err = f.open(name)
	return file, info, "", err
}

func (f *Files) serveFile(w keepalive.ResponseWriter, r *keepalive.Request, name string) {
	file, info, coding, err := f.choose(r, name)
	if err != nil {
		f.refuse(w, name, err)
		return
	}
	defer file.Close()

	h := w.Header()
	now := time.Now()
	v := ValidatorsOf(info, coding, now)
	size := info.Size()
	if f.Precompressed {
		h.Add("Vary", "Accept-Encoding")
	}
	status := Check(r.Method, &r.Header, v, now)
	if status == 412 {
		keepalive.Error(w, 412)
		return
	}
	var ranges []Range
	if lines := slices.Collect(r.Header.Values("Range")); status == 200 && r.Method == "GET" && len(lines) == 1 && IfRange(&r.Header, v, now) {
		ranges, err = ParseRange(lines[0], size)
		if err != nil {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			keepalive.Error(w, 416)
			return
		}
	}

	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("ETag", v.ETag)
	if f.CacheControl != nil {
		set("Cache-Control", f.CacheControl(name))
	}
	if status == 304 {
		w.WriteHeader(304)
		return
	}
	set("Accept-Ranges", "bytes")
	set("Content-Encoding", coding)
	contentType := f.Types[strings.ToLower(path.Ext(name))]
	if contentType == "" {
		contentType = ContentType(name)
	}
	has := len(ranges) > 0 && r.Header.Has("If-Range") // what a client asks for that has the beginning
	if !has && !v.Modified.IsZero() {
		set("Last-Modified", string(message.AppendDate(nil, v.Modified)))
	}
	if len(ranges) > 1 {
		f.serveParts(w, file, size, contentType, ranges)
		return
	}
	if !has {
		set("Content-Type", contentType)
	}
	part := Range{0, size}
	if len(ranges) == 1 {
		part = ranges[0]
		set("Content-Range", contentRange(part, size))
		status = 206
	}
	set("Content-Length", strconv.FormatInt(part.Length, 10))
	w.WriteHeader(status)
	if r.Method != "HEAD" {
		f.copyPart(w, file, part)
	}
}

func contentRange(r Range, size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.Start, r.Start+r.Length-1, size)
}

// serveParts answers with several parts of a file.
func (f *Files) serveParts(w keepalive.ResponseWriter, file *os.File, size int64, contentType string, ranges []Range) {
	boundary := rand.Text()
	heads := []string{}
	end := "\r\n--" + boundary + "--\r\n"
	length := int64(len(end))
	for _, part := range ranges {
		head := fmt.Sprintf("\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n", boundary, contentType, contentRange(part, size))
		heads = append(heads, head)
		length += int64(len(head)) + part.Length
	}
	w.Header().Set("Content-Type", "multipart/byteranges; boundary="+boundary)
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(206)
	for i, part := range ranges {
		if _, err := w.Write([]byte(heads[i])); err != nil {
			return
		}
		if !f.copyPart(w, file, part) {
			return
		}
	}
	w.Write([]byte(end))
}

// copyPart sends a part of a file, and returns whether that was all of it.
func (f *Files) copyPart(w keepalive.ResponseWriter, file *os.File, part Range) bool {
	_, err := file.Seek(part.Start, io.SeekStart)
	if err == nil {
		_, err = io.CopyN(w, file, part.Length)
	}
	if fault, ok := errors.AsType[*fs.PathError](err); ok {
		log := f.ErrorLog
		if log == nil {
			log = slog.Default()
		}
		log.Error("file cannot be read", "name", file.Name(), "err", fault)
	}
	return err == nil
}
