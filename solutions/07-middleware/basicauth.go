package middleware

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"unicode"

	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 7.10 Parse, check, and put the user into the context, or answer 401.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func BasicAuth(realm string, check func(user, password string) bool) keepalive.Middleware {
	if strings.ContainsFunc(realm, unicode.IsControl) {
		panic("middleware: a realm with a control character")
	}
	challenge := `Basic realm="` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(realm) + `", charset="UTF-8"`
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			user, password, ok := credentials(r)
			if !ok || !check(user, password) {
				w.Header().Set("WWW-Authenticate", challenge)
				keepalive.Error(w, 401)
				return
			}
			r.SetContext(&userContext{r.Context(), user})
			next.ServeHTTP(w, r)
		})
	}
}

// Users returns a check for [BasicAuth]: passwords has a password for every user.
// It takes the same time for every wrong password of one length, however much of it
// is right and whether there is such a user or not: otherwise one could find out
// users by asking, and passwords byte by byte. The map may be changed afterwards.
//
//starter:todo 7.10 Sums have one length, so comparing them takes one time; a user who does not exist has a sum too.
//starter:return func(user, password string) bool { return false }
func Users(passwords map[string]string) func(user, password string) bool {
	sums := make(map[string][sha256.Size]byte, len(passwords))
	for user, password := range passwords {
		sums[user] = sha256.Sum256([]byte(password))
	}
	return func(user, password string) bool {
		want, known := sums[user] // zeros for a stranger: no password has that sum
		got := sha256.Sum256([]byte(password))
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && known
	}
}

// ParseBasic parses the value of an Authorization field: the scheme Basic, in any
// case of letters, spaces, and base64 of a user, a colon and a password. The user
// ends at the first colon. Both may be empty; neither may have a control character
// (RFC 7617 §2). Base64 has no line ends in it, and no bits that mean nothing. For
// anything else ok is false.
//
//starter:todo 7.10 Cut at the space, decode, cut at the colon.
func ParseBasic(value []byte) (user, password string, ok bool) {
	scheme, encoded, _ := bytes.Cut(value, []byte(" "))
	if len(scheme) != len("Basic") || !bytes.EqualFold(scheme, []byte("Basic")) || bytes.ContainsAny(encoded, "\r\n") { // which the decoder skips
		return "", "", false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimLeft(encoded, " ")))
	if err != nil || bytes.ContainsFunc(decoded, unicode.IsControl) {
		return "", "", false
	}
	return strings.Cut(string(decoded), ":")
}

// User returns the user whom [BasicAuth] let in with this context's request, or "".
//
//starter:todo 7.10 Look in the context.
func User(ctx context.Context) string {
	if c, ok := ctx.Value(userKey{}).(*userContext); ok {
		return c.user
	}
	return ""
}

// credentials returns what the one Authorization field of r says.
//
//starter:omit
func credentials(r *keepalive.Request) (user, password string, ok bool) {
	n := 0
	for v := range r.Header.Values("Authorization") {
		n++
		user, password, ok = ParseBasic(v)
	}
	return user, password, ok && n == 1
}

//starter:omit
type userContext struct {
	context.Context
	user string
}

//starter:omit
type userKey struct{}

//starter:omit
func (c *userContext) Value(key any) any {
	if key == (userKey{}) {
		return c
	}
	return c.Context.Value(key)
}
