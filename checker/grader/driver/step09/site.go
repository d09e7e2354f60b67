package step09

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"
	static "barewire/solutions/09-static-files"
)

// changed is when files were changed, unless they say otherwise.
var changed = time.Date(2024, 5, 1, 12, 0, 0, 500_000_000, time.UTC)

// A File is a file of a site, with slashes in its name. A name that ends with one is a
// directory.
type File struct {
	Name    string
	Content []byte
	Size    int64         // of zeros, if there is no content
	Link    string        // it is a symbolic link to this
	Pipe    bool          // it is a named pipe
	Later   time.Duration // it was changed so much later
	Young   bool          // it was changed just now
	Epoch   bool          // it is from 1970
}

// A Site is files and how they are served.
type Site struct {
	Files                            []File
	Prefix, Index                    string
	Listing, DotFiles, Precompressed bool
	Types                            map[string]string
	Cached                           bool // Cache-Control: max-age=… of the length of the name
	Requests                         []Request
}

// A Request is one request. {tag N} in its head is the tag of the answer to request N,
// {weak N} the same as a weak one.
type Request struct {
	Head   []byte
	Change string // what happens to the file of that name when the answer begins: "grow NAME", "shrink NAME"
}

// short is how many bytes somebody may rather copy than have the kernel send.
const short = 64 << 10

// An Answer is a response. What is free in it is left out: the letters of a tag, the
// boundary between parts, and what a page of links looks like.
type Answer struct {
	Status   int // -1 if the request could not be parsed
	Fields   []string
	Content  []byte
	Page     *Page
	Complete bool // there was as much content as Content-Length says
	Copied   bool // content was written
	Files    bool // by ReadFrom, or it is short: then it may be kept and written
	Panicked bool
}

// Served is what came of a site.
type Served struct {
	Answers []Answer
	Logged  bool
}

