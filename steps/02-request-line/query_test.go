package reqline_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
)

func TestTask9_Query(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      reqline.Query
		note, why string
	}{
		{
			name: "one parameter", src: "q=now", want: reqline.Query{{Name: "q", Value: "now"}},
			why: "a name, an equals sign, a value",
		},
		{
			name: "the order and the repeats", src: "b=1&a=2&b=3", want: reqline.Query{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: "3"}},
			why: "a map would forget both. Boxes that are ticked in a form send one name several times, and whoever signs a query signs it in order",
		},
		{
			name: "an equals sign in the value", src: "next=/a?b¦=c", want: reqline.Query{{Name: "next", Value: "/a?b=c"}}, note: "not the first one",
			why: "the first equals sign ends the name; the value may have more of them, as base64 does",
		},
		{
			name: "no equals sign", src: "debug&q=1", want: reqline.Query{{Name: "debug"}, {Name: "q", Value: "1"}},
			why: "a name alone is a parameter with an empty value",
		},
		{
			name: "an empty value and an empty name", src: "a=&=b&=", want: reqline.Query{{Name: "a"}, {Value: "b"}, {}},
			why: "an equals sign makes a parameter, whatever stands beside it",
		},
		{
			name: "nothing between two ampersands", src: "&a=1&&b=2&", want: reqline.Query{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
			why: "nothing is no parameter",
		},
		{
			name: "a plus sign is a space", src: "q=a+b+&n+m=1", want: reqline.Query{{Name: "q", Value: "a b "}, {Name: "n m", Value: "1"}},
			why: "forms have been sent like this since 1995, in names as in values",
		},
		{
			name: "an encoded plus sign is a plus", src: "q=1¦%2B1", want: reqline.Query{{Name: "q", Value: "1+1"}}, note: "a plus",
			why: "plus is made a space before percent-encoded bytes are decoded, or at the same time, but not after: there would be no way left to send a plus",
		},
		{
			name: "encoded separators are no separators", src: "a¦%26b=c%3Dd%26e", want: reqline.Query{{Name: "a&b", Value: "c=d&e"}}, note: "an ampersand in a name",
			why: "cut first, decode then (RFC 3986 §2.4): a user who types \"&admin=1\" into a form must not get a parameter more",
		},
		{
			name: "an encoded percent sign", src: "q=%2541", want: reqline.Query{{Name: "q", Value: "%41"}},
			why: "decoded once and not again (RFC 3986 §2.4)",
		},
		{
			name: "letters that are not ASCII", src: "q=caf%C3%A9&%c3%a9=1", want: reqline.Query{{Name: "q", Value: "café"}, {Name: "é", Value: "1"}},
			why: "percent-encoding is of bytes: é in UTF-8 is two (RFC 3986 §2.5)",
		},
		{
			name: "percent signs that stand for themselves", src: "a=50%&b=%zz&c=%4&d=%", want: reqline.Query{{Name: "a", Value: "50%"}, {Name: "b", Value: "%zz"}, {Name: "c", Value: "%4"}, {Name: "d", Value: "%"}},
			why: "browsers send what somebody typed, and the URL standard reads it like this",
		},
		{
			name: "a percent sign whose digits are behind an ampersand", src: "a=%&41=b", want: reqline.Query{{Name: "a", Value: "%"}, {Name: "41", Value: "b"}},
			why: "cut first: the value ends at the ampersand, and what stands behind it completes nothing (RFC 3986 §2.4)",
		},
		{
			name: "a semicolon separates nothing", src: "a=1¦;b=2", want: reqline.Query{{Name: "a", Value: "1;b=2"}}, note: "a part of the value",
			why: "some servers took it for a separator and the caches in front of them did not: an attacker could hide a parameter from the cache (CVE-2020-28473)",
		},
		{
			name: "names and values in upper case", src: "A=B&a=b", want: reqline.Query{{Name: "A", Value: "B"}, {Name: "a", Value: "b"}},
			why: "case matters in a query (RFC 3986 §6.2.2.1)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSample(tt.src)
			r := s.report(tt.note, tt.why)
			src := inBuffer(s.in)
			got, err := reqline.ParseQuery(src)
			checkUnharmed(t, src, s.in)
			if err != nil || !slices.Equal(got, tt.want) {
				r.Want, r.Got = describeQuery(tt.want), describeQuery(got)
				if err != nil {
					r.Got = gotError(err)
				}
				r.Fatal(t)
			}
		})
	}

	t.Run("a query that is empty has no parameters, and a plus is one", func(t *testing.T) {
		// The first half is what a parser that does nothing would say.
		for _, tt := range []struct {
			in   string
			want reqline.Query
		}{{"", nil}, {"&&", nil}, {"+", reqline.Query{{Name: " "}}}} {
			got, err := reqline.ParseQuery([]byte(tt.in))
			if err != nil || !slices.Equal(got, tt.want) {
				testkit.Report{
					Sent: tt.in, Want: describeQuery(tt.want), Got: describeQuery(got) + ", " + gotError(err),
					Why: "nothing is no parameter, and anything is one",
				}.Fatal(t)
			}
		}
	})

	t.Run("what it returns is yours to keep", func(t *testing.T) {
		src := []byte("a=b&c=d")
		q, err := reqline.ParseQuery(src)
		for i := range src {
			src[i] = 'x' // the next request arrives in the same buffer
		}
		want := reqline.Query{{Name: "a", Value: "b"}, {Name: "c", Value: "d"}}
		if err != nil || !slices.Equal(q, want) {
			testkit.Report{
				Sent: "a=b&c=d", Want: describeQuery(want), Got: describeQuery(q) + ", " + gotError(err),
				Why: "a string is a copy: it has to outlive the buffer that the query was parsed from",
			}.Fatal(t)
		}
	})
}

