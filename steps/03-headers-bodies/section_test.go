package message_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	message "barewire/steps/03-headers-bodies"
)

// lines repeats a field line n times, with a number in each name.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "N%d: x\r\n", i)
	}
	return b.String()
}

func TestTask5_Section(t *testing.T) {
	const bad = "refused with 400"
	run(t, []row{
		one("two fields", "A: 1\r\nb: 2\r\n\r\n", `14 bytes: A="1" b="2"`, "field lines up to an empty line (RFC 9112 §2.1)"),
		one("no field", "\r\n", "2 bytes: ", "a header section may be empty (RFC 9112 §2.1)"),
		one("no end yet", "A: 1\r\n", "incomplete", "the empty line has not arrived"),
		one("half a line end", "A: 1\r\n\r", "incomplete", "the LF may come with the next read"),
		one("a line that ends in LF", "A: 1¦\nB: 2\r\n\r\n", bad, "RFC 9112 §2.2 lets a recipient take a bare LF for a line end: as only some do, the message means two things"),
		one("an end that is LF", "A: 1\r\n¦\n", bad, "as above: two servers would not agree where the content starts (RFC 9112 §2.2)"),
		one("a bare CR in a line", "A: 1¦\rB: 2\r\n\r\n", bad, "MUST be refused or replaced (RFC 9112 §2.2)"),
		one("two CR before LF", "A: 1\r¦\r\n\r\n", bad, "the first CR is a bare one (RFC 9112 §2.2)"),
		one("a folded line", "A: 1\r\n¦ 2\r\n\r\n", bad, "MUST be refused or replaced (RFC 9112 §5.2)"),
		one("whitespace before the first field", "¦ A: 1\r\n\r\n", bad, "MUST be refused or skipped (RFC 9112 §2.2)"),
		one("whitespace before the colon", "Content-Length¦ : 3\r\n\r\n", bad, "MUST be refused (RFC 9112 §5.1)"),
	}, func(in string) string { return anyWay(in, parseSection(message.Limits{})) })
}

func TestTask5_Limits(t *testing.T) {
	// An input that just fits and one that just does not, for each limit.
	long := func(n int) string { return "A: " + strings.Repeat("x", n-len("A: \r\n\r\n")) + "\r\n\r\n" }
	for _, test := range []struct {
		name       string
		limits     message.Limits
		good, bad  string
		why        string
		incomplete bool // the bad input has no end
	}{
		{"more bytes than the limit", message.Limits{HeaderSection: 50}, long(50), long(51), "a section of 50 bytes with its empty line fits a limit of 50", false},
		{"a line that never ends", message.Limits{HeaderSection: 50}, long(50), strings.Repeat("x", 50), "a line without an end must not be awaited for ever", true},
		{"more fields than the limit", message.Limits{Fields: 3}, lines(3) + "\r\n", lines(4) + "\r\n", "three fields fit a limit of three", false},
		{"more bytes than the default", message.Limits{}, long(message.MaxHeaderSection), long(message.MaxHeaderSection + 1), "a limit of 0 stands for MaxHeaderSection", false},
		{"more fields than the default", message.Limits{}, lines(message.MaxFields) + "\r\n", lines(message.MaxFields+1) + "\r\n", "a limit of 0 stands for MaxFields", false},
	} {
		runWith(t, limit(test.limits), []row{one(test.name, test.bad, "refused with 431, and what just fits is accepted", test.why+" (RFC 6585 §5)")}, func(in string) string {
			parse := parseSection(test.limits)
			got := once(parse, in)
			if once(parse, test.good) != once(parseSection(message.Limits{HeaderSection: 1 << 20, Fields: 1000}), test.good) {
				return got + ", and what just fits is " + once(parse, test.good)
			}
			return got + ", and what just fits is accepted"
		})
	}
}

func parseSection(lim message.Limits) func([]byte) (string, int, error) {
	return func(src []byte) (string, int, error) {
		var h message.Header
		n, err := h.Parse(src, lim)
		return fields(&h), n, err
	}
}

// limit says which limits are set.
func limit(lim message.Limits) string {
	var set []string
	v := reflect.ValueOf(lim)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			set = append(set, fmt.Sprintf("Limits.%s is %v", v.Type().Field(i).Name, v.Field(i)))
		}
	}
	if len(set) == 0 {
		return "Limits is its zero value"
	}
	return strings.Join(set, ", ")
}
