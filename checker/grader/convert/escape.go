package convert

import (
	"strings"

	"barewire/checker/grader/result"
)

// text is for places where lines may end: what it returns is valid UTF-8 and has no
// control characters but line feeds.
func text(s string) string {
	return strings.ReplaceAll(result.Visible(s), "\t", "    ")
}

// line is text for places where a line may not end.
func line(s string) string {
	return strings.ReplaceAll(text(s), "\n", `\n`)
}

// markdown is a line within Markdown, or at the start of a list item: what would mean
// something is escaped. Empty comments keep GitHub from making links of addresses, of
// names behind "@" and of numbers behind "#", which it does to escaped ones too.
func markdown(s string) string {
	const nothing = "<!-- -->"
	s = strings.TrimSpace(line(s))
	var b strings.Builder
	for i, r := range s {
		number := strings.Trim(s[:i], "0123456789") == "" && i > 0
		ends := i+1 == len(s) || s[i+1] == ' '
		if strings.ContainsRune("\\`*_[]<>#|~&!$", r) || i == 0 && strings.ContainsRune("-+=", r) || number && ends && (r == '.' || r == ')') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		www := i >= 3 && strings.EqualFold(s[i-3:i], "www")
		if r == '@' || r == '#' || r == '.' && www || r == ':' && strings.HasPrefix(s[i:], "://") {
			b.WriteString(nothing)
		}
	}
	return b.String()
}

// markdownCode is a line of code within Markdown, outside of tables. Nothing means
// anything in it but the mark that ends it.
func markdownCode(s string) string {
	s = line(s)
	mark := strings.Repeat("`", longest(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.Trim(s, " ") == "" {
		s = " " + s + " "
	}
	return mark + s + mark
}

// markdownBlock is a block of code within Markdown, each line indented.
func markdownBlock(s, indent string) string {
	s = text(s)
	fence := strings.Repeat("`", max(longest(s, '`')+1, 3))
	var b strings.Builder
	b.WriteString(indent + fence + "text\n")
	for part := range strings.SplitSeq(s, "\n") {
		b.WriteString(strings.TrimRight(indent+part, " ") + "\n")
	}
	b.WriteString(indent + fence + "\n")
	return b.String()
}

// longest returns the length of the longest run of c.
func longest(s string, c byte) int {
	most, run := 0, 0
	for i := range len(s) {
		if run++; s[i] != c {
			run = 0
		}
		most = max(most, run)
	}
	return most
}

// command writes a workflow command of GitHub Actions on a line of its own. An empty
// property is left out.
func command(name, message string, properties ...[2]string) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var parts []string
	for _, p := range properties {
		if p[1] != "" {
			parts = append(parts, p[0]+"="+property.Replace(text(p[1])))
		}
	}
	head := "::" + name
	if len(parts) > 0 {
		head += " " + strings.Join(parts, ",")
	}
	return head + "::" + data.Replace(text(message)) + "\n"
}

// formula keeps a spreadsheet from calculating what is in a cell: some also take the
// wide forms of the signs, and skip white space and quotes in front of them.
func formula(s string) string {
	s = text(s)
	if trimmed := strings.TrimLeft(s, " \n\u00a0\u3000'\""); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@|%") ||
		strings.HasPrefix(trimmed, "＝") || strings.HasPrefix(trimmed, "＋") || strings.HasPrefix(trimmed, "－") || strings.HasPrefix(trimmed, "＠") {
		return "'" + s
	}
	return s
}
