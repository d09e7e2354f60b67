package static_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	static "barewire/steps/09-static-files"
)

// info is what a file system says of a file.
type info struct {
	size int64
	time time.Time
}

func (i info) Name() string       { return "a.txt" }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o644 }
func (i info) ModTime() time.Time { return i.time }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

// now is when requests come in these tests: long after the files were changed.
var now = changed.Add(24 * time.Hour)

// header returns a header section with these lines.
func header(t testing.TB, lines ...string) *message.Header {
	t.Helper()
	h := new(message.Header)
	if _, err := h.Parse([]byte(strings.Join(append(lines, ""), "\r\n")+"\r\n"), message.Limits{}); err != nil {
		t.Fatalf("step 3 does not parse %q: %v", lines, err)
	}
	return h
}

func TestTask6_ETag(t *testing.T) {
	tag := func(size int64, at time.Time, coding string) string {
		return static.ValidatorsOf(info{size, at}, coding, now).ETag
	}
	plain := tag(10, changed, "")
	t.Run("quotes, and letters, digits and dashes between them", func(t *testing.T) {
		if !strings.HasPrefix(plain, `"`) || !strings.HasSuffix(plain, `"`) || len(plain) < 3 || strings.ContainsAny(plain[1:len(plain)-1], "\"\\ ,") {
			testkit.Report{Doing: "the tag of a file of 10 bytes", Want: "a strong tag: quotes, and letters, digits and dashes between them", Got: cmp.Or(plain, "nothing"),
				Why: "entity-tag = [ weak ] opaque-tag (RFC 9110 §8.8.3)"}.Error(t)
		}
	})
	for _, test := range []struct{ name, other, why string }{
		{"another size", tag(11, changed, ""), "another size is another version"},
		{"another time", tag(10, changed.Add(time.Hour), ""), "a later change is another version"},
		{"another part of the second", tag(10, changed.Add(time.Millisecond), ""), "two changes in one second are two versions (RFC 9110 §8.8.1)"},
		{"another nanosecond", tag(10, changed.Add(1), ""), "file systems count nanoseconds (RFC 9110 §8.8.1)"},
		{"a coding", tag(10, changed, "gzip"), "the bytes are others, so it is another representation (RFC 9110 §8.8.3.3)"},
		{"size and time are kept apart", tag(101, changed, ""), "the numbers must not run into each other"},
	} {
		t.Run(test.name+" has another tag", func(t *testing.T) {
			if test.other == plain || test.other == "" {
				testkit.Report{Doing: "the tags of two files of 10 bytes that differ in one thing: " + test.name, Want: "another tag than " + plain, Got: cmp.Or(test.other, "no tag"), Why: test.why}.Error(t)
			}
		})
	}
	t.Run("two codings have two tags", func(t *testing.T) {
		if br, gz := tag(10, changed, "br"), tag(10, changed, "gzip"); br == gz || br == "" {
			testkit.Report{Doing: "the tags of the siblings with br and with gzip", Want: "two tags", Got: br + " and " + gz, Why: "each representation has its own (RFC 9110 §8.8.3.3)"}.Error(t)
		}
	})
	t.Run("the same file has the same tag", func(t *testing.T) {
		zone := time.FixedZone("", 3600)
		if again := static.ValidatorsOf(info{10, changed.In(zone)}, "", now.Add(time.Hour)).ETag; again != plain || again == "" {
			testkit.Report{Doing: "the tag of a file is asked for, and again an hour later, by a server in another time zone", Want: plain, Got: cmp.Or(again, "no tag"), Why: "two servers, or one after a restart, must agree: nothing but time, size and coding is in it"}.Error(t)
		}
	})
	t.Run("weak while the file is young", func(t *testing.T) {
		young := static.ValidatorsOf(info{10, changed}, "", changed.Add(static.MinAge-time.Millisecond)).ETag
		old := static.ValidatorsOf(info{10, changed}, "", changed.Add(static.MinAge)).ETag
		if want := "W/" + plain + ", then " + plain; young+", then "+old != want {
			testkit.Report{Doing: fmt.Sprintf("the tag is asked for when the file is %v old, and when it is %v old", static.MinAge-time.Millisecond, static.MinAge), Want: want, Got: young + ", then " + old,
				Why: "it may change again in the same step of the file system's clock, and a strong tag would not tell (RFC 9110 §8.8.1)"}.Error(t)
		}
	})
}

