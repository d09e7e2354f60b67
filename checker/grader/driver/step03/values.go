package step03

import (
	"encoding/json"
	"strings"
	"time"

	message "barewire/solutions/03-headers-bodies"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/wire"
)

// A When is a time at a place so many seconds east.
type When struct {
	Unix int64
	East int
}

func (w When) time() time.Time { return time.Unix(w.Unix, 0).In(time.FixedZone("there", w.East)) }

// AppendDate calls AppendDate.
func AppendDate(a When) []byte { return message.AppendDate([]byte("x"), a.time()) }

// ChunkIn is content in pieces, and trailer fields.
type ChunkIn struct {
	Pieces  [][]byte
	Trailer []Pair
}

// AppendChunk makes a body of pieces, with AppendChunk and with AppendChunkSize. The
// digits may be in either case.
func AppendChunk(a ChunkIn) [][]byte {
	out := [][]byte{}
	one, two := []byte("x"), []byte("y")
	for _, p := range a.Pieces {
		before := len(one)
		one = message.AppendChunk(one, p)
		lowerSize(one[before:])
		if len(p) > 0 {
			before = len(two)
			two = message.AppendChunkSize(two, len(p))
			lowerSize(two[before:])
			two = append(append(two, p...), "\r\n"...)
		}
	}
	var trailer *message.Header
	if len(a.Trailer) > 0 {
		trailer = header(a.Trailer)
	}
	return append(out, message.AppendLastChunk(one, trailer), message.AppendLastChunk(two, new(message.Header)))
}

// lowerSize makes the digits of a chunk's line small.
func lowerSize(chunk []byte) {
	line, _, _ := strings.Cut(string(chunk), "\r\n")
	copy(chunk, strings.ToLower(line))
}

// CookiesIn are fields, and names that are looked for.
type CookiesIn struct {
	Fields []Pair
	Names  []string
}

// CookiesOut are the cookies, and which were found.
type CookiesOut struct {
	Cookies, Found [][]byte
	OK             []bool
	First          []byte // of a loop that ends early
}

// Cookies calls Cookies and Cookie.
func Cookies(a CookiesIn) CookiesOut {
	h := header(a.Fields)
	out := CookiesOut{Cookies: [][]byte{}, Found: [][]byte{}, OK: []bool{}}
	for name, value := range h.Cookies() {
		out.Cookies = append(out.Cookies, []byte(name+"="+value))
	}
	for name := range h.Cookies() {
		out.First = []byte(name)
		break
	}
	for _, name := range a.Names {
		value, ok := h.Cookie(name)
		out.Found, out.OK = append(out.Found, []byte(value)), append(out.OK, ok)
	}
	return out
}

// SetCookieIn is a cookie to set.
type SetCookieIn struct {
	Name, Value, Path, Domain []byte
	MaxAge                    time.Duration
	Expires                   *When
	Secure, HTTPOnly          bool
	SameSite                  string
}

// SetCookieOut is what is made of it.
type SetCookieOut struct {
	Text    []byte
	Refused bool
}

// AppendSetCookie calls AppendSetCookie.
func AppendSetCookie(a SetCookieIn) SetCookieOut {
	c := message.SetCookie{
		Name: string(a.Name), Value: string(a.Value), Path: string(a.Path), Domain: string(a.Domain), MaxAge: a.MaxAge,
		Secure: a.Secure, HTTPOnly: a.HTTPOnly, SameSite: a.SameSite,
	}
	if a.Expires != nil {
		c.Expires = a.Expires.time()
	}
	out, err := message.AppendSetCookie([]byte("x"), c)
	return SetCookieOut{out, err != nil}
}

// ContentIn is content and its fields.
type ContentIn struct {
	Fields  []Pair
	Content []byte
}

// ParseForm calls ParseForm.
func ParseForm(a ContentIn) step02.Query {
	q, err := message.ParseForm(header(a.Fields), a.Content)
	if err != nil {
		return step02.Query{Err: ErrOf(err)}
	}
	return step02.QueryOf(q, []string{"a"})
}

// JSONOut is what came of JSON.
type JSONOut struct {
	A   int
	B   string
	C   []string
	Err wire.Err
}

// ParseJSON calls ParseJSON.
func ParseJSON(a ContentIn) JSONOut {
	var v struct {
		A int
		B string
		C []string
	}
	if err := message.ParseJSON(header(a.Fields), a.Content, &v); err != nil {
		return JSONOut{Err: ErrOf(err)}
	}
	return JSONOut{v.A, v.B, v.C, wire.Err{}}
}

// JSONIn is a value in JSON, or none that can be encoded.
type JSONIn struct {
	Value []byte
	Func  bool
}

// JSONText is what AppendJSON returns.
type JSONText struct {
	Text    []byte
	Refused bool
}

// AppendJSON calls AppendJSON.
func AppendJSON(a JSONIn) JSONText {
	var v any = func() {}
	if !a.Func {
		if err := json.Unmarshal(a.Value, &v); err != nil {
			return JSONText{}
		}
	}
	out, err := message.AppendJSON([]byte("x"), v)
	return JSONText{out, err != nil}
}
