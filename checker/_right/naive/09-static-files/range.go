package static

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
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
	unit, list, found := strings.Cut(string(value), "=")
	if !found || strings.ToLower(unit) != "bytes" || size == 0 {
		return nil, nil
	}
	members := 0
	ranges := []Range{}
	for _, member := range strings.Split(list, ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue
		}
		members++
		m := rangePattern.FindStringSubmatch(member)
		if m == nil || m[1] == "" && m[2] == "" {
			return nil, nil
		}
		first, last := parseNumber(m[1]), parseNumber(m[2])
		switch {
		case m[1] == "": // the last so many
			first, last = size-min(last, size), size-1
		case m[2] == "":
			last = size - 1
		case last < first:
			return nil, nil
		}
		last = min(last, size-1)
		if first <= last {
			ranges = join(ranges, Range{first, last - first + 1})
		}
	}
	if members == 0 || members > MaxRanges {
		return nil, nil
	}
	if len(ranges) == 0 {
		return nil, ErrRange
	}
	return ranges, nil
}

var rangePattern = regexp.MustCompile(`^([0-9]*)-([0-9]*)$`)

// parseNumber returns the largest number for one that is too large, and 0 for none.
func parseNumber(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxInt64
	}
	return n
}

// join adds r to ranges of which no two touch, and joins it with those that it touches.
func join(ranges []Range, r Range) []Range {
	place := len(ranges)
	for i := 0; i < len(ranges); i++ {
		other := ranges[i]
		if r.Start > other.Start+other.Length+MaxGap || other.Start > r.Start+r.Length+MaxGap {
			continue
		}
		end := max(r.Start+r.Length, other.Start+other.Length)
		r.Start = min(r.Start, other.Start)
		r.Length = end - r.Start
		ranges = slices.Delete(slices.Clone(ranges), i, i+1)
		place = min(place, i)
		i = -1 // it has grown: look again
	}
	return slices.Insert(ranges, place, r)
}
