package static

import (
	"cmp"
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
	unit, set, ok := strings.Cut(string(value), "=")
	if !ok || len(unit) != len("bytes") || !strings.EqualFold(unit, "bytes") || size == 0 {
		return nil, nil
	}
	var asked []Range
	n := 0
	for member := range strings.SplitSeq(set, ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue
		}
		r, ok := parseOne(member, size)
		if n++; !ok || n > MaxRanges {
			return nil, nil
		}
		if r.Length > 0 {
			asked = append(asked, r)
		}
	}
	switch {
	case n == 0:
		return nil, nil
	case len(asked) == 0:
		return nil, ErrRange
	}
	return join(asked), nil
}

var rangeForm = regexp.MustCompile(`\A([0-9]*)-([0-9]*)\z`)

// parseOne returns what a member asks for, without a length if that is not in the
// file.
func parseOne(member string, size int64) (r Range, ok bool) {
	m := rangeForm.FindStringSubmatch(member)
	if m == nil || m[1] == "" && m[2] == "" {
		return Range{}, false
	}
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			n = math.MaxInt64 // nothing, or too many digits
		}
		return n
	}
	first, last := number(m[1]), number(m[2])
	switch {
	case m[1] == "":
		n := min(last, size)
		return Range{size - n, n}, true
	case last < first:
		return Range{}, false
	case first >= size:
		return Range{}, true
	}
	return Range{first, min(last, size-1) - first + 1}, true
}

// join joins ranges that lie close together. From the left each range either goes on
// with the one before or begins a new one.
func join(asked []Range) []Range {
	type group struct {
		Range
		place int // of the first of them
	}
	var groups []group
	for i, r := range asked {
		groups = append(groups, group{r, i})
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.Start, b.Start) })
	joined := groups[:1]
	for _, g := range groups[1:] {
		last := &joined[len(joined)-1]
		if end := last.Start + last.Length; g.Start <= end+MaxGap {
			last.Length = max(end, g.Start+g.Length) - last.Start
			last.place = min(last.place, g.place)
		} else {
			joined = append(joined, g)
		}
	}
	slices.SortFunc(joined, func(a, b group) int { return cmp.Compare(a.place, b.place) })
	var ranges []Range
	for _, g := range joined {
		ranges = append(ranges, g.Range)
	}
	return ranges
}
