// Package view is what the page asks of the lab: text in, JSON out. It puts together
// what the parser (barewire/docs/lab/dissect), the server (serve) and the careless reader
// (lax) make of the same bytes.
package view

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"strings"

	"barewire/docs/lab/dissect"
	"barewire/docs/lab/lax"
	"barewire/docs/lab/notation"
	"barewire/docs/lab/serve"
)

// Table returns what does not depend on any bytes: the parts, the switches of the careless
// reader, and examples.
func Table() []byte {
	var w writer
	w.open('{')
	w.key("parts")
	w.open('[')
	for _, e := range dissect.Table {
		w.open('{')
		w.fields("name", e.Name, "rule", e.Rule, "text", e.Text, "step", e.Step, "decl", e.Decl)
		w.close('}')
	}
	w.close(']')
	w.key("switches")
	w.open('[')
	for _, s := range lax.Table {
		w.open('{')
		w.fields("bit", int(s.Bit), "name", s.Name, "text", s.Text, "rule", s.Rule)
		w.close('}')
	}
	w.close(']')
	w.key("examples")
	w.open('[')
	for _, e := range Examples {
		w.open('{')
		w.fields("name", e.Name, "text", e.Text)
		w.close('}')
	}
	w.close(']')
	w.key("famous")
	w.open('[')
	for _, f := range FamousOnes {
		w.open('{')
		w.fields("name", f.Name, "text", f.Text, "left", f.Left, "right", f.Right, "story", f.Story)
		w.close('}')
	}
	w.close(']')
	w.close('}')
	return w.b
}

// Format returns the text for bytes that consist of pieces of these sizes.
func Format(all []byte, sizes []int, half bool) string {
	var pieces [][]byte
	for _, n := range sizes {
		n = max(0, min(n, len(all)))
		pieces = append(pieces, all[:n])
		all = all[n:]
	}
	if len(all) > 0 {
		pieces = append(pieces, all)
	}
	return notation.Format(pieces, half)
}

// Take takes the bytes that text stands for apart, and serves them. It returns the bytes
// and what became of them.
func Take(text string) (all, result []byte) {
	return read(text, func(w *writer, all []byte, trace *serve.Trace, r *dissect.Result) {
		w.fields("open", trace.Open, "ended", ended(trace, r, all), "requests", trace.Requests)
		w.key("statuses")
		w.open('[')
		for _, status := range trace.Statuses() {
			w.int(status)
		}
		w.close(']')
		w.spans(r.Spans)
		w.messages("messages", r)
		w.events(trace)
	})
}

// read serves the bytes that text stands for and takes them apart, and lets show write what
// became of them. A panic on the way is a result, too.
func read(text string, show func(w *writer, all []byte, trace *serve.Trace, r *dissect.Result)) (all, result []byte) {
	defer func() {
		if e := recover(); e != nil {
			result = panicked(e)
		}
	}()
	var w writer
	w.open('{')
	pieces, half, err := notation.Parse(text)
	if err != nil {
		w.fields("error", err.Error())
		w.close('}')
		return nil, w.b
	}
	all = bytes.Join(pieces, nil)
	trace := serve.Run(pieces, half)
	r := dissect.Parse(all, trace.Limit())
	w.pieces(pieces, half)
	show(&w, all, trace, r)
	w.close('}')
	return all, w.b
}

func (w *writer) messages(key string, r *dissect.Result) {
	w.key(key)
	w.open('[')
	for i := range r.Messages {
		w.message(&r.Messages[i])
	}
	w.close(']')
}

func (w *writer) pieces(pieces [][]byte, half bool) {
	w.key("pieces")
	w.open('[')
	for _, p := range pieces {
		w.int(len(p))
	}
	w.close(']')
	w.fields("half", half)
}

// ended says whether the connection is of no use for another request, as the collection
// judges it: a server that waits for the rest of one is as good as gone.
func ended(trace *serve.Trace, r *dissect.Result, all []byte) bool {
	if !trace.Open || len(r.Messages) == 0 {
		return !trace.Open
	}
	last := r.Messages[len(r.Messages)-1]
	return !last.Complete && string(all[last.Start:]) != "\r\n"
}

