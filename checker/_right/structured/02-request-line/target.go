package reqline

import (
	"bytes"
	"strings"
)

// A Form is one of the four forms of a request target (RFC 9112 §3.2).
type Form uint8

// The four forms.
const (
	OriginForm    Form = iota + 1 // /where?q=now: nearly every request
	AbsoluteForm                  // http://example.org/where?q=now: sent to proxies, and MUST be accepted
	AuthorityForm                 // example.org:443: CONNECT only
	AsteriskForm                  // *: OPTIONS only
)

// String returns the name of the form.
func (f Form) String() string {
	switch f {
	case OriginForm:
		return "origin-form"
	case AbsoluteForm:
		return "absolute-form"
	case AuthorityForm:
		return "authority-form"
	case AsteriskForm:
		return "asterisk-form"
	}
	return "no form"
}

// A Target is a request target, cut into its parts but not decoded. All its
// bytes are borrowed from the slice that was parsed, but for a path that the
// target itself does not have.
type Target struct {
	Form Form

	// Raw is the whole target as it was sent.
	Raw []byte

	// Authority is the host, and the port if there is one, in absolute-form
	// and authority-form. A server MUST prefer it to the Host field
	// (RFC 9112 §3.2.2).
	Authority []byte

	// Path is the path as it was sent, "/" where an absolute-form has none,
	// "*" in asterisk-form (and for OPTIONS with an absolute-form that has
	// no path, RFC 9112 §3.2.4), and nil in authority-form.
	Path []byte

	// Query is what follows the first "?", or nil if there is none: "/?" has
	// a query that is empty, not nil.
	Query []byte
}

// Parse cuts up the request target that src consists of. Which forms are
// allowed depends on the method (RFC 9112 §3.2): authority-form is the only one
// that CONNECT has and no other method has it, asterisk-form is for OPTIONS.
//
// A path has the bytes that RFC 3986 §3.3 gives it and four that browsers send
// as they are, [ ] ^ and |. A query has these, "/", "?", and { } ` and \ too.
//
// Every error is a 400: a form that the method does not have, any other byte (a
// "#", a quote, a raw space, a control, anything outside ASCII, a backslash in a
// path), a percent sign in the path without two hexadecimal digits behind it or
// with two that mean NUL, CR or LF, a scheme other than http and https (in either case), an
// empty host, and whatever [ParseAuthority] says. CONNECT needs a port
// (RFC 9110 §9.3.6). A percent sign in the query may stand for itself.
func (t *Target) Parse(method string, src []byte) error {
	*t = Target{Raw: src}
	c := cursor{src: src}
	for _, f := range targetForms {
		if f.is(method, src) {
			t.Form = f.form
			f.parse(t, &c, method)
			return c.err
		}
	}
	return badRequest("RFC 9112 §3.2", 0, "none of the four forms")
}

// targetForms are tried in this order; the first one that fits decides.
var targetForms = []struct {
	form  Form
	is    func(method string, src []byte) bool
	parse func(t *Target, c *cursor, method string)
}{
	{AuthorityForm, func(method string, _ []byte) bool { return method == "CONNECT" }, (*Target).tunnel},
	{OriginForm, func(_ string, src []byte) bool { return bytes.HasPrefix(src, []byte("/")) }, (*Target).resource},
	{AsteriskForm, func(method string, src []byte) bool { return method == "OPTIONS" && string(src) == "*" }, (*Target).asterisk},
	{AbsoluteForm, func(_ string, src []byte) bool { return schemeLen(src) > 0 }, (*Target).absolute},
}

func (t *Target) asterisk(c *cursor, _ string) { t.Path = c.src }

func (t *Target) tunnel(c *cursor, _ string) {
	c.sub(c.src, 0, func(src []byte) error {
		_, port, err := ParseAuthority(src)
		if err == nil && len(port) == 0 {
			err = badRequest("RFC 9110 §9.3.6", len(src), "CONNECT without a port")
		}
		return err
	})
	t.Authority = c.src
}

func (t *Target) absolute(c *cursor, method string) {
	c.at = schemeLen(c.src)
	start := c.at
	t.Authority = c.while(func(b byte) bool { return b != '/' && b != '?' })
	if len(t.Authority) == 0 {
		c.fail("RFC 9110 §4.2.1", "no host")
	}
	c.sub(t.Authority, start, func(src []byte) error {
		_, _, err := ParseAuthority(src)
		return err
	})
	if c.done() && method == "OPTIONS" {
		t.Path = []byte("*")
		return
	}
	t.resource(c, method)
}

// resource takes the path and the query.
func (t *Target) resource(c *cursor, _ string) {
	start := c.at
	t.Path = c.while(func(b byte) bool { return pathBytes[b] })
	for s := range symbols(t.Path) {
		if s.unsafe() || s.triple && (s.c == '\r' || s.c == '\n') {
			c.at = start + s.at
			c.fail("RFC 3986 §2.1", "percent sign in the path")
		}
	}
	if len(t.Path) == 0 {
		t.Path = []byte("/")
	}
	if c.maybe('?') {
		t.Query = c.while(func(b byte) bool { return queryBytes[b] })
	}
	if c.at < len(c.src) {
		c.fail("RFC 3986 §3.3", "no byte of a path or a query")
	}
}

// schemeLen returns the length of "http://" or "https://" at the start of src,
// or 0.
func schemeLen(src []byte) int {
	for _, scheme := range []string{"http://", "https://"} {
		if len(src) >= len(scheme) && strings.EqualFold(string(src[:len(scheme)]), scheme) {
			return len(scheme)
		}
	}
	return 0
}
