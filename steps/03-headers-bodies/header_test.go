package message_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
)

// A fact is something that must hold of a header.
type fact struct {
	name      string
	got, want func() string
	why       string
}

func check(t *testing.T, facts []fact) {
	t.Helper()
	for _, f := range facts {
		t.Run(f.name, func(t *testing.T) {
			t.Helper()
			if got, want := f.got(), f.want(); got != want {
				if strings.Contains(want, "\r\n") { // bytes: show them as Sent would be
					want, got = visibleLines(want), visibleLines(got)
				}
				testkit.Report{Want: want, Got: got, Why: f.why}.Error(t)
			}
		})
	}
}

// visibleLines writes line ends as \r\n, and begins a line behind each.
func visibleLines(s string) string {
	return strings.TrimSuffix(strings.ReplaceAll(testkit.Visible(s), `\n`, "\\n\n"), "\n")
}

func is(s string) func() string { return func() string { return s } }

func TestTask2_Header(t *testing.T) {
	h := header("A", "1", "b", "2", "a", "3", "Empty", "")
	check(t, []fact{
		{"fields keep their order and their repeats", func() string { return fields(h) }, is(`A="1" b="2" a="3" Empty=""`), "the order of fields with one name means something (RFC 9110 §5.3)"},
		{"the first value of a name", func() string { return string(h.Value("A")) }, is("1"), "Value returns the first one"},
		{"names are found in any case", func() string { return string(h.Value("B")) + h.Get("B") }, is("22"), "field names are case-insensitive (RFC 9110 §5.1)"},
		{"an empty value is there", func() string { return fmt.Sprint(h.Value("empty") != nil, h.Has("EMPTY"), h.Has("nothing")) }, is("true true false"), "a field with an empty value is another thing than no field"},
		{"a name that only begins so is another one", func() string { return fmt.Sprint(header("Hosts", "x", "Hos", "y", "Host", "z").Get("Host")) }, is("z"), "names are compared whole"},
		{"every letter is the same in both cases", func() string {
			h := header("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "upper")
			h.Add("nopqrstuvwxyzabcdefghijklm", "lower")
			return h.Get("abcdefghijklmnopqrstuvwxyz") + " " + h.Get("NOPQRSTUVWXYZABCDEFGHIJKLM")
		}, is("upper lower"), "from A to Z, and both of them too (RFC 9110 §5.1)"},
		{"nothing but letters has a case", func() string {
			h := header("A^", "x", "A-", "y", "A0", "z")
			return fmt.Sprintf("%q", h.Get("a~")+h.Get("a\r")+h.Get("a\x10")+h.Get("aP")+h.Get("a^"))
		}, is(`"x"`), "a bit is what tells the cases of a letter apart; in other characters it tells one from another (RFC 9110 §5.6.2)"},
		{"all values of a name, in order", func() string { return list(h.Values("a")) }, is(`"1" "3"`), "a field may stand on several lines (RFC 9110 §5.2)"},
		{"values may be left early", func() string {
			for v := range h.Values("a") {
				return string(v)
			}
			return "none"
		}, is("1"), "a loop that breaks must not panic: heed what yield returns"},
		{"what was added is a copy", func() string {
			var h message.Header
			for i := range 100 {
				h.Add(fmt.Sprint("n", i), fmt.Sprint("v", i))
			}
			return h.Get("n0") + h.Get("n50") + h.Get("n99") + fmt.Sprint(h.Len())
		}, is("v0v50v99100"), "fields that were added before stay as they are when others are added"},
		{"appending to a value does not reach the next one", func() string {
			h := header("A", "1", "B", "2")
			_ = append(h.Value("A"), "xxxxxxxx"...)
			return fields(h)
		}, is(`A="1" B="2"`), "values that lie side by side in memory need an end: slice[i:j:j]"},
	})
}

func TestTask3_Members(t *testing.T) {
	one := func(values ...string) func() string {
		return func() string {
			var h message.Header
			for _, v := range values {
				h.Add("Connection", v)
			}
			return list(h.Members("connection"))
		}
	}
	check(t, []fact{
		{"a list", one("a, b,c"), is(`"a" "b" "c"`), "members are separated by commas (RFC 9110 §5.6.1)"},
		{"several lines are one list", one("a, b", "c"), is(`"a" "b" "c"`), "RFC 9110 §5.3"},
		{"empty members are none", one(", a,, ,b ,", ""), is(`"a" "b"`), "a recipient MUST ignore empty members (RFC 9110 §5.6.1.2)"},
		{"tabs around members", one("a\t,\tb"), is(`"a" "b"`), "optional whitespace is spaces and tabs (RFC 9110 §5.6.3)"},
		{"a comma in quotes does not separate", one(`a="x, y", b`), is(`"a=\"x, y\"" "b"`), "it is part of a quoted string (RFC 9110 §5.6.4)"},
		{"nor one behind an escaped quote", one(`a="x\", y", b`), is(`"a=\"x\\\", y\"" "b"`), "a backslash takes the next character along (RFC 9110 §5.6.4)"},
		{"members are found in any case and whole", func() string {
			h := header("Connection", "Keep-Alive, Upgrade")
			return fmt.Sprint(h.HasMember("connection", "upgrade"), h.HasMember("Connection", "up"), h.HasMember("Upgrade", "upgrade"))
		}, is("true false false"), "connection options are case-insensitive (RFC 9110 §7.6.1)"},
		{"leaving early", func() string {
			for m := range header("A", "x, y", "A", "z").Members("a") {
				return string(m)
			}
			return "none"
		}, is("x"), "a loop that breaks must not panic: heed what yield returns"},
	})
}

func TestTask4_Changes(t *testing.T) {
	check(t, []fact{
		{"Set replaces all of a name", func() string {
			h := header("A", "1", "b", "2", "a", "3")
			h.Set("A", "4")
			return fields(h)
		}, is(`b="2" A="4"`), "after Set there is one field of the name"},
		{"Del removes all of a name and keeps the order", func() string {
			h := header("A", "1", "b", "2", "a", "3", "c", "4")
			h.Del("A")
			return fields(h)
		}, is(`b="2" c="4"`), "the others are as they were"},
		{"Reset empties", func() string {
			h := header("A", "1")
			h.Reset()
			h.Add("B", "2")
			return fields(h)
		}, is(`B="2"`), "a header is used again for the next message"},
		{"a line end in a value becomes spaces", func() string {
			return fields(header("Location", "/a\r\nSet-Cookie: admin=1"))
		}, is(`Location="/a  Set-Cookie: admin=1"`), "otherwise whoever controls the value writes fields of the response (RFC 9112 §11.1)"},
		{"a line end in front of a value goes", func() string {
			return fields(header("Location", "\r\nSet-Cookie: admin=1"))
		}, is(`Location="Set-Cookie: admin=1"`), "the first byte is looked at as well: this value would end the field line before it began (RFC 9112 §11.1)"},
		{"a line end by itself is an empty value", func() string {
			return fields(header("A", "\n", "B", "\r\n\r\n", "C", "d"))
		}, is(`A="" B="" C="d"`), "two of them would end the header section (RFC 9112 §11.1)"},
		{"so does every control but a tab", func() string {
			return fields(header("A", "a\x00b\x7fc\x0bd\te"))
		}, is(`A="a b c d\te"`), "the controls that ParseField refuses (RFC 9110 §5.5)"},
		{"spaces at the ends of a value go", func() string { return fields(header("A", " \tb \n")) }, is(`A="b"`), "they are no part of a value (RFC 9110 §5.5)"},
		{"a name that is no token panics", func() string {
			for _, name := range []string{"", "A B", "A:", "A\r\nB", "Ä"} {
				if !panics(func() { header(name, "x") }) {
					return fmt.Sprintf("no panic for %q", name)
				}
			}
			return "a panic for each"
		}, is("a panic for each"), "a name is the program's own, so a wrong one is a bug in the program"},
		{"a long value", func() string {
			return fmt.Sprint(len(header("A", strings.Repeat("x", 100000)).Value("a")), header("A", "b").Len())
		}, is("100000 1"), "Add has no limit: the program knows what it writes"},
	})
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
