package ratelimit_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

// still is a clock that stands.
func still() time.Time { return start }

// kinds runs a test with a token bucket and with a sliding window for each client.
func kinds(t *testing.T, name string, f func(t *testing.T, sliding bool)) {
	t.Run(name+", token bucket", func(t *testing.T) { f(t, false) })
	t.Run(name+", sliding window", func(t *testing.T) { f(t, true) })
}

func TestTask4_Limiter(t *testing.T) {
	kinds(t, "each key has a quota of its own", func(t *testing.T, sliding bool) {
		l := ratelimit.Limiter[string]{Policy: per(2, 10*sec), Sliding: sliding, Now: still}
		for _, key := range []string{"a", "b", ""} {
			for i, want := range []bool{true, true, false} {
				if got := l.Allow(key); got.OK != want || got.Limit != 2 {
					testkit.Report{Doing: quota(l.Policy) + "; three clients, a, b and the empty key, send three requests each", Want: fmt.Sprintf("request %d of %q allowed: %v", i+1, key, want), Got: say(got), Why: "a client must not pay for what another one does"}.Fatal(t)
				}
			}
		}
		if l.Len() != 3 {
			testkit.Report{Want: "3 clients", Got: fmt.Sprint(l.Len()), Why: "three keys have been used"}.Error(t)
		}
	})
	t.Run("room for one client", func(t *testing.T) {
		l := ratelimit.Limiter[string]{Policy: per(1, 10*sec), Clients: 1, Now: still}
		a, b := l.Allow("a"), l.Allow("b")
		if !a.OK || !b.OK || l.Len() != 1 {
			testkit.Report{Doing: "Clients is 1; two clients send a request each", Want: "both allowed, and 1 client remembered", Got: fmt.Sprintf("%s; %s; %d", say(a), say(b), l.Len()), Why: "only 0 stands for DefaultClients; a bound of 1 is a bound"}.Error(t)
		}
	})
	t.Run("a policy that allows nothing", func(t *testing.T) {
		for _, sliding := range []bool{false, true} {
			for _, p := range []ratelimit.Policy{per(0, sec), per(-1, sec), per(1, 0), per(1, -1)} {
				l := ratelimit.Limiter[string]{Policy: p, Sliding: sliding, Now: still}
				good := ratelimit.Limiter[string]{Policy: per(1, 1), Sliding: sliding, Now: still}
				if got := l.Allow("a"); got.OK || !good.Allow("a").OK {
					testkit.Report{Doing: fmt.Sprintf("%s, Sliding is %v; a client sends a request, and one where it is one in 1ns", quota(p), sliding), Want: "refused, and allowed", Got: say(got), Why: "a policy without a quota or a window allows nothing, and divides nothing by 0"}.Fatal(t)
				}
				var b ratelimit.TokenBucket
				var w ratelimit.SlidingWindow
				if n, m := b.Remaining(start, p), w.Remaining(start, p); n != 0 || m != 0 {
					testkit.Report{Doing: quota(p) + "; Remaining is asked for of a bucket and of a window", Want: "0 and 0", Got: fmt.Sprint(n, " and ", m), Why: "a policy without a quota or a window allows nothing, and divides nothing by 0"}.Fatal(t)
				}
			}
		}
	})
	t.Run("the two kinds differ", func(t *testing.T) {
		for _, sliding := range []bool{false, true} {
			now := start
			l := ratelimit.Limiter[string]{Policy: per(10, 10*sec), Sliding: sliding, Now: func() time.Time { return now }}
			for range 10 {
				l.Allow("a")
			}
			now = now.Add(1 * sec)
			if got := l.Allow("a"); got.OK == sliding {
				testkit.Report{Doing: fmt.Sprintf("%s, Sliding is %v; ten requests come at once, and one more 1s later", quota(l.Policy), sliding), Want: fmt.Sprintf("allowed: %v", !sliding), Got: say(got), Why: "in a token bucket one token has come back; in a sliding window all requests still are"}.Error(t)
			}
		}
	})
	t.Run("a key may be of any type that can be compared", func(t *testing.T) {
		type user struct {
			id   int
			plan string
		}
		l := ratelimit.Limiter[user]{Policy: per(1, 10*sec), Now: still}
		if a, b, c := l.Allow(user{1, "x"}), l.Allow(user{1, "y"}), l.Allow(user{1, "x"}); !a.OK || !b.OK || c.OK {
			testkit.Report{Want: "allowed, allowed, refused", Got: say(a) + "; " + say(b) + "; " + say(c), Why: "the third is the first again"}.Error(t)
		}
	})
	t.Run("without a clock of its own it is the system's", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			l := ratelimit.Limiter[string]{Policy: per(1, 10*sec)}
			first := l.Allow("a")
			time.Sleep(9 * sec)
			second := l.Allow("a")
			time.Sleep(second.RetryAfter)
			third := l.Allow("a")
			if !first.OK || second.OK || second.RetryAfter != 1*sec || !third.OK {
				testkit.Report{Doing: quota(l.Policy) + ", and Now is not set; a request comes, another one after 9s, and a third one RetryAfter later", Want: "allowed; after 9 s refused for 1 s more; then allowed", Got: say(first) + "\n" + say(second) + "\n" + say(third), Why: "Now is time.Now where it is nil"}.Error(t)
			}
		})
	})
}

