package static

import (
	"bytes"
	"errors"
	"slices"
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

// end is the offset of the first byte behind the range.
//
//starter:omit
func (r Range) end() int64 { return r.Start + r.Length }

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
//
//starter:todo 9.8 Cut the value at its commas; each member has one dash.
func ParseRange(value []byte, size int64) ([]Range, error) {
	unit, set, _ := bytes.Cut(value, []byte("="))
	if len(unit) != len("bytes") || !bytes.EqualFold(unit, []byte("bytes")) || size <= 0 {
		return nil, nil
	}
	var ranges []Range
	members := 0
	for member := range bytes.SplitSeq(set, []byte(",")) {
		member = bytes.Trim(member, " \t")
		if len(member) == 0 {
			continue
		}
		r, ok := parseSpec(member, size)
		if members++; !ok || members > MaxRanges {
			return nil, nil
		}
		if r.Length > 0 {
			ranges = join(ranges, r)
		}
	}
	if members > 0 && len(ranges) == 0 {
		return nil, ErrRange
	}
	return ranges, nil
}

// parseSpec parses one member. A range that is not in the file has no Length above 0.
//
//starter:omit
func parseSpec(spec []byte, size int64) (r Range, ok bool) {
	first, last, ok := bytes.Cut(spec, []byte("-"))
	if !ok {
		return r, false
	}
	if len(first) == 0 {
		n, ok := parseNumber(last)
		n = min(n, size)
		return Range{size - n, n}, ok
	}
	from, ok := parseNumber(first)
	if !ok {
		return r, false
	}
	to := size - 1
	if len(last) > 0 {
		n, ok := parseNumber(last)
		if !ok || n < from {
			return r, false
		}
		to = min(n, to)
	}
	return Range{from, to - from + 1}, true
}

// parseNumber parses decimal digits and nothing else. A number that does not fit
// is the largest one: it is behind the end of every file either way.
//
//starter:omit
func parseNumber(digits []byte) (n int64, ok bool) {
	const largest = 1<<63 - 1
	for _, c := range digits {
		if c < '0' || '9' < c {
			return 0, false
		}
		if d := int64(c - '0'); n > (largest-d)/10 {
			n = largest
		} else {
			n = n*10 + d
		}
	}
	return n, len(digits) > 0
}

// join adds r to ranges of which no two can be joined, and keeps them so. What it
// joins grows and may reach others then, so it looks again from the start. The cost
// is the square of MaxRanges at most.
//
//starter:omit
func join(ranges []Range, r Range) []Range {
	at := len(ranges)
	for i := 0; i < len(ranges); i++ {
		o := ranges[i]
		if o.Start-MaxGap > r.end() || r.Start-MaxGap > o.end() {
			continue
		}
		start := min(o.Start, r.Start)
		r = Range{start, max(o.end(), r.end()) - start}
		ranges = slices.Delete(ranges, i, i+1)
		at = min(at, i)
		i = -1
	}
	return slices.Insert(ranges, min(at, len(ranges)), r)
}
