package exam

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"barewire/checker/grader/driver/step01"
	"barewire/checker/grader/driver/wire"
)

func init() {
	const basic = "1.3/handles" // as little as can be: a mistake elsewhere must not cost the whole step
	steps[0] = []Check{
		{ID: "1.1/bytes", Title: "Echo writes back exactly the bytes that it reads, and ends when the stream ends or fails",
			Why: "Read may return bytes and an error together, or no bytes and no error: see go doc io.Reader", run: checkEchoBytes},
		{ID: "1.1/conversation", Title: "Echo answers at once, also a client that waits for each answer", Live: true,
			Why: "a client that waits for its answer before it goes on waits for ever if bytes are held back", run: checkConversation},
		{ID: "1.1/many", Title: "several Echos at once do not disturb each other", Live: true, Needs: []string{"1.1/conversation"},
			Why: "a buffer that connections share sends one client's bytes to another", run: checkManyEchos},
		{ID: "1.2/half-close", Title: "after its client has closed its side, Echo sends back all that it was sent, and then the end", Live: true,
			Why: "a client that has no more to send still listens", run: checkHalfClose},
		{ID: "1.2/late-reader", Title: "Echo waits for a client that reads late, and makes one wait that does not read at all", Live: true, Needs: []string{"1.1/conversation"},
			Why: "what is held for a client that does not read is memory without end; to give it up loses what it was promised", run: checkLateReader},
		{ID: basic, Title: "Serve runs the handler on a connection", Live: true,
			Why: "Accept returns a connection, and the handler talks on it", run: checkHandles},
		{ID: "1.3/serves", Title: "Serve runs the handler on each connection at the same time as on all others, and closes it afterwards", Live: true, Needs: []string{basic},
			Why: "a handler waits for its client, for hours if need be; whoever waits for the handler cannot accept the next client", run: checkServes},
		{ID: "1.3/panic", Title: "a handler that panics costs its own connection, and the panic is logged", Live: true, Alone: true, Needs: []string{basic},
			Why: "one bad request must not end the program for everybody", run: checkHandlerPanic},
		{ID: "1.3/leaks", Title: "nothing stays open after connections have ended", Live: true, Alone: true, Needs: []string{basic},
			Why: "a server that leaks one descriptor a connection has none left after a thousand", run: checkServeLeaks},
		{ID: "1.4/goes-on", Title: "an error of Accept is logged, and the next client is served; a listener that was closed ends Serve", Live: true, Needs: []string{basic},
			Why: "\"too many open files\" passes; a closed listener does not open again", run: checkAcceptErrors},
		{ID: "1.4/pauses", Title: "the pause doubles from 5 ms up to 1 s, and a connection sets it back", Needs: []string{basic},
			Why: "no pause burns a processor, and one without an upper bound never comes back", run: checkPauses},
		{ID: "1.5/stops", Title: "Shutdown closes the listener and Serve returns ErrServerClosed, also one that comes later", Live: true, Needs: []string{basic},
			Why: "a client that connects to a listener that nobody serves waits for ever", run: checkStops},
		{ID: "1.5/waits", Title: "Shutdown tells the handlers, and returns nil when all have returned, however often it is called", Live: true, Needs: []string{basic},
			Why: "a handler that is told can finish; one that is cut off leaves its client with half an answer", run: checkShutdownWaits},
		{ID: "1.5/deadline", Title: "when its context ends, Shutdown closes what is left and returns the context's error at once", Live: true, Needs: []string{basic},
			Why: "who asks for a shutdown within a time has something planned for afterwards", run: checkShutdownDeadline},
		{ID: "1.5/last-moment", Title: "a connection that is accepted at the moment of Shutdown is served like the others", Live: true, Needs: []string{basic},
			Why: "its client was told that it is connected", run: checkLastMoment},
		{ID: "1.5/pause", Title: "Shutdown wakes Serve from its pause", Needs: []string{basic},
			Why: "time.Sleep cannot be woken", run: checkShutdownInPause},
		{ID: "1.6/wakes", Title: "when its context is done, Echo stops waiting, sends back what it has read, and returns", Live: true, Needs: []string{"1.1/conversation"},
			Why: "a client that says nothing must not hold up Shutdown, and one that reads slowly must not lose what was read", run: checkEchoWakes},
		{ID: "1.6/leaves-nothing", Title: "nothing that Echo has started stays behind when its client leaves first", Live: true, Alone: true, Needs: []string{"1.1/conversation"},
			Why: "one goroutine for each client that has ever been there is memory without end", run: checkEchoLeaves},
	}
}

