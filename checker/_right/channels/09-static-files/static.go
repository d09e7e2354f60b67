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
	switch r.Method {
	case "GET", "HEAD":
	case "OPTIONS":
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(204)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD")
		keepalive.Error(w, 405)
		return
	}
	t := &task{f: f, w: w, r: r, now: time.Now()}
	if err := t.serve(); err != nil {
		f.fail(w, r, err)
	}
}

// errNothing says that there is nothing that could be served.
var errNothing = errors.New("static: not found")

// fail answers where no file can be sent. The reason is the operator's business.
func (f *Files) fail(w keepalive.ResponseWriter, r *keepalive.Request, err error) {
	status, level := 404, slog.LevelDebug
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
		status, level = 503, slog.LevelError
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EIO):
		level = slog.LevelError
	}
	f.log().Log(r.Context(), level, "static: no file", "target", string(r.Target.Raw), "err", err)
	keepalive.Error(w, status)
}

func (f *Files) log() *slog.Logger {
	if f.ErrorLog != nil {
		return f.ErrorLog
	}
	return slog.Default()
}

// A task is one request on its way to a file.
type task struct {
	f   *Files
	w   keepalive.ResponseWriter
	r   *keepalive.Request
	now time.Time
}

// serve answers the request, or says why it cannot. Then it has written nothing.
func (t *task) serve() error {
	path, err := reqline.AppendNormalized(nil, t.r.Target.Path)
	if err != nil {
		return errNothing
	}
	name, dir, err := t.f.find(path)
	if err != nil {
		return err
	}
	if !t.f.DotFiles && Hidden(name) {
		return errNothing
	}
	info, err := t.f.Root.Stat(name)
	switch {
	case err != nil:
		return err
	case info.Mode().IsRegular() && !dir:
		return t.file(name, info)
	case !info.IsDir():
		return errNothing
	case !dir:
		t.redirect(path)
		return nil
	}
	index := inside(name, cmp.Or(t.f.Index, DefaultIndex))
	switch info, err := t.f.Root.Stat(index); {
	case err == nil && info.Mode().IsRegular():
		return t.file(index, info)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case !t.f.Listing:
		return errNothing
	}
	return t.list(name, path)
}

// find takes the prefix off a normal path, and makes a name of the rest.
func (f *Files) find(path []byte) (name string, dir bool, err error) {
	if f.Prefix != "" {
		prefix, err := reqline.AppendNormalized(nil, []byte(f.Prefix))
		if err != nil {
			return "", false, err
		}
		rest, ok := bytes.CutPrefix(path, prefix)
		switch {
		case !ok:
			return "", false, errNothing
		case len(rest) == 0:
			return ".", false, nil
		case rest[0] != '/':
			return "", false, errNothing
		}
		path = rest
	}
	return Name(path)
}

// redirect sends the client to the path with a slash behind it. The Location is
// relative, and encoded anew: nothing in it can lead to another site.
func (t *task) redirect(path []byte) {
	last, _ := reqline.AppendDecoded(nil, path[bytes.LastIndexByte(path, '/')+1:])
	to := append(appendEncoded(nil, string(last)), '/')
	if t.r.Target.Query != nil {
		to = append(append(to, '?'), t.r.Target.Query...)
	}
	t.w.Header().Set("Location", string(to))
	keepalive.Error(t.w, 301)
}

// list answers with a list of what is in a directory.
func (t *task) list(name string, path []byte) error {
	dir, err := t.f.Root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(MaxListing)
	if err != nil && err != io.EOF {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var names []string
	for _, e := range entries {
		in := inside(name, e.Name())
		if !plain(e.Name()) || !t.f.DotFiles && Hidden(in) {
			continue
		}
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			info, err := t.f.Root.Stat(in)
			if err != nil {
				continue
			}
			mode = info.Mode()
		}
		switch {
		case mode.IsRegular():
			names = append(names, e.Name())
		case mode.IsDir():
			names = append(names, e.Name()+"/")
		}
	}
	title, _ := reqline.AppendDecoded(nil, path)
	page := AppendListing(nil, string(title), names)
	h := t.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	t.w.WriteHeader(200)
	if t.r.Method != "HEAD" {
		t.w.Write(page)
	}
	return nil
}

