package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"barewire/checker/grader/intake"

	"github.com/google/go-cmp/cmp"
)

// files returns the path and the content of each file.
func files(s intake.Submission) map[string]string {
	all := map[string]string{}
	for _, n := range slices.Sorted(maps.Keys(s.Steps)) {
		for _, f := range s.Steps[n] {
			all[f.Path] = string(f.Content)
		}
	}
	return all
}

const field = "steps/03-headers-bodies/field.go"

func TestLoad(t *testing.T) {
	one := map[string]string{field: goFile}
	for _, test := range []struct {
		name   string
		things []thing
		want   map[string]string
		note   string // a part of the notes
		err    string // a part of the refusal
		skip   string // containers that cannot hold it
		why    string
	}{
		{name: "the steps at the top", things: []thing{{name: field, text: goFile}}, want: one},
		{name: "the steps below one folder", things: []thing{{name: "barewire-main/" + field, text: goFile}}, want: one},
		{name: "the folder steps itself was packed", things: []thing{{name: "03-headers-bodies/field.go", text: goFile}}, want: one},
		{name: "a folder of steps below a folder", things: []thing{{name: "mine/03-headers-bodies/field.go", text: goFile}}, want: one},
		{name: "another case of the folders", things: []thing{{name: "Steps/03-Headers-Bodies/field.go", text: goFile}}, want: one,
			why: "some programs on Windows change it"},
		{name: "the command of step 10", things: []thing{
			{name: "steps/10-production-server/server.go", text: "package server\n"},
			{name: "steps/10-production-server/barewire/main.go", text: "package main\n"},
			{name: "steps/09-static-files/barewire/main.go", text: "package main\n"},
			{name: "steps/09-static-files/static.go", text: "package static\n"}},
			want: map[string]string{
				"steps/10-production-server/server.go":        "package server\n",
				"steps/10-production-server/barewire/main.go": "package main\n",
				"steps/09-static-files/static.go":             "package static\n"},
			note: "only Go files directly in the folder of a step count: steps/09-static-files/barewire/main.go"},
		{name: "tests, demos and other files stay out", things: []thing{
			{name: field, text: goFile},
			{name: "steps/03-headers-bodies/field_test.go", text: "package x"},
			{name: "steps/03-headers-bodies/demo/main.go", text: "package main"},
			{name: "steps/03-headers-bodies/asm.s", text: "TEXT"},
			{name: "steps/03-headers-bodies/x.syso", text: "ELF"},
			{name: "steps/03-headers-bodies/._field.go", text: "apple"},
			{name: "steps/03-headers-bodies/internal/x/x.go", text: "package x"},
			{name: "go.mod", text: "module evil"}, {name: "go.work", text: "use /"}, {name: "vendor/x/x.go", text: "package x"},
			{name: ".git/config", text: "[core]\n fsmonitor = touch /tmp/owned"}, {name: "__MACOSX/steps/03-headers-bodies/._field.go", text: "x"},
			{name: "solutions/03-headers-bodies/field.go", text: "package stolen"}},
			want: one, note: "left out, a test"},
		{name: "a reference beside the steps is not the steps", things: []thing{{name: "solutions/03-headers-bodies/field.go", text: goFile}},
			err: "no Go file of a step was found"},
		{name: "two copies, one nearer to the top", things: []thing{{name: "old/x/" + field, text: "package old"}, {name: field, text: goFile}},
			want: one, note: "another copy of steps: old/x/steps"},
		{name: "two copies, as near as each other", things: []thing{{name: "a/" + field, text: goFile}, {name: "b/" + field, text: goFile}},
			err: "more than once, and it is not clear which count: a/steps and b/steps"},
		{name: "nothing", things: []thing{{name: "empty", kind: fs.ModeDir}}, err: "it is empty"},
		{name: "something else", things: []thing{{name: "hw1/main.go", text: "package main"}, {name: "README.md", text: "hi"}},
			err: "found "},
		{name: "only tests", things: []thing{{name: "steps/03-headers-bodies/field_test.go", text: goFile}}, err: "left out, a test"},
		{name: "a folder with a name of one's own", things: []thing{{name: "steps/03-headers/field.go", text: goFile}, {name: "steps/02-request-line/line.go", text: goFile}},
			want: map[string]string{"steps/02-request-line/line.go": goFile}, note: "step 3 is in steps/03-headers-bodies: 03-headers"},
		{name: "CR LF", things: []thing{{name: field, text: "package message\r\n\r\nvar x = `a\r\nb`\r\n"}},
			want: map[string]string{field: "package message\n\nvar x = `a\nb`\n"}, note: "LF for CR LF",
			why: "Go takes carriage returns out of raw strings, so this changes nothing"},
		{name: "a byte order mark", things: []thing{{name: field, text: "\xef\xbb\xbf" + goFile}}, want: one, note: "byte order mark"},
		{name: "UTF-16", things: []thing{{name: field, text: "\xff\xfep\x00"}}, want: map[string]string{field: "\xff\xfep\x00"}, note: "UTF-16"},
		{name: "a name that Windows keeps", things: []thing{{name: "steps/03-headers-bodies/aux.go", text: goFile}},
			want: map[string]string{"steps/03-headers-bodies/file-aux.go": goFile}},
		{name: "a name that go takes for a flag", things: []thing{{name: "steps/03-headers-bodies/-o.go", text: goFile}},
			want: map[string]string{"steps/03-headers-bodies/file--o.go": goFile}},
		{name: "a name that is not UTF-8 keeps its end", things: []thing{{name: "steps/03-headers-bodies/gr\x94\xe1e_linux.go", text: goFile}},
			want: map[string]string{"steps/03-headers-bodies/grx94xe1e_linux.go": goFile}, skip: "tar folder"},
		{name: "names that differ in case", things: []thing{{name: "steps/03-headers-bodies/Field.go", text: "package a"}, {name: field, text: "package b"}},
			want: map[string]string{"steps/03-headers-bodies/Field.go": "package a", "steps/03-headers-bodies/2-field.go": "package b"}, note: "only in case", skip: "folder"},
		{name: "a link to a file", things: []thing{{name: field, text: "/etc/passwd", kind: fs.ModeSymlink}, {name: "steps/02-request-line/line.go", text: goFile}},
			want: map[string]string{"steps/02-request-line/line.go": goFile}, note: "a link: hand in the file itself: " + field},
		{name: "a link to a folder", things: []thing{{name: "steps/03-headers-bodies", text: "/etc", kind: fs.ModeSymlink}, {name: "steps/02-request-line/line.go", text: goFile}},
			want: map[string]string{"steps/02-request-line/line.go": goFile}, note: "a link"},
		{name: "a link within", things: []thing{{name: field, text: "../02-request-line/line.go", kind: fs.ModeSymlink}, {name: "steps/02-request-line/line.go", text: goFile}},
			want: map[string]string{"steps/02-request-line/line.go": goFile}, note: "a link"},
		{name: "a file that is too long", things: []thing{{name: field, text: strings.Repeat("x", intake.MaxFile+1)}, {name: "steps/02-request-line/line.go", text: goFile}},
			want: map[string]string{"steps/02-request-line/line.go": goFile}, note: "longer than"},
		{name: "too much in all", things: many(intake.MaxTotal/intake.MaxFile+1, strings.Repeat("x", intake.MaxFile)), err: "more than 8388608 bytes"},
		{name: "too many files", things: many(intake.MaxFiles+1, goFile), err: "step 3 has 101 Go files"},
		{name: "an archive in it", things: []thing{{name: "hw.zip", text: string(zipOf(t, thing{name: field, text: goFile}))}},
			want: one, note: "an archive in what was handed in: hw.zip"},
		{name: "an archive beside the steps", things: []thing{{name: "backup.zip", text: string(zipOf(t, thing{name: field, text: "package old"}))}, {name: field, text: goFile}},
			want: one, note: "an archive beside the steps"},
		{name: "two archives in it", things: []thing{{name: "a.zip", text: "x"}, {name: "b.zip", text: "x"}}, err: "several archives"},
		{name: "archives in archives", things: []thing{{name: "a.zip", text: string(zipOf(t, thing{name: "b.zip", text: string(zipOf(t, thing{name: field, text: goFile}))}))}},
			err: "an archive in an archive in an archive"},
		{name: "a RAR archive", things: []thing{{name: "hw.rar", text: "Rar!\x1a\x07\x01\x00"}}, err: "hw.rar is a RAR archive"},
		{name: "a folder that is too deep", things: []thing{{name: strings.Repeat("d/", 20) + field, text: goFile}, {name: field, text: goFile}},
			want: one, note: "too long"},
	} {
		for container, load := range map[string]func(*testing.T, []thing) (intake.Submission, error){"folder": loadFolder, "zip": loadZip, "tar": loadTar} {
			if strings.Contains(test.skip, container) {
				continue
			}
			t.Run(test.name+"/"+container, func(t *testing.T) {
				s, err := load(t, test.things)
				if err != nil {
					t.Fatalf("Load: %v", err)
				}
				if got := fmt.Sprint(s.Err); test.err != "" && !strings.Contains(got, test.err) || test.err == "" && s.Err != nil {
					t.Errorf("Err = %v, want %q (%s)", got, test.err, test.why)
				}
				if diff := cmp.Diff(test.want, files(s)); diff != "" && test.err == "" {
					t.Errorf("files (-want +got):\n%s%s", diff, test.why)
				}
				if notes := strings.Join(s.Notes, "\n"); !strings.Contains(notes, test.note) {
					t.Errorf("notes are\n%s\nwant %q among them (%s)", notes, test.note, test.why)
				}
				if (s.Digest == "") != (s.Err != nil) {
					t.Errorf("Digest = %q with Err = %v", s.Digest, s.Err)
				}
			})
		}
	}
}

