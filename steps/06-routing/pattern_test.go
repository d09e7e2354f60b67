package router_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/testkit"
	router "barewire/steps/06-routing"
)

// describe writes a pattern as the tests compare it.
func describe(p router.Pattern) string {
	var b strings.Builder
	fmt.Fprintf(&b, "method %q, host %q", p.Method, p.Host)
	for _, s := range p.Segments {
		switch s.Kind {
		case router.Literal:
			fmt.Fprintf(&b, ", literal %q", s.Text)
		case router.Single:
			fmt.Fprintf(&b, ", single %q", s.Text)
		case router.Rest:
			fmt.Fprintf(&b, ", rest %q", s.Text)
		case router.End:
			fmt.Fprintf(&b, ", end")
			if s.Text != "" {
				fmt.Fprintf(&b, " %q", s.Text)
			}
		default:
			fmt.Fprintf(&b, ", kind %d", s.Kind)
		}
	}
	return b.String()
}

func TestTask1_Pattern(t *testing.T) {
	for _, row := range []struct{ name, pattern, want, why string }{
		{"a path alone is for any method and any host", "/users", `method "", host "", literal "users"`, "the method and the host may be missing"},
		{"a method and one space come first", "GET /users", `method "GET", host "", literal "users"`, "the pattern looks like the beginning of a request line"},
		{"a star is for any method", "* /users", `method "", host "", literal "users"`, "* is the same as no method at all"},
		{"a method may be any token", "VERSION-CONTROL /x", `method "VERSION-CONTROL", host "", literal "x"`, "the registry of methods is open (RFC 9110 §16.1)"},
		{"a method that no RFC knows may be in lower case", "purge /x", `method "purge", host "", literal "x"`, "methods have a case (RFC 9110 §9.1), and only of those that are known does anybody know which"},
		{"a host stands before the path", "example.org/", `method "", host "example.org", rest ""`, "what stands before the first slash is the host"},
		{"a host is kept in lower case", "GET Example.ORG/a", `method "GET", host "example.org", literal "a"`, "hosts are compared without regard to case (RFC 9110 §4.2.3)"},
		{"an IPv6 address is a host", "[::1]/a", `method "", host "[::1]", literal "a"`, "the brackets belong to it (RFC 3986 §3.2.2)"},
		{"a name in braces is one segment", "/users/{id}/posts", `method "", host "", literal "users", single "id", literal "posts"`, "{id} stands for any one segment"},
		{"a name with dots is the rest", "/files/{path...}", `method "", host "", literal "files", rest "path"`, "{path...} stands for all that follows"},
		{"a slash at the end is a rest without a name", "/img/", `method "", host "", literal "img", rest ""`, "as in net/http, a pattern that ends in a slash is for everything below it"},
		{"the root is a rest too", "/", `method "", host "", rest ""`, "/ is for everything, and /{$} for the root alone"},
		{"a dollar in braces is the end", "/img/{$}", `method "", host "", literal "img", end`, "{$} takes back what the slash at the end means"},
		{"a name may have letters, digits and underscores", "/{user_id2}/{é}", `method "", host "", single "user_id2", single "é"`, "a name is an identifier, in any script"},
		{"a literal is decoded", "/caf%C3%A9", `method "", host "", literal "café"`, "two spellings of one name must be one pattern (RFC 3986 §6.2.2.2)"},
		{"a literal may be written as it is read", "/café au lait", `method "", host "", literal "café au lait"`, "nobody has to encode a pattern by hand"},
		{"an encoded slash is part of its segment", "/a%2Fb/c", `method "", host "", literal "a/b", literal "c"`, "%2F is data, and only a slash separates (RFC 3986 §2.2)"},
		{"a plus sign is a plus sign", "/c++", `method "", host "", literal "c++"`, "plus means a space in forms, not in paths"},
		{"dots that are no dot segment are a name", "/.well-known/...", `method "", host "", literal ".well-known", literal "..."`, "only . and .. have a meaning (RFC 3986 §3.3)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := router.ParsePattern(row.pattern)
			got := describe(p)
			if err != nil {
				got = "the error: " + err.Error()
			}
			if got != row.want {
				testkit.Report{Sent: row.pattern, Want: row.want, Got: got, Why: row.why}.Error(t)
			}
		})
	}
}

