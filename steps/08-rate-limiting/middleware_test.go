package ratelimit_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	ratelimit "barewire/steps/08-rate-limiting"
)

// A record is a response that a handler has written.
type record struct {
	header  message.Header
	status  int
	content bytes.Buffer
}

func (r *record) Header() *message.Header { return &r.header }

func (r *record) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *record) Write(p []byte) (int, error) {
	r.WriteHeader(200)
	return r.content.Write(p)
}

func (r *record) Flush() error { return nil }

// fields returns the values of a field, joined as one list.
func (r *record) fields(name string) string {
	var all []string
	for v := range r.header.Values(name) {
		all = append(all, string(v))
	}
	return strings.Join(all, ", ")
}

// ask makes a request from an address, as the server would hand it to a handler.
func ask(t testing.TB, from net.Addr, lines ...string) *keepalive.Request {
	t.Helper()
	r := &keepalive.Request{Body: strings.NewReader(""), RemoteAddr: from}
	head := "GET / HTTP/1.1\r\nHost: a\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	head += "\r\n"
	if _, err := r.Head.Parse([]byte(head), message.Limits{}); err != nil {
		t.Fatalf("the request of this test does not parse: %v", err)
	}
	return r
}

// byUser takes the field User for the key; a request without it is not limited.
func byUser(r *keepalive.Request) (string, bool) {
	user := r.Header.Get("User")
	return user, user != ""
}

// serve sends a request of a user through a handler. A middleware that is not
// written yet is nil.
func serve(t *testing.T, middleware keepalive.Middleware, h keepalive.HandlerFunc, user string) *record {
	t.Helper()
	if middleware == nil {
		testkit.Report{Want: "a middleware", Got: "nil", Why: "Middleware returns a function that makes a handler into another one"}.Fatal(t)
	}
	var rec record
	middleware(h).ServeHTTP(&rec, ask(t, nil, "User: "+user))
	return &rec
}

func fine(w keepalive.ResponseWriter, _ *keepalive.Request) { io.WriteString(w, "fine") }

