package intake_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"barewire/checker/grader/intake"

	"github.com/google/go-cmp/cmp"
)

// Whatever is in the archive, the honest file counts and the rest is named.
func TestAttack(t *testing.T) {
	honest := thing{name: "steps/02-request-line/line.go", text: "package reqline\n"}
	want := map[string]string{honest.name: honest.text}
	for _, test := range []struct {
		name, note string
		data       []byte
	}{
		{"a path that climbs out", "its path leads elsewhere: ../../" + field, zipOf(t, honest, thing{name: "../../" + field, text: "x"})},
		{"a path that climbs out and in again", "its path leads elsewhere", zipOf(t, honest, thing{name: "steps/../" + field, text: "x"})},
		{"a path from the root", "its path leads elsewhere: /etc/cron.d/x", zipOf(t, honest, thing{name: "/etc/cron.d/x", text: "x"})},
		{"a path from the root of a drive", "its path leads elsewhere: C:/" + field, zipOf(t, honest, thing{name: "C:/" + field, text: "x"})},
		{"a path with two slashes", "its path leads elsewhere", zipOf(t, honest, thing{name: "steps//03-headers-bodies/field.go", text: "x"})},
		{"a path of Windows that climbs out", "its path leads elsewhere: ../../evil.go", zipOf(t, honest, thing{name: `..\..\evil.go`, text: "x"})},
		{"both kinds of slashes", `a \ in the name`, zipOf(t, honest, thing{name: `steps/03-headers-bodies/..\x.go`, text: "x"})},
		{"a control character", "a control character in the name", zipOf(t, honest, thing{name: "steps/03-headers-bodies/\x1b[2Jx.go", text: "x"})},
		{"a NUL", "a control character in the name", zipOf(t, honest, thing{name: field + "\x00.txt", text: "x"})},
		{"a link in a zip", "a link", zipOf(t, honest, thing{name: field, text: "/etc/passwd", kind: fs.ModeSymlink})},
		{"a pipe in a zip", "neither a file nor a folder", zipOf(t, honest, thing{name: field, kind: fs.ModeNamedPipe})},
		{"a device in a zip", "neither a file nor a folder", zipOf(t, honest, thing{name: field, kind: fs.ModeDevice})},
		{"an encrypted file", "it is encrypted", zipOf(t, honest, thing{name: field, text: "x", zip: func(h *zip.FileHeader) { h.Flags |= 1 }})},
		{"an archive's bomb in a Go file", "longer than", zipOf(t, honest, thing{name: field, text: strings.Repeat("\x00", 4*intake.MaxFile)})},
		{"a file that is shorter than the zip says", "not as long as the archive says", lying(t, honest, 1<<20)},
		{"a file that is longer than the zip says", "not as long as the archive says", lying(t, honest, 1)},
		{"a checksum that is wrong", "it is damaged", damaged(t, honest)},
		{"a way of packing that nobody knows", "packed in a way that cannot be read here", packed(t, honest)},
		{"the same name twice", "twice in the archive", zipOf(t, thing{name: honest.name, text: "package first"}, honest)},
		{"a hard link in a tar", "a link", tarOf(t, honest, thing{name: field, text: honest.name, kind: hardLink})},
		{"a link in a tar", "a link", tarOf(t, honest, thing{name: field, text: "/etc/passwd", kind: fs.ModeSymlink})},
		{"a device in a tar", "neither a file nor a folder", tarOf(t, honest, thing{name: field, kind: fs.ModeDevice})},
		{"a path that climbs out of a tar", "its path leads elsewhere", tarOf(t, honest, thing{name: "../" + field, text: "x"})},
		{"a path from the root in a tar", "its path leads elsewhere", gzipOf(t, tarOf(t, honest, thing{name: "/" + field, text: "x"}))},
		{"a file behind a link to a folder", "a link", tarOf(t, honest, thing{name: "steps/03-headers-bodies/x", text: "/etc", kind: fs.ModeSymlink},
			thing{name: "steps/03-headers-bodies/x/passwd.go", text: "x"})},
		{"a folder that is called like a file", "", zipOf(t, honest, thing{name: field + "/", kind: fs.ModeDir})},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := intake.LoadArchive(t.Context(), "a", test.data)
			if err != nil || s.Err != nil {
				t.Fatalf("Load: %v, %v", err, s.Err)
			}
			if diff := cmp.Diff(want, files(s)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if notes := strings.Join(s.Notes, "\n"); !strings.Contains(notes, test.note) {
				t.Errorf("notes are\n%s\nwant %q among them", notes, test.note)
			}
		})
	}
}

