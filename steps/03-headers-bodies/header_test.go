package message_test

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
)

// A fact is something that must hold of a header.
type fact struct {
	name string
	got  act
	want func() string
	why  string
}

// An act is what a test does to see whether a fact holds.
type act struct {
	sent  string // the bytes, if it is about some
	doing string // the calls, in words
	do    func() string
}

func does(doing string, do func() string) act { return act{doing: doing, do: do} }

func check(t *testing.T, facts []fact) {
	t.Helper()
	for _, f := range facts {
		t.Run(f.name, func(t *testing.T) {
			t.Helper()
			if got, want := f.got.do(), f.want(); got != want {
				if strings.Contains(want, "\r\n") { // bytes: show them as Sent would be
					want, got = visibleLines(want), visibleLines(got)
				}
				testkit.Report{Sent: f.got.sent, Doing: f.got.doing, Want: want, Got: cmp.Or(got, "nothing"), Why: f.why}.Error(t)
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
		{"fields keep their order and their repeats", does(`of a header with A: 1, b: 2, a: 3 and an empty Empty, All is asked for`, func() string { return fields(h) }), is(`A="1" b="2" a="3" Empty=""`), "the order of fields with one name means something (RFC 9110 §5.3)"},
		{"the first value of a name", does(`of a header with A: 1, b: 2, a: 3 and an empty Empty, Value("A") is asked for`, func() string { return string(h.Value("A")) }), is("1"), "Value returns the first one"},
		{"names are found in any case", does(`of a header with A: 1, b: 2, a: 3 and an empty Empty, Value("B") and Get("B") are asked for, and written one behind the other`, func() string { return string(h.Value("B")) + h.Get("B") }), is("22"), "field names are case-insensitive (RFC 9110 §5.1)"},
		{"an empty value is there", does(`of a header with A: 1, b: 2, a: 3 and an empty Empty, Value("empty") != nil, Has("EMPTY") and Has("nothing") are asked for`, func() string { return fmt.Sprint(h.Value("empty") != nil, h.Has("EMPTY"), h.Has("nothing")) }), is("true true false"), "a field with an empty value is another thing than no field"},
		{"a name that only begins so is another one", does(`of a header with Hosts: x, Hos: y and Host: z, Get("Host") is asked for`, func() string { return fmt.Sprint(header("Hosts", "x", "Hos", "y", "Host", "z").Get("Host")) }), is("z"), "names are compared whole"},
		{"every letter is the same in both cases", does(`ABC...Z is added with the value upper and nop...m with lower; Get is asked for both in the other case`, func() string {
			h := header("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "upper")
			h.Add("nopqrstuvwxyzabcdefghijklm", "lower")
			return h.Get("abcdefghijklmnopqrstuvwxyz") + " " + h.Get("NOPQRSTUVWXYZABCDEFGHIJKLM")
		}), is("upper lower"), "from A to Z, and both of them too (RFC 9110 §5.1)"},
		{"nothing but letters has a case", does(`of a header with A^: x, A-: y and A0: z, the values of a~, a\r, a\x10, aP and a^ are asked for, and written one behind the other`, func() string {
			h := header("A^", "x", "A-", "y", "A0", "z")
			return fmt.Sprintf("%q", h.Get("a~")+h.Get("a\r")+h.Get("a\x10")+h.Get("aP")+h.Get("a^"))
		}), is(`"x"`), "a bit is what tells the cases of a letter apart; in other characters it tells one from another (RFC 9110 §5.6.2)"},
		{"all values of a name, in order", does(`of a header with A: 1, b: 2, a: 3 and an empty Empty, Values("a") is asked for`, func() string { return list(h.Values("a")) }), is(`"1" "3"`), "a field may stand on several lines (RFC 9110 §5.2)"},
		{"values may be left early", does(`of a header with A: 1, b: 2, a: 3 and an empty Empty, a loop over Values("a") returns at the first one`, func() string {
			for v := range h.Values("a") {
				return string(v)
			}
			return "none"
		}), is("1"), "a loop that breaks must not panic: heed what yield returns"},
		{"what was added is a copy", does(`fields n0 to n99 are added; the values of n0, n50 and n99, and Len, are written one behind the other`, func() string {
			var h message.Header
			for i := range 100 {
				h.Add(fmt.Sprint("n", i), fmt.Sprint("v", i))
			}
			return h.Get("n0") + h.Get("n50") + h.Get("n99") + fmt.Sprint(h.Len())
		}), is("v0v50v99100"), "fields that were added before stay as they are when others are added"},
		{"names of every length are found", does(`a header has one field, with a name of 1 to 130 bytes, and Get is asked for it`, func() string {
			for n := 1; n <= 130; n++ {
				if h := header(strings.Repeat("n", n), "x"); h.Get(strings.Repeat("N", n)) != "x" {
					return fmt.Sprintf("not the one of %d bytes", n)
				}
			}
			return "each"
		}), is("each"), "whatever makes looking for a name quicker must not overlook one"},
		{"all fields may be left early", does(`of a header with A: 1 and B: 2, a loop over All returns at the first field`, func() string {
			for name, value := range header("A", "1", "B", "2").All() {
				return fmt.Sprintf("%s: %s", name, value)
			}
			return "none"
		}), is("A: 1"), "a loop that breaks must not panic: heed what yield returns"},
		{"appending to a value does not reach the next one", does(`of a header with A: 1 and B: 2, eight x are appended to Value("A")`, func() string {
			h := header("A", "1", "B", "2")
			_ = append(h.Value("A"), "xxxxxxxx"...)
			return fields(h)
		}), is(`A="1" B="2"`), "values that lie side by side in memory need an end: slice[i:j:j]"},
	})
}

func TestTask3_Members(t *testing.T) {
	one := func(values ...string) act {
		sent := ""
		for _, v := range values {
			sent += "Connection: " + v + "\r\n"
		}
		return act{sent, `the test asks for Members("connection")`, func() string {
			var h message.Header
			for _, v := range values {
				h.Add("Connection", v)
			}
			return list(h.Members("connection"))
		}}
	}
	check(t, []fact{
		{"a list", one("a, b,c"), is(`"a" "b" "c"`), "members are separated by commas (RFC 9110 §5.6.1)"},
		{"several lines are one list", one("a, b", "c"), is(`"a" "b" "c"`), "lines with one name are one list, in their order (RFC 9110 §5.3)"},
		{"empty members are none", one(", a,, ,b ,", ""), is(`"a" "b"`), "a recipient MUST ignore empty members (RFC 9110 §5.6.1.2)"},
		{"tabs around members", one("a\t,\tb"), is(`"a" "b"`), "optional whitespace is spaces and tabs (RFC 9110 §5.6.3)"},
		{"a comma in quotes does not separate", one(`a="x, y", b`), is(`"a=\"x, y\"" "b"`), "it is part of a quoted string (RFC 9110 §5.6.4)"},
		{"nor one behind an escaped quote", one(`a="x\", y", b`), is(`"a=\"x\\\", y\"" "b"`), "a backslash takes the next character along (RFC 9110 §5.6.4)"},
		{"a backslash outside of quotes takes nothing along", one(`a\, b`), is(`"a\\" "b"`), "only in a quoted string does it stand for the next character; outside, the comma separates (RFC 9110 §5.6.4)"},
		{"of members too, nothing but letters has a case", does("of headers with A: [, A: @, A: _ and A: Z, HasMember is asked for {, `, ? and z", func() string {
			has := func(value, member string) bool { return header("A", value).HasMember("A", member) }
			return fmt.Sprint(has("[", "{"), has("@", "`"), has("_", "?"), has("Z", "z"))
		}), is("false false false true"), "a bit is what tells the cases of a letter apart; in other characters it tells one from another"},
		{"members are found in any case and whole", does(`of a header with Connection: Keep-Alive, Upgrade, HasMember is asked for upgrade and up in Connection, and upgrade in Upgrade`, func() string {
			h := header("Connection", "Keep-Alive, Upgrade")
			return fmt.Sprint(h.HasMember("connection", "upgrade"), h.HasMember("Connection", "up"), h.HasMember("Upgrade", "upgrade"))
		}), is("true false false"), "connection options are case-insensitive (RFC 9110 §7.6.1)"},
		{"only ASCII letters have two cases", does(`of a header with Connection: Keep-Alive, clo\u017fe, whose s is a long one (ſ), HasMember is asked for keep-alive and close`, func() string {
			h := header("Connection", "Keep-Alive, clo\u017fe")
			return fmt.Sprint(h.HasMember("Connection", "keep-alive"), h.HasMember("Connection", "close"))
		}), is("true false"), "a member is a token, which is ASCII: strings.EqualFold and bytes.EqualFold know letters that fold to an ASCII one, and no other server does (RFC 9110 §5.6.2)"},
		{"leaving early", does(`of a header with A: x, y and A: z, a loop over Members("a") returns at the first one`, func() string {
			for m := range header("A", "x, y", "A", "z").Members("a") {
				return string(m)
			}
			return "none"
		}), is("x"), "a loop that breaks must not panic: heed what yield returns"},
	})
}

func TestTask4_Changes(t *testing.T) {
	check(t, []fact{
		{"Set replaces all of a name", does(`of a header with A: 1, b: 2 and a: 3, Set("A", "4") is called`, func() string {
			h := header("A", "1", "b", "2", "a", "3")
			h.Set("A", "4")
			return fields(h)
		}), is(`b="2" A="4"`), "after Set there is one field of the name"},
		{"Del removes all of a name and keeps the order", does(`of a header with A: 1, b: 2, a: 3 and c: 4, Del("A") is called`, func() string {
			h := header("A", "1", "b", "2", "a", "3", "c", "4")
			h.Del("A")
			return fields(h)
		}), is(`b="2" c="4"`), "the others are as they were"},
		{"Del removes the only field", does(`of headers with A: 1, Del("A") is called, and Del("B")`, func() string {
			one, other := header("A", "1"), header("A", "1")
			one.Del("A")
			other.Del("B")
			return fmt.Sprintf("%d field, %d field", one.Len(), other.Len())
		}), is("0 field, 1 field"), "the first place is a place like the others"},
		{"Reset empties", does(`of a header with A: 1, Reset is called, and then Add("B", "2")`, func() string {
			h := header("A", "1")
			h.Reset()
			h.Add("B", "2")
			return fields(h)
		}), is(`B="2"`), "a header is used again for the next message"},
		{"a header that is used again does not grow", does(`64 KiB are added and Reset is called, a thousand times; how much more memory is in use then`, func() string {
			var h message.Header
			var before, after runtime.MemStats
			value := strings.Repeat("x", 64<<10)
			h.Add("A", value)
			runtime.GC()
			runtime.ReadMemStats(&before)
			for range 1000 {
				h.Reset()
				h.Add("A", value)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if n := len(h.Value("A")); n != len(value) {
				return fmt.Sprintf("of the last value, %d bytes are there", n)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				return fmt.Sprintf("%d MiB", grown>>20)
			}
			return "less than 16 MiB"
		}), is("less than 16 MiB"), "one header serves all responses of a connection, and that may last for days: what Reset does not give back or use again is never freed"},
		{"a line end in a value becomes spaces", does(`Add("Location", "/a\r\nSet-Cookie: admin=1") is called`, func() string {
			return fields(header("Location", "/a\r\nSet-Cookie: admin=1"))
		}), is(`Location="/a  Set-Cookie: admin=1"`), "otherwise whoever controls the value writes fields of the response (RFC 9112 §11.1)"},
		{"a line end in front of a value goes", does(`Add("Location", "\r\nSet-Cookie: admin=1") is called`, func() string {
			return fields(header("Location", "\r\nSet-Cookie: admin=1"))
		}), is(`Location="Set-Cookie: admin=1"`), "the first byte is looked at as well: this value would end the field line before it began (RFC 9112 §11.1)"},
		{"a line end by itself is an empty value", does(`Add is called with A: "\n", B: "\r\n\r\n" and C: "d"`, func() string {
			return fields(header("A", "\n", "B", "\r\n\r\n", "C", "d"))
		}), is(`A="" B="" C="d"`), "two of them would end the header section (RFC 9112 §11.1)"},
		{"so does every control but a tab", does(`Add("A", "a\x00b\x7fc\x0bd\te") is called`, func() string {
			return fields(header("A", "a\x00b\x7fc\x0bd\te"))
		}), is(`A="a b c d\te"`), "the controls that ParseField refuses (RFC 9110 §5.5)"},
		{"spaces at the ends of a value go", does(`Add("A", " \tb \n") is called`, func() string { return fields(header("A", " \tb \n")) }), is(`A="b"`), "they are no part of a value (RFC 9110 §5.5)"},
		{"a name that is no token panics", does(`Add is called with the names "", "A B", "A:", "A\r\nB" and "Ä"`, func() string {
			for _, name := range []string{"", "A B", "A:", "A\r\nB", "Ä"} {
				if !panics(func() { header(name, "x") }) {
					return fmt.Sprintf("no panic for %q", name)
				}
			}
			return "a panic for each"
		}), is("a panic for each"), "a name is the program's own, so a wrong one is a bug in the program"},
		{"a long value", does(`Add is called with a value of 100000 bytes; its length, and then Len of a header with one field`, func() string {
			return fmt.Sprint(len(header("A", strings.Repeat("x", 100000)).Value("a")), header("A", "b").Len())
		}), is("100000 1"), "Add has no limit: the program knows what it writes"},
	})
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
