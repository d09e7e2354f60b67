package static_test

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	static "barewire/steps/09-static-files"
)

// ranged says what ParseRange returned: "0-9 20-29", with inclusive ends, as they
// stand in a field.
func ranged(value string, size int64) string {
	ranges, err := static.ParseRange([]byte(value), size)
	switch {
	case errors.Is(err, static.ErrRange):
		return "ErrRange"
	case err != nil:
		return "another error: " + err.Error()
	case len(ranges) == 0:
		return "ignored"
	}
	var words []string
	for _, r := range ranges {
		words = append(words, fmt.Sprintf("%d-%d", r.Start, r.Start+r.Length-1))
	}
	return strings.Join(words, " ")
}

func TestTask8_Range(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%d-%d", i*200, i*200)
		}
		return "bytes=" + b.String()[1:]
	}
	for _, test := range []struct{ name, value, want, why string }{
		{"from the start", "bytes=0-499", "0-499", "the last position is inclusive (RFC 9110 §14.1.2)"},
		{"in the middle", "bytes=500-999", "500-999", "positions start at zero (RFC 9110 §14.1.2)"},
		{"one byte", "bytes=0-0", "0-0", "the last position is inclusive (RFC 9110 §14.1.2)"},
		{"to the end", "bytes=9500-", "9500-9999", "without a last position, the rest (RFC 9110 §14.1.2)"},
		{"the last bytes", "bytes=-500", "9500-9999", "a suffix-range (RFC 9110 §14.1.2)"},
		{"more last bytes than there are", "bytes=-20000", "0-9999", "then the entire representation is used (RFC 9110 §14.1.2)"},
		{"an end behind the file", "bytes=9500-20000", "9500-9999", "the server replaces the last position (RFC 9110 §14.1.2)"},
		{"the whole file", "bytes=0-", "0-9999", "this is a range as well"},
		{"a start behind the file", "bytes=10000-", "ErrRange", "none is in the file: a 416 (RFC 9110 §15.5.17)"},
		{"no last bytes", "bytes=-0", "ErrRange", "a suffix-length of zero is not satisfiable (RFC 9110 §14.1.2)"},
		{"several", "bytes=0-0,5000-5009,-1", "0-0 5000-5009 9999-9999", "RFC 9110 §14.1.2"},
		{"in the order of the request", "bytes=5000-5009, 0-9", "5000-5009 0-9", "SHOULD send the parts in this order (RFC 9110 §15.3.7.2)"},
		{"spaces around members", "bytes= 0-9 ,\t5000-5009", "0-9 5000-5009", "lists have optional whitespace (RFC 9110 §5.6.1)"},
		{"empty members", "bytes=,0-9,,5000-5009,", "0-9 5000-5009", "a recipient MUST ignore empty members (RFC 9110 §5.6.1.2)"},
		{"one that is not in the file", "bytes=10000-10009,0-9", "0-9", "one that is satisfiable is enough (RFC 9110 §14.1.1)"},
		{"none that is in the file", "bytes=10000-,20000-,-0", "ErrRange", "a 416 (RFC 9110 §15.5.17)"},
		{"the unit in upper case", "BYTES=0-9", "0-9", "range unit names are case-insensitive (RFC 9110 §14.1)"},
		{"a unit with a letter outside ASCII", "byte\u017f=0-9", "ignored", "a unit is a token, which is ASCII: EqualFold takes the long s for an s (RFC 9110 §14.1)"},
		{"another unit", "lines=0-9", "ignored", "MUST ignore a unit that it does not understand (RFC 9110 §14.2)"},
		{"a unit that only starts like it", "bytesize=0-9", "ignored", "MUST ignore a unit that it does not understand (RFC 9110 §14.2)"},
		{"an end before the start", "bytes=9-0", "ignored", "that is an invalid range (RFC 9110 §14.1.1)"},
		{"an end before the start, behind the file", "bytes=20001-20000", "ignored", "it is invalid, and not only not in the file (RFC 9110 §14.1.1)"},
		{"one invalid member", "bytes=0-9,9-0", "ignored", "then the whole field is invalid (RFC 9110 §14.1.1)"},
		{"no number at all", "bytes=-", "ignored", "suffix-length = 1*DIGIT (RFC 9110 §14.1.1)"},
		{"a sign", "bytes=+0-9", "ignored", "first-pos = 1*DIGIT (RFC 9110 §14.1.1)"},
		{"a minus of its own", "bytes=0--9", "ignored", "last-pos = 1*DIGIT (RFC 9110 §14.1.1)"},
		{"a space in a range", "bytes=0 - 9", "ignored", "there is no whitespace in it (RFC 9110 §14.1.1)"},
		{"another base", "bytes=0x0-0x9", "ignored", "first-pos = 1*DIGIT (RFC 9110 §14.1.1)"},
		{"no member at all", "bytes=, ,", "ignored", "a list with 1# has at least one member (RFC 9110 §5.6.1)"},
		{"no digit, but the character before them", "bytes=0-/", "ignored", "DIGIT = %x30-39 (RFC 5234 §B.1)"},
		{"no digit, but the character behind them", "bytes=0-:", "ignored", "DIGIT = %x30-39 (RFC 5234 §B.1)"},
		{"no dash", "bytes=9", "ignored", "int-range = first-pos \"-\" [ last-pos ] (RFC 9110 §14.1.1)"},
		{"no equals sign", "bytes 0-9", "ignored", "ranges-specifier = range-unit \"=\" range-set (RFC 9110 §14.1.1)"},
		{"a number that is too large for the end", "bytes=9500-99999999999999999999999", "9500-9999", "MUST prevent overflows (RFC 9110 §14.1.2)"},
		{"a number just above the largest", "bytes=9500-9223372036854775808", "9500-9999", "MUST prevent overflows (RFC 9110 §14.1.2)"},
		{"the largest number", "bytes=0-9223372036854775807", "0-9999", "MUST prevent overflows (RFC 9110 §14.1.2)"},
		{"a number that is too large for the start", "bytes=18446744073709551616-", "ErrRange", "2^64 is not 0 (RFC 9110 §14.1.2)"},
		{"a number that is too large for a suffix", "bytes=-18446744073709551617", "0-9999", "2^64+1 is not 1 (RFC 9110 §14.1.2)"},
		{"leading zeros", "bytes=0000000000000000000000-00000000000000000000009", "0-9", "1*DIGIT has no length (RFC 9110 §14.1.1)"},
		{"two that overlap", "bytes=0-99,50-149", "0-149", "a byte is sent once (RFC 9110 §17.15)"},
		{"two that touch", "bytes=500-600,601-999", "500-999", "MAY coalesce (RFC 9110 §15.3.7.2)"},
		{"one within another", "bytes=0-999,100-199", "0-999", "a byte is sent once (RFC 9110 §17.15)"},
		{"the same one often", "bytes=0-" + strings.Repeat(",0-", 20), "0-9999", "this is how one request made a server send a file a thousand times (RFC 9110 §17.15)"},
		{"a small gap", "bytes=0-99,260-299", "0-299", "MaxGap bytes are cheaper than a part of its own (RFC 9110 §15.3.7.2)"},
		{"a gap that is not small", "bytes=0-99,261-299", "0-99 261-299", "what was not asked for is not sent without need"},
		{"a small gap, backwards", "bytes=260-299,0-99", "0-299", "MaxGap bytes are cheaper than a part of its own (RFC 9110 §15.3.7.2)"},
		{"a gap that is not small, backwards", "bytes=261-299,0-99", "261-299 0-99", "what was not asked for is not sent without need"},
		{"two that a third one joins", "bytes=0-99,1000-1099,50-1050", "0-1099", "what has been joined may reach others"},
		{"backwards, and joined", "bytes=5000-5099,1000-1999,0-999,4950-4999", "4950-5099 0-1999", "in the place of the first of them"},
		{"as many as are allowed", many(32), strings.Join(strings.Fields(strings.NewReplacer("bytes=", "", ",", " ").Replace(many(32))), " "), "MaxRanges is 32"},
		{"too many", many(33), "ignored", "MAY ignore a set of many small ranges (RFC 9110 §14.2)"},
		{"too many that are one", "bytes=0-" + strings.Repeat(",0-", 40), "ignored", "they are counted before they are joined"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ranged(test.value, 10000); got != test.want {
				testkit.Report{Sent: test.value, Want: test.want + ", of 10000 bytes", Got: got, Why: test.why}.Error(t)
			}
		})
	}
	t.Run("of the largest file there could be", func(t *testing.T) {
		const size = 1<<63 - 1
		for _, test := range []struct{ value, want, why string }{
			{"bytes=9223372036854775806-", "9223372036854775806-9223372036854775806", "its last byte: this number fits an int64"},
			{"bytes=9223372036854775807-", "ErrRange", "the largest int64 is just behind it"},
			{"bytes=9223372036854775808-", "ErrRange", "one too large for an int64 means the largest int64"},
			{"bytes=0-99999999999999999999", "0-9223372036854775806", "one too large for an int64 means the largest int64"},
		} {
			if got := ranged(test.value, size); got != test.want {
				testkit.Report{Sent: test.value, Want: fmt.Sprintf("%s, of %d bytes", test.want, int64(size)), Got: got, Why: test.why + " (RFC 9110 §14.1.2: a recipient MUST anticipate large numbers)"}.Error(t)
			}
		}
	})
	t.Run("of an empty file nothing", func(t *testing.T) {
		got := ranged("bytes=0-", 0) + ", " + ranged("bytes=-1", 0) + ", " + ranged("bytes=0-", 1)
		if want := "ignored, ignored, 0-0"; got != want {
			testkit.Report{Sent: "bytes=0-", Want: want, Got: got, Why: "MAY ignore Range when there is no content (RFC 9110 §14.2); no Content-Range could describe it"}.Error(t)
		}
	})
}

