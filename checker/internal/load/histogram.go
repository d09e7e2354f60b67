package load

import (
	"math"
	"math/bits"
	"time"
)

// The buckets of a histogram: below 1<<precision one for each nanosecond, above
// that 1<<precision for each power of two. A bucket is therefore never wider than
// 1/128 of the values in it, and the middle of it never further than 0.4 % from
// any of them. The idea is HdrHistogram's.
const (
	precision = 7
	longest   = 42 // bits of the longest time: an hour and 13 minutes
	buckets   = (longest - precision + 1) << precision
)

// A Histogram counts times in a fixed amount of memory, 18 kB. Its zero value is
// empty. It must not be used by two goroutines at once.
type Histogram struct {
	counts   [buckets]uint32
	n        uint64
	sum      float64 // in nanoseconds
	min, max time.Duration
}

// bucket returns the index of the bucket for v.
func bucket(v time.Duration) int {
	v = min(max(v, 0), 1<<longest-1)
	shift := max(bits.Len64(uint64(v))-precision-1, 0)
	return shift<<precision + int(v>>shift)
}

// bounds returns the first time that belongs to bucket i, and the first that does
// not any more.
func bounds(i int) (from, to time.Duration) {
	if i < 1<<precision {
		return time.Duration(i), time.Duration(i + 1)
	}
	shift := i>>precision - 1
	from = time.Duration(i-shift<<precision) << shift
	return from, from + 1<<shift
}

// Record counts one time. A negative one counts as 0, one above an hour and
// 13 minutes as that.
func (h *Histogram) Record(v time.Duration) {
	v = max(v, 0)
	h.counts[bucket(v)]++
	if h.n == 0 || v < h.min {
		h.min = v
	}
	h.max = max(h.max, v)
	h.n++
	h.sum += float64(v)
}

// Add counts everything that o has counted.
func (h *Histogram) Add(o *Histogram) {
	if o.n == 0 {
		return
	}
	for i, c := range o.counts {
		h.counts[i] += c
	}
	if h.n == 0 || o.min < h.min {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	h.n += o.n
	h.sum += o.sum
}

// Count returns how many times were counted.
func (h *Histogram) Count() uint64 { return h.n }

// Min returns the shortest time, exactly; 0 if there is none.
func (h *Histogram) Min() time.Duration { return h.min }

// Max returns the longest time, exactly; 0 if there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the mean, exactly; 0 if there is none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return time.Duration(math.Round(h.sum / float64(h.n)))
}

// Percentile returns the time that p per cent of all are not longer than, within
// 1 %; 0 if there is none. Percentile(100) is Max.
func (h *Histogram) Percentile(p float64) time.Duration {
	rank := uint64(math.Ceil(p / 100 * float64(h.n)))
	if rank >= h.n {
		return h.max
	}
	var seen uint64
	for i, c := range h.counts {
		if seen += uint64(c); seen >= max(rank, 1) {
			from, to := bounds(i)
			return min(max((from+to-1)/2, h.min), h.max)
		}
	}
	return h.max
}

// between returns how many times are in [from, to), bucket by bucket: a bucket
// that lies across an edge belongs to where its middle is.
func (h *Histogram) between(from, to time.Duration) uint64 {
	var n uint64
	for i, c := range h.counts {
		if c == 0 {
			continue
		}
		lo, hi := bounds(i)
		if middle := (lo + hi - 1) / 2; middle >= from && middle < to {
			n += uint64(c)
		}
	}
	return n
}
