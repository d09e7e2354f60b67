package exam

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	ratelimit "barewire/solutions/08-rate-limiting"

	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/step08"
	"barewire/checker/grader/driver/wire"
)

func init() {
	steps[7] = []Check{
		{ID: "8.1/bucket", Title: "a TokenBucket gives tokens back evenly, to the nanosecond", Why: "an error of a nanosecond in each token adds up", run: checkBucket},
		{ID: "8.1/clock", Title: "a TokenBucket bears a clock that stands still or goes back", Why: "somebody sets a clock, and nobody may be locked out for years", run: checkBucketClock},
		{ID: "8.2/window", Title: "a SlidingWindow never allows more than a quota in any window", Why: "a full bucket and what comes back meanwhile are up to two quotas", run: checkWindow},
		{ID: "8.2/clock", Title: "a SlidingWindow bears a clock that stands still or goes back", Why: "somebody sets a clock, and nobody may be locked out for years", run: checkWindowClock},
		{ID: "8.3/slots", Title: "a Table gives slots to keys and forgets the one that has used the least of a few", Why: "anybody can make up keys: what is forgotten is what an attacker will try to choose", run: checkTable},
		{ID: "8.4/clients", Title: "a Limiter has a bucket or a window for each client", Why: "one client's requests are not another's", run: checkLimiter},
		{ID: "8.4/flood", Title: "a flood of new clients does not make a Limiter forget one that has used up its quota", Why: "or it would begin anew whenever it likes", run: checkFlood},
		{ID: "8.4/at-once", Title: "of requests that come at the same time, exactly as many are allowed as should be", Why: "between a look and a decision another request fits", Live: true, run: checkAtOnceLimit},
		{ID: "8.5/fields", Title: "the fields say quota, window and what remains, by their grammar", Why: "RFC 9651 §3.1, draft-ietf-httpapi-ratelimit-headers", run: checkLimitFields},
		{ID: "8.5/retry-after", Title: "AppendRetryAfter rounds up to whole seconds, at least one", Why: "who comes when it was told must not be too early (RFC 9110 §10.2.3)", run: checkRetryAfter},
		{ID: "8.6/middleware", Title: "the middleware answers 429, and tells every client what is left", Why: "RFC 6585 §4", run: checkLimitMiddleware},
		{ID: "8.7/last", Title: "CutLast cuts at the last comma that separates, seen from the end", Why: "what a client has written in front must not swallow what the proxy has said", run: checkCutLast},
		{ID: "8.7/node", Title: "ParseNode reads addresses as proxies write them, and nothing else", Why: "RFC 7239 §6", run: checkNode},
		{ID: "8.7/forwarded", Title: "ForwardedFor finds the one address of an element", Why: "RFC 7239 §4", run: checkForwarded},
		{ID: "8.8/client", Title: "the client is the last address that no proxy is trusted for", Why: "what stands before it is what the client says of itself", run: checkClient},
		{ID: "8.8/key", Title: "ClientKey is the address, or the network of a household", Why: "who has 2^64 addresses must not have as many quotas", run: checkClientKey},
	}
}

// policy draws a policy.
func (x *X) policy() ratelimit.Policy {
	p := ratelimit.Policy{Quota: Pick(x.Rand, 1, 2, 3, 7, 10, 50, x.Between(1, 1000)), Window: Pick(x.Rand, time.Second, 3*time.Second, time.Minute, 3, 10, 1000, time.Duration(x.Int64N(1e10))+1)}
	if x.Chance(5) {
		p.Quota, p.Window = ratelimit.MaxQuota, 100*365*24*time.Hour
	}
	if x.Chance(5) {
		p = Pick(x.Rand, ratelimit.Policy{}, ratelimit.Policy{Quota: 3}, ratelimit.Policy{Window: time.Second})
	}
	return p
}