func checkEchoBytes(x *X) {
	var cases []Case[step01.Script]
	for range 60 {
		s := step01.Script{}
		for range x.IntN(8) {
			r := step01.Read{Data: x.Bytes(Pick(x.Rand, 0, 1, 2, x.IntN(100), x.IntN(5000)))}
			if x.Chance(5) {
				r.Data = x.Bytes(x.IntN(200_000))
			}
			s.Reads = append(s.Reads, r)
		}
		class := "bytes, and then the end"
		switch {
		case x.Chance(40):
			s.Reads = append(s.Reads, step01.Read{Data: x.Bytes(x.Between(1, 50)), Err: "EOF"})
			class = "bytes together with the end"
		case x.Chance(40):
			s.Reads = append(s.Reads, step01.Read{Data: x.Bytes(x.IntN(50)), Err: "reset"})
			class = "bytes, and then a connection that breaks"
		}
		cases = append(cases, Case[step01.Script]{Class: class, Arg: s})
	}
	for n := range 5 {
		cases = append(cases, Case[step01.Script]{Class: "a Read of no bytes and no error, and more behind it",
			Arg: step01.Script{Reads: []step01.Read{{Data: x.Bytes(n)}, {}, {}, {Data: x.Bytes(9)}, {}, {Data: x.Bytes(1)}}}})
		cases = append(cases, Case[step01.Script]{Class: "a Write that fails",
			Arg: step01.Script{Broken: n + 1, Reads: []step01.Read{{Data: x.Bytes(9)}, {Data: x.Bytes(9)}, {Data: x.Bytes(9)}, {Data: x.Bytes(9)}, {Data: x.Bytes(9)}, {Data: x.Bytes(9)}, {Data: x.Bytes(9)}}}})
	}
	Compare(x, "echo.Script", step01.Play, cases)
}

// startEcho starts Echo on connections.
func (x *X) startEcho(count bool) (s *Session, listener string) {
	s = x.Session("echo.Echo", step01.EchoIn{Count: count})
	s.Call("listener", nil, &listener)
	return s, listener
}

func checkConversation(x *X) {
	_, ln := x.startEcho(false)
	c := x.Dial(ln)
	for range x.Between(20, 40) {
		text := string(x.Bytes(Pick(x.Rand, 1, x.Between(1, 100), x.Between(1, 5000))))
		c.Send(text)
		c.Expect(text)
	}
	c.Send("\r\n\n" + x.Word() + "\n")
	c.CloseWrite()
	c.ReadAll()
}

func checkManyEchos(x *X) {
	_, ln := x.startEcho(false)
	var clients []*Client
	for range 20 {
		clients = append(clients, x.Dial(ln))
	}
	for range 5 {
		var texts []string
		for _, c := range clients {
			text := x.String(alnum, x.Between(1, 20_000))
			c.Send(text)
			texts = append(texts, text)
		}
		for i, c := range clients {
			c.Expect(texts[i])
		}
	}
}

