package convert

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

// Terminal returns the whole document as text for a screen of 80 columns: a single
// submission with what failed, a class as a table.
func Terminal(d *result.Document, who Audience, style show.Style) string {
	var b strings.Builder
	seed := fmt.Sprintf(" · seed %d", d.Seed)
	if len(d.Submissions) == 1 {
		v := look(d, &d.Submissions[0], who)
		if v.Seed == "" {
			seed = ""
		}
		terminalOne(&b, v, style)
	} else {
		terminalClass(&b, d, style)
	}
	fmt.Fprintf(&b, "\n%s\n", style.Dim("rubric "+line(d.Rubric.Name)+" · "+line(d.Checker)+" · "+line(d.Sandbox)+seed))
	if d.Trusted {
		b.WriteString(style.Red("There was no sandbox: every mark may be forged.") + "\n")
	}
	return b.String()
}

// put writes a label and a text that may be longer than a line.
func put(b *strings.Builder, label, s string) {
	for part := range strings.SplitSeq(text(s), "\n") {
		b.WriteString(strings.TrimRight(label+part, " ") + "\n")
		label = strings.Repeat(" ", utf8.RuneCountInString(label))
	}
}

func terminalOne(b *strings.Builder, v *view, style show.Style) {
	b.WriteString(style.Bold(line(v.Title)) + "\n")
	headline := style.Bold(v.Headline)
	if v.Status != result.Graded {
		headline = style.Red(v.Headline)
	}
	b.WriteString("  " + headline + "\n")
	if v.Reason != "" {
		put(b, "  ", v.Reason)
	}
	for _, note := range append(v.Remarks, v.Notes...) {
		put(b, "  ", note)
	}
	for _, f := range v.Findings {
		put(b, "  "+line(f.Kind)+"  ", strings.TrimPrefix(place(f)+": "+f.Text, ": "))
	}
	for _, s := range v.Steps {
		score := fmt.Sprintf("%s of %s", result.Number(s.Score), result.Number(s.MaxScore))
		fmt.Fprintf(b, "\n%s\n", strings.Join(show.Ends(fmt.Sprintf("%2d  %s", s.Number, line(s.Title)), score), "\n"))
		if s.Note != "" {
			put(b, "    ", s.Note)
		}
		if s.Message != "" {
			put(b, "    ", s.Message)
		}
		terminalStep(b, s, style)
	}
	if v.Replay != "" {
		b.WriteString("\n")
		put(b, "", "All that a check sent, wanted and got: "+v.Replay)
	}
}

// terminalStep lists what failed; what passed is counted.
func terminalStep(b *strings.Builder, s stepView, style show.Style) {
	hidden := 0
	for _, t := range s.Tasks {
		hidden += t.Hidden
		for _, c := range t.Checks {
			if c.Outcome != result.Failed {
				continue
			}
			title := strings.Join(show.Hang("    FAIL ", line(c.ID)+": "+line(c.Title)), "\n")
			b.WriteString(strings.Replace(title, "FAIL", style.Red("FAIL"), 1) + "\n")
			if c.Text != "" {
				put(b, "         ", c.Text)
			}
			if c.Retried > 0 {
				put(b, "         ", "tried "+show.Count(c.Retried+1, "time"))
			}
		}
	}
	counts := []string{fmt.Sprintf("%d of %s passed", s.count(result.Passed), show.Count(s.shown(), "check"))}
	if n := s.count(result.NotReached); n > 0 {
		counts = append(counts, fmt.Sprintf("%d not reached", n))
	}
	if hidden > 0 {
		counts = append(counts, fmt.Sprintf("%d hidden", hidden))
	}
	b.WriteString("    " + strings.Join(counts, ", ") + "\n")
}

// terminalClass is a line for each submission, and what the instructor must not miss.
func terminalClass(b *strings.Builder, d *result.Document, style show.Style) {
	width := 4
	for i := range d.Submissions {
		width = min(max(width, utf8.RuneCountInString(name(&d.Submissions[i]))), 34)
	}
	for i := range d.Submissions {
		s := &d.Submissions[i]
		mark := fmt.Sprintf("%7s of %s", s.Mark(), result.Number(s.MaxScore))
		flags := flags(s)
		switch s.Status {
		case result.Fault:
			mark = style.Red("no mark: fault, not a 0")
		case result.Refused:
			mark = style.Red(fmt.Sprintf("%7s of %s, refused", "0", result.Number(s.MaxScore)))
		}
		title := []rune(name(s))
		if len(title) > width {
			title = append(title[:width-1], '…')
		}
		fmt.Fprintf(b, "%s\n", strings.TrimRight(fmt.Sprintf("%-*s  %s  %s", width, string(title), mark, strings.Join(flags, ", ")), " "))
	}
	sum := summarize(d)
	fmt.Fprintf(b, "\n%s\n", sum.sentence())
	for i := range d.Submissions {
		if s := &d.Submissions[i]; s.Status != result.Graded {
			put(b, fmt.Sprintf("%s %s: ", s.Status, line(cut(s.ID, maxTitle))), cut(s.Message, maxText))
		}
	}
	if sum.Faults > 0 {
		b.WriteString(style.Red(show.Count(sum.Faults, "submission")+" without a mark, by a fault of the checker. Not one of them is a 0. Grade them again.") + "\n")
	}
}

// name is what a class list calls a submission.
func name(s *result.Submission) string {
	id := line(cut(s.ID, maxTitle))
	if s.Name == "" || s.Name == s.ID {
		return id
	}
	return line(cut(s.Name, maxTitle)) + " (" + id + ")"
}

// flags are the words beside a submission in a class list.
func flags(s *result.Submission) []string {
	var all []string
	if s.Late {
		all = append(all, "late")
	}
	for _, f := range s.Findings {
		if f.Kind == result.Review {
			all = append(all, "review")
			break
		}
	}
	for _, c := range s.Checks {
		if c.Retried > 0 {
			all = append(all, "retried")
			break
		}
	}
	return all
}