// many returns n files of step 3.
func many(n int, text string) []thing {
	var all []thing
	for i := range n {
		all = append(all, thing{name: fmt.Sprintf("steps/03-headers-bodies/f%d.go", i), text: text})
	}
	return all
}

func loadFolder(t *testing.T, things []thing) (intake.Submission, error) {
	dir := filepath.Join(t.TempDir(), "alice")
	folderOf(t, dir, things...)
	subs, err := intake.Open(t.Context(), []string{dir}, intake.Options{From: intake.One})
	if err != nil {
		t.Fatal(err)
	}
	return subs[0].Load(t.Context())
}

func loadZip(t *testing.T, things []thing) (intake.Submission, error) {
	return intake.LoadArchive(t.Context(), "alice.zip", zipOf(t, things...))
}

func loadTar(t *testing.T, things []thing) (intake.Submission, error) {
	return intake.LoadArchive(t.Context(), "alice.tar.gz", gzipOf(t, tarOf(t, things...)))
}

func TestLoad_digestIsThatOfWhatCounts(t *testing.T) {
	load := func(load func(*testing.T, []thing) (intake.Submission, error), things ...thing) string {
		s, err := load(t, things)
		if err != nil || s.Err != nil {
			t.Fatal(err, s.Err)
		}
		return s.Digest
	}
	a := load(loadZip, thing{name: "x/" + field, text: goFile}, thing{name: "x/README", text: "hi"})
	if b := load(loadFolder, thing{name: field, text: "package message\r\n"}); a != b {
		t.Errorf("the same files have the digests %s and %s", a, b)
	}
	if b := load(loadZip, thing{name: "steps/03-headers-bodies/fielD.go", text: goFile}); a == b {
		t.Errorf("a file with another name has the same digest")
	}
	if b := load(loadZip, thing{name: field, text: goFile + " "}); a == b {
		t.Errorf("a file with another content has the same digest")
	}
}