// Whatever is asked for, the parts are in the file, apart from each other and few, and
// asking for them by their positions gives them again.
func FuzzTask8_Range(f *testing.F) {
	for _, seed := range []string{"bytes=0-9", "bytes=-5,0-0", "bytes=5-,3-100,900-", "bytes=0-0,500-500,1000-1000"} {
		f.Add(seed, int64(2000))
	}
	f.Fuzz(func(t *testing.T, value string, size int64) {
		if size < 0 {
			return
		}
		whole, err := static.ParseRange([]byte("bytes=0-"), 10)
		if err != nil || len(whole) != 1 || whole[0] != (static.Range{Start: 0, Length: 10}) {
			t.Fatalf("bytes=0- of 10 bytes is %v, %v", whole, err)
		}
		ranges, err := static.ParseRange([]byte(value), size)
		if err != nil && (!errors.Is(err, static.ErrRange) || len(ranges) > 0) {
			t.Fatalf("%q of %d: %v, %v", value, size, ranges, err)
		}
		if len(ranges) > static.MaxRanges {
			t.Fatalf("%q of %d: %d ranges", value, size, len(ranges))
		}
		var again strings.Builder
		for i, r := range ranges {
			if r.Start < 0 || r.Length <= 0 || r.Start > size-r.Length {
				t.Fatalf("%q of %d: %v is not in the file", value, size, r)
			}
			for _, o := range ranges[:i] {
				if r.Start-static.MaxGap <= o.Start+o.Length && o.Start-static.MaxGap <= r.Start+r.Length {
					t.Fatalf("%q of %d: %v and %v are not joined", value, size, o, r)
				}
			}
			fmt.Fprintf(&again, ",%d-%d", r.Start, r.Start+r.Length-1)
		}
		if len(ranges) == 0 {
			return
		}
		second, err := static.ParseRange([]byte("bytes="+again.String()[1:]), size)
		if err != nil || fmt.Sprint(second) != fmt.Sprint(ranges) {
			t.Fatalf("%q of %d: %v, and asked for by their positions %v, %v", value, size, ranges, second, err)
		}
	})
}

