// Package step02 calls step 2 for the exam. Each function takes an argument, calls
// the step, and returns what came of it so that it can be compared: of an error
// its class, of borrowed bytes whether they are a part of what was parsed.
package step02

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	reqline "barewire/solutions/02-request-line"

	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("reqline.ParseMethod", ParseMethod)
	wire.Handle("reqline.ParseVersion", ParseVersion)
	wire.Handle("reqline.ParseAuthority", ParseAuthority)
	wire.Handle("reqline.Target.Parse", ParseTarget)
	wire.Handle("reqline.CutLine", CutLine)
	wire.Handle("reqline.RequestLine.Parse", ParseLines)
	wire.Handle("reqline.AppendDecoded", AppendDecoded)
	wire.Handle("reqline.AppendNormalized", AppendNormalized)
	wire.Handle("reqline.ParseQuery", ParseQuery)
}

// behind stands behind every input in memory. Nothing may be written there, and
// it may change no answer.
const behind = " @[::1]:99/%41?x=1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"

// A Buffer is the input as a server has it, a part of something larger.
type Buffer struct {
	src  []byte
	want string
}

// NewBuffer returns in as a part of a buffer.
func NewBuffer(in []byte) *Buffer {
	all := string(in) + behind
	return &Buffer{[]byte(all)[:len(in)], all}
}

// Src is the input.
func (b *Buffer) Src() []byte { return b.src }

// Harmed says whether something has written into the buffer.
func (b *Buffer) Harmed() bool { return string(b.src[:len(b.want)]) != b.want }

// Borrowed says whether every part, if it is not empty, lies in the input.
func (b *Buffer) Borrowed(parts ...[]byte) bool {
	for _, part := range parts {
		if !inside(part, b.src) {
			return false
		}
	}
	return true
}

func inside(part, src []byte) bool {
	if len(part) == 0 {
		return true
	}
	for i := range src {
		if &src[i] == &part[0] {
			return i+len(part) <= len(src)
		}
	}
	return false
}

// Copy returns a copy that is nil if part is.
func Copy(part []byte) []byte {
	if part == nil {
		return nil
	}
	return append([]byte{}, part...)
}

// ErrOf returns the class of an error.
func ErrOf(err error) wire.Err {
	if err == nil {
		return wire.Err{}
	}
	e := wire.Err{Kind: "other", Text: wire.Clip(err.Error())}
	var pe *reqline.ProtocolError
	switch {
	case errors.Is(err, reqline.ErrIncomplete):
		e.Kind = "incomplete"
	case errors.As(err, &pe) && pe != nil:
		e.Kind, e.Status, e.Offset = "protocol", pe.Status, pe.Offset
	}
	return e
}

// Bytes are an input and nothing else.
type Bytes struct {
	Src []byte `json:"src"`
}

// A Method is what ParseMethod returns.
type Method struct {
	Method string
	N      int
	Harmed bool
	Err    wire.Err
}

