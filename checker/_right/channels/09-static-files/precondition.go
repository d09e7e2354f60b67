package static

import (
	"bytes"
	"io/fs"
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
	at := info.ModTime()
	if at.Before(time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)) {
		return Validators{}
	}
	tag := []byte(`"`)
	if now.Sub(at) < MinAge {
		tag = []byte(`W/"`)
	}
	tag = append(strconv.AppendInt(tag, at.Unix(), 36), '-')
	tag = append(strconv.AppendInt(tag, int64(at.Nanosecond()), 36), '-')
	tag = strconv.AppendInt(tag, info.Size(), 36)
	if coding != "" {
		tag = append(append(tag, '-'), coding...)
	}
	if at.After(now) {
		at = now
	}
	return Validators{string(append(tag, '"')), at.UTC().Truncate(time.Second)}
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
	text := strings.Replace(string(src), "23:59:60", "23:59:59", 1)
	for _, form := range []string{fixDate, rfc850, asctime} {
		t, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		if form == rfc850 {
			t = inCentury(t, now)
		}
		// Written again it is the same, or package time has been generous.
		if t.Format(form) == text {
			return t, true
		}
	}
	return time.Time{}, false
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
	list = bytes.Trim(list, ows)
	if string(list) == "*" {
		return true
	}
	weak := strings.HasPrefix(tag, "W/")
	opaque := strings.TrimPrefix(tag, "W/")
	for {
		list = bytes.TrimLeft(list, ows+",")
		n, ok := tagLen(list)
		if !ok {
			return false
		}
		other, otherWeak := bytes.CutPrefix(list[:n], []byte("W/"))
		if string(other) == opaque && !(strong && (weak || otherWeak)) {
			return true
		}
		if list = bytes.TrimLeft(list[n:], ows); len(list) == 0 || list[0] != ',' {
			return false
		}
	}
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
func Check(method string, h *message.Header, v Validators, now time.Time) int {
	safe := method == "GET" || method == "HEAD"
	if h.Has("If-Match") {
		if !MatchETag(joined(h, "If-Match"), v.ETag, true) {
			return 412
		}
	} else if since, ok := date(h, "If-Unmodified-Since", v, now); ok && v.Modified.After(since) {
		return 412
	}
	if h.Has("If-None-Match") {
		switch {
		case !MatchETag(joined(h, "If-None-Match"), v.ETag, false):
		case safe:
			return 304
		default:
			return 412
		}
	} else if since, ok := date(h, "If-Modified-Since", v, now); ok && safe && !v.Modified.After(since) {
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
func IfRange(h *message.Header, v Validators, now time.Time) bool {
	if !h.Has("If-Range") {
		return true
	}
	if strings.HasPrefix(v.ETag, "W/") {
		return false
	}
	if value, ok := only(h, "If-Range"); ok && v.ETag != "" && string(value) == v.ETag {
		return true
	}
	at, ok := date(h, "If-Range", v, now)
	return ok && at.Equal(v.Modified)
}

const ows = " \t"

// inCentury moves a date with two digits of a year to the latest of all years that
// end so which makes it not more than 50 years after now.
func inCentury(t, now time.Time) time.Time {
	latest := now.UTC().AddDate(50, 0, 0)
	year := latest.Year()/100*100 + t.Year()%100
	for {
		moved := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		if !moved.After(latest) {
			return moved
		}
		year -= 100
	}
}

// tagLen returns how long the entity tag at the start of s is (RFC 9110 §8.8.3).
func tagLen(s []byte) (n int, ok bool) {
	if bytes.HasPrefix(s, []byte("W/")) {
		n = 2
	}
	if n == len(s) || s[n] != '"' {
		return 0, false
	}
	for n++; n < len(s); n++ {
		switch c := s[n]; {
		case c == '"':
			return n + 1, true
		case c <= ' ' || c == 0x7f:
			return 0, false
		}
	}
	return 0, false
}

// joined returns all lines of a list field as one list.
func joined(h *message.Header, name string) []byte {
	var list []byte
	for v := range h.Values(name) {
		if list != nil {
			list = append(list, ", "...)
		}
		list = append(list, v...)
	}
	return list
}

// only returns the value of a field that is there once.
func only(h *message.Header, name string) (value []byte, ok bool) {
	n := 0
	for v := range h.Values(name) {
		value = v
		n++
	}
	return value, n == 1
}

// date returns the date in a field that is there once, if it can be compared with v.
func date(h *message.Header, name string, v Validators, now time.Time) (time.Time, bool) {
	value, ok := only(h, name)
	if !ok || v.Modified.IsZero() {
		return time.Time{}, false
	}
	return ParseDate(value, now)
}
