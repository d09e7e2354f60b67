// Where the RFC leaves no choice, Go's own server gives the same answers.

package static_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"barewire/solutions/09-static-files"
)

// answer is what ServeHTTP makes of a request's fields, without a file.
func answer(t *testing.T, method, lines string, v static.Validators, size int64, now time.Time) string {
	t.Helper()
	r := parse(t, method+" / HTTP/1.1\r\nHost: a\r\n"+lines+"\r\n")
	status := static.Check(method, &r.Header, v, now)
	if status != 200 || method != "GET" || !static.IfRange(&r.Header, v, now) {
		return fmt.Sprint(status)
	}
	ranges, err := static.ParseRange(r.Header.Value("Range"), size)
	switch {
	case err != nil:
		return fmt.Sprintf("416 bytes */%d", size)
	case len(ranges) == 1:
		return fmt.Sprintf("206 bytes %d-%d/%d", ranges[0].Start, ranges[0].Start+ranges[0].Length-1, size)
	case len(ranges) > 1:
		return "206 parts"
	}
	return "200"
}

func TestPeer(t *testing.T) {
	const size = 1000
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	now := at.AddDate(1, 0, 0)
	date := func(d time.Duration) string { return at.Add(d).Format(http.TimeFormat) }
	dates := []string{date(0), date(-time.Second), date(time.Second), at.Format("Monday, 02-Jan-06 15:04:05 GMT"), at.Format(time.ANSIC), "never"}
	tags := []string{`"a"`, `W/"a"`, `"b"`, `"b", "a"`, `"b,", W/"a"`, `*`, `"a`, `a`}
	fields := []struct {
		name   string
		values []string
	}{
		{"If-Match", tags}, {"If-None-Match", tags}, {"If-Modified-Since", dates}, {"If-Unmodified-Since", dates},
		{"If-Range", []string{`"a"`, `W/"a"`, `"b"`, date(0), date(time.Second)}},
		{"Range", []string{"bytes=0-9", "bytes=-10", "bytes=990-", "bytes=1000-", "bytes=5-99999", "bytes=0-0,500-509", "bytes=1000-,0-1"}},
	}
	content := strings.Repeat("x", size)
	for range 20_000 {
		var lines strings.Builder
		for _, f := range fields {
			if rand.IntN(3) == 0 {
				fmt.Fprintf(&lines, "%s: %s\r\n", f.name, f.values[rand.IntN(len(f.values))])
			}
		}
		method := []string{"GET", "GET", "HEAD"}[rand.IntN(3)]
		if method == "HEAD" && strings.Contains("\n"+lines.String(), "\nRange:") {
			continue // net/http heeds it there, which RFC 9110 §14.2 forbids
		}
		v := static.Validators{ETag: []string{`"a"`, `W/"a"`}[rand.IntN(2)], Modified: at}
		if v.ETag[0] == 'W' && strings.Contains(lines.String(), "If-Range: "+date(0)) {
			continue // net/http takes the date for a strong validator all the same (§8.8.2.2)
		}
		rec := httptest.NewRecorder()
		rec.Header().Set("ETag", v.ETag)
		rec.Header().Set("Content-Type", "text/plain")
		req := httptest.NewRequest(method, "/", nil)
		for line := range strings.SplitSeq(strings.TrimSuffix(lines.String(), "\r\n"), "\r\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				req.Header.Set(name, value)
			}
		}
		http.ServeContent(rec, req, "", at, strings.NewReader(content))
		want := fmt.Sprint(rec.Code)
		switch cr := rec.Header().Get("Content-Range"); {
		case cr != "":
			want += " " + cr
		case rec.Code == 206:
			want += " parts"
		}
		if got := answer(t, method, lines.String(), v, size, now); got != want {
			t.Fatalf("%s with ETag %s and\n%sours is %s, net/http's is %s", method, v.ETag, lines.String(), got, want)
		}
	}
}
