package message_test

import (
	"errors"
	"fmt"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

func TestTask1_Field(t *testing.T) {
	const ok, bad = "name %q, value %q", "refused with 400"
	good := func(name, value string) string { return fmt.Sprintf(ok, name, value) }
	run(t, []row{
		one("a plain field", "Host: a.example", good("Host", "a.example"), "name, colon, value (RFC 9112 §5)"),
		one("no space behind the colon", "Host:a", good("Host", "a"), "whitespace behind the colon is optional (RFC 9112 §5)"),
		one("spaces and tabs around the value", "A:\t  b c \t", good("A", "b c"), "they are no part of the value (RFC 9112 §5.1)"),
		one("an empty value", "A:", good("A", ""), "a value may be empty (RFC 9110 §5.5)"),
		one("a value of spaces only", "A:   ", good("A", ""), "whitespace around the value is no part of it (RFC 9112 §5.1)"),
		one("a colon in the value", "A: b:c", good("A", "b:c"), "the name ends at the first colon (RFC 9112 §5)"),
		one("every character of a token", "!#$%&'*+-.^_`|~09azAZ: x", good("!#$%&'*+-.^_`|~09azAZ", "x"), "all of these may stand in a name (RFC 9110 §5.6.2)"),
		one("bytes above 127 in the value", "A: caf\xe9 \xf0\x9f\x98\x80", good("A", "caf\xe9 \xf0\x9f\x98\x80"), "obs-text is allowed and means what the field says (RFC 9110 §5.5)"),
		one("a tab in the value", "A: b\tc", good("A", "b\tc"), "the one control that is allowed (RFC 9110 §5.5)"),
		one("a space before the colon", "Content-Length¦ : 5", bad, "MUST be refused: a server that trims it sees Content-Length, and one that does not sees another field (RFC 9112 §5.1)"),
		one("a tab before the colon", "Transfer-Encoding¦\t: chunked", bad, "MUST be refused: a way to hide Transfer-Encoding from one of two servers (RFC 9112 §5.1)"),
		one("a line that starts with a space", "¦ folded", bad, "obs-fold: some servers add it to the line before (RFC 9112 §5.2)"),
		one("a line that starts with a tab", "¦\tA: b", bad, "obs-fold: some servers add it to the line before (RFC 9112 §5.2)"),
		one("no colon", "Host a", bad, "a field line has a colon (RFC 9112 §5)"),
		one("a name and nothing else", "Host", bad, "a field line has a colon (RFC 9112 §5)"),
		one("no name", "¦: a", bad, "a name has at least one character (RFC 9110 §5.1)"),
		one("a space in the name", "Transfer¦ Encoding: chunked", bad, "a name is a token (RFC 9110 §5.1)"),
		one("a byte above 127 in the name", "¦\xc3\x84: b", bad, "a name is ASCII (RFC 9110 §5.6.2)"),
		one("a NUL in the name", "Ho¦\x00st: a", bad, "some end the name here (RFC 9110 §5.6.2)"),
		one("a quote in the name", "A¦\"B: c", bad, "a name is a token (RFC 9110 §5.1)"),
		one("a bare CR in the value", "A: b¦\rContent-Length: 5", bad, "some take it for a line end: MUST be refused or replaced, and ParseField refuses (RFC 9112 §2.2)"),
		one("a bare CR at the end of the value", "A: b¦\r", bad, "a CR that no LF follows; trimming it would hide it (RFC 9112 §2.2)"),
		one("a bare CR before the value", "A: ¦\rb", bad, "a CR is no whitespace here (RFC 9110 §5.6.3)"),
		one("an LF in the value", "A: b¦\nB: c", bad, "MUST be refused or replaced (RFC 9110 §5.5)"),
		one("a NUL in the value", "A: b¦\x00", bad, "MUST be refused or replaced, for some end the value here (RFC 9110 §5.5)"),
		one("a vertical tab in the value", "Transfer-Encoding: ¦\x0bchunked", bad, "no whitespace, and trimmed by some: one more way to hide a field (RFC 9110 §5.5)"),
		one("a DEL in the value", "A: 0123456789¦\x7f0123", bad, "a control like the others (RFC 9110 §5.5)"),
		one("a control far into a long value", "A: 0123456789abcdefghijklmnopqrstuvwxyz¦\x01", bad, "every byte is looked at (RFC 9110 §5.5)"),
	}, func(in string) string {
		f, err := message.ParseField([]byte(in))
		if err != nil {
			return outcome(err)
		}
		return good(string(f.Name), string(f.Value))
	})
}

// Who reads the log of a server looks for the byte that an error names.
func TestTask1_Offset(t *testing.T) {
	const why = "the offset of an error counts from the line's first byte"
	run(t, []row{
		one("a space before the colon", "Host¦ : a", "byte 4", why),
		one("a byte that is in no name", "Ho¦\x00st: a", "byte 2", why),
		one("a control in the value", "A:b¦\x01", "byte 3", why),
		one("a control behind two spaces and a letter", "A:  b¦\x01", "byte 5", why+", not from the value's"),
	}, func(in string) string {
		_, err := message.ParseField([]byte(in))
		if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
			return fmt.Sprintf("byte %d", e.Offset)
		}
		return outcome(err)
	})
}

// A value is looked at byte by byte, wherever it is long or short and wherever the byte stands.
func TestTask1_EveryByte(t *testing.T) {
	for place := range 17 + 8 {
		for c := range 256 {
			value, at := []byte("abcdefghijklmnopq"), place
			if place >= len(value) {
				value, at = value[:8], place-len(value)
			}
			value[at] = byte(c)
			line := "A:" + string(value)
			if (c == ' ' || c == '\t') && (at == 0 || at == len(value)-1) {
				continue // at an end, they are no part of the value
			}
			want := fmt.Sprintf("value %q", value)
			if c < ' ' && c != '\t' || c == 0x7f {
				want = "refused with 400"
			}
			f, err := message.ParseField([]byte(line))
			got := fmt.Sprintf("value %q", f.Value)
			if err != nil {
				got = outcome(err)
			}
			if got != want {
				testkit.Report{Sent: line, Mark: len("A:") + at, Note: "this byte", Want: want, Got: got,
					Why: "a value has every byte but the controls, and of these it has the tab; a bare CR that is overlooked in one place is overlooked (RFC 9110 §5.5)"}.Error(t)
				return
			}
		}
	}
}

// Whatever a line holds, ParseField does not panic, and what it accepts is what the
// line says.
func FuzzTask1_Field(f *testing.F) {
	for _, seed := range []string{"Host: a", "A:", "a : b", "\x00", "A: b\r", "A:\t \t"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		field, err := message.ParseField(line)
		if err != nil {
			e, ok := errors.AsType[*reqline.ProtocolError](err)
			if !ok || e.Status != 400 || e.Offset < 0 || e.Offset > len(line) {
				t.Errorf("%q: the error %v is no *reqline.ProtocolError with 400 and an offset into the line", line, err)
			}
			return
		}
		for _, c := range field.Name {
			if !reqline.IsToken(c) {
				t.Errorf("%q: accepted with %q in the name", line, c)
			}
		}
		for _, c := range field.Value {
			if c < ' ' && c != '\t' || c == 0x7f {
				t.Errorf("%q: accepted with %q in the value", line, c)
			}
		}
		again, err := message.ParseField(fmt.Appendf(nil, "%s: %s", field.Name, field.Value))
		if err != nil || string(again.Name) != string(field.Name) || string(again.Value) != string(field.Value) {
			t.Errorf("%q: written and parsed again it is %q: %q, %v", line, again.Name, again.Value, err)
		}
	})
}
