package load

import (
	"math"
	"strconv"
	"strings"
	"time"

	"barewire/checker/internal/show"
)

// digits writes v with three significant digits, or all of those before the
// point: 1.23, 12.3, 123, 1234.
func digits(v float64) string {
	decimals := 2
	switch {
	case v >= 99.95:
		decimals = 0
	case v >= 9.995:
		decimals = 1
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// span writes a duration: 850 ns, 1.25 ms, 12.3 s.
func span(d time.Duration) string {
	v := float64(d)
	for _, unit := range []string{"ns", "µs", "ms"} {
		if v < 999.5 {
			return digits(v) + " " + unit
		}
		v /= 1000
	}
	return digits(v) + " s"
}

// size writes a number of bytes: 12 B, 1.25 kB, 12.3 MB.
func size(n int64) string {
	v := float64(n)
	for _, unit := range []string{"B", "kB", "MB"} {
		if v < 999.5 {
			return digits(v) + " " + unit
		}
		v /= 1000
	}
	return digits(v) + " GB"
}

// amount writes a number that need not be whole: 12,345 or 12.3.
func amount(v float64) string {
	if v >= 99.95 {
		return show.Number(uint64(math.Round(v)))
	}
	return digits(v)
}

// share writes n of all as a percentage.
func share(n, all uint64) string {
	if n == 0 {
		return "0%"
	}
	percent := 100 * float64(n) / float64(all)
	switch {
	case percent < 0.01:
		return "<0.01%"
	case n < all && percent > 99.99:
		return ">99.9%"
	case percent < 1:
		return strconv.FormatFloat(percent, 'f', 2, 64) + "%"
	}
	return strconv.FormatFloat(percent, 'f', 1, 64) + "%"
}
