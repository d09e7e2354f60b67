package show

import (
	"regexp"
	"strings"
)

// listItem begins an item of a list, such as "- " or "2. ".
var listItem = regexp.MustCompile(`^\s*([-*]|\d+\.) `)

// Markdown lays out a little text in Markdown as it may stand in a course file:
// paragraphs and list items are wrapped, code blocks stay as they are without
// their fences, and emphasis and code are left as written. Every line begins
// with indent.
func Markdown(text, indent string) []string {
	var out []string
	var label, paragraph string
	flush := func() {
		if paragraph != "" {
			out = append(out, Hang(indent+label, paragraph)...)
		}
		label, paragraph = "", ""
	}
	blank := func() {
		if n := len(out); n > 0 && out[n-1] != "" {
			out = append(out, "")
		}
	}
	fenced := false
	for line := range strings.SplitSeq(text, "\n") {
		item := listItem.FindString(line)
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			flush()
			if !fenced {
				blank()
			}
			fenced = !fenced
		case fenced:
			out = append(out, strings.TrimRight(indent+"    "+strings.ReplaceAll(line, "\t", "    "), " "))
		case strings.TrimSpace(line) == "":
			flush()
			blank()
		case item != "":
			flush()
			label, paragraph = item, line[len(item):]
		default:
			paragraph += " " + strings.TrimSpace(line)
		}
	}
	flush()
	for n := len(out); n > 0 && out[n-1] == ""; n-- {
		out = out[:n-1]
	}
	return out
}
