package load

import (
	"encoding/json"
	"fmt"
	"os"
)

// The types below are what -json writes. Times are in nanoseconds, sizes in
// bytes. Names are not changed; what they mean neither.
type (
	jsonFile struct {
		Method      string       `json:"method"`
		Connections int          `json:"connections"`
		Rate        float64      `json:"rate"` // requests a second; 0 for a closed loop
		DurationNs  int64        `json:"duration_ns"`
		Requests    int          `json:"requests_at_most,omitempty"`
		Pipeline    int          `json:"pipeline"`
		Close       bool         `json:"close"`
		Content     int          `json:"content"`
		Targets     []jsonTarget `json:"targets"`
		// Ratios of the second target to the first are of the slices, by name; only where
		// there are two.
		Ratios map[string]jsonRatio `json:"ratios,omitempty"`
	}
	jsonTarget struct {
		URL    string       `json:"url"`
		Sum    jsonResult   `json:"sum"`
		Slices []jsonResult `json:"slices,omitempty"`
	}
	jsonRatio struct {
		Median float64 `json:"median"`
		Min    float64 `json:"min"`
		Max    float64 `json:"max"`
	}
	jsonResult struct {
		ElapsedNs   int64             `json:"elapsed_ns"`
		CPUNs       int64             `json:"client_cpu_ns"`
		Interrupted bool              `json:"interrupted"`
		Requests    uint64            `json:"requests"`
		Failed      uint64            `json:"failed"`
		PerSecond   float64           `json:"answers_per_second"`
		Statuses    map[string]uint64 `json:"statuses"`
		Errors      map[string]uint64 `json:"errors"`
		Again       uint64            `json:"sent_again"`
		Unfinished  uint64            `json:"unfinished"`
		Sent        int64             `json:"bytes_sent"`
		Received    int64             `json:"bytes_received"`
		Latency     jsonTimes         `json:"latency"`
		Service     jsonTimes         `json:"service_time"`
		Late        jsonTimes         `json:"client_late"`
	}
	jsonTimes struct {
		Count  uint64           `json:"count"`
		Min    int64            `json:"min_ns"`
		Mean   int64            `json:"mean_ns"`
		Max    int64            `json:"max_ns"`
		Points map[string]int64 `json:"percentiles_ns"`
		// Buckets are those that are not empty: from (included), to (not
		// included), and how many times lie between.
		Buckets [][3]int64 `json:"buckets,omitempty"`
	}
)

// writeJSON writes the results into the file that was asked for.
func (s *settings) writeJSON(targets []*target) error {
	text, err := json.MarshalIndent(s.encode(targets), "", "\t")
	if err == nil {
		err = os.WriteFile(s.json, append(text, '\n'), 0o666)
	}
	if err != nil {
		return fmt.Errorf("load: the results could not be written: %w", err)
	}
	return nil
}

func (s *settings) encode(targets []*target) jsonFile {
	f := jsonFile{
		Method: s.method, Connections: s.conns, Rate: s.rate, DurationNs: int64(s.duration), Requests: s.requests,
		Pipeline: s.pipeline, Close: s.close, Content: targets[0].options.Request.content,
	}
	for _, t := range targets {
		jt := jsonTarget{URL: t.url, Sum: t.sum().encode(true)}
		if len(targets) == 2 {
			for _, r := range t.slices {
				jt.Slices = append(jt.Slices, r.encode(false))
			}
		}
		f.Targets = append(f.Targets, jt)
	}
	if len(targets) == 2 {
		f.Ratios = make(map[string]jsonRatio)
		for _, m := range measures(s.rate == 0) {
			if all := ratios(targets[0].slices, targets[1].slices, m.value); len(all) > 0 {
				f.Ratios[m.label] = jsonRatio{Median: median(all), Min: all[0], Max: all[len(all)-1]}
			}
		}
	}
	return f
}

func (r *Result) encode(buckets bool) jsonResult {
	out := jsonResult{
		ElapsedNs: int64(r.Elapsed), CPUNs: int64(r.CPU), Interrupted: r.Interrupted,
		Requests: r.Requests(), Failed: r.Failed(), PerSecond: r.Rate(),
		Statuses: make(map[string]uint64), Errors: make(map[string]uint64),
		Again: r.again, Unfinished: r.unfinished, Sent: r.bytesSent, Received: r.bytesReceived,
		Latency: r.latency.encode(buckets), Service: r.service.encode(false), Late: r.late.encode(false),
	}
	for status, n := range r.statuses {
		if n > 0 {
			out.Statuses[fmt.Sprint(status)] = uint64(n)
		}
	}
	for k, n := range r.errors {
		out.Errors[kindNames[k]] = n
	}
	return out
}

func (h *Histogram) encode(withBuckets bool) jsonTimes {
	out := jsonTimes{
		Count: h.n, Min: int64(h.min), Mean: int64(h.Mean()), Max: int64(h.max), Points: make(map[string]int64),
	}
	for _, p := range percentiles {
		out.Points[fmt.Sprint(p)] = int64(h.Percentile(p))
	}
	if !withBuckets {
		return out
	}
	for i, c := range h.counts {
		if c > 0 {
			from, to := bounds(i)
			out.Buckets = append(out.Buckets, [3]int64{int64(from), int64(to), int64(c)})
		}
	}
	return out
}
