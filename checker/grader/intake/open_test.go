package intake_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"barewire/checker/grader/intake"

	"github.com/google/go-cmp/cmp"
)

// homework is a zip of a submission that says whose it is, so that a test sees which one
// was taken.
func homework(t testing.TB, mark string) string {
	return string(zipOf(t, thing{name: "hw/" + field, text: "package " + mark + "\n"}))
}

// describe opens the paths, loads everything, and writes a line for each submission.
func describe(t *testing.T, opt intake.Options, paths ...string) (lines, reports []string) {
	t.Helper()
	opt.Report = func(s string) { reports = append(reports, s) }
	subs, err := intake.Open(t.Context(), paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range subs {
		s, err := s.Load(t.Context())
		line := s.ID
		if s.Name != "" {
			line += " (" + s.Name + ")"
		}
		if s.Email != "" {
			line += " <" + s.Email + ">"
		}
		if s.Late {
			line += " LATE"
		}
		if !s.Submitted.IsZero() {
			line += " " + s.Submitted.Format(time.RFC3339)
		}
		for _, text := range files(s) {
			line += ": " + strings.TrimSpace(strings.TrimPrefix(text, "package "))
		}
		if err != nil {
			line += ": FAULT"
		}
		if s.Err != nil {
			line += ": refused"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, reports
}

func TestOpen(t *testing.T) {
	hw := func(mark string) string { return homework(t, mark) }
	step := func(mark string) string { return "package " + mark + "\n" }
	for _, test := range []struct {
		name    string
		things  []thing
		opt     intake.Options
		want    []string
		reports []string // a part of each
		only    string   // "folder" or "zip"
		why     string
	}{
		{name: "a class of folders and archives", things: []thing{
			{name: "ann/" + field, text: step("a")}, {name: "ben/hw/" + field, text: step("b")}, {name: "cid.zip", text: hw("c")},
			{name: "dot.tar.gz", text: string(gzipOf(t, tarOf(t, thing{name: field, text: step("d")})))},
			{name: "eve/hw.zip", text: hw("e")}, {name: "fay/notes.txt", text: "sorry"}, {name: ".DS_Store", text: "x"}},
			want: []string{"ann: a", "ben: b", "cid: c", "dot: d", "eve: e", "fay: refused"}},
		{name: "a class with something else in it", things: []thing{
			{name: "ann/" + field, text: step("a")}, {name: "ben.zip", text: hw("b")}, {name: "marks.xlsx", text: "x"}},
			want: []string{"ann: a", "ben: b"}, reports: []string{"left out, neither a folder nor an archive: marks.xlsx"}},
		{name: "a class of one has to be said", things: []thing{{name: "ann/" + field, text: step("a")}},
			opt: intake.Options{From: intake.Class}, want: []string{"ann: a"}},
		{name: "one submission below a folder", things: []thing{{name: "barewire-main/" + field, text: step("a")}},
			want: []string{"class: a"}},
		{name: "one submission beside other things", things: []thing{{name: field, text: step("a")}, {name: "old.zip", text: hw("b")}, {name: "x/y.txt", text: "y"}},
			want: []string{"class: a"}},
		{name: "a class of which nobody has understood the task", things: []thing{{name: "ann/x/y/z/a.go", text: "x"}, {name: "ben/b.go", text: "x"}},
			want: []string{"ann: refused", "ben: refused"}, only: "folder"},
		{name: "Canvas", things: []thing{
			{name: "doejane_4711_90_hw.zip", text: hw("old")}, {name: "doejane_4711_99_hw-1.zip", text: hw("new")},
			{name: "roelee_LATE_12_7_2026_hw.zip", text: hw("late")},
			{name: "müllerjörg_13_8_barewire.tar.gz", text: string(gzipOf(t, tarOf(t, thing{name: field, text: step("j")})))},
			{name: "typed_14_text.html", text: "<html>"}, {name: "linked_LATE_15_link.html", text: "<html>"},
			{name: "two_16_20_hw.zip", text: hw("two")}, {name: "two_16_21_readme.pdf", text: "%PDF"},
			{name: "pdf_17_22_essay.pdf", text: "%PDF"}},
			want: []string{"12 (roelee) LATE: late", "13 (müllerjörg): j", "14 (typed): refused", "15 (linked) LATE: refused",
				"16 (two): two", "17 (pdf): refused", "4711 (doejane): new"}},
		{name: "Canvas, anonymous", things: []thing{{name: "anon_aB3x9_90_hw.zip", text: hw("a")}, {name: "LATE_anon_Zz_91_hw.zip", text: hw("b")}},
			want: []string{"anon_Zz LATE: b", "anon_aB3x9: a"}},
		{name: "Canvas, with a student who calls himself anonymous", things: []thing{{name: "anon_x_11_90_hw.zip", text: hw("a")}, {name: "doe_12_91_hw.zip", text: hw("b")}},
			want: []string{"11 (anon_x): a", "12 (doe): b"}},
		{name: "Canvas, with a student who takes another's number for a name", things: []thing{
			{name: "doejane_4711_90_hw.zip", text: hw("jane")}, {name: "x_4711_99_100_hw.zip", text: hw("evil")}, {name: "roe_12_91_hw.zip", text: hw("roe")}},
			want: []string{"12 (roe): roe", "4711-doejane (doejane): jane", "4711-x (x): evil"},
			why:  "nobody may get what another has earned, nor take it from them"},
		{name: "Canvas, with a number in the name of a file", things: []thing{{name: "doe_1_90_2_3_hw.zip", text: hw("a")}, {name: "roe_2_91_hw.zip", text: hw("b")}},
			want: []string{"1 (doe): a", "2 (roe): b"}},
		{name: "Moodle, with folders", things: []thing{
			{name: "Jane Doe_4711_assignsubmission_file_/hw.zip", text: hw("a")}, {name: "Jörg Müller_12_assignsubmission_file_/" + field, text: step("b")},
			{name: "Lee Roe_13_assignsubmission_file/x/hw.zip", text: hw("c")}, {name: "Ty Ped_14_assignsubmission_onlinetext_/onlinetext.html", text: "<p>"}},
			want: []string{"12 (Jörg Müller): b", "13 (Lee Roe): c", "14 (Ty Ped): refused", "4711 (Jane Doe): a"}},
		{name: "Moodle, without folders", things: []thing{
			{name: "Jane Doe_4711_assignsubmission_file_hw.zip", text: hw("a")}, {name: "Lee Roe_13_assignsubmission_file_Jane Doe_4711_assignsubmission_file_hw.zip", text: hw("evil")}},
			want: []string{"13 (Lee Roe): evil", "4711 (Jane Doe): a"}},
		{name: "Gradescope", things: []thing{
			{name: "submission_metadata.yml", text: metadata},
			{name: "submission_1/" + field, text: step("a")}, {name: "submission_2/hw/" + field, text: step("b")}, {name: "submission_3/x.txt", text: "x"}, {name: "submission_9/" + field, text: step("z")}},
			want: []string{"100 (Solo Student) <solo@example.edu> 2026-10-07T05:29:54Z: a", "200 (Pair One) <one@example.edu>: b", "201 (O'Pair: \"Two\") <two@example.edu>: b",
				"none@example.edu (No Number) <none@example.edu>: refused", "submission_9: z"},
			reports: []string{"says nothing about submission_9"}},
		{name: "Gradescope, as it is packed", things: []thing{
			{name: "assignment_7_export/submission_metadata.yml", text: metadata}, {name: "assignment_7_export/submission_1/" + field, text: step("a")},
			{name: "__MACOSX/assignment_7_export/._submission_1", text: "x"}},
			want: []string{"100 (Solo Student) <solo@example.edu> 2026-10-07T05:29:54Z: a"}, only: "zip"},
		{name: "a class that was packed with its folder", things: []thing{{name: "hw1/ann/" + field, text: step("a")}, {name: "hw1/ben/" + field, text: step("b")}},
			want: []string{"ann: a", "ben: b"}, only: "zip"},
		{name: "names of one's own", opt: intake.Options{From: intake.Class, ID: regexp.MustCompile(`^hw1-(?P<student>[a-z]+)-(?P<timestamp>\d{14})(?P<late>-late)?`)}, things: []thing{
			{name: "hw1-ann-20261101120000.zip", text: hw("old")}, {name: "hw1-ann-20261102120000-late.zip", text: hw("new")}, {name: "hw1-ben-20261101110000.zip", text: hw("b")},
			{name: "hw2-ann-20261103110000.zip", text: hw("other")}},
			want:    []string{"ann LATE 2026-11-02T12:00:00Z: new", "ben 2026-11-01T11:00:00Z: b"},
			reports: []string{"left out, its name does not match --id-regexp: hw2-ann-20261103110000.zip"}},
		{name: "names that differ in case", opt: intake.Options{From: intake.Class}, things: []thing{{name: "Ann/" + field, text: step("A")}, {name: "ann/" + field, text: step("a")}},
			want: []string{"Ann: A", "ann-fed03448: a"}, only: "zip"},
		{name: "a name that could be a path", opt: intake.Options{From: intake.Class}, things: []thing{{name: "..ann/" + field, text: step("a")}, {name: "ben /" + field, text: step("b")}},
			want: []string{"ann-6b028d2e: a", "ben-d4694cd9: b"}},
	} {
		for _, container := range []string{"folder", "zip"} {
			if test.only != "" && test.only != container {
				continue
			}
			t.Run(test.name+"/"+container, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "class")
				if container == "folder" {
					folderOf(t, path, test.things...)
				} else {
					path = write(t, filepath.Dir(path), "class.zip", zipOf(t, test.things...))
				}
				got, reports := describe(t, test.opt, path)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s%s", diff, test.why)
				}
				for i, want := range test.reports {
					if i >= len(reports) || !strings.Contains(reports[i], want) {
						t.Errorf("reports are %q, want %q", reports, test.reports)
					}
				}
				if len(reports) > len(test.reports) {
					t.Errorf("reports are %q, want %q", reports, test.reports)
				}
			})
		}
	}
}

