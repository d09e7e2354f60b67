package middleware_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

const app = "https://app.example.org"

// whoMayRead is what every response says about CORS.
var whoMayRead = fields("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary")

// corsRows runs rows for a policy. Before each of them, an allowed page reads
// something, so that nothing is right only because nothing is done.
func corsRows(t *testing.T, c middleware.CORS, rows []row) {
	t.Helper()
	for i := range rows {
		rows[i].around = c.Middleware()
		look := rows[i].look
		if look == nil {
			look = whoMayRead
		}
		rows[i].look = func(a *answer) string {
			origin := c.AllowedOrigins[0]
			control := serve(c.Middleware(), hello, parse(t, get("/", "Origin: "+origin)))
			if got := control.field("Access-Control-Allow-Origin"); got != "Access-Control-Allow-Origin: "+origin {
				return "for an allowed origin, " + got
			}
			return look(a)
		}
	}
	run(t, rows)
}

func preflight(origin string, fields ...string) string {
	return request("OPTIONS", "/", "", append(fields, "Origin: "+origin, "Access-Control-Request-Method: PUT")...)
}

func TestTask6_Origins(t *testing.T) {
	const (
		yes  = "Access-Control-Allow-Origin: https://app.example.org\nno Access-Control-Allow-Credentials\nVary: Origin"
		no   = "no Access-Control-Allow-Origin\nno Access-Control-Allow-Credentials\nVary: Origin"
		same = "an origin is a scheme, a host and a port, compared as a whole (RFC 6454 §6.1)"
	)
	corsRows(t, middleware.CORS{AllowedOrigins: []string{app, "http://b.example:8080"}}, []row{
		{name: "an allowed origin", why: "the browser compares the value with the origin of the page", send: get("/", "Origin: "+app), want: yes},
		{name: "the second one, with its port", why: same, send: get("/", "Origin: http://b.example:8080"),
			want: "Access-Control-Allow-Origin: http://b.example:8080\nno Access-Control-Allow-Credentials\nVary: Origin"},
		{name: "another port is another origin", why: same, send: get("/", "Origin: http://b.example"), want: no},
		{name: "another scheme is another origin", why: same, send: get("/", "Origin: http://app.example.org"), want: no},
		{name: "a subdomain is another origin", why: same, send: get("/", "Origin: https://evil.app.example.org"), want: no},
		{name: "a name that ends like it is another one", why: "comparing ends has opened many sites", send: get("/", "Origin: https://evilapp.example.org"), want: no},
		{name: "a name that begins like it is another one", why: "comparing beginnings has opened many sites", send: get("/", "Origin: https://app.example.org.evil.example"), want: no},
		{name: "other letters are another origin", why: "browsers write lower case: whoever writes it so is none (they are compared byte for byte)", send: get("/", "Origin: HTTPS://App.example.org"), want: no},
		{name: "the default port is no part of it", why: "browsers leave it out (RFC 6454 §6.2): whoever writes it is none", send: get("/", "Origin: "+app+":443"), want: no},
		{name: "null is nobody in particular", why: "every sandboxed frame has the origin null, the attacker's too", send: get("/", "Origin: null"), want: no},
		{name: "without Origin it varies all the same", why: "a cache that has stored this response would give it to a page that needs the field (RFC 9110 §12.5.5)", send: get("/"), want: no},
		{name: "two Origin fields are none", why: "no browser sends two, and whoever does wants us to look at the wrong one", send: get("/", "Origin: "+app, "Origin: https://evil.example"), want: no},
		{name: "an allowed one behind another one", why: "no browser sends two, and whoever does wants us to look at the wrong one", send: get("/", "Origin: https://evil.example", "Origin: "+app), want: no},
		{name: "no list of fields where there is none", why: "an empty list is no field", send: get("/", "Origin: "+app),
			look: fields("Access-Control-Allow-Origin", "Access-Control-Expose-Headers"), want: "Access-Control-Allow-Origin: " + app + "\nno Access-Control-Expose-Headers"},
		{name: "an origin that is not allowed still gets its answer", why: "CORS decides who may read, not who may ask: the browser keeps the answer from the page",
			send: get("/", "Origin: https://evil.example"), look: (*answer).summary, want: `200 "hello"`},
		{name: "the fields are there before the handler", why: "a handler that writes at once has sent its header section",
			send: get("/", "Origin: "+app), want: yes,
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(404); w.Flush() }},
		{name: "a Vary that is there already stays", why: "Vary is a list, and others have members in it",
			send: get("/", "Origin: "+app), look: fields("Vary"), want: "Vary: Accept-Language, Origin",
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.Header().Add("Vary", "Accept-Language") }},
	})
	run(t, []row{{name: "a Vary of a middleware further out stays", why: "Vary is a list, and others have members in it, also before you: Set throws them away",
		around: middleware.Chain(func(next keepalive.Handler) keepalive.Handler {
			return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Add("Vary", "Accept-Language")
				next.ServeHTTP(w, r)
			})
		}, middleware.CORS{AllowedOrigins: []string{app}}.Middleware()),
		send: get("/", "Origin: "+app), look: fields("Vary"), want: "Vary: Accept-Language, Origin"}})
	t.Run("null where it is listed", func(t *testing.T) {
		corsRows(t, middleware.CORS{AllowedOrigins: []string{"null"}}, []row{
			{name: "is allowed", why: "somebody wants pages from files", send: get("/", "Origin: null"), want: "Access-Control-Allow-Origin: null\nno Access-Control-Allow-Credentials\nVary: Origin"},
		})
	})
	t.Run("any", func(t *testing.T) {
		const any = "Access-Control-Allow-Origin: *\nno Access-Control-Allow-Credentials\nno Vary"
		corsRows(t, middleware.CORS{AllowedOrigins: []string{"*"}}, []row{
			{name: "a star for everybody", why: "one answer for all can be cached once", send: get("/", "Origin: https://evil.example"), want: any},
			{name: "also without Origin", why: "the same response may come from a cache for a page that needs the field", send: get("/"), want: any},
		})
	})
	t.Run("credentials", func(t *testing.T) {
		corsRows(t, middleware.CORS{AllowedOrigins: []string{app}, Credentials: true, ExposedHeaders: []string{"ETag", "X-Total"}}, []row{
			{name: "for an allowed origin", why: "without the field the browser keeps the answer from the page", send: get("/", "Origin: "+app),
				want: "Access-Control-Allow-Origin: https://app.example.org\nAccess-Control-Allow-Credentials: true\nVary: Origin"},
			{name: "not for others", why: "nothing is said to who may not read", send: get("/", "Origin: https://evil.example"), want: no},
			{name: "exposed fields", why: "a page reads few fields unless it is told", send: get("/", "Origin: "+app),
				look: fields("Access-Control-Expose-Headers"), want: "Access-Control-Expose-Headers: ETag, X-Total"},
			{name: "not exposed to others", why: "nothing is said to who may not read", send: get("/", "Origin: https://evil.example"),
				look: fields("Access-Control-Expose-Headers"), want: "no Access-Control-Expose-Headers"},
		})
	})
}

