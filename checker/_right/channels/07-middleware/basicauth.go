package middleware

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"unicode"

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
	if strings.ContainsFunc(realm, unicode.IsControl) {
		panic("middleware: BasicAuth with a control character in its realm")
	}
	challenge := `Basic realm="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(realm) + `", charset="UTF-8"`
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if value, ok := only(&r.Header, "Authorization"); ok {
				if user, password, ok := ParseBasic(value); ok && check(user, password) {
					r.SetContext(context.WithValue(r.Context(), userKey{}, user))
					next.ServeHTTP(w, r)
					return
				}
			}
			w.Header().Set("WWW-Authenticate", challenge)
			keepalive.Error(w, 401)
		})
	}
}

// Users returns a check for [BasicAuth]: passwords has a password for every user.
// It takes the same time for every wrong password of one length, however much of it
// is right and whether there is such a user or not: otherwise one could find out
// users by asking, and passwords byte by byte. The map may be changed afterwards.
func Users(passwords map[string]string) func(user, password string) bool {
	type sum = [sha256.Size]byte
	sums := make(map[sum]sum, len(passwords))
	for user, password := range passwords {
		sums[sha256.Sum256([]byte(user))] = sha256.Sum256([]byte(password))
	}
	var nobodys sum
	rand.Read(nobodys[:])
	return func(user, password string) bool {
		want, there := sums[sha256.Sum256([]byte(user))]
		if !there {
			want = nobodys
		}
		got := sha256.Sum256([]byte(password))
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && there
	}
}

// ParseBasic parses the value of an Authorization field: the scheme Basic, in any
// case of letters, spaces, and base64 of a user, a colon and a password. The user
// ends at the first colon. Both may be empty; neither may have a control character
// (RFC 7617 §2). Base64 has no line ends in it, and no bits that mean nothing. For
// anything else ok is false.
func ParseBasic(value []byte) (user, password string, ok bool) {
	// EqualFold takes ſ for an s, but that is longer.
	scheme, coded, ok := strings.Cut(string(value), " ")
	if !ok || len(scheme) != len("Basic") || !strings.EqualFold(scheme, "Basic") || strings.ContainsAny(coded, "\r\n") {
		return "", "", false
	}
	text, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(coded, " "))
	if err != nil || strings.ContainsFunc(string(text), unicode.IsControl) {
		return "", "", false
	}
	return strings.Cut(string(text), ":")
}

// User returns the user whom [BasicAuth] let in with this context's request, or "".
func User(ctx context.Context) string {
	user, _ := ctx.Value(userKey{}).(string)
	return user
}

type userKey struct{}