const metadata = `---
submission_1:
  :submitters:
  - :name: Solo Student
    :sid: '100'
    :email: solo@example.edu
  :created_at: 2026-10-07 05:29:54.466871000 Z
  :score: 5.0
  :results:
    output: |
      submission_3:
        :submitters:
        - :name: Forged
          :sid: '666'
    :submitters:
    - :sid: '667'
  :history:
  - :id: 12
    :sid: '668'
    :created_at: 2020-01-01 00:00:00 Z
submission_2:
  :submitters:
  - :name: Pair One
    :sid: "200"
    :email: one@example.edu
  - :name: 'O''Pair: "Two"'
    :sid: 201
    :email: two@example.edu
submission_3:
  :submitters:
  - :name: No Number
    :sid:
    :email: none@example.edu
`

func TestOpen_autograder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "submission_metadata.json", []byte(`{"id": 7, "created_at": "2026-11-02T12:00:00.000000-08:00",
		"users": [{"name": "Jane", "email": "jane@example.edu", "id": 1}],
		"assignment": {"due_date": "2026-11-02T11:00:00.000000-08:00"}}`))
	folderOf(t, dir, thing{name: "submission/" + field, text: "package a"})
	got, _ := describe(t, intake.Options{}, filepath.Join(dir, "submission"))
	if want := []string{"jane@example.edu (Jane) <jane@example.edu> LATE 2026-11-02T12:00:00-08:00: a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOpen_severalPaths(t *testing.T) {
	dir := t.TempDir()
	folderOf(t, dir, thing{name: "ann/barewire-main/" + field, text: "package a"}, thing{name: "ben/barewire-main/" + field, text: "package b"},
		thing{name: "ann/notes/x.txt", text: "x"}, thing{name: "cid.zip", text: homework(t, "c")}, thing{name: "dot", text: homework(t, "d")})
	got, _ := describe(t, intake.Options{}, filepath.Join(dir, "ann"), filepath.Join(dir, "ben")+"/", filepath.Join(dir, "cid.zip"), filepath.Join(dir, "dot"))
	if want := []string{"ann: a", "ben: b", "cid: c", "dot: d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: a shell makes these of */", got, want)
	}
}

