package static

import (
	"errors"
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
func ParseRange(value []byte, size int64) (ranges []Range, err error) {
	unit, list, ok := strings.Cut(string(value), "=")
	if !ok || len(unit) != len("bytes") || !strings.EqualFold(unit, "bytes") || size <= 0 {
		return nil, nil
	}
	n := 0
	for member := range strings.SplitSeq(list, ",") {
		if member = strings.Trim(member, " \t"); member == "" {
			continue
		}
		m := byteRange.FindStringSubmatch(member)
		if n++; m == nil || member == "-" || n > MaxRanges {
			return nil, nil
		}
		first, _ := strconv.ParseInt(m[1], 10, 64) // too large is the largest
		last, _ := strconv.ParseInt(m[2], 10, 64)
		switch {
		case m[1] == "":
			first, last = size-min(last, size), size-1
		case m[2] == "":
			last = size - 1
		case last < first:
			return nil, nil
		}
		if first < size {
			ranges = append(ranges, Range{first, min(last, size-1) - first + 1})
		}
	}
	if n > 0 && ranges == nil {
		return nil, ErrRange
	}
	return join(ranges), nil
}

var byteRange = regexp.MustCompile(`^(\d*)-(\d*)$`)

// join joins those that have at most MaxGap bytes between them.
func join(ranges []Range) []Range {
	for i, a := range ranges {
		for j, b := range ranges[:i] {
			start, end := min(a.Start, b.Start), max(a.Start+a.Length, b.Start+b.Length)
			if end-start <= a.Length+b.Length+MaxGap {
				ranges[j] = Range{start, end - start}
				return join(slices.Delete(ranges, i, i+1))
			}
		}
	}
	return ranges
}
