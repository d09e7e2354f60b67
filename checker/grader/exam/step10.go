package exam

import (
	"fmt"
	"strings"
	"time"

	message "barewire/solutions/03-headers-bodies"
	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/step10"
)

// story is a check whose stories happen on a clock of their own. A machine that is very
// busy may take so long that it looks like one without an end, so each may be tried again.
func story(id, title, why string, run func(x *X)) Check {
	return Check{ID: id, Title: title, Why: why, Live: true, Story: true, run: run}
}

// assembled is a story of a whole server.
func assembled(id, title, why string, run func(x *X)) Check {
	c := story(id, title, why, run)
	c.Needs = []string{"10.9/answers"}
	return c
}

// measured is one of a server in real time, of which is counted what it holds.
func measured(id, title, why string, run func(x *X)) Check {
	c := assembled(id, title, why, run)
	c.Story, c.Alone = false, true
	return c
}

func init() {
	steps[9] = []Check{
		{ID: "10.1/faults", Title: "Validate names every field that is wrong, and no other",
			Why: "an operator who is told of one fault at a time starts the server five times", run: checkConfigFaults},
		{ID: "10.1/found", Title: "what is said of a number has the field's name and the number that was found",
			Why: "the operator has forty settings and wants to know which one", run: checkConfigFound},
		{ID: "10.2/headers", Title: "ReadProxy returns the client's address, and reads not one byte more than the header",
			Why: "what comes behind it belongs to HTTP (PROXY protocol §2)", run: checkProxyHeaders},
		{ID: "10.2/others", Title: "ReadProxy refuses whatever is no header, in a bounded number of bytes",
			Why: "an address that was made up would be logged, and limited, as if it were one", run: checkProxyOthers},
		{ID: "10.2/cut-off", Title: "a header that is cut off is told from one that is wrong, and the reader's own errors from both",
			Why: "a connection that is opened and closed is no attack", run: checkProxyCut},
		story("10.3/renewed", "a certificate is read again when its files have changed, and one that does not work is logged and passed over",
			"certificates live for weeks, servers for months", checkCertificate),
		story("10.4/figures", "connections are counted: open, idle, accepted", "an operator who does not know how many are open cannot choose a bound", checkConnFigures),
		story("10.4/bound", "when Max are open, the one that has been idle for longest makes room, and otherwise the new one waits",
			"a bound that gives way is none, and a request that was accepted is answered", checkConnBound),
		story("10.4/one-client", "no client has more than MaxPerClient, and nobody else pays for it",
			"who has so many open has enough; a network of IPv6 is one client, a proxy is many", checkOneClient),
		story("10.4/young", "one that has just come, or has just been answered, is left alone",
			"its request is on its way, and its client will not open another connection for it (RFC 9112 §9.3.1)", checkYoung),
		{ID: "10.4/tcp", Title: "a connection over TCP can still be half-closed, and cut off",
			Why: "without CloseWrite and SetLinger a client that is refused may never read why, and one whose response was cut off does not notice (step 4)", Live: true, run: checkOverTCP},
		story("10.4/shut", "Accept does not wait for room when nothing is accepted any more, and takes nobody it has no room for",
			"a server that shuts down while it is full would never end; and who waits can still be served by the next process", checkShut),
		story("10.5/slow", "a client that sends slower than MinRate, on the average and after Grace, is cut off, and no other",
			"one byte a second holds a connection for ever with almost nothing", checkSlow),
		story("10.6/workers", "requests are handled by the pool, or refused with a 503 that costs no connection",
			"a client that learns now that it should come back need not wait for nothing (RFC 9110 §15.6.4)", checkWorkersStory),
		story("10.6/content", "a worker belongs to a request whose content is here, or most of it",
			"a form that is sent one byte a second is not worth waiting for", checkWorkersContent),
		story("10.6/blocking", "Blocking runs a part of a handler on the pool, or answers with 503",
			"a database takes so many questions at once; the others are better refused", checkBlocking),
		story("10.6/panics", "a handler that panics on a worker does so where a handler's panic always does",
			"the connection of step 4 looks for panics on the goroutine that called", checkWorkerPanics),
		{ID: "10.7/requests", Title: "requests are counted by method and status, with their content and how long they took",
			Why: "how many went wrong, which, and since when", run: checkMetricRequests},
		{ID: "10.7/others", Title: "workers, connections, the log and requests in progress are among the figures",
			Why: "a queue that fills up is seen before anybody is refused", run: checkMetricOthers},
		{ID: "10.8/health", Title: "alive, ready and healthy are three answers, which no cache keeps",
			Why: "who is not alive is started anew, who is not ready gets no requests (RFC 9111 §5.2.2.5)", run: checkHealth},
		{ID: "10.9/new", Title: "New says what is wrong with a Config or its certificate, and takes one that is right",
			Why: "what is wrong is said before anything listens", run: checkNew},
		story("10.9/answers", "a server answers a request", "all of the course at work", checkServed),
		assembled("10.9/chain", "Handler has its parts in their order, as the Config wants them", "what is refused must be counted, and what costs comes last", checkServerChain),
		assembled("10.9/serve", "the bounds of the Config are kept for every connection, and clients are who a trusted proxy says",
			"a bound that is not handed on is none", checkServe),
		assembled("10.9/proxy", "where there are PROXY headers, nobody is served without one", "anybody can write one, and silence must not hold anything up", checkServeProxy),
		assembled("10.9/shutdown", "a shutdown loses no request, and says what it had no time for", "what was accepted is answered (RFC 9112 §9.3.1)", checkShutdown),
		assembled("10.9/admin", "operators are answered when everything is full, and until the end", "an operator who cannot look at a full server restarts it", checkAdmin),
		assembled("10.9/refused", "what the connection refuses is counted and logged like everything else", "a scanner sends hundreds of these, and somebody should see it", checkRefusals),
		assembled("10.9/tls", "with a certificate the server speaks TLS, and whoever speaks HTTP instead is told so",
			"a connection that ends without a word is a riddle to whoever has forgotten the s in https", checkTLS),
		measured("10.9/load", "many clients at once are all answered, slow ones beside them or not, and nothing of them is left",
			"a leak of one goroutine a connection stops a server in a day", checkLoad),
		measured("10.9/memory", "what a request needed is given back when it has been answered",
			"what is kept of each request is memory without end", checkMemory),
		assembled("10.10/run", "RunOn serves until its context is done, and then shuts down in its time",
			"whoever started the program kills it soon after", checkRunOn),
		assembled("10.10/fails", "a listener that fails ends RunOn, and one that cannot be had ends Run",
			"a program that goes on without a listener serves nobody and looks alive", checkRunFails),
	}
}

