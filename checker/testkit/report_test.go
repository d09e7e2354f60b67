package testkit_test

import (
	"strings"
	"testing"

	"barewire/checker/testkit"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	tests := []struct {
		name   string
		report testkit.Report
		want   string
	}{
		{
			name: "nothing at all",
		},
		{
			name:   "parts that are empty are left out",
			report: testkit.Report{Want: "200 OK", Got: "404 Not Found"},
			want: `
want   200 OK
got    404 Not Found`,
		},
		{
			name: "every part, in the order in which it is read",
			report: testkit.Report{
				Sent: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Mark: 25, Note: "the second Host",
				Doing: "the handler sleeps",
				Want:  "400 Bad Request, connection closed",
				Got:   "200 OK",
				At:    "Serve (server.go:7), in a call of net.(*pipe).Read",
				Why:   "a proxy in front may route on the first Host while you serve the second (RFC 9112 §3.2)",
			},
			want: `
sent   GET / HTTP/1.1\r\n
       Host: a\r\n
       Host: b\r\n
       ^ byte 25: the second Host
       \r\n
while  the handler sleeps
want   400 Bad Request, connection closed
got    200 OK
at     Serve (server.go:7), in a call of net.(*pipe).Read
why    a proxy in front may route on the first Host while you serve the second
       (RFC 9112 §3.2)`,
		},
		{
			name:   "text of several lines is aligned, and a line end at its end is dropped",
			report: testkit.Report{Want: "one\n  two\n\nfour\n", Got: "x"},
			want: `
want   one
         two

       four
got    x`,
		},
		{
			name: "text that is too wide is broken at spaces, and stays as it is otherwise",
			report: testkit.Report{
				Want: "a  b " + strings.Repeat("c", 66) + " d\nshort",
				Got:  "    " + strings.Repeat("e", 80) + " f " + strings.Repeat("g", 80),
			},
			want: `
want   a  b ` + strings.Repeat("c", 66) + `
       d
       short
got        ` + strings.Repeat("e", 80) + `
       f
       ` + strings.Repeat("g", 80),
		},
		{
			name:   "bytes that cannot be seen, in the line and under the caret",
			report: testkit.Report{Sent: "a\x00\t\"\\\xff\nb", Mark: 5, Note: "not ASCII"},
			want: `
sent   a\x00\t"\\\xff\n
                 ^ byte 5: not ASCII
       b`,
		},
		{
			name:   "a space at the end of a line that has no line end",
			report: testkit.Report{Sent: "GET ", Mark: 4, Note: "the end"},
			want: `
sent   GET\x20
              ^ byte 4: the end`,
		},
		{
			name:   "a caret behind the last byte",
			report: testkit.Report{Sent: "a\r\nHost: a", Mark: 10, Note: "no line end"},
			want: `
sent   a\r\n
       Host: a
              ^ byte 10: no line end`,
		},
		{
			name:   "a caret behind the last line end",
			report: testkit.Report{Sent: "a\r\nb\r\n", Mark: 6, Note: "no empty line"},
			want: `
sent   a\r\n
       b\r\n
            ^ byte 6: no empty line`,
		},
		{
			name:   "a caret on the line end, and on the first byte of the next line",
			report: testkit.Report{Sent: "a\r\nb\r\n", Mark: 3, Note: "b"},
			want: `
sent   a\r\n
       b\r\n
       ^ byte 3: b`,
		},
		{
			name:   "a mark outside of the message points at its end",
			report: testkit.Report{Sent: "ab", Mark: 9, Note: "here"},
			want: `
sent   ab
         ^ byte 2: here`,
		},
		{
			name:   "a mark without a note is no mark",
			report: testkit.Report{Sent: "ab", Mark: 1},
			want:   "\nsent   ab",
		},
		{
			name:   "a wide line is broken, and the caret follows its piece",
			report: testkit.Report{Sent: strings.Repeat("de", 35) + "bc\n", Mark: 71, Note: "c"},
			want: `
sent   ` + strings.Repeat("de", 35) + `
       bc\n
        ^ byte 71: c`,
		},
		{
			name:   "an escape is never broken",
			report: testkit.Report{Sent: strings.Repeat("abc", 23) + "\x00"},
			want: `
sent   ` + strings.Repeat("abc", 23) + `
       \x00`,
		},
		{
			name:   "a note that does not fit behind the caret stands before it",
			report: testkit.Report{Sent: strings.Repeat("ac", 30) + "b", Mark: 60, Note: "a note of many words"},
			want: `
sent   ` + strings.Repeat("ac", 30) + `b
                                     byte 60: a note of many words ^`,
		},
		{
			name: "a note that fits on neither side stands below it",
			report: testkit.Report{Sent: strings.Repeat("ac", 20) + "b", Mark: 40,
				Note: "a note that is as long as a whole sentence, such as this one, and does not fit"},
			want: `
sent   acacacacacacacacacacacacacacacacacacacacb
                                               ^
       byte 40: a note that is as long as a whole sentence, such as this one,
       and does not fit`,
		},
		{
			name:   "a long run is counted, but for its marked byte",
			report: testkit.Report{Sent: "A: " + strings.Repeat("x", 100) + "\r\n" + strings.Repeat("y", 31), Mark: 53, Note: "too long"},
			want: `
sent   A: x × 50x × 50\r\n
                ^ byte 53: too long
       ` + strings.Repeat("y", 31),
		},
		{
			name:   "pauses",
			report: testkit.Report{Sent: "GET / HTTP/1.1\r\n" + strings.Repeat("x", 80), Cuts: []int{3, 16, 56}},
			want: `
sent   GET«pause» / HTTP/1.1\r\n
       «pause»x × 40«pause»x × 40`,
		},
		{
			name:   "a message that is hardly too long is not cut",
			report: testkit.Report{Sent: strings.Repeat("a\n", 10)},
			want:   "\nsent   " + strings.Repeat(`a\n`+"\n       ", 9) + `a\n`,
		},
		{
			name:   "a long message is cut in the middle",
			report: testkit.Report{Sent: strings.Repeat("0123456789\n", 20)},
			want: `
sent   0123456789\n
       0123456789\n
       0123456789\n
       0123456789\n
       0123456789\n
       ... 143 bytes ...
       0123456789\n
       0123456789\n`,
		},
		{
			name:   "a word longer than a line is not broken",
			report: testkit.Report{Got: "x", Why: "see " + strings.Repeat("y", 80) + " there"},
			want: `
got    x
why    see
       ` + strings.Repeat("y", 80) + `
       there`,
		},
		{
			name:   "of a word that nobody would read, the ends are shown",
			report: testkit.Report{Got: "x=" + strings.Repeat("y", 300) + " there"},
			want: `
got    x=` + strings.Repeat("y", 69) + `
       ... 196 bytes ... ` + strings.Repeat("y", 35) + ` there`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.TrimPrefix(tt.want, "\n")
			if diff := cmp.Diff(want, tt.report.String()); diff != "" {
				t.Errorf("String (-want +got):\n%s", diff)
			}
		})
	}
}

