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
	if len(src) == 0 {
		return badRequest("RFC 9112 §3.2", 0, "there is no target")
	}

	if method == "CONNECT" {
		_, port, err := ParseAuthority(src)
		if err != nil {
			return err
		}
		if len(port) == 0 {
			return badRequest("RFC 9110 §9.3.6", len(src), "CONNECT without a port")
		}
		t.Form = AuthorityForm
		t.Authority = src
		return nil
	}

	if src[0] == '/' {
		t.Form = OriginForm
		return t.parsePathAndQuery(src, 0)
	}

	if string(src) == "*" {
		if method != "OPTIONS" {
			return badRequest("RFC 9112 §3.2.4", 0, "the target * is for OPTIONS")
		}
		t.Form = AsteriskForm
		t.Path = src
		return nil
	}

	scheme, _, found := strings.Cut(string(src), "://")
	lower := strings.ToLower(scheme)
	if !found || lower != "http" && lower != "https" {
		return badRequest("RFC 9112 §3.2", 0, "%q is none of the four forms", src)
	}
	start := len(scheme) + len("://")
	end := start
	for end < len(src) && src[end] != '/' && src[end] != '?' {
		end++
	}
	if end == start {
		return badRequest("RFC 9110 §4.2.1", start, "no host in %q", src)
	}
	if _, _, err := ParseAuthority(src[start:end]); err != nil {
		return Shift(err, start)
	}
	t.Form = AbsoluteForm
	t.Authority = src[start:end]
	if err := t.parsePathAndQuery(src[end:], end); err != nil {
		return err
	}
	if len(t.Path) == 0 {
		t.Path = []byte("/")
		if method == "OPTIONS" && t.Query == nil {
			t.Path = []byte("*")
		}
	}
	return nil
}

// parsePathAndQuery sets Path and Query from src, which stands at offset of the target.
func (t *Target) parsePathAndQuery(src []byte, offset int) error {
	path, query, found := bytes.Cut(src, []byte("?"))
	for i, c := range path {
		if !pathBytes[c] {
			return badRequest("RFC 3986 §3.3", offset+i, "byte %q in the path %q", c, path)
		}
		if c == '%' {
			value, ok := percentByte(path[i:])
			if !ok || value == 0 || value == '\r' || value == '\n' {
				return badRequest("RFC 3986 §2.1", offset+i, "bad percent-encoding in the path %q", path)
			}
		}
	}
	for i, c := range query {
		if !queryBytes[c] {
			return badRequest("RFC 3986 §3.4", offset+len(path)+1+i, "byte %q in the query %q", c, query)
		}
	}
	t.Path = path
	if found {
		t.Query = query
	}
	return nil
}
