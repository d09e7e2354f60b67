package cases_test

import (
	"strings"
	"testing"

	"barewire/checker/conformance/cases"
)

const file = `# Lines

Text for readers.

## a bare LF
RFC 9112 §2.2, MAY

    GET /{ab*2} HTTP/1.1\n
    ...
    Host: a\r\n\x20\\\{\}
    EOF

methods: HEAD POST
want: 400 close | 100 2xx open | nothing close
+ Date
+ Allow: GET, HEAD
- Content-Length
: method GET

Some accept it,
some do not.
`

func TestParse(t *testing.T) {
	all, err := cases.Parse("x.md", file)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d cases, error %v", len(all), err)
	}
	c := all[0]
	if c.File != "x.md:5" || c.Group != "Lines" || c.Name != "a bare LF" || c.Section != "RFC 9112 §2.2" || c.Verb != "MAY" || c.Why != "Some accept it, some do not." {
		t.Errorf("%+v", c)
	}
	if len(c.Pieces) != 2 || c.Pieces[0] != "GET /abab HTTP/1.1\n" || c.Pieces[1] != "Host: a\r\n \\{}" || !c.Half {
		t.Errorf("pieces %q, half %v", c.Pieces, c.Half)
	}
	var want []string
	for _, a := range c.Want {
		want = append(want, a.String())
	}
	if got := strings.Join(want, ", "); got != "400 close, 100 2xx open, nothing close" {
		t.Error(got)
	}
	if len(c.Checks) != 4 || c.Checks[1] != (cases.Check{Kind: '+', Name: "Allow", Value: "GET, HEAD"}) || c.Checks[3].Value != "method GET" {
		t.Errorf("checks %+v", c.Checks)
	}
}

func TestParseFaults(t *testing.T) {
	for _, r := range []struct{ name, text, want string }{
		{"no section", "## a\n\n    x\nwant: 400 close\nwhy\n", `x.md:4: "want: 400 close" does not say what decides`},
		{"no answer", "## a\nRFC 9112 §3, MUST\n\n    x\nwhy\n", "x.md:1: \"a\" needs"},
		{"no status", "## a\nRFC 9112 §3, MUST\n\n    x\nwant: 700 close\nwhy\n", `x.md:5: "700" is no status`},
		{"no end", "## a\nRFC 9112 §3, MUST\n\n    x\nwant: 400 shut\nwhy\n", `x.md:5: "shut" is none of`},
		{"a bad escape", "## a\nRFC 9112 §3, MUST\n\n    x\\q\nwant: 400 close\nwhy\n", `x.md:4: "x\\q" has a backslash`},
		{"the same name twice", strings.Repeat("## a\nRFC 9112 §3, MUST\n\n    x\nwant: 400 close\nwhy\n", 2), `x.md:7: there is another "a"`},
	} {
		t.Run(r.name, func(t *testing.T) {
			if _, err := cases.Parse("x.md", r.text); err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("error %v, want %s", err, r.want)
			}
		})
	}
}

// The collection is whole, and large enough to have been read.
func TestLoad(t *testing.T) {
	all, err := cases.Load()
	if err != nil || len(all) == 0 {
		t.Fatalf("%d cases, error %v", len(all), err)
	}
}