// A message of 26 lines of 50 bytes: only some of it is shown, and the marked byte
// is among them wherever it is.
func TestReportWindow(t *testing.T) {
	var b strings.Builder
	for c := 'a'; c <= 'z'; c++ {
		b.WriteString(strings.Repeat(string(c)+"_", 24) + string(c) + "\n")
	}
	tests := []struct {
		name        string
		mark        int
		first, last string
	}{
		{"at the start", 0, "sent   a_a", "       ... 950 bytes after ..."},
		{"the last line that needs no shift", 249, "sent   a_a", "       ... 950 bytes after ..."},
		{"the first line that needs one", 250, "sent   ... 50 bytes before ...", "       ... 900 bytes after ..."},
		{"in the middle", 650, "sent   ... 450 bytes before ...", "       ... 500 bytes after ..."},
		{"the last byte", 1299, "sent   ... 950 bytes before ...", `^ byte 1299: here`},
		{"the end", 1300, "sent   ... 950 bytes before ...", `^ byte 1300: here`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := testkit.Report{Sent: b.String(), Mark: tt.mark, Note: "here"}.String()
			lines := strings.Split(text, "\n")
			if !strings.HasPrefix(lines[0], tt.first) {
				t.Errorf("first line %q, want %q", lines[0], tt.first)
			}
			if last := lines[len(lines)-1]; !strings.HasSuffix(last, tt.last) {
				t.Errorf("last line %q, want %q", last, tt.last)
			}
			if !strings.Contains(text, "^ byte ") {
				t.Errorf("no caret in\n%s", text)
			}
		})
	}
}

func TestLogLines(t *testing.T) {
	log := `time=2000-01-01T00:00:00.000Z level=ERROR msg="a \"time= in it" stack="goroutine 7 [running]:\nmain.f(\"x\")\n" id=1
time=2000-01-01T00:00:00.000Z level=INFO msg=two
`
	want := `level=ERROR msg="a \"time= in it" stack=... id=1
level=INFO msg=two`
	if got := testkit.LogLines(log); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := testkit.LogLines(""); got != "nothing" {
		t.Errorf("of an empty log: %q", got)
	}
}

func TestReportIsNotWide(t *testing.T) {
	for mark := range 300 {
		for _, note := range []string{"x", "a note of some words", strings.Repeat("a long note ", 9)} {
			r := testkit.Report{Sent: strings.Repeat("ab \x00", 75), Mark: mark, Note: note, Why: strings.Repeat("why not ", 40)}
			for line := range strings.SplitSeq(r.String(), "\n") {
				if len(line) > 82 { // 79, and 3 more if a line is broken behind a space
					t.Fatalf("mark %d: %d columns: %s", mark, len(line), line)
				}
			}
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":             "",
		"a b~":         "a b~",
		"\r\n\t\x00":   `\r\n\t\x00`,
		`"quoted" 'x'`: `"quoted" 'x'`,
		`a\b`:          `a\\b`,
		"\x7f\x80é":    `\x7f\x80\xc3\xa9`,
	} {
		if got := testkit.Visible(in); got != want {
			t.Errorf("Visible(%q) = %s, want %s", in, got, want)
		}
	}
}
