package diagram

import (
	"html"
	"strings"
	"unicode/utf8"
)

// Sizes of text, in the units of the picture: CSS pixels at natural size.
const (
	fontSize   = 14.0
	lineHeight = 18.0
)

// charWidths has the widths of ASCII from the space on, in thousandths of the font's size. Each is
// the larger one of DejaVu Sans and Liberation Sans, which is as wide as Arial and Helvetica. A reader's
// font is rarely wider than the former, so what is measured here leaves slack rather than too little.
var charWidths = [...]uint16{
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
	636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556,
	1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
	667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556,
	500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
	635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
}

// textWidth is how wide a line of text is at most.
func textWidth(line string) float64 {
	sum := 0
	for _, r := range line {
		switch {
		case r >= ' ' && r <= '~':
			sum += int(charWidths[r-' '])
		case r < 0x2000:
			sum += 700 // Latin with accents, Greek, Cyrillic
		default:
			sum += 1000 // arrows, dots, and scripts with square letters
		}
	}
	return float64(sum) * fontSize / 1000
}

// A block is text in lines, with the room that it takes.
type block struct {
	lines []string
	w, h  float64
}

// wrap breaks text where it is wider than limit: at spaces, and always at a line break. The lines come
// out about equally long. A word that is wider than limit is broken behind a hyphen, or else stays whole,
// so the block may be wider too.
func wrap(text string, limit float64) block {
	var lines []string
	for part := range strings.SplitSeq(text, "\n") {
		lines = append(lines, balance(hyphenated(strings.Fields(part), limit), limit)...)
	}
	b := block{lines: lines, h: float64(len(lines)) * lineHeight}
	for _, l := range lines {
		b.w = max(b.w, textWidth(l))
	}
	return b
}

// hyphenated breaks words that are wider than limit behind a hyphen, each piece as long as it may be.
func hyphenated(words []string, limit float64) (pieces []string) {
	for _, word := range words {
		for textWidth(word) > limit {
			cut := 0
			for i := range len(word) - 1 {
				if word[i] == '-' && i > 0 && (cut == 0 || textWidth(word[:i+1]) <= limit) {
					cut = i + 1
				}
			}
			if cut == 0 {
				break
			}
			pieces = append(pieces, word[:cut])
			word = word[cut:]
		}
		pieces = append(pieces, word)
	}
	return pieces
}

// balance fills lines up to limit, then looks for the smallest width that needs no more of them.
func balance(words []string, limit float64) []string {
	best := fill(words, limit)
	for width := limit - 10; width > limit/2; width -= 10 {
		lines := fill(words, width)
		if len(lines) > len(best) {
			break
		}
		best = lines
	}
	return best
}

func fill(words []string, limit float64) []string {
	var lines []string
	for i, word := range words {
		if last := len(lines) - 1; i > 0 && textWidth(lines[last]+" "+word) <= limit {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// plain turns the text of a label into what is shown: without quotes around it, <br/> as a line break,
// and entities as the characters they stand for. Mermaid writes those as #quot; or #35;.
func plain(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	for _, br := range []string{"<br/>", "<br>", "<br />"} {
		s = strings.ReplaceAll(s, br, "\n")
	}
	return entities(s)
}

func entities(s string) string {
	for at := 0; at < len(s); {
		start := strings.IndexAny(s[at:], "#&")
		if start < 0 {
			break
		}
		start += at
		at = start + 1
		end := strings.IndexByte(s[start:], ';')
		if end < 2 || end > 9 {
			continue
		}
		name := s[start+1 : start+end]
		if c := name[0]; s[start] == '#' && c >= '0' && c <= '9' {
			name = "#" + name
		}
		got := html.UnescapeString("&" + name + ";")
		if utf8.RuneCountInString(got) == 1 {
			s = s[:start] + got + s[start+end+1:]
			at = start + len(got)
		}
	}
	return s
}

// oneLine is text for a sentence: a line break is a space there.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
