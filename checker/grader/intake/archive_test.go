package intake_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A thing is put into a folder or an archive by a test.
type thing struct {
	name string
	text string
	kind fs.FileMode // 0 for a file, fs.ModeDir, fs.ModeSymlink, fs.ModeNamedPipe, hardLink
	zip  func(*zip.FileHeader)
}

// hardLink is a kind that only a tar has.
const hardLink = fs.ModeIrregular

const goFile = "package message\n"

// zipOf returns a zip of things.
func zipOf(t testing.TB, things ...thing) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, th := range things {
		h := &zip.FileHeader{Name: th.name, Method: zip.Deflate}
		h.SetMode(0o644 | th.kind&^hardLink)
		if len(th.text) > 1<<16 {
			h.Method = zip.Store
		}
		if th.zip != nil {
			th.zip(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(th.name, "/") {
			continue
		}
		if _, err := f.Write([]byte(th.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf returns a tar of things, without gzip.
func tarOf(t testing.TB, things ...thing) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, th := range things {
		h := &tar.Header{Name: th.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(th.text))}
		switch th.kind {
		case fs.ModeDir:
			h.Typeflag, h.Size = tar.TypeDir, 0
		case fs.ModeSymlink:
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, th.text, 0
		case hardLink:
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, th.text, 0
		case fs.ModeNamedPipe:
			h.Typeflag, h.Size = tar.TypeFifo, 0
		case fs.ModeDevice:
			h.Typeflag, h.Size = tar.TypeChar, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(th.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folderOf lays things out in dir.
func folderOf(t testing.TB, dir string, things ...thing) {
	t.Helper()
	for _, th := range things {
		name := filepath.Join(dir, filepath.FromSlash(th.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		switch th.kind {
		case fs.ModeDir:
			err = os.MkdirAll(name, 0o777)
		case fs.ModeSymlink:
			err = os.Symlink(th.text, name)
		default:
			err = os.WriteFile(name, []byte(th.text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// write writes a file and returns its path.
func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	folderOf(t, dir, thing{name: name, text: string(data)})
	return filepath.Join(dir, name)
}