// story draws questions. The clock may go back by a third of a window at a time, and by no
// more than a window in all.
func (x *X) story(back bool) step08.Story {
	s := step08.Story{Policy: x.policy()}
	w := max(s.Policy.Window, 1)
	at, latest := time.Duration(0), time.Duration(0)
	for range x.Between(3, 40) {
		step := Pick(x.Rand, 0, 0, 1, w/time.Duration(max(s.Policy.Quota, 1)), w/time.Duration(max(s.Policy.Quota, 1))+1, w, w-1, w+1, w/2, 3*w, time.Duration(x.Int64N(int64(w))+1))
		if step < 0 || at > math.MaxInt64-step {
			break // three windows of a century do not fit
		}
		if back && x.Chance(30) {
			step = -time.Duration(x.Int64N(int64(w)/3 + 1))
		}
		at = max(at+step, latest-w) // by more than a window, not everything is pinned
		latest = max(latest, at)
		s.Asks = append(s.Asks, step08.Ask{At: at, Times: Pick(x.Rand, 1, 1, 2, s.Policy.Quota%100+1, 5),
			Remaining: !back && x.Chance(15)}) // whether a clock goes back behind what only asked is open
	}
	return s
}

func checkBucket(x *X) {
	var cases []Case[step08.Story]
	for range 300 {
		cases = append(cases, Case[step08.Story]{Class: "a bucket that is asked now and then", Arg: x.story(false)})
	}
	for range 5 { // a client that comes when it is told, again and again
		s := step08.Story{Policy: ratelimit.Policy{Quota: Pick(x.Rand, 3, 7, 9, 11), Window: time.Second}}
		q, w := int64(s.Policy.Quota), int64(s.Policy.Window)
		for n := int64(1); n < 2000; n++ {
			s.Asks = append(s.Asks, step08.Ask{At: time.Duration((max(n-q, 0)*w + q - 1) / q)})
		}
		cases = append(cases, Case[step08.Story]{Class: "a client that comes when there is a token", Arg: s})
	}
	Compare(x, "ratelimit.TokenBucket", step08.Bucket, cases)
}

// noTokenMore overlooks what a bucket says once time has gone back: whether it then has as
// many tokens as at that time, or as many as at the latest, is open. It may not give more
// than came back while time was later than ever before.
func noTokenMore(c Case[step08.Story], want, got []step08.Answer) bool {
	p, latest, back := c.Arg.Policy, time.Duration(0), false
	if p.Quota <= 0 || p.Window <= 0 || len(got) != len(want) {
		return false
	}
	share := func(d time.Duration) *big.Int { // in tokens times windows
		return new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(int64(p.Quota)))
	}
	window := big.NewInt(int64(p.Window))
	held := share(p.Window)
	for i, ask := range c.Arg.Asks {
		if i == 0 || ask.At > latest {
			if i > 0 {
				held.Add(held, share(ask.At-latest))
			}
			latest = ask.At
		}
		back = back || ask.At < latest
		if full := share(p.Window); held.Cmp(full) > 0 {
			held = full
		}
		if !back && !same(want[i], got[i]) {
			return false
		}
		held.Sub(held, new(big.Int).Mul(window, big.NewInt(int64(got[i].Allowed))))
		if held.Sign() < 0 || got[i].Allowed+got[i].Refused != want[i].Allowed+want[i].Refused {
			return false
		}
	}
	return true
}

func checkBucketClock(x *X) {
	var cases []Case[step08.Story]
	for range 200 {
		cases = append(cases, Case[step08.Story]{Class: "a clock that goes back a little", Arg: x.story(true)})
	}
	CompareOr(x, "ratelimit.TokenBucket", step08.Bucket, cases, noTokenMore)
	cases = nil
	for range 20 { // of an empty one nothing is open
		p := ratelimit.Policy{Quota: x.Between(1, 20), Window: time.Duration(x.Between(1, 1000)) * time.Second}
		s := step08.Story{Policy: p, Asks: []step08.Ask{{Times: p.Quota + 1}}}
		for range 10 {
			s.Asks = append(s.Asks, step08.Ask{At: -time.Duration(x.Int64N(int64(p.Window)))})
		}
		token := (p.Window + time.Duration(p.Quota) - 1) / time.Duration(p.Quota)
		s.Asks = append(s.Asks, step08.Ask{At: token - 1}, step08.Ask{At: token, Times: 2})
		cases = append(cases, Case[step08.Story]{Class: "a clock that goes back while the bucket is empty", Arg: s})
	}
	Compare(x, "ratelimit.TokenBucket", step08.Bucket, cases)
	x.lockedOut("ratelimit.TokenBucket", step08.Bucket)
}

