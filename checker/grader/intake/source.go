package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// A source is where the files of a submission are read from. An error that is not a
// refusal means that this machine failed.
type source interface {
	// walk calls visit with everything in it. Where visit returns fs.SkipDir for a
	// folder, what is in that may be left out.
	walk(ctx context.Context, visit func(item) error) error
}

// An item is a thing in a folder or an archive.
type item struct {
	name string // slash-separated, from the top of the submission
	kind kind
	open func() (io.ReadCloser, error) // for a file, while it is visited
}

type kind int

const (
	file kind = iota
	folder
	link
	special // a device, a pipe, a socket
)

// read returns what is in a file, or errTooLong.
func (it item) read(limit int64) ([]byte, error) {
	r, err := it.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readLimited(r, limit)
}

// visited makes fs.SkipDir an answer rather than an error.
func visited(err error) error {
	if err == fs.SkipDir {
		return nil
	}
	return err
}

// damage is an error that a file of an archive has, and not this machine.
type damage struct{ err error }

func (d damage) Error() string {
	switch {
	case errors.Is(d.err, zip.ErrAlgorithm):
		return "it is packed in a way that cannot be read here: make an ordinary zip"
	case errors.Is(d.err, zip.ErrChecksum), errors.Is(d.err, zip.ErrFormat), errors.Is(d.err, io.ErrUnexpectedEOF):
		return "it is damaged, or not as long as the archive says"
	}
	return "it is damaged: " + d.err.Error()
}

func (d damage) Unwrap() error { return d.err }

func isDamage(err error) bool { return errors.As(err, new(damage)) }

// A damagedReader marks errors of a reader as damage.
type damagedReader struct{ io.ReadCloser }

func (r damagedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = damage{err}
	}
	return n, err
}

// A dir is a folder on the disk; name is one in it, or ".". It is read through an
// os.Root, which nothing leads out of, and links are not followed.
type dir struct {
	path string
	name string
}

func (d dir) walk(ctx context.Context, visit func(item) error) error {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer root.Close()
	return d.folder(ctx, root, d.name, "", visit)
}

// folder visits everything in the folder at name, which visit knows as rel.
func (d dir) folder(ctx context.Context, root *os.Root, name, rel string, visit func(item) error) error {
	entries, err := list(root, name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := path.Join(name, e.Name())
		it := item{name: path.Join(rel, e.Name()), kind: kindOf(e.Type())}
		it.open = func() (io.ReadCloser, error) { return openRegular(root, at) }
		err := visit(it)
		if err == nil && it.kind == folder {
			err = d.folder(ctx, root, at, it.name, visit)
		}
		if visited(err) != nil {
			return err
		}
	}
	return nil
}

