package load

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"barewire/checker/internal/show"
)

// barWidth is how many columns the longest bar of a picture has.
const barWidth = 28

// mostRows bounds the rows of a picture; there are more only where even one for
// each power of ten is too many.
const mostRows = 20

// percentiles are what a report names.
var percentiles = []float64{50, 90, 99, 99.9}

// edges returns where the rows of a picture begin that shows the times from lo to
// hi, and where the last one ends: steps of about the same ratio.
func edges(lo, hi time.Duration) []time.Duration {
	var all []time.Duration
	for _, steps := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1}} {
		all = all[:0]
		for power := 1.0; power <= 1e13; power *= 10 {
			for _, s := range steps {
				all = append(all, time.Duration(math.Round(power*s)))
			}
		}
		all = slices.Compact(all)
		// The last edge that is not above lo begins the first row.
		for len(all) > 1 && all[1] <= lo {
			all = all[1:]
		}
		for len(all) > 2 && all[len(all)-2] > hi {
			all = all[:len(all)-1]
		}
		if len(all)-1 <= mostRows {
			break
		}
	}
	return all
}

// picture draws how many of the times in h lie between the edges: a row for each
// step, the bars on a linear scale. Rows in which a percentile lies name it.
func picture(h *Histogram, edges []time.Duration) []string {
	counts := make([]uint64, len(edges)-1)
	var most uint64
	for i := range counts {
		from := edges[i]
		if i == 0 {
			from = 0
		}
		counts[i] = h.between(from, edges[i+1])
		most = max(most, counts[i])
	}
	var rows []string
	for i, n := range counts {
		var marks []string
		for _, p := range percentiles {
			if at := h.Percentile(p); h.n > 0 && (i == 0 || at >= edges[i]) && at < edges[i+1] {
				marks = append(marks, fmt.Sprintf("p%v", p))
			}
		}
		row := fmt.Sprintf("  %8s  %s  %6s  %10s  %s", span(edges[i]), bar(n, most), share(n, h.n), show.Number(n), strings.Join(marks, " "))
		rows = append(rows, strings.TrimRight(row, " "))
	}
	return rows
}

// bar draws n as a part of most, in eighths of a column. What is not 0 can be
// seen.
func bar(n, most uint64) string {
	eighths := 0
	if n > 0 {
		eighths = max(1, int(math.Round(float64(n)/float64(most)*8*barWidth)))
	}
	text := strings.Repeat("█", eighths/8)
	if part := eighths % 8; part > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[part-1])
	}
	return text + strings.Repeat(" ", barWidth-utf8.RuneCountInString(text))
}