func TestLoad_cancelled(t *testing.T) {
	dir := t.TempDir()
	folderOf(t, dir, thing{name: field, text: goFile})
	subs, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := subs[0].Load(ctx); err == nil || s.Err != nil {
		t.Errorf("Load = %v with Err %v; a grading that was stopped is no fault of the student", err, s.Err)
	}
}

// What a submission lies in is not changed, and nothing is written beside it.
func TestLoad_leavesEverythingAsItWas(t *testing.T) {
	dir := t.TempDir()
	folderOf(t, dir, thing{name: "alice/" + field, text: "package message\r\n"})
	write(t, dir, "bob.zip", zipOf(t, thing{name: field, text: goFile}))
	before := snapshot(t, dir)
	subs, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range subs {
		if s, err := s.Load(t.Context()); err != nil || s.Err != nil {
			t.Errorf("%s: %v, %v", s.ID, err, s.Err)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" || len(subs) != 2 {
		t.Errorf("%d submissions; (-before +after):\n%s", len(subs), diff)
	}
}

func snapshot(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				all[name] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNotes_areBounded(t *testing.T) {
	var things []thing
	for i := range 500 {
		things = append(things, thing{name: fmt.Sprintf("steps/03-headers-bodies/%d_test.go", i), text: "x"})
	}
	s, err := loadZip(t, append(things, thing{name: field, text: goFile}))
	if err != nil || s.Err != nil {
		t.Fatal(err, s.Err)
	}
	if len(s.Notes) != 1 || !strings.HasSuffix(s.Notes[0], "and 497 more") {
		t.Errorf("notes are %q, want one that counts", s.Notes)
	}
}

func TestLoad_hidesNothing(t *testing.T) {
	s, err := loadZip(t, []thing{{name: "steps/03-headers-bodies/\u202eog.x", text: "x"}, {name: field, text: goFile}})
	if err != nil || s.Err != nil {
		t.Fatal(err, s.Err)
	}
	if notes := strings.Join(s.Notes, ""); strings.ContainsRune(notes, '\u202e') || !bytes.Contains([]byte(notes), []byte(`\u202e`)) {
		t.Errorf("notes are %q, want the character that turns the direction made visible", notes)
	}
}
