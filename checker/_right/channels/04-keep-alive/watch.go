package keepalive

import (
	"context"
	"net"
	"time"
)

// How long a connection may still wait for a first byte once the server stops: one
// that has answered before, and one that has had no request yet.
const (
	lastLook     = 20 * time.Millisecond
	newcomerLook = time.Second
)

// A phase is what a connection waits for. Only a wait for the first byte of a
// request is cut short when the server stops.
type phase uint8

const (
	busy     phase = iota // nothing, or the rest of something
	newcomer              // the first request
	idle                  // another request
)

// A wait is a phase and when it has to end.
type wait struct {
	phase phase
	until time.Time
}

// A watcher is the goroutine beside each connection that owns its read deadline.
// The connection tells it what it is about to wait for; the context tells it when
// to stop. As nobody else sets the deadline, the two need no lock.
type watcher struct {
	waits chan wait
	set   chan struct{} // is told that the deadline of a wait is
	done  chan struct{}
}

func watch(ctx context.Context, nc net.Conn) *watcher {
	w := &watcher{waits: make(chan wait), set: make(chan struct{}), done: make(chan struct{})}
	go w.run(ctx.Done(), nc)
	return w
}

func (w *watcher) run(stop <-chan struct{}, nc net.Conn) {
	defer close(w.done)
	var now wait
	stopping := false // stop may be nil for ever
	for {
		select {
		case next, ok := <-w.waits:
			if !ok {
				return
			}
			now = next
			if now.phase != busy || !now.until.IsZero() {
				nc.SetReadDeadline(now.until)
			}
			w.set <- struct{}{}
			if !stopping {
				continue
			}
		case <-stop:
			stop, stopping = nil, true
		}
		var look time.Duration
		switch now.phase {
		case newcomer:
			look = newcomerLook
		case idle:
			look = lastLook
		default:
			continue
		}
		if until := time.Now().Add(look); until.Before(now.until) {
			nc.SetReadDeadline(until)
		}
	}
}

// expect tells the watcher what the next Read waits for. When it returns, the deadline
// of the wait before, which may have passed meanwhile, counts no longer.
func (w *watcher) expect(p phase, until time.Time) {
	w.tell(wait{p, until})
}

// arrived tells it that the first byte is there: from now on, nobody is woken.
func (w *watcher) arrived() { w.tell(wait{}) }

func (w *watcher) tell(next wait) {
	w.waits <- next
	<-w.set
}

// stop ends the watcher and waits for that: the deadlines are the caller's.
func (w *watcher) stop() {
	select {
	case <-w.done:
	default:
		close(w.waits)
		<-w.done
	}
}
