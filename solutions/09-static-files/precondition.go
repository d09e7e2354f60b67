package static

import (
	"bytes"
	"io/fs"
	"strconv"
	"time"

	"barewire/solutions/03-headers-bodies"
)

// Validators say which version of a file this is (RFC 9110 §8.8).
type Validators struct {
	ETag     string    // an entity tag with its quotes, or "" if there is none
	Modified time.Time // in whole seconds and UTC, or zero if there is none
}

// MinAge is how long a file has to be unchanged before its entity tag is strong.
// Some file systems count time in steps of two seconds.
const MinAge = 2 * time.Second

// ValidatorsOf makes the validators of a file with a content coding, "" for none, at
// the time now.
//
// The entity tag is made of the time of the last change, with all the digits that
// the file system has, the size, and the coding: each representation of a file has
// its own tag (RFC 9110 §8.8.3.3). It has letters, digits and dashes only. It is a
// strong one, because a change of the content changes the time. That does not hold
// for a second change in the same step of the file system's clock; so the tag is
// weak, the same with W/ before it, while the last change is less than MinAge ago
// (§8.8.1). Every server that sees the same file with the same time makes the same
// tag.
//
// Modified is the time of the last change, but never later than now (§8.8.2.1).
//
// A file from any time of the day 1970-01-01 (UTC), or from before, has no validators: what packs files into images
// sets that date for all of them, and then it says nothing about changes.
//
//starter:todo 9.6 The time in nanoseconds, the size and the coding, in quotes.
func ValidatorsOf(info fs.FileInfo, coding string, now time.Time) Validators {
	changed := info.ModTime()
	if changed.Unix() < 24*60*60 {
		return Validators{}
	}
	b := make([]byte, 0, 48)
	if now.Sub(changed) < MinAge {
		b = append(b, "W/"...)
	}
	b = append(b, '"')
	b = strconv.AppendInt(b, changed.UnixNano(), 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, info.Size(), 36)
	if coding != "" {
		b = append(append(b, '-'), coding...)
	}
	b = append(b, '"')
	if changed.After(now) {
		changed = now
	}
	return Validators{string(b), changed.UTC().Truncate(time.Second)}
}

// The three formats of a date (RFC 9110 §5.6.7). Only the first is ever written.
const (
	fixDate = "Mon, 02 Jan 2006 15:04:05 GMT"
	rfc850  = "Monday, 02-Jan-06 15:04:05 GMT"
	asctime = "Mon Jan _2 15:04:05 2006"
)

// ParseDate parses an HTTP date in any of the three formats that RFC 9110 §5.6.7 has
// and says whether it is one:
//
//	Sun, 06 Nov 1994 08:49:37 GMT
//	Sunday, 06-Nov-94 08:49:37 GMT
//	Sun Nov  6 08:49:37 1994
//
// Letters, spaces and the number of digits must be as shown, and the day must be the
// right one. The second format has two digits of the year, and of all years that end
// so the latest is meant which makes a date not more than 50 years after now. A leap
// second, 23:59:60, is taken for the one before it: no file has such a time.
//
//starter:todo 9.6 Package time can read all three; see what else it lets through.
func ParseDate(src []byte, now time.Time) (t time.Time, ok bool) {
	if len(src) < len(asctime) || len(src) > len("Wednesday, 02-Jan-06 15:04:05 GMT") {
		return t, false
	}
	layout := rfc850
	switch src[3] {
	case ',':
		layout = fixDate
	case ' ':
		layout = asctime
	}
	if bytes.Contains(src, []byte("23:59:60")) {
		src = bytes.Replace(src, []byte(":60"), []byte(":59"), 1)
	}
	t, err := time.Parse(layout, string(src))
	if err != nil {
		return time.Time{}, false
	}
	if layout == rfc850 {
		t = century(t, now)
	}
	// Parse also takes letters of either case, fractions of a second and the
	// name of any day. Only what is written back as it came has none of that.
	var buf [40]byte
	if !bytes.Equal(t.AppendFormat(buf[:0], layout), src) {
		return time.Time{}, false
	}
	return t, true
}

// century moves a date whose year has two digits into the hundred years that end 50
// years after now.
//
//starter:omit
func century(t, now time.Time) time.Time {
	last := now.AddDate(50, 0, 0)
	for t.After(last) {
		t = t.AddDate(-100, 0, 0)
	}
	for next := t.AddDate(100, 0, 0); !next.After(last); next = t.AddDate(100, 0, 0) {
		t = next
	}
	return t
}