func TestTask1_Refused(t *testing.T) {
	for _, row := range []struct{ name, pattern, right, why string }{
		{"an empty pattern", "", "/", "a pattern has a path"},
		{"a method without a path", "GET ", "GET /", "a pattern has a path"},
		{"a path without its slash", "users", "/users", "every path starts with a slash; this is a host without a path"},
		{"a method that is no token", "G(ET /", "GET /", "a method is a token (RFC 9110 §9.1)"},
		{"a space before everything", " /a", "/a", "an empty method is none"},
		{"two spaces behind the method", "GET  /a", "GET /a", "what stands between the first space and the slash is the host, and a space is none"},
		{"a method of RFC 9110 in lower case", "get /a", "GET /a", "methods are compared with regard to case (RFC 9110 §9.1), so this route would never match"},
		{"a method of RFC 9110 that few have, without its space", "TRACE/a", "TRACE /a", "TRACE would be the name of a host, and somebody would look for the reason for a long time"},
		{"CONNECT without its space", "CONNECT/a", "/a", "CONNECT would be the name of a host, and nobody has one of that name"},
		{"a method without its space", "GET/a", "GET /a", "GET would be the name of a host, and somebody would look for the reason for a long time"},
		{"CONNECT", "CONNECT /a", "GET /a", "the target of CONNECT is an authority and no path (RFC 9110 §9.3.6)"},
		{"a host with a port", "example.org:80/a", "example.org/a", "the port is not compared"},
		{"a host with a dot at its end", "example.org./a", "example.org/a", "one spelling for one host"},
		{"a host with a wildcard", "*.example.org/a", "example.org/a", "this would match the host called *, which nobody means"},
		{"a host that is none", "exam{p}le/a", "example/a", "ParseAuthority of step 2 refuses it"},
		{"an empty segment", "/a//b", "/a/b", "such paths are redirected, and never matched"},
		{"a dot segment", "/a/./b", "/a/b", "such paths are redirected, and never matched"},
		{"two encoded dots", "/a/%2E%2e", "/a/b", "they are decoded before they are compared, so this is the same as /a/.. (RFC 3986 §6.2.2.2)"},
		{"a query", "/a?b", "/a", "a path ends before the question mark"},
		{"a fragment", "/a#b", "/a", "a fragment is never sent"},
		{"a percent sign that encodes nothing", "/100%", "/100%25", "%25 is a percent sign"},
		{"an encoded NUL", "/%00", "/0", "step 2 refuses such targets"},
		{"a name without its end", "/{id", "/{id}", "the brace is not closed"},
		{"a name without its beginning", "/id}", "/{id}", "the brace was not opened"},
		{"a brace in the middle of a segment", "/v{n}", "/{n}", "a name is a whole segment"},
		{"something behind the brace", "/{name}.json", "/{name}", "a name is a whole segment"},
		{"an empty name", "/{}", "/{id}", "a value without a name cannot be asked for"},
		{"a rest without a name in braces", "/{...}", "/", "that is what a slash at the end is for"},
		{"a name that starts with a digit", "/{1st}", "/{first}", "names are identifiers"},
		{"a name with a dash", "/{user-id}", "/{user_id}", "names are identifiers"},
		{"two names that are equal", "/{id}/{id}", "/{id}/{id2}", "which of the two values would PathValue return?"},
		{"a name that the rest has too", "/{id}/{id...}", "/{id}/{rest...}", "which of the two values would PathValue return?"},
		{"a rest that is not the last", "/{path...}/edit", "/edit/{path...}", "a rest takes everything, so nothing can follow"},
		{"an end that is not the last", "/{$}/a", "/a/{$}", "nothing can stand behind the end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if p, err := router.ParsePattern(row.pattern); err == nil {
				testkit.Report{Sent: row.pattern, Want: "an error", Got: describe(p), Why: row.why}.Error(t)
			}
			if _, err := router.ParsePattern(row.right); err != nil {
				testkit.Report{Sent: row.right, Want: "a pattern", Got: "the error: " + err.Error(), Why: "this one is right"}.Error(t)
			}
		})
	}
}