// rawZip returns a zip with the honest file and one whose header says what raw says.
func rawZip(t *testing.T, honest thing, raw *zip.FileHeader, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(honest.name)
	if err == nil {
		_, err = io.WriteString(f, honest.text)
	}
	if err == nil {
		f, err = w.CreateRaw(raw)
	}
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lying returns a zip that says that a file of 1000 bytes has size.
func lying(t *testing.T, honest thing, size uint64) []byte {
	text := []byte(strings.Repeat("x", 1000))
	return rawZip(t, honest, &zip.FileHeader{Name: field, Method: zip.Store, CRC32: crc32.ChecksumIEEE(text),
		CompressedSize64: 1000, UncompressedSize64: size}, text)
}

func damaged(t *testing.T, honest thing) []byte {
	return rawZip(t, honest, &zip.FileHeader{Name: field, Method: zip.Store, CRC32: 42, CompressedSize64: 4, UncompressedSize64: 4}, []byte("text"))
}

func packed(t *testing.T, honest thing) []byte {
	return rawZip(t, honest, &zip.FileHeader{Name: field, Method: 14, CompressedSize64: 4, UncompressedSize64: 4}, []byte("text"))
}

// What cannot be read at all is refused with what it is.
func TestAttack_refused(t *testing.T) {
	whole := zipOf(t, thing{name: field, text: goFile})
	for _, test := range []struct {
		name, err string
		data      []byte
	}{
		{"nothing", "a is empty", nil},
		{"a part of a zip", "a is a damaged zip, or only a part of one", whole[:len(whole)-10]},
		{"the head of a zip", "damaged zip", []byte("PK\x03\x04")},
		{"a part of a tar.gz", "damaged after", gzipOf(t, tarOf(t, thing{name: field, text: strings.Repeat("x", 5000)}))[:60]},
		{"a gzip of something else", "is not a tar", gzipOf(t, []byte(strings.Repeat("hello ", 500)))},
		{"the head of a gzip", "cannot be unpacked", []byte("\x1f\x8b")},
		{"a 7z archive", "a 7z archive", []byte("7z\xbc\xaf\x27\x1c\x00\x04")},
		{"a web page", "a web page", []byte("\n<!DOCTYPE html><html>")},
		{"a program", `begins with "\x7fELF"`, []byte("\x7fELF")},
		{"more entries than anybody needs", "more than 50000 files and folders", crowded(60_000)},
		{"more entries in a tar", "more than 50000 files and folders", tarOf(t, many(50_001, "")...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := intake.LoadArchive(t.Context(), "a", test.data)
			if err != nil || s.Err == nil || !strings.Contains(s.Err.Error(), test.err) {
				t.Errorf("Load = %v, %v; want to be refused with %q", s.Err, err, test.err)
			}
			if len(s.Steps) > 0 || s.Digest != "" {
				t.Errorf("a submission that is refused has %d steps and the digest %q", len(s.Steps), s.Digest)
			}
		})
	}
}

// crowded returns a zip whose end says that it has one entry, where there are n.
func crowded(n int) []byte {
	var b bytes.Buffer
	b.WriteString("PK\x03\x04")
	entry := make([]byte, 46)
	copy(entry, "PK\x01\x02")
	at := b.Len()
	for range n {
		b.Write(entry)
	}
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], 1)
	binary.LittleEndian.PutUint16(end[10:], 1)
	binary.LittleEndian.PutUint32(end[12:], 46)
	binary.LittleEndian.PutUint32(end[16:], uint32(at))
	b.Write(end)
	return b.Bytes()
}