func TestTask4_Concurrency(t *testing.T) {
	kinds(t, "of many requests at once exactly a quota is allowed", func(t *testing.T, sliding bool) {
		const goroutines, each, limit = 64, 200, 6400
		// Who reads the clock lets the others go first: if that can be between the
		// look and the taking, it will be.
		clock := func() time.Time { runtime.Gosched(); return start }
		l := ratelimit.Limiter[string]{Policy: per(limit, time.Hour), Sliding: sliding, Now: clock}
		var allowed atomic.Int64
		var all sync.WaitGroup
		ready := make(chan struct{})
		for range goroutines {
			all.Go(func() {
				<-ready
				for range each {
					if l.Allow("one").OK {
						allowed.Add(1)
					}
				}
			})
		}
		close(ready)
		all.Wait()
		if got := allowed.Load(); got != limit {
			testkit.Report{Doing: fmt.Sprintf("%d goroutines ask %d times each, for one key", goroutines, each), Want: fmt.Sprintf("%d of %d allowed", limit, goroutines*each), Got: fmt.Sprint(got), Why: "64 goroutines share one key; between a look at the quota and taking of it no other may look"}.Error(t)
		}
	})
	t.Run("many keys at once", func(t *testing.T) {
		const goroutines, keys, limit = 16, 200, 10
		l := ratelimit.Limiter[int]{Policy: per(limit, time.Hour), Now: still}
		var allowed [keys]atomic.Int64
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				for i := range keys {
					key := (i + g*13) % keys
					for range 2 {
						if l.Allow(key).OK {
							allowed[key].Add(1)
						}
					}
					l.Len()
				}
			})
		}
		all.Wait()
		for key := range keys {
			if got := allowed[key].Load(); got != limit {
				testkit.Report{Want: fmt.Sprintf("%d of %d requests of each key allowed", limit, 2*goroutines), Got: fmt.Sprintf("%d of key %d", got, key), Why: "keys that share a lock, or a map, must not get in each other's way"}.Fatal(t)
			}
		}
	})
}

func TestTask4_Flood(t *testing.T) {
	kinds(t, "memory is bounded", func(t *testing.T, sliding bool) {
		l := ratelimit.Limiter[int]{Policy: per(5, time.Hour), Sliding: sliding, Clients: 1000, Now: still}
		for key := range 50 {
			l.Allow(key)
		}
		few := l.Len()
		for key := range 20_000 {
			l.Allow(key)
		}
		if many := l.Len(); few != 50 || many > 1000 || many < 500 {
			testkit.Report{Doing: "Clients is 1000; requests come with 50 keys, and then with 20000. Len:", Want: "50 clients after 50, and no more than 1000 after 20000", Got: fmt.Sprintf("%d and %d", few, many), Why: "anybody can make up keys, so what is remembered has to have a bound"}.Error(t)
		}
	})
	kinds(t, "a flood of keys does not give a client its quota back", func(t *testing.T, sliding bool) {
		l := ratelimit.Limiter[int]{Policy: per(5, time.Hour), Sliding: sliding, Clients: 4096, Now: still}
		for range 5 {
			l.Allow(-1)
		}
		refused := l.Allow(-1)
		for key := range 40_000 {
			if r := l.Allow(key); !r.OK {
				testkit.Report{Doing: quota(l.Policy) + "; 40000 clients send one request each", Want: "a new client allowed", Got: say(r), Why: "its slot may have been another client's; it begins with a quota of its own"}.Fatal(t)
			}
		}
		if after := l.Allow(-1); after.OK || refused.OK || after.Limit != 5 {
			testkit.Report{Doing: quota(l.Policy) + ", Clients is 4096; a client uses up its quota, and then 40000 others send one request each", Want: "refused before them, and refused after them", Got: "before them: " + say(refused) + "\nafter them: " + say(after), Why: "an attacker has many keys; a table that forgets the oldest is cleared by them"}.Error(t)
		}
	})
	kinds(t, "nor does it where there is room for few clients", func(t *testing.T, sliding bool) {
		for _, clients := range []int{ratelimit.Sample, 100, 127, 128, 200} {
			l := ratelimit.Limiter[int]{Policy: per(5, time.Hour), Sliding: sliding, Clients: clients, Now: still}
			for range 5 {
				l.Allow(-1)
			}
			refused := l.Allow(-1)
			for key := range 10_000 {
				l.Allow(key)
			}
			if after := l.Allow(-1); after.OK || refused.OK || after.Limit != 5 {
				testkit.Report{Doing: fmt.Sprintf("%s, Clients is %d; a client uses up its quota, and then 10000 others send one request each", quota(l.Policy), clients), Want: "refused before them, and refused after them", Got: "before them: " + say(refused) + "\nafter them: " + say(after),
					Why: "a part that has room for a client or two has nobody else to forget: with fewer than 128 clients there is one part"}.Fatal(t)
			}
		}
	})
	kinds(t, "a client whose quota is whole again makes room", func(t *testing.T, sliding bool) {
		now := start
		l := ratelimit.Limiter[int]{Policy: per(5, 10*sec), Sliding: sliding, Clients: 256, Now: func() time.Time { return now }}
		use := func(key, n int) (allowed int) {
			for range n {
				if l.Allow(key).OK {
					allowed++
				}
			}
			return allowed
		}
		for key := range 900 { // so many that no slot is free any more
			use(key, 5)
		}
		now = now.Add(20 * sec) // none of these need be remembered now
		for key := range 20 {
			use(1000+key, 3)
		}
		for key := range 40 {
			use(2000+key, 1)
		}
		for key := range 20 {
			if got := use(1000+key, 5); got != 2 {
				testkit.Report{Doing: quota(l.Policy) + ", Clients is 256; 900 clients are quiet for two windows, 20 others send three requests, 40 more one, and then the 20 send five more", Want: "2 of those 5 allowed", Got: fmt.Sprintf("%d of them", got), Why: "those that have been quiet for two windows are the first to be forgotten, and 60 new ones need no other slots"}.Fatal(t)
			}
		}
	})
}