func checkHalfClose(x *X) {
	s, ln := x.startEcho(false)
	for _, tcp := range []bool{false, true} {
		for _, size := range []int{0, 1, x.IntN(1000), x.IntN(200_000), 3 << 20} {
			c := x.DialFrom(ln, "", tcp)
			data := x.Bytes(size)
			sent := make(chan struct{})
			go func() { // Send would fail the check in the wrong goroutine
				defer close(sent)
				_ = c.nc.SetWriteDeadline(time.Now().Add(x.patience))
				_, _ = c.nc.Write(data)
				c.CloseWrite()
			}()
			if got := c.ReadAll(); !bytes.Equal(got, data) {
				x.Fail(Failure{Brief: fmt.Sprintf("of %d bytes, %d came back before the end, or others", size, len(got))})
			}
			<-sent
			s.Event("returned", nil)
		}
	}
}

func checkLateReader(x *X) {
	_, ln := x.startEcho(false)
	c := x.Dial(ln)
	const most = 8 << 20
	data := x.Bytes(most)
	_ = c.nc.SetWriteDeadline(time.Now().Add(400 * time.Millisecond))
	n, err := c.nc.Write(data)
	if err == nil {
		x.Fail(Failure{Brief: fmt.Sprintf("a client that reads nothing could send %d bytes: it should be made to wait", n)})
	}
	c.CloseWrite()
	if got := c.ReadAll(); !bytes.Equal(got, data[:n]) {
		x.Fail(Failure{Brief: fmt.Sprintf("a client that read late has got %d bytes of the %d that it had sent, or others", len(got), n)})
	}
}

// A server1 is a server of step 1 in the driver, whose handlers ask what to do.
type server1 struct {
	*Session
	ln    string
	serve *Pending
}

// serve1 makes a server. It serves at once.
func (x *X) serve1(a step01.Server) *server1 {
	a.Remote = true
	s := &server1{Session: x.Session("echo.Server", a)}
	s.Call("listener", nil, &s.ln)
	s.serve = s.Go("serve", nil)
	return s
}

// turn waits until a handler asks for a command.
func (s *server1) turn() (step01.Turn, wire.Reply) {
	var t step01.Turn
	e := s.Event("turn", &t)
	return t, e
}

// do gives a handler a command.
func (s *server1) do(e wire.Reply, do string, data string) {
	s.Answer(e, step01.Command{Do: do, Data: []byte(data), N: 1000})
}

// served returns how Serve has returned.
func (s *server1) served() (name string) {
	s.serve.Wait(&name)
	return name
}

func checkHandles(x *X) {
	s := x.serve1(step01.Server{})
	c := x.Dial(s.ln)
	text := x.Word()
	c.Send("hello")
	_, e := s.turn()
	s.do(e, "write", text)
	c.Expect(text)
}

func checkServes(x *X) {
	s := x.serve1(step01.Server{})
	const n = 40
	x.Doing("clients that say nothing, one after another")
	var clients []*Client
	var turns []wire.Reply
	for range n { // which client a handler has shows when it writes
		clients = append(clients, x.Dial(s.ln))
		_, e := s.turn()
		turns = append(turns, e)
	}
	x.Doing("handlers that write and return")
	for _, i := range x.Perm(n) {
		text := x.Word()
		s.do(turns[i], "write", text)
		clients[i].Expect(text)
		_, e := s.turn()
		turns[i] = e
	}
	for _, i := range x.Perm(n)[:n/2] {
		clients[i].Quiet(0)
		s.do(turns[i], "return", "")
		clients[i].ExpectEnd()
	}
	x.Doing("a handler that writes much and returns, on TCP")
	c := x.DialFrom(s.ln, "", true)
	data := string(x.Bytes(1 << 20))
	_, e := s.turn()
	s.do(e, "write", data)
	c.Send("not read by anybody")
	c.Expect(data)
	_, e = s.turn()
	s.do(e, "return", "")
	c2 := x.DialFrom(s.ln, "", true)
	_, e = s.turn()
	s.do(e, "write", x.Word())
	_, e = s.turn()
	s.do(e, "write", data[:200_000])
	time.Sleep(20 * time.Millisecond) // for what may reset the connection
	_, e = s.turn()
	s.do(e, "return", "")
	if got := c2.ReadAll(); len(got) < 200_000 {
		x.Failf("a client that reads late has got %d bytes of what a handler wrote before it returned", len(got))
	}
	if s.serve.Returned(0) {
		x.Failf("Serve has returned, and nobody asked for it")
	}
}