// open opens a regular file that was looked at before, and looks again: the name may
// have been given to something else.
func (f *Files) open(name string) (*os.File, fs.FileInfo, error) {
	file, err := f.Root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNothing
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

var extensions = map[string]string{"br": ".br", "zstd": ".zst", "gzip": ".gz"}

// choose opens what is sent for a file: itself or a sibling, with its coding.
func (t *task) choose(name string, info fs.FileInfo) (*os.File, fs.FileInfo, string, error) {
	if t.f.Precompressed && !(t.r.Method == "GET" && t.r.Header.Has("Range")) {
		for _, coding := range AppendAccepted(nil, &t.r.Header, "br", "zstd", "gzip") {
			sibling := name + extensions[coding]
			if of, err := t.f.Root.Stat(sibling); err != nil || !of.Mode().IsRegular() || of.ModTime().Before(info.ModTime()) {
				continue
			}
			if file, of, err := t.f.open(sibling); err == nil {
				return file, of, coding, nil
			}
		}
	}
	file, info, err := t.f.open(name)
	return file, info, "", err
}

// file answers with a regular file.
func (t *task) file(name string, info fs.FileInfo) error {
	file, info, coding, err := t.choose(name, info)
	if err != nil {
		return err
	}
	defer file.Close()
	v := ValidatorsOf(info, coding, t.now)
	status := Check(t.r.Method, &t.r.Header, v, t.now)
	if status == 412 {
		keepalive.Error(t.w, 412)
		return nil
	}
	var ranges []Range
	if value, ok := only(&t.r.Header, "Range"); ok && status == 200 && t.r.Method == "GET" && IfRange(&t.r.Header, v, t.now) {
		if ranges, err = ParseRange(value, info.Size()); err != nil {
			t.w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", info.Size()))
			keepalive.Error(t.w, 416)
			return nil
		}
	}
	h := t.w.Header()
	set := func(field, value string) {
		if value != "" {
			h.Set(field, value)
		}
	}
	set("ETag", v.ETag)
	if t.f.CacheControl != nil {
		set("Cache-Control", t.f.CacheControl(name))
	}
	if t.f.Precompressed && !h.HasMember("Vary", "Accept-Encoding") {
		h.Add("Vary", "Accept-Encoding")
	}
	if status == 304 {
		t.w.WriteHeader(304)
		return nil
	}
	set("Content-Encoding", coding)
	h.Set("Accept-Ranges", "bytes")
	resumed := len(ranges) > 0 && t.r.Header.Has("If-Range")
	if !resumed && !v.Modified.IsZero() {
		h.Set("Last-Modified", string(message.AppendDate(nil, v.Modified)))
	}
	kind := cmp.Or(t.f.Types[strings.ToLower(path.Ext(name))], ContentType(name))
	p := parcel{file: file, size: info.Size(), parts: ranges}
	switch len(ranges) {
	case 0:
		h.Set("Content-Type", kind)
		p.parts = []Range{{0, info.Size()}}
	case 1:
		status = 206
		h.Set("Content-Range", p.contentRange(ranges[0]))
		if !resumed {
			h.Set("Content-Type", kind)
		}
	default:
		status = 206
		h.Set("Content-Type", "multipart/byteranges; boundary="+p.multipart(kind))
	}
	h.Set("Content-Length", strconv.FormatInt(p.length(), 10))
	t.w.WriteHeader(status)
	if t.r.Method == "HEAD" {
		return nil
	}
	if err := p.send(t.w); errors.As(err, new(*fs.PathError)) {
		t.f.log().ErrorContext(t.r.Context(), "static: a file could not be read to its end", "name", name, "err", err)
	}
	return nil
}

// A parcel is parts of a file, with what stands before each of them and at the end.
type parcel struct {
	file  *os.File
	size  int64 // of the file
	parts []Range
	heads []string // none, or one for each part
	end   string
}

func (p *parcel) contentRange(r Range) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.Start, r.Start+r.Length-1, p.size)
}

// multipart makes heads for the parts, and returns the boundary.
func (p *parcel) multipart(kind string) string {
	boundary := rand.Text()
	for _, r := range p.parts {
		p.heads = append(p.heads, fmt.Sprintf("\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n", boundary, kind, p.contentRange(r)))
	}
	p.heads[0] = p.heads[0][2:]
	p.end = "\r\n--" + boundary + "--\r\n"
	return boundary
}

func (p *parcel) length() int64 {
	n := int64(len(p.end))
	for _, r := range p.parts {
		n += r.Length
	}
	for _, head := range p.heads {
		n += int64(len(head))
	}
	return n
}

// send sends it all, or ends early: then the connection sees that some is missing.
func (p *parcel) send(w io.Writer) error {
	for i, r := range p.parts {
		if p.heads != nil {
			if _, err := io.WriteString(w, p.heads[i]); err != nil {
				return err
			}
		}
		if r.Start > 0 || i > 0 {
			if _, err := p.file.Seek(r.Start, io.SeekStart); err != nil {
				return err
			}
		}
		if _, err := io.CopyN(w, p.file, r.Length); err != nil {
			return err
		}
	}
	if p.end == "" {
		return nil
	}
	_, err := io.WriteString(w, p.end)
	return err
}