// ParseMethod calls ParseMethod.
func ParseMethod(a Bytes) Method {
	b := NewBuffer(a.Src)
	method, n, err := reqline.ParseMethod(b.Src())
	if err != nil {
		return Method{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	return Method{method, n, b.Harmed(), wire.Err{}}
}

// A Version is what ParseVersion returns.
type Version struct {
	Major, Minor uint8
	Text         string
	Harmed       bool
	Err          wire.Err
}

// ParseVersion calls ParseVersion.
func ParseVersion(a Bytes) Version {
	b := NewBuffer(a.Src)
	v, err := reqline.ParseVersion(b.Src())
	if err != nil {
		return Version{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	return Version{v.Major, v.Minor, v.String(), b.Harmed(), wire.Err{}}
}

// An Authority is what ParseAuthority returns.
type Authority struct {
	Host, Port []byte // the port is empty where there is none
	Borrowed   bool
	Harmed     bool
	Err        wire.Err
}

// ParseAuthority calls ParseAuthority.
func ParseAuthority(a Bytes) Authority {
	b := NewBuffer(a.Src)
	host, port, err := reqline.ParseAuthority(b.Src())
	if err != nil {
		return Authority{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	// Whether what is empty is nil is nobody's business here.
	return Authority{append([]byte{}, host...), append([]byte{}, port...), b.Borrowed(host, port), b.Harmed(), wire.Err{}}
}

// A TargetIn is a target and the method that it comes with.
type TargetIn struct {
	Method string `json:"method"`
	Src    []byte `json:"src"`
	Before []byte `json:"before"` // what the same Target was used for before, with GET
}

// A Target is a target cut up.
type Target struct {
	Form                        string
	Raw, Authority, Path, Query []byte // the query is nil if there is none
	NoPath                      bool   // Path is nil
	Borrowed                    bool
	Harmed                      bool
	Err                         wire.Err
}

// ParseTarget calls Target.Parse.
func ParseTarget(a TargetIn) Target {
	var t reqline.Target
	if len(a.Before) > 0 {
		_ = t.Parse("GET", a.Before)
	}
	b := NewBuffer(a.Src)
	if err := t.Parse(a.Method, b.Src()); err != nil {
		return Target{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	return targetOf(&t, b)
}

// targetOf copies a target. The path that the target itself does not have need not
// be borrowed, and what is not there may be nil or empty, but for the query.
func targetOf(t *reqline.Target, b *Buffer) Target {
	out := Target{
		Form: formName(t.Form), Raw: append([]byte{}, t.Raw...), Authority: append([]byte{}, t.Authority...),
		Path: append([]byte{}, t.Path...), Query: Copy(t.Query), NoPath: t.Path == nil,
		Borrowed: b.Borrowed(t.Raw, t.Authority, t.Query), Harmed: b.Harmed(),
	}
	if len(t.Path) > 1 {
		out.Borrowed = out.Borrowed && b.Borrowed(t.Path)
	}
	return out
}

func formName(f reqline.Form) string {
	switch f {
	case reqline.OriginForm:
		return "origin-form"
	case reqline.AbsoluteForm:
		return "absolute-form"
	case reqline.AuthorityForm:
		return "authority-form"
	case reqline.AsteriskForm:
		return "asterisk-form"
	}
	return "no form"
}

// A Cut is what CutLine returns.
type Cut struct {
	Line     []byte
	N        int
	Borrowed bool
	Harmed   bool
	Err      wire.Err
}

// CutLine calls CutLine.
func CutLine(a Bytes) Cut {
	b := NewBuffer(a.Src)
	line, n, err := reqline.CutLine(b.Src())
	if err != nil {
		return Cut{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	return Cut{append([]byte{}, line...), n, b.Borrowed(line), b.Harmed(), wire.Err{}}
}

// LinesIn are bytes that are parsed as request lines, one behind the other, by the
// same RequestLine.
type LinesIn struct {
	Src   []byte `json:"src"`
	Limit int    `json:"limit"`
	Cuts  []int  `json:"cuts"` // places before which the bytes behind have not arrived
}

// Lines are what RequestLine.Parse returned, until there was an error.
type Lines struct {
	Lines []Line
	Err   wire.Err // the last: incomplete where the bytes were used up
}

// A Line is one line.
type Line struct {
	N       int
	Method  string
	Target  Target
	Version string
}

// ParseLines calls RequestLine.Parse again and again, as a server does.
func ParseLines(a LinesIn) Lines {
	var out Lines
	var l reqline.RequestLine
	start := 0
	for _, end := range append(a.Cuts, len(a.Src)) {
		end = min(max(end, start), len(a.Src))
		for len(out.Lines) < 100 {
			b := NewBuffer(a.Src[start:end])
			n, err := l.Parse(b.Src(), a.Limit)
			out.Err = ErrOf(err)
			if b.Harmed() {
				out.Err = wire.Fault("harmed: the bytes of the connection were changed")
				return out
			}
			if err != nil {
				break
			}
			if n <= 0 || n > end-start {
				out.Err = wire.Fault(fmt.Sprintf("n is not how many bytes were taken: %d", n))
				return out
			}
			out.Lines = append(out.Lines, Line{n, l.Method, targetOf(&l.Target, b), l.Version.String()})
			start += n
		}
		if out.Err.Kind != "incomplete" && out.Err.Kind != "" {
			return out
		}
	}
	return out
}

// An AppendIn is an input for something that appends.
type AppendIn struct {
	Dst []byte `json:"dst"` // what is there already
	Src []byte `json:"src"`
	End []Run  `json:"end,omitempty"` // what Src ends with, where that is too long to be sent
}

// A Run is a text that is repeated.
type Run struct {
	Text  []byte `json:"text"`
	Times int    `json:"times"`
}

// Appended is what something that appends returns.
type Appended struct {
	Out    []byte // after an error, what of dst is still there; its SHA-256 where the source has an End
	Harmed bool
	Err    wire.Err
}

// AppendDecoded calls AppendDecoded.
func AppendDecoded(a AppendIn) Appended { return appended(reqline.AppendDecoded, a, true) }

// AppendNormalized calls AppendNormalized.
func AppendNormalized(a AppendIn) Appended { return appended(reqline.AppendNormalized, a, false) }

func appended(f func(dst, src []byte) ([]byte, error), a AppendIn, kept bool) Appended {
	for _, r := range a.End {
		a.Src = append(a.Src, bytes.Repeat(r.Text, r.Times)...)
	}
	b := NewBuffer(a.Src)
	dst := append(make([]byte, 0, len(a.Dst)+8), a.Dst...)
	out, err := f(dst, b.Src())
	if string(dst) != string(a.Dst) {
		return Appended{Harmed: true, Err: ErrOf(err)}
	}
	if err != nil { // of dst, what was there before has to be there still
		if !kept {
			out = a.Dst
		}
		return Appended{append([]byte{}, out[:min(len(out), len(a.Dst))]...), b.Harmed(), ErrOf(err)}
	}
	if a.End != nil {
		sum := sha256.Sum256(out)
		return Appended{sum[:], b.Harmed(), wire.Err{}}
	}
	return Appended{append([]byte{}, out...), b.Harmed(), wire.Err{}}
}

// A QueryIn is a query and names to look for.
type QueryIn struct {
	Src   []byte   `json:"src"`
	Names []string `json:"names"`
}

// A Query is its parameters, and what is found under the names.
type Query struct {
	Params [][2][]byte
	Found  []Found
	Harmed bool
	Err    wire.Err
}

// Found is what is found under one name.
type Found struct {
	Get, Lookup []byte
	OK          bool
	Values      [][]byte
}

// ParseQuery calls ParseQuery and the methods of Query.
func ParseQuery(a QueryIn) Query {
	b := NewBuffer(a.Src)
	q, err := reqline.ParseQuery(b.Src())
	if err != nil {
		return Query{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	for i := range b.src { // what is kept has to be a copy
		b.src[i] ^= 0x55
	}
	out := QueryOf(q, a.Names)
	for i := range b.src {
		b.src[i] ^= 0x55
	}
	out.Harmed = b.Harmed()
	return out
}

// QueryOf copies a query.
func QueryOf(q reqline.Query, names []string) Query {
	out := Query{Params: [][2][]byte{}, Found: []Found{}}
	for _, p := range q {
		out.Params = append(out.Params, [2][]byte{[]byte(p.Name), []byte(p.Value)})
	}
	for _, name := range names {
		f := Found{Get: []byte(q.Get(name)), Values: [][]byte{}}
		value, ok := q.Lookup(name)
		f.Lookup, f.OK = []byte(value), ok
		for _, v := range q.Values(name) {
			f.Values = append(f.Values, []byte(v))
		}
		out.Found = append(out.Found, f)
	}
	return out
}