// A setting puts something into a Config that is right or wrong. Of what may depend on it,
// nothing else is wrong.
type setting struct {
	fault string // the field that is then wrong
	set   func(x *X, c *step10.Config)
}

func number(name string, field func(c *step10.Config) *int) setting {
	return setting{name, func(x *X, c *step10.Config) { *field(c) = -x.Between(1, 1000) }}
}

func lasts(name string, field func(c *step10.Config) *time.Duration) setting {
	return setting{name, func(x *X, c *step10.Config) { *field(c) = -time.Duration(x.Between(1, 1000)) * time.Second }}
}

// faulty are the settings that are wrong, of which any may come together.
var faulty = []setting{
	number("MaxConns", func(c *step10.Config) *int { return &c.MaxConns }),
	number("MaxConnsPerClient", func(c *step10.Config) *int { return &c.MaxConnsPerClient }),
	number("MinRate", func(c *step10.Config) *int { return &c.MinRate }),
	number("Queue", func(c *step10.Config) *int { return &c.Queue }),
	number("Limits.RequestLine", func(c *step10.Config) *int { return &c.Limits.RequestLine }),
	number("Limits.HeaderSection", func(c *step10.Config) *int { return &c.Limits.HeaderSection }),
	number("Limits.Fields", func(c *step10.Config) *int { return &c.Limits.Fields }),
	{"Limits.Content", func(x *X, c *step10.Config) { c.Limits.Content = -int64(x.Between(1, 1000)) }},
	lasts("HeaderTimeout", func(c *step10.Config) *time.Duration { return &c.HeaderTimeout }),
	lasts("IdleTimeout", func(c *step10.Config) *time.Duration { return &c.IdleTimeout }),
	lasts("BodyTimeout", func(c *step10.Config) *time.Duration { return &c.BodyTimeout }),
	lasts("WriteTimeout", func(c *step10.Config) *time.Duration { return &c.WriteTimeout }),
	lasts("RequestTimeout", func(c *step10.Config) *time.Duration { return &c.RequestTimeout }),
	lasts("ShutdownTimeout", func(c *step10.Config) *time.Duration { return &c.ShutdownTimeout }),
	lasts("DrainDelay", func(c *step10.Config) *time.Duration { return &c.DrainDelay }),
	lasts("QueueTimeout", func(c *step10.Config) *time.Duration { return &c.QueueTimeout }),
	{"Addr", func(x *X, c *step10.Config) { c.Addr = x.noAddr() }},
	{"AdminAddr", func(x *X, c *step10.Config) { c.AdminAddr = x.noAddr() }},
	{"KeyFile", func(x *X, c *step10.Config) { c.CertFile, c.KeyFile = x.Word(), "" }},
	{"CertFile", func(x *X, c *step10.Config) { c.CertFile, c.KeyFile = "", x.Word() }},
	{"MinWorkers", func(x *X, c *step10.Config) {
		c.MaxWorkers = Pick(x.Rand, 0, x.Between(1, 50))
		c.MinWorkers = x.Between(1, 9) + c.MaxWorkers
		if c.MaxWorkers == 0 {
			c.MinWorkers += server.DefaultMaxWorkers
		}
	}},
	{"RateWindow", func(x *X, c *step10.Config) { c.RateQuota, c.RateWindow = x.Between(1, 100), 0 }},
	{"RateQuota", func(x *X, c *step10.Config) { c.RateQuota, c.RateWindow = 0, time.Duration(x.Between(1, 100)) }},
	{"ProxyProtocol", func(x *X, c *step10.Config) { c.ProxyProtocol, c.Trusted = true, nil }},
	{"CORS", func(x *X, c *step10.Config) {
		c.Credentials, c.Origins = true, Pick(x.Rand, []string{"*"}, []string{"https://a.example", "*"})
	}},
}

