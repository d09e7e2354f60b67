// Package step09 is step 9 for the exam: its functions, and sites on a disk that are
// made as the exam has written it down. It needs a folder for temporary files.
//
// Read step09.go first, then site.go.
package step09

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"time"

	message "barewire/solutions/03-headers-bodies"
	static "barewire/solutions/09-static-files"

	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("static.Name", Name)
	wire.Handle("static.Hidden", func(name []byte) bool { return Hidden(name) })
	wire.Handle("static.ContentType", ContentType)
	wire.Handle("static.AppendListing", Listing)
	wire.Handle("static.ParseDate", ParseDate)
	wire.Handle("static.ValidatorsOf", ValidatorsOf)
	wire.Handle("static.MatchETag", MatchETag)
	wire.Handle("static.Check", Check)
	wire.Handle("static.ParseRange", ParseRange)
	wire.Handle("static.ParsePreference", ParsePreference)
	wire.Handle("static.AppendAccepted", Accepted)
	wire.Handle("static.Files", Serve)
	wire.Handle("static.Files open", StayOpen)
}

// Named is what Name returns.
type Named struct {
	Name []byte
	Dir  bool
	Err  string
}

// Name calls Name.
func Name(path []byte) Named {
	name, dir, err := static.Name(path)
	switch {
	case errors.Is(err, static.ErrName):
		return Named{Err: "ErrName"}
	case err != nil:
		return Named{Err: "another error"}
	}
	return Named{[]byte(name), dir, ""}
}

// Hidden calls Hidden.
func Hidden(name []byte) bool { return static.Hidden(string(name)) }

// ContentType calls ContentType.
func ContentType(name string) string { return static.ContentType(name) }

// ListingIn is a page of links.
type ListingIn struct {
	Title []byte
	Names [][]byte
}

// Page is what a page of links has. The rest of it is free.
type Page struct {
	Kept    bool // what was there before
	Title   string
	Links   []string // with their texts
	Scripts bool     // there is a tag that a name or the title has brought
}

var (
	link  = regexp.MustCompile(`(?s)<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>`)
	title = regexp.MustCompile(`(?s)<title>(.*?)</title>`)
	evil  = regexp.MustCompile(`(?i)<(evil|script|b)[ >]`)
)

// pageOf reads a page.
func pageOf(page string) Page {
	out := Page{Links: []string{}, Scripts: evil.MatchString(page)}
	if m := title.FindStringSubmatch(page); m != nil {
		out.Title = strings.TrimSpace(unescape(m[1]))
	}
	for _, m := range link.FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(m[1], "./") {
			out.Links = append(out.Links, m[1]+" "+unescape(m[2]))
		}
	}
	return out
}

// unescape undoes escapes of HTML, of which there are several for each character; what
// should have been one and is not stays visible.
func unescape(text string) string {
	text = strings.NewReplacer("<", "<raw", "&lt;", "<", "&#60;", "<", "&gt;", ">", "&#62;", ">", "&#34;", `"`, "&quot;", `"`, "&#39;", "'", "&apos;", "'", "&#x27;", "'", "&amp;", "&", "&#38;", "&").Replace(text)
	return text
}

// Listing calls AppendListing.
func Listing(a ListingIn) Page {
	var names []string
	for _, n := range a.Names {
		names = append(names, string(n))
	}
	page, kept := strings.CutPrefix(string(static.AppendListing([]byte("before"), string(a.Title), names)), "before")
	out := pageOf(page)
	out.Kept = kept
	return out
}

// DateIn is a date and what time it is.
type DateIn struct {
	Src []byte
	Now int64
}

// Date is what ParseDate returns.
type Date struct {
	Unix int64
	OK   bool
}

// ParseDate calls ParseDate.
func ParseDate(a DateIn) Date {
	t, ok := static.ParseDate(a.Src, time.Unix(a.Now, 0))
	if !ok {
		return Date{}
	}
	return Date{t.Unix(), ok}
}

// A Version is a version of a file.
type Version struct {
	Size   int64
	Nanos  int64 // of its change, since 1970
	Coding string
	Now    int64 // nanoseconds too
}

