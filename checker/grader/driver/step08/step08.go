// Package step08 is step 8 for the exam: buckets, windows, tables and limiters that are
// asked at times of the exam's choice, and addresses.
package step08

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"
	ratelimit "barewire/solutions/08-rate-limiting"

	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("ratelimit.TokenBucket", Bucket)
	wire.Handle("ratelimit.SlidingWindow", Window)
	wire.Handle("ratelimit.Table", Table)
	wire.Handle("ratelimit.Limiter", Limiter)
	wire.Handle("ratelimit.Limiter at once", AtOnce)
	wire.Handle("ratelimit.Policy", Fields)
	wire.Handle("ratelimit.AppendRetryAfter", RetryAfter)
	wire.Handle("ratelimit.Limiter.Middleware", Middleware)
	wire.Handle("ratelimit.CutLast", CutLast)
	wire.Handle("ratelimit.ParseNode", ParseNode)
	wire.Handle("ratelimit.ForwardedFor", ForwardedFor)
	wire.Handle("ratelimit.ClientKey", ClientKey)
	wire.Handle("ratelimit.Proxies", Client)
}

// start is when all stories begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// An Ask is a question at a time.
type Ask struct {
	At        time.Duration // since the start
	Remaining bool          // ask what remains, and not for leave
	Times     int           // so often; once if it is 0
	Key       string        // of a limiter
}

// A Story is questions that are asked of one bucket, window or limiter.
type Story struct {
	Policy  ratelimit.Policy
	Asks    []Ask
	Sliding bool // a limiter's
	Clients int  // a limiter's
}

// An Answer is what came of one; of several, the last.
type Answer struct {
	ratelimit.Result
	Allowed, Refused int
	Remains          int
}

// Answers are all of them.
type Answers struct {
	Answers []Answer
	Len     int // of a limiter
}

// tell asks the questions.
func tell(a Story, allow func(ask Ask, now time.Time) ratelimit.Result, remaining func(now time.Time) int) []Answer {
	out := []Answer{}
	for _, ask := range a.Asks {
		now := start.Add(ask.At)
		var answer Answer
		if ask.Remaining {
			answer.Remains = remaining(now)
			out = append(out, answer)
			continue
		}
		for range max(ask.Times, 1) {
			if answer.Result = allow(ask, now); answer.OK {
				answer.Allowed++
			} else {
				answer.Refused++
			}
		}
		if a.Policy.Quota <= 0 || a.Policy.Window <= 0 {
			answer.Result = ratelimit.Result{OK: answer.OK} // it allows nothing; what else it says is open
		}
		out = append(out, answer)
	}
	return out
}

// Bucket asks a TokenBucket.
func Bucket(a Story) []Answer {
	var b ratelimit.TokenBucket
	return tell(a, func(_ Ask, now time.Time) ratelimit.Result { return b.Allow(now, a.Policy) }, func(now time.Time) int { return b.Remaining(now, a.Policy) })
}

// Window asks a SlidingWindow.
func Window(a Story) []Answer {
	var w ratelimit.SlidingWindow
	return tell(a, func(_ Ask, now time.Time) ratelimit.Result { return w.Allow(now, a.Policy) }, func(now time.Time) int { return w.Remaining(now, a.Policy) })
}

// Limiter asks a Limiter.
func Limiter(a Story) Answers {
	var now time.Time
	l := ratelimit.Limiter[string]{Policy: a.Policy, Sliding: a.Sliding, Clients: a.Clients, Now: func() time.Time { return now }}
	out := Answers{Answers: tell(a, func(ask Ask, at time.Time) ratelimit.Result {
		now = at
		return l.Allow(ask.Key)
	}, func(time.Time) int { return 0 })}
	out.Len = l.Len()
	return out
}

// AtOnceIn are requests of one client that come at the same time.
type AtOnceIn struct {
	Policy   ratelimit.Policy
	Sliding  bool
	Requests int
	Clock    bool // the system's
}

// AtOnce returns how many of them are allowed.
func AtOnce(a AtOnceIn) int {
	l := ratelimit.Limiter[string]{Policy: a.Policy, Sliding: a.Sliding, Now: func() time.Time { return start }}
	if a.Clock {
		l.Now = nil
	}
	var allowed atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for range a.Requests / 16 {
				if l.Allow("a").OK {
					allowed.Add(1)
				}
				l.Allow(string([]byte{'b', byte(i)}))
			}
		})
	}
	all.Wait()
	if a.Clock { // a window later there is a quota again
		time.Sleep(a.Policy.Window + 20*time.Millisecond)
		if l.Allow("a").OK {
			allowed.Add(1000)
		}
	}
	return int(allowed.Load())
}

// TableIn are keys that are looked for, with how much each of them has used.
type TableIn struct {
	Size int
	Keys []Key
}

// A Key is looked for, and has then used so much.
type Key struct {
	Key  int
	Used int
}

// Slotted is what Slot returned.
type Slotted struct {
	Slot  int
	Known bool
	Asked []int // the slots whose use was asked for
	Len   int
}

// Table looks for keys in a Table.
func Table(a TableIn) []Slotted {
	t := ratelimit.Table[int]{Size: a.Size}
	used := map[int]int{}
	out := make([]Slotted, 0, len(a.Keys))
	for _, k := range a.Keys {
		s := Slotted{Asked: []int{}}
		s.Slot, s.Known = t.Slot(k.Key, func(slot int) int {
			if len(s.Asked) < 1000 {
				s.Asked = append(s.Asked, slot)
			}
			return used[slot]
		})
		used[s.Slot] = k.Used
		s.Len = t.Len()
		out = append(out, s)
	}
	return out
}

