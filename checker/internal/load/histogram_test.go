package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	for i := range buckets {
		from, to := bounds(i)
		if bucket(from) != i || bucket(to-1) != i {
			t.Fatalf("bucket %d is [%d, %d), but %d is in bucket %d and %d in %d", i, from, to, from, bucket(from), to-1, bucket(to-1))
		}
		if i > 0 && bucket(from-1) != i-1 {
			t.Fatalf("%d is in bucket %d, want %d: the buckets have a gap", from-1, bucket(from-1), i-1)
		}
		if float64(to-from-1) > float64(from)/128 {
			t.Fatalf("bucket %d, [%d, %d), is wider than 1/128", i, from, to)
		}
	}
	if bucket(-1) != 0 || bucket(math.MaxInt64) != buckets-1 {
		t.Error("a time outside the range is not in the first or the last bucket")
	}
}

// exact is the percentile of sorted times by its definition.
func exact(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// TestPercentiles compares with exact percentiles: of times of many shapes, and
// merged from several histograms.
func TestPercentiles(t *testing.T) {
	shapes := map[string]func(r *rand.Rand) time.Duration{
		"all the same":        func(*rand.Rand) time.Duration { return 123456 },
		"nanoseconds":         func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(300)) },
		"even up to a second": func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(time.Second))) },
		"a long tail": func(r *rand.Rand) time.Duration {
			return time.Duration(50e3 * math.Exp(2*r.NormFloat64()))
		},
		"two humps": func(r *rand.Rand) time.Duration {
			if r.IntN(100) == 0 {
				return time.Second + time.Duration(r.IntN(1e8))
			}
			return 100*time.Microsecond + time.Duration(r.IntN(1e4))
		},
	}
	for name, draw := range shapes {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 1))
				var parts [3]Histogram
				var all []time.Duration
				for range 1 + r.IntN(5000) {
					v := draw(r)
					all = append(all, v)
					parts[r.IntN(len(parts))].Record(v)
				}
				var h Histogram
				for i := range parts {
					h.Add(&parts[i])
				}
				slices.Sort(all)
				if h.Count() != uint64(len(all)) || h.Min() != all[0] || h.Max() != all[len(all)-1] {
					t.Fatalf("seed %d: %d times from %v to %v, want %d from %v to %v", seed,
						h.Count(), h.Min(), h.Max(), len(all), all[0], all[len(all)-1])
				}
				for _, p := range []float64{0, 1, 50, 90, 99, 99.9, 99.99, 100} {
					want, got := exact(all, p), h.Percentile(p)
					if math.Abs(float64(got-want)) > float64(want)/100 {
						t.Errorf("seed %d: p%v is %v, want %v within 1 %%", seed, p, got, want)
					}
				}
				var sum float64
				for _, v := range all {
					sum += float64(v)
				}
				if want := sum / float64(len(all)); math.Abs(float64(h.Mean())-want) > 1 {
					t.Errorf("seed %d: the mean is %v, want %v", seed, h.Mean(), time.Duration(want))
				}
			}
		})
	}
}

func TestEmptyHistogram(t *testing.T) {
	var h Histogram
	h.Add(new(Histogram))
	if h.Count() != 0 || h.Mean() != 0 || h.Percentile(50) != 0 || h.Percentile(100) != 0 || h.Min() != 0 {
		t.Error("an empty histogram has a time")
	}
}

func BenchmarkRecord(b *testing.B) {
	b.ReportAllocs()
	var h Histogram
	v := time.Duration(0)
	for b.Loop() {
		v = (v*7 + 12345) & (1<<30 - 1)
		h.Record(v)
	}
}