func TestTask6_Middleware(t *testing.T) {
	limiter := func(quota int) *ratelimit.Limiter[string] {
		return &ratelimit.Limiter[string]{Policy: per(quota, 30*sec), Now: still}
	}
	expect := func(t *testing.T, doing, want, got, why string) {
		t.Helper()
		if got != want {
			testkit.Report{Doing: doing, Want: want, Got: got, Why: why}.Error(t)
		}
	}
	summary := func(r *record, names ...string) string {
		s := fmt.Sprint(r.status)
		for _, name := range names {
			s += fmt.Sprintf("\n%s: %s", name, r.fields(name))
		}
		return s
	}
	t.Run("allowed requests reach the handler", func(t *testing.T) {
		calls := 0
		mw := limiter(2).Middleware(byUser)
		for range 4 {
			serve(t, mw, func(w keepalive.ResponseWriter, r *keepalive.Request) { calls++; fine(w, r) }, "ann")
		}
		expect(t, "the quota is 2 in 30s, and ann sends four requests", "2 calls of the handler", fmt.Sprintf("%d calls of the handler", calls), "the quota is 2, and 4 requests came: refused ones must cost the handler nothing")
	})
	t.Run("the fields are there before the handler is called", func(t *testing.T) {
		seen := "the handler was not called"
		serve(t, limiter(3).Middleware(byUser), func(w keepalive.ResponseWriter, r *keepalive.Request) {
			seen = fmt.Sprintf("RateLimit-Policy: %s\nRateLimit: %s", w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"))
			fine(w, r)
		}, "ann")
		expect(t, "the quota is 3 in 30s, ann sends a request, and the handler looks at its w.Header()", "RateLimit-Policy: \"default\";q=3;w=30\nRateLimit: \"default\";r=2;t=10", seen, "the handler's first Write sends the header section: a field that is added later is not sent (step 4.2)")
	})
	t.Run("an allowed response tells what is left", func(t *testing.T) {
		rec := serve(t, limiter(3).Middleware(byUser), fine, "ann")
		expect(t, "the quota is 3 in 30s, and ann sends a request", "200\nRateLimit-Policy: \"default\";q=3;w=30\nRateLimit: \"default\";r=2;t=10\nRetry-After: ",
			summary(rec, "RateLimit-Policy", "RateLimit", "Retry-After"), "a client that knows can slow down before it is refused; Retry-After is for those that are")
		expect(t, "the quota is 3 in 30s, and ann sends a request", "fine", rec.content.String(), "the content is the handler's")
	})
	t.Run("a refused request is answered with 429", func(t *testing.T) {
		mw := limiter(3).Middleware(byUser)
		var rec *record
		for range 4 {
			rec = serve(t, mw, fine, "ann")
		}
		expect(t, "the quota is 3 in 30s, and ann sends four requests. The last response:", "429\nRateLimit-Policy: \"default\";q=3;w=30\nRateLimit: \"default\";r=0;t=30\nRetry-After: 10",
			summary(rec, "RateLimit-Policy", "RateLimit", "Retry-After"), "429 Too Many Requests (RFC 6585 §4); a token comes back each 10 s")
		if strings.Contains(rec.content.String(), "fine") {
			testkit.Report{Want: "the handler not called", Got: rec.content.String(), Why: "a refused request must not be served"}.Error(t)
		}
	})
	t.Run("Retry-After is when it works again", func(t *testing.T) {
		now := start
		l := &ratelimit.Limiter[string]{Policy: per(7, 10*sec), Now: func() time.Time { return now }}
		mw := l.Middleware(byUser)
		for range 7 {
			serve(t, mw, fine, "ann")
		}
		refused := serve(t, mw, fine, "ann")
		now = now.Add(2 * sec) // a token takes 10/7 s
		again := serve(t, mw, fine, "ann")
		expect(t, "the quota is 7 in 10s; ann sends eight requests, and another one 2s later", "429\nRetry-After: 2, then 200", summary(refused, "Retry-After")+", then "+fmt.Sprint(again.status), "seconds are rounded up (RFC 9110 §10.2.3)")
	})
	t.Run("clients are told apart by the key", func(t *testing.T) {
		mw := limiter(1).Middleware(byUser)
		got := fmt.Sprint(serve(t, mw, fine, "ann").status, serve(t, mw, fine, "bob").status, serve(t, mw, fine, "ann").status)
		expect(t, "the quota is 1 in 30s; requests come from ann, bob and ann", "200 200 429", got, "ann, bob and ann again, with a quota of 1")
	})
	t.Run("a request without a key is not limited", func(t *testing.T) {
		mw := limiter(1).Middleware(byUser)
		serve(t, mw, fine, "ann")
		var got []string
		for range 3 {
			rec := serve(t, mw, fine, "")
			word := fmt.Sprint(rec.status)
			if f := rec.fields("RateLimit") + rec.fields("RateLimit-Policy"); f != "" {
				word += " with RateLimit: " + rec.fields("RateLimit") + " and RateLimit-Policy: " + rec.fields("RateLimit-Policy")
			}
			got = append(got, word)
		}
		expect(t, "the quota is 1 in 30s, and a user each; three requests have no user", "200\n200\n200", strings.Join(got, "\n"), "a health check that is refused is a server that is restarted; it has no quota, so no field tells of one")
	})
	t.Run("one middleware around two handlers is one limit", func(t *testing.T) {
		mw := limiter(2).Middleware(byUser)
		got := fmt.Sprint(serve(t, mw, fine, "ann").status, serve(t, mw, fine, "ann").status, serve(t, mw, fine, "ann").status)
		expect(t, "the quota is 2 in 30s; one middleware is used for three handlers, and ann sends a request to each", "200 200 429", got, "the limit belongs to the Limiter: a middleware that is used for many routes counts them together")
	})
	t.Run("two limiters tell of both policies", func(t *testing.T) {
		outer := limiter(100).Middleware(byUser)
		inner := (&ratelimit.Limiter[string]{Policy: ratelimit.Policy{Name: "login", Quota: 1, Window: 60 * sec}, Now: still}).Middleware(byUser)
		if inner == nil {
			testkit.Report{Want: "a middleware", Got: "nil"}.Fatal(t)
		}
		h := inner(keepalive.HandlerFunc(fine)).ServeHTTP
		serve(t, outer, h, "ann")
		rec := serve(t, outer, h, "ann")
		expect(t, "a limiter with 100 in 30s is around one, named login, with 1 in 60s; ann sends two requests. The last response:", "429\nRateLimit-Policy: \"default\";q=100;w=30, \"login\";q=1;w=60\nRateLimit: \"default\";r=98;t=1, \"login\";r=0;t=60\nRetry-After: 60",
			summary(rec, "RateLimit-Policy", "RateLimit", "Retry-After"), "both fields are Lists: members are added (RFC 9651 §3.1)")
	})
	most := ratelimit.MaxQuota // a variable, as one more is no constant where an int has 32 bits
	for _, test := range []struct {
		name string
		bad  ratelimit.Policy
	}{
		{"a quota of 0", per(0, sec)},
		{"a quota below 0", per(-5, sec)},
		{"a quota with more than 15 digits", per(most+1, sec)},
		{"a window of 0", per(1, 0)},
		{"a window below 0", per(1, -1)},
		{"a name that is not ASCII", ratelimit.Policy{Name: "é", Quota: 1, Window: sec}},
		{"a name with a line end", ratelimit.Policy{Name: "a\r\nb", Quota: 1, Window: sec}},
	} {
		t.Run(test.name+" panics when the program starts", func(t *testing.T) {
			defer func() {
				if recover() == nil {
					testkit.Report{Doing: fmt.Sprintf("Middleware is called with the policy %+v", test.bad), Want: "a panic", Got: "a middleware", Why: "this is a mistake of the program: found when it starts, and not by its clients"}.Error(t)
				}
			}()
			(&ratelimit.Limiter[string]{Policy: test.bad}).Middleware(byUser)
		})
	}
	t.Run("what is just good is no mistake, and what is just not is one", func(t *testing.T) {
		for _, test := range []struct {
			policy ratelimit.Policy
			want   string
		}{
			{per(ratelimit.MaxQuota, sec), "a middleware"}, {per(1, 1), "a middleware"},
			{ratelimit.Policy{Name: " ~", Quota: 1, Window: sec}, "a middleware"},
			{ratelimit.Policy{Name: "\x1f", Quota: 1, Window: sec}, "a panic"}, {ratelimit.Policy{Name: "\x7f", Quota: 1, Window: sec}, "a panic"},
		} {
			got := "a middleware"
			func() {
				defer func() {
					if recover() != nil {
						got = "a panic"
					}
				}()
				(&ratelimit.Limiter[string]{Policy: test.policy}).Middleware(byUser)
			}()
			if got != test.want {
				testkit.Report{Doing: fmt.Sprintf("Middleware is called with the policy %+v", test.policy), Want: test.want, Got: got, Why: "a quota has up to 15 digits, and a name is made of the characters from space to ~ (RFC 9651 §3.3.1, §3.3.3)"}.Error(t)
			}
		}
	})
}
