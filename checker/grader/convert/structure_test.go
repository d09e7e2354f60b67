package convert_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The structure of an output is what stands in it beside texts. It is found by other
// means than those by which the output is made.

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
	link  = regexp.MustCompile(`href="([^"]*)"`)
	local = regexp.MustCompile(`^(#[a-z0-9.-]+|instructor/[a-z0-9_-]+\.html)$`)
	value = regexp.MustCompile(`(data-v|title|href)="[^"]*"|heat[0-4]`)
)

// tags are the tags of a page, with the values of those attributes left out that hold
// text. Inside of these no quote and no bracket may stand.
func tags(page string) []string {
	for _, name := range []string{"style", "script"} {
		before, rest, ok := strings.Cut(page, "<"+name+">")
		if _, after, closed := strings.Cut(rest, "</"+name+">"); ok && closed {
			page = before + after // the same in all, apart from their digests
		}
	}
	var all []string
	for _, t := range tag.FindAllString(page, -1) {
		for _, l := range link.FindAllStringSubmatch(t, -1) {
			if !local.MatchString(l[1]) {
				t += " to another place: " + l[1]
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
