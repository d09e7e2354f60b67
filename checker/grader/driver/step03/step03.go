// Package step03 calls step 3 for the exam: see package step02 for how.
package step03

import (
	"errors"
	"fmt"
	"io"
	"slices"

	reqline "barewire/solutions/02-request-line"
	message "barewire/solutions/03-headers-bodies"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("message.ParseField", ParseField)
	wire.Handle("message.Header", Change)
	wire.Handle("message.Header.Parse", ParseSections)
	wire.Handle("message.Host", Host)
	wire.Handle("message.ContentLength", ContentLength)
	wire.Handle("message.RequestFraming", RequestFraming)
	wire.Handle("message.Head.Parse", ParseHeads)
	wire.Handle("message.ParseChunkSize", ParseChunkSize)
	wire.Handle("message.ChunkedDecoder", Decode)
	wire.Handle("message.AppendStatusLine", AppendStatusLine)
	wire.Handle("message.AppendDate", AppendDate)
	wire.Handle("message.HasContent", HasContent)
	wire.Handle("message.AppendField", AppendField)
	wire.Handle("message.AppendChunk", AppendChunk)
	wire.Handle("message.Header.Cookies", Cookies)
	wire.Handle("message.AppendSetCookie", AppendSetCookie)
	wire.Handle("message.ParseForm", ParseForm)
	wire.Handle("message.ParseJSON", ParseJSON)
	wire.Handle("message.AppendJSON", AppendJSON)
}

// ErrOf returns the class of an error.
func ErrOf(err error) wire.Err {
	e := step02.ErrOf(err)
	if e.Kind == "other" && errors.Is(err, io.EOF) {
		e.Kind = "io.EOF"
	}
	return e
}

// A Pair is the name and the value of a field.
type Pair struct {
	Name, Value []byte
}

// pairs copies the fields of a header.
func pairs(h *message.Header) []Pair {
	out := []Pair{}
	for name, value := range h.All() {
		out = append(out, Pair{slices.Clone(name), append([]byte{}, value...)})
	}
	return out
}