func checkWindow(x *X) {
	var cases []Case[step08.Story]
	for range 300 {
		cases = append(cases, Case[step08.Story]{Class: "a window that is asked now and then", Arg: x.smallStory(false)})
	}
	huge := x.smallStory(false)
	huge.Policy = ratelimit.Policy{Quota: ratelimit.MaxQuota, Window: time.Hour}
	cases = append(cases, Case[step08.Story]{Class: "a large quota and few requests", Arg: huge})
	Compare(x, "ratelimit.SlidingWindow", step08.Window, cases)
}

// smallStory is a story whose quota is not so large that a window remembers too much.
func (x *X) smallStory(back bool) step08.Story {
	for {
		if s := x.story(back); s.Policy.Quota <= 1000 {
			return s
		}
	}
}

func checkWindowClock(x *X) {
	var cases []Case[step08.Story]
	for range 200 {
		cases = append(cases, Case[step08.Story]{Class: "a clock that goes back a little", Arg: x.smallStory(true)})
	}
	Compare(x, "ratelimit.SlidingWindow", step08.Window, cases)
	x.lockedOut("ratelimit.SlidingWindow", step08.Window)
}

// lockedOut sets the clock back by far, and fails unless the client is served again
// after two windows.
func (x *X) lockedOut(fn string, ref func(step08.Story) []step08.Answer) {
	x.Doing("a clock that is set back by far")
	var cases []Case[step08.Story]
	for range 20 {
		p := ratelimit.Policy{Quota: x.Between(1, 20), Window: time.Duration(x.Between(1, 1000)) * time.Second}
		back := -time.Duration(x.Between(2, 10000)) * p.Window * 2
		cases = append(cases, Case[step08.Story]{Class: "it", Arg: step08.Story{Policy: p, Asks: []step08.Ask{{Times: p.Quota + 3}, {At: back}, {At: back + 2*p.Window}, {At: back + 4*p.Window, Times: p.Quota}}}})
	}
	args := make([]any, len(cases))
	for i := range cases {
		args[i] = cases[i].Arg
	}
	x.CallAll(fn, args, func(i int, reply wire.Reply) {
		var got []step08.Answer
		x.decode(fn, reply, &got)
		p := cases[i].Arg.Policy
		if len(got) != 4 || got[0].Allowed != p.Quota || got[1].RetryAfter > 2*p.Window || got[2].Allowed != 1 && got[3].Allowed == 0 || got[2].Allowed+got[3].Allowed == 0 || got[2].Refused > 0 && got[2].RetryAfter > 2*p.Window || !got[2].OK {
			x.Fail(Failure{Brief: "the client waits for more than two windows", Input: show(cases[i].Arg), Want: show(ref(cases[i].Arg)), Got: show(got)})
		}
	})
}

func checkTable(x *X) {
	for _, size := range []int{1, 2, 7, 8, 9, 30, 100} {
		in := step08.TableIn{Size: size}
		last := 0
		for i := range 6 * size {
			k := step08.Key{Key: x.IntN(3*size + 1), Used: x.IntN(5)}
			if x.Chance(50) || i < size/2 {
				last--
				k.Key = last // a new one
			}
			in.Keys = append(in.Keys, k)
		}
		// Those that have used nothing are gone after as many new keys as there are slots.
		for range 3 * size {
			last--
			in.Keys = append(in.Keys, step08.Key{Key: last, Used: 3})
		}
		x.table(in)
	}
}