func TestTask6_Preflight(t *testing.T) {
	look := func(a *answer) string {
		return a.summary() + "\n" + fields("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
			"Access-Control-Max-Age", "Vary")(a)
	}
	const (
		granted = "204 \"\"\nAccess-Control-Allow-Origin: https://app.example.org\nAccess-Control-Allow-Methods: DELETE, PUT\n" +
			"Access-Control-Allow-Headers: Content-Type, X-Token\nAccess-Control-Max-Age: 600\nVary: Origin"
		refused = "204 \"\"\nno Access-Control-Allow-Origin\nno Access-Control-Allow-Methods\nno Access-Control-Allow-Headers\nno Access-Control-Max-Age\nVary: Origin"
		asked   = "200 \"hello\"\nAccess-Control-Allow-Origin: https://app.example.org\nno Access-Control-Allow-Methods\nno Access-Control-Allow-Headers\nno Access-Control-Max-Age\nVary: Origin"
	)
	c := middleware.CORS{AllowedOrigins: []string{app}, AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Content-Type", "X-Token"}, MaxAge: 10*time.Minute + time.Millisecond}
	reached := false
	corsRows(t, c, []row{
		{name: "does not reach the handler", why: "it has no credentials, and is about a request that is still to come", send: preflight(app),
			handler: func(keepalive.ResponseWriter, *keepalive.Request) { reached = true },
			look:    func(a *answer) string { return fmt.Sprintf("%d, the handler was called: %v", a.status, reached) }, want: "204, the handler was called: false"},
		{name: "is answered with what is allowed", why: "the browser compares it with what the page wants to do", send: preflight(app), look: look, want: granted},
		{name: "whatever it asks for", why: "the lists are the same for all, so the browser may remember them", send: preflight(app, "Access-Control-Request-Headers: x-other"), look: look, want: granted},
		{name: "from elsewhere is told nothing", why: "the browser needs the fields to go on: silence refuses", send: preflight("https://evil.example"), look: look, want: refused},
		{name: "OPTIONS without a method asked for is a request", why: "only Access-Control-Request-Method makes a preflight of OPTIONS",
			send: request("OPTIONS", "/", "", "Origin: "+app), look: look, want: asked},
		{name: "another method is a request", why: "a preflight is OPTIONS", look: look, want: asked,
			send: get("/", "Origin: "+app, "Access-Control-Request-Method: PUT")},
		{name: "without Origin it is no preflight", why: "whoever asks is no browser", send: request("OPTIONS", "/", "", "Access-Control-Request-Method: PUT"), look: look,
			want: "200 \"hello\"\nno Access-Control-Allow-Origin\nno Access-Control-Allow-Methods\nno Access-Control-Allow-Headers\nno Access-Control-Max-Age\nVary: Origin"},
	})
	t.Run("with a second", func(t *testing.T) {
		corsRows(t, middleware.CORS{AllowedOrigins: []string{"*"}, MaxAge: time.Second}, []row{
			{name: "max-age is said", why: "it is not below one", send: preflight(app), look: fields("Access-Control-Max-Age"), want: "Access-Control-Max-Age: 1"},
		})
	})
	t.Run("with less than a second", func(t *testing.T) {
		corsRows(t, middleware.CORS{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"PUT"}, MaxAge: 500 * time.Millisecond}, []row{
			{name: "max-age is not said", why: "whole seconds: 0 would forbid to remember it, and nobody has asked for that", send: preflight(app),
				look: fields("Access-Control-Allow-Methods", "Access-Control-Max-Age"), want: "Access-Control-Allow-Methods: PUT\nno Access-Control-Max-Age"},
		})
	})
	t.Run("with nothing to say", func(t *testing.T) {
		corsRows(t, middleware.CORS{AllowedOrigins: []string{"*"}}, []row{
			{name: "only the origin", why: "an empty list is no field", send: preflight(app), look: look,
				want: "204 \"\"\nAccess-Control-Allow-Origin: *\nno Access-Control-Allow-Methods\nno Access-Control-Allow-Headers\nno Access-Control-Max-Age\nno Vary"},
		})
	})
}