func checkHandlerPanic(x *X) {
	s := x.serve1(step01.Server{})
	other := x.Dial(s.ln)
	_, e := s.turn()
	c := x.Dial(s.ln)
	_, bad := s.turn()
	word := "panic-" + x.Word()
	s.do(bad, "panic", word)
	c.ExpectEnd()
	for logged := ""; !strings.Contains(logged, word); {
		x.Doing("the log")
		s.Event("log", &logged)
	}
	x.Doing("another client, after the panic")
	s.do(e, "write", "still here")
	other.Expect("still here")
	x.Dial(s.ln)
	s.turn()
	s.turn()
}

func checkServeLeaks(x *X) {
	s := x.serve1(step01.Server{})
	one := func(how string) {
		c := x.Dial(s.ln)
		_, e := s.turn()
		s.do(e, how, "x")
		c.ExpectEnd()
		c.Close()
	}
	one("return")
	before := x.stats()
	const n = 100
	for i := range n {
		one([]string{"return", "return", "panic"}[i%3])
	}
	x.settles(before, n/2)
}

// stats says what the driver has open: the kernel, where that can be asked, rather than
// the driver, in which the submission has a word. Only the driver knows of goroutines.
func (x *X) stats() (st wire.Stats) {
	x.Call("driver.Stats", nil, &st)
	if u, ok := x.driver.Usage(); ok {
		st.Descriptors = u.Descriptors
	}
	return st
}

// settles fails unless the driver soon has no more open than before, but for some.
func (x *X) settles(before wire.Stats, some int) {
	var now wire.Stats
	for end := time.Now().Add(x.patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		now = x.stats()
		if now.Goroutines < before.Goroutines+some && now.Descriptors < before.Descriptors+some {
			x.CallAll("", []any{nil}, func(int, wire.Reply) {}) // an answer too many shows
			return
		}
	}
	x.Failf("there were %d goroutines and %d descriptors, and now there are %d and %d", before.Goroutines, before.Descriptors, now.Goroutines, now.Descriptors)
}

func checkAcceptErrors(x *X) {
	s := x.serve1(step01.Server{Accept: true})
	s.Answer(s.Event("accept", nil), step01.Accepted{Error: "too many files"})
	x.Doing("after an error of Accept")
	accept := s.Event("accept", nil)
	logged := ""
	s.Event("log", &logged)
	c := x.Dial(s.ln)
	s.Answer(accept, step01.Accepted{})
	_, e := s.turn()
	s.do(e, "write", "hello")
	c.Expect("hello")
	x.Doing("after the listener was closed by somebody else")
	s.Answer(s.Event("accept", nil), step01.Accepted{Error: "closed"})
	if got := s.served(); got != "net.ErrClosed" {
		x.Fail(Failure{Brief: "Serve returned another error than that of Accept", Want: "net.ErrClosed", Got: got})
	}
	s.Event("closed", nil)
}

func checkPauses(x *X) {
	var conns []bool
	var want []time.Duration
	for range 3 { // a connection sets them back
		pause := 5 * time.Millisecond
		for range x.Between(7, 12) {
			conns, want = append(conns, false), append(want, pause)
			pause = min(2*pause, time.Second)
		}
		conns, want = append(conns, true), append(want, 0)
	}
	var got step01.Paused
	x.Call("echo.Pauses", conns, &got)
	wrong := func(format string, args ...any) {
		x.Fail(Failure{Brief: fmt.Sprintf(format, args...), Want: fmt.Sprint(want), Got: fmt.Sprint(got.Pauses)})
	}
	if len(got.Pauses) != len(want) || got.End != "net.ErrClosed" {
		wrong("of %d calls of Accept there were %d, and in the end: %s", len(want), len(got.Pauses), got.End)
	}
	for i, took := range got.Pauses {
		// A little chance in a pause is good style.
		if took < want[i]/2 || took > min(2*want[i], time.Second) {
			wrong("pause %d: want about %v, got %v", i+1, want[i], took)
		}
	}
}