// table looks for keys and checks what a Table promises.
func (x *X) table(in step08.TableIn) {
	var got []step08.Slotted
	x.Call("ratelimit.Table", in, &got)
	if len(got) != len(in.Keys) {
		x.Failf("the answers are not as many as the keys")
	}
	slots := map[int]int{} // of the keys that are known
	keys := map[int]int{}  // in the slots
	used := map[int]int{}
	idle := map[int]int{} // slots whose key has used nothing: for how many new keys they have stayed
	fail := func(i int, format string, args ...any) {
		x.Fail(Failure{Brief: fmt.Sprintf("a Table of %d, key %d of %d: ", in.Size, i+1, len(in.Keys)) + fmt.Sprintf(format, args...), Got: show(got[i])})
	}
	for i, k := range in.Keys {
		g := got[i]
		slot, known := slots[k.Key]
		switch {
		case g.Known != known:
			fail(i, "known is %v, want %v", g.Known, known)
		case known && g.Slot != slot:
			fail(i, "it has another slot than before")
		case g.Slot < 0 || g.Slot >= in.Size:
			fail(i, "there is no slot %d", g.Slot)
		case !known && len(slots) < in.Size && g.Slot != len(slots):
			fail(i, "it has slot %d while slot %d is free", g.Slot, len(slots))
		}
		if !known && len(slots) == in.Size {
			most := min(ratelimit.Sample, in.Size)
			distinct := slices.Clone(g.Asked)
			slices.Sort(distinct)
			distinct = slices.Compact(distinct)
			switch {
			case len(distinct) > most:
				fail(i, "%d keys are looked at, want %d at most", len(distinct), most)
			case len(distinct) < most && !slices.ContainsFunc(g.Asked, func(s int) bool { return used[s] == 0 }):
				fail(i, "only %d keys are looked at, and none of them has used nothing", len(distinct))
			}
			for _, s := range g.Asked {
				if used[s] < used[g.Slot] {
					fail(i, "a key that has used %d is forgotten, and one that has used %d is not", used[g.Slot], used[s])
				}
			}
			if !slices.Contains(g.Asked, g.Slot) && in.Size > 1 {
				fail(i, "a key is forgotten that was not looked at")
			}
			for s := range idle {
				if idle[s]++; s != g.Slot && idle[s] > in.Size && used[s] == 0 {
					fail(i, "a key that has used nothing is still there after %d new keys", idle[s])
				}
			}
			delete(slots, keys[g.Slot])
		}
		slots[k.Key], keys[g.Slot], used[g.Slot] = g.Slot, k.Key, k.Used
		delete(idle, g.Slot)
		if k.Used == 0 {
			idle[g.Slot] = 0
		}
		if g.Len != len(slots) {
			fail(i, "Len is %d, want %d", g.Len, len(slots))
		}
	}
}

func checkLimiter(x *X) {
	var cases []Case[step08.Story]
	for range 120 {
		s := x.smallStory(false)
		s.Sliding, s.Clients = x.Chance(50), Pick(x.Rand, 0, 100, 5000)
		for i := range s.Asks {
			s.Asks[i].Remaining, s.Asks[i].Key = false, Pick(x.Rand, "a", "b", "c", x.Word())
		}
		cases = append(cases, Case[step08.Story]{Class: "several clients", Arg: s})
	}
	for range 10 { // a new client in the place of another one has a full bucket
		s := step08.Story{Policy: ratelimit.Policy{Quota: 3, Window: time.Minute}, Sliding: x.Chance(50), Clients: 4}
		for i := range 4 {
			s.Asks = append(s.Asks, step08.Ask{Key: fmt.Sprint("old", i), Times: 3})
		}
		for range 10 {
			s.Asks = append(s.Asks, step08.Ask{Key: x.Word(), Times: 4})
		}
		cases = append(cases, Case[step08.Story]{Class: "more clients than there is room for", Arg: s})
	}
	for range 10 { // who has been quiet for long is the first to go
		s := step08.Story{Policy: ratelimit.Policy{Quota: 5, Window: time.Second}, Sliding: x.Chance(50), Clients: 4}
		s.Asks = append(s.Asks, step08.Ask{Key: "quiet", Times: 5})
		for i := range 3 {
			s.Asks = append(s.Asks, step08.Ask{At: 2 * time.Second, Key: fmt.Sprint("busy", i), Times: 4})
		}
		s.Asks = append(s.Asks, step08.Ask{At: 2 * time.Second, Key: "new"})
		for i := range 3 {
			s.Asks = append(s.Asks, step08.Ask{At: 2 * time.Second, Key: fmt.Sprint("busy", i), Times: 4})
		}
		cases = append(cases, Case[step08.Story]{Class: "a client that has been quiet", Arg: s})
	}
	Compare(x, "ratelimit.Limiter", step08.Limiter, cases)
}

func checkFlood(x *X) {
	for _, sliding := range []bool{false, true} {
		for _, clients := range []int{1, 3, 50, 100, 1000} {
			if clients < 3 {
				continue
			}
			s := step08.Story{Policy: ratelimit.Policy{Quota: 5, Window: time.Hour}, Sliding: sliding, Clients: clients}
			s.Asks = append(s.Asks, step08.Ask{Key: "attacker", Times: 6})
			for i := range 3 * clients {
				s.Asks = append(s.Asks, step08.Ask{Key: fmt.Sprint(x.Word(), i)})
			}
			s.Asks = append(s.Asks, step08.Ask{Key: "attacker"})
			var got step08.Answers
			x.Call("ratelimit.Limiter", s, &got)
			switch {
			case len(got.Answers) != len(s.Asks) || got.Answers[0].Allowed != 5:
				x.Failf("a quota of 5 allows another number")
			case got.Answers[len(s.Asks)-1].OK:
				x.Failf("with room for %d clients, one that has used up its quota is served again after %d new ones", clients, 3*clients)
			case got.Len > clients:
				x.Failf("%d clients are remembered, and there may be %d", got.Len, clients)
			}
			for i, a := range got.Answers[1 : len(s.Asks)-1] {
				if !a.OK || a.Remaining != 4 {
					x.Failf("new client %d has not all of its quota", i+1)
				}
			}
		}
	}
}