// panicked is what Take and Compare return where the code that is shown panics.
func panicked(e any) []byte {
	var w writer
	w.open('{')
	stack := string(debug.Stack())
	if _, below, ok := strings.Cut(stack, "\npanic("); ok {
		_, stack, _ = strings.Cut(below, "\n\t") // what is above is ours
		_, stack, _ = strings.Cut(stack, "\n")
	}
	w.fields("panic", fmt.Sprint(e), "stack", stack)
	w.close('}')
	return w.b
}

// spans writes four things for each: start, end, part and note.
func (w *writer) spans(spans []dissect.Span) {
	w.key("spans")
	w.open('[')
	for _, s := range spans {
		w.int(s.Start)
		w.int(s.End)
		w.int(int(s.Part))
		w.bytes([]byte(s.Note))
	}
	w.close(']')
}

func (w *writer) message(m *dissect.Message) {
	w.open('{')
	w.fields("start", m.Start, "headEnd", m.HeadEnd, "end", m.End, "method", []byte(m.Method), "target", []byte(m.Target), "host", []byte(m.Host),
		"version", m.Version, "framing", m.Framing, "complete", m.Complete, "keepAlive", m.KeepAlive, "knew", m.Knew, "split", m.Split)
	if s := m.Stop; s != nil {
		w.key("stop")
		w.open('{')
		w.fields("offset", s.Offset, "knew", s.Knew, "status", s.Status, "rule", s.Rule, "msg", s.Msg)
		w.key("fields")
		w.open('[')
		for _, f := range s.Fields {
			w.int(f)
		}
		w.close(']')
		w.close('}')
	}
	w.close('}')
}

// shown is how much of an event is shown; the rest is counted.
const shown = 16 << 10

func (w *writer) events(trace *serve.Trace) {
	w.key("events")
	w.open('[')
	for _, e := range trace.Events {
		w.open('{')
		w.fields("kind", string(e.Kind), "size", len(e.Bytes), "wait", int(e.Wait.Seconds()))
		if e.Kind != serve.Sent {
			w.fields("bytes", e.Bytes[:min(len(e.Bytes), shown)])
		}
		w.close('}')
	}
	w.close(']')
}

// Strict says to Compare that a reading is the reference's.
const Strict = -1

// Compare reads the bytes that text stands for in two ways: Strict, or with mistakes.
func Compare(text string, left, right int) (all, result []byte) {
	return read(text, func(w *writer, all []byte, _ *serve.Trace, r *dissect.Result) {
		var readings [2][]lax.Message
		w.key("readings")
		w.open('[')
		for i, who := range []int{left, right} {
			if who == Strict {
				readings[i] = strict(r, all)
			} else {
				readings[i] = lax.Read(all, lax.Switches(who))
			}
			w.open('[')
			for _, m := range readings[i] {
				w.reading(&m)
			}
			w.close(']')
		}
		w.close(']')
		if d := lax.Compare(len(all), readings[0], readings[1]); d != nil {
			w.key("difference")
			w.open('{')
			w.fields("offset", d.Offset, "smuggled", d.Smuggled, "by", d.By, "words", d.Words, "line", []byte(d.Message.Line))
			w.close('}')
		}
		w.messages("strict", r)
	})
}

func (w *writer) reading(m *lax.Message) {
	w.open('{')
	w.fields("start", m.Start, "headEnd", m.HeadEnd, "end", m.End, "line", []byte(m.Line), "why", m.Why, "complete", m.Complete)
	w.close('}')
}

// strict is what the reference read, as a reading.
func strict(r *dissect.Result, src []byte) (all []lax.Message) {
	for i := range r.Messages {
		m := &r.Messages[i]
		out := lax.Message{Start: m.Start, HeadEnd: m.HeadEnd, End: m.End, Complete: m.Complete, Why: "content: " + m.Framing}
		line, _, _ := bytes.Cut(bytes.TrimLeft(src[m.Start:m.End], "\r\n"), []byte("\r\n"))
		out.Line = string(line)
		switch {
		case m.Stop != nil:
			out.Why = fmt.Sprintf("refused at byte %d: %s (%s, answer %d)", m.Stop.Offset, m.Stop.Msg, m.Stop.Rule, m.Stop.Status)
		case m.HeadEnd == 0:
			out.Why = "its head has no end yet"
		case !m.Complete:
			out.Why += ", and not all of it has arrived"
		}
		all = append(all, out)
	}
	return all
}
