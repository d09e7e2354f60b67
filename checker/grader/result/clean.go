package result

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns text that a student may have chosen as text that does nothing but
// be read: bytes that are not UTF-8, control characters, and characters that hide or
// reorder others are written as Go would write them in a string. Line feeds and tabs
// stay. What is visible already is not changed.
func Visible(text string) string {
	if !needsCleaning(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !hides(r) || joins(text, i, r):
			b.WriteRune(r)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func needsCleaning(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, hides)
}

// hides reports whether a character does something to a terminal, an editor or the
// order of the text around it. Category Cf has the bidirectional controls, the
// zero-width ones and the tags; U+2028 and U+2029 end lines in some readers; the
// others are letters that show nothing.
func hides(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case 0x2028, 0x2029, 0x034f, 0x115f, 0x1160, 0x3164, 0xffa0, 0xfffe, 0xffff:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)
}

// joins reports whether the character at i is one that joins letters or keeps them
// apart, as some names need it: with such letters on both sides.
func joins(text string, i int, r rune) bool {
	if r != 0x200c && r != 0x200d {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
	letter := func(r rune) bool { return r >= 0x0600 && r != utf8.RuneError && unicode.IsLetter(r) }
	return letter(before) && letter(after)
}

// Clean makes every text of the submission visible, see [Visible].
func (s *Submission) Clean() {
	for _, text := range s.texts() {
		*text = Visible(*text)
	}
}

// texts are all texts of the submission that someone outside may have chosen.
func (s *Submission) texts() []*string {
	all := []*string{&s.ID, &s.Name, &s.Email, &s.Source, &s.Digest, &s.Message}
	for i := range s.Steps {
		all = append(all, &s.Steps[i].Title, &s.Steps[i].Message)
	}
	for i := range s.Checks {
		c := &s.Checks[i]
		all = append(all, &c.ID, &c.Task, &c.Title, &c.Reason, &c.Detail)
	}
	for i := range s.Findings {
		f := &s.Findings[i]
		all = append(all, &f.Kind, &f.File, &f.Text)
	}
	for i := range s.Notes {
		all = append(all, &s.Notes[i])
	}
	return all
}