func checkAtOnceLimit(x *X) {
	for _, sliding := range []bool{false, true} {
		for range 10 {
			in := step08.AtOnceIn{Policy: ratelimit.Policy{Quota: x.Between(100, 1000), Window: time.Hour}, Sliding: sliding, Requests: 3200}
			var got int
			if x.Call("ratelimit.Limiter at once", in, &got); got != in.Policy.Quota {
				x.Failf("of %d requests at once, a quota of %d allows %d", in.Requests, in.Policy.Quota, got)
			}
		}
		x.Doing("the clock of the system")
		in := step08.AtOnceIn{Policy: ratelimit.Policy{Quota: 5, Window: 100 * time.Millisecond}, Sliding: sliding, Requests: 160, Clock: true}
		var got int
		if x.Call("ratelimit.Limiter at once", in, &got); got < 1005 {
			x.Failf("a window later there is no quota again")
		}
	}
}

func checkLimitFields(x *X) {
	var cases []Case[step08.FieldsIn]
	for range 200 {
		in := step08.FieldsIn{Policy: x.policy()}
		in.Policy.Name = Pick(x.Rand, "", x.Word(), "two words", "a\"b", "a\\b", "\\\"", x.String(alnum+" !#$%&'()*+,-./:;<=>?@[]^_`{|}~", 8))
		if x.Chance(40) {
			in.Policy.Window = time.Duration(x.Between(1, 100000)) * time.Second
		}
		in.Result = ratelimit.Result{Remaining: x.IntN(1000), Reset: Pick(x.Rand, 0, 1, time.Second, time.Second-1, time.Second+1, time.Duration(x.Int64N(1e13)), 1<<63-1)}
		cases = append(cases, Case[step08.FieldsIn]{Class: "a policy and a result", Arg: in})
	}
	Compare(x, "ratelimit.Policy", step08.Fields, cases)
}

func checkRetryAfter(x *X) {
	var cases []Case[time.Duration]
	for _, d := range []time.Duration{0, 1, time.Second - 1, time.Second, time.Second + 1, 1500 * time.Millisecond, time.Minute, 1<<63 - 1, -1, -time.Hour} {
		cases = append(cases, Case[time.Duration]{Class: d.String(), Arg: d})
	}
	for range 100 {
		cases = append(cases, Case[time.Duration]{Class: "any time", Arg: time.Duration(x.Int64N(1e13))})
	}
	Compare(x, "ratelimit.AppendRetryAfter", step08.RetryAfter, cases)
}

func checkLimitMiddleware(x *X) {
	var cases []Case[step08.MiddlewareIn]
	for range 60 {
		in := step08.MiddlewareIn{}
		for i := range x.Between(1, 3) {
			in.Policies = append(in.Policies, ratelimit.Policy{Name: fmt.Sprint(x.Word(), i), Quota: x.Between(1, 6), Window: time.Duration(x.Between(1, 5000)) * time.Millisecond})
		}
		for range x.Between(5, 25) {
			in.Clients = append(in.Clients, Pick(x.Rand, "A", "A", "B", ""))
		}
		cases = append(cases, Case[step08.MiddlewareIn]{Class: "requests of several clients", Arg: in})
	}
	for _, p := range []ratelimit.Policy{{}, {Quota: 1}, {Window: 1}, {Quota: -1, Window: 1}, {Quota: 1, Window: -1}, {Quota: ratelimit.MaxQuota, Window: 1}, {Quota: ratelimit.MaxQuota + 1, Window: 1}, {Name: "é", Quota: 1, Window: 1}, {Name: "a\n", Quota: 1, Window: 1}, {Name: "a b~", Quota: 1, Window: 1}, {Name: "\x7f", Quota: 1, Window: 1}} {
		cases = append(cases, Case[step08.MiddlewareIn]{Class: fmt.Sprintf("the policy %+v", p), Arg: step08.MiddlewareIn{Policies: []ratelimit.Policy{p}, Clients: []string{"A"}}})
	}
	Compare(x, "ratelimit.Limiter.Middleware", step08.Middleware, cases)
}

