package dissect

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	reqline "barewire/solutions/02-request-line"
	message "barewire/solutions/03-headers-bodies"
)

// head takes apart the head that m starts with, and returns it with how many bytes it
// took: none, if it has no end or was refused.
func (d *dissector) head(m *Message) (*message.Head, int) {
	src := d.src[m.Start:]
	h := new(message.Head)
	n, err := h.Parse(src, message.Limits{})
	var knew int
	knew, m.Split = arrive(src, n, err)
	m.Knew = m.Start + knew
	switch {
	case err == nil && n > 0 && n <= len(src):
		d.lines(m.Start, m.Start+n)
		m.Method, m.Target, m.Version = h.Method, string(h.Target.Raw), h.Version.String()
		m.Host, m.Framing = string(h.Host), framingWords(h.Framing)
		return h, n
	case err == nil:
		// Only a parser that is not finished says such a thing.
		m.Stop = &Stop{Offset: m.Start, Knew: len(d.src), Msg: "the parser took " + strconv.Itoa(n) + " bytes of " + strconv.Itoa(len(src)) + " and reported no error"}
		d.cut(m.Start)
	case errors.Is(err, reqline.ErrIncomplete):
		d.lines(m.Start, len(d.src))
	default:
		m.Stop = stopped(err, m.Start, m.Knew)
		d.refused(m, src)
	}
	return h, 0
}

