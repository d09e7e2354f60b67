package exam

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/wire"
)

// A Talk is what a client says on one connection to a server of a session. The same
// talk is had with the reference, and has to come to the same.
type Talk struct {
	Class   string // in words that may always be shown
	Server  string // the session, "keepalive.Server" unless it says otherwise
	Arg     any    // for the session
	Steps   []Step
	Methods []string // of the requests whose method is not GET
	Open    int      // so many responses come and the connection stays open; 0 if it ends
	Half    bool     // the client closes its side at the end
	From    string   // the client's address
	TCP     bool
	Logs    bool                        // something has to be logged
	Fields  []string                    // names of fields that are compared, besides those that all talks compare
	Or      func(want, got *Heard) bool `json:"-"`
}

// A Step is something that the client sends, and what it waits for before.
type Step struct {
	Send      string
	AwaitText string // in what comes back
	Answer    bool   // a handler asks for the exam's word, and gets it before this is sent
}

// say makes steps of texts.
func say(texts ...string) []Step {
	var steps []Step
	for _, t := range texts {
		steps = append(steps, Step{Send: t})
	}
	return steps
}

// Heard is what came of a talk.
type Heard struct {
	Replies []Reply
	Rest    bool // bytes that are no response
	Closed  bool
	Handled []step04.Handled
	Refused []step04.Told
	raw     []byte
}

// A Reply is a response as a client reads it.
type Reply struct {
	Status  int
	Cut     bool   // its content ends too early
	Framing string // "a length of 5", "chunks", "the end of the connection", "neither length nor chunks"; of responses that a handler made
	Close   bool   // Connection: close
	Fields  []string
	Content []byte
}

// compared are fields that every talk compares; and those whose name begins with X-.
var compared = []string{"Mark", "Set-Cookie", "Link", "Location", "Content-Encoding", "Upgrade", "Allow"}

// Talks has all talks with the reference and with the submission.
func (x *X) Talks(talks ...Talk) {
	for _, t := range talks {
		if t.Server == "" {
			t.Server = "keepalive.Server"
		}
		want := x.memory.heard(x, t)
		x.Doing(t.Class)
		got := x.have(t)
		var at place
		d := at.differ(reflect.ValueOf(want.seen()), reflect.ValueOf(got.seen()), "", [2]int{})
		if d != "" && (t.Or == nil || !t.Or(want, got)) {
			sent := ""
			for _, s := range t.Steps {
				sent += s.Send
			}
			x.Fail(Failure{Brief: d, Input: "the client sent " + shorten(sent) + "\nhandlers " + show(t.Arg), Want: want.text(), Got: got.text() + "\n" + shorten(string(got.raw)), There: at.text()})
		}
	}
}

// seen is the part of it that is compared.
func (h *Heard) seen() Heard {
	out := *h
	out.raw = nil
	out.Refused = slices.Clone(h.Refused)
	for i, r := range out.Refused {
		if r.Fault.Kind != "" && r.Fault.Kind != "protocol" {
			out.Refused[i].Fault = wire.Err{Kind: "an error"} // which one is open
		}
	}
	return out
}

// text says in a few words what came back.
func (h *Heard) text() string {
	var words []string
	for _, r := range h.Replies {
		word := fmt.Sprint(r.Status)
		if r.Cut {
			word += " (cut off)"
		}
		words = append(words, word)
	}
	end := "then open"
	if h.Closed {
		end = "then closed"
	}
	if h.Rest {
		end = "something that is no response, " + end
	}
	return strings.Join(append(words, end), ", ") + fmt.Sprintf("; %d handled %s", len(h.Handled), show(h.Handled))
}

// have has a talk.
func (x *X) have(t Talk) *Heard {
	s := x.Session(t.Server, t.Arg)
	defer s.End()
	var ln string
	s.Call("listener", nil, &ln)
	c := x.DialFrom(ln, t.From, t.TCP)
	defer c.Close()
	for i, step := range t.Steps {
		if i > 0 && step.AwaitText == "" && !step.Answer {
			time.Sleep(2 * time.Millisecond) // so that it arrives by itself
		}
		c.await(step.AwaitText)
		if step.Answer {
			s.Answer(c.until(s, "ask"), nil)
		}
		c.Send(step.Send)
	}
	if t.Half {
		c.CloseWrite()
	}
	h := &Heard{Handled: []step04.Handled{}}
	c.collect(h, t)
	x.told(s, h, t)
	return h
}

