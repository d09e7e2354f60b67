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

// A visit is one request on its way through the stations of ServeHTTP, and what they
// have found out. A station returns true when it has answered.
type visit struct {
	*Files
	w   keepalive.ResponseWriter
	r   *keepalive.Request
	now time.Time

	last string // segment of the path, as it was sent
	name string
	dir  bool // the path ends with a slash
	info fs.FileInfo

	coding   string // of the sibling that is sent, and behind is its extension
	behind   string
	file     *os.File
	versions Validators
}

func (v *visit) leave() {
	if v.file != nil {
		v.file.Close()
	}
}

// fail answers with an error, in which there is nothing about a file.
func (v *visit) fail(status int) bool {
	keepalive.Error(v.w, status)
	return true
}

// missing answers for something that err says cannot be had, and tells the log where
// that is more than a name without a file.
func (v *visit) missing(name string, err error) bool {
	exhausted := isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM)
	v.note(name, err)
	if exhausted {
		return v.fail(503)
	}
	return v.fail(404)
}

func (v *visit) note(name string, err error) {
	level := slog.LevelError
	if isAny(err, fs.ErrNotExist, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, fs.ErrInvalid) {
		level = slog.LevelDebug
	}
	cmp.Or(v.ErrorLog, slog.Default()).Log(v.r.Context(), level, "a file could not be read", "name", name, "err", err)
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(t error) bool { return errors.Is(err, t) })
}

// allow answers all methods but GET and HEAD.
func (v *visit) allow() bool {
	switch v.r.Method {
	case "GET", "HEAD":
		return false
	}
	v.w.Header().Set("Allow", "GET, HEAD")
	if v.r.Method == "OPTIONS" {
		v.w.WriteHeader(204)
		return true
	}
	return v.fail(405)
}

// locate turns the path into a name.
func (v *visit) locate() bool {
	p, err := reqline.AppendNormalized(nil, v.r.Target.Path)
	if err != nil {
		return v.fail(404)
	}
	v.last = string(p[bytes.LastIndexByte(p, '/')+1:])
	below, found := strings.CutPrefix(string(p), v.Prefix)
	switch {
	case !found || below != "" && below[0] != '/':
		return v.fail(404)
	case below == "":
		v.name = "."
		return false
	}
	v.name, v.dir, err = Name([]byte(below))
	if err != nil || Hidden(v.name) && !v.DotFiles {
		return v.fail(404)
	}
	return false
}

// stat finds out what is there.
func (v *visit) stat() (answered bool) {
	info, err := v.Root.Stat(v.name)
	v.info = info
	switch {
	case err != nil:
		return v.missing(v.name, err)
	case info.IsDir() || info.Mode().IsRegular() && !v.dir:
		return false
	}
	return v.fail(404)
}

// enter is about directories: it answers, or goes on with the index.
func (v *visit) enter() bool {
	if !v.info.IsDir() {
		return false
	}
	if !v.dir {
		location := v.last + "/"
		if v.r.Target.Query != nil {
			location += "?" + string(v.r.Target.Query)
		}
		v.w.Header().Set("Location", location)
		return v.fail(301)
	}
	index := path.Join(v.name, cmp.Or(v.Index, DefaultIndex))
	info, err := v.Root.Stat(index)
	switch {
	case err == nil && info.Mode().IsRegular():
		v.name, v.info = index, info
		return false
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return v.missing(index, err)
	case !v.Listing:
		return v.fail(404)
	}
	return v.list()
}

// list answers with what is in a directory.
func (v *visit) list() bool {
	d, err := v.Root.Open(v.name)
	if err != nil {
		return v.missing(v.name, err)
	}
	defer d.Close()
	entries, err := d.ReadDir(MaxListing)
	if err != nil && err != io.EOF {
		return v.missing(v.name, err)
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if _, _, err := Name([]byte("/" + escape(name))); err != nil {
			continue
		}
		full := path.Join(v.name, name)
		if Hidden(full) && !v.DotFiles {
			continue
		}
		switch info, err := v.Root.Stat(full); {
		case err != nil:
		case info.IsDir():
			names = append(names, name+"/")
		case info.Mode().IsRegular():
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return strings.Compare(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
	})
	title := "/"
	if v.name != "." {
		title = "/" + v.name + "/"
	}
	page := AppendListing(nil, title, names)
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	v.w.WriteHeader(200)
	if v.r.Method != "HEAD" {
		v.w.Write(page)
	}
	return true
}

// choose looks for a sibling that the client would rather have.
func (v *visit) choose() bool {
	if !v.Precompressed || v.r.Method == "GET" && v.r.Header.Has("Range") {
		return false
	}
	extensions := map[string]string{"br": ".br", "zstd": ".zst", "gzip": ".gz"}
	for _, coding := range AppendAccepted(nil, &v.r.Header, "br", "zstd", "gzip") {
		behind := extensions[coding]
		info, err := v.Root.Stat(v.name + behind)
		if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(v.info.ModTime()) {
			continue
		}
		if v.try(v.name+behind) == nil {
			v.coding, v.behind = coding, behind
			return false
		}
	}
	return false
}

// try opens a file, and looks again at what it is.
func (v *visit) try(name string) error {
	file, err := v.Root.Open(name)
	if err != nil {
		v.note(name, err)
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return err
	}
	v.file, v.info = file, info
	return nil
}

func (v *visit) open() bool {
	if v.file != nil {
		return false
	}
	file, err := v.Root.Open(v.name)
	if err != nil {
		return v.missing(v.name, err)
	}
	v.file = file
	v.info, err = file.Stat()
	if err != nil {
		return v.missing(v.name, err)
	}
	if !v.info.Mode().IsRegular() {
		return v.fail(404)
	}
	return false
}

// describe finds the validators.
func (v *visit) describe() bool {
	v.versions = ValidatorsOf(v.info, v.coding, v.now)
	return false
}

// set sets the fields that are not empty, in pairs of name and value.
func (v *visit) set(pairs ...string) {
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			v.w.Header().Set(pair[0], pair[1])
		}
	}
}

