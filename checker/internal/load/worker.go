package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// A worker has one connection, and opens it anew when it ends. It sends what is
// due, then reads at least one response, so it needs one goroutine even where
// several requests are in flight.
//
// A server may close a connection that is idle, just when the next request is on
// its way. As any client would (RFC 9112 §9.3.1), the worker then sends the
// request again if its method is idempotent and nothing of a response had come,
// provided that the connection had answered before. Its latency goes on.
type worker struct {
	run   *run
	shard *shard

	conn     net.Conn // nil if there is none
	unwatch  func() bool
	r        reader
	answered int // by this connection

	ready   []turn // to be sent next
	flight  []turn // sent and not answered
	out     []byte
	written int64         // bytes that no shard has counted yet
	timed   time.Duration // when the request was sent that the deadline is for
}

// readBuffer is how much a worker reads at once; a line of a response's head must
// fit in it.
const readBuffer = 16 << 10

func newWorker(r *run, s *shard) *worker {
	return &worker{run: r, shard: s, r: reader{Reader: bufio.NewReaderSize(nil, readBuffer)}}
}

// work sends requests until there are no more.
func (w *worker) work(ctx context.Context) {
	defer w.hangUp()
	for {
		w.gather(ctx)
		if len(w.ready) > 0 && !w.send(ctx) {
			continue
		}
		if len(w.flight) == 0 {
			return
		}
		w.receive(ctx)
	}
}

// gather takes the requests that the connection may have in flight. It waits only
// if there is nothing else to do.
func (w *worker) gather(ctx context.Context) {
	for len(w.ready)+len(w.flight) < w.run.o.Pipeline {
		t, ok := w.run.schedule.next(ctx, len(w.ready)+len(w.flight) == 0)
		if !ok {
			return
		}
		w.ready = append(w.ready, t)
	}
}

// send sends what is ready. It returns false if there was no connection and none
// could be opened, or the run has ended.
func (w *worker) send(ctx context.Context) bool {
	now := w.run.schedule.now()
	if w.conn == nil {
		if err := w.dial(ctx); err != nil {
			w.failAll(ctx, connect, err)
			return false
		}
	}
	request := w.run.o.Request.bytes
	if len(w.ready) > 1 {
		w.out = w.out[:0]
		for range w.ready {
			w.out = append(w.out, request...)
		}
		request = w.out
	}
	for i := range w.ready {
		// A connection that had to be opened first is part of the service.
		w.ready[i].sent = now
	}
	w.flight = append(w.flight, w.ready...)
	w.ready = w.ready[:0]
	w.setDeadline(ctx)
	// A server may answer before it has read everything, and close: then there is
	// an error here and a response to be read. If there is none, the read fails
	// as well.
	n, _ := w.conn.Write(request)
	w.written += int64(n)
	return true
}

// setDeadline gives the first request in flight its time, or none if ctx has
// ended.
func (w *worker) setDeadline(ctx context.Context) {
	w.timed = w.flight[0].sent
	deadline := w.run.start.Add(w.timed + w.run.o.Timeout)
	_ = w.conn.SetDeadline(deadline) // fails only on a closed connection, as the read will
	if ctx.Err() != nil {
		_ = w.conn.SetDeadline(time.Unix(1, 0))
	}
}

// receive reads a response, and then those that have come with it.
func (w *worker) receive(ctx context.Context) {
	for {
		resp, err := w.r.read(w.run.o.Request.head)
		if err != nil {
			w.lost(ctx, err)
			return
		}
		w.answered++
		t := w.flight[0]
		w.flight = append(w.flight[:0], w.flight[1:]...)
		if len(w.flight) == 0 && w.r.Buffered() > 0 {
			w.fail(t, broken, "more bytes than the response has")
			w.hangUp()
			return
		}
		w.done(t, resp)
		if resp.last || w.run.o.Close {
			// RFC 9112 §9.6: the server does nothing for requests behind this one,
			// so any of them may be sent again.
			w.hangUp()
			w.again(len(w.flight))
			return
		}
		if len(w.flight) == 0 {
			return
		}
		if w.flight[0].sent != w.timed {
			w.setDeadline(ctx)
		}
		if w.r.Buffered() == 0 {
			return
		}
	}
}