func TestTask6_Modified(t *testing.T) {
	for _, test := range []struct {
		name string
		at   time.Time
		want time.Time
		why  string
	}{
		{"whole seconds", changed, changed.Truncate(time.Second), "an HTTP date has no fractions; a client that sends it back must find it equal (RFC 9110 §5.6.7)"},
		{"never in the future", now.Add(time.Hour), now.Truncate(time.Second), "MUST NOT be later than the response's Date (RFC 9110 §8.8.2.1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := static.ValidatorsOf(info{10, test.at}, "", now).Modified; !got.Equal(test.want) || got.Location() != time.UTC {
				testkit.Report{Doing: "the file was changed at " + test.at.Format(time.RFC3339Nano) + ", and it is " + now.Format(time.RFC3339Nano), Want: test.want.Format(time.RFC3339Nano), Got: got.Format(time.RFC3339Nano), Why: test.why}.Error(t)
			}
		})
	}
	for _, test := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"the last second of 1970-01-01", time.Date(1970, 1, 1, 23, 59, 59, 0, time.UTC), false},
		{"the first second of 1970-01-02", time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), true},
		{"a year before 1970", time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		t.Run("of "+test.name, func(t *testing.T) {
			v := static.ValidatorsOf(info{10, test.at}, "", now)
			young := static.ValidatorsOf(info{10, changed}, "", now)
			if (v.ETag != "") != test.want || v.Modified.IsZero() == test.want || young.ETag == "" {
				testkit.Report{Doing: "a file is from " + dated(test.at), Want: map[bool]string{false: "no validators", true: "an ETag, and a date"}[test.want], Got: fmt.Sprintf("ETag %q, modified %s", v.ETag, dated(v.Modified)),
					Why: "what packs files into images sets one date for all of them, which is 1970-01-01 in some time zone: all of that day (UTC) means nothing, and what was before it, and only that"}.Error(t)
			}
		})
	}
	t.Run("none for a time that means nothing", func(t *testing.T) {
		epoch := static.ValidatorsOf(info{10, time.Unix(1, 0)}, "", now)
		other := static.ValidatorsOf(info{10, changed}, "", now)
		if epoch.ETag != "" || !epoch.Modified.IsZero() || other.ETag == "" || other.Modified.IsZero() {
			testkit.Report{Doing: "a file is from 1970-01-01, and another one from 2024", Want: "no validators for 1970-01-01, and both for 2024", Got: fmt.Sprintf("for 1970-01-01 ETag %q, modified %s\nfor 2024 ETag %q, modified %s", epoch.ETag, dated(epoch.Modified), other.ETag, dated(other.Modified)),
				Why: "images are made with one date for all files, and then a new version of the same size looks like the old one"}.Error(t)
		}
	})
}

