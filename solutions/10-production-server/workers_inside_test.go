package server

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/05-thread-pool"
)

// What was read ahead is read first, to its last byte, and then what comes behind it.
func TestWorkers_Ahead(t *testing.T) {
	failed := errors.New("as it was told to")
	for _, r := range []struct {
		content string
		err     error // behind it; io.EOF for none
	}{{"", io.EOF}, {"x", io.EOF}, {"xy", failed}, {strings.Repeat("x", MaxAhead), io.EOF}, {strings.Repeat("x", MaxAhead+1), failed}} {
		a := new(ahead)
		a.fill(&ending{strings.NewReader(r.content), r.err, 0})
		var got strings.Builder
		var err error
		for p := make([]byte, 1); err == nil; {
			var n int
			n, err = a.Read(p)
			got.Write(p[:n])
		}
		if got.String() != r.content || err != r.err {
			t.Errorf("%d bytes, %v; want %d and %v", got.Len(), err, len(r.content), r.err)
		}
		if _, err := a.Read(make([]byte, 1)); len(r.content) < MaxAhead && err != r.err {
			t.Errorf("%d bytes: then %v; want %v again", got.Len(), err, r.err)
		}
	}
}

// An ending is a reader that must not be read from behind its end.
type ending struct {
	*strings.Reader
	err  error
	ends int
}

func (e *ending) Read(p []byte) (int, error) {
	if e.Len() > 0 {
		return e.Reader.Read(p)
	}
	if e.ends++; e.ends > 1 {
		return 0, errors.New("read from behind the end")
	}
	return 0, e.err
}

// A patience can be used again if nobody had to wait to its end.
func TestWorkers_Patience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &patience{over: make(chan struct{}), wait: time.Second}
		if _, ok := p.Deadline(); ok {
			t.Error("it has a deadline, before anybody waits")
		}
		for range 2 {
			if first := p.Done(); first != p.Done() || p.Err() != nil {
				t.Errorf("it is over: %v", p.Err())
			}
			time.Sleep(time.Second / 2)
			if !p.end() || p.timer != nil || p.Err() != nil {
				t.Errorf("it cannot be used again: %v", p.Err())
			}
		}
		begun := time.Now()
		if <-p.Done(); time.Since(begun) != time.Second || p.Err() == nil || p.end() {
			t.Errorf("after %v: %v", time.Since(begun), p.Err())
		}
	})
}

// Behind the pool a middleware has the request as it was.
func TestWorkers_BodyIsPutBack(t *testing.T) {
	p := pool.New(pool.Config{Max: 1})
	defer p.Shutdown(t.Context())
	for _, content := range []string{"x", "content"} {
		body := strings.NewReader(content)
		r := &keepalive.Request{Body: body}
		r.Framing.Length = int64(body.Len())
		read, left := "", 0
		Workers(p, time.Second)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			left = body.Len()
			all, _ := io.ReadAll(r.Body)
			read = string(all)
		})).ServeHTTP(new(nowhere), r)
		if r.Body != io.Reader(body) || read != content || left != 0 {
			t.Errorf("%d bytes were not read ahead, the handler has read %q, and then the Body is a %T", left, read, r.Body)
		}
	}
}

// What is wrong with the content is answered here, so that who logs requests has it as well.
func TestWorkers_BadContent(t *testing.T) {
	p := pool.New(pool.Config{Max: 1})
	defer p.Shutdown(t.Context())
	r := &keepalive.Request{Body: iotest.ErrReader(&reqline.ProtocolError{Status: 413})}
	r.Framing.Chunked = true
	w := new(noted)
	Workers(p, time.Second)(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {
		t.Error("the handler was called")
	})).ServeHTTP(w, r)
	if w.status != 413 {
		t.Errorf("the answer is %d, want 413", w.status)
	}
}

// A noted is a ResponseWriter that notes the status.
type noted struct {
	nowhere
	status int
}

func (n *noted) WriteHeader(status int) { n.status = status }
