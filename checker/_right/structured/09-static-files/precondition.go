package static

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/steps/03-headers-bodies"
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
func ValidatorsOf(info fs.FileInfo, coding string, now time.Time) Validators {
	changed := info.ModTime().UTC()
	if changed.Before(time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)) {
		return Validators{}
	}
	parts := []string{}
	for _, n := range []int64{changed.Unix(), int64(changed.Nanosecond()), info.Size()} {
		parts = append(parts, strconv.FormatInt(n, 36))
	}
	if coding != "" {
		parts = append(parts, coding)
	}
	v := Validators{ETag: `"` + strings.Join(parts, "-") + `"`, Modified: changed}
	if now.Sub(changed) < MinAge {
		v.ETag = "W/" + v.ETag
	}
	if v.Modified.After(now) {
		v.Modified = now.UTC()
	}
	v.Modified = v.Modified.Truncate(time.Second)
	return v
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
func ParseDate(src []byte, now time.Time) (t time.Time, ok bool) {
	s := strings.Replace(string(src), "23:59:60", "23:59:59", 1)
	for _, layout := range []string{fixDate, asctime} {
		if t, ok := exact(layout, s); ok {
			return t, true
		}
	}
	// The century is not there: the latest one that makes a date.
	day, rest, _ := strings.Cut(s, ", ")
	const before = len("02-Jan-")
	if len(rest) < before {
		return time.Time{}, false
	}
	latest := now.UTC().AddDate(50, 0, 0)
	for century := latest.Year() / 100; century >= 0; century-- {
		t, ok := exact("02-Jan-2006 15:04:05 GMT", fmt.Sprintf("%s%02d%s", rest[:before], century, rest[before:]))
		if ok && !t.After(latest) {
			return t, t.Weekday().String() == day
		}
	}
	return time.Time{}, false
}

// exact parses s, which must be what t looks like in the layout.
func exact(layout, s string) (t time.Time, ok bool) {
	t, err := time.Parse(layout, s)
	return t, err == nil && t.Format(layout) == s
}

// MatchETag says whether tag is in list, the value of an If-Match or If-None-Match
// field: entity tags with commas between them, or "*", which is every tag and also
// stands for a file without one ("").
//
// Strong says how to compare (RFC 9110 §8.8.3.2): a strong comparison finds equal
// tags that are both not weak, a weak one does not look at W/ on either side.
// Commas within the quotes belong to the tag, and backslashes are bytes like others
// (§8.8.3). What follows a syntax error is not looked at: it matches nothing.
func MatchETag(list []byte, tag string, strong bool) bool {
	text := strings.Trim(string(list), " \t")
	if text == "*" {
		return true
	}
	opaque, isWeak := strings.CutPrefix(tag, "W/")
	for {
		text = strings.TrimLeft(text, " \t,")
		m := firstTag.FindStringSubmatch(text)
		if m == nil {
			return false
		}
		if m[2] == opaque && !(strong && (isWeak || m[1] != "")) {
			return true
		}
		text = strings.TrimLeft(text[len(m[0]):], " \t")
		if !strings.HasPrefix(text, ",") {
			return false
		}
	}
}

// firstTag is bytes, of which those above 127 need not be UTF-8.
var firstTag = regexp.MustCompile(`\A(W/)?("[^\x00-\x20"\x7f]*")`)

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
func Check(method string, h *message.Header, v Validators, now time.Time) int {
	reads := method == "GET" || method == "HEAD"
	matches := func(name string, strong bool) bool {
		list := bytes.Join(slices.Collect(h.Values(name)), []byte(", "))
		return MatchETag(list, v.ETag, strong)
	}
	unread := 412
	if reads {
		unread = 304
	}
	for _, question := range []struct {
		tags, date string
		strong     bool // how tags are compared
		want       bool // whether it is well that they match, and that it is not later
		ask        bool // for the date
		otherwise  int
	}{
		{"If-Match", "If-Unmodified-Since", true, true, true, 412},
		{"If-None-Match", "If-Modified-Since", false, false, reads, unread},
	} {
		if h.Has(question.tags) {
			if matches(question.tags, question.strong) != question.want {
				return question.otherwise
			}
			continue
		}
		since, ok := oneDate(h, question.date, now)
		if ok && question.ask && !v.Modified.IsZero() && !v.Modified.After(since) != question.want {
			return question.otherwise
		}
	}
	return 200
}

// oneDate returns the date in a field that is there once.
func oneDate(h *message.Header, name string, now time.Time) (t time.Time, ok bool) {
	if lines := slices.Collect(h.Values(name)); len(lines) == 1 {
		return ParseDate(lines[0], now)
	}
	return time.Time{}, false
}

// IfRange says whether the Range field of a request may be heeded as far as its
// If-Range field is concerned (RFC 9110 §13.1.5): if there is none, or one line that
// is v.ETag, compared strongly, or a date that is exactly v.Modified while v.ETag is not
// weak: then the file may change twice within a second (§8.8.2.2). An older or a later
// date is another version. Anything else, also what cannot be parsed, is false:
// then the client gets the whole file, which is never wrong.
func IfRange(h *message.Header, v Validators, now time.Time) bool {
	lines := slices.Collect(h.Values("If-Range"))
	switch {
	case len(lines) == 0:
		return true
	case len(lines) > 1, strings.HasPrefix(v.ETag, "W/"):
		return false
	case v.ETag != "" && string(lines[0]) == v.ETag:
		return true
	}
	t, ok := ParseDate(lines[0], now)
	return ok && !v.Modified.IsZero() && t.Equal(v.Modified)
}
