package middleware

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"

	"barewire/steps/04-keep-alive"
)

// BasicAuth lets requests through whose user and password check accepts (RFC 7617),
// and answers all others with 401 and
//
//	WWW-Authenticate: Basic realm="…", charset="UTF-8"
//
// Realm says to the user what the password is for. It panics if it has a control
// character; quotes and backslashes are escaped. [User] returns the user's name from
// the request's context. Check is called with what [ParseBasic] returns, and not at
// all where that refuses; two Authorization fields are refused.
//
// Anybody on the way can read the password: without TLS, this protects nothing.
func BasicAuth(realm string, check func(user, password string) bool) keepalive.Middleware {
	if hasControl(realm) {
		panic("middleware: a realm with a control character")
	}
	challenge := `Basic realm="` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(realm) + `", charset="UTF-8"`
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		fields := slices.Collect(r.Header.Values("Authorization"))
		if len(fields) == 1 {
			if user, password, ok := ParseBasic(fields[0]); ok && check(user, password) {
				put(r, userName(user))
				next(w)
				return
			}
		}
		w.Header().Set("WWW-Authenticate", challenge)
		keepalive.Error(w, 401)
	})
}

type userName string

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// Users returns a check for [BasicAuth]: passwords has a password for every user.
// It takes the same time for every wrong password of one length, however much of it
// is right and whether there is such a user or not: otherwise one could find out
// users by asking, and passwords byte by byte. The map may be changed afterwards.
func Users(passwords map[string]string) func(user, password string) bool {
	sums := map[string][sha256.Size]byte{}
	for user, password := range passwords {
		sums[user] = sha256.Sum256([]byte(password))
	}
	return func(user, password string) bool {
		want, known := sums[user] // for nobody, a sum that nothing has
		got := sha256.Sum256([]byte(password))
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && known
	}
}

// ParseBasic parses the value of an Authorization field: the scheme Basic, in any
// case of letters, spaces, and base64 of a user, a colon and a password. The user
// ends at the first colon. Both may be empty; neither may have a control character
// (RFC 7617 §2). Base64 has no line ends in it, and no bits that mean nothing. For
// anything else ok is false.
func ParseBasic(value []byte) (user, password string, ok bool) {
	scheme, rest, _ := strings.Cut(string(value), " ")
	text, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(rest, " "))
	user, password, colon := strings.Cut(string(text), ":")
	if err != nil || !colon || len(scheme) != len("Basic") || !strings.EqualFold(scheme, "Basic") || hasControl(string(text)) || strings.ContainsAny(rest, "\r\n") {
		return "", "", false
	}
	return user, password, true
}

// User returns the user whom [BasicAuth] let in with this context's request, or "".
func User(ctx context.Context) string { return string(get[userName](ctx)) }
