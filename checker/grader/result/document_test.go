package result_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"barewire/checker/grader/result"

	"github.com/google/go-cmp/cmp"
)

var at = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// document is a small class: a mark, a refusal and a fault.
func document() *result.Document {
	p := func(x float64) *float64 { return &x }
	return &result.Document{
		Schema: result.Schema, Checker: "v1", Go: "go1.26.8", Sandbox: "bubblewrap", Seed: 1 << 63, Started: at, Finished: at.Add(time.Minute),
		Rubric: result.Rubric{Name: "default", Hash: "abc"}, MaxScore: 10,
		Tasks: []result.Task{{ID: "3.2", Step: 3, Title: "Host", MaxPoints: 10}},
		Submissions: []result.Submission{
			{ID: "ana", Name: "Ana Gómez", Status: result.Graded, Score: p(4.5), Raw: p(5), MaxScore: 10, Submitted: &at, Late: true, Seed: 7, Graded: at, Seconds: 1.5,
				Steps: []result.Step{{Number: 3, Title: "Headers", Own: 5, Reference: 5, Score: 5, MaxScore: 10, Base: result.Own, Built: true}},
				Checks: []result.Check{
					{ID: "3.2/two-host-fields", Task: "3.2", Step: 3, Base: result.Own, Title: "two Host fields are refused", Outcome: result.Passed, Points: 5, MaxPoints: 5},
					{ID: "3.2/no-host-field", Task: "3.2", Step: 3, Base: result.Own, Title: "a missing one too", Outcome: result.Failed, Reason: "got 200", MaxPoints: 5, Hidden: true},
				},
				Findings: []result.Finding{{Kind: result.Review, File: "host.go", Line: 3, Text: "looks like another"}}, Notes: []string{"one day late"}},
			{ID: "ben", Status: result.Refused, Message: "host.go:3:8: imports net/http", Score: p(0), Raw: p(0), MaxScore: 10, Graded: at},
			{ID: "cem", Status: result.Fault, Message: "the sandbox did not start", MaxScore: 10, Graded: at},
		},
	}
}

// An example is the document above with one place changed.
type example struct {
	old, new string
	want     string // what the error says; "" if there is none
	across   bool   // JSON Schema cannot say it: it is about two places
}