func checkCutLast(x *X) {
	var cases []Case[step08.List]
	add := func(list string) {
		cases = append(cases, Case[step08.List]{Class: "a list", Arg: step08.List{Start: []byte(list)}})
	}
	for range 300 {
		list := ""
		for range x.Between(0, 5) {
			list += x.String(" \t", x.IntN(2)) + Pick(x.Rand, x.Word(), "for=\"a,b\"", "\"", "\\\"", "\"a\\\", b\"", "\"a\\\\\"", "192.0.2.1", "", "for=\"[2001:db8::1]:80\"", "a\"b", "\\") + Pick(x.Rand, ",", ", ", " ,", "")
		}
		if strings.Contains(list, `\\"`) {
			continue // from its end, nobody can tell whether this quote is escaped
		}
		add(list)
	}
	for _, list := range []string{"", ",", " , ", "a", "a,", ",a", "a,b,c", "a, b ", "\"a,b\"", "x, for=\"a,b\"", "\"a, b", "a\", b", "a, \"b", "a,\"b\\\",c\""} {
		add(list)
	}
	Compare(x, "ratelimit.CutLast", step08.CutLast, cases)
	x.Doing("a long list: it must take time in proportion to its length")
	cases = nil
	for _, again := range []string{`\`, `"`, `\"`, `,`} {
		cases = append(cases, Case[step08.List]{Class: "many of the same", Arg: step08.List{Start: []byte(`"`), Again: []byte(again), Times: 1 << 18 / len(again), End: []byte(`"`)}})
	}
	Compare(x, "ratelimit.CutLast", step08.CutLast, cases)
}

// node draws an address as a proxy writes it.
func (x *X) node() string {
	return Pick(x.Rand, fmt.Sprintf("192.0.2.%d", x.IntN(256)), fmt.Sprintf("10.1.%d.%d", x.IntN(256), x.IntN(256)), fmt.Sprintf("2001:db8::%x", x.IntN(1<<16)), fmt.Sprintf("[2001:db8::%x]", x.IntN(1<<16)), fmt.Sprintf("::ffff:192.0.2.%d", x.IntN(256)), fmt.Sprintf("[::ffff:10.1.2.%d]", x.IntN(256)))
}

func checkNode(x *X) {
	var cases []Case[[]byte]
	add := func(class, src string) { cases = append(cases, Case[[]byte]{Class: class, Arg: []byte(src)}) }
	for range 60 {
		n := x.node()
		add("an address", n)
		if n[0] == '[' || strings.Count(n, ":") == 0 {
			add("an address and a port", n+":"+x.String(digits, x.Between(1, 5)))
			add("an address and an obfuscated port", n+":_"+x.String(alnum+"._-", x.Between(1, 6)))
			add("an address and something that is no port", n+":"+Pick(x.Rand, "", "123456", "x", "_", "-1", "+80", "8 0", " 80", "80:80", "_é", "_a/b", "8x"))
		}
		add("an address mutated", x.Mutate(n+":80"))
		add("spaces around it", Pick(x.Rand, " ", "\t")+n)
		add("spaces around it", n+Pick(x.Rand, " ", "\t"))
	}
	for _, s := range []string{"", "unknown", "_hidden", "example.org", "fe80::1%eth0", "[fe80::1%eth0]", "192.0.2", "192.0.2.01", "192.0.2.256", "[192.0.2.1]", "[192.0.2.1]:80", "[2001:db8::1", "2001:db8::1]", "[]", "[2001:db8::1]x", "\"192.0.2.1\"", "0x7f.1", "1.2.3.4.5", "::", "[::]:1"} {
		add("something such as "+s, s)
	}
	Compare(x, "ratelimit.ParseNode", step08.ParseNode, cases)
}

