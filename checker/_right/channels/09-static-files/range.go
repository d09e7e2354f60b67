package static

import (
	"errors"
	"math"
	"slices"
	"strings"
)

// MaxRanges is how many ranges one Range field may ask for. Apache takes 200, and
// clients that want more than a few are rare.
const MaxRanges = 32

// MaxGap is how many bytes may lie between two ranges that are sent as one. A part
// of a multipart response has a head of about this size, so leaving such a gap out
// saves nothing (RFC 9110 §15.3.7.2).
const MaxGap = 160

// ErrRange says that no range of a Range field is in the file: the answer is a 416
// (RFC 9110 §15.5.17).
var ErrRange = errors.New("static: none of the ranges is in the file")

// A Range is a part of a file: Length bytes, at least one, from Start on.
type Range struct {
	Start, Length int64
}

// ParseRange parses the value of a Range field (RFC 9110 §14.2) and returns the
// parts of a file of size bytes that it asks for, in the order in which it does:
//
//	bytes=0-99      the first 100 bytes
//	bytes=100-      from byte 100 on
//	bytes=-100      the last 100 bytes, or all if there are fewer
//	bytes=0-0,-1    the first byte and the last
//
// The unit is compared without regard to case. Numbers may have any number of
// digits: one that is too large for an int64 means the largest int64 (§14.1.2).
// Spaces and tabs around a range and members without anything in them are skipped
// (§5.6.1.2). A range that ends behind the file ends with it, and one that is not in
// the file at all is left out; if that leaves none, the error is ErrRange.
//
// Ranges that overlap, or have at most MaxGap bytes between them, are joined into
// one, in the place of the first of them. So the parts are never more than the file,
// whatever was asked for (§17.15).
//
// No ranges and no error mean that the field is to be ignored and the whole file
// sent (§14.2 allows it): another unit, a syntax error in any member, a range
// whose end is before its start, more than MaxRanges of them, or an empty file.
func ParseRange(value []byte, size int64) ([]Range, error) {
	unit, list, ok := strings.Cut(string(value), "=")
	if !ok || len(unit) != len("bytes") || !strings.EqualFold(unit, "bytes") || size <= 0 { // ſ, which folds to s, is longer
		return nil, nil
	}
	var ranges []Range
	n := 0
	for member := range strings.SplitSeq(list, ",") {
		if member = strings.Trim(member, ows); member == "" {
			continue
		}
		r, ok := parseOne(member, size)
		if n++; !ok || n > MaxRanges {
			return nil, nil
		}
		if r.Length > 0 {
			ranges = join(ranges, r)
		}
	}
	if n > 0 && len(ranges) == 0 {
		return nil, ErrRange
	}
	return ranges, nil
}

// parseOne parses one range; its Length is 0 if it is not in the file.
func parseOne(s string, size int64) (Range, bool) {
	first, last, ok := strings.Cut(s, "-")
	start, hasStart := parseNumber(first)
	end, hasEnd := parseNumber(last)
	switch {
	case !ok, !hasStart && first != "", !hasEnd && last != "", !hasStart && !hasEnd:
		return Range{}, false
	case !hasStart:
		end = min(end, size)
		return Range{size - end, end}, true
	case hasEnd && end < start:
		return Range{}, false
	case start >= size:
		return Range{}, true
	case !hasEnd || end >= size:
		end = size - 1
	}
	return Range{start, end - start + 1}, true
}

// parseNumber parses digits; a number that is too large is the largest.
func parseNumber(s string) (n int64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if d := int64(c - '0'); n > (math.MaxInt64-d)/10 {
			n = math.MaxInt64
		} else {
			n = 10*n + d
		}
	}
	return n, s != ""
}

// join adds a range to others that are apart from each other, joined with all that
// are near to it, in the place of the first of these.
func join(ranges []Range, r Range) []Range {
	at := len(ranges)
	for i := 0; i < len(ranges); {
		o := ranges[i]
		if r.Start-MaxGap > o.Start+o.Length || o.Start-MaxGap > r.Start+r.Length {
			i++
			continue
		}
		start := min(r.Start, o.Start)
		r = Range{start, max(r.Start+r.Length, o.Start+o.Length) - start}
		ranges = slices.Delete(ranges, i, i+1)
		at = min(at, i)
		i = 0 // it may be near to others now
	}
	return slices.Insert(ranges, min(at, len(ranges)), r)
}
