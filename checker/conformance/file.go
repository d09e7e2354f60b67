package conformance

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"barewire/checker/conformance/cases"
)

// content is what the file has in it, and lastModified when it was changed. Each line
// is ten bytes long and says at which offset it begins.
var (
	content      = fileContent()
	changed      = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	lastModified = changed.Format(http.TimeFormat)
)

func fileContent() string {
	var b strings.Builder
	for offset := 0; offset < 1000; offset += 10 {
		fmt.Fprintf(&b, "%09d\n", offset)
	}
	return b.String()
}

// WriteFile writes the file into a folder, for a server to serve at FilePath.
func WriteFile(dir string) error {
	name := filepath.Join(dir, filepath.Base(cases.FilePath))
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		return err
	}
	return os.Chtimes(name, changed, changed)
}

// Why a case was not run: what Try and TryAll say of it.
const (
	NoFile = "not run: the server has no such file at " + cases.FilePath
	NoTag  = "not run: the server gives " + cases.FilePath + " no strong ETag"
)

// notRun says whether wrong is one of these.
func notRun(wrong string) bool { return wrong == NoFile || wrong == NoTag }

// A found is what a server has at FilePath.
type found struct {
	file bool   // it is the one
	tag  string // and this is its entity tag, if it is strong
}

// find asks a server for the file.
func find(addr string) (f found) {
	client := http.Client{Timeout: 5 * time.Second}
	res, err := client.Get("http://" + addr + cases.FilePath)
	if err != nil {
		return f
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, int64(len(content))+1))
	f.file = err == nil && res.StatusCode == 200 && string(got) == content && res.Header.Get("Last-Modified") == lastModified
	if tag := res.Header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		f.tag = tag
	}
	return f
}

// tagMark stands in a case for the entity tag that the server gives the file.
const tagMark = "{etag}"

// fill returns the case with the server's own tag in it. Where the server gives none,
// checks with the mark are left out. The text is why the case cannot be run, or "".
func (f found) fill(c *cases.Case) (*cases.Case, string) {
	if !c.NeedsFile {
		return c, ""
	}
	if !f.file {
		return nil, NoFile
	}
	if f.tag == "" && strings.Contains(c.Sent(), tagMark) {
		return nil, NoTag
	}
	filled := *c
	filled.Pieces = slices.Clone(c.Pieces)
	for i, p := range filled.Pieces {
		filled.Pieces[i] = strings.ReplaceAll(p, tagMark, f.tag)
	}
	filled.Checks = nil
	for _, k := range c.Checks {
		if f.tag == "" && strings.Contains(k.Value, tagMark) {
			continue
		}
		k.Value = strings.ReplaceAll(k.Value, tagMark, f.tag)
		filled.Checks = append(filled.Checks, k)
	}
	return &filled, ""
}

// parts says what of the file a response has: "all", "0-9", "0-9, 500-509" in the order
// in which they came, or what is wrong with it.
func (r *Response) parts() string {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Status != 206 || err != nil || media != "multipart/byteranges" {
		return part(r.Header.Get("Content-Range"), r.Content)
	}
	if r.Header.Get("Content-Range") != "" {
		return "Content-Range beside multipart/byteranges"
	}
	var all []string
	reader := multipart.NewReader(strings.NewReader(r.Content), parameters["boundary"])
	for {
		p, err := reader.NextRawPart()
		if err == io.EOF {
			return strings.Join(all, ", ")
		}
		if err != nil {
			return "broken multipart content: " + err.Error()
		}
		bytes, err := io.ReadAll(p)
		if err != nil {
			return "broken multipart content: " + err.Error()
		}
		all = append(all, part(p.Header.Get("Content-Range"), string(bytes)))
	}
}

// part says which part of the file this is.
func part(contentRange, bytes string) string {
	if contentRange == "" {
		if bytes == content {
			return "all"
		}
		return fmt.Sprintf("%d bytes without Content-Range", len(bytes))
	}
	var first, last, length int
	n, err := fmt.Sscanf(contentRange, "bytes %d-%d/%d", &first, &last, &length)
	if err != nil || n != 3 || contentRange != fmt.Sprintf("bytes %d-%d/%d", first, last, len(content)) ||
		first < 0 || last < first || last >= len(content) || bytes != content[first:last+1] {
		return fmt.Sprintf("%d bytes that are not %q", len(bytes), contentRange)
	}
	return fmt.Sprintf("%d-%d", first, last)
}
