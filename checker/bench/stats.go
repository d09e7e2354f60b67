package bench

import (
	"math"
	"slices"
)

// A Spread is where the values of several rounds lie: their median, and the quartiles
// below and above it, between which the middle half is.
type Spread struct {
	Low, Median, High float64
	N                 int // values
}

// SpreadOf returns the spread of values; those that are NaN are rounds that failed and
// do not count. Quartiles between two values are interpolated.
func SpreadOf(values []float64) Spread {
	good := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(good)
	if len(good) == 0 {
		return Spread{math.NaN(), math.NaN(), math.NaN(), 0}
	}
	at := func(part float64) float64 {
		place := part * float64(len(good)-1)
		i := int(place)
		if i+1 == len(good) {
			return good[i]
		}
		return good[i] + (place-float64(i))*(good[i+1]-good[i])
	}
	return Spread{at(0.25), at(0.5), at(0.75), len(good)}
}

// Ratios divides the values of a by those of b, round by round: what disturbs a whole
// round, such as another program, is in both and falls out. A round that one of them
// has not finished is NaN.
func Ratios(a, b []float64) []float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = math.NaN()
		if b[i] > 0 {
			ratios[i] = a[i] / b[i]
		}
	}
	return ratios
}

// A Finding is what may be said of two servers.
type Finding int

// The findings. Unknown is the one that needs no proof.
const (
	Unknown Finding = 0
	Less    Finding = -1 // the first has less
	More    Finding = 1  // the first has more
)

// doubt is how likely a finding may be although there is no difference: half of the
// rounds would then be above 1, as if coins were tossed.
const doubt = 0.1

// Conclude says what follows from the ratios of several rounds. It is Unknown where 1
// lies within their spread: the difference is smaller than what a round's chance makes
// of it. The spread alone says too little of few rounds, of which four in five are
// often enough on one side, so that many rounds must be on one side as coins would be in
// fewer than one case in ten: five of five, seven of eight, nine of eleven. Three rounds say nothing.
func Conclude(ratios []float64) Finding {
	s := SpreadOf(ratios)
	finding := Unknown
	switch {
	case s.High < 1:
		finding = Less
	case s.Low > 1:
		finding = More
	default:
		return Unknown
	}
	against := 0
	for _, r := range ratios {
		if r == 1 || (r > 1) != (finding == More) && !math.IsNaN(r) {
			against++
		}
	}
	if chance(s.N, against) > doubt {
		return Unknown
	}
	return finding
}

// chance returns how likely it is that of n coins at most few fall on the one side, or
// on the other.
func chance(n, few int) float64 {
	sum, ways := 0.0, 1.0
	for k := 0; k <= few; k++ {
		sum += ways
		ways = ways * float64(n-k) / float64(k+1)
	}
	return min(2*sum/math.Pow(2, float64(n)), 1)
}