func TestTask6_Date(t *testing.T) {
	day := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	utc := func(year int, month time.Month, d int) time.Time {
		return time.Date(year, month, d, 8, 49, 37, 0, time.UTC)
	}
	for _, test := range []struct {
		name, good string
		want       time.Time
		bad, why   string
	}{
		{"the format of today", "Sun, 06 Nov 1994 08:49:37 GMT", day, "Sun, 06 Nov 1994 08:49:37", "IMF-fixdate (RFC 9110 §5.6.7)"},
		{"the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", day, "Sun, 06-Nov-94 08:49:37 GMT", "a recipient MUST accept all three formats (RFC 9110 §5.6.7)"},
		{"the format of asctime", "Sun Nov  6 08:49:37 1994", day, "Sun Nov 06 08:49:37 1994", "a recipient MUST accept all three formats (RFC 9110 §5.6.7)"},
		{"asctime with two digits", "Wed Nov 16 08:49:37 1994", utc(1994, 11, 16), "Wed Nov 16 08:49:37 1994 GMT", "date3 = month SP ( 2DIGIT / ( SP 1DIGIT )) (RFC 9110 §5.6.7)"},
		{"two digits of a year that is near", "Saturday, 02-May-26 08:49:37 GMT", utc(2026, 5, 2), "Saturday, 02-May-2026 08:49:37 GMT", "a date of the last years is one of this century (RFC 9110 §5.6.7)"},
		{"two digits within 50 years from now", "Thursday, 02-May-69 08:49:37 GMT", utc(2069, 5, 2), "Thursday, 2-May-69 08:49:37 GMT", "in 2024, 69 is 45 years ahead (RFC 9110 §5.6.7)"},
		{"two digits more than 50 years from now", "Friday, 02-May-75 08:49:37 GMT", utc(1975, 5, 2), "Friday, 02-May-75 08:49:37 UTC", "in 2024, 75 is 51 years ahead, so it is in the past (RFC 9110 §5.6.7)"},
		{"letters in their case", "Sun, 06 Nov 1994 08:49:37 GMT", day, "sun, 06 nov 1994 08:49:37 gmt", "HTTP-date is case sensitive (RFC 9110 §5.6.7)"},
		{"always GMT", "Sun, 06 Nov 1994 08:49:37 GMT", day, "Sun, 06 Nov 1994 08:49:37 CET", "another zone would be read as GMT"},
		{"two digits of the day", "Sun, 06 Nov 1994 08:49:37 GMT", day, "Sun, 6 Nov 1994 08:49:37 GMT", "day = 2DIGIT (RFC 9110 §5.6.7)"},
		{"no fractions", "Sun, 06 Nov 1994 08:49:37 GMT", day, "Sun, 06 Nov 1994 08:49:37.5 GMT", "second = 2DIGIT (RFC 9110 §5.6.7)"},
		{"a day that the month has", "Mon, 29 Feb 2016 08:49:37 GMT", utc(2016, 2, 29), "Wed, 29 Feb 2023 08:49:37 GMT", "2023 has no such day"},
		{"the right day of the week", "Sun, 06 Nov 1994 08:49:37 GMT", day, "Mon, 06 Nov 1994 08:49:37 GMT", "it was a Sunday: one of the two is wrong, and nobody knows which"},
		{"the right day, in the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", day, "Monday, 06-Nov-94 08:49:37 GMT", "it was a Sunday: one of the two is wrong, and nobody knows which"},
		{"letters in their case, in the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", day, "sunday, 06-nov-94 08:49:37 gmt", "HTTP-date is case sensitive (RFC 9110 §5.6.7)"},
		{"two digits of the day, in the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", day, "Sunday, 6-Nov-94 08:49:37 GMT", "date2 = day \"-\" month \"-\" 2DIGIT, day = 2DIGIT (RFC 9110 §5.6.7)"},
		{"no fractions, in the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", day, "Sunday, 06-Nov-94 08:49:37.5 GMT", "second = 2DIGIT (RFC 9110 §5.6.7)"},
		{"a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", time.Date(2016, 12, 31, 23, 59, 59, 0, time.UTC), "Sat, 31 Dec 2016 23:59:61 GMT", "a minute may have a second 60 (RFC 9110 §5.6.7); files count on"},
		{"a leap second only where there may be one", "Saturday, 31-Dec-16 23:59:60 GMT", time.Date(2016, 12, 31, 23, 59, 59, 0, time.UTC), "Saturday, 31-Dec-16 08:49:60 GMT", "leap seconds are at the end of a day"},
		{"a year of another century", "Tue, 06 Nov 1894 08:49:37 GMT", utc(1894, 11, 6), "Tuesday, 06-Nov-1894 08:49:37 GMT", "only the format of RFC 850 has two digits; four digits are the year itself (RFC 9110 §5.6.7)"},
		{"exactly 50 years from now", "Wednesday, 02-May-74 12:00:00 GMT", time.Date(2074, 5, 2, 12, 0, 0, 0, time.UTC), "Wednesday, 02-May-74 12:00:01 GMT",
			"now is 2024-05-02 12:00:00.5: only a date more than 50 years ahead is in the past, and 1974-05-02 was no Wednesday (RFC 9110 §5.6.7)"},
		{"a second more than 50 years from now", "Thursday, 02-May-74 12:00:01 GMT", time.Date(1974, 5, 2, 12, 0, 1, 0, time.UTC), "Thursday, 02-May-74 12:00:00 GMT",
			"now is 2024-05-02 12:00:00.5: a date more than 50 years ahead is in the past, and 2074-05-02 will be no Thursday (RFC 9110 §5.6.7)"},
		{"nothing behind it", "Sun, 06 Nov 1994 08:49:37 GMT", day, "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", "two dates are none (RFC 9110 §13.1.3)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := static.ParseDate([]byte(test.good), now)
			if !ok || !got.Equal(test.want) {
				testkit.Report{Sent: test.good, Want: test.want.Format(time.RFC3339), Got: unless(ok, "refused: ") + dated(got), Why: test.why}.Error(t)
			}
			if got, ok := static.ParseDate([]byte(test.bad), now); ok {
				testkit.Report{Sent: test.bad, Want: "no date", Got: got.Format(time.RFC3339), Why: test.why}.Error(t)
			}
		})
	}
	for _, test := range []struct {
		name, date string
		now, want  time.Time
	}{
		{"two digits of a year, read in 1994", "Tuesday, 06-Nov-45 08:49:37 GMT", utc(1994, 11, 1), utc(1945, 11, 6)},
		{"two digits of a year, read in 2150", "Thursday, 06-Nov-94 08:49:37 GMT", utc(2150, 11, 1), utc(2194, 11, 6)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, ok := static.ParseDate([]byte(test.date), test.now); !ok || !got.Equal(test.want) {
				testkit.Report{Sent: test.date, Doing: "it is " + dated(test.now), Want: dated(test.want), Got: unless(ok, "refused: ") + dated(got),
					Why: "the hundred years that are meant end 50 years after now, whenever that is: package time knows those from 1969 to 2068 only (RFC 9110 §5.6.7)"}.Error(t)
			}
		})
	}
}

