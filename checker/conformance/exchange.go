// Package conformance sends a collection of requests, most of them odd or hostile, to a
// server over TCP, and says where the server's answers are not among the allowed ones.
//
// It leaves out what is not on the wire: what a case costs the server is a matter of
// its own tests.
//
// The collection is package cases. Read that first, then exchange.go and judge.go.
package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"barewire/checker/conformance/cases"
)

// Timing is how long a Run waits. Zeros stand for what is good on loopback.
type Timing struct {
	Pause time.Duration // between two pieces
	Quiet time.Duration // without a byte, after which nothing more is expected
	Most  time.Duration // for one case
}

// OrDefaults returns t with zeros replaced.
func (t Timing) OrDefaults() Timing {
	if t.Pause == 0 {
		t.Pause = 30 * time.Millisecond
	}
	if t.Quiet == 0 {
		t.Quiet = 400 * time.Millisecond
	}
	if t.Most == 0 {
		t.Most = 20 * time.Second
	}
	return t
}

// A Response is one that came back.
type Response struct {
	Status  int
	Header  http.Header
	Content string
	Broken  error // why the content ended too early, or what came was no response
}

// An Exchange is what came back to a case.
type Exchange struct {
	Raw       string
	Responses []Response
	Closed    bool // the server closed the connection
}

// probe is sent when everything is quiet, to see whether the connection still works.
const probe = "GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

// Send sends a case to the server that dial connects to, and returns what comes back.
// The error is about the connection's beginning only.
func Send(ctx context.Context, dial func(context.Context) (net.Conn, error), c *cases.Case, t Timing) (*Exchange, error) {
	t = t.OrDefaults()
	nc, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(t.Most))
	go func() {
		for i, piece := range c.Pieces {
			if i > 0 {
				time.Sleep(t.Pause)
			}
			if _, err := io.WriteString(nc, piece); err != nil {
				return // the server has had enough, which may be right
			}
		}
		if half, ok := nc.(interface{ CloseWrite() error }); ok && c.Half {
			half.CloseWrite()
		}
	}()
	x := &Exchange{}
	var raw bytes.Buffer
	x.Closed = listen(nc, &raw, time.Duration(len(c.Pieces))*t.Pause+t.Quiet, t.Quiet)
	before := raw.Len()
	if !x.Closed && !c.Half {
		// Silence may mean that the server waits for more. Then the probe is
		// taken for the rest of the request, and has no answer of its own.
		io.WriteString(nc, probe)
		listen(nc, &raw, t.Quiet, t.Quiet/4)
	}
	x.Raw = raw.String()
	x.Responses = responses(x.Raw, c)
	if !x.Closed && raw.Len() == before && !c.Half {
		x.Closed = true // it neither answers nor closes: as good as closed, for the next request
	} else if !x.Closed && !c.Half && len(x.Responses) > 0 {
		x.Responses = x.Responses[:len(x.Responses)-1] // the probe's
	}
	return x, nil
}

// listen collects what comes until the end, or until nothing has come for a while.
func listen(nc net.Conn, into *bytes.Buffer, first, quiet time.Duration) (closed bool) {
	buf := make([]byte, 64<<10)
	wait := first
	for {
		nc.SetReadDeadline(time.Now().Add(wait))
		n, err := nc.Read(buf)
		into.Write(buf[:n])
		if err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
		if wait = quiet; into.Len() > 1<<20 {
			return false
		}
	}
}

// responses cuts what came back into responses.
func responses(raw string, c *cases.Case) []Response {
	var all []Response
	unread := strings.NewReader(raw)
	r := bufio.NewReader(unread)
	for final := 0; ; {
		if _, err := r.Peek(1); err != nil {
			return all
		}
		header := fields(raw[len(raw)-unread.Len()-r.Buffered():])
		res, err := http.ReadResponse(r, &http.Request{Method: c.Method(final)})
		if err != nil {
			return append(all, Response{Broken: err})
		}
		content, err := io.ReadAll(res.Body)
		if length := header.Get("Content-Length"); length != "" && len(header.Values("Content-Length")) == 1 {
			if _, bad := strconv.ParseUint(length, 10, 63); bad != nil {
				err = bad
			}
		}
		all = append(all, Response{res.StatusCode, header, string(content), err})
		if res.StatusCode >= 200 || res.StatusCode == 101 {
			final++
		}
	}
}

// fields returns the fields of the response that text begins with, all of them:
// http.ReadResponse takes away those that are about the connection and the framing.
func fields(text string) http.Header {
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(text)))
	r.ReadLine()
	h, _ := r.ReadMIMEHeader() // what is wrong with it, ReadResponse says too
	return http.Header(h)
}