// arrive gives the head to a parser byte by byte, as it would arrive from a slow client,
// and returns after how many bytes the parser knew what it says of the whole. If it then
// says something else, split is what.
func arrive(src []byte, wantN int, wantErr error) (knew int, split string) {
	h := new(message.Head)
	for size := 1; size <= len(src); size++ {
		// What makes a head end or break is nearly always a line end, and parsers
		// begin at the start each time.
		if size > 4<<10 && size < len(src) && src[size-1] != '\n' && size%(1<<10) != 0 {
			continue
		}
		n, err := h.Parse(src[:size], message.Limits{})
		if errors.Is(err, reqline.ErrIncomplete) {
			continue
		}
		if n != wantN || words(err) != words(wantErr) {
			split = "byte by byte: " + outcome(n, err) + "; all at once: " + outcome(wantN, wantErr)
		}
		return size, split
	}
	if !errors.Is(wantErr, reqline.ErrIncomplete) {
		split = "byte by byte: it asks for more; all at once: " + outcome(wantN, wantErr)
	}
	return len(src), split
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func outcome(n int, err error) string {
	if err != nil {
		return err.Error()
	}
	return "a head of " + count(int64(n))
}

// refused takes apart what is good of a head that was refused.
func (d *dissector) refused(m *Message, src []byte) {
	var l reqline.RequestLine
	var h message.Header
	n, err := l.Parse(src, 0)
	if m.Stop.Rule == "" {
		// A parser that is not finished: this much of it may be.
		if _, ok := errors.AsType[*reqline.ProtocolError](err); ok {
			m.Stop = stopped(err, m.Start, m.Knew)
		} else if err == nil && n > 0 && n <= len(src) {
			m.Stop.Offset = m.Start + n
			m.Method, m.Target, m.Version = l.Method, string(l.Target.Raw), l.Version.String()
			d.lines(m.Start, m.Start+n)
			d.cut(m.Stop.Offset)
			return
		}
	}
	if err == nil {
		var used int
		if used, err = h.Parse(src[n:], message.Limits{}); err == nil {
			// The bytes are well formed; what they say together is not.
			m.Method, m.Target, m.Version = l.Method, string(l.Target.Raw), l.Version.String()
			d.lines(m.Start, m.Start+n+used)
			m.Stop.Fields = d.blamed(m, m.Start+n, m.Start+n+used)
			return
		}
		m.Method, m.Target, m.Version = l.Method, string(l.Target.Raw), l.Version.String()
	}
	end := len(d.src)
	if at := min(max(m.Stop.Offset, m.Start), end); at < end {
		if i := bytes.IndexByte(d.src[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
	}
	d.lines(m.Start, end)
	d.cut(m.Stop.Offset)
}

// blamed returns where those field lines between start and end begin that the stop of m
// is about: it names no byte of its own then.
func (d *dissector) blamed(m *Message, start, end int) (lines []int) {
	var names []string
	for _, b := range []struct{ word, name string }{
		{"Host", "Host"},
		{"Content-Length", "Content-Length"},
		{"content longer", "Content-Length"},
		{"Transfer-Encoding", "Transfer-Encoding"},
		{"chunked", "Transfer-Encoding"},
		{"transfer coding", "Transfer-Encoding"},
	} {
		if strings.Contains(m.Stop.Msg, b.word) {
			names = append(names, b.name)
		}
	}
	for at := start; at < end; {
		line, used, err := reqline.CutLine(d.src[at:end])
		if err != nil || used <= 0 {
			break
		}
		f, err := message.ParseField(line)
		for _, name := range names {
			if err == nil && strings.EqualFold(string(f.Name), name) {
				lines = append(lines, at)
			}
		}
		at += used
	}
	return lines
}

// lines takes apart the lines of a head between start and end. The last of them may
// have no end.
func (d *dissector) lines(start, end int) {
	at := start
	if bytes.HasPrefix(d.src[at:end], []byte("\r\n")) {
		d.mark(at, at+2, EmptyLine, "")
		at += 2
	}
	for first := true; at < end; first = false {
		next := end
		if i := bytes.IndexByte(d.src[at:end], '\n'); i >= 0 {
			next = at + i + 1
		}
		line := bytes.TrimSuffix(bytes.TrimSuffix(d.src[at:next], []byte("\n")), []byte("\r"))
		switch {
		case d.src[next-1] != '\n':
			d.partial(at, line, first)
		case first:
			d.requestLine(at, line)
		case len(line) == 0:
			d.mark(at, next, HeadEnd, "")
		default:
			d.field(at, line, FieldName, FieldValue)
		}
		d.mark(d.end, next, LineEnd, "")
		at = next
	}
}

// partial takes apart a line without an end, as far as that is certain.
func (d *dissector) partial(at int, line []byte, first bool) {
	switch {
	case first && bytes.IndexByte(line, ' ') > 0:
		d.requestLine(at, line)
	case !first && bytes.IndexByte(line, ':') > 0:
		d.field(at, line, FieldName, FieldValue)
	default:
		d.mark(at, at+len(line), Unfinished, "")
	}
}

func (d *dissector) requestLine(at int, line []byte) {
	method, n, err := reqline.ParseMethod(line)
	if err != nil || n < 1 || n > len(line) {
		n = bytes.IndexByte(line, ' ') + 1
		if n == 0 {
			d.mark(at, at+len(line), Method, "")
			return
		}
		method = string(line[:n-1])
	}
	d.mark(at, at+n-1, Method, "")
	d.mark(at+n-1, at+n, Space, "")
	end := len(line)
	if i := bytes.IndexByte(line[n:], ' '); i >= 0 {
		end = n + i
	}
	d.target(at+n, method, line[n:end])
	if end < len(line) {
		d.mark(at+end, at+end+1, Space, "")
		d.mark(at+end+1, at+len(line), Version, "")
	}
}

func (d *dissector) target(at int, method string, raw []byte) {
	var t reqline.Target
	err := t.Parse(method, raw)
	form := t.Form.String()
	switch {
	case err != nil && len(raw) > 0 && raw[0] == '/':
		// What is wrong with it is found by whoever cut it.
		t.Form = reqline.OriginForm
	case err != nil:
		d.mark(at, at+len(raw), Target, "")
		return
	}
	path := 0
	switch t.Form {
	case reqline.AuthorityForm:
		d.mark(at, at+len(raw), Authority, form)
		return
	case reqline.AbsoluteForm:
		scheme := bytes.Index(raw, []byte("://")) + 3
		path = min(scheme+len(t.Authority), len(raw))
		d.mark(at, at+scheme, Scheme, form)
		d.mark(at+scheme, at+path, Authority, form)
	}
	query := len(raw)
	if i := bytes.IndexByte(raw[path:], '?'); i >= 0 {
		query = path + i
	}
	d.mark(at+path, at+query, Path, form)
	d.mark(at+query, at+len(raw), Query, "")
}

func (d *dissector) field(at int, line []byte, name, value Part) {
	colon := bytes.IndexByte(line, ':')
	f, err := message.ParseField(line)
	if err == nil && len(f.Name) < len(line) && line[len(f.Name)] == ':' {
		colon = len(f.Name)
	}
	if colon < 0 {
		d.mark(at, at+len(line), name, "")
		return
	}
	d.mark(at, at+colon, name, "")
	d.mark(at+colon, at+colon+1, Colon, "")
	start, end := colon+1, len(line)
	for start < end && (line[start] == ' ' || line[start] == '\t') {
		start++
	}
	for end > start && (line[end-1] == ' ' || line[end-1] == '\t') {
		end--
	}
	d.mark(at+colon+1, at+start, Blank, "")
	d.mark(at+start, at+end, value, string(line[:colon]))
	d.mark(at+end, at+len(line), Blank, "")
}

// count writes a number of bytes.
func count(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