func TestTask9_MaxParams(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
		why  string
	}{
		{"as many parameters as there may be", reqline.MaxParams, "the limit is the number that is still parsed"},
		{"one parameter more", reqline.MaxParams + 1, "a parameter takes two bytes to send and fifty to keep: without a limit, a form of one megabyte takes fifty of memory (CVE-2025-61726)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := strings.Repeat("&a&", tt.n) // twice as many ampersands, which do not count
			q, err := reqline.ParseQuery([]byte(in))
			r := testkit.Report{
				Doing: fmt.Sprintf("the query is %d times \"&a&\"", tt.n),
				Want:  fmt.Sprintf("%d parameters, no error", tt.n),
				Got:   fmt.Sprintf("%d parameters, no error", len(q)), Why: tt.why,
			}
			if err != nil {
				r.Got = gotError(err)
			}
			if tt.n > reqline.MaxParams {
				r.Want = "a *ProtocolError: " + statusName(400)
				if !newSample(in).isError(err, 400) {
					r.Fatal(t)
				}
			} else if err != nil || len(q) != tt.n {
				r.Fatal(t)
			}
		})
	}
}

func TestTask9_Lookup(t *testing.T) {
	const in = "a=1&b&a=2&A=3&a="
	q := reqline.Query{{Name: "a", Value: "1"}, {Name: "b"}, {Name: "a", Value: "2"}, {Name: "A", Value: "3"}, {Name: "a", Value: ""}}
	for _, tt := range []struct {
		name, param, value string
		ok                 bool
		values             []string
		why                string
	}{
		{"the first of several, and all of them", "a", "1", true, []string{"1", "2", ""}, "Lookup returns the first and Values all, in order, the empty one too"},
		{"a parameter that is empty", "b", "", true, []string{""}, "it is there: that is what ok says, and what Get cannot"},
		{"a name in upper case", "A", "3", true, []string{"3"}, "names are compared as they are"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			value, ok := q.Lookup(tt.param)
			values, get := q.Values(tt.param), q.Get(tt.param)
			if value != tt.value || ok != tt.ok || get != tt.value || !slices.Equal(values, tt.values) {
				testkit.Report{
					Sent: in,
					Want: fmt.Sprintf("Lookup(%q): %q, %t\nValues(%q): %q", tt.param, tt.value, tt.ok, tt.param, tt.values),
					Got:  fmt.Sprintf("Lookup(%q): %q, %t\nValues(%q): %q", tt.param, value, ok, tt.param, values),
					Why:  tt.why,
				}.Fatal(t)
			}
		})
	}
	t.Run("a parameter that is missing", func(t *testing.T) {
		value, ok := q.Lookup("c")
		values := q.Values("c")
		_, there := q.Lookup("b") // a Lookup that does nothing would be right about c
		if value != "" || ok || len(values) > 0 || !there {
			testkit.Report{
				Sent: in, Want: "Lookup(\"c\"): \"\", false\nValues(\"c\"): []\nLookup(\"b\"): \"\", true",
				Got: fmt.Sprintf("Lookup(\"c\"): %q, %t\nValues(\"c\"): %q\nLookup(\"b\"): \"\", %t", value, ok, values, there),
				Why: "not there is not the same as empty",
			}.Fatal(t)
		}
	})
}

// describeQuery writes the parameters of a query one behind the other.
func describeQuery(q reqline.Query) string {
	if len(q) == 0 {
		return "no parameters"
	}
	var parts []string
	for _, p := range q {
		parts = append(parts, fmt.Sprintf("%q is %q", p.Name, p.Value))
	}
	return strings.Join(parts, ", ")
}

func FuzzTask9_Query(f *testing.F) {
	for _, seed := range []string{"a", "a=1&b=2", "=", "&", "", "a+b=%41", "%", "a=%4", "a%26b=c", "a;b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		src := inBuffer(in)
		q, err := reqline.ParseQuery(src)
		checkUnharmed(t, src, in)
		r := testkit.Report{Sent: in, Got: describeQuery(q), Why: "url.QueryUnescape decodes each name and value to the same, where it takes them (RFC 3986 §2.1)"}
		if err != nil {
			if r.Got = gotError(err); !isProtocolError(err, len(in)) || strings.Count(in, "&") < reqline.MaxParams {
				r.Want = "parameters, or a *ProtocolError if there are too many"
				r.Fatal(t)
			}
			return
		}
		want := peerQuery(in)
		if r.Want = describeQuery(want); !slices.Equal(q, want) {
			r.Fatal(t)
		}
		for _, p := range q {
			if _, ok := q.Lookup(p.Name); !ok || !slices.Contains(q.Values(p.Name), p.Value) {
				r.Want = fmt.Sprintf("Lookup and Values find %q", p.Name)
				r.Fatal(t)
			}
		}
	})
}

// peerQuery is what net/url has for a query. Its ParseQuery refuses semicolons
// and percent signs that stand for themselves, and returns a map; so it is asked
// for each name and value, with such percent signs encoded.
func peerQuery(in string) reqline.Query {
	var q reqline.Query
	for part := range strings.SplitSeq(in, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		q = append(q, reqline.Param{Name: unescape(name), Value: unescape(value)})
	}
	return q
}

func unescape(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != '%' {
			continue
		}
		if _, err := url.QueryUnescape(s[i:min(i+3, len(s))]); err != nil {
			s = s[:i] + "%25" + s[i+1:]
		}
	}
	s, _ = url.QueryUnescape(s)
	return s
}
