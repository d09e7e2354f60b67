package exam

import (
	"fmt"
	"strings"
	"time"

	"barewire/checker/grader/driver/step10"
)

// scenes has scenes, and compares what has come of them; times to a second or so.
func scenes(x *X, cases []Case[step10.Scene]) {
	CompareOr(x, "server.Server", step10.Serve, cases, func(c Case[step10.Scene], want, got step10.Scened) bool {
		about(&want, &got)
		return same(want, got)
	})
}

// about puts the times of want into got where they are about the same. A server may be as
// late as an idle connection is left alone, and look again now and then.
func about(want, got *step10.Scened) {
	const slack = 900 * time.Millisecond
	near := func(w time.Duration, g *time.Duration) {
		if d := w - *g; d < slack && d > -slack {
			*g = w
		}
	}
	words := func(want, got [][]step10.Word) {
		for i := range min(len(want), len(got)) {
			for j := range min(len(want[i]), len(got[i])) {
				near(want[i][j].At, &got[i][j].At)
			}
		}
	}
	ends := func(want, got []step10.Ended) {
		for i := range min(len(want), len(got)) {
			near(want[i].At, &got[i].At)
		}
	}
	words(want.Heard, got.Heard)
	words(want.Admin, got.Admin)
	ends(want.Stopped, got.Stopped)
	ends(want.Served, got.Served)
}

// scene writes one.
func (x *X) scene(class string, a step10.Scene, tell func(t *teller)) Case[step10.Scene] {
	t := &teller{x: x}
	tell(t)
	a.Moves = t.moves
	return Case[step10.Scene]{Class: class, Arg: a}
}

// host is where a client comes from.
func (x *X) host() string { return fmt.Sprintf("203.0.113.%d", x.IntN(256)) }

const second = time.Second

func checkServed(x *X) {
	host := x.host()
	scenes(x, []Case[step10.Scene]{x.scene("one request", step10.Scene{Alone: true}, func(t *teller) {
		t.say(0, host, get("/fast"), second)
	})})
}

func checkNew(x *X) {
	var cases []Case[step10.Config]
	for _, f := range faulty {
		if f.fault != "KeyFile" && f.fault != "CertFile" {
			var c step10.Config
			f.set(x, &c)
			cases = append(cases, Case[step10.Config]{Class: "a Config with a fault, of " + f.fault, Arg: c})
		}
	}
	for range 12 {
		c := x.goodConfig()
		c.CertFile, c.KeyFile = "", ""
		c.MinWorkers = min(c.MinWorkers, 9)
		if c.MaxWorkers > 0 {
			c.MinWorkers = min(c.MinWorkers, c.MaxWorkers)
		}
		cases = append(cases, Case[step10.Config]{Class: "a Config that is right", Arg: c})
		c.CertFile, c.KeyFile = "/nowhere/"+x.Word(), "/nowhere/"+x.Word()
		cases = append(cases, Case[step10.Config]{Class: "a certificate that is not there", Arg: c})
	}
	Compare(x, "server.New", step10.New, cases)
}

