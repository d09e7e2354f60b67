package middleware_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

// basic is the Authorization field for a user and a password.
func basic(credentials string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
}

func TestTask10_ParseBasic(t *testing.T) {
	code := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, test := range []struct{ name, in, want, why string }{
		{"user and password", "Basic " + code("alice:secret"), `"alice" "secret"`, "this is the format (RFC 7617 §2)"},
		{"the example of the RFC", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", `"Aladdin" "open sesame"`, "RFC 7617 §2"},
		{"the scheme in any case", "bAsIc " + code("a:b"), `"a" "b"`, "schemes have no case (RFC 9110 §11.1)"},
		{"several spaces", "Basic   " + code("a:b"), `"a" "b"`, "1*SP stands between them (RFC 9110 §11.4)"},
		{"a password with colons", "Basic " + code("a:b:c:"), `"a" "b:c:"`, "only the user cannot have one (RFC 7617 §2)"},
		{"an empty password", "Basic " + code("a:"), `"a" ""`, "it may be empty"},
		{"an empty user", "Basic " + code(":b"), `"" "b"`, "it may be empty"},
		{"UTF-8", "Basic " + code("zoë:päss"), `"zoë" "päss"`, "the challenge says charset=UTF-8 (RFC 7617 §2.1)"},
		{"no colon", "Basic " + code("alice"), "refused", "it separates the two"},
		{"another scheme", "Bearer " + code("a:b"), "refused", "its value means something else"},
		{"another scheme of five letters", "Token " + code("a:b"), "refused", "its value means something else"},
		{"a scheme with a letter outside ASCII", "Ba\u017fic " + code("a:b"), "refused", "a scheme is a token, which is ASCII: EqualFold takes the long s for an s (RFC 9110 §11.1)"},
		{"a scheme that begins like it", "Basically " + code("a:b"), "refused", "names are compared whole"},
		{"no space", "Basic" + code("a:b"), "refused", "1*SP stands between them (RFC 9110 §11.4)"},
		{"the scheme alone", "Basic", "refused", "there is nothing to check"},
		{"nothing", "", "refused", "there is nothing to check"},
		{"no base64", "Basic alice:secret", "refused", "the user and password are coded (RFC 7617 §2)"},
		{"something behind it", "Basic " + code("a:bc") + " x", "refused", "what follows is not part of it"},
		{"bits that are not used", "Basic YTpiMR==", "refused", "two texts would mean one password (RFC 4648 §3.5)"},
		{"a line end in the base64", "Basic " + code("a:b")[:2] + "\r\n" + code("a:b")[2:], "refused", "a decoder MUST refuse what is not in the alphabet (RFC 4648 §3.3), and that of Go skips line ends"},
		{"a line end in it", "Basic " + code("a\n:b"), "refused", "no control characters (RFC 7617 §2)"},
		{"NUL in the password", "Basic " + code("a:b\x00"), "refused", "no control characters (RFC 7617 §2)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, ok := middleware.ParseBasic([]byte("Basic " + code("a:b"))); !ok {
				t.Error("a:b is refused")
			}
			got := "refused"
			if user, password, ok := middleware.ParseBasic([]byte(test.in)); ok {
				got = fmt.Sprintf("%q %q", user, password)
			}
			if got != test.want {
				testkit.Report{Sent: test.in, Want: test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

// What is parsed is what was coded, and nothing with a control in it.
func FuzzTask10_Basic(f *testing.F) {
	for _, seed := range []string{"a:b", "a", "a:b:c", ":", "a\x7f:b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credentials string) {
		if user, password, ok := middleware.ParseBasic([]byte("Basic YTpi")); user != "a" || password != "b" || !ok {
			t.Fatal("a:b is refused")
		}
		_, value, _ := strings.Cut(basic(credentials), ": ")
		user, password, ok := middleware.ParseBasic([]byte(value))
		control := strings.ContainsFunc(credentials, func(c rune) bool { return c < ' ' || 0x7f <= c && c < 0xa0 })
		if want := strings.Contains(credentials, ":") && !control; ok != want {
			t.Errorf("%q is accepted: %v", credentials, ok)
		}
		if ok && (user+":"+password != credentials || strings.Contains(user, ":")) {
			t.Errorf("%q was taken for %q and %q", credentials, user, password)
		}
		middleware.ParseBasic([]byte(credentials)) // whatever comes
	})
}

func TestTask10_Users(t *testing.T) {
	users := map[string]string{"alice": "secret", "bob": "", "": "nobody"}
	check := middleware.Users(users)
	users["mallory"] = "added"
	delete(users, "alice")
	for _, test := range []struct {
		name, user, password string
		want                 bool
		why                  string
	}{
		{"the right password", "alice", "secret", true, "the map is the caller's afterwards"},
		{"a wrong one", "alice", "Secret", false, "passwords are compared as they are"},
		{"a beginning of it", "alice", "secre", false, "the whole counts"},
		{"more than it", "alice", "secrets", false, "the whole counts"},
		{"that of another user", "bob", "secret", false, "each has its own"},
		{"an empty one that is right", "bob", "", true, "that is what the map says"},
		{"an unknown user without a password", "carol", "", false, "a map gives the zero value for who is not in it"},
		{"a user in another case", "Alice", "secret", false, "names are compared as they are"},
		{"one who came later", "mallory", "added", false, "the map is the caller's afterwards"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !check("alice", "secret") {
				t.Error("alice is refused with her password")
			}
			if got := check(test.user, test.password); got != test.want {
				testkit.Report{Sent: test.user + ":" + test.password, Want: fmt.Sprint(test.want), Got: fmt.Sprint(got), Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask10_BasicAuth(t *testing.T) {
	around := middleware.BasicAuth(`the "inner" ward\`, func(user, password string) bool { return user == "alice" && password == "secret" })
	who := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "hello "+middleware.User(r.Context()))
	}
	look := func(a *answer) string {
		if a.status == 401 {
			return "401 " + a.field("WWW-Authenticate")
		}
		return a.summary() + " " + a.field("WWW-Authenticate")
	}
	const (
		in  = `200 "hello alice" no WWW-Authenticate`
		out = `401 WWW-Authenticate: Basic realm="the \"inner\" ward\\", charset="UTF-8"`
	)
	rows := []row{
		{name: "with the password", why: "the handler learns who it is", send: get("/", basic("alice:secret")), want: in},
		{name: "without a field", why: "a 401 MUST say how to authenticate (RFC 9110 §15.5.2)", send: get("/"), want: out},
		{name: "with a wrong password", why: "a 401 again, and not a word about what was wrong", send: get("/", basic("alice:wrong")), want: out},
		{name: "with another scheme", why: "nothing was said that we understand", send: get("/", "Authorization: Bearer abc"), want: out},
		{name: "with two fields", why: "the proxy in front may have checked the other one", send: get("/", basic("mallory:x"), basic("alice:secret")), want: out},
		{name: "with a good one first", why: "the proxy in front may have checked the other one", send: get("/", basic("alice:secret"), basic("mallory:x")), want: out},
		{name: "OPTIONS too", why: "every method can do something", send: request("OPTIONS", "/", ""), want: out},
	}
	for i := range rows {
		rows[i].around, rows[i].handler = around, who
		rows[i].look = func(a *answer) string {
			if control := serve(around, who, parse(t, get("/"))); control.status != 401 {
				return fmt.Sprintf("%d without a password", control.status)
			}
			return look(a)
		}
	}
	run(t, rows)
	t.Run("check sees what was sent and nothing else", func(t *testing.T) {
		var calls []string
		around := middleware.BasicAuth("x", func(user, password string) bool { calls = append(calls, user+"/"+password); return false })
		for _, field := range []string{basic("a:b"), "Authorization: Basic !!!", "Accept: */*"} {
			serve(around, who, parse(t, get("/", field)))
		}
		if got, want := fmt.Sprint(calls), "[a/b]"; got != want {
			testkit.Report{Doing: "three requests come: one with the password b of the user a, one with Basic !!!, one without Authorization. What check is asked:", Want: want, Got: got, Why: "an empty user with an empty password is somebody, and nobody has said so"}.Error(t)
		}
	})
	t.Run("a realm with a control panics", func(t *testing.T) {
		mustPanic(t, "a line end in a field is another field", func() keepalive.Middleware {
			return middleware.BasicAuth("a\r\nSet-Cookie: b", func(string, string) bool { return true })
		})
	})
	t.Run("the context keeps what it had", func(t *testing.T) {
		r := parse(t, get("/", basic("alice:secret"), "X-Request-ID: sent"))
		var got string
		serve(middleware.Chain(middleware.RequestID(), around), func(_ keepalive.ResponseWriter, r *keepalive.Request) {
			got = middleware.ID(r.Context()) + " " + middleware.User(r.Context()) + middleware.User(context.Background())
		}, r)
		if want := "sent alice"; got != want {
			testkit.Report{Doing: "BasicAuth stands behind RequestID; the handler asks for ID and User", Want: want, Got: got, Why: "each middleware adds to the context"}.Error(t)
		}
	})
	t.Run("the common log has the user", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			for user, want := range map[string]string{"alice": "- alice [", "a b\" é": `- a\x20b\x22\x20\xC3\xA9 [`} {
				var out strings.Builder
				around := middleware.Chain(middleware.CommonLog(&out), middleware.Timeout(time.Second), middleware.BasicAuth("x", func(string, string) bool { return true }))
				serve(around, who, parse(t, get("/", basic(user+":x"))))
				if !strings.Contains(out.String(), want) {
					testkit.Report{Doing: fmt.Sprintf("the user %q is authenticated behind CommonLog", user), Want: "a line with " + want, Got: out.String(), Why: "the name stands without quotes, so a space in it would move all that follows"}.Error(t)
				}
			}
		})
	})
}

func TestTask10_SecurityHeaders(t *testing.T) {
	all := fields("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "X-Frame-Options", "Strict-Transport-Security")
	const (
		csp      = "Content-Security-Policy: " + middleware.DefaultContentSecurityPolicy + "\n"
		referrer = "Referrer-Policy: " + middleware.DefaultReferrerPolicy + "\n"
		nosniff  = "X-Content-Type-Options: nosniff\n"
		frame    = "X-Frame-Options: DENY\n"
	)
	type headers = middleware.SecurityHeaders
	run(t, []row{
		{name: "the defaults", why: "the zero value is safe, and says nothing about TLS", around: headers{}.Middleware(), look: all,
			want: nosniff + csp + referrer + frame + "no Strict-Transport-Security"},
		{name: "other values", why: "each can be chosen", around: headers{ContentSecurityPolicy: "default-src *", ReferrerPolicy: "no-referrer", FrameOptions: "SAMEORIGIN"}.Middleware(), look: all,
			want: nosniff + "Content-Security-Policy: default-src *\nReferrer-Policy: no-referrer\nX-Frame-Options: SAMEORIGIN\nno Strict-Transport-Security"},
		{name: "none of them", why: "- stands for no field", around: headers{ContentSecurityPolicy: "-", ReferrerPolicy: "-", FrameOptions: "-"}.Middleware(), look: all,
			want: nosniff + "no Content-Security-Policy\nno Referrer-Policy\nno X-Frame-Options\nno Strict-Transport-Security"},
		{name: "HSTS where it is told", why: "max-age is in seconds (RFC 6797 §6.1.1)", around: headers{HSTS: 365 * 24 * time.Hour}.Middleware(), look: fields("Strict-Transport-Security"),
			want: "Strict-Transport-Security: max-age=31536000"},
		{name: "HSTS of one second", why: "one second or more is said", around: headers{HSTS: time.Second}.Middleware(), look: fields("Strict-Transport-Security"),
			want: "Strict-Transport-Security: max-age=1"},
		{name: "HSTS below a second says nothing", why: "max-age=0 would take back what was said before (RFC 6797 §6.1.1)", around: headers{HSTS: 500 * time.Millisecond}.Middleware(),
			look: fields("X-Content-Type-Options", "Strict-Transport-Security"), want: nosniff + "no Strict-Transport-Security"},
		{name: "HSTS with subdomains", why: "RFC 6797 §6.1.2", around: headers{HSTS: time.Hour, HSTSSubdomains: true}.Middleware(),
			look: func(a *answer) string { return strings.ReplaceAll(a.field("Strict-Transport-Security"), "; ", ";") },
			want: "Strict-Transport-Security: max-age=3600;includeSubDomains"},
		{name: "subdomains without HSTS say nothing", why: "max-age is what says it", around: headers{HSTSSubdomains: true}.Middleware(), look: all,
			want: nosniff + csp + referrer + frame + "no Strict-Transport-Security"},
		{name: "the handler's own value wins", why: "one page may need more than the others", around: headers{}.Middleware(), look: all,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Content-Security-Policy", "default-src 'none'")
				w.Header().Del("X-Frame-Options")
				hello(w, r)
			}, want: nosniff + "Content-Security-Policy: default-src 'none'\n" + referrer + "no X-Frame-Options\nno Strict-Transport-Security"},
		{name: "what is there already stays", why: "a middleware further out has said so", look: fields("Referrer-Policy", "X-Frame-Options"),
			around: middleware.Chain(func(next keepalive.Handler) keepalive.Handler {
				return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					w.Header().Set("Referrer-Policy", "origin")
					next.ServeHTTP(w, r)
				})
			}, headers{}.Middleware()), want: "Referrer-Policy: origin\nX-Frame-Options: DENY"},
		{name: "on a response that leaves at once", why: "fields come before the first byte of content", around: headers{}.Middleware(), look: all,
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(404); w.Flush() },
			want:    nosniff + csp + referrer + frame + "no Strict-Transport-Security"},
	})
}