func checkStops(x *X) {
	s := x.serve1(step01.Server{})
	c := x.Dial(s.ln)
	_, e := s.turn()
	s.do(e, "return", "")
	c.ExpectEnd()
	var name string
	s.Call("shutdown", time.Minute, &name)
	if name != "nil" {
		x.Fail(Failure{Brief: "Shutdown of a server that nobody talks to returned an error", Got: name})
	}
	if got := s.served(); got != "ErrServerClosed" {
		x.Fail(Failure{Brief: "Serve returned something else than ErrServerClosed", Got: got})
	}
	s.Event("closed", nil)
	x.Doing("a Serve that comes after Shutdown")
	s = &server1{Session: x.Session("echo.Server", step01.Server{Remote: true})}
	s.Call("shutdown", time.Minute, &name)
	s.serve = s.Go("serve", nil)
	if got := s.served(); got != "ErrServerClosed" {
		x.Fail(Failure{Brief: "it returned something else than ErrServerClosed", Got: got})
	}
	s.Event("closed", nil)
}

func checkShutdownWaits(x *X) {
	s := x.serve1(step01.Server{})
	c := x.Dial(s.ln)
	_, e := s.turn()
	if _, told := s.Try("told", nil, 20*time.Millisecond); told {
		x.Failf("the handler's context is done before Shutdown")
	}
	first, second := s.Go("shutdown", time.Minute), s.Go("shutdown", time.Minute)
	x.Doing("a handler that runs when Shutdown begins")
	s.Event("told", nil)
	s.Event("closed", nil)
	if first.Returned(50*time.Millisecond) || second.Returned(0) {
		x.Failf("Shutdown has returned while a handler runs")
	}
	s.do(e, "write", "the answer")
	c.Expect("the answer")
	_, e = s.turn()
	if first.Returned(20*time.Millisecond) || second.Returned(0) {
		x.Failf("Shutdown has returned while a handler runs")
	}
	s.do(e, "return", "")
	c.ExpectEnd()
	for i, p := range []*Pending{first, second, s.Go("shutdown", time.Minute)} {
		var name string
		if p.Wait(&name); name != "nil" {
			x.Fail(Failure{Brief: fmt.Sprintf("Shutdown %d returned an error", i+1), Got: name})
		}
	}
	if got := s.served(); got != "ErrServerClosed" {
		x.Fail(Failure{Brief: "Serve returned something else than ErrServerClosed", Got: got})
	}
}

func checkShutdownDeadline(x *X) {
	s := x.serve1(step01.Server{})
	c := x.Dial(s.ln)
	_, e := s.turn()
	s.do(e, "read", "") // it waits for its client
	hung := x.Dial(s.ln)
	_, e = s.turn()
	s.do(e, "hang", "") // it waits for something else
	const d = 150 * time.Millisecond
	began := time.Now()
	var name string
	s.Call("shutdown", d, &name)
	if took := time.Since(began); took < d || name != "context.DeadlineExceeded" {
		x.Fail(Failure{Brief: fmt.Sprintf("Shutdown with a context of %v returned after %v, or not its error", d, took.Round(time.Millisecond)), Want: "context.DeadlineExceeded", Got: name})
	}
	x.Doing("a connection that is left at the deadline")
	c.ExpectEnd()
	hung.ExpectEnd()
	if t, e := s.turn(); !t.Err {
		x.Failf("the handler's Read does not fail")
	} else {
		s.do(e, "return", "")
	}
	if got := s.served(); got != "ErrServerClosed" {
		x.Fail(Failure{Brief: "Serve returned something else than ErrServerClosed", Got: got})
	}
}