// goodConfig is a Config with which nothing is wrong.
func (x *X) goodConfig() step10.Config {
	var c step10.Config
	some := func(v *int) {
		if x.Chance(50) {
			*v = x.Between(1, 1000)
		}
	}
	for _, v := range []*int{&c.MaxConns, &c.MaxConnsPerClient, &c.MinRate, &c.Queue, &c.MaxWorkers} {
		some(v)
	}
	for _, v := range []*time.Duration{&c.HeaderTimeout, &c.IdleTimeout, &c.BodyTimeout, &c.WriteTimeout, &c.RequestTimeout, &c.ShutdownTimeout, &c.DrainDelay, &c.QueueTimeout} {
		if x.Chance(50) {
			*v = time.Duration(x.Between(1, 1e6)) * time.Microsecond
		}
	}
	if x.Chance(50) {
		c.Limits = message.Limits{RequestLine: x.Between(0, 9999), Content: int64(x.Between(0, 9999))}
	}
	c.Addr, c.AdminAddr = Pick(x.Rand, "", x.goodAddr()), Pick(x.Rand, "", x.goodAddr())
	if x.Chance(50) {
		c.CertFile, c.KeyFile = x.Word(), x.Word()
	}
	switch x.IntN(3) { // as many as there may be is right
	case 0:
		c.MinWorkers = c.MaxWorkers
	case 1:
		c.MinWorkers = Pick(x.Rand, 1, server.DefaultMaxWorkers)
		c.MaxWorkers = Pick(x.Rand, 0, server.DefaultMaxWorkers)
	}
	if x.Chance(50) {
		c.RateQuota, c.RateWindow = x.Between(1, 100), time.Duration(x.Between(1, 1e9))
	}
	if x.Chance(50) {
		c.Trusted, c.ProxyProtocol = []string{"192.0.2.0/24"}, x.Chance(50)
	}
	if x.Chance(50) {
		c.Origins = Pick(x.Rand, []string{"*"}, []string{"https://" + x.Word() + ".example"}, nil)
		c.Credentials = len(c.Origins) != 1 || c.Origins[0] != "*"
	}
	return c
}

