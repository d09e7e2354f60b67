package static

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
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
	changed := info.ModTime()
	if changed.Unix() < 24*60*60 {
		return Validators{}
	}
	tag := fmt.Sprintf("%x-%x-%x", changed.Unix(), changed.Nanosecond(), info.Size())
	if coding != "" {
		tag += "-" + coding
	}
	tag = `"` + tag + `"`
	if now.Sub(changed) < MinAge {
		tag = "W/" + tag
	}
	if changed.After(now) {
		changed = now
	}
	return Validators{ETag: tag, Modified: changed.UTC().Truncate(time.Second)}
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
	text := strings.Replace(string(src), " 23:59:60 ", " 23:59:59 ", 1)
	for _, layout := range []string{fixDate, rfc850, asctime} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if layout == rfc850 {
			t = inLatestYear(t, now)
		}
		// Parse lets other spellings through, and does not look at the day of the week.
		if t.Format(layout) == text {
			return t, true
		}
	}
	return time.Time{}, false
}

// inLatestYear returns t in the latest year with the same two digits that there is such a
// date in, and that is not more than 50 years after now.
func inLatestYear(t, now time.Time) time.Time {
	latest := now.UTC().AddDate(50, 0, 0)
	for year := latest.Year(); year > 0; year-- {
		if year%100 != t.Year()%100 {
			continue
		}
		d := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		if d.Day() == t.Day() && !d.After(latest) {
			return d
		}
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
func MatchETag(list []byte, tag string, strong bool) bool {
	rest := strings.Trim(string(list), " \t")
	if rest == "*" {
		return true
	}
	for {
		rest = strings.TrimLeft(rest, " \t,")
		found := firstTag.FindString(rest)
		if found == "" {
			return false
		}
		if strong && found == tag && !strings.HasPrefix(tag, "W/") {
			return true
		}
		if !strong && strings.TrimPrefix(found, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
		rest = strings.TrimLeft(rest[len(found):], " \t")
		if rest != "" && rest[0] != ',' {
			return false
		}
	}
}

var firstTag = regexp.MustCompile(`^(W/)?"[^\x00-\x20"\x7f]*"`)

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
		if !MatchETag(oneList(h, "If-Match"), v.ETag, true) {
			return 412
		}
	} else if date, ok := oneDate(h, "If-Unmodified-Since", v, now); ok && v.Modified.After(date) {
		return 412
	}
	if h.Has("If-None-Match") {
		if MatchETag(oneList(h, "If-None-Match"), v.ETag, false) {
			if safe {
				return 304
			}
			return 412
		}
	} else if date, ok := oneDate(h, "If-Modified-Since", v, now); ok && safe && !v.Modified.After(date) {
		return 304
	}
	return 200
}

// oneList returns the lines of a field as one list.
func oneList(h *message.Header, name string) []byte {
	return bytes.Join(slices.Collect(h.Values(name)), []byte(", "))
}

// oneDate returns the date in a field, if there is one that counts.
func oneDate(h *message.Header, name string, v Validators, now time.Time) (time.Time, bool) {
	lines := slices.Collect(h.Values(name))
	if len(lines) != 1 || v.Modified.IsZero() {
		return time.Time{}, false
	}
	return ParseDate(lines[0], now)
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
	lines := slices.Collect(h.Values("If-Range"))
	if len(lines) == 1 && v.ETag != "" && string(lines[0]) == v.ETag {
		return true
	}
	date, ok := oneDate(h, "If-Range", v, now)
	return ok && date.Equal(v.Modified)
}