// StayOpen makes a site, asks for the first request a hundred times, and returns how many
// more files are open then.
func StayOpen(a Site) int {
	top, err := os.MkdirTemp("", "site")
	must(err)
	defer os.RemoveAll(top)
	for _, f := range a.Files {
		f.make(top)
	}
	files, err := static.Open(top)
	must(err)
	defer files.Close()
	files.Listing = a.Listing
	next := func() int { // the system gives the lowest number that is free
		f, err := os.Open(top)
		must(err)
		defer f.Close()
		return int(f.Fd())
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector closes what it finds
	before := 0
	for i := range 101 {
		if ask(files, string(a.Requests[0].Head), &writer{change: func() {}}); i == 0 {
			before = next()
		}
	}
	return next() - before
}

// Serve makes a site on the disk and asks it. Beside its root lies the file "secret". It
// panics if there is no disk to write on.
func Serve(a Site) Served {
	top, err := os.MkdirTemp("", "site")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(top)
	root := filepath.Join(top, "root")
	must(os.Mkdir(root, 0o777))
	must(os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o666))
	for _, f := range a.Files {
		f.make(root)
	}
	files, err := static.Open(root)
	if err != nil {
		return Served{Answers: []Answer{}}
	}
	defer files.Close()
	var logged atomic.Bool
	files.Prefix, files.Index, files.Listing, files.DotFiles, files.Precompressed = a.Prefix, a.Index, a.Listing, a.DotFiles, a.Precompressed
	files.ErrorLog = slog.New(notice{&logged})
	if a.Types != nil {
		files.Types = a.Types
	}
	if a.Cached {
		files.CacheControl = func(name string) string {
			if strings.HasSuffix(name, ".txt") {
				return ""
			}
			return fmt.Sprintf("max-age=%d", len(name))
		}
	}
	out := Served{Answers: []Answer{}}
	tags := []string{}
	first := map[string]int{}
	for i, r := range a.Requests {
		head := string(r.Head)
		for j, tag := range tags {
			head = strings.ReplaceAll(head, fmt.Sprintf("{tag %d}", j), tag)
			head = strings.ReplaceAll(head, fmt.Sprintf("{weak %d}", j), "W/"+strings.TrimPrefix(tag, "W/"))
		}
		w := &writer{change: func() { change(root, r.Change) }}
		answer := ask(files, head, w)
		tag := w.fixed.Get("ETag")
		if tags = append(tags, tag); tag != "" {
			name := strings.TrimPrefix(tag, "W/")
			if first[name] == 0 {
				first[name] = i + 1
			}
			name = fmt.Sprintf("tag %d", first[name])
			if !tagForm.MatchString(tag) {
				name = "a tag that is none: " + tag
			} else if strings.HasPrefix(tag, "W/") {
				name = "weak " + name
			}
			answer.Fields = append(answer.Fields, "etag: "+name)
		}
		slices.Sort(answer.Fields)
		out.Answers = append(out.Answers, answer)
	}
	out.Logged = logged.Load()
	return out
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// make makes the file.
func (f File) make(root string) {
	path := filepath.Join(root, filepath.FromSlash(f.Name))
	if strings.HasSuffix(f.Name, "/") {
		must(os.MkdirAll(path, 0o777))
		return
	}
	must(os.MkdirAll(filepath.Dir(path), 0o777))
	switch {
	case f.Link != "":
		must(os.Symlink(f.Link, path))
		return
	case f.Pipe:
		pipe(path)
		return
	}
	must(os.WriteFile(path, f.Content, 0o666))
	if f.Size > 0 {
		open, err := os.OpenFile(path, os.O_WRONLY, 0)
		must(err)
		_, err = open.Seek(f.Size-1, io.SeekStart) // nearly nothing on the disk
		must(err)
		_, err = open.Write([]byte{0})
		must(err)
		must(open.Close())
	}
	at := changed.Add(f.Later)
	if f.Young {
		at = time.Now()
	}
	if f.Epoch {
		at = time.Unix(3600, 0)
	}
	must(setTime(path, at))
}

// change changes a file while it is sent.
func change(root, what string) {
	how, name, _ := strings.Cut(what, " ")
	path := filepath.Join(root, filepath.FromSlash(name))
	switch how {
	case "grow":
		if f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err == nil {
			_, _ = f.WriteString(strings.Repeat("more", 1000))
			_ = f.Close()
		}
	case "shrink":
		if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil { // a box does not let paths be truncated
			_ = f.Truncate(5)
			_ = f.Close()
		}
	}
}

// known are the fields that are compared. A server may send others.
var known = []string{"accept-ranges", "allow", "cache-control", "content-encoding", "content-length", "content-range", "content-type", "last-modified", "location", "vary", "x-content-type-options"}

// ask sends a request.
func ask(h keepalive.Handler, head string, w *writer) (out Answer) {
	r := &keepalive.Request{Body: strings.NewReader("")}
	if _, err := r.Head.Parse([]byte(head), message.Limits{}); err != nil {
		return Answer{Status: -1}
	}
	defer func() {
		if recover() != nil {
			out = Answer{Panicked: true}
		}
	}()
	h.ServeHTTP(w, r)
	w.WriteHeader(200)
	out = Answer{Status: w.status, Fields: []string{}, Copied: w.status < 300 && w.content.Len() > 0, Files: w.files || w.content.Len() < short}
	content := w.content.Bytes()
	length, err := strconv.Atoi(w.fixed.Get("Content-Length"))
	out.Complete = err == nil && (length == len(content) || r.Method == "HEAD")
	media, params, _ := mime.ParseMediaType(w.fixed.Get("Content-Type"))
	parts := media == "multipart/byteranges"
	switch {
	case w.status >= 300 && w.status != 412:
	case parts:
		out.Content = bytes.ReplaceAll(content, []byte(params["boundary"]), []byte("BOUNDARY"))
	case media == "text/html" && bytes.Contains(content, []byte("href=\"./")) || media == "text/html" && bytes.Contains(content, []byte("<title>")):
		page := pageOf(string(content))
		page.Title = ""
		out.Page = &page
	case w.status < 300:
		out.Content = append([]byte{}, content...)
	}
	for name, value := range w.fixed.All() {
		n, v := strings.ToLower(string(name)), string(value)
		switch {
		case n == "etag" || !slices.Contains(known, n):
			continue
		case n == "allow": // in any order, and with OPTIONS or without
			var methods []string
			for m := range w.fixed.Members("Allow") {
				if string(m) != "OPTIONS" {
					methods = append(methods, string(m))
				}
			}
			slices.Sort(methods)
			v = strings.Join(methods, ", ")
		case n == "content-type" && w.status >= 300 && w.status != 304 && !strings.HasPrefix(v, "image/"), out.Page != nil && n != "content-type" && n != "x-content-type-options":
			continue
		case n == "content-type" && parts:
			v = media
		case n == "content-length" && (parts || out.Page != nil || w.status >= 300 || media == "text/html" && r.Method == "HEAD"):
			continue
		case n == "last-modified":
			if at, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", v); err == nil && time.Since(at) < time.Hour {
				v = "just now"
			}
		}
		out.Fields = append(out.Fields, n+": "+v)
	}
	return out
}

// A writer is a response without a connection.
type writer struct {
	status        int
	header, fixed message.Header
	content       bytes.Buffer
	files         bool
	change        func()
}

func (w *writer) Header() *message.Header { return &w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		for name, value := range w.header.All() {
			w.fixed.Add(string(name), string(value))
		}
		w.change()
	}
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(200)
	return w.content.Write(p)
}

func (w *writer) Flush() error {
	w.WriteHeader(200)
	return nil
}

// ReadFrom is what the connection has, for files. Whoever writes content of its own may
// use it too.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	w.WriteHeader(200)
	limited, ok := src.(*io.LimitedReader)
	if ok {
		_, w.files = limited.R.(*os.File)
	}
	return io.Copy(&w.content, io.LimitReader(src, 64<<20))
}

// notice is a log that remembers whether somebody was told of something.
type notice struct{ logged *atomic.Bool }

func (n notice) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (n notice) Handle(context.Context, slog.Record) error        { n.logged.Store(true); return nil }
func (n notice) WithAttrs([]slog.Attr) slog.Handler               { return n }
func (n notice) WithGroup(string) slog.Handler                    { return n }