// await reads until text has come.
func (c *Client) await(text string) {
	end := time.Now().Add(c.x.patience)
	for text != "" && !bytes.Contains(c.read, []byte(text)) {
		if err := c.more(time.Until(end)); err != nil {
			c.ended("something with "+fmt.Sprintf("%q", text), err)
		}
	}
}

// until reads what comes until the session tells of an event.
func (c *Client) until(s *Session, event string) wire.Reply {
	for end := time.Now().Add(c.x.patience); time.Now().Before(end); {
		if e, ok := s.Try(event, nil, time.Millisecond); ok {
			return e
		}
		if err := c.more(time.Millisecond); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	return s.Event(event, nil)
}

// collect reads what comes until the connection ends, or until as many responses have
// come as should and nothing else does for a moment.
func (c *Client) collect(h *Heard, t Talk) {
	end := time.Now().Add(c.x.patience)
	for {
		h.raw = c.read
		h.parse(t)
		if t.Open > 0 && h.finals() >= t.Open && !h.Rest && !h.cut() {
			err := c.more(15 * time.Millisecond)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			if err != nil {
				h.Closed = true
				return
			}
			continue
		}
		switch err := c.more(time.Until(end)); {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.ended(fmt.Sprintf("the end of the connection, or %d responses", t.Open), err)
		default:
			h.raw, h.Closed = c.read, true
			h.parse(t)
			if exit, ok := c.x.driver.endedNow(); ok {
				panic(gone(exit))
			}
			return
		}
	}
}

func (h *Heard) finals() int {
	n := 0
	for _, r := range h.Replies {
		if r.Status >= 200 || r.Status == 101 {
			n++
		}
	}
	return n
}

func (h *Heard) cut() bool {
	return len(h.Replies) > 0 && h.Replies[len(h.Replies)-1].Cut
}

// parse reads the responses in what came back, as net/http does. It is given bytes and
// no connection, so it cannot be made to wait.
func (h *Heard) parse(t Talk) {
	h.Replies, h.Rest = []Reply{}, false
	in := bufio.NewReader(bytes.NewReader(h.raw))
	for final := 0; ; {
		if _, err := in.Peek(1); err != nil || len(h.Replies) > 1000 {
			return
		}
		method := "GET"
		if final < len(t.Methods) {
			method = t.Methods[final]
		}
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			h.Rest = true
			return
		}
		r := Reply{Status: res.StatusCode, Fields: []string{}}
		if r.Status == 101 { // what comes is of another protocol
			rest, _ := io.ReadAll(in)
			r.Content = rest
			h.Replies = append(h.Replies, r)
			return
		}
		content, err := io.ReadAll(res.Body)
		r.Cut = err != nil
		r.Close = res.Close // Connection says close, or nothing else says where the content ends
		if r.Status < 400 && !r.Cut {
			r.Content = append([]byte{}, content...)
		}
		if r.Status < 400 {
			r.Framing = framing(res)
		}
		for name, values := range res.Header {
			if strings.HasPrefix(name, "X-") || slices.Contains(compared, name) || slices.Contains(t.Fields, name) {
				for _, v := range values {
					r.Fields = append(r.Fields, name+": "+v)
				}
			}
		}
		slices.SortFunc(r.Fields, func(a, b string) int {
			return cmp.Compare(a[:strings.IndexByte(a, ':')], b[:strings.IndexByte(b, ':')])
		})
		h.Replies = append(h.Replies, r)
		if r.Status >= 200 {
			final++
		}
	}
}

// framing says how the content of a response is framed.
func framing(res *http.Response) string {
	switch {
	case len(res.TransferEncoding) > 0:
		return "chunks"
	case res.Header.Get("Content-Length") != "":
		return "a length of " + res.Header.Get("Content-Length")
	}
	return "neither length nor chunks"
}

// told collects what the session has told of. A handler has returned before its response
// is complete, and what was told before an answer to a call is here before that.
func (x *X) told(s *Session, h *Heard, t Talk) {
	s.Call("listener", nil, nil)
	for s.Count("handled") > 0 {
		var r step04.Handled
		if s.Event("handled", &r); t.TCP {
			r.Remote = "" // a port of the machine's choice
		}
		h.Handled = append(h.Handled, r)
	}
	for s.Count("refused") > 0 {
		var r step04.Told
		s.Event("refused", &r)
		h.Refused = append(h.Refused, r)
	}
	if t.Logs {
		x.Doing(t.Class + ": the log")
		s.Event("log", nil)
	}
}
