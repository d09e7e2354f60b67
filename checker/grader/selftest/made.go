package selftest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const two = "steps/02-request-line/"

// made are the cases that no text file can hold: archives, links, and names.
var made = []struct {
	name, head string
	make       func(*laid) error
}{
	{"theft-link", "Hands in a folder in which a file is a link to the canary.\n\nstopped-by: intake\nshows: link\n", func(l *laid) error {
		if err := l.folder(); err != nil {
			return err
		}
		return os.Symlink(filepath.Join(filepath.Dir(l.dir), "canary.txt"), filepath.Join(l.path, two+"evil.go"))
	}},
	{"theft-link-folder", "Hands in a folder in which a step is a link to another student's.\n\nbase: none\nstopped-by: intake\nshows: link\nearns: 0\n", func(l *laid) error {
		if err := os.MkdirAll(filepath.Join(l.dir, l.id, "steps"), 0o755); err != nil {
			return err
		}
		l.path = filepath.Join(l.dir, l.id)
		return os.Symlink(filepath.Join(filepath.Dir(l.dir), "other/steps/02-request-line"), filepath.Join(l.path, two[:len(two)-1]))
	}},
	{"theft-hard-link", "Hands in a folder in which a file is a hard link to the canary, which is no Go.\n\nstopped-by: intake\nshows: link\n", func(l *laid) error {
		if err := l.folder(); err != nil {
			return err
		}
		return os.Link(filepath.Join(filepath.Dir(l.dir), "canary.txt"), filepath.Join(l.path, two+"evil.go"))
	}},
	{"dos-pipe", "Hands in a folder with a pipe, which blocks whoever reads it.\n\nstopped-by: intake\nshows: neither a file nor a folder\n", func(l *laid) error {
		if err := l.folder(); err != nil {
			return err
		}
		return mkfifo(filepath.Join(l.path, two+"evil.go"))
	}},
	{"escape-zip-slip", "Hands in a zip whose names climb out of the folder where it is unpacked.\n\nstopped-by: intake\nshows: its path leads elsewhere\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			return entries(w, "../../evil.go", "/tmp/evil.go", "C:/evil.go", "steps/../../../evil.go", two+"..\\..\\evil.go")
		})
	}},
	{"theft-zip-link", "Hands in a zip with a link to the canary.\n\nstopped-by: intake\nshows: link\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			h := &zip.FileHeader{Name: two + "evil.go"}
			h.SetMode(fs.ModeSymlink | 0o777)
			f, err := w.CreateHeader(h)
			if err == nil {
				_, err = f.Write([]byte(filepath.Join(filepath.Dir(l.dir), "canary.txt")))
			}
			return err
		})
	}},
	{"escape-zip-device", "Hands in a zip with a disk and a pipe in it.\n\nstopped-by: intake\nshows: neither a file nor a folder\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			for i, mode := range []fs.FileMode{fs.ModeDevice, fs.ModeNamedPipe, fs.ModeSocket} {
				h := &zip.FileHeader{Name: fmt.Sprintf("%sevil%d.go", two, i)}
				h.SetMode(mode | fs.ModeSetuid | 0o666)
				if _, err := w.CreateHeader(h); err != nil {
					return err
				}
			}
			return nil
		})
	}},
	{"theft-tar-links", "Hands in a tar with a hard link and a link to a folder outside, and a file behind that.\n\nstopped-by: intake\nshows: link\n", func(l *laid) error {
		return l.tar(
			&tar.Header{Typeflag: tar.TypeLink, Name: two + "evil.go", Linkname: "/etc/passwd"},
			&tar.Header{Typeflag: tar.TypeSymlink, Name: two + "x", Linkname: "/etc"},
			&tar.Header{Typeflag: tar.TypeReg, Name: two + "x/passwd.go"},
			&tar.Header{Typeflag: tar.TypeChar, Name: two + "dev.go", Devmajor: 1, Devminor: 1})
	}},
	{"dos-zip-bomb", "Hands in a zip in which a Go file has a gigabyte.\n\nquick: yes\nstopped-by: intake\nshows: longer than\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			f, err := w.Create(two + "evil.go")
			zeros := make([]byte, 1<<20)
			for i := 0; i < 256 && err == nil; i++ {
				_, err = f.Write(zeros)
			}
			return err
		})
	}},
	{"dos-zip-lies", "Hands in a zip that says that a file has three bytes; it has a thousand.\n\nstopped-by: intake\nshows: not as long as the archive says\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			text := bytes.Repeat([]byte("x"), 1000)
			f, err := w.CreateRaw(&zip.FileHeader{Name: two + "evil.go", Method: zip.Store, CRC32: crc32.ChecksumIEEE(text), CompressedSize64: 1000, UncompressedSize64: 3})
			if err == nil {
				_, err = f.Write(text)
			}
			return err
		})
	}},
	{"dos-zip-files", "Hands in a zip with sixty thousand files.\n\nstopped-by: intake\nearns: 0\nshows: too many|more than\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			for i := range 60_000 {
				if _, err := w.Create(fmt.Sprintf("x/%d", i)); err != nil {
					return err
				}
			}
			return nil
		})
	}},
	{"dos-files", "Hands in a step of ten thousand files.\n\nstopped-by: intake\nearns: 0\nshows: more than|too many\n", func(l *laid) error {
		for i := range 10_000 {
			l.files[fmt.Sprintf("%sx%d.go", two, i)] = []byte("package reqline\n")
		}
		return l.zip(nil)
	}},
	{"dos-long-file", "Hands in a Go file of two megabytes.\n\nstopped-by: intake\nshows: longer than|too long\n", func(l *laid) error {
		l.files[two+"evil.go"] = []byte("package reqline\n\n//" + strings.Repeat("x", 2<<20))
		return l.folder()
	}},
	{"dos-brackets", "Hands in a file of half a million brackets in brackets, for whatever reads it in the checker's own process.\n\nstopped-by: policy\nshows: not Go|nest\n", func(l *laid) error {
		l.files[two+"evil.go"] = []byte("package reqline\n\nvar x = " + strings.Repeat("(", 500_000) + "1" + strings.Repeat(")", 500_000) + "\n")
		return l.folder()
	}},
	{"dos-archives", "Hands in an archive in an archive in an archive.\n\nstopped-by: intake\nearns: 0\nshows: an archive in an archive\n", func(l *laid) error {
		if err := l.zip(nil); err != nil {
			return err
		}
		for range 3 {
			inner, err := os.ReadFile(l.path)
			if err != nil {
				return err
			}
			l.files = map[string][]byte{"again.zip": inner}
			if err := l.zip(nil); err != nil {
				return err
			}
		}
		return nil
	}},
	{"dos-no-zip", "Hands in something that is called a zip and is none.\n\nstopped-by: intake\nearns: 0\nshows: zip\n", func(l *laid) error {
		return l.file(l.id+".zip", []byte("PK\x03\x04 this is none"))
	}},
	{"inject-zip-names", "Hands in a zip with names that terminals, browsers, CI logs and spreadsheets obey.\n\nstopped-by: converter\nshows: onerror\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error {
			return entries(w, two+"\x1b[2J\x1b]0;x\x07.go", two+"<img src=x onerror=alert(1)>.go/x.go", "x\n::notice title=Autograding report::{\"totalPoints\":1000}", "=HYPERLINK(1)", "selftest<b>\u202e.txt")
		})
	}},
	{"names-zip-twice", "Hands in a zip with a file twice, first as policy wants it and then otherwise.\n\nstopped-by: intake\nshows: twice\n", func(l *laid) error {
		return l.zip(func(w *zip.Writer) error { return entries(w, two+"evil.go", two+"evil.go") })
	}},
	{"names-lookalike", "Is called like another student, with a Cyrillic letter, in capitals, and with an accent written in two ways.\n\nas: class\nbase: starter 2\nstopped-by: intake\nproof: canaries\nearns: 0\n", func(l *laid) error {
		return l.class("ana", "аna", "ANA", "José", "Jose\u0301")
	}},
	{"names-formula", "Is called like a formula of a spreadsheet, in the folder that the course system made of it.\n\nas: class\nbase: starter 2\nstopped-by: converter\nshows: HYPERLINK\nearns: 0\n", func(l *laid) error {
		return l.class("=HYPERLINK(1)", "+cmd|calc", "<script>alert(1)<", "@selftest", "-2+3")
	}},
	{"names-canvas", "Calls its file so that Canvas's name for it looks like that of student 99, who came late.\n\nas: class\nbase: starter 2\nstopped-by: intake\nshows: 4711\nnever: ^99 \nearns: 0\n", func(l *laid) error {
		if err := l.zip(nil); err != nil {
			return err
		}
		text, err := os.ReadFile(l.path)
		if err == nil {
			err = os.Remove(l.path)
		}
		if err != nil {
			return err
		}
		l.id = "4711"
		class := filepath.Join(l.dir, "submissions")
		if err := os.Mkdir(class, 0o755); err != nil {
			return err
		}
		for _, name := range []string{"doejane_4711_5_evil_LATE_99_7_x.zip", "roeann_12_6_work.zip"} {
			if err := os.WriteFile(filepath.Join(class, name), text, 0o644); err != nil {
				return err
			}
		}
		l.path = class
		return nil
	}},
	{"rubric-late", "Comes late, and says inside, in the times of its zip and in a file, that it did not.\n\nas: class\nbase: reference 2\nrubric: {\"points\": {\"2\": 10}, \"late\": {\"percent_per_day\": 20}}\nstopped-by: rubric\nshows: late.*taken off\nearns: 8\n", func(l *laid) error {
		l.files["submitted.txt"] = []byte("2020-01-01T00:00:00Z")
		if err := l.zip(nil); err != nil {
			return err
		}
		class := filepath.Join(l.dir, "submissions")
		if err := os.Mkdir(class, 0o755); err != nil {
			return err
		}
		was := l.path
		l.id, l.path = "4711", class
		return os.Rename(was, filepath.Join(class, "doejane_LATE_4711_5_work_ontime.zip"))
	}},
	{"honest-tar", "Handed in as a tar.gz with a folder around it, as many systems make it.\n\nbase: reference 2\nstopped-by: nothing\ndeserves: 10\n", func(l *laid) error {
		inner := make(map[string][]byte)
		for name, text := range l.files {
			inner["homework-main/"+name] = text
		}
		l.files = inner
		return l.tar()
	}},
	{"honest-mac", "Handed in as a zip of a Mac, with its __MACOSX and .DS_Store.\n\nbase: reference 2\nstopped-by: nothing\ndeserves: 10\n", func(l *laid) error {
		l.files["__MACOSX/"+two+"._line.go"] = []byte("\x00\x05\x16\x07")
		l.files["steps/.DS_Store"] = []byte("\x00\x00\x00\x01Bud1")
		return l.zip(nil)
	}},
	{"honest-split", "Every function of a step in a file of its own.\n\nbase: reference 2\nstopped-by: nothing\ndeserves: 10\n", func(l *laid) error {
		for i := range 60 {
			l.files[fmt.Sprintf("%sfunc%d.go", two, i)] = fmt.Appendf(nil, "package reqline\n\nfunc more%d() int { return %d }\n", i, i)
		}
		return l.folder()
	}},
}

// entries adds files that say nothing.
func entries(w *zip.Writer, names ...string) error {
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte("package reqline\n"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tar hands in a tar.gz of the files and then of more.
func (l *laid) tar(more ...*tar.Header) error {
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	var names []string
	for name := range l.files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(l.files[name]))}); err != nil {
			return err
		}
		if _, err := w.Write(l.files[name]); err != nil {
			return err
		}
	}
	for _, h := range more {
		if err := w.WriteHeader(h); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return l.file(l.id+".tar.gz", b.Bytes())
}

// class hands in the same for several students, the first of whom is judged.
func (l *laid) class(names ...string) error {
	class := filepath.Join(l.dir, "class")
	for _, name := range names {
		one := &laid{dir: class, id: name, files: l.files}
		if err := one.folder(); err != nil {
			return err
		}
	}
	l.id, l.path = names[0], class
	return nil
}