// kept sets the fields that a 304 has, too.
func (v *visit) kept() {
	v.set("ETag", v.versions.ETag)
	if v.CacheControl != nil {
		v.set("Cache-Control", v.CacheControl(v.name))
	}
	v.vary()
}

func (v *visit) vary() {
	if v.Precompressed {
		v.w.Header().Add("Vary", "Accept-Encoding")
	}
}

// fields sets all fields of a 200 but those that speak of its content.
func (v *visit) fields() {
	v.kept()
	v.set("Accept-Ranges", "bytes", "Content-Encoding", v.coding)
}

func (v *visit) modified() string {
	if v.versions.Modified.IsZero() {
		return ""
	}
	return string(message.AppendDate(nil, v.versions.Modified))
}

func (v *visit) contentType() string {
	return cmp.Or(v.Types[strings.ToLower(path.Ext(v.name))], ContentType(v.name))
}

// check asks whether the client's copy is good.
func (v *visit) check() bool {
	switch status := Check(v.r.Method, &v.r.Header, v.versions, v.now); status {
	case 200:
		return false
	case 304:
		v.kept()
		v.w.WriteHeader(304)
		return true
	default:
		v.vary()
		return v.fail(status)
	}
}

// part answers requests for a part.
func (v *visit) part() bool {
	asked := slices.Collect(v.r.Header.Values("Range"))
	if v.r.Method != "GET" || len(asked) != 1 || !IfRange(&v.r.Header, v.versions, v.now) {
		return false
	}
	ranges, err := ParseRange(asked[0], v.info.Size())
	if err != nil {
		v.vary()
		v.set("Content-Range", fmt.Sprintf("bytes */%d", v.info.Size()))
		return v.fail(416)
	}
	if len(ranges) == 0 {
		return false
	}
	v.fields()
	knows := v.r.Header.Has("If-Range")
	if !knows {
		v.set("Last-Modified", v.modified())
	}
	if len(ranges) > 1 {
		v.several(ranges)
		return true
	}
	if !knows {
		v.set("Content-Type", v.contentType())
	}
	v.set("Content-Range", v.contentRange(ranges[0]))
	v.send(206, []piece{{ranges[0], ""}}, "")
	return true
}

func (v *visit) contentRange(r Range) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.Start, r.Start+r.Length-1, v.info.Size())
}

// several answers with a message of several parts.
func (v *visit) several(ranges []Range) {
	boundary := rand.Text()
	v.set("Content-Type", "multipart/byteranges; boundary="+boundary)
	var pieces []piece
	between := ""
	for _, r := range ranges {
		pieces = append(pieces, piece{r, fmt.Sprintf("%s--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
			between, boundary, v.contentType(), v.contentRange(r))})
		between = "\r\n"
	}
	v.send(206, pieces, "\r\n--"+boundary+"--\r\n")
}

// whole answers with all of the file.
func (v *visit) whole() bool {
	v.fields()
	v.set("Last-Modified", v.modified(), "Content-Type", v.contentType())
	v.send(200, []piece{{Range{0, v.info.Size()}, ""}}, "")
	return true
}

// A piece is a part of the file, and what is sent before it.
type piece struct {
	Range
	head string
}

// send sends pieces, and what is behind them.
func (v *visit) send(status int, pieces []piece, end string) {
	length := int64(len(end))
	for _, p := range pieces {
		length += int64(len(p.head)) + p.Length
	}
	v.set("Content-Length", strconv.FormatInt(length, 10))
	v.w.WriteHeader(status)
	if v.r.Method == "HEAD" {
		return
	}
	for _, p := range pieces {
		if p.head != "" {
			if _, err := io.WriteString(v.w, p.head); err != nil {
				return
			}
		}
		if _, err := v.file.Seek(p.Start, io.SeekStart); err != nil {
			v.note(v.name, err)
			return
		}
		if _, err := io.CopyN(v.w, v.file, p.Length); err != nil {
			if _, ours := errors.AsType[*fs.PathError](err); ours {
				v.note(v.name, err)
			}
			return
		}
	}
	io.WriteString(v.w, end)
}