func (x *X) goodAddr() string {
	return Pick(x.Rand, "127.0.0.1", "[::1]", "", "localhost", "[2001:db8::7]", "a.example") + ":" + Pick(x.Rand, "0", "1", "80", "65535", fmt.Sprint(x.Between(1, 65535)))
}

func (x *X) noAddr() string {
	return Pick(x.Rand, "localhost", "127.0.0.1", "::1", "[::1]", "a:b:80", "1.2.3.4:65536", "localhost:-1", "localhost:99999", "localhost:"+fmt.Sprint(x.Between(65536, 1<<40)),
		":70000", "[::1]80", "[::1:80", x.Word())
}

func checkConfigFaults(x *X) {
	cases := []Case[step10.Config]{{Class: "the zero value"}}
	for range 100 {
		cases = append(cases, Case[step10.Config]{Class: "a Config that is right", Arg: x.goodConfig()})
	}
	for _, f := range faulty {
		for range 4 {
			c := x.goodConfig()
			f.set(x, &c)
			cases = append(cases, Case[step10.Config]{Class: "one fault, of " + f.fault, Arg: c})
		}
		var c step10.Config
		f.set(x, &c)
		cases = append(cases, Case[step10.Config]{Class: "nothing but " + f.fault + ", which is wrong", Arg: c})
	}
	for range 60 {
		c := x.goodConfig()
		for range x.Between(2, 6) {
			faulty[x.IntN(len(faulty))].set(x, &c)
		}
		cases = append(cases, Case[step10.Config]{Class: "several faults", Arg: c})
	}
	Compare(x, "server.Validate", step10.Validate, cases)
}

func checkConfigFound(x *X) {
	for range 20 {
		f := faulty[x.IntN(7)]
		var c step10.Config
		f.set(x, &c)
		n := min(c.MaxConns, c.MaxConnsPerClient, c.MinRate, c.Queue, c.Limits.RequestLine, c.Limits.HeaderSection, c.Limits.Fields)
		var got []step10.Fault
		x.Call("server.Faults", c, &got)
		if len(got) != 1 || got[0].Field != f.fault || !strings.Contains(string(got[0].Text), fmt.Sprint(n)) || !strings.Contains(string(got[0].Text), f.fault) {
			x.Fail(Failure{Brief: f.fault + " is negative: the fault does not say so, or not what was found", Input: show(c), Want: f.fault + " and " + fmt.Sprint(n), Got: show(got)})
		}
	}
}

const signature2 = "\r\n\r\n\x00\r\nQUIT\n"

// proxy1 is a header of version 1.
func (x *X) proxy1() string {
	ip4 := func() string {
		return fmt.Sprintf("%d.%d.%d.%d", x.Between(1, 223), x.IntN(256), x.IntN(256), x.IntN(256))
	}
	ip6 := func() string { return fmt.Sprintf("2001:db8::%x:%x", x.Between(1, 0xffff), x.Between(1, 0xffff)) }
	port := func() string { return Pick(x.Rand, fmt.Sprint(x.IntN(65536)), "0", "1", "65535") }
	switch x.IntN(5) {
	case 0, 1:
		return "PROXY TCP4 " + ip4() + " " + ip4() + " " + port() + " " + port() + "\r\n"
	case 2, 3:
		return "PROXY TCP6 " + ip6() + " " + ip6() + " " + port() + " " + port() + "\r\n"
	}
	return "PROXY UNKNOWN" + Pick(x.Rand, "", " "+ip6()+" ffff::1 1 2", " "+x.String(alnum+" ", 107-16), " x") + "\r\n"
}

