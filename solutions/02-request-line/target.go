package reqline

import "bytes"

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
	// neither path nor query, RFC 9112 §3.2.4), and nil in authority-form.
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
//
//starter:todo 2.4 Decide on the form by the method and the first byte; then cut the path from the query at the first "?".
func (t *Target) Parse(method string, src []byte) error {
	src = src[:len(src):len(src)] // an append to a part must not write behind it
	*t = Target{Raw: src}
	switch {
	case len(src) == 0:
		return badRequest("RFC 9112 §3.2", 0, "an empty request target: two spaces after the method?")
	case method == "CONNECT":
		t.Form, t.Authority = AuthorityForm, src
		_, port, err := ParseAuthority(src)
		if err == nil && len(port) == 0 {
			// RFC 9110 §9.3.6: an empty port MUST be rejected.
			err = badRequest("RFC 9112 §3.2.3", len(src), "CONNECT to a host without a port")
		}
		return err
	case src[0] == '/':
		t.Form = OriginForm
		return t.parsePath(src)
	case len(src) == 1 && src[0] == '*' && method == "OPTIONS":
		t.Form, t.Path = AsteriskForm, src
		return nil
	}
	return t.parseAbsolute(method, src)
}

// parseAbsolute cuts up an absolute-form: scheme "://" authority [path]["?" query].
//
//starter:omit
func (t *Target) parseAbsolute(method string, src []byte) error {
	scheme, after, ok := bytes.Cut(src, []byte("://"))
	// EqualFold takes a long s, which is two bytes, for an s.
	if !ok || len(scheme) > len("https") || !bytes.EqualFold(scheme, []byte("http")) && !bytes.EqualFold(scheme, []byte("https")) {
		return badRequest("RFC 9112 §3.2", 0, "a target that is none of the forms which %.20q has", method)
	}
	t.Form = AbsoluteForm
	start := len(src) - len(after)
	end := bytes.IndexAny(after, "/?")
	if end < 0 {
		end = len(after)
	}
	t.Authority = after[:end:end]
	host, _, err := ParseAuthority(t.Authority)
	if err == nil && len(host) == 0 {
		err = badRequest("RFC 9110 §4.2.1", 0, "an http URI without a host")
	}
	if err != nil {
		return Shift(err, start)
	}
	if err := t.parsePath(after[end:]); err != nil {
		return Shift(err, start+end)
	}
	if len(t.Path) == 0 {
		t.Path = src[start-1 : start : start] // the last slash of "://" will do
		if method == "OPTIONS" && t.Query == nil {
			t.Path = []byte("*")
		}
	}
	return nil
}

// parsePath checks a path and the query behind it, and cuts them apart.
//
//starter:omit
func (t *Target) parsePath(src []byte) error {
	i := 0
	for ; i < len(src) && src[i] != '?'; i++ {
		if !pathBytes[src[i]] {
			return badRequest("RFC 9112 §3.2", i, "%q in the path", src[i:i+1])
		}
		if src[i] == '%' {
			if c, ok := percentByte(src[i:]); !ok || c == 0 || c == '\r' || c == '\n' {
				return badRequest("RFC 3986 §2.1", i, "%.3q in the path", src[i:])
			}
		}
	}
	t.Path = src[:i:i]
	if i == len(src) {
		return nil
	}
	t.Query = src[i+1:]
	for j, c := range t.Query {
		if !queryBytes[c] {
			return badRequest("RFC 9112 §3.2", i+1+j, "%q in the query", t.Query[j:j+1])
		}
	}
	return nil
}
