//starter:omit

package echo

import "time"

// net/http waits as long between two tries to accept.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// A backoff says how long to wait before the next try. The zero value is ready.
type backoff struct {
	last time.Duration
}

// next returns the next pause: twice the last one, up to maxPause.
func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, firstPause), maxPause)
	return b.last
}

// reset begins anew: the last try was a success.
func (b *backoff) reset() { b.last = 0 }
