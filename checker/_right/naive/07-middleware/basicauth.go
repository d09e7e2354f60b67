package middleware

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
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
		panic(fmt.Sprintf("middleware: BasicAuth with the realm %q", realm))
	}
	quoted := strings.ReplaceAll(realm, `\`, `\\`)
	quoted = strings.ReplaceAll(quoted, `"`, `\"`)
	challenge := `Basic realm="` + quoted + `", charset="UTF-8"`
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			sent := slices.Collect(r.Header.Values("Authorization"))
			if len(sent) == 1 {
				user, password, ok := ParseBasic(sent[0])
				if ok && check(user, password) {
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

type userKey struct{}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// Users returns a check for [BasicAuth]: passwords has a password for every user.
// It takes the same time for every wrong password of one length, however much of it
// is right and whether there is such a user or not: otherwise one could find out
// users by asking, and passwords byte by byte. The map may be changed afterwards.
func Users(passwords map[string]string) func(user, password string) bool {
	sums := map[string][32]byte{}
	for user, password := range passwords {
		sums[user] = sha256.Sum256([]byte(password))
	}
	nobody := sha256.Sum256([]byte(rand.Text()))
	return func(user, password string) bool {
		want, known := sums[user]
		if !known {
			want = nobody
		}
		sum := sha256.Sum256([]byte(password))
		equal := subtle.ConstantTimeCompare(sum[:], want[:]) == 1
		return equal && known
	}
}

// ParseBasic parses the value of an Authorization field: the scheme Basic, in any
// case of letters, spaces, and base64 of a user, a colon and a password. The user
// ends at the first colon. Both may be empty; neither may have a control character
// (RFC 7617 §2). Base64 has no line ends in it, and no bits that mean nothing. For
// anything else ok is false.
func ParseBasic(value []byte) (user, password string, ok bool) {
	scheme, rest, found := strings.Cut(string(value), " ")
	if !found || strings.ToLower(scheme) != "basic" {
		return "", "", false
	}
	encoded := strings.TrimLeft(rest, " ")
	if strings.ContainsAny(encoded, "\r\n") { // the decoder would skip them
		return "", "", false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || hasControl(string(decoded)) {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(decoded), ":")
	if !ok {
		return "", "", false
	}
	return user, password, true
}

// User returns the user whom [BasicAuth] let in with this context's request, or "".
func User(ctx context.Context) string {
	user, _ := ctx.Value(userKey{}).(string)
	return user
}