func checkForwarded(x *X) {
	var cases []Case[[]byte]
	add := func(class, src string) { cases = append(cases, Case[[]byte]{Class: class, Arg: []byte(src)}) }
	for range 200 {
		var parts []string
		for range x.Between(0, 3) {
			parts = append(parts, Pick(x.Rand, "proto=http", "by=203.0.113.43", "host=\"a;b\"", "ext=\"for=1.2.3.4\"", "", "Proto=https", "by=\"_x\\\"y\""))
		}
		n := x.node()
		f := x.Case("for") + "="
		if strings.ContainsAny(n, ":[") || x.Chance(30) {
			at := x.IntN(len(n))
			f += "\"" + n[:at] + Pick(x.Rand, "", "", "", "\\", "\\\\") + n[at:] + Pick(x.Rand, "", "", ":80", ":_x") + "\""
		} else {
			f += n
		}
		parts = append(parts, Pick(x.Rand, f, f, f, f, "for=unknown", "for=_hidden", "for=", "for", "for=\"", "for=\"\"", "for = 192.0.2.1", "for=2001:db8::1", "for=192.0.2.1:80", "for=\"192.0.2.1", "for=\"192.0.2.1\"x", "fo=192.0.2.1", f+";"+f, "=x", "a b=c"))
		x.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		add("an element", strings.Join(parts, Pick(x.Rand, ";", ";", "; ", ";;", ";\t")))
	}
	for _, s := range []string{"", ";", "for=192.0.2.1;", ";for=192.0.2.1", "192.0.2.1", "for=192.0.2.1,for=192.0.2.2", "host=\"x\\\";for=9.9.9.9\";for=192.0.2.1"} {
		add("an element such as "+s, s)
	}
	Compare(x, "ratelimit.ForwardedFor", step08.ForwardedFor, cases)
}

func checkClient(x *X) {
	var cases []Case[step08.ClientIn]
	for range 400 {
		in := step08.ClientIn{Trusted: []string{"10.0.0.0/8", "2001:db8:aaaa::/48"}[:x.IntN(3)], Field: Pick(x.Rand, "X-Forwarded-For", "Forwarded", "X-Real-IP", ""),
			Peer: Pick(x.Rand, "10.0.0.1", "10.0.0.1", "::ffff:10.0.0.2", "2001:db8:aaaa::1", "192.0.2.200", "", "fe80::1%eth0", "2001:db8:bbbb::1")}
		node := func() string {
			return Pick(x.Rand, "10.0.0."+fmt.Sprint(x.IntN(9)), "10.0.0.9", x.node(), "::ffff:10.0.0.3", "unknown", "", "broken!", "2001:db8:aaaa::2")
		}
		for range x.IntN(4) {
			name := Pick(x.Rand, "X-Forwarded-For", "Forwarded", "X-Real-IP", in.Field, in.Field, in.Field)
			if name == "" {
				name = "Forwarded"
			}
			v := ""
			for i := range x.Between(0, 4) {
				if i > 0 {
					v += Pick(x.Rand, ",", ", ", " , ")
				}
				if n := node(); name == "Forwarded" && n != "" {
					v += "for=\"" + n + "\";proto=http"
				} else {
					v += n
				}
			}
			in.Fields = append(in.Fields, step03.Pair{Name: []byte(x.Case(name)), Value: []byte(v)})
		}
		cases = append(cases, Case[step08.ClientIn]{Class: "a request that may have come through proxies", Arg: in})
	}
	for _, other := range [][2]string{{"X-Forwarded-For", "Forwarded"}, {"Forwarded", "X-Forwarded-For"}} {
		value := map[string]string{"Forwarded": "for=192.0.2.60", "X-Forwarded-For": "192.0.2.60"}[other[1]]
		cases = append(cases, Case[step08.ClientIn]{Class: "a request with the other field alone", Arg: step08.ClientIn{Trusted: []string{"10.0.0.0/8"}, Field: other[0], Peer: "10.0.0.1", Fields: pairs(other[1], value)}})
	}
	Compare(x, "ratelimit.Proxies", step08.Client, cases)
}

func checkClientKey(x *X) {
	var cases []Case[string]
	for range 100 {
		cases = append(cases, Case[string]{Class: "an address", Arg: Pick(x.Rand, fmt.Sprintf("192.0.2.%d", x.IntN(256)), fmt.Sprintf("2001:db8:%x:%x::%x", x.IntN(1<<16), x.IntN(1<<16), x.IntN(1<<16)), "", "::1")})
	}
	Compare(x, "ratelimit.ClientKey", step08.ClientKey, cases)
}
