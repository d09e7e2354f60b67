package intake_test

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"barewire/checker/grader/intake"

	"github.com/google/go-cmp/cmp"
)

// whole checks what holds of every submission, whatever it was read from.
func whole(t *testing.T, s intake.Submission, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("Load: %v; bytes cannot make this machine fail", err)
	}
	if (s.Err == nil) != (s.Digest != "") || (s.Err == nil) != (len(s.Steps) > 0) {
		t.Fatalf("Err = %v, Digest = %q, %d steps", s.Err, s.Digest, len(s.Steps))
	}
	total := 0
	for n, files := range s.Steps {
		if n < 1 || n > 10 || len(files) == 0 || len(files) > intake.MaxFiles {
			t.Fatalf("step %d has %d files", n, len(files))
		}
		seen := map[string]bool{}
		for _, f := range files {
			if total += len(f.Content); len(f.Content) > intake.MaxFile || total > intake.MaxTotal {
				t.Fatalf("%s has %d bytes, all have %d", f.Path, len(f.Content), total)
			}
			if !safeName.MatchString(f.Name) || strings.HasSuffix(f.Name, "_test.go") || !utf8.ValidString(f.Name) || !filepath.IsLocal(f.Path) ||
				!fs.ValidPath(f.Path) || !strings.HasSuffix(f.Path, "/"+f.Name) || !strings.HasPrefix(f.Path, "steps/") {
				t.Fatalf("a file is called %q, %q", f.Name, f.Path)
			}
			if low := strings.ToLower(f.Name); seen[low] {
				t.Fatalf("two files are called %q on some systems", f.Name)
			} else {
				seen[low] = true
			}
		}
	}
	for _, text := range append(s.Notes, errorText(s.Err)) {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) || len(text) > 2000 {
			t.Fatalf("a note is %q", text)
		}
	}
}

var safeName = regexp.MustCompile(`^(barewire/)?[\p{L}\p{Nd}][\p{L}\p{Nd}_.+-]*\.go$`)

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzArchive reads bytes as an archive.
func FuzzArchive(f *testing.F) {
	honest := thing{name: "x/" + field, text: "\xef\xbb\xbfpackage message\r\n"}
	f.Add(zipOf(f, honest, thing{name: "../a.go", text: "x"}, thing{name: "l", text: "/etc", kind: fs.ModeSymlink}))
	f.Add(zipOf(f, thing{name: "hw.zip", text: string(zipOf(f, honest))}))
	f.Add(tarOf(f, honest, thing{name: "steps/03-headers-bodies/FIELD.go", text: "x"}, thing{name: "h", text: field, kind: hardLink}))
	f.Add(gzipOf(f, tarOf(f, honest)))
	f.Add([]byte("Rar!"))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer intake.SetMaxUnpacked(intake.SetMaxUnpacked(1 << 20)) // a fuzzer finds bombs
		s, err := intake.LoadArchive(t.Context(), "a", data)
		whole(t, s, err)
	})
}

// FuzzName reads a zip with two files of any name.
//
//fuzz:runs 10000
func FuzzName(f *testing.F) {
	for _, name := range []string{field, "steps/10-production-server/barewire/main.go", `steps\03-headers-bodies\x.go`, "../" + field, "STEPS/03-HEADERS-BODIES/aux.go",
		"steps/03-headers-bodies/\xff\u202e.go", "a.zip", ".git/x", "03-headers-bodies/con.x.go", "solutions/" + field} {
		f.Add(name, "x/"+field)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 1<<12 || len(b) > 1<<12 || strings.HasSuffix(a, "/") || strings.HasSuffix(b, "/") {
			return // a folder has no content
		}
		s, err := intake.LoadArchive(t.Context(), "a", zipOf(t, thing{name: a, text: goFile}, thing{name: b, text: "package b"}))
		whole(t, s, err)
	})
}

// FuzzClass opens a class whose entries have any name.
//
//fuzz:runs 10000
func FuzzClass(f *testing.F) {
	f.Add("doe_LATE_4711_99_hw.zip", "roe_12_98_hw.zip")
	f.Add("Jane Doe_4711_assignsubmission_file_/x", "Lee_12_assignsubmission_onlinetext_/y")
	f.Add("ann/"+field, "ben/"+field)
	f.Add("submission_metadata.yml", "submission_1/x")
	f.Add("..", "\xff\u202e/steps")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 1<<12 || len(b) > 1<<12 || strings.HasSuffix(a, "/") || strings.HasSuffix(b, "/") {
			return
		}
		data := zipOf(t, thing{name: a, text: "PK\x03\x04"}, thing{name: b, text: "submission_1:\n  :submitters:\n  - :name: x\n"})
		for _, from := range append([]string{""}, intake.Formats...) {
			if from == intake.GitList {
				continue
			}
			subs, err := intake.OpenArchive("class.zip", data, from)
			if err != nil {
				continue // nothing in it
			}
			seen := map[string]bool{}
			for _, s := range subs {
				if s.ID == "" || len(s.ID) > 120 || seen[s.ID] || strings.ContainsAny(s.ID, "/\\\n\x00") || strings.HasPrefix(s.ID, ".") || !utf8.ValidString(s.ID) {
					t.Fatalf("%q and %q as %q: an id is %q", a, b, from, s.ID)
				}
				seen[s.ID] = true
				s, err := s.Load(t.Context())
				whole(t, s, err)
			}
		}
	})
}

// FuzzTable reads bytes as a roster.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfid;name\n1;a\n"))
	f.Add([]byte("Identifier,Full name,Email address\nParticipant 1,\"a\nb\",c\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := intake.ReadRoster(bytes.NewReader(data))
		if err == nil {
			for _, p := range r.People {
				if q, ok := r.Find(p.ID); !ok || q.ID == "" || !utf8.ValidString(p.Name+p.Email) {
					t.Fatalf("%+v is found as %+v, %v", p, q, ok)
				}
			}
		}
	})
}

// FuzzMetadata puts what a student has printed where Gradescope puts it: the rest of the
// file must mean what it meant without it.
func FuzzMetadata(f *testing.F) {
	const before, after = "submission_1:\n  :submitters:\n  - :name: Ann\n    :sid: '1'\n  :results:\n    :output: |\n", "\n  :history: []\nsubmission_2:\n  :submitters:\n  - :name: Ben\n"
	want := map[string][]string{"submission_1": {"Ann"}, "submission_2": {"Ben"}}
	f.Add("submission_2:\n  :submitters:\n  - :name: Forged\n")
	f.Add("  - :name: Forged\n    :sid: 1\n:submitters:\n")
	f.Fuzz(func(t *testing.T, printed string) {
		text := before + "      " + strings.ReplaceAll(printed, "\n", "\n      ") + after
		if diff := cmp.Diff(want, intake.Submitters(text)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