func checkServerChain(x *X) {
	var cases []Case[step10.Scene]
	host, other, id := x.host(), "198.51.100.1", x.Word()
	add := func(class string, a step10.Scene, requests ...string) {
		cases = append(cases, x.scene(class, a, func(t *teller) {
			for i, r := range requests {
				t.say(i, host, r, second)
			}
			t.look()
		}))
	}
	for range 4 {
		var requests []string
		for range x.Between(1, 8) {
			requests = append(requests, request(Pick(x.Rand, "GET", "GET", "POST", "PUT", "BREW"), Pick(x.Rand, "/fast", "/who", "/"+x.Word(), "/slow/3"), ""))
		}
		add("routes, and paths that have none", step10.Scene{}, requests...)
		add("Config.Handler instead of the routes", step10.Scene{Own: true}, requests...)
	}
	quota := x.Between(1, 4)
	limited := step10.Scene{Config: step10.Config{RateQuota: quota, RateWindow: 10 * time.Hour}}
	cases = append(cases, x.scene("more requests than the quota", limited, func(t *teller) {
		for i := range quota + 2 {
			t.say(i, host, get(Pick(x.Rand, "/fast", "/none")), second)
		}
		t.say(quota+2, other, get("/fast"), second)
		t.look()
	}))
	limited.Config.SecurityHeaders = true
	cases = append(cases, x.scene("more requests than the quota, and fields for browsers", limited, func(t *teller) {
		for i := range quota + 1 {
			t.say(i, host, get(Pick(x.Rand, "/fast", "/none")), second)
		}
	}))
	add("fields for browsers", step10.Scene{Config: step10.Config{SecurityHeaders: true}}, get("/fast"), get("/none"), request("PUT", "/fast", ""))
	add("a handler that panics", step10.Scene{}, get("/panic"), get("/fast"))
	add("an id for each request", step10.Scene{Config: step10.Config{RequestID: true}}, get("/fast", "X-Request-ID: "+id), get("/none", "X-Request-ID: "+id), get("/panic", "X-Request-ID: "+id))
	origin := "https://" + x.Word() + ".example"
	add("other origins", step10.Scene{Config: step10.Config{Origins: []string{origin}}}, get("/fast", "Origin: "+origin), get("/fast", "Origin: https://b.example"), get("/fast"))
	add("compression", step10.Scene{Config: step10.Config{Compress: true}}, get("/long", "Accept-Encoding: gzip"), get("/long"))
	add("no compression", step10.Scene{}, get("/long", "Accept-Encoding: gzip"))
	for _, own := range []bool{false, true} {
		add("CONNECT and TRACE", step10.Scene{Own: own}, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", request("TRACE", "/fast", ""), get("/fast"))
		target := func(scheme string) string {
			return "GET " + x.Case(scheme) + "://a.example/fast HTTP/1.1\r\nHost: a.example\r\n\r\n"
		}
		add("https URIs without TLS", step10.Scene{Own: own}, target("https"), target("http"), target("https"))
		add("https URIs behind a proxy", step10.Scene{Own: own, Config: step10.Config{Trusted: []string{"203.0.113.0/24"}}}, target("https"), target("http"))
	}
	add("fields that look like those that frame", step10.Scene{Own: true}, get("/"+x.Word(), x.Case("Content_Length")+": 5", "X_Other: y"),
		request("POST", "/", "hello", "Content-Length: 5", x.Case("Transfer_Encoding")+": chunked"), get("/", "X_Other: y", x.Case("transfer_encoding")+": "+x.Word()))
	add("a handler that takes too long", step10.Scene{Config: step10.Config{RequestTimeout: time.Duration(x.Between(2, 9)) * second}}, get("/ends"), get("/fast"))
	cases[len(cases)-1].Arg.Moves[1].Then = 20 * second
	scenes(x, cases)
}

func checkServe(x *X) {
	var cases []Case[step10.Scene]
	add := func(class string, a step10.Scene, tell func(t *teller)) {
		a.Alone = true
		cases = append(cases, x.scene(class, a, tell))
	}
	host := x.host()
	for range 3 {
		add("requests on several connections", step10.Scene{}, func(t *teller) {
			for range x.Between(3, 12) {
				// All of them come at once, and each has the HeaderTimeout for its first request: the last speaks in time.
				t.say(x.IntN(4), host, Pick(x.Rand, get("/fast"), get("/who"), post("/echo", x.Word()), get("/fast")+get("/who"), request("POST", "/echo", x.chunks(x.Word()), chunked)), ms(700))
			}
			t.look()
		})
	}
	n := x.Between(1, 3)
	add("more connections than there may be", step10.Scene{Config: step10.Config{MaxConns: n}}, func(t *teller) {
		for who := range n + 2 {
			t.say(who, host, get("/fast"), 3*second)
		}
		t.say(0, host, get("/fast"), second)
		t.look()
	})
	add("connections of which all are busy", step10.Scene{Config: step10.Config{MaxConns: n}}, func(t *teller) {
		for who := range n {
			t.say(who, host, get("/slow/10000"), second)
		}
		t.say(n, host, get("/fast"), 20*second)
		t.look()
	})
	per := step10.Config{MaxConnsPerClient: n}
	add("a client whose connections are all busy", step10.Scene{Config: per}, func(t *teller) {
		for who := range n {
			t.say(who, host, get("/slow/10000"), second)
		}
		t.say(n, host, get("/fast"), second)
		t.say(n+1, "198.51.100.1", get("/fast"), 20*second)
		t.look()
	})
	add("a client with idle connections", step10.Scene{Config: per}, func(t *teller) {
		for who := range n + 2 {
			t.say(who, host, get("/fast"), 3*second)
		}
		t.look()
	})
	proxy := "192.0.2.9"
	named := step10.Config{MaxConnsPerClient: n, Trusted: []string{"192.0.2.0/24"}, Forwarded: true}
	add("connections of a proxy", step10.Scene{Config: named}, func(t *teller) {
		for who := range n + 3 {
			t.say(who, proxy, get("/slow/5000", fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", who)), second)
		}
		t.look()
	})
	field := func() string {
		return fmt.Sprintf("X-Forwarded-For: 203.0.113.%d, 198.51.100.%d", x.IntN(256), x.IntN(256))
	}
	add("clients that a proxy names in a field", step10.Scene{Config: named}, func(t *teller) {
		for range 4 {
			t.say(0, proxy, get("/who", field()), second)
			t.say(0, proxy, get("/who"), second)
		}
	})
	add("a field that nobody was told to believe", step10.Scene{}, func(t *teller) { t.say(0, host, get("/who", field()), second) })
	add("a field of somebody who is no proxy", step10.Scene{Config: named}, func(t *teller) { t.say(0, host, get("/who", field()), second) })
	add("a quota for each client that a proxy names", step10.Scene{Config: step10.Config{Trusted: named.Trusted, Forwarded: true, RateQuota: 1, RateWindow: time.Hour}}, func(t *teller) {
		for _, client := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.1"} {
			t.say(0, proxy, get("/fast", "X-Forwarded-For: "+client), second)
		}
	})
	add("a connection that was taken over, and is quiet", step10.Scene{Config: step10.Config{MinRate: 100}}, func(t *teller) {
		t.say(0, host, get("/socket", "Connection: Upgrade", "Upgrade: exam"), 50*second)
		t.say(0, host, x.Word()+"\n", 50*second)
		t.say(0, host, x.Word()+"\n", second)
	})
	few := step10.Config{MaxWorkers: 1, Queue: 1, QueueTimeout: second, RateQuota: 1, RateWindow: time.Hour}
	add("a client that has sent too much, while the only worker is busy", step10.Scene{Config: few}, func(t *teller) {
		t.say(0, host, get("/slow/10000"), second)
		t.say(1, host, get("/fast"), 20*second)
		t.look()
	})
	slow := step10.Scene{Config: step10.Config{MinRate: 100, HeaderTimeout: 5 * second}, Ends: true, Served: true}
	add("a client that sends its content one byte a second", slow, func(t *teller) {
		t.say(0, host, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", 2*second)
		t.look()
		for range 30 {
			t.say(0, host, "x", second)
		}
		t.look()
	})
	add("a client that sends its content at twice the rate", slow, func(t *teller) {
		t.say(0, host, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n", 2*second)
		for range 20 {
			t.say(0, host, x.String(alnum, 200), second)
		}
		t.look()
	})
	scenes(x, cases)
}

func checkServeProxy(x *X) {
	var cases []Case[step10.Scene]
	add := func(class string, a step10.Scene, tell func(t *teller)) {
		a.Alone = true
		a.Config.ProxyProtocol = true
		if a.Config.Trusted == nil {
			a.Config.Trusted = []string{"192.0.2.0/24"}
		}
		cases = append(cases, x.scene(class, a, tell))
	}
	proxy := fmt.Sprintf("192.0.2.%d", x.IntN(256))
	header := func(client string) string {
		return fmt.Sprintf("PROXY TCP4 %s 192.0.2.1 %d 80\r\n", client, x.Between(1, 65535))
	}
	add("clients of whom the proxy tells", step10.Scene{}, func(t *teller) {
		for who := range 6 {
			t.say(who, proxy, x.proxy1()+get("/who"), second)
			t.say(who, proxy, get("/who"), second)
		}
		t.say(6, proxy, x.proxy2(0x21, 0x11, 12+x.IntN(20))+get("/who"), second)
		t.say(7, proxy, x.proxy2(0x21, 0x21, 36)+get("/who"), second)
		t.say(8, proxy, x.proxy2(0x20, 0, 0)+get("/who"), second)
		t.look()
	})
	add("a header in pieces", step10.Scene{}, func(t *teller) {
		all := header("198.51.100.7") + get("/who")
		start := 0
		for _, end := range append(x.Cuts(len(all), 5), len(all)) {
			t.say(0, proxy, all[start:end], ms(300))
			start = end
		}
	})
	refused := step10.Scene{Served: true}
	add("no header", refused, func(t *teller) { t.say(0, proxy, get("/who"), 20*second) })
	add("a header that is wrong", refused, func(t *teller) { t.say(0, proxy, "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"+get("/who"), 20*second) })
	add("a header from a stranger", refused, func(t *teller) { t.say(0, x.host(), header("198.51.100.7")+get("/who"), 20*second) })
	add("half a header", step10.Scene{Served: true, Ends: true, Config: step10.Config{HeaderTimeout: 5 * second}}, func(t *teller) {
		t.say(0, proxy, header("198.51.100.7")[:x.Between(1, 20)], second)
		t.look()
		t.move(step10.Move{}, 50*second)
		t.look()
	})
	add("a bound on the connections of each client", step10.Scene{Config: step10.Config{MaxConnsPerClient: 1}, Served: true}, func(t *teller) {
		for who, client := range []string{"198.51.100.1", "198.51.100.1", "198.51.100.2"} {
			t.say(who, proxy, header(client)+get("/slow/5000"), second)
		}
		t.move(step10.Move{}, 10*second)
		t.look()
	})
	add("one that has said who it is, and nothing else, makes room", step10.Scene{Config: step10.Config{MaxConns: 1, HeaderTimeout: 20 * second}}, func(t *teller) {
		t.say(0, proxy, header("198.51.100.7"), 3*second)
		t.say(1, proxy, header("198.51.100.8")+get("/who"), 30*second)
		t.look()
	})
	add("one that has not said who it is, when the server stops", step10.Scene{Served: true}, func(t *teller) {
		t.move(step10.Move{Do: "come", From: proxy}, second)
		t.stop(0, 10*second)
	})
	scenes(x, cases)
}

func checkRefusals(x *X) {
	host, agent := x.host(), x.Word()
	var cases []Case[step10.Scene]
	add := func(class string, a step10.Scene, host, data string) {
		a.Log, a.Alone = true, true
		cases = append(cases, x.scene(class, a, func(t *teller) {
			t.say(0, host, data+get("/next"), time.Minute)
			t.say(1, host, get("/fast", "User-Agent: "+agent), second)
			t.look()
		}))
	}
	proxied := step10.Scene{Config: step10.Config{Trusted: []string{"192.0.2.0/24"}, Forwarded: true}}
	add("no Host", step10.Scene{}, host, "GET /"+x.Word()+" HTTP/1.1\r\nUser-Agent: "+agent+"\r\n\r\n")
	add("two Hosts", step10.Scene{}, host, get("/"+x.Word(), "Host: b"))
	add("behind a proxy", proxied, "192.0.2.9", "GET /"+x.Word()+" HTTP/1.1\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")
	loose := step10.Scene{Loose: true}
	add("no request at all", loose, host, "\x16\x03\x01 hello\r\n\r\n")
	add("a target that is too long", loose, host, "GET /"+strings.Repeat("x", 9000)+" HTTP/1.1\r\n\r\n")
	add("another version", loose, host, "GET / HTTP/2.0\r\n\r\n")
	cases = append(cases, x.scene("half a head", step10.Scene{Log: true, Alone: true}, func(t *teller) {
		t.say(0, host, "GET /"+agent+" HTTP/1.1\r\n", time.Minute)
		t.look()
	}))
	cases = append(cases, x.scene("requests that are good, and some that are not found", step10.Scene{Log: true, Alone: true}, func(t *teller) {
		for range 5 {
			t.say(0, host, get(Pick(x.Rand, "/fast", "/"+x.Word()), "User-Agent: "+x.Word()), second)
		}
		t.look()
	}))
	scenes(x, cases)
}
