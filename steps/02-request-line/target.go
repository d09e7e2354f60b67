package reqline

import "errors"

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
func (t *Target) Parse(method string, src []byte) error {
	// TODO 2.4: Decide on the form by the method and the first byte; then cut the path from the query at the first "?".
	return errors.New("task 2.4 is not written yet")
}