// Every time is read back from each of its three forms, and what is a date means the
// same when it is written in the first of them.
func FuzzTask6_Date(f *testing.F) {
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT", uint32(784111777))
	f.Add("Sunday, 06-Nov-94 08:49:37 GMT", uint32(0))
	f.Add("Sun Nov  6 08:49:37 1994", uint32(1<<31))
	f.Fuzz(func(t *testing.T, s string, seconds uint32) {
		at := time.Unix(int64(seconds%(1<<31)), 0).UTC() // 1970 to 2038
		if at.Before(now.AddDate(-49, 0, 0)) {
			at = at.AddDate(10, 0, 0) // two digits of a year would mean the future
		}
		for _, form := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", "Mon Jan _2 15:04:05 2006"} {
			if got, ok := static.ParseDate([]byte(at.Format(form)), now); !ok || !got.Equal(at) {
				t.Fatalf("%q is %v, %t", at.Format(form), got, ok)
			}
		}
		date, ok := static.ParseDate([]byte(s), now)
		if !ok {
			return
		}
		again, ok := static.ParseDate(message.AppendDate(nil, date), now)
		if !ok || !again.Equal(date) {
			t.Fatalf("%q is %v, and written as %q it is %v", s, date, message.AppendDate(nil, date), again)
		}
	})
}