// header makes a header of fields. They are parsed, so that it is what comes from a
// client, and has what Add would not let through.
func header(fields []Pair) *message.Header {
	var src []byte
	for _, f := range fields {
		src = append(append(append(append(src, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	h := new(message.Header)
	if _, err := h.Parse(append(src, "\r\n"...), message.Limits{Fields: 10000, HeaderSection: 1 << 20}); err != nil {
		for _, f := range fields {
			h.Add(string(f.Name), string(f.Value))
		}
	}
	return h
}

// A Field is what ParseField returns.
type Field struct {
	Name, Value      []byte
	Borrowed, Harmed bool
	Err              wire.Err
}

// ParseField calls ParseField.
func ParseField(a step02.Bytes) Field {
	b := step02.NewBuffer(a.Src)
	f, err := message.ParseField(b.Src())
	if err != nil {
		return Field{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	return Field{append([]byte{}, f.Name...), append([]byte{}, f.Value...), b.Borrowed(f.Name, f.Value), b.Harmed(), wire.Err{}}
}

// Changes are what is done to a header, and names that are looked for then.
type Changes struct {
	Parsed []Pair // what the header is parsed from, if there is something
	Do     []Op
	Names  [][]byte
	Member string // looked for in each
}

// An Op is a call of a method of Header.
type Op struct {
	Op          string
	Name, Value []byte
}

// State is what a header looks like.
type State struct {
	Fields, Appended []Pair // after the changes; after something was appended to each value
	Len              int
	Found            []Found
	Text             []byte // of AppendTo
}

// Found is what a header says of a name.
type Found struct {
	Get             []byte
	Value           []byte // nil if there is none
	Has             bool
	Values, Members [][]byte
	First, Member1  []byte // of loops that end early
	HasMember       bool
}

// Change changes a header and looks at it.
func Change(a Changes) State {
	h := new(message.Header)
	if len(a.Parsed) > 0 {
		h = header(a.Parsed)
	}
	for _, op := range a.Do {
		switch op.Op {
		case "add":
			h.Add(string(op.Name), string(op.Value))
		case "set":
			h.Set(string(op.Name), string(op.Value))
		case "del":
			h.Del(string(op.Name))
		case "reset":
			h.Reset()
		}
	}
	out := State{Fields: pairs(h), Len: h.Len(), Found: []Found{}, Text: h.AppendTo([]byte("x"))}
	for _, name := range a.Names {
		name := string(name)
		f := Found{Get: []byte(h.Get(name)), Value: step02.Copy(h.Value(name)), Has: h.Has(name), HasMember: h.HasMember(name, a.Member)}
		f.Values, f.Members = [][]byte{}, [][]byte{}
		for v := range h.Values(name) {
			f.Values = append(f.Values, append([]byte{}, v...))
		}
		for v := range h.Members(name) {
			f.Members = append(f.Members, append([]byte{}, v...))
		}
		for v := range h.Values(name) {
			f.First = append([]byte{}, v...)
			break
		}
		for v := range h.Members(name) {
			f.Member1 = append([]byte{}, v...)
			break
		}
		out.Found = append(out.Found, f)
	}
	for _, name := range a.Names {
		// Behind a value that was parsed stands the rest of the message, and it is the
		// caller's matter whether that may be written to.
		if v := h.Value(string(name)); v != nil && len(a.Parsed) == 0 {
			_ = append(v, "xxxxxxxxxxxxxxxx"...)
		}
	}
	out.Appended = pairs(h)
	return out
}

// Stream is bytes that arrive in pieces.
type Stream struct {
	Src    []byte
	Cuts   []int // before which the bytes behind have not arrived
	Limits message.Limits
}

// Sections are the header sections that a stream begins with.
type Sections struct {
	Sections []Section
	Err      wire.Err // the last
}

// A Section is one of them.
type Section struct {
	N        int
	Fields   []Pair
	Borrowed bool
}

// parse calls a parser again and again on what has arrived, as a server does.
func parse(a Stream, one func(b *step02.Buffer) (int, error)) wire.Err {
	last := wire.Err{}
	start := 0
	for _, end := range append(a.Cuts, len(a.Src)) {
		end = min(max(end, start), len(a.Src))
		for range 100 {
			b := step02.NewBuffer(a.Src[start:end])
			n, err := one(b)
			switch {
			case b.Harmed():
				return wire.Fault("harmed: the bytes of the connection were changed")
			case err == nil && (n <= 0 || n > end-start):
				return wire.Fault(fmt.Sprintf("n is not how many bytes were taken: %d", n))
			}
			if last = ErrOf(err); err != nil {
				break
			}
			start += n
		}
		if last.Kind != "incomplete" && last.Kind != "" {
			last.Offset += start
			return last
		}
	}
	return last
}

// ParseSections calls Header.Parse with one Header for all sections.
func ParseSections(a Stream) Sections {
	out := Sections{Sections: []Section{}}
	var h message.Header
	out.Err = parse(a, func(b *step02.Buffer) (int, error) {
		n, err := h.Parse(b.Src(), a.Limits)
		if err == nil {
			s := Section{N: n, Fields: pairs(&h), Borrowed: true}
			for name, value := range h.All() {
				s.Borrowed = s.Borrowed && b.Borrowed(name, value)
			}
			out.Sections = append(out.Sections, s)
		}
		return n, err
	})
	return out
}

// A Message is a request line and fields.
type Message struct {
	Line   string
	Fields []Pair
}

func (m Message) parse() (*reqline.RequestLine, *message.Header) {
	var l reqline.RequestLine
	if _, err := l.Parse([]byte(m.Line+"\r\n"), 0); err != nil {
		return nil, nil
	}
	return &l, header(m.Fields)
}

// HostOut is what Host returns.
type HostOut struct {
	Host []byte
	Err  wire.Err
}

// Host calls Host.
func Host(a Message) HostOut {
	l, h := a.parse()
	if l == nil {
		return HostOut{Err: wire.Fault("the request line is refused")}
	}
	host, err := message.Host(l, h)
	if err != nil {
		return HostOut{Err: ErrOf(err)}
	}
	return HostOut{append([]byte{}, host...), wire.Err{}}
}

// Length is what ContentLength returns.
type Length struct {
	N   int64
	OK  bool
	Err wire.Err
}

// ContentLength calls ContentLength.
func ContentLength(a []Pair) Length {
	n, ok, err := message.ContentLength(header(a))
	if err != nil {
		return Length{Err: ErrOf(err)}
	}
	return Length{n, ok, wire.Err{}}
}

// Framing is what RequestFraming returns.
type Framing struct {
	Chunked bool
	Length  int64
	Err     wire.Err
}

// FramingIn are a minor version and fields.
type FramingIn struct {
	Minor  uint8
	Fields []Pair
}

// RequestFraming calls RequestFraming.
func RequestFraming(a FramingIn) Framing {
	f, err := message.RequestFraming(reqline.Version{Major: 1, Minor: a.Minor}, header(a.Fields))
	if err != nil {
		return Framing{Err: ErrOf(err)}
	}
	return framing(f)
}

func framing(f message.Framing) Framing {
	if f.Chunked {
		f.Length = 0 // means nothing then
	}
	return Framing{f.Chunked, f.Length, wire.Err{}}
}

// Heads are the heads of a stream.
type Heads struct {
	Heads []Head
	Err   wire.Err
}

// A Head is one of them.
type Head struct {
	N                  int
	Method, Version    string
	Target, Host, Path []byte
	Fields             []Pair
	Framing            Framing
}

// ParseHeads calls Head.Parse with one Head for all of them.
func ParseHeads(a Stream) Heads {
	out := Heads{Heads: []Head{}}
	var h message.Head
	out.Err = parse(a, func(b *step02.Buffer) (int, error) {
		n, err := h.Parse(b.Src(), a.Limits)
		if err == nil {
			out.Heads = append(out.Heads, Head{
				n, h.Method, h.Version.String(), slices.Clone(h.Target.Raw), append([]byte{}, h.Host...), append([]byte{}, h.Target.Path...),
				pairs(&h.Header), framing(h.Framing),
			})
		}
		return n, err
	})
	return out
}

// Size is what ParseChunkSize returns.
type Size struct {
	Size   int64
	Ext    []byte
	Harmed bool
	Err    wire.Err
}

// ParseChunkSize calls ParseChunkSize.
func ParseChunkSize(a step02.Bytes) Size {
	b := step02.NewBuffer(a.Src)
	size, ext, err := message.ParseChunkSize(b.Src())
	if err != nil {
		return Size{Harmed: b.Harmed(), Err: ErrOf(err)}
	}
	return Size{size, append([]byte{}, ext...), b.Harmed(), wire.Err{}}
}

// Bodies are decoded one after another by one decoder, which is Reset in between.
type Bodies struct {
	Bodies []Stream // with the limits of the first
}

// Decoded is what became of a body.
type Decoded struct {
	Content []byte
	Trailer []Pair
	Taken   int
	Again   int // bytes that are taken when the end was said
	Err     wire.Err
}

// Decode calls ChunkedDecoder.Decode.
func Decode(a Bodies) []Decoded {
	out := []Decoded{}
	var d message.ChunkedDecoder
	for i, body := range a.Bodies {
		if i == 0 {
			d.Limits = body.Limits
		} else {
			d.Reset()
		}
		out = append(out, decode(&d, body))
	}
	return out
}

func decode(d *message.ChunkedDecoder, body Stream) (out Decoded) {
	start := 0
	for _, end := range append(body.Cuts, len(body.Src)) {
		end = min(max(end, start), len(body.Src))
		for start < end {
			b := step02.NewBuffer(body.Src[start:end])
			data, n, err := d.Decode(b.Src())
			borrowed := b.Borrowed(data)
			out.Content = append(out.Content, data...)
			switch {
			case b.Harmed():
				out.Err = wire.Fault("harmed: the bytes of the connection were changed")
				return out
			case !borrowed:
				out.Err = wire.Fault("not borrowed: content that is a copy")
				return out
			case err != nil && !errors.Is(err, io.EOF):
				return Decoded{Err: ErrOf(err)}
			case n < 0 || n > end-start || n == 0 && err == nil:
				out.Err = wire.Fault("no progress")
				return out
			}
			start += n
			if err != nil {
				out.Err, out.Taken, out.Trailer = ErrOf(err), start, pairs(&d.Trailer)
				_, out.Again, _ = d.Decode([]byte("5\r\nhello\r\n"))
				return out
			}
		}
	}
	out.Taken = start
	return out
}

// StatusLine is a status and what is made of it.
type StatusLine struct {
	Status int
	Line   []byte
}

// AppendStatusLine calls AppendStatusLine.
func AppendStatusLine(status int) StatusLine {
	return StatusLine{status, message.AppendStatusLine([]byte("x"), status)}
}

// HasContentIn are a method and a status.
type HasContentIn struct {
	Method string
	Status int
}

// HasContent calls HasContent.
func HasContent(a HasContentIn) bool { return message.HasContent(a.Method, a.Status) }

// AppendField calls AppendField and Header.AppendTo.
func AppendField(a []Pair) [][]byte {
	dst, asString := []byte("x"), []byte("y")
	for _, f := range a {
		dst = message.AppendField(dst, f.Name, f.Value)
		asString = message.AppendField(asString, string(f.Name), string(f.Value))
	}
	return [][]byte{dst, asString, header(a).AppendTo([]byte("z"))}
}