func (v Version) Name() string       { return "a.txt" }
func (v Version) Mode() fs.FileMode  { return 0o644 }
func (v Version) ModTime() time.Time { return time.Unix(0, v.Nanos) }
func (v Version) IsDir() bool        { return false }
func (v Version) Sys() any           { return nil }

// An info is a Version, as package fs has it.
type info struct{ Version }

func (i info) Size() int64 { return i.Version.Size }

// A Validator is what ValidatorsOf returns. The letters of a tag are free: two tags are
// the same or not.
type Validator struct {
	Tag      int // the number of the first version with this tag, from 1; 0 for none
	Weak     bool
	Bad      string // a tag that is none
	Modified int64  // nanoseconds since 1970; 0 for none
	UTC      bool
}

var tagForm = regexp.MustCompile(`^(W/)?"([A-Za-z0-9-]+)"$`)

// ValidatorsOf calls ValidatorsOf.
func ValidatorsOf(versions []Version) []Validator {
	first := map[string]int{}
	out := []Validator{}
	for i, version := range versions {
		v := static.ValidatorsOf(info{version}, version.Coding, time.Unix(0, version.Now))
		var o Validator
		if !v.Modified.IsZero() {
			o.Modified, o.UTC = v.Modified.UnixNano(), v.Modified.Location() == time.UTC
		}
		if m := tagForm.FindStringSubmatch(v.ETag); m != nil {
			if first[m[2]] == 0 {
				first[m[2]] = i + 1
			}
			o.Tag, o.Weak = first[m[2]], m[1] != ""
		} else {
			o.Bad = v.ETag
		}
		out = append(out, o)
	}
	return out
}

// MatchIn is a list of tags and one to look for.
type MatchIn struct {
	List   []byte
	Tag    string
	Strong bool
}

// MatchETag calls MatchETag.
func MatchETag(a MatchIn) bool { return static.MatchETag(a.List, a.Tag, a.Strong) }

// CheckIn is a request with preconditions.
type CheckIn struct {
	Method   string
	Fields   []step03.Pair
	ETag     string
	Modified int64 // seconds; 0 for none
}

// Checked is what Check and IfRange return.
type Checked struct {
	Status  int
	IfRange bool
}

// Check calls Check and IfRange.
func Check(a CheckIn) Checked {
	var h message.Header
	for _, f := range a.Fields {
		h.Add(string(f.Name), string(f.Value))
	}
	v := static.Validators{ETag: a.ETag}
	if a.Modified != 0 {
		v.Modified = time.Unix(a.Modified, 0).UTC()
	}
	now := time.Unix(1714651200, 0)
	return Checked{static.Check(a.Method, &h, v, now), static.IfRange(&h, v, now)}
}

// RangeIn is a Range field and a file.
type RangeIn struct {
	Value []byte
	Size  int64
}

// Ranges are what ParseRange returns.
type Ranges struct {
	Ranges []static.Range
	Err    string
}

// ParseRange calls ParseRange.
func ParseRange(a RangeIn) Ranges {
	ranges, err := static.ParseRange(a.Value, a.Size)
	switch {
	case errors.Is(err, static.ErrRange):
		return Ranges{Err: "ErrRange"}
	case err != nil:
		return Ranges{Err: "another error"}
	}
	return Ranges{Ranges: append([]static.Range{}, ranges...)}
}

// Preference is what ParsePreference returns.
type Preference struct {
	Coding  []byte
	Quality int
	OK      bool
}

// ParsePreference calls ParsePreference.
func ParsePreference(member []byte) Preference {
	coding, quality, ok := static.ParsePreference(member)
	if !ok {
		return Preference{}
	}
	return Preference{append([]byte{}, coding...), quality, ok}
}

// AcceptedIn are fields and what is offered.
type AcceptedIn struct {
	Fields  []step03.Pair
	Offered []string
}

// Accepted calls AppendAccepted.
func Accepted(a AcceptedIn) []string {
	var h message.Header
	for _, f := range a.Fields {
		h.Add(string(f.Name), string(f.Value))
	}
	return append([]string{}, static.AppendAccepted([]string{"before"}, &h, a.Offered...)...)
}
