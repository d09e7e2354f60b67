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
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
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
	// removed, and is written as paths are then: "/my%20files". The path that is
	// Prefix itself is the root without its slash.
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
	// no file, and of more than [MaxListing] entries those that were not read.
	// Without Listing such a directory is not found, but for the redirect to its
	// slash.
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

	// Cache is what was found lately. Open makes one; without one, all is looked
	// up for each request.
	//
	//starter:omit
	Cache *Cache

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
	//starter:omit
	f.Cache = new(Cache)
	return f, nil
}

// Close closes the directory. Files that are being sent are sent to their ends.
func (f *Files) Close() error {
	//starter:omit
	f.Cache.close()
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
//
//starter:todo 9.3 Name, Stat, Open, Stat again; then the fields, then io.CopyN.
//starter:todo 9.4 Directories: the slash first, then the index.
//starter:todo 9.5 A list for a directory without an index.
//starter:todo 9.6 ETag and Last-Modified.
//starter:todo 9.7 Is the client's copy good? Ask before you send.
//starter:todo 9.9 Then the ranges: none, one, several.
//starter:todo 9.10 Before all that: which of the siblings is sent?
func (f *Files) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != "GET" && r.Method != "HEAD" {
		w.Header().Set("Allow", "GET, HEAD")
		if r.Method == "OPTIONS" {
			w.WriteHeader(204)
			return
		}
		keepalive.Error(w, 405)
		return
	}
	now := time.Now()
	if rep := f.Cache.take(f, r, now); rep != nil {
		f.answer(w, r, rep, now)
		return
	}
	name, dir, err := f.name(r.Target.Path)
	if err != nil {
		f.fail(w, err)
		return
	}
	info, err := f.Root.Stat(name)
	switch {
	case err != nil:
		f.fail(w, err)
	case info.IsDir() && !dir:
		redirect(w, r)
	case info.IsDir():
		f.serveDirectory(w, r, name)
	case dir:
		f.fail(w, fs.ErrNotExist)
	default:
		f.serveFile(w, r, name, info)
	}
}

// name is Name behind the prefix, without what is hidden.
//
//starter:omit
func (f *Files) name(raw []byte) (name string, dir bool, err error) {
	if f.Prefix != "" {
		normal, err := reqline.AppendNormalized(make([]byte, 0, 128), raw)
		rest, ok := bytes.CutPrefix(normal, []byte(f.Prefix))
		if err != nil || !ok {
			return "", false, ErrName
		}
		if len(rest) == 0 {
			return ".", false, nil
		}
		raw = rest // it starts with a slash, or Name refuses it
	}
	name, dir, err = Name(raw)
	if err == nil && !f.DotFiles && Hidden(name) {
		err = ErrName
	}
	return name, dir, err
}

// redirect sends the client to the path with a slash behind it. The new address is
// relative, one name and a slash: it cannot lead to another site, as "//name/" would,
// and it is right behind a proxy that has taken a prefix off the path.
//
//starter:omit
func redirect(w keepalive.ResponseWriter, r *keepalive.Request) {
	to, _ := reqline.AppendNormalized(nil, r.Target.Path)
	to = append(to[bytes.LastIndexByte(to, '/')+1:], '/')
	if r.Target.Query != nil {
		to = append(append(to, '?'), r.Target.Query...)
	}
	w.Header().Set("Location", string(to))
	keepalive.Error(w, 301)
}

//starter:omit
func (f *Files) serveDirectory(w keepalive.ResponseWriter, r *keepalive.Request, name string) {
	index := f.Index
	if index == "" {
		index = DefaultIndex
	}
	index = path.Join(name, index)
	info, err := f.Root.Stat(index)
	switch {
	case err == nil && info.Mode().IsRegular():
		f.serveFile(w, r, index, info)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		f.fail(w, err)
	case f.Listing:
		f.serveListing(w, name)
	default:
		f.fail(w, fs.ErrNotExist)
	}
}

// fail answers when there is nothing to send. What an operator ought to know goes
// into the log; the client learns no more than that there is nothing for it.
//
//starter:omit
func (f *Files) fail(w keepalive.ResponseWriter, err error) {
	log := f.ErrorLog
	if log == nil {
		log = slog.Default()
	}
	// Too many open files, and the like: it may work the next time.
	var passing interface{ Temporary() bool }
	switch {
	case errors.As(err, &passing) && passing.Temporary():
		log.Error("static: cannot open", "error", err)
		keepalive.Error(w, 503)
		return
	case errors.Is(err, fs.ErrPermission):
		log.Warn("static: not readable", "error", err)
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrName):
		// A name that is too long, a file used as a directory, a link that
		// leads out: anybody can ask for these, so they must not fill a log.
		log.Debug("static: not served", "error", err)
	}
	keepalive.Error(w, 404)
}
