// Package dissect takes the bytes of a connection apart with the reference parser:
// which part of which message each byte is, where the parser stopped and by which
// rule, and after which byte it knew.
//
// What is right and wrong is never decided here. Head.Parse and ChunkedDecoder.Decode
// of step 3 do that, as they do in the server; their smaller parts, from CutLine to
// ParseChunkSize, say what the bytes are that they took.
//
// It leaves out what the server answers, which is barewire/docs/lab/serve. Read part.go
// first, then this file, head.go and chunked.go.
package dissect

import (
	"errors"

	reqline "barewire/solutions/02-request-line"
	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"
)

// A Result is what became of the bytes of a connection.
type Result struct {
	Messages []Message
	Spans    []Span // every byte is in one of them, in order
}

// A Message is one request, or the beginning of one.
type Message struct {
	Start, HeadEnd, End int // HeadEnd is 0 as long as the head has no end
	Method, Target      string
	Host                string
	Version             string
	Framing             string // where the content ends, in words
	Complete            bool
	KeepAlive           bool // as far as the request is concerned, another one may follow
	Knew                int  // how many bytes had to arrive until the head was done or refused
	Stop                *Stop
	Split               string // what the parser said of the whole, where byte by byte it said something else
}

// A Stop is where the parser gave up.
type Stop struct {
	Offset int // of the byte
	Knew   int // how many bytes had arrived when it stopped
	Status int
	Rule   string
	Msg    string
	Fields []int // offsets of the field lines that are to blame, where no byte is
}

// Parse takes src apart. Requests is how many requests the server took off the
// connection before it ended: what is behind them is not read. It is negative as long as
// the connection goes on.
func Parse(src []byte, requests int) *Result {
	d := &dissector{src: src, result: &Result{}}
	for at := 0; at < len(src) && (requests < 0 || len(d.result.Messages) < requests); {
		m := d.message(at)
		d.result.Messages = append(d.result.Messages, m)
		if m.Stop != nil || !m.Complete {
			break
		}
		at = m.End
	}
	d.mark(d.end, len(src), Unread, "")
	return d.result
}

type dissector struct {
	src    []byte
	result *Result
	end    int // up to where there are spans
}

// mark says that the bytes from start to end are this part. What it skips is unread.
func (d *dissector) mark(start, end int, p Part, note string) {
	start, end = max(start, d.end), min(end, len(d.src))
	if start > d.end {
		d.mark(d.end, start, Unread, "")
	}
	if start >= end {
		return
	}
	if n := len(d.result.Spans); p == ChunkData && n > 0 && d.result.Spans[n-1].Part == p {
		d.result.Spans[n-1].End = end // it came byte by byte
	} else {
		d.result.Spans = append(d.result.Spans, Span{start, end, p, note})
	}
	d.end = end
}

// cut takes back what was said about the bytes from at on, and says that the parser
// stopped there.
func (d *dissector) cut(at int) {
	spans := d.result.Spans
	for len(spans) > 0 && spans[len(spans)-1].Start >= at {
		spans = spans[:len(spans)-1]
	}
	if n := len(spans); n > 0 && spans[n-1].End > at {
		spans[n-1].End = at
	}
	d.result.Spans, d.end = spans, min(d.end, at)
	d.mark(at, at+1, Refused, "")
}

// message takes the message apart that starts at at.
func (d *dissector) message(at int) Message {
	m := Message{Start: at}
	h, n := d.head(&m)
	m.End = d.end
	if m.Stop != nil || n == 0 {
		return m
	}
	m.HeadEnd = at + n
	m.KeepAlive = keepalive.KeepAlive(h)
	switch {
	case h.Framing.Chunked:
		d.chunked(&m)
	case h.Framing.Length > int64(len(d.src)-m.HeadEnd):
		d.mark(m.HeadEnd, len(d.src), Content, "")
	default:
		d.mark(m.HeadEnd, m.HeadEnd+int(h.Framing.Length), Content, "")
		m.Complete = true
	}
	m.End = max(d.end, m.HeadEnd)
	return m
}

// stopped returns what a parser's error says, with its offset moved by at.
func stopped(err error, at, knew int) *Stop {
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return &Stop{Offset: at + e.Offset, Knew: knew, Status: e.Status, Rule: e.Rule, Msg: e.Msg}
	}
	// Only a parser that is not finished says such a thing.
	return &Stop{Offset: at, Knew: knew, Msg: err.Error()}
}

// framingWords says where the content ends.
func framingWords(f message.Framing) string {
	switch {
	case f.Chunked:
		return "chunked: it ends with the last chunk"
	case f.Length > 0:
		return "by Content-Length: " + count(f.Length)
	}
	return "none"
}