func TestTask6_Mistakes(t *testing.T) {
	for _, test := range []struct {
		name, why string
		cors      middleware.CORS
	}{
		{"no origin", "a policy for nobody was meant for somebody", middleware.CORS{}},
		{"any origin with credentials", "every page could act as its visitor; browsers refuse it", middleware.CORS{AllowedOrigins: []string{app, "*"}, Credentials: true}},
		{"any field with credentials", "with credentials, browsers take * for a name", middleware.CORS{AllowedOrigins: []string{app}, AllowedHeaders: []string{"*"}, Credentials: true}},
		{"null with credentials", "any page can be null", middleware.CORS{AllowedOrigins: []string{"null"}, Credentials: true}},
		{"a path", "browsers send none, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://a.example/"}}},
		{"no scheme", "browsers send one, so it would never match", middleware.CORS{AllowedOrigins: []string{"a.example"}}},
		{"upper case", "browsers send lower case, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://A.example"}}},
		{"a scheme in upper case", "browsers send lower case, so it would never match", middleware.CORS{AllowedOrigins: []string{"HTTPS://a.example"}}},
		{"nothing before the colon", "browsers send a scheme, so it would never match", middleware.CORS{AllowedOrigins: []string{"://a.example"}}},
		{"a bracket without its end", "browsers send both, so it would never match", middleware.CORS{AllowedOrigins: []string{"http://[::1"}}},
		{"what is no address in brackets", "browsers send an IPv6 address there, so it would never match", middleware.CORS{AllowedOrigins: []string{"http://[12345]"}}},
		{"an IPv6 address with dots", "browsers write [::ffff:c000:207], so it would never match", middleware.CORS{AllowedOrigins: []string{"http://[::ffff:192.0.2.7]"}}},
		{"an IPv6 address with a zone", "browsers send none, so it would never match", middleware.CORS{AllowedOrigins: []string{"http://[fe80::1%25eth0]", "http://[fe80::1%eth0]"}}},
		{"a default port", "browsers leave the port of the scheme out (RFC 6454 §6.2), so it would never match", middleware.CORS{AllowedOrigins: []string{"https://a.example:443"}}},
		{"the default port of the other scheme", "browsers leave the port of the scheme out (RFC 6454 §6.2), so it would never match", middleware.CORS{AllowedOrigins: []string{"http://a.example:80"}}},
		{"a colon without a port", "browsers write none, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://a.example:"}}},
		{"a port with a zero before it", "browsers write numbers as short as they are, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://a.example:08443"}}},
		{"port zero", "no page comes from there", middleware.CORS{AllowedOrigins: []string{"https://a.example:0"}}},
		{"a port that is too large", "no page comes from there (a port has 16 bits)", middleware.CORS{AllowedOrigins: []string{"https://a.example:65536"}}},
		{"a port that is no number", "browsers write numbers, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://a.example:http"}}},
		{"letters outside ASCII", "browsers write xn--bcher-kva.example (RFC 6454 §6.2), so it would never match", middleware.CORS{AllowedOrigins: []string{"https://bücher.example"}}},
		{"a user", "browsers send none, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://me@a.example"}}},
		{"an IPv6 address in its long form", "browsers write [::1], so it would never match", middleware.CORS{AllowedOrigins: []string{"http://[0:0:0:0:0:0:0:1]:8080"}}},
		{"no host", "browsers send one, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://"}}},
		{"a pattern", "origins are compared byte for byte, so it would never match", middleware.CORS{AllowedOrigins: []string{"https://*.example"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					testkit.Report{Doing: fmt.Sprintf("a CORS is made with AllowedOrigins %q, Credentials %v", test.cors.AllowedOrigins, test.cors.Credentials), Want: "a panic when the program starts", Got: "a middleware", Why: test.why}.Error(t)
				}
			}()
			test.cors.Middleware()
		})
	}
	for _, origin := range []string{"http://localhost:3000", "https://a-b.c_d.example:8443", "https://xn--bcher-kva.example", "http://192.0.2.7:8080", "http://a.example:65535",
		"http://a.example:443", "https://a.example:80", "http://[::1]:8080", "https://[2001:db8::7]", "http://[::ffff:c000:207]", "chrome-extension://abcdefghijklmnop", "capacitor://localhost"} {
		t.Run(strings.ReplaceAll(origin, "/", "|")+" is none", func(t *testing.T) {
			got := ""
			func() {
				defer func() {
					if e := recover(); e != nil {
						got = fmt.Sprint("a panic: ", e)
					}
				}()
				around := middleware.CORS{AllowedOrigins: []string{app, origin}}.Middleware()
				got = serve(around, hello, parse(t, get("/", "Origin: "+origin))).field("Access-Control-Allow-Origin")
			}()
			if want := "Access-Control-Allow-Origin: " + origin; got != want {
				testkit.Report{Sent: "Origin: " + origin, Want: want, Got: got, Why: "browsers send this, for somebody's pages"}.Error(t)
			}
		})
	}
}
