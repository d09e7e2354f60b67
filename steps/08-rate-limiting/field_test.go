package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

func TestTask5_Fields(t *testing.T) {
	type result = ratelimit.Result
	for _, test := range []struct {
		name   string
		policy ratelimit.Policy
		result result
		want   [2]string // RateLimit-Policy and RateLimit
		why    string
	}{
		{
			"a policy and what is left of it", per(100, time.Minute), result{OK: true, Remaining: 50, Reset: 30 * sec},
			[2]string{`"default";q=100;w=60`, `"default";r=50;t=30`}, "a String and parameters, as the draft has them",
		},
		{
			"nothing is left", per(1, sec), result{Reset: sec, RetryAfter: sec},
			[2]string{`"default";q=1;w=1`, `"default";r=0;t=1`}, "a member with r=0 says more than no member",
		},
		{
			"a name", ratelimit.Policy{Name: "per hour", Quota: 5, Window: time.Hour}, result{Remaining: 4, Reset: 3599 * sec},
			[2]string{`"per hour";q=5;w=3600`, `"per hour";r=4;t=3599`}, "both fields call the policy by the same name",
		},
		{
			"quotes and backslashes in a name", ratelimit.Policy{Name: `a"b\c`, Quota: 5, Window: time.Hour}, result{Remaining: 4, Reset: 3599 * sec},
			[2]string{`"a\"b\\c";q=5;w=3600`, `"a\"b\\c";r=4;t=3599`}, "a backslash stands before both, and before nothing else (RFC 9651 §4.1.6)",
		},
		{
			"a part of a second is a second", per(10, time.Minute), result{Remaining: 9, Reset: 5*sec + 1},
			[2]string{`"default";q=10;w=60`, `"default";r=9;t=6`}, "t is an integer, and a client that comes at t must not be early",
		},
		{
			"nothing to wait for is zero seconds", per(10, time.Minute), result{Remaining: 10},
			[2]string{`"default";q=10;w=60`, `"default";r=10;t=0`}, "rounding up does not make 0 a 1",
		},
		{
			"a window of half a second has no w", per(10, 500*ms), result{Remaining: 9, Reset: 50 * ms},
			[2]string{`"default";q=10`, `"default";r=9;t=1`}, "w is in whole seconds and optional; w=1 would halve the rate, w=0 is no window",
		},
		{
			"a window of one and a half seconds has none either", per(10, 1500*ms), result{Remaining: 9, Reset: 50 * ms},
			[2]string{`"default";q=10`, `"default";r=9;t=1`}, "a rounded window is another policy",
		},
		{
			"the largest numbers", per(ratelimit.MaxQuota, 1<<63-1-854775807), result{Remaining: ratelimit.MaxQuota - 1, Reset: 1<<63 - 1},
			[2]string{fmt.Sprintf(`"default";q=%d;w=9223372036`, ratelimit.MaxQuota), fmt.Sprintf(`"default";r=%d;t=9223372037`, ratelimit.MaxQuota-1)}, "rounding up by adding first overflows",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			// What is in dst already stays: writers append.
			policy := string(test.policy.AppendPolicy([]byte("RateLimit-Policy: ")))
			limit := string(test.policy.AppendLimit([]byte("RateLimit: "), test.result))
			want := "RateLimit-Policy: " + test.want[0] + "\nRateLimit: " + test.want[1]
			if got := policy + "\n" + limit; got != want {
				testkit.Report{
					Doing: fmt.Sprintf("AppendPolicy of %+v, and AppendLimit with Remaining %d and Reset %v", test.policy, test.result.Remaining, test.result.Reset),
					Want:  want, Got: got, Why: test.why,
				}.Error(t)
			}
		})
	}
}

func TestTask5_RetryAfter(t *testing.T) {
	for _, test := range []struct {
		name string
		wait time.Duration
		want string
		why  string
	}{
		{"whole seconds", 30 * sec, "30", "delay-seconds is a number and nothing else"},
		{"a nanosecond more is a second more", 30*sec + 1, "31", "a client that comes after 30 s would be refused again"},
		{"less than a second is one", 1, "1", "0 says: come back at once, and clients do"},
		{"nothing is one", 0, "1", "0 says: come back at once, and clients do"},
		{"the longest time", 1<<63 - 1, "9223372037", "rounding up by adding first overflows"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := "Retry-After: " + test.want
			if got := string(ratelimit.AppendRetryAfter([]byte("Retry-After: "), test.wait)); got != want {
				testkit.Report{Doing: fmt.Sprintf("AppendRetryAfter is called with %v", test.wait), Want: want, Got: got, Why: test.why + " (RFC 9110 §10.2.3)"}.Error(t)
			}
		})
	}
}