// FieldsIn is what is written into fields.
type FieldsIn struct {
	Policy ratelimit.Policy
	Result ratelimit.Result
}

// Fields calls AppendPolicy and AppendLimit.
func Fields(a FieldsIn) [][]byte {
	return [][]byte{a.Policy.AppendPolicy([]byte("x")), a.Policy.AppendLimit([]byte("y"), a.Result)}
}

// RetryAfter calls AppendRetryAfter.
func RetryAfter(d time.Duration) []byte { return ratelimit.AppendRetryAfter([]byte("x"), d) }

// MiddlewareIn are limiters around a handler and requests, all at one time.
type MiddlewareIn struct {
	Policies []ratelimit.Policy // the first is outermost
	Clients  []string           // one for each request; "" for one that is not limited
}

// Limited is what came of a request.
type Limited struct {
	Status         int
	Called         bool
	Policy, Limit  []string
	RetryAfter     []byte
	SeenByHandler  int // fields that were there when the handler was called
	ContentOfError bool
}

// A writer is a response without a connection.
type writer struct {
	status int
	header message.Header
	fixed  message.Header
}

func (w *writer) Header() *message.Header { return &w.header }
func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		for name, value := range w.header.All() {
			w.fixed.Add(string(name), string(value))
		}
	}
}
func (w *writer) Write(p []byte) (int, error) { w.WriteHeader(200); return len(p), nil }
func (w *writer) Flush() error                { w.WriteHeader(200); return nil }

// Middleware hands requests to limiters. It panics where Middleware does.
func Middleware(a MiddlewareIn) []Limited {
	out := []Limited{}
	var l Limited
	var h keepalive.Handler = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		l.Called, l.SeenByHandler = true, w.Header().Len()
		_, _ = io.WriteString(w, "hello")
	})
	for i := len(a.Policies) - 1; i >= 0; i-- {
		limiter := &ratelimit.Limiter[string]{Policy: a.Policies[i], Now: func() time.Time { return start }}
		h = limiter.Middleware(func(r *keepalive.Request) (string, bool) { return r.Method, r.Method != "NONE" })(h)
	}
	for _, client := range a.Clients {
		if client == "" {
			client = "NONE"
		}
		l = Limited{Policy: []string{}, Limit: []string{}}
		r := &keepalive.Request{Body: strings.NewReader("")}
		r.Method = client
		w := new(writer)
		h.ServeHTTP(w, r)
		l.Status = w.status
		for v := range w.fixed.Values("RateLimit-Policy") {
			l.Policy = append(l.Policy, string(v))
		}
		for v := range w.fixed.Values("RateLimit") {
			l.Limit = append(l.Limit, string(v))
		}
		l.RetryAfter = append([]byte{}, w.fixed.Value("Retry-After")...)
		out = append(out, l)
	}
	return out
}

// A List has something in its middle that is there many times.
type List struct {
	Start, Again []byte
	Times        int
	End          []byte
}

// Cut is what CutLast returns.
type Cut struct {
	Rest, Last []byte // rest is nil if there is no comma
}

// CutLast calls CutLast. Of a long list, it returns hashes.
func CutLast(a List) Cut {
	list := slices.Concat(a.Start, bytes.Repeat(a.Again, a.Times), a.End)
	rest, last := ratelimit.CutLast(list)
	text := func(b []byte) []byte {
		if sum := sha256.Sum256(b); a.Times > 0 {
			return sum[:]
		}
		return append([]byte{}, b...)
	}
	out := Cut{Last: text(last)}
	if rest != nil {
		out.Rest = text(rest)
	}
	return out
}

// Addr is an address, or none.
type Addr struct {
	Addr string
	OK   bool
}

func addr(a netip.Addr, ok bool) Addr {
	if !ok {
		return Addr{}
	}
	return Addr{a.String(), ok}
}

// ParseNode calls ParseNode.
func ParseNode(src []byte) Addr { return addr(ratelimit.ParseNode(src)) }

// ForwardedFor calls ForwardedFor.
func ForwardedFor(element []byte) Addr { return addr(ratelimit.ForwardedFor(element)) }

// ClientKey calls ClientKey.
func ClientKey(text string) string {
	a, _ := netip.ParseAddr(text)
	return ratelimit.ClientKey(a).String()
}

// ClientIn is where a request comes from.
type ClientIn struct {
	Trusted []string
	Field   string
	Peer    string // an address; "" for a Unix socket
	Fields  []step03.Pair
}

// ClientOut is who has sent it.
type ClientOut struct {
	Client, Addr, Key string
	Limited           bool
}

// Client calls Client, ClientAddr and Key.
func Client(a ClientIn) ClientOut {
	p := ratelimit.Proxies{Field: ratelimit.Field(a.Field)}
	for _, t := range a.Trusted {
		p.Trusted = append(p.Trusted, netip.MustParsePrefix(t))
	}
	r := &keepalive.Request{RemoteAddr: &net.UnixAddr{Name: "s", Net: "unix"}}
	for _, f := range a.Fields {
		r.Header.Add(string(f.Name), string(f.Value))
	}
	var peer netip.Addr
	if a.Peer != "" {
		peer = netip.MustParseAddr(a.Peer)
		r.RemoteAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(peer, 4711))
	}
	key, limited := p.Key(r)
	return ClientOut{p.Client(peer, &r.Header).String(), p.ClientAddr(r).String(), key.String(), limited}
}
