package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"barewire/checker/conformance"
	"barewire/checker/conformance/cases"
	"barewire/docs/lab/dissect"
	"barewire/docs/lab/serve"
)

// TestRun_cases judges what the lab's server answers to the conformance collection, as
// the collection judges the reference. Cases of files are left out: it has none.
func TestRun_cases(t *testing.T) {
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		c := &all[i]
		if c.NeedsFile {
			continue
		}
		t.Run(c.Group+"/"+c.Name, func(t *testing.T) {
			trace := run(c.Half, c.Pieces...)
			if got, want := trace.Statuses(), exchange(c, trace).Got().Statuses; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: statuses %v, want %v\n%s", c.File, got, want, story(trace))
			}
			if wrong := conformance.Judge(c, exchange(c, trace), true); wrong != "" {
				t.Errorf("%s: %s\n%s: %s\nsent %.500q\n%s", c.File, wrong, c.Section, c.Why, c.Sent(), story(trace))
			}
		})
	}
}

func run(half bool, pieces ...string) *serve.Trace {
	all := make([][]byte, len(pieces))
	for i, p := range pieces {
		all[i] = []byte(p)
	}
	return serve.Run(all, half)
}

// exchange is what a client would have seen.
func exchange(c *cases.Case, trace *serve.Trace) *conformance.Exchange {
	x := &conformance.Exchange{Closed: !trace.Open}
	for _, e := range trace.Events {
		if e.Kind == serve.Waits {
			break
		}
		if e.Kind == serve.Got {
			x.Raw += string(e.Bytes)
		}
	}
	if r := dissect.Parse([]byte(c.Sent()), trace.Limit()); trace.Open && len(r.Messages) > 0 {
		// Waiting for the rest of a request: as good as closed, for the next one.
		last := r.Messages[len(r.Messages)-1]
		x.Closed = !last.Complete && c.Sent()[last.Start:] != "\r\n"
	}
	raw := bufio.NewReader(strings.NewReader(x.Raw))
	for final := 0; ; {
		if _, err := raw.Peek(1); err != nil {
			return x
		}
		method := "GET"
		if final < len(c.Methods) {
			method = c.Methods[final]
		}
		res, err := http.ReadResponse(raw, &http.Request{Method: method})
		if err != nil {
			x.Responses = append(x.Responses, conformance.Response{Broken: err})
			return x
		}
		content, err := io.ReadAll(res.Body)
		header := res.Header
		if res.Close {
			header.Set("Connection", "close")
		}
		if res.ContentLength >= 0 && res.Header.Get("Content-Length") == "" && method == "HEAD" {
			header.Set("Content-Length", "?")
		}
		if len(res.TransferEncoding) > 0 {
			header.Set("Transfer-Encoding", strings.Join(res.TransferEncoding, ", "))
		}
		x.Responses = append(x.Responses, conformance.Response{Status: res.StatusCode, Header: header, Content: string(content), Broken: err})
		if res.StatusCode >= 200 || res.StatusCode == 101 {
			final++
		}
	}
}

// story writes what happened, a line for each thing.
func story(trace *serve.Trace) string {
	var b strings.Builder
	for _, e := range trace.Events {
		b.WriteString(string(e.Kind))
		switch e.Kind {
		case serve.Sent:
			b.WriteString(" " + string(e.Bytes))
		case serve.Got:
			line, _, _ := strings.Cut(string(e.Bytes), "\r\n")
			b.WriteString(" " + line)
		case serve.Waits:
			b.WriteString(" " + e.Wait.Truncate(time.Second).String())
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestRun(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := []struct {
		name   string
		pieces []string
		half   bool
		want   string
	}{
		{"a request", []string{get}, false, "sent " + get + "\ngot HTTP/1.1 200 OK\nwaits 1m15s\nclosed\n"},
		{"half of one", []string{"GET / HT"}, false, "sent GET / HT\nwaits 10s\ngot HTTP/1.1 408 Request Timeout\nhalf\nclosed\n"},
		{"in two pieces", []string{get[:5], get[5:]}, true, "sent GET /\nsent " + get[5:] + "\ngot HTTP/1.1 200 OK\nended\nclosed\n"},
		{"an answer between two requests", []string{get, get}, true, "sent " + get + "\ngot HTTP/1.1 200 OK\nsent " + get + "\ngot HTTP/1.1 200 OK\nended\nclosed\n"},
		{"two requests in one piece", []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /"}, true, "sent " + get + "GET /\ngot HTTP/1.1 200 OK\nended\ngot HTTP/1.1 400 Bad Request\nclosed\n"},
		{"a wait for content", []string{"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "x"}, true,
			"sent POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n\ngot HTTP/1.1 100 Continue\nsent x\ngot HTTP/1.1 200 OK\nended\nclosed\n"},
		{"no request at all", []string{"\n"}, false, "sent \n\ngot HTTP/1.1 400 Bad Request\nhalf\nclosed\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := story(run(test.half, test.pieces...)); got != test.want {
				t.Errorf("%q:\n%s\nwant\n%s", test.pieces, got, test.want)
			}
		})
	}
}

func TestRun_large(t *testing.T) {
	trace := run(true, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n", strings.Repeat("a", 3000000))
	if trace.Requests != 1 || trace.Read < 3000000 {
		t.Errorf("%d requests and %d bytes read:\n%.500s", trace.Requests, trace.Read, story(trace))
	}
}