// list returns what is in a folder, by name. It gives up where there is too much.
func list(root *os.Root, name string) ([]fs.DirEntry, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(maxEntries + 1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// openRegular opens a file that is none but a regular one. A pipe would make a plain
// open wait for ever.
func openRegular(root *os.Root, name string) (io.ReadCloser, error) {
	was, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	is, err := f.Stat()
	if err == nil && (!is.Mode().IsRegular() || !os.SameFile(was, is)) {
		err = fmt.Errorf("%s was replaced while it was read", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func kindOf(mode fs.FileMode) kind {
	switch {
	case mode.IsDir():
		return folder
	case mode&fs.ModeSymlink != 0:
		return link
	case mode.IsRegular():
		return file
	}
	return special
}

// A listing is the entries of a zip, some of them or all.
type listing struct {
	files []*zip.File
	strip int // how much of their names is before the top of the submission
}

func (l listing) walk(ctx context.Context, visit func(item) error) error {
	for _, f := range l.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		it := item{name: zipName(f)[l.strip:], kind: kindOf(f.Mode())}
		it.open = func() (io.ReadCloser, error) { return openZip(f) }
		if strings.HasSuffix(it.name, "/") {
			it.kind = folder
		}
		if err := visited(visit(it)); err != nil {
			return err
		}
	}
	return nil
}

// zipName returns the name of an entry. Some programs on Windows write \ for /.
func zipName(f *zip.File) string {
	if !strings.Contains(f.Name, "/") {
		return strings.ReplaceAll(f.Name, `\`, "/")
	}
	return f.Name
}

// openZip opens one entry. What the zip says of its length is compared by the reader
// with what there is.
func openZip(f *zip.File) (io.ReadCloser, error) {
	if f.Flags&1 != 0 {
		return nil, damage{errors.New("it is encrypted: make a zip without a password")}
	}
	r, err := f.Open()
	if err != nil {
		return nil, damage{err}
	}
	return damagedReader{r}, nil
}

// An archive is the bytes of an archive.
type archive struct {
	name string
	data []byte
}

func (a archive) walk(ctx context.Context, visit func(item) error) error {
	switch sniff(a.data) {
	case isZip:
		files, err := openArchive(a.name, a.data)
		if err != nil {
			return err
		}
		return listing{files: files}.walk(ctx, visit)
	case isGzip:
		z, err := gzip.NewReader(bytes.NewReader(a.data))
		if err != nil {
			return refusef("%s cannot be unpacked: %v", printable(a.name), err)
		}
		return walkTar(ctx, a.name, z, visit)
	case isTar:
		return walkTar(ctx, a.name, bytes.NewReader(a.data), visit)
	}
	return refusef("%s is %s. Hand in a zip or a tar.gz", printable(a.name), describe(a.data))
}

// openArchive returns the entries of a zip that is in memory.
func openArchive(name string, data []byte) ([]*zip.File, error) {
	// Each entry of the directory takes several times its size in memory, and what
	// the end of the zip says about their number may be wrong.
	if n := bytes.Count(data, []byte("PK\x01\x02")); n > maxEntries {
		return nil, refusef("%s has more than %d files and folders. Hand in the steps only, without .git and the like", printable(name), maxEntries)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, refusef("%s is a damaged zip, or only a part of one: %v", printable(name), err)
	}
	return z.File, nil
}

// walkTar visits what is in a tar, which is read as a stream up to a limit.
func walkTar(ctx context.Context, name string, r io.Reader, visit func(item) error) error {
	limited := &io.LimitedReader{R: r, N: maxUnpacked}
	t := tar.NewReader(limited)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		switch {
		case err == io.EOF:
			return nil
		case limited.N <= 0:
			return refusef("%s has more than %d bytes when it is unpacked", printable(name), maxUnpacked)
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return refusef("%s is not a tar, or damaged after %d files and folders: %v", printable(name), n, err)
		}
		it := item{name: h.Name, kind: special}
		it.open = func() (io.ReadCloser, error) { return damagedReader{io.NopCloser(t)}, nil }
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse:
			it.kind = file
		case tar.TypeDir:
			it.kind = folder
		case tar.TypeLink, tar.TypeSymlink:
			it.kind = link
		case tar.TypeXGlobalHeader:
			continue
		}
		if err := visited(visit(it)); err != nil {
			return err
		}
	}
}

type format int

const (
	unknown format = iota
	isZip
	isGzip
	isTar
)

// sniff says what kind of archive begins with data; its name is not asked.
func sniff(data []byte) format {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return isZip
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return isGzip
	case len(data) > 262 && string(data[257:262]) == "ustar":
		return isTar
	}
	return unknown
}

// describe says in words what data is that is none of these.
func describe(data []byte) string {
	switch {
	case len(data) == 0:
		return "empty"
	case bytes.HasPrefix(data, []byte("Rar!")):
		return "a RAR archive, which cannot be read here"
	case bytes.HasPrefix(data, []byte("7z\xbc\xaf\x27\x1c")):
		return "a 7z archive, which cannot be read here"
	case bytes.HasPrefix(data, []byte("\xfd7zXZ")), bytes.HasPrefix(data, []byte("BZh")), bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		return "packed in a way that cannot be read here"
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")):
		return "a web page, not an archive"
	}
	return fmt.Sprintf("no archive; it begins with %q", data[:min(len(data), 16)])
}

// A lazy source is an archive that is opened when it is read.
type lazy struct {
	name string
	open func() (io.ReadCloser, error)
}

func (l lazy) walk(ctx context.Context, visit func(item) error) error {
	data, err := item{open: l.open}.read(maxArchive)
	switch {
	case errors.Is(err, errTooLong):
		return refusef("%s has more than %d bytes. Hand in the steps only, without .git and the like", printable(l.name), maxArchive)
	case isDamage(err):
		return refusef("%s cannot be read from the download: %v", printable(l.name), err)
	case err != nil:
		return err
	}
	return archive{l.name, data}.walk(ctx, visit)
}
