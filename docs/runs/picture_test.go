package runs_test

import (
	"fmt"
	"html"
	"strings"
)

// The picture of a terminal: it stands on its own, so it has its own colours, which are
// the same on a light page and on a dark one.
const (
	columnWidth = 8.4 // of a monospaced font of 14 px, or a little more
	lineHeight  = 19
	margin      = 18
	titleHeight = 34
	columns     = 80

	ground, text, dim         = "#1b1f27", "#d6dbe4", "#98a2b3"
	redInk, greenInk, blueInk = "#ff8f88", "#8fd694", "#8cc4ff"
)

// picture draws a command and what it shows as an SVG.
func picture(command, output string) string {
	output, _, _ = strings.Cut(output, "\nmake: ***") // what make says of it is no news
	lines := strings.Split(strings.TrimRight("$ "+command+"\n"+output, "\n"), "\n")
	width := int(columns*columnWidth) + 2*margin
	height := titleHeight + len(lines)*lineHeight + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title id=\"t\">A terminal: %s says which test is red, and why</title>\n", html.EscapeString(command))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="10" fill="%s"/>`+"\n", width, height, ground)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="17" r="5.5" fill="#434a57"/>`, margin+6+i*18)
	}
	fmt.Fprintf(&b, "\n<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\" fill=\"%s\">\n", text)
	for i, line := range lines {
		line = strings.ReplaceAll(line, " ", "\u00a0") // SVG makes one of several spaces
		if strings.TrimSpace(line) == "" {
			continue
		}
		// One length for each line, whatever the font: the caret must stand under its byte.
		length := float64(len([]rune(line))) * columnWidth
		fmt.Fprintf(&b, `<text x="%d" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
			margin, titleHeight+(i+1)*lineHeight-4, length, strings.ReplaceAll(ink(line), "\u00a0", "&#160;"))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// ink gives the words of a line their colours, as the checker does on a terminal.
func ink(line string) string {
	colour := func(fill, s string) string {
		return `<tspan fill="` + fill + `">` + html.EscapeString(s) + `</tspan>`
	}
	if strings.HasPrefix(line, "$\u00a0") {
		return colour(dim, "$\u00a0") + `<tspan font-weight="bold">` + html.EscapeString(strings.TrimPrefix(line, "$\u00a0")) + `</tspan>`
	}
	if rest, ok := strings.CutPrefix(line, "FAIL"); ok {
		return `<tspan font-weight="bold" fill="` + redInk + `">FAIL</tspan>` + html.EscapeString(rest)
	}
	if i := strings.Index(line, "done,"); i > 0 {
		return html.EscapeString(line[:i]) + colour(greenInk, line[i:])
	}
	if i := strings.Index(line, "you\u00a0are\u00a0here"); i > 0 {
		return html.EscapeString(line[:i]) + colour(redInk, line[i:])
	}
	if strings.HasPrefix(strings.TrimSpace(line), "^") {
		return colour(redInk, line)
	}
	for _, label := range []string{"sent", "want", "got", "why", "code", "next"} {
		if rest, ok := strings.CutPrefix(line, "\u00a0\u00a0"+label+"\u00a0"); ok {
			return colour(blueInk, "\u00a0\u00a0"+label+"\u00a0") + html.EscapeString(rest)
		}
	}
	return html.EscapeString(line)
}