func TestTask9_IfRange(t *testing.T) {
	strong := static.Validators{ETag: `"a"`, Modified: changed.Truncate(time.Second)}
	weak := static.Validators{ETag: `W/"a"`, Modified: strong.Modified}
	// Each row has a field with which the ranges are sent, or none, and one with
	// which the whole file is.
	for _, test := range []struct {
		name      string
		v         static.Validators
		part      []string
		wholeV    static.Validators
		wholeFile string
		why       string
	}{
		{"no field", strong, nil, strong, `If-Range: "b"`, "If-Range is optional (RFC 9110 §13.1.5)"},
		{"the tag", strong, []string{`If-Range: "a"`}, strong, `If-Range: "A"`, "the tag must match exactly (RFC 9110 §13.1.5)"},
		{"a weak tag", strong, []string{`If-Range: "a"`}, strong, `If-Range: W/"a"`, "MUST use the strong comparison (RFC 9110 §13.1.5)"},
		{"a weak tag here", strong, []string{`If-Range: "a"`}, weak, `If-Range: "a"`, "MUST use the strong comparison: both must not be weak (RFC 9110 §13.1.5)"},
		{"two weak tags", strong, []string{`If-Range: "a"`}, weak, `If-Range: W/"a"`, "MUST use the strong comparison: both must not be weak (RFC 9110 §13.1.5)"},
		{"the date", strong, []string{"If-Range: " + lastModified}, strong, "If-Range: Wed, 01 May 2024 12:00:01 GMT", "a later date is not the same version: exactly (RFC 9110 §13.1.5)"},
		{"the date in an old format", strong, []string{"If-Range: Wednesday, 01-May-24 12:00:00 GMT"}, strong, "If-Range: Wed, 01 May 2024 11:59:59 GMT", "MUST accept all three formats (RFC 9110 §5.6.7)"},
		{"the date while the tag is weak", strong, []string{"If-Range: " + lastModified}, weak, "If-Range: " + lastModified, "the file may have changed again within the second: the date is a weak validator then (RFC 9110 §8.8.2.2)"},
		{"one tag and no list", strong, []string{`If-Range: "a"`}, strong, `If-Range: "a", "b"`, "If-Range = entity-tag / HTTP-date (RFC 9110 §13.1.5)"},
		{"one line", strong, []string{`If-Range: "a"`}, strong, "If-Range: \"b\"\r\nIf-Range: \"a\"", "two lines are two answers"},
		{"not any tag", strong, []string{`If-Range: "a"`}, strong, `If-Range: *`, "If-Range = entity-tag / HTTP-date (RFC 9110 §13.1.5)"},
		{"nonsense", strong, nil, strong, "If-Range: a", "the whole file is never wrong"},
		{"no validators", static.Validators{}, nil, static.Validators{}, `If-Range: ""`, "the file has no tag"},
		{"nonsense for a file without a date", static.Validators{}, nil, static.Validators{}, "If-Range: a", "what is no date is not the date that the file does not have"},
		{"an empty field", strong, nil, strong, "If-Range:", "it is neither a tag nor a date: the whole file is never wrong"},
	} {
		t.Run(test.name, func(t *testing.T) {
			of := func(v static.Validators) string {
				if v.ETag == "" {
					return " for a file without validators"
				}
				return " for the tag " + v.ETag + " and the date " + lastModified
			}
			if !static.IfRange(header(t, test.part...), test.v, now) {
				testkit.Report{Sent: strings.Join(append(test.part, ""), "\r\n"), Want: "true" + of(test.v), Got: "false", Why: test.why}.Error(t)
			}
			if static.IfRange(header(t, test.wholeFile), test.wholeV, now) {
				testkit.Report{Sent: test.wholeFile + "\r\n", Want: "false" + of(test.wholeV), Got: "true", Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask9_Partial(t *testing.T) {
	s := serve(t, map[string]string{"a.txt": "0123456789", "empty.txt": "", "dir/index.html": "<p>0123", "long.txt": strings.Repeat("0123456789", 100)})
	s.CacheControl = func(string) string { return "no-cache" }
	tag := s.tag(t, "a.txt", "")
	whole := []string{"200", "no Content-Range", "Content-Length: 10", `content "0123456789"`}
	rows := []row{
		{name: "Accept-Ranges is said", why: "a client can resume then (RFC 9110 §14.3)", send: get("/a.txt"), want: []string{"200", "Accept-Ranges: bytes"}},
		{name: "a part", why: "MUST have Content-Range (RFC 9110 §15.3.7.1)",
			send: get("/a.txt", "Range: bytes=2-4"), want: []string{"206", "Content-Range: bytes 2-4/10", "Content-Length: 3", `content "234"`}},
		{name: "the last bytes", why: "RFC 9110 §14.1.2",
			send: get("/a.txt", "Range: bytes=-2"), want: []string{"206", "Content-Range: bytes 8-9/10", `content "89"`}},
		{name: "the whole file as a part", why: "it was asked for as a part",
			send: get("/a.txt", "Range: bytes=0-"), want: []string{"206", "Content-Range: bytes 0-9/10", `content "0123456789"`}},
		{name: "with what a 200 would say", why: "MUST have Cache-Control and ETag (RFC 9110 §15.3.7)",
			send: get("/a.txt", "Range: bytes=2-4"), want: []string{"206", "ETag: " + tag, "Cache-Control: no-cache", "Last-Modified: " + lastModified, "Content-Type: text/plain; charset=utf-8"}},
		{name: "a longer part", why: "Content-Length is that of the part, and long.txt has 1000 bytes (RFC 9110 §8.6)",
			send: get("/long.txt", "Range: bytes=100-299"), want: []string{"206", "Content-Range: bytes 100-299/1000", "Content-Length: 200"}},
		{name: "ranges that are joined are one", why: "one part needs no multipart (RFC 9110 §15.3.7.2)",
			send: get("/a.txt", "Range: bytes=0-1,4-5"), want: []string{"206", "Content-Range: bytes 0-5/10", `content "012345"`}},
		{name: "nothing of it is there", why: "a 416 SHOULD say how long the file is (RFC 9110 §15.5.17)",
			send: get("/a.txt", "Range: bytes=10-"), want: []string{"416", "Content-Range: bytes */10", "no Cache-Control"}},
		{name: "a 416 is no part of the file", why: "its content is a message, with a type of its own",
			send: get("/dir/", "Range: bytes=10-"), want: []string{"416", "Content-Range: bytes */7", "not Content-Type: text/html; charset=utf-8"}},
		{name: "an index", why: "it is a file like others", send: get("/dir/", "Range: bytes=0-2"), want: []string{"206", `content "<p>"`}},
		{name: "HEAD has no ranges", why: "GET is the only method for which Range is defined (RFC 9110 §14.2)",
			send: request("HEAD", "/a.txt", "Range: bytes=2-4"), want: []string{"200", "no Content-Range", "Content-Length: 10"}},
		{name: "nor can they fail for HEAD", why: "a Range field MUST be ignored there (RFC 9110 §14.2)",
			send: request("HEAD", "/a.txt", "Range: bytes=10-"), want: []string{"200", "Content-Length: 10"}},
		{name: "another unit", why: "MUST be ignored (RFC 9110 §14.2)", send: get("/a.txt", "Range: lines=2-4"), want: whole},
		{name: "an invalid one", why: "MAY be ignored (RFC 9110 §14.2)", send: get("/a.txt", "Range: bytes=4-2"), want: whole},
		{name: "two fields", why: "Range is no list: which of them counts?", send: get("/a.txt", "Range: bytes=0-1", "Range: bytes=2-4"), want: whole},
		{name: "an empty file", why: "there is no part of it", send: get("/empty.txt", "Range: bytes=0-"), want: []string{"200", "no Content-Range", "Content-Type: text/plain; charset=utf-8"}},
		{name: "resumed by tag", why: "If-Range with the tag of this version (RFC 9110 §13.1.5)",
			send: get("/a.txt", "Range: bytes=5-", "If-Range: "+tag), want: []string{"206", `content "56789"`}},
		{name: "resumed by date", why: "If-Range with the date of this version (RFC 9110 §13.1.5)",
			send: get("/a.txt", "Range: bytes=5-", "If-Range: "+lastModified), want: []string{"206", `content "56789"`}},
		{name: "resumed with no more than is needed", why: "SHOULD NOT say again what the client has (RFC 9110 §15.3.7)",
			send: get("/a.txt", "Range: bytes=5-", "If-Range: "+tag), want: []string{"206", "ETag: " + tag, "Cache-Control: no-cache", "no Last-Modified", "no Content-Type"}},
		{name: "not resumed when the file is another", why: "half of the old file and half of the new one are no file (RFC 9110 §13.1.5)",
			send: get("/a.txt", "Range: bytes=5-", `If-Range: "old"`), want: whole},
		{name: "nor is that a 416", why: "Range is ignored then, also one that is not in the file (RFC 9110 §13.1.5)",
			send: get("/a.txt", "Range: bytes=50-", `If-Range: "old"`), want: whole},
		{name: "If-Range without Range", why: "MUST be ignored (RFC 9110 §13.1.5)", send: get("/a.txt", `If-Range: "old"`), want: append(whole, "Accept-Ranges: bytes", "Last-Modified: "+lastModified)},
		{name: "preconditions come first", why: "Range is looked at where the answer would be 200 (RFC 9110 §14.2)",
			send: get("/a.txt", "Range: bytes=5-", "If-None-Match: "+tag), want: []string{"304", "no Content-Range"}},
		{name: "a good copy goes before a range that is not there", why: "Range is looked at where the answer would be 200 (RFC 9110 §14.2)",
			send: get("/a.txt", "Range: bytes=50-", "If-None-Match: "+tag), want: []string{"304", "no Content-Range", `content ""`}},
		{name: "and so does 412", why: "step 1 of RFC 9110 §13.2.2",
			send: get("/a.txt", "Range: bytes=50-", `If-Match: "old"`), want: []string{"412", "no Content-Range"}},
	}
	for i := range rows {
		rows[i].why += "; a.txt has 10 bytes, the index of dir 7"
	}
	s.run(t, rows)
}

func TestTask9_Multipart(t *testing.T) {
	long := strings.Repeat("0123456789", 100)
	s := serve(t, map[string]string{"a.txt": long})
	const send = "Range: bytes=-5, 0-4,500-504"
	answer := ask(t, s, get("/a.txt", send))
	for _, test := range []struct{ name, want, why string }{
		{"is a 206", "206", "RFC 9110 §15.3.7.2"},
		{"has no Content-Range of its own", "no Content-Range", "MUST NOT, or it would look like a single part (RFC 9110 §15.3.7.2)"},
		{"has an ETag", "ETag: " + s.tag(t, "a.txt", ""), "MUST have what a 200 would have (RFC 9110 §15.3.7)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := answer.look(test.want); got != test.want || answer.StatusCode != 206 {
				if got != fmt.Sprint(answer.StatusCode) {
					got += fmt.Sprintf(" (status %d)", answer.StatusCode)
				}
				testkit.Report{Sent: get("/a.txt", send), Want: test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
	t.Run("has a part for each range, in their order", func(t *testing.T) {
		const want = `text/plain; charset=utf-8, bytes 995-999/1000, "56789"
text/plain; charset=utf-8, bytes 0-4/1000, "01234"
text/plain; charset=utf-8, bytes 500-504/1000, "01234"
end`
		if got := parts(answer); got != want {
			testkit.Report{Sent: get("/a.txt", send), Want: want, Got: got, Why: "each part has Content-Type and Content-Range, in the order of the request (RFC 9110 §15.3.7.2)"}.Error(t)
		}
	})
	t.Run("says its length", func(t *testing.T) {
		if got, want := answer.Header.Get("Content-Length"), fmt.Sprint(len(answer.content)); got != want || answer.StatusCode != 206 {
			testkit.Report{Sent: get("/a.txt", send), Want: "Content-Length: " + want, Got: "Content-Length: " + got + fmt.Sprintf(" (status %d)", answer.StatusCode),
				Why: "it is known before: without it the response would be chunked, and a client could show no progress"}.Error(t)
		}
	})
	t.Run("says its length, also when it is long", func(t *testing.T) {
		big := serve(t, map[string]string{"a.bin": strings.Repeat("0123456789", 10_000)})
		const send = "Range: bytes=0-39999,-40000"
		answer := ask(t, big, get("/a.bin", send))
		if got, want := answer.Header.Get("Content-Length"), fmt.Sprint(len(answer.content)); got != want || answer.StatusCode != 206 {
			testkit.Report{Sent: get("/a.bin", send), Want: "Content-Length: " + want, Got: "Content-Length: " + got + fmt.Sprintf(" (status %d)", answer.StatusCode),
				Why: "of a short response step 4 counts the bytes for you; of a long one it cannot, and it is known before: a client could show no progress"}.Error(t)
		}
	})
	t.Run("costs no more than the file", func(t *testing.T) {
		var b strings.Builder
		for i := range static.MaxRanges {
			fmt.Fprintf(&b, ",%d-%d", (i*317)%1000, (i*317)%1000)
		}
		answer := ask(t, s, get("/a.txt", "Range: bytes="+b.String()[1:]))
		if answer.StatusCode != 206 || len(answer.content) > 2*len(long) {
			testkit.Report{Sent: get("/a.txt", "Range: bytes="+b.String()[1:]), Want: "a 206, not much longer than the file", Got: fmt.Sprintf("status %d, %d bytes", answer.StatusCode, len(answer.content)),
				Why: "ranges that lie close together are one (RFC 9110 §17.15)"}.Error(t)
		}
	})
}

// parts says what is in a multipart response, one part a line.
func parts(r reply) string {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/byteranges" {
		return fmt.Sprintf("status %d, Content-Type: %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	var b strings.Builder
	for in := multipart.NewReader(strings.NewReader(r.content), params["boundary"]); ; {
		part, err := in.NextRawPart()
		if err == io.EOF {
			return b.String() + "end"
		}
		if err != nil {
			return b.String() + err.Error()
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return b.String() + err.Error()
		}
		fmt.Fprintf(&b, "%s, %s, %q\n", part.Header.Get("Content-Type"), part.Header.Get("Content-Range"), content)
	}
}