// proxy2 is a header of version 2, of some command and family, with addresses of so many
// bytes.
func (x *X) proxy2(version, family byte, n int) string {
	return signature2 + string([]byte{version, family, byte(n >> 8), byte(n)}) + string(x.Bytes(n))
}

func proxied(x *X, class, in string) Case[step10.Proxied] {
	return Case[step10.Proxied]{Class: class, Arg: step10.Proxied{In: []byte(in), Slow: x.Chance(50)}}
}

func checkProxyHeaders(x *X) {
	var cases []Case[step10.Proxied]
	rest := func() string {
		return Pick(x.Rand, "", "G", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n", string(x.Bytes(x.IntN(300))))
	}
	for range 80 {
		cases = append(cases, proxied(x, "a header of version 1", x.proxy1()+rest()))
	}
	for _, more := range []int{0, 0, 1, 3, x.Between(1, 200), 4096 - 36} {
		for range 3 {
			cases = append(cases,
				proxied(x, fmt.Sprintf("version 2, IPv4, with %d bytes of extensions", more), x.proxy2(0x21, 0x11, 12+more)+rest()),
				proxied(x, fmt.Sprintf("version 2, IPv6, with %d bytes of extensions", more), x.proxy2(0x21, 0x21, 36+more)+rest()),
				proxied(x, "version 2, LOCAL", x.proxy2(0x20, Pick(x.Rand, byte(0), 0x11, 0x21, 0x31), Pick(x.Rand, more, more, 0, 12))+rest()),
				proxied(x, "version 2, a family that has no such address", x.proxy2(0x21, Pick(x.Rand, byte(0), 0x31, 0x32, 0x12, 0x22), 216+more)+rest()))
		}
	}
	cases = append(cases, proxied(x, "version 2 of the greatest length", x.proxy2(0x21, 0x11, 4096)+rest()),
		proxied(x, "a line of 107 bytes", "PROXY UNKNOWN "+x.String(alnum+" ", 107-16)+"\r\n"+rest()))
	Compare(x, "server.ReadProxy", step10.ReadProxy, cases)
}

func checkProxyOthers(x *X) {
	var cases []Case[step10.Proxied]
	add := func(class, in string) {
		cases = append(cases, proxied(x, class, in+strings.Repeat("x", 200)))
	}
	ip, port := "192.0.2.7", fmt.Sprint(x.Between(1, 65535))
	line := func(parts ...string) string { return "PROXY " + strings.Join(parts, " ") + "\r\n" }
	add("HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	add("HTTP", "POST /"+x.Word()+" HTTP/1.1\r\n")
	add("a word that only begins like it", "PROXYING TCP4 192.0.2.7 192.0.2.1 1 2\r\n")
	add("lower case", "proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n")
	add("a space before it", " "+line("TCP4", ip, ip, port, port))
	for _, bad := range []string{"192.0.2.777", "192.0.2", "192.0.2.7.8", "a.example", "", "-1.2.3.4", "192.0.2.7:80", "0x7f.0.0.1"} {
		add("TCP4 and an address that is none", line("TCP4", bad, ip, port, port))
		add("TCP4 and a server's address that is none", line("TCP4", ip, bad, port, port))
	}
	for _, bad := range []string{"2001:db8::g", "2001:db8:::1", "[2001:db8::1]", "1:2:3:4:5:6:7:8:9", ""} {
		add("TCP6 and an address that is none", line("TCP6", bad, "::1", port, port))
	}
	add("an IPv6 address in TCP4", line("TCP4", "2001:db8::7", "2001:db8::1", port, port))
	add("an IPv4 address in TCP6", line("TCP6", ip, ip, port, port))
	add("addresses of two families", line("TCP4", ip, "2001:db8::1", port, port))
	for _, bad := range []string{"65536", "0" + port, "+" + port, "-1", "", "x", "1.5", "99999999999999999999", port + "a"} {
		add("a port that is none", line("TCP4", ip, ip, bad, port))
		add("a server's port that is none", line("TCP4", ip, ip, port, bad))
	}
	add("two spaces", line("TCP4", "", ip, ip, port, port))
	add("a tab", line("TCP4\t"+ip, ip, port, port))
	add("a space at the end", line("TCP4", ip, ip, port, port, ""))
	add("a part too many", line("TCP4", ip, ip, port, port, port))
	add("a part too few", line("TCP4", ip, ip, port))
	add("a family that there is not", line(Pick(x.Rand, "UDP4", "TCP", "TCP5", "tcp4", "UNIX", "TCP46"), ip, ip, port, port))
	add("a line of 108 bytes", "PROXY UNKNOWN "+x.String(alnum, 108-16)+"\r\n")
	add("a line without an end", "PROXY UNKNOWN "+x.String(alnum, 300))
	add("a line that ends with LF alone", strings.TrimSuffix(line("TCP4", ip, ip, port, port), "\r\n")+"\n")
	add("another signature", strings.Replace(x.proxy2(0x21, 0x11, 12), "QUIT", "QUIX", 1))
	for _, version := range []byte{0x31, 0x11, 0x01, 0xf1, 0x30} {
		add("another version", x.proxy2(version, 0x11, 12))
	}
	for _, command := range []byte{0x22, 0x2f, 0x23} {
		add("another command", x.proxy2(command, 0x11, 12))
	}
	for _, n := range []int{0, 4, 11} {
		add("version 2, too short for IPv4", x.proxy2(0x21, 0x11, n))
	}
	for _, n := range []int{0, 12, 35} {
		add("version 2, too short for IPv6", x.proxy2(0x21, 0x21, n))
	}
	add("more bytes than are read", x.proxy2(0x21, 0x11, 4097))
	add("64 KiB of extensions", x.proxy2(0x21, 0x11, 65535))
	for range 30 { // always refusing earns nothing
		cases = append(cases, proxied(x, "a header that is right", x.proxy1()+"GET /"))
	}
	Compare(x, "server.ReadProxy", step10.ReadProxy, cases)
}

func checkProxyCut(x *X) {
	var cases []Case[step10.Proxied]
	for range 60 {
		in := x.proxy1()
		if x.Chance(50) {
			in = Pick(x.Rand, x.proxy2(0x21, 0x11, 12), x.proxy2(0x21, 0x21, 40), x.proxy2(0x20, 0, 3), x.proxy2(0x21, 0x31, 216))
		}
		at := x.IntN(len(in))
		if x.Chance(10) {
			at = 0
		}
		c := proxied(x, "a header that is cut off", in[:at])
		if c.Arg.Breaks = x.Chance(40); c.Arg.Breaks {
			c.Class = "a connection that breaks within the header"
		}
		cases = append(cases, c)
	}
	for range 20 {
		c := proxied(x, "a connection that breaks behind the header", x.proxy1())
		c.Arg.Breaks = true
		cases = append(cases, c)
	}
	for _, in := range []string{"GET / HTTP/1.1\r\n\r\n" + strings.Repeat("x", 100), x.proxy2(0x31, 0x11, 12), "PROXY TCP4 x y 1 2\r\n"} {
		cases = append(cases, proxied(x, "what is no header, and ends", in))
	}
	Compare(x, "server.ReadProxy", step10.ReadProxy, cases)
}

// methods7 are those that are counted each by itself.
var methods7 = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}

func (x *X) exchange() step10.Exchange {
	e := step10.Exchange{
		Method: methods7[x.IntN(len(methods7))], Status: Pick(x.Rand, 200, 200, 201, 204, 301, 304, 400, 404, 429, 500, 503, 599), Size: x.IntN(500),
		Took: Pick(x.Rand, 0, time.Duration(x.IntN(1e6))*time.Microsecond, time.Duration(x.IntN(1e5))*time.Millisecond, time.Millisecond, 2500*time.Millisecond),
	}
	if x.Chance(25) {
		e.Method = Pick(x.Rand, "BREW", "get", "TRACE", "M-SEARCH", "CONNECT", strings.ToUpper(x.Word())+"X", "GETS")
	}
	if e.Method == "HEAD" || e.Status == 204 || e.Status == 304 {
		e.Size = 0
	}
	if x.Chance(15) {
		e.Panics, e.Size, e.Status = true, 0, 500
	}
	return e
}

func checkMetricRequests(x *X) {
	cases := []Case[step10.Counted]{{Class: "no requests"}}
	for range 25 {
		c := Case[step10.Counted]{Class: "some requests", Arg: step10.Counted{Before: []byte(Pick(x.Rand, "", "# what was there\n"))}}
		for range x.Between(1, 40) {
			c.Arg.Exchanges = append(c.Arg.Exchanges, x.exchange())
		}
		cases = append(cases, c)
	}
	Compare(x, "server.Metrics", step10.Metrics, cases)
}

func checkMetricOthers(x *X) {
	var cases []Case[step10.Counted]
	for range 12 {
		c := step10.Counted{Exchanges: []step10.Exchange{x.exchange()}, InFlight: x.IntN(5), Conns: x.IntN(4), Log: x.Chance(50)}
		if x.Chance(70) {
			c.Pool = &step10.Pool{Max: x.Between(1, 5), Queue: x.Between(0, 3), Tasks: x.IntN(12)}
		}
		cases = append(cases, Case[step10.Counted]{Class: "requests in progress, workers and connections", Arg: c})
	}
	busy := x.Between(1, 3)
	cases = append(cases, Case[step10.Counted]{Class: "requests that have waited for a worker in vain", Arg: step10.Counted{
		Pool: &step10.Pool{Max: busy, Queue: 3, Tasks: busy, InVain: x.Between(1, 4)}}})
	Compare(x, "server.Metrics", step10.Metrics, cases)
}

func checkHealth(x *X) {
	var cases []Case[[]step10.Act]
	get := func() step10.Act {
		return step10.Act{Do: "get", Name: Pick(x.Rand, "/livez", "/readyz", "/healthz", "/healthz", "/livez?"+x.Word(), "/"+x.Word(), "/")}
	}
	cases = append(cases, Case[[]step10.Act]{Class: "nothing has been said", Arg: []step10.Act{{Do: "get", Name: "/livez"}, {Do: "get", Name: "/readyz"}, {Do: "get", Name: "/healthz"}, {Do: "get", Name: "/"}}})
	for range 60 {
		var acts []step10.Act
		n := 0
		for range x.Between(3, 25) {
			switch x.IntN(8) {
			case 0, 1:
				acts = append(acts, step10.Act{Do: Pick(x.Rand, "ready", "ready", "not ready")})
			case 2:
				acts = append(acts, step10.Act{Do: "check", Name: fmt.Sprintf("%s%d", x.Word(), n), Text: Pick(x.Rand, "", "", x.Word()+" \"<is full>\"")})
				n++
			case 3:
				for i, a := range acts { // what has failed succeeds, or the other way round
					if a.Do == "check" && x.Chance(50) {
						acts = append(acts, step10.Act{Do: "fix", Name: acts[i].Name, Text: Pick(x.Rand, "", "", x.Word())})
					}
				}
			default:
				acts = append(acts, get())
			}
		}
		cases = append(cases, Case[[]step10.Act]{Class: "some things are said and asked", Arg: append(acts, step10.Act{Do: "get", Name: "/readyz"}, step10.Act{Do: "get", Name: "/healthz"})})
	}
	Compare(x, "server.Health", step10.Health, cases)
}