func TestTask6_Fields(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello"})
	s.run(t, []row{
		{name: "Last-Modified", why: "SHOULD be sent where it is known (RFC 9110 §8.8.2.1)",
			send: get("/a.txt"), want: []string{"200", "Last-Modified: " + lastModified, `content "hello"`}},
		{name: "with HEAD too", why: "the same fields as for GET (RFC 9110 §9.3.2)",
			send: request("HEAD", "/a.txt"), want: []string{"200", "Last-Modified: " + lastModified}},
		{name: "not with an error", why: "it is not the file's", send: get("/b.txt"), want: []string{"404", "no ETag", "no Last-Modified"}},
	})
	t.Run("neither for a file from 1970", func(t *testing.T) {
		write(t, filepath.Join(s.dir, "old.txt"), "hello")
		epoch := time.Unix(1, 0)
		must(t, os.Chtimes(filepath.Join(s.dir, "old.txt"), epoch, epoch))
		s.check(t, s, row{why: "ValidatorsOf makes none for it: a field without a value, or with the year 1, would be one",
			send: get("/old.txt"), want: []string{"200", "no ETag", "no Last-Modified", `content "hello"`}})
		s.check(t, s, row{why: "the other file is from 2024", send: get("/a.txt"), want: []string{"200", "Last-Modified: " + lastModified}})
	})
	t.Run("ETag is that of ValidatorsOf", func(t *testing.T) {
		s.check(t, s, row{why: "SHOULD be sent where it is known (RFC 9110 §8.8.3.1)", send: get("/a.txt"), want: []string{"200", "ETag: " + s.tag(t, "a.txt", "")}})
	})
}

// tag returns the entity tag of a file.
func (s *site) tag(t testing.TB, name, coding string) string {
	t.Helper()
	info, err := s.Root.Stat(name)
	must(t, err)
	if tag := static.ValidatorsOf(info, coding, time.Now()).ETag; tag != "" {
		return tag
	}
	return `"ValidatorsOf-makes-none"` // and then nothing can be right
}

func TestTask7_MatchETag(t *testing.T) {
	// Each row has a list that matches and one that does not.
	for _, test := range []struct {
		name, tag   string
		strong      bool
		match, none string
		why         string
	}{
		{"one tag", `"a"`, true, `"a"`, `"b"`, "character by character (RFC 9110 §8.8.3.2)"},
		{"several tags", `"a"`, true, `"x", "a","y"`, `"x", "aa", "y"`, "one of them is enough (RFC 9110 §13.1.1)"},
		{"a tag is no part of another", `"ab"`, true, `"ab"`, `"abc", "a"`, "character by character (RFC 9110 §8.8.3.2)"},
		{"case counts", `"a"`, false, `"a"`, `"A"`, "character by character (RFC 9110 §8.8.3.2)"},
		{"any tag", `"a"`, true, ` * `, `"*"`, "* is any, \"*\" is a tag (RFC 9110 §13.1.1)"},
		{"a star is no member of a list", `"a"`, true, `*`, `*, "b"`, "If-Match = \"*\" / #entity-tag (RFC 9110 §13.1.1)"},
		{"weak, compared weakly", `W/"a"`, false, `"a"`, `W/"b"`, "a weak comparison does not look at W/ (RFC 9110 §8.8.3.2)"},
		{"strong, compared weakly", `"a"`, false, `W/"a"`, `W/"b"`, "a weak comparison does not look at W/ (RFC 9110 §8.8.3.2)"},
		{"weak in the list, compared strongly", `"a"`, true, `W/"a", "a"`, `W/"a"`, "both must not be weak (RFC 9110 §8.8.3.2)"},
		{"weak here, compared strongly", `W/"a"`, true, `*`, `"a", W/"a"`, "both must not be weak (RFC 9110 §8.8.3.2)"},
		{"a small w is no weak tag", `"a"`, false, `W/"a"`, `w/"a"`, "W/ is case-sensitive (RFC 9110 §8.8.3)"},
		{"a comma in a tag", `"a,b"`, true, `"x,y", "a,b"`, `"a","b"`, "a comma may stand in a tag (RFC 9110 §8.8.3)"},
		{"a tag in a tag", `"a"`, true, `"x,y", "a"`, `"x,a"`, "quotes hold it together (RFC 9110 §8.8.3)"},
		{"a backslash escapes nothing", `"a\"`, true, `"x\", "a\"`, `"a\\"`, "an opaque-tag is no quoted-string (RFC 9110 §8.8.3)"},
		{"empty members", `"a"`, true, `, ,"x",, "a"`, `, ,`, "a recipient MUST ignore empty members (RFC 9110 §5.6.1.2)"},
		{"the empty tag", `""`, true, `"x", ""`, `"x"`, "ETag: \"\" is a tag (RFC 9110 §8.8.3)"},
		{"behind an error nothing matches", `"a"`, false, `"a", b`, `b, "a"`, "what is not a list of tags is not a reason for a 304"},
		{"a space in a tag", `"a"`, false, `"xy", "a"`, `"x y", "a"`, "an opaque-tag has no space, so this is no list of tags (RFC 9110 §8.8.3)"},
		{"a DEL in a tag", `"a"`, false, `"xy", "a"`, "\"x\x7fy\", \"a\"", "etagc = %x21 / %x23-7E / obs-text: DEL is none, so this is no list of tags (RFC 9110 §8.8.3)"},
		{"all that may stand in a tag", "\"!#~\x80\xff\"", false, "\"!~\x80\", \"!#~\x80\xff\"", "\"!#~\x80\"", "etagc = %x21 / %x23-7E / obs-text (RFC 9110 §8.8.3)"},
		{"a tag without its first quote", `"a"`, false, `"x", "a"`, `x", "a"`, "the quotes belong to it: behind an error nothing matches (RFC 9110 §8.8.3)"},
		{"a quote that only ends", `"a"`, false, `"", "a"`, `", "a"`, "a tag has two quotes and no space between them: behind an error nothing matches (RFC 9110 §8.8.3)"},
		{"a tag without quotes", `"a"`, false, `"a"`, `a`, "the quotes belong to it (RFC 9110 §8.8.3)"},
		{"a tag without an end", `"a"`, false, `"a"`, `"a`, "the quotes belong to it (RFC 9110 §8.8.3)"},
		{"two tags without a comma", `"a"`, false, `"x" , "a"`, `"x" "a"`, "members are separated by commas (RFC 9110 §5.6.1)"},
		{"no tag", ``, false, `*`, `"", "a"`, "the file has none, but it is there (RFC 9110 §13.1.1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, side := range []struct {
				list string
				want bool
			}{{test.match, true}, {test.none, false}} {
				if got := static.MatchETag([]byte(side.list), test.tag, test.strong); got != side.want {
					testkit.Report{Sent: side.list, Doing: fmt.Sprintf("MatchETag is asked whether the tag %s is in this list; strong: %t", test.tag, test.strong), Want: fmt.Sprint(side.want), Got: fmt.Sprint(got), Why: test.why}.Error(t)
				}
			}
		})
	}
}