// lost deals with the requests in flight when the connection failed with err.
func (w *worker) lost(ctx context.Context, err error) {
	nothing, used := w.r.got == 0, w.answered > 0
	w.hangUp()
	kind := kindOf(err)
	if kind == reset {
		err = symptom(err, nothing)
	}
	switch {
	case ctx.Err() != nil || kind == timeout:
		w.failAll(ctx, kind, err)
	case !w.run.o.Request.idempotent:
		w.failAll(ctx, kind, err)
	case kind == reset && nothing && used:
		w.again(len(w.flight))
	default:
		w.fail(w.flight[0], kind, err.Error())
		w.flight = append(w.flight[:0], w.flight[1:]...)
		w.again(len(w.flight))
	}
}

// again makes the n requests in flight ready to be sent another time.
func (w *worker) again(n int) {
	if n == 0 {
		return
	}
	w.ready = append(w.flight, w.ready...)
	w.flight = nil
	for i := range w.ready {
		w.ready[i].waited = false
	}
	w.shard.mu.Lock()
	w.shard.again += uint64(n)
	w.shard.mu.Unlock()
}

// kindOf returns what kind of failure an error of a connection is.
func kindOf(err error) kind {
	var b brokenError
	switch {
	case errors.As(err, &b):
		return broken
	case errors.Is(err, os.ErrDeadlineExceeded):
		return timeout
	}
	return reset
}

// symptom says in words how a connection ended before a response did.
func symptom(err error, nothing bool) error {
	switch ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); {
	case ended && nothing:
		return errors.New("the server closed the connection without an answer")
	case ended:
		return errors.New("the server closed the connection in the middle of a response")
	}
	return err
}

// done counts a request that was answered.
func (w *worker) done(t turn, resp response) {
	now := w.run.schedule.now()
	s := w.shard
	s.mu.Lock()
	s.answered++
	s.statuses[resp.status]++
	s.bytesReceived += resp.bytes
	s.bytesSent += w.written
	w.written = 0
	s.latency.Record(now - t.due)
	s.service.Record(now - t.sent)
	if t.waited {
		s.late.Record(t.sent - t.due)
	}
	s.mu.Unlock()
}

// fail counts a request that was not answered.
func (w *worker) fail(t turn, k kind, why string) {
	now := w.run.schedule.now()
	s := w.shard
	s.mu.Lock()
	s.fail(k, why)
	s.bytesSent += w.written
	w.written = 0
	if k == timeout {
		s.latency.Record(now - t.due)
		s.service.Record(now - t.sent)
	}
	s.mu.Unlock()
}

// failAll counts all requests in hand as failed, or as unfinished if ctx has
// ended.
func (w *worker) failAll(ctx context.Context, k kind, err error) {
	for _, t := range append(w.flight, w.ready...) {
		if ctx.Err() == nil {
			w.fail(t, k, err.Error())
			continue
		}
		w.shard.mu.Lock()
		w.shard.giveUp(w.run.schedule.now() - t.due)
		w.shard.mu.Unlock()
	}
	w.flight, w.ready = w.flight[:0], w.ready[:0]
	if k == connect && w.run.schedule.interval == 0 && ctx.Err() == nil {
		w.run.schedule.pause(ctx)
	}
}

// dial opens the worker's connection.
func (w *worker) dial(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, w.run.o.Timeout)
	defer cancel()
	conn, err := w.run.o.Dial(short)
	if err != nil {
		return err
	}
	w.conn, w.answered = conn, 0
	w.r.Reset(conn)
	w.unwatch = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return nil
}

// hangUp closes the worker's connection, if there is one.
func (w *worker) hangUp() {
	if w.conn == nil {
		return
	}
	w.unwatch()
	_ = w.conn.Close() // all that was wanted has been read
	w.conn = nil
}