func (e example) text(t *testing.T) string {
	t.Helper()
	data, err := json.MarshalIndent(document(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if e.old != "" && !strings.Contains(text, e.old) {
		t.Fatalf("%q is not in the document", e.old)
	}
	return strings.Replace(text, e.old, e.new, 1)
}

var examples = map[string]example{
	"as it is":                        {},
	"a fault with a zero":             {old: `"score": null`, new: `"score": 0`, want: `"cem": a fault has no score and no raw score, not even 0`},
	"a fault with a raw zero":         {old: `"raw": null`, new: `"raw": 0`, want: `a fault has no score`},
	"a fault that says nothing":       {old: `"message": "the sandbox did not start",`, want: "a fault says in its message what it was"},
	"a refusal that says nothing":     {old: `"message": "host.go:3:8: imports net/http",`, want: "does not say why"},
	"a refusal with a mark":           {old: `"score": 0`, new: `"score": 1`, want: "it is refused, and its score is 1"},
	"graded without a mark":           {old: `"score": 4.5`, new: `"score": null`, want: "has no score"},
	"a negative mark":                 {old: `"score": 4.5`, new: `"score": -4.5`, want: "its score is -4.5"},
	"another status":                  {old: `"graded"`, new: `"done"`, want: `its status is "done"`},
	"another schema":                  {old: `grade/v1`, new: `grade/v2`, want: `its schema is "barewire/grade/v2", and this checker reads "barewire/grade/v1"`},
	"no id":                           {old: `"id": "ana"`, new: `"id": ""`, want: "it has no id"},
	"two with one id":                 {old: `"id": "ben"`, new: `"id": "ana"`, want: `submissions[0] and submissions[1] have the same id "ana"`, across: true},
	"a misspelt field":                {old: `"late"`, new: `"latte"`, want: `unknown field "latte"`},
	"a failed check with points":      {old: `"outcome": "passed"`, new: `"outcome": "failed"`, want: `check "3.2/two-host-fields" is failed, and has 5 points`},
	"a check of another outcome":      {old: `"outcome": "passed"`, new: `"outcome": "skipped"`, want: `is "skipped"; it is one of passed, failed and not reached`},
	"more points than there are":      {old: `"points": 5`, new: `"points": 6`, want: "has 6 of 5 points", across: true},
	"a check twice":                   {old: `3.2/no-host-field`, new: `3.2/two-host-fields`, want: "is there twice", across: true},
	"a check on both at once":         {old: `"base": "own",` + "\n     \"title\": \"two", new: `"base": "weighted",` + "\n     \"title\": \"two", want: "it is own or reference"},
	"a base that there is not":        {old: `"base": "own"`, new: `"base": "mine"`, want: `"mine"`},
	"a step 0":                        {old: `"number": 3`, new: `"number": 0`, want: "a step has the number 0"},
	"a finding of an unknown kind":    {old: `"kind": "review"`, new: `"kind": "gossip"`, want: `of the kind "gossip"`},
	"a seed as a number":              {old: `"seed": "7"`, new: `"seed": 7`, want: "invalid use of ,string struct tag"},
	"a mark as text":                  {old: `"score": 4.5`, new: `"score": "4.5"`, want: "line 30: submissions.score cannot be a string"},
	"cut off":                         {old: `"submissions": [`, new: `"submissions": [` + "\x00", want: "line 25: this is not JSON"},
	"a task without an id":            {old: `"id": "3.2"`, new: `"id": ""`, want: "tasks[0] needs an id"},
	"a date that is none":             {old: `"started": "2026-11-20T18:00:00Z"`, new: `"started": "yesterday"`, want: `"yesterday"`, across: true},
	"a maximum that is less than all": {old: `"max_score": 10`, new: `"max_score": -1`, want: "max_score is -1"},
}

func TestParse_CutOff(t *testing.T) {
	text := example{}.text(t)
	for n := range len(text) - 1 {
		if _, err := result.Parse([]byte(text[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes are read as a document", n, len(text))
		}
	}
	if _, err := result.Parse([]byte(text + "\n\n{}")); err == nil || !strings.Contains(err.Error(), "something stands behind the end") {
		t.Errorf("something behind the end: %v", err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, secret := filepath.Join(dir, "results.json"), filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, path); err != nil {
		t.Skip(err)
	}
	d := document()
	d.Submissions[0], d.Submissions[2] = d.Submissions[2], d.Submissions[0]
	if err := d.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	got, err := result.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(document(), got); diff != "" {
		t.Errorf("read again, in the order of the ids (-want +got):\n%s", diff)
	}
	if text, _ := os.ReadFile(secret); string(text) != "kept" {
		t.Error("a symbolic link was followed")
	}
	score := 0.0
	d.Submissions[2].Score = &score
	if err := d.WriteFile(path); err == nil {
		t.Error("a fault with a zero is written")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("files left behind: %v", entries)
	}
	if _, err := result.ReadFile(path); err != nil {
		t.Errorf("what was there is gone: %v", err)
	}
}

func TestVisible(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"letters", "Zoë Gómez, 李, 👍🏽\n\ttab", "Zoë Gómez, 李, 👍🏽\n\ttab"},
		{"an escape sequence", "\x1b[31mred\x1b]0;title\a", `\x1b[31mred\x1b]0;title\x07`},
		{"one byte of eight bits", "\u009b31m", `\u009b31m`},
		{"a carriage return", "good\rbad", `good\rbad`},
		{"no UTF-8", "a\xff\xfeb", `a\xff\xfeb`},
		{"the replacement character itself", "a\uFFFDb", "a\uFFFDb"},
		{"text that runs backwards", "a\u202ebc\u2066", `a\u202ebc\u2066`},
		{"nothing to see", "a\u200bb\ufeff\u00ad\u3164", `a\u200bb\ufeff\u00ad\u3164`},
		{"tags", "a\U000E0041", `a\U000e0041`},
		{"line separators", "a\u2028b\u2029", `a\u2028b\u2029`},
		{"a joiner within a Persian name", "علی\u200cرضا", "علی\u200cرضا"},
		{"the same within a Latin one", "ad\u200cmin", `ad\u200cmin`},
		{"a joiner at the end", "علی\u200c", `علی\u200c`},
		{"a zero byte", "a\x00", `a\x00`},
	} {
		if got := result.Visible(test.text); got != test.want {
			t.Errorf("%s: Visible(%q) = %q, want %q", test.name, test.text, got, test.want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"", "a\x1b[0m", "\xff", "a\u200cb", "\u202e", "علی\u200cرضا\u200d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := result.Visible(text)
		if !utf8.ValidString(got) || result.Visible(got) != got {
			t.Errorf("Visible(%q) = %q, which is not visible", text, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	data, _ := json.Marshal(document())
	f.Add(data)
	f.Add([]byte(`{"schema":"barewire/grade/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := result.Parse(data)
		if err != nil {
			return
		}
		for i := range d.Submissions {
			if s := &d.Submissions[i]; s.Status == result.Fault && s.Score != nil {
				t.Errorf("a fault with a mark: %s", data)
			}
		}
	})
}

func TestCompare(t *testing.T) {
	old, new := document(), document()
	score := 9.25
	new.Submissions[0].Score = &score
	new.Submissions[0].Checks[1].Outcome = result.Passed
	new.Submissions[0].Seconds = 99
	new.Submissions[2] = result.Submission{ID: "dan", Status: result.Refused, Score: new.Submissions[1].Score}
	var got []string
	for _, c := range result.Compare(old, new) {
		got = append(got, c.String())
	}
	want := []string{
		"ana: 4.5 → 9.25 (3.2/no-host-field on own: failed → passed)",
		"dan: not there → 0 (refused)",
		"cem: no mark (fault) → not there",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