// A bomb costs no more than the limit says.
func TestAttack_bomb(t *testing.T) {
	defer intake.SetMaxUnpacked(intake.SetMaxUnpacked(4 << 20))
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(tarOf(t, thing{name: "README", text: ""})[:512]); err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	head := tarOf(t, thing{name: "huge", text: string(zeros)})[:512]
	for range 6 {
		if _, err := w.Write(append(head, zeros...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := intake.LoadArchive(t.Context(), "bomb.tar.gz", b.Bytes())
	runtime.ReadMemStats(&after)
	if err != nil || s.Err == nil || !strings.Contains(s.Err.Error(), "more than 4194304 bytes when it is unpacked") {
		t.Errorf("Load = %v, %v", s.Err, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("%d bytes were allocated for an archive of %d", used, b.Len())
	}
}

// What lies in a folder of the instructor's cannot make the checker wait, or read what
// lies elsewhere.
func TestAttack_folder(t *testing.T) {
	dir := t.TempDir()
	secret := write(t, dir, "secret.go", []byte("package secret"))
	folderOf(t, dir, thing{name: "alice/" + field, text: goFile},
		thing{name: "alice/steps/02-request-line", text: filepath.Dir(secret), kind: fs.ModeSymlink},
		thing{name: "alice/steps/03-headers-bodies/secret.go", text: secret, kind: fs.ModeSymlink},
		thing{name: "bob/steps", text: "../alice/steps", kind: fs.ModeSymlink},
		thing{name: "carol", text: "alice", kind: fs.ModeSymlink},
		thing{name: "dave.zip", text: secret, kind: fs.ModeSymlink},
		thing{name: "erin.zip", text: string(zipOf(t, thing{name: field, text: goFile}))},
	)
	pipe(t, filepath.Join(dir, "alice", "steps", "03-headers-bodies", "pipe.go"))
	pipe(t, filepath.Join(dir, "frank.zip"))
	var reports []string
	subs, err := intake.Open(t.Context(), []string{dir}, intake.Options{From: intake.Class, Report: func(s string) { reports = append(reports, s) }})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range subs {
		s, err := s.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got[s.ID] = fmt.Sprintf("%v %v", files(s), s.Err)
	}
	want := map[string]string{
		"alice": fmt.Sprintf("%v %v", map[string]string{field: goFile}, nil),
		"erin":  fmt.Sprintf("%v %v", map[string]string{field: goFile}, nil),
		"bob":   "map[] no Go file of a step was found. They are expected as steps/03-headers-bodies/field.go, at the top or below one folder; left out, a link: hand in the file itself: steps",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"carol", "dave.zip", "frank.zip", "secret.go"} {
		if !strings.Contains(strings.Join(reports, "\n"), name+" in ") {
			t.Errorf("nothing is said about %s:\n%s", name, strings.Join(reports, "\n"))
		}
	}
}

// A file that goes away, or becomes another, between two looks is a fault of this machine.
func TestAttack_goneMeanwhile(t *testing.T) {
	dir := t.TempDir()
	name := write(t, dir, "alice.zip", zipOf(t, thing{name: field, text: goFile}))
	write(t, dir, "bob.zip", zipOf(t, thing{name: field, text: goFile}))
	subs, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s, err := subs[0].Load(t.Context())
	if err == nil || s.Err != nil || time.Since(start) > 5*time.Second {
		t.Errorf("Load = %v, %v; want an error, and no refusal: the student can do nothing about it", err, s.Err)
	}
}
