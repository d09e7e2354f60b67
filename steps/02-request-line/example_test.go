package reqline_test

import (
	"errors"
	"fmt"

	reqline "barewire/steps/02-request-line"
)

func ExampleParseMethod() {
	line := []byte("GET /where?q=now HTTP/1.1")
	method, n, err := reqline.ParseMethod(line)
	fmt.Printf("%q %q %v\n", method, line[n:], err)
	// Output:
	// "GET" "/where?q=now HTTP/1.1" <nil>
}

func ExampleParseVersion() {
	fmt.Println(reqline.ParseVersion([]byte("HTTP/1.0")))
	_, err := reqline.ParseVersion([]byte("HTTP/3.0"))
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		fmt.Println(e.Status)
	}
	// Output:
	// HTTP/1.0 <nil>
	// 505
}

func ExampleParseAuthority() {
	for _, s := range []string{"example.org", "example.org:8080", "[2001:db8::1]:443"} {
		host, port, err := reqline.ParseAuthority([]byte(s))
		fmt.Printf("%q %q %v\n", host, port, err)
	}
	// Output:
	// "example.org" "" <nil>
	// "example.org" "8080" <nil>
	// "[2001:db8::1]" "443" <nil>
}

func ExampleTarget_Parse() {
	var t reqline.Target
	if err := t.Parse("GET", []byte("http://example.org/where?q=now")); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%v: %q %q %q\n", t.Form, t.Authority, t.Path, t.Query)
	// Output:
	// absolute-form: "example.org" "/where" "q=now"
}

func ExampleCutLine() {
	src := []byte("GET / HTTP/1.1\r\nHost: a")
	line, n, err := reqline.CutLine(src)
	fmt.Printf("%q %v\n", line, err)
	_, _, err = reqline.CutLine(src[n:])
	fmt.Println(err == reqline.ErrIncomplete)
	// Output:
	// "GET / HTTP/1.1" <nil>
	// true
}

func ExampleRequestLine_Parse() {
	var l reqline.RequestLine
	arrived := []byte("GET /where?q=n")
	if _, err := l.Parse(arrived, 0); err == reqline.ErrIncomplete {
		arrived = append(arrived, "ow HTTP/1.1\r\nHost: example.org\r\n"...)
	}
	n, err := l.Parse(arrived, 0)
	fmt.Printf("%s, %s with %s, %v: %d bytes, %v\n", l.Method, l.Target.Path, l.Target.Query, l.Version, n, err)
	// Output:
	// GET, /where with q=now, HTTP/1.1: 27 bytes, <nil>
}

func ExampleAppendDecoded() {
	name, err := reqline.AppendDecoded(nil, []byte("caf%C3%A9+%2541"))
	fmt.Printf("%s %v\n", name, err)
	// Output:
	// café+%41 <nil>
}

func ExampleAppendNormalized() {
	path, err := reqline.AppendNormalized(nil, []byte("/%7Esmith/./a/%2e%2e/b%2fc"))
	fmt.Printf("%s %v\n", path, err)
	// Output:
	// /~smith/b%2Fc <nil>
}

func ExampleParseQuery() {
	query, err := reqline.ParseQuery([]byte("size=2&name=Ada+Lovelace&size=3"))
	fmt.Println(query, err)
	fmt.Println(query.Get("name"), query.Values("size"))
	// Output:
	// [{size 2} {name Ada Lovelace} {size 3}] <nil>
	// Ada Lovelace [2 3]
}

func ExampleQuery_Lookup() {
	query, _ := reqline.ParseQuery([]byte("debug&q=now"))
	_, ok := query.Lookup("debug")
	fmt.Printf("%q %t\n", query.Get("debug"), ok)
	// Output:
	// "" true
}

func ExampleShift() {
	const line = "GET / HTTP/4.2"
	at := len("GET / ")
	_, err := reqline.ParseVersion([]byte(line[at:]))
	if e, ok := errors.AsType[*reqline.ProtocolError](reqline.Shift(err, at)); ok {
		fmt.Println(e.Offset >= at)
	}
	// Output:
	// true
}
