//starter:omit
package static

// This file is for what is sent: which file, with which fields, and which part.

import (
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// A representation is an open file, or its content, and what the fields say of it (RFC
// 9110 §3.2). One with content is sent to many at once, so it does not change.
type representation struct {
	name    string   // of the file itself
	file    *os.File // or nil
	content []byte   // without a file
	size    int64
	changed time.Time // as the file system has it
	coding  string    // "" for the file itself
	media   string    // its content type, before coding; "" where none is sent
	Validators
	date, length string // Modified and size, as fields have them

	entry *entry    // where the cache has it, if it does
	until time.Time // how long the cache believes it
}

// siblings are the files that may be sent instead of another one. The smallest
// usually comes first.
var siblings = map[string]string{"br": ".br", "zstd": ".zst", "gzip": ".gz"}

// open opens a file that Stat has found. It looks twice: before opening, because
// opening a FIFO would wait for a writer and opening a device may do things, and
// afterwards, because the name may stand for another file by then.
func (f *Files) open(name string, info fs.FileInfo) (*os.File, fs.FileInfo, error) {
	if !info.Mode().IsRegular() {
		return nil, nil, fs.ErrNotExist
	}
	file, err := f.Root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err = file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// choose opens the file, or the sibling that the client prefers to it.
func (f *Files) choose(r *keepalive.Request, name string, info fs.FileInfo) (*os.File, fs.FileInfo, string, error) {
	var buf [3]string
	for _, coding := range f.codings(buf[:0], r) {
		other, err := f.Root.Stat(name + siblings[coding])
		if err != nil || other.ModTime().Before(info.ModTime()) {
			continue
		}
		if file, other, err := f.open(name+siblings[coding], other); err == nil {
			return file, other, coding, nil
		}
	}
	file, info, err := f.open(name, info)
	return file, info, "", err
}

// codings appends to dst the codings of siblings that may be sent, in their order.
func (f *Files) codings(dst []string, r *keepalive.Request) []string {
	if !f.Precompressed || r.Method == "GET" && r.Header.Has("Range") {
		return dst
	}
	return AppendAccepted(dst, &r.Header, "br", "zstd", "gzip")
}

func (f *Files) serveFile(w keepalive.ResponseWriter, r *keepalive.Request, name string, info fs.FileInfo) {
	now := time.Now()
	file, info, coding, err := f.choose(r, name, info)
	if err != nil {
		f.fail(w, err)
		return
	}
	rep := &representation{name: name, file: file, size: info.Size(), changed: info.ModTime(), coding: coding,
		media: f.contentType(name), Validators: ValidatorsOf(info, coding, now)}
	rep.length = strconv.FormatInt(rep.size, 10)
	if !rep.Modified.IsZero() {
		rep.date = string(message.AppendDate(nil, rep.Modified))
	}
	f.Cache.keep(f, r, rep, now)
	f.answer(w, r, rep, now)
}

// answer answers with a representation, which it gives back to the cache.
func (f *Files) answer(w keepalive.ResponseWriter, r *keepalive.Request, rep *representation, now time.Time) {
	defer f.Cache.give(rep)
	status := Check(r.Method, &r.Header, rep.Validators, now)
	if status == 412 {
		keepalive.Error(w, 412)
		return
	}
	var ranges []Range
	if status == 200 && r.Method == "GET" && IfRange(&r.Header, rep.Validators, now) {
		var err error
		if ranges, err = ParseRange(rangeOf(&r.Header), rep.size); err != nil {
			w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(rep.size, 10))
			keepalive.Error(w, 416)
			return
		}
	}
	f.describe(w.Header(), rep)
	if len(ranges) > 0 && r.Header.Has("If-Range") {
		// The client has a part with all the fields (RFC 9110 §15.3.7).
		w.Header().Del("Last-Modified")
	}
	switch {
	case status == 304:
		// They say nothing new (RFC 9110 §15.4.5).
		w.Header().Del("Last-Modified")
		w.Header().Del("Accept-Ranges")
		w.WriteHeader(304)
	case r.Method == "HEAD":
		// Nothing is copied: a connection drops the content for HEAD, but the
		// file would be read to its end all the same.
		rep.begin(w, 200, rep.size)
	case len(ranges) == 0:
		rep.send(w, 200, Range{0, rep.size})
	case len(ranges) == 1:
		if r.Header.Has("If-Range") {
			known := *rep // others may be sending it
			known.media = ""
			rep = &known
		}
		w.Header().Set("Content-Range", contentRange(ranges[0], rep.size))
		rep.send(w, 206, ranges[0])
	default:
		rep.sendParts(w, ranges)
	}
}

// rangeOf returns the value of the Range field, if there is one line of it.
func rangeOf(h *message.Header) (value []byte) {
	lines := 0
	for value = range h.Values("Range") {
		lines++
	}
	if lines != 1 {
		return nil
	}
	return value
}

// describe sets the fields that a 200, a 206 and a 304 have in common. An error has
// none of them: it is not the file's, and must not be cached like it.
func (f *Files) describe(h *message.Header, rep *representation) {
	if rep.ETag != "" {
		h.Set("ETag", rep.ETag)
	}
	if rep.date != "" {
		h.Set("Last-Modified", rep.date)
	}
	if f.CacheControl != nil {
		if value := f.CacheControl(rep.name); value != "" {
			h.Set("Cache-Control", value)
		}
	}
	if f.Precompressed {
		h.Add("Vary", "Accept-Encoding")
	}
	h.Set("Accept-Ranges", "bytes")
}

// begin sends what comes before one part of the file, which may be all of it.
func (rep *representation) begin(w keepalive.ResponseWriter, status int, n int64) {
	h := w.Header()
	if rep.media != "" {
		h.Set("Content-Type", rep.media)
	}
	if rep.coding != "" {
		h.Set("Content-Encoding", rep.coding)
	}
	length := rep.length
	if n != rep.size {
		length = strconv.FormatInt(n, 10)
	}
	h.Set("Content-Length", length)
	w.WriteHeader(status)
}

// send sends one part of the file.
func (rep *representation) send(w keepalive.ResponseWriter, status int, part Range) {
	rep.begin(w, status, part.Length)
	rep.copy(w, part)
}

// copy copies a part of the file to w. Errors are not reported: the status has been
// sent, and content that is too short ends the connection.
func (rep *representation) copy(w io.Writer, part Range) error {
	if rep.file == nil {
		_, err := w.Write(rep.content[part.Start:part.end()])
		return err
	}
	if _, err := rep.file.Seek(part.Start, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyN(w, rep.file, part.Length)
	return err
}

// sendParts sends several parts in one response (RFC 9110 §14.6).
func (rep *representation) sendParts(w keepalive.ResponseWriter, ranges []Range) {
	boundary := rand.Text() // no file can have it in it on purpose
	heads := make([]string, len(ranges))
	end := "\r\n--" + boundary + "--\r\n"
	length := int64(len(end))
	for i, part := range ranges {
		heads[i] = "\r\n--" + boundary + "\r\nContent-Type: " + rep.media +
			"\r\nContent-Range: " + contentRange(part, rep.size) + "\r\n\r\n"
		if i == 0 {
			heads[i] = heads[i][2:]
		}
		length += int64(len(heads[i])) + part.Length
	}
	h := w.Header()
	h.Set("Content-Type", "multipart/byteranges; boundary="+boundary)
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(206)
	for i, part := range ranges {
		if _, err := io.WriteString(w, heads[i]); err != nil {
			return
		}
		// A part that is too short must not be followed by the next one:
		// nobody could tell where it ends.
		if rep.copy(w, part) != nil {
			return
		}
	}
	io.WriteString(w, end)
}

// contentRange returns the value of a Content-Range field (RFC 9110 §14.4).
func contentRange(part Range, size int64) string {
	var buf [64]byte
	b := append(buf[:0], "bytes "...)
	b = strconv.AppendInt(b, part.Start, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, part.end()-1, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, size, 10)
	return string(b)
}