// MatchETag says whether tag is in list, the value of an If-Match or If-None-Match
// field: entity tags with commas between them, or "*", which is every tag and also
// stands for a file without one ("").
//
// Strong says how to compare (RFC 9110 §8.8.3.2): a strong comparison finds equal
// tags that are both not weak, a weak one does not look at W/ on either side.
// Commas within the quotes belong to the tag, and backslashes are bytes like others
// (§8.8.3). What follows a syntax error is not looked at: it matches nothing.
//
//starter:todo 9.7 A tag ends with its second quote, not with a comma.
func MatchETag(list []byte, tag string, strong bool) bool {
	if bytes.Equal(bytes.Trim(list, " \t"), []byte("*")) {
		return true
	}
	want, weakWant := bytes.CutPrefix([]byte(tag), []byte("W/"))
	for {
		list = bytes.TrimLeft(list, " \t,")
		rest, weak := bytes.CutPrefix(list, []byte("W/"))
		n := opaqueTag(rest)
		if n == 0 {
			return false
		}
		if bytes.Equal(rest[:n], want) && !(strong && (weak || weakWant)) {
			return true
		}
		list = bytes.TrimLeft(rest[n:], " \t")
		if len(list) > 0 && list[0] != ',' {
			return false
		}
	}
}

// opaqueTag returns how many bytes the quoted tag at the start of src has, or 0 if
// there is none.
//
//starter:omit
func opaqueTag(src []byte) int {
	if len(src) == 0 || src[0] != '"' {
		return 0
	}
	for i, c := range src[1:] {
		if c == '"' {
			return i + 2
		}
		if c <= ' ' || c == 0x7f {
			return 0
		}
	}
	return 0
}

// Check evaluates the preconditions of a request for something that exists, in the
// order of RFC 9110 §13.2.2:
//
//  1. If-Match: 412 unless it has the tag, compared strongly.
//  2. Without If-Match, If-Unmodified-Since: 412 if v.Modified is later.
//  3. If-None-Match: 304 if it has the tag, compared weakly; 412 for methods other
//     than GET and HEAD.
//  4. Without If-None-Match, for GET and HEAD, If-Modified-Since: 304 unless
//     v.Modified is later.
//
// The result is 412, 304, or 200 if nothing stands against the request. A field with
// a date counts only if there is one line of it with a date that is one, and if v has
// a date (§13.1.3, §13.1.4). Several lines of a list are one list. If-Range is not
// looked at: that is [IfRange].
//
//starter:todo 9.7 Four questions in this order; the second of each pair only if the first is not asked.
func Check(method string, h *message.Header, v Validators, now time.Time) int {
	if h.Has("If-Match") {
		if !matches(h, "If-Match", v.ETag, true) {
			return 412
		}
	} else if date, ok := dateOf(h, "If-Unmodified-Since", now); ok && v.Modified.After(date) {
		return 412
	}
	reads := method == "GET" || method == "HEAD"
	if h.Has("If-None-Match") {
		if matches(h, "If-None-Match", v.ETag, false) {
			if reads {
				return 304
			}
			return 412
		}
	} else if date, ok := dateOf(h, "If-Modified-Since", now); ok && reads && !v.Modified.IsZero() && !v.Modified.After(date) {
		return 304
	}
	return 200
}

// IfRange says whether the Range field of a request may be heeded as far as its
// If-Range field is concerned (RFC 9110 §13.1.5): if there is none, or one line that
// is v.ETag, compared strongly, or a date that is exactly v.Modified while v.ETag is not
// weak: then the file may change twice within a second (§8.8.2.2). An older or a later
// date is another version. Anything else, also what cannot be parsed, is false:
// then the client gets the whole file, which is never wrong.
//
//starter:todo 9.9 One tag or one date, and it must be the same, not only not newer.
func IfRange(h *message.Header, v Validators, now time.Time) bool {
	lines := 0
	var same bool
	for value := range h.Values("If-Range") {
		if lines++; len(value) > 0 && value[0] == '"' {
			same = string(value) == v.ETag
		} else {
			date, ok := ParseDate(value, now)
			same = ok && date.Equal(v.Modified) && !bytes.HasPrefix([]byte(v.ETag), []byte("W/"))
		}
	}
	return lines == 0 || lines == 1 && same
}

// matches is MatchETag for all lines of a field.
//
//starter:omit
func matches(h *message.Header, name, tag string, strong bool) bool {
	for value := range h.Values(name) {
		if MatchETag(value, tag, strong) {
			return true
		}
	}
	return false
}

// dateOf returns the date in a field that has one line.
//
//starter:omit
func dateOf(h *message.Header, name string, now time.Time) (date time.Time, ok bool) {
	lines := 0
	for value := range h.Values(name) {
		date, ok = ParseDate(value, now)
		lines++
	}
	return date, ok && lines == 1
}
