package middleware_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

func TestTask3_WellFormed(t *testing.T) {
	for _, test := range []struct {
		name, good, why string
		bad             []string
	}{
		{"letters, digits and . _ -", "aZ09._-", "everything else may mean something in a log or in a shell", []string{"a b", "a;b", "a$b", "a=b"}},
		{"64 bytes and no more", strings.Repeat("x", 64), "an id is stored with every line that every server writes", []string{strings.Repeat("x", 65)}},
		{"at least one", "x", "an empty id is none", []string{""}},
		{"ASCII letters only", "resume", "two spellings of one letter are two ids", []string{"résumé"}},
		{"no control at the end", "a", "a line end in an id starts a line in the log", []string{"a\n", "a\x00"}},
		{"nothing that has a meaning in HTML", "script", "ids are shown on error pages", []string{"<script>", "&lt", `"`}},
		{"the neighbours of the letters", "AZaz", "@ stands before A, [ behind Z, ` before a, { behind z", []string{"@", "[", "`", "{"}},
		{"the neighbours of the digits", "09", "/ stands before 0, and : behind 9", []string{"/", ":"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			check := func(id string, want bool) {
				if got := middleware.WellFormedID([]byte(id)); got != want {
					testkit.Report{Sent: id, Want: fmt.Sprint(want), Got: fmt.Sprint(got), Why: test.why}.Error(t)
				}
			}
			check(test.good, true)
			for _, id := range test.bad {
				check(id, false)
			}
		})
	}
}

// What is well-formed is what this expression says.
func FuzzTask3_WellFormed(f *testing.F) {
	for _, seed := range []string{"a", "a-b", "", "a b", strings.Repeat("a", 65), "é"} {
		f.Add(seed)
	}
	model := regexp.MustCompile(`\A[A-Za-z0-9._-]{1,64}\z`)
	f.Fuzz(func(t *testing.T, id string) {
		if !middleware.WellFormedID([]byte("x")) {
			t.Fatal(`"x" is no id`)
		}
		if got, want := middleware.WellFormedID([]byte(id)), model.MatchString(id); got != want {
			t.Errorf("WellFormedID(%q) is %v", id, got)
		}
	})
}

func TestTask3_RequestID(t *testing.T) {
	// ids answers with the id that the handler sees.
	ids := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 404, middleware.ID(r.Context()))
	}
	// look says where the id is.
	look := func(a *answer) string {
		id := a.content.String()
		if a.field("X-Request-ID") != "X-Request-ID: "+id {
			return fmt.Sprintf("the handler sees %q, the response has %s", id, a.field("X-Request-ID"))
		}
		if len(id) >= 22 && middleware.WellFormedID([]byte(id)) && !strings.HasPrefix(id, "sent") {
			return "a new id"
		}
		return id
	}
	const why = "an id is taken from outside only where it can do no harm, and every request has one"
	around := middleware.RequestID()
	run(t, []row{
		{name: "one that is sent is kept", why: why, around: around, handler: ids, look: look, send: get("/", "X-Request-ID: sent-1.2_3"), want: "sent-1.2_3"},
		{name: "as long as it may be", why: why, around: around, handler: ids, look: look, send: get("/", "x-request-id: sent"+strings.Repeat("x", 60)), want: "sent" + strings.Repeat("x", 60)},
		{name: "without one it is made", why: why, around: around, handler: ids, look: look, want: "a new id"},
		{name: "in place of an empty one", why: why, around: around, handler: ids, look: look, send: get("/", "X-Request-ID:"), want: "a new id"},
		{name: "in place of a long one", why: why, around: around, handler: ids, look: look, send: get("/", "X-Request-ID: sent"+strings.Repeat("x", 61)), want: "a new id"},
		{name: "in place of one with a space", why: why, around: around, handler: ids, look: look, send: get("/", "X-Request-ID: sent by me level=INFO"), want: "a new id"},
		{name: "in place of one with a quote", why: why, around: around, handler: ids, look: look, send: get("/", "X-Request-ID: sent\"by\"me"), want: "a new id"},
		{name: "in place of two", why: "which of the two did the proxy in front write into its log?", around: around, handler: ids, look: look,
			send: get("/", "X-Request-ID: sent1", "X-Request-ID: sent2"), want: "a new id"},
	})
	t.Run("no two are the same", func(t *testing.T) {
		seen := map[string]bool{}
		for range 1000 {
			id := serve(around, ids, parse(t, get("/"))).content.String()
			if seen[id] {
				t.Fatalf("%q was made twice in a thousand", id)
			}
			seen[id] = true
		}
	})
	t.Run("the context keeps what it had", func(t *testing.T) {
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
		r := parse(t, get("/", "X-Request-ID: sent"))
		r.SetContext(ctx)
		cancel()
		got := "the handler was not called"
		serve(around, func(_ keepalive.ResponseWriter, r *keepalive.Request) {
			got = fmt.Sprintf("id %s, has the value: %v, is cancelled: %v", middleware.ID(r.Context()), r.Context().Value(key{}) == "value", r.Context().Err() != nil)
		}, r)
		if want := "id sent, has the value: true, is cancelled: true"; got != want {
			testkit.Report{Doing: "the request has a context with a value, which has been cancelled; the handler looks at its own", Want: want, Got: got, Why: "the context of a request also says that the server stops"}.Error(t)
		}
	})
	t.Run("a context without one has none", func(t *testing.T) {
		got := fmt.Sprintf("%q", middleware.ID(context.Background()))
		serve(around, func(_ keepalive.ResponseWriter, r *keepalive.Request) { got += " then " + middleware.ID(r.Context()) }, parse(t, get("/", "X-Request-ID: sent")))
		if want := `"" then sent`; got != want {
			testkit.Report{Doing: "ID is asked for a context that has none, and then for one that has", Want: want, Got: got}.Error(t)
		}
	})
}