func checkLastMoment(x *X) {
	s := x.serve1(step01.Server{Accept: true, Late: true})
	accept := s.Event("accept", nil)
	c := x.Dial(s.ln)
	shutdown := s.Go("shutdown", time.Minute)
	s.Event("closed", nil)
	s.Answer(accept, step01.Accepted{}) // Accept has won
	x.Doing("a connection that Accept returns when Shutdown has begun")
	_, e := s.turn()
	if shutdown.Returned(30 * time.Millisecond) {
		x.Failf("Shutdown has returned while its handler runs")
	}
	s.do(e, "write", "served")
	c.Expect("served")
	_, e = s.turn()
	s.do(e, "return", "")
	c.ExpectEnd()
	var name string
	if shutdown.Wait(&name); name != "nil" || s.served() != "ErrServerClosed" {
		x.Fail(Failure{Brief: "Shutdown or Serve returned another error", Got: name})
	}

	x.Doing("a connection that Accept returns when the time of Shutdown is up")
	s = x.serve1(step01.Server{Accept: true, Late: true})
	accept = s.Event("accept", nil)
	c = x.Dial(s.ln)
	if s.Call("shutdown", time.Millisecond, &name); name != "context.DeadlineExceeded" {
		x.Fail(Failure{Brief: "Shutdown returned another error than its context's, with Serve still in Accept", Got: name})
	}
	s.Answer(accept, step01.Accepted{})
	if e, ok := s.Try("turn", nil, 30*time.Millisecond); ok {
		s.do(e, "read", "")
	}
	c.ExpectEnd()
}

func checkShutdownInPause(x *X) {
	for range 5 {
		after := time.Duration(x.Between(400, 600)) * time.Millisecond // in the pause of 320 ms
		var got step01.Paused
		if x.Call("echo.Woken", after, &got); got.End != "ErrServerClosed" || len(got.Pauses) != 1 || got.Pauses[0] > 0 {
			x.Fail(Failure{Brief: fmt.Sprintf("in a pause of 320 ms, Serve should return ErrServerClosed at once after Shutdown, and ended with %s", got.End), Got: fmt.Sprintf("after %v", got.Pauses)})
		}
	}
}

func checkEchoWakes(x *X) {
	s, ln := x.startEcho(true)
	c := x.Dial(ln)
	text := x.Word()
	c.Send(text)
	c.Expect(text)
	slow := x.Dial(ln)
	data := x.Bytes(4 << 20)
	_ = slow.nc.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	_, _ = slow.nc.Write(data) // until the Echo waits in a Write
	x.Doing("a client that says nothing, when the context is done")
	s.Call("cancel", nil, nil)
	c.ExpectEnd()
	var read int64
	s.Event("returned", &read)
	if _, ok := s.Try("returned", nil, 50*time.Millisecond); ok {
		x.Failf("Echo has returned with bytes that a slow client has not got yet")
	}
	x.Doing("a client that reads slowly, when the context is done")
	got := make(chan []byte, 1)
	var reading sync.WaitGroup
	reading.Go(func() { // until Echo has returned
		var all []byte
		buf := make([]byte, 64<<10)
		_ = slow.nc.SetReadDeadline(time.Now().Add(x.patience))
		for {
			n, err := slow.nc.Read(buf)
			if all = append(all, buf[:n]...); err != nil {
				break
			}
		}
		got <- all
	})
	s.Event("returned", &read)
	reading.Wait()
	if all := <-got; int64(len(all)) != read || !bytes.HasPrefix(data, all) {
		x.Failf("Echo had read %d bytes, and its client has got %d", read, len(all))
	}
}

func checkEchoLeaves(x *X) {
	s, ln := x.startEcho(false)
	one := func() {
		c := x.Dial(ln)
		c.Send("x")
		c.Expect("x")
		c.CloseWrite()
		c.ExpectEnd()
		c.Close()
		s.Event("returned", nil)
	}
	one()
	before := x.stats()
	const n = 100
	for range n {
		one()
	}
	x.settles(before, n/2)
}