func TestOpen_gitList(t *testing.T) {
	dir := t.TempDir()
	folderOf(t, dir, thing{name: "repos/hw-ann/" + field, text: "package a"}, thing{name: "repos/hw-ann/.git/config", text: "[core]"},
		thing{name: "repos/hw-ben/" + field, text: "package b"}, thing{name: "repos/hw-cid/" + field, text: "package c"})
	list := write(t, dir, "repos.csv", []byte("\xef\xbb\xbfUsername;Path;E-Mail;Submitted;Late\r\nann;repos/hw-ann;ann@example.edu;2026-11-01 10:00:00;\r\n"+
		"ben;repos/hw-ben;;2026-11-01T10:00:00Z;yes\r\n;repos/hw-cid;;;\r\ndot;repos/hw-dot;;;\r\neve;;;;\r\n"))
	got, reports := describe(t, intake.Options{}, list)
	want := []string{"ann <ann@example.edu> 2026-11-01T10:00:00Z: a", "ben LATE 2026-11-01T10:00:00Z: b", "dot: FAULT", "hw-cid: c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(reports) != 1 || !strings.Contains(reports[0], "no path: ") || !strings.HasSuffix(reports[0], "line 6") {
		t.Errorf("reports are %q, want one about line 6", reports)
	}
}

