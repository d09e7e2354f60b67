package router_test

import (
	"testing"

	"barewire/checker/testkit"
)

func TestTask7_Hosts(t *testing.T) {
	run(t, []row{
		{"a route with a host is for that host", "one server, several sites (RFC 9110 §7.2)",
			[]string{"a.example/x", "b.example/x"}, "GET /x b.example", "200 b.example/x"},
		{"it is not for another host", "a host is one, and not a suffix of one",
			[]string{"a.example/x"}, "GET /x www.a.example", "404"},
		{"a host before no host", "the route that says more wins",
			[]string{"/x", "a.example/x"}, "GET /x a.example", "200 a.example/x"},
		{"no host for every host", "the route without one is for any",
			[]string{"/x", "a.example/x"}, "GET /x c.example", "200 /x"},
		{"a host before a better path", "the host decides first, then the path",
			[]string{"/x/y", "a.example/"}, "GET /x/y a.example", "200 a.example/"},
		{"back to the routes without a host", "the host's routes have begun well and do not end here",
			[]string{"/x/{y}", "a.example/x/z"}, "GET /x/y a.example", "200 /x/{y} y=y"},
		{"back to them for a method too", "the host's route is not for POST",
			[]string{"POST /x", "GET a.example/x"}, "POST /x a.example", "200 POST /x"},
		{"the port is not compared", "Host has the port (RFC 9110 §7.2), and routes do not",
			[]string{"a.example/x"}, "GET /x a.example:8080", "200 a.example/x"},
		{"hosts have no case", "scheme and host are compared without regard to case (RFC 9110 §4.2.3)",
			[]string{"a.example/x"}, "GET /x A.Example", "200 a.example/x"},
		{"no letter of a host has a case", "from A to Z, and both of them too (RFC 9110 §4.2.3)",
			[]string{"abcdefghijklmnopqrstuvwxyz.example/x"}, "GET /x ABCDEFGHIJKLMNOPQRSTUVWXYZ.EXAMPLE", "200 abcdefghijklmnopqrstuvwxyz.example/x"},
		{"a dot at the end is the same host", "the root of the DNS has a name too, and browsers send it",
			[]string{"a.example/x"}, "GET /x a.example.", "200 a.example/x"},
		{"an IPv6 address without a port", "the last colon is one of the address: a port stands behind the bracket (RFC 3986 §3.2.2)",
			[]string{"[::1]/x"}, "GET /x [::1]", "200 [::1]/x"},
		{"an IPv6 address", "the colons in it are no port",
			[]string{"[::1]/x"}, "GET /x [::1]:8080", "200 [::1]/x"},
		{"the authority of an absolute-form before Host", "a server MUST ignore Host then (RFC 9112 §3.2.2); Head.Host has it right",
			[]string{"a.example/x", "b.example/x"}, "GET http://b.example/x a.example", "200 b.example/x"},
		{"Allow has the methods of both", "a PUT would be answered by the route without a host",
			[]string{"GET a.example/x", "PUT /x", "DELETE b.example/x"}, "POST /x a.example", "405, Allow: GET, HEAD, OPTIONS, PUT"},
		{"an end before a rest also within a host", "each host has a tree like any other",
			[]string{"a.example/", "a.example/{$}"}, "GET / a.example", "200 a.example/{$}"},
	})
	t.Run("a request without a host", func(t *testing.T) {
		const why = "HTTP/1.0 has requests without Host (RFC 9112 §3.2): those of any host answer them"
		r := targeted("GET", "/x")
		r.Host = nil
		if got := asked(build(t, "a.example/x", "/x"), r); got != "200 /x" {
			testkit.Report{Sent: "GET /x HTTP/1.0\r\n\r\n", Doing: "with the routes a.example/x and /x", Want: "200 /x", Got: got, Why: why}.Error(t)
		}
	})
}