// A list that is written by the rules matches each of its tags and no other one, and
// no bytes make a strong match that is not a weak one too.
func FuzzTask7_MatchETag(f *testing.F) {
	f.Add(`"a"`, "a")
	f.Add(`W/"a", "b"`, "b")
	f.Add(`,"x\", "y`, `y`)
	f.Fuzz(func(t *testing.T, list, opaque string) {
		if strings.ContainsAny(opaque, "\"") || strings.ContainsFunc(opaque, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return
		}
		tag := `"` + opaque + `"`
		if static.MatchETag([]byte(list), tag, true) && !static.MatchETag([]byte(list), tag, false) {
			t.Fatalf("%q matches %s strongly and not weakly", list, tag)
		}
		if !static.MatchETag([]byte(`"`+"other"+opaque+`" , W/"x",`+tag), tag, true) {
			t.Fatalf("a list with %s does not match it", tag)
		}
		if static.MatchETag([]byte(`"other`+opaque+`", W/`+tag), tag, true) {
			t.Fatalf("a list with W/%s matches %s strongly", tag, tag)
		}
	})
}

func TestTask7_Check(t *testing.T) {
	const (
		earlier = "Wed, 01 May 2024 11:59:59 GMT"
		same    = lastModified
		later   = "Wed, 01 May 2024 12:00:01 GMT"
	)
	v := static.Validators{ETag: `"a"`, Modified: changed.Truncate(time.Second)}
	none := static.Validators{}
	for _, test := range []struct {
		name   string
		v      static.Validators
		method string
		lines  []string
		want   int
		why    string
	}{
		{"no precondition", v, "GET", nil, 200, "nothing stands against it"},
		{"If-Match with the tag", v, "GET", []string{`If-Match: "x", "a"`}, 200, "the list has the tag, so the condition is met (RFC 9110 §13.1.1)"},
		{"If-Match without it", v, "GET", []string{`If-Match: "x"`}, 412, "the list does not have the tag: the client wants to change another version (RFC 9110 §13.1.1)"},
		{"If-Match with a weak tag", v, "GET", []string{`If-Match: W/"a"`}, 412, "MUST use the strong comparison (RFC 9110 §13.1.1)"},
		{"If-Match on two lines", v, "PUT", []string{`If-Match: "x"`, `If-Match: "a"`}, 200, "two lines of a list are one list (RFC 9110 §5.3)"},
		{"If-Match: *", none, "PUT", []string{`If-Match: *`}, 200, "there is something, whatever its tag (RFC 9110 §13.1.1)"},
		{"If-Unmodified-Since, unmodified", v, "GET", []string{"If-Unmodified-Since: " + same}, 200, "equal is not later (RFC 9110 §13.1.4)"},
		{"If-Unmodified-Since, modified", v, "GET", []string{"If-Unmodified-Since: " + earlier}, 412, "the file was modified since (RFC 9110 §13.1.4)"},
		{"If-Unmodified-Since in an old format", v, "GET", []string{"If-Unmodified-Since: Wednesday, 01-May-24 11:59:59 GMT"}, 412, "MUST accept all three formats (RFC 9110 §5.6.7)"},
		{"If-Unmodified-Since that is no date", v, "GET", []string{"If-Unmodified-Since: yesterday"}, 200, "MUST ignore what is no date (RFC 9110 §13.1.4)"},
		{"If-Match goes before If-Unmodified-Since", v, "GET", []string{`If-Match: "a"`, "If-Unmodified-Since: " + earlier}, 200, "MUST ignore If-Unmodified-Since then (RFC 9110 §13.1.4)"},
		{"If-None-Match with the tag", v, "GET", []string{`If-None-Match: "x", "a"`}, 304, "the list has the tag: the client has this version already (RFC 9110 §13.1.2)"},
		{"If-None-Match with the weak tag", v, "HEAD", []string{`If-None-Match: W/"a"`}, 304, "MUST use the weak comparison (RFC 9110 §13.1.2)"},
		{"If-None-Match without it", v, "GET", []string{`If-None-Match: "x"`}, 200, "the list does not have the tag: the client has another version (RFC 9110 §13.1.2)"},
		{"If-None-Match on two lines", v, "GET", []string{`If-None-Match: "x"`, `If-None-Match: "a"`}, 304, "two lines of a list are one list (RFC 9110 §5.3)"},
		{"If-None-Match for another method", v, "PUT", []string{`If-None-Match: "a"`}, 412, "304 is for GET and HEAD (RFC 9110 §13.1.2)"},
		{"If-None-Match: *", none, "PUT", []string{"If-None-Match: *"}, 412, "there is something already (RFC 9110 §13.1.2)"},
		{"If-Modified-Since, not modified", v, "GET", []string{"If-Modified-Since: " + same}, 304, "equal is not later (RFC 9110 §13.1.3)"},
		{"If-Modified-Since with a later date", v, "HEAD", []string{"If-Modified-Since: " + later}, 304, "any date will do (RFC 9110 §13.1.3)"},
		{"If-Modified-Since, modified", v, "GET", []string{"If-Modified-Since: " + earlier}, 200, "the file was modified since (RFC 9110 §13.1.3)"},
		{"If-Modified-Since for another method", v, "POST", []string{"If-Modified-Since: " + same}, 200, "MUST ignore it then (RFC 9110 §13.1.3)"},
		{"If-Modified-Since twice", v, "GET", []string{"If-Modified-Since: " + same, "If-Modified-Since: " + same}, 200, "MUST ignore more than one member (RFC 9110 §13.1.3)"},
		{"If-Modified-Since without a date of the file", none, "GET", []string{"If-Modified-Since: " + same}, 200, "MUST ignore it then (RFC 9110 §13.1.3)"},
		{"If-None-Match goes before If-Modified-Since", v, "GET", []string{`If-None-Match: "x"`, "If-Modified-Since: " + same}, 200, "MUST ignore If-Modified-Since then (RFC 9110 §13.1.3)"},
		{"and also where it is met", v, "GET", []string{`If-None-Match: "a"`, "If-Modified-Since: " + earlier}, 304, "MUST ignore If-Modified-Since then (RFC 9110 §13.1.3)"},
		{"If-Match goes before If-None-Match", v, "GET", []string{`If-None-Match: "a"`, `If-Match: "x"`}, 412, "step 1 of RFC 9110 §13.2.2"},
		{"both are met", v, "GET", []string{`If-Match: "a"`, `If-None-Match: "a"`}, 304, "step 1, then step 3 of RFC 9110 §13.2.2"},
		{"If-Unmodified-Since goes before If-None-Match", v, "GET", []string{`If-None-Match: "a"`, "If-Unmodified-Since: " + earlier}, 412, "step 2 of RFC 9110 §13.2.2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := static.Check(test.method, header(t, test.lines...), test.v, now); got != test.want {
				testkit.Report{Sent: test.method + "\r\n" + strings.Join(test.lines, "\r\n") + "\r\n",
					Doing: fmt.Sprintf("the file has the tag %s, and was modified %s", cmp.Or(test.v.ETag, "(none)"), dated(test.v.Modified)),
					Want:  fmt.Sprint(test.want), Got: fmt.Sprint(got), Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask7_Conditional(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "hello", "dir/index.html": "<p>"})
	s.CacheControl = func(string) string { return "no-cache" }
	tag := s.tag(t, "a.txt", "")
	s.run(t, []row{
		{name: "a copy that is still good", why: "the client has it already (RFC 9110 §15.4.5)",
			send: get("/a.txt", "If-None-Match: "+tag), want: []string{"304", "ETag: " + tag, "Cache-Control: no-cache", `content ""`}},
		{name: "a 304 has no type", why: "it has no content, and a cache would take the field for the file's (RFC 9110 §15.4.5)",
			send: get("/a.txt", "If-None-Match: "+tag), want: []string{"304", "no Content-Type"}},
		{name: "a 304 has nothing that a cache knows", why: "SHOULD NOT send what does not help to bring a copy up to date (RFC 9110 §15.4.5)",
			send: get("/a.txt", "If-None-Match: "+tag), want: []string{"304", "no Accept-Ranges", "no Last-Modified", "ETag: " + tag}},
		{name: "for HEAD as well", why: "a 304 has the ETag that a 200 would have, for HEAD as for GET (RFC 9110 §15.4.5)", send: request("HEAD", "/a.txt", "If-None-Match: "+tag), want: []string{"304", "ETag: " + tag}},
		{name: "a copy by its date", why: "a file that was not modified since is not sent again (RFC 9110 §13.1.3)", send: get("/a.txt", "If-Modified-Since: "+lastModified), want: []string{"304", `content ""`}},
		{name: "a copy that is not good any more", why: "the whole file is sent",
			send: get("/a.txt", `If-None-Match: "old"`), want: []string{"200", "ETag: " + tag, `content "hello"`}},
		{name: "a precondition that fails", why: "412, and nothing of the file (RFC 9110 §15.5.13)",
			send: get("/a.txt", `If-Match: "old"`), want: []string{"412", "no Cache-Control", "no ETag", "no Last-Modified"}},
		{name: "an index", why: "it is a file like others",
			send: get("/dir/", "If-Modified-Since: "+lastModified), want: []string{"304"}},
		{name: "what is not there", why: "preconditions are for what exists (RFC 9110 §13.2.1)",
			send: get("/b.txt", "If-None-Match: *"), want: []string{"404"}},
	})
}

// dated writes a time for a report.
func dated(at time.Time) string {
	if at.IsZero() {
		return "no date"
	}
	return at.Format(time.RFC3339)
}
