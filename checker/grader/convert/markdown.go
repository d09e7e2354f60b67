package convert

import (
	"fmt"
	"strings"

	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

const (
	maxReason   = 1500      // bytes of a check's reason in Markdown
	maxMarkdown = 900 << 10 // bytes in all; GitHub refuses a summary of more than 1024 KiB
)

// Markdown returns the report of one submission.
func Markdown(d *result.Document, s *result.Submission, who Audience) string {
	v := look(d, s, who)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n**%s**\n", markdown(v.Title), markdown(upper(v.Headline)))
	if v.Reason != "" {
		b.WriteString("\n" + markdownBlock(cut(v.Reason, 2*maxReason), ""))
	}
	if all := append(v.Remarks, v.Notes...); len(all) > 0 {
		b.WriteString("\n")
		for _, note := range all {
			b.WriteString("- " + markdown(note) + "\n")
		}
	}
	if len(v.Findings) > 0 {
		b.WriteString("\n## Findings\n\n")
		for _, f := range v.Findings {
			fmt.Fprintf(&b, "- %s", markdown(f.Kind))
			if p := place(f); p != "" {
				b.WriteString(" " + markdownCode(p))
			}
			b.WriteString(": " + markdownCode(cut(f.Text, maxReason)) + "\n")
		}
	}
	if len(v.Steps) > 0 {
		b.WriteString("\n| step | | points | of | passed |\n| ---: | --- | ---: | ---: | ---: |\n")
		for _, s := range v.Steps {
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %d of %d |\n", s.Number, markdown(s.Title), result.Number(s.Score), result.Number(s.MaxScore), s.count(result.Passed), s.shown())
		}
	}
	for _, s := range v.Steps {
		part := markdownStep(s)
		if b.Len()+len(part) > maxMarkdown {
			b.WriteString("\nThe rest is too long for this page.\n")
			break
		}
		b.WriteString(part)
	}
	fmt.Fprintf(&b, "\nRubric %s, checker %s", markdownCode(d.Rubric.Name), markdownCode(d.Checker))
	if v.Seed != "" {
		b.WriteString(", seed " + v.Seed)
	}
	b.WriteString(".\n")
	if v.Replay != "" {
		b.WriteString("\nAll that a check sent, wanted and got: `" + v.Replay + "`\n")
	}
	return b.String()
}

// markdownStep lists the checks of a step that did not pass.
func markdownStep(s stepView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %d %s: %s of %s\n", s.Number, markdown(s.Title), result.Number(s.Score), result.Number(s.MaxScore))
	if s.Note != "" {
		b.WriteString("\n" + markdown(upper(s.Note)) + ".\n")
	}
	if s.Message != "" {
		b.WriteString("\n" + markdownBlock(cut(s.Message, maxReason), ""))
	}
	for _, t := range s.Tasks {
		passed := 0
		for _, c := range t.Checks {
			if c.Outcome == result.Passed {
				passed++
			}
		}
		fmt.Fprintf(&b, "\n**%s** %s: %d of %s passed", markdown(t.ID), markdown(t.Title), passed, show.Count(len(t.Checks), "check"))
		if t.Hidden > 0 {
			fmt.Fprintf(&b, "; %s not shown", show.Count(t.Hidden, "hidden check"))
		}
		b.WriteString("\n")
		for i, c := range t.Checks {
			if c.Outcome == result.Passed && c.Note == "" {
				continue
			}
			if i == 0 || b.Len() > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "- %s: %s %s", c.Outcome, markdown(c.Title), markdownCode(c.ID))
			if c.Note != "" {
				b.WriteString(", " + markdown(c.Note))
			}
			b.WriteString("\n")
			if c.Text != "" && c.Outcome != result.Passed {
				b.WriteString("\n" + markdownBlock(cut(c.Text, maxReason), "  "))
			}
		}
	}
	return b.String()
}

// upper writes the first letter large.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