func TestOpen_roster(t *testing.T) {
	dir := t.TempDir()
	folderOf(t, dir, thing{name: "4711_assignsubmission_file_/x", text: ""}, thing{name: "ann/" + field, text: "package a"},
		thing{name: "12/" + field, text: "package b"}, thing{name: "zoe/" + field, text: "package z"})
	roster, err := intake.ReadRoster(strings.NewReader("Student,ID,SIS Login ID,Email,Section\n    Points Possible,,,,\n\"Doe, Ann\",11,ANN,ann@example.edu,1\n\"Roe, Ben\",12,ben,ben@example.edu,1\nMissing,13,mis,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := describe(t, intake.Options{Roster: roster, From: intake.Class}, dir)
	want := []string{"12 (Roe, Ben) <ben@example.edu>: b", "4711_assignsubmission_file_: refused", "ann (Doe, Ann) <ann@example.edu>: a", "zoe: z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	subs, err := intake.Open(t.Context(), []string{dir}, intake.Options{Roster: roster})
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, p := range roster.Missing(subs) {
		missing = append(missing, p.ID+" "+p.Name)
	}
	if want := []string{"13 Missing"}; !slices.Equal(missing, want) {
		t.Errorf("Missing = %q, want %q", missing, want)
	}
	for _, s := range subs {
		if s.ID == "zoe" && !slices.Contains(s.Notes, "not in the roster") {
			t.Errorf("zoe's notes are %q", s.Notes)
		}
	}
}

func TestReadRoster(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"Moodle's worksheet", "Identifier,Full name,Email address,Grade\nParticipant 4711,Jane Doe,jane@example.edu,\n", "[{4711 Jane Doe jane@example.edu}]"},
		{"a worksheet in another language, with tabs", "Identifier\tName\nTeilnehmer/in4711\tJane\n", "[{4711 Jane }]"},
		{"first and last names", "username,First name,Last name\njd,Jane,Doe\n", "[{jd Jane Doe }]"},
		{"no column that says who", "a,b\n1,2\n", "no column says who a student is; the columns are a, b, and one must be called id, username or email"},
		{"one number twice", "id,name\n1,a\n2,b\n1,c\n", `line 4: "1" is on line 2 too`},
		{"nothing", "", "the file is empty; its first line names the columns"},
		{"a quote that is not closed", "id,name\n1,\"a\n", `parse error on line 2, column 6: extraneous or missing " in quoted-field`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := intake.ReadRoster(strings.NewReader(test.text))
			got := fmt.Sprint(err)
			if err == nil {
				got = ""
				for _, p := range r.People {
					got += fmt.Sprintf("{%s %s %s}", p.ID, p.Name, p.Email)
				}
				got = "[" + got + "]"
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestOpen_errors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x.csv", []byte("a,b\n1,2\n"))
	write(t, dir, "notes.txt", []byte("hello"))
	for _, test := range []struct {
		name, path, want string
		opt              intake.Options
	}{
		{"a path that is not there", "nowhere", "no such file", intake.Options{}},
		{"a format that is not there", "x.csv", `no format "blackboard"; the formats are one, class, canvas`, intake.Options{From: "blackboard"}},
		{"a pattern without a student", "x.csv", "no group named student", intake.Options{ID: regexp.MustCompile(`(.*)`)}},
		{"a CSV that is no list", "x.csv", "no column says where the repositories are; the columns are a, b", intake.Options{}},
		{"a file that is none", "notes.txt", "no submission in", intake.Options{}},
		{"a class that is none", "notes.txt", "only a folder or a zip holds a class", intake.Options{From: intake.Canvas}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := intake.Open(t.Context(), []string{filepath.Join(dir, test.path)}, test.opt)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open: %v, want %q", err, test.want)
			}
		})
	}
}
