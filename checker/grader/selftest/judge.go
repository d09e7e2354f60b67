package selftest

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"barewire/checker/grader/convert"
	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

// judge says whether a case was stopped where it must be, with what it may earn.
func (s *Selftest) judge(o *Outcome, id string) {
	wrong := func(format string, args ...any) { o.Wrong = append(o.Wrong, fmt.Sprintf(format, args...)) }
	sub := &o.Result.Submissions[0]
	for i := range o.Result.Submissions {
		if o.Result.Submissions[i].ID == id {
			sub = &o.Result.Submissions[i]
		}
	}
	text := said(sub)
	o.Earned, o.Stopped = sub.Score, o.Case.StoppedBy
	switch {
	case sub.Score == nil:
		wrong("no mark: %s", sub.Message)
	case *sub.Score > o.Allowed+0.001:
		wrong("it earns %s, and only %s is honest", result.Number(*sub.Score), result.Number(o.Allowed))
	case *sub.Score < o.Case.AtLeast-0.001:
		wrong("it earns %s, and deserves %s: %s", result.Number(*sub.Score), result.Number(o.Case.AtLeast), firstFailure(sub))
	}
	known := s.watch.names()
	for _, pattern := range o.Case.Shows {
		if !regexp.MustCompile("(?s)" + known.Replace(pattern)).MatchString(text) {
			o.Stopped = "?"
			wrong("nothing says %q: %s", pattern, firstFailure(sub))
		}
	}
	for _, pattern := range o.Case.Never {
		if m := regexp.MustCompile(known.Replace(pattern)).FindString(text); m != "" {
			o.Stopped = "?"
			wrong("its result says %q", m)
		}
	}
	if i := strings.Index(text, s.watch.secret); i >= 0 {
		wrong("it has read the canary: %q", text[max(0, i-100):i])
	}
	if err := sub.Validate(); err != nil {
		wrong("its result: %v", err)
	}
	for _, w := range converted(o.Result) {
		wrong("%s", w)
	}
}

// said is all that the result says about a submission.
func said(s *result.Submission) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n%s\n", s.ID, s.Name, s.Message)
	for _, n := range s.Notes {
		fmt.Fprintln(&b, n)
	}
	for _, f := range s.Findings {
		fmt.Fprintf(&b, "%s %s:%d: %s\n", f.Kind, f.File, f.Line, f.Text)
	}
	for _, step := range s.Steps {
		fmt.Fprintln(&b, step.Message)
	}
	for _, c := range s.Checks {
		if c.Outcome != result.Passed {
			fmt.Fprintf(&b, "%s %s: %s\n%s\n", c.ID, c.Outcome, c.Reason, c.Detail)
		}
	}
	return b.String()
}

// firstFailure is why a submission does not have all points, in a line.
func firstFailure(s *result.Submission) string {
	text := s.Message
	if len(s.Findings) > 0 {
		text += " " + s.Findings[0].Kind + " " + s.Findings[0].Text
	}
	for _, step := range s.Steps {
		if step.Message != "" {
			text += " " + step.Message
			break
		}
	}
	for _, c := range s.Checks {
		if c.Outcome != result.Passed {
			text += " " + c.ID + ": " + c.Reason + c.Detail
			break
		}
	}
	if text = strings.Join(strings.Fields(text), " "); len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "")
	}
	return text
}

var (
	asHTML = regexp.MustCompile(`(?i)selftest<b>|<script>alert|<img src=x`)
	asLog  = regexp.MustCompile(`(?m)^::(?:set-output|add-mask|stop-commands|notice title=Autograding report::\{"totalPoints":1000)`)
	asCell = regexp.MustCompile(`(?m)(?:^|,)"?[=+@-](?:HYPERLINK|cmd|selftest)`)
)

// converted turns a document into every format and says what in one of them could be
// obeyed.
func converted(doc *result.Document) []string {
	var wrong []string
	look := func(format string, text []byte, err error, bad ...*regexp.Regexp) {
		if err != nil {
			if !strings.Contains(err.Error(), convert.ErrFault.Error()) {
				wrong = append(wrong, fmt.Sprintf("%s: %v", format, err))
			}
			return
		}
		for _, re := range bad {
			if m := re.Find(text); m != nil {
				wrong = append(wrong, fmt.Sprintf("%s has %q as it was", format, m))
			}
		}
		for _, c := range []string{"\x1b", "\x07", "\x00", "\u202e", "\u200b"} {
			if bytes.Contains(text, []byte(c)) {
				wrong = append(wrong, fmt.Sprintf("%s has %q", format, c))
			}
		}
	}
	look("the terminal", []byte(convert.Terminal(doc, convert.Instructor, show.Style{})), nil, asLog)
	site, err := convert.Site(doc, nil)
	look("the overview", nil, err)
	for name, page := range site {
		look(name, page, nil, asHTML)
		if strings.Contains(name, "..") || strings.ContainsAny(name, "<>\"' ") {
			wrong = append(wrong, fmt.Sprintf("a report is called %q", name))
		}
	}
	junit, err := convert.JUnit(doc, convert.Student)
	look("JUnit", junit, err, asHTML)
	for i := range doc.Submissions {
		sub := &doc.Submissions[i]
		for _, who := range []convert.Audience{convert.Student, convert.Instructor} {
			look("Markdown", []byte(convert.Markdown(doc, sub, who)), nil) // code blocks may hold anything
			look("GitHub's log", []byte(convert.GitHub(doc, sub, who)), nil, asLog)
		}
		gradescope, err := convert.Gradescope(doc, sub, "visible")
		look("Gradescope", gradescope, err)
		exercism, err := convert.Exercism(doc, sub)
		look("exercism", exercism, err)
		sheet, _, err := convert.Canvas(doc, []byte("Student,ID,SIS User ID,SIS Login ID,Section\n\"Doe, Jane\","+csvCell(sub.ID)+",,,one\n"), "Barewire", false)
		if err == nil {
			look("Canvas", sheet, nil, asCell)
		}
	}
	return wrong
}

// csvCell quotes a text as spreadsheets do.
func csvCell(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
