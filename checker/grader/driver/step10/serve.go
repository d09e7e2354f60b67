package step10

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	keepalive "barewire/solutions/04-keep-alive"
	middleware "barewire/solutions/07-middleware"
	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// A Scene is a story of clients and a server.
type Scene struct {
	Config Config
	Own    bool // Config.Handler answers, instead of the routes
	Log    bool // there is an access log
	Run    bool // RunOn serves both listeners
	Alone  bool // there is no listener for operators
	Ends   bool // who has been closed by the server matters
	Served bool // of responses, only those with status 200 matter
	Loose  bool // of the access log, only statuses matter
	TLS    bool // there is a certificate; clients who do not speak TLS say one thing
	Moves  []Move
}

// Besides what visitors do, there are these moves:
//
//	stop    Shutdown is called; it has Within, or any time
//	cancel  the context of RunOn is done
//	fail    the listener is closed by somebody else, or that for operators if it is of Admin
//	again   Serve is called once more, with another listener

// Scened is what came of it.
type Scened struct {
	Err      wire.Err
	Faults   []wire.Err // of New: then there was nothing else
	Heard    [][]Word
	Admin    [][]Word
	Looks    []Sight
	Stopped  []Ended // what Shutdown returned
	Served   []Ended // what Serve and ServeAdmin returned, or RunOn
	Logged   []Logged
	Panicked int // lines of the error log that have a panic and the target of its request
}

// A Sight is what an operator sees.
type Sight struct {
	Ready   int      // what /readyz says
	Unread  wire.Err // as Figures.Fault
	Figures []Figure
	Gone    []bool
}

// An Ended is what a call returned, and when.
type Ended struct {
	Err      string
	Cut      int  // connections of a *CutError
	Deadline bool // it is context.DeadlineExceeded as well
	At       time.Duration
}

// A Logged is a line of the access log.
type Logged struct {
	Method, Remote string
	Target, Agent  []byte
	Status         int64
	Fault          bool
}

// New returns the fields that the error of New names.
func New(c Config) []wire.Err {
	cfg := c.server()
	cfg.ErrorLog = quiet
	srv, err := server.New(cfg)
	if err == nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = srv.Shutdown(ctx)
	}
	return fieldsOf(faults(err))
}

func fieldsOf(all []Fault) []wire.Err {
	fields := []wire.Err{}
	for _, f := range all {
		fields = append(fields, wire.Err{Kind: f.Field})
	}
	return fields
}

// Serve has a story happen.
func Serve(a Scene) Scened {
	var out Scened
	err := wire.Bubble(func() { out = a.happen() })
	if err != nil {
		return Scened{Err: wire.Fault(err.Error())}
	}
	return out
}

func (a Scene) happen() Scened {
	var out Scened
	cfg := a.Config.server()
	var log accessLog
	var errorLog lines
	cfg.ErrorLog = slog.New(slog.NewTextHandler(&errorLog, nil))
	if a.Log {
		cfg.AccessLog = middleware.AccessLog(slog.New(&log))
	}
	if a.Own {
		cfg.Handler = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			text := "mine " + r.Method + " " + r.Path()
			for _, name := range []string{"Content_Length", "Transfer_Encoding", "X_Other"} {
				if r.Header.Has(name) {
					text += " " + name
				}
			}
			_ = keepalive.Text(w, 200, text)
		})
	}
	if a.TLS {
		dir, err := os.MkdirTemp("", "step10")
		if err != nil {
			return Scened{Err: wire.Fault("there is no folder")}
		}
		defer os.RemoveAll(dir)
		cfg.CertFile, cfg.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		cert, key := pair("exam")
		put(cfg.CertFile, cert, time.Now())
		put(cfg.KeyFile, key, time.Now())
	}
	srv, err := server.New(cfg)
	if err != nil {
		return Scened{Err: wire.Fault("New refuses the Config"), Faults: fieldsOf(faults(err))}
	}
	routes(srv)
	public, admin, other := newStreet(), newStreet(), newStreet()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun := time.Now()
	var mu sync.Mutex
	var serving, stopping sync.WaitGroup
	ends := func(all *[]Ended, f func() error) func() {
		mu.Lock()
		defer mu.Unlock()
		i := len(*all)
		*all = append(*all, Ended{Err: "it has not returned"})
		return func() {
			e := endedBy(f())
			e.At = time.Since(begun)
			mu.Lock()
			(*all)[i] = e
			mu.Unlock()
		}
	}
	served, stopped := []Ended{}, []Ended{}
	if a.Run {
		serving.Go(ends(&served, func() error {
			if a.Alone {
				return srv.RunOn(ctx, public, nil)
			}
			return srv.RunOn(ctx, public, admin)
		}))
	} else {
		serving.Go(ends(&served, func() error { return srv.Serve(public) }))
		if !a.Alone {
			serving.Go(ends(&served, func() error { return srv.ServeAdmin(admin) }))
		}
	}
	synctest.Wait() // until it serves: who asks before hears that it is not ready
	clients := &callers{begun: begun, raw: a.TLS, word: fullWord, serve: func(nc net.Conn) { public.door <- nc }}
	operators := &callers{begun: begun, word: adminWord, serve: func(nc net.Conn) { admin.door <- nc }}
	look := func() {
		s := Sight{Ready: ask(&srv.Health, "/readyz").Status}
		now := figures(string(srv.Metrics.AppendTo(nil)), Counted{Conns: 1})
		s.Unread = now.Fault
		for _, v := range now.Values {
			if strings.HasPrefix(v.Name, "barewire_requests_") || strings.HasPrefix(v.Name, "barewire_connections_") {
				s.Figures = append(s.Figures, v)
			}
		}
		for _, v := range clients.all {
			select {
			case <-v.gone:
				s.Gone = append(s.Gone, a.Ends)
			default:
				s.Gone = append(s.Gone, false)
			}
		}
		out.Looks = append(out.Looks, s)
	}
	stop := func(within time.Duration) {
		f := ends(&stopped, func() error {
			ctx := context.Background()
			if within > 0 {
				limited, cancel := context.WithTimeout(ctx, within)
				defer cancel()
				ctx = limited
			}
			return srv.Shutdown(ctx)
		})
		stopping.Go(f)
	}
	for _, m := range a.Moves {
		switch {
		case m.Do == "stop":
			stop(m.Within)
			time.Sleep(m.Then)
		case m.Do == "cancel":
			cancel()
			time.Sleep(m.Then)
		case m.Do == "fail":
			if m.Admin {
				_ = admin.Close()
			} else {
				_ = public.Close()
			}
			time.Sleep(m.Then)
		case m.Do == "again":
			serving.Go(ends(&served, func() error { return srv.Serve(other) }))
			time.Sleep(m.Then)
		case m.Admin:
			operators.tell([]Move{m}, look)
		default:
			clients.tell([]Move{m}, look)
		}
	}
	mu.Lock()
	out.Stopped = append([]Ended{}, stopped...)
	mu.Unlock()
	out.Heard, out.Admin = clients.end(), operators.end()
	if a.Served {
		for i, words := range out.Heard {
			out.Heard[i] = slices.DeleteFunc(words, func(w Word) bool { return w.Status != 200 })
		}
	}
	cancel()
	if !a.Run {
		stop(time.Hour)
	}
	stopping.Wait()
	_ = public.Close()
	_ = admin.Close()
	_ = other.Close()
	serving.Wait()
	if a.Run {
		// Time ends with the story, and there may be handlers that were cut off.
		time.Sleep(2 * time.Hour)
	}
	out.Served = served
	log.mu.Lock()
	out.Logged = append([]Logged{}, log.all...)
	for i := range out.Logged {
		if a.Loose {
			out.Logged[i].Method, out.Logged[i].Target, out.Logged[i].Agent = "", nil, nil
		}
	}
	log.mu.Unlock()
	for _, line := range errorLog.all() {
		if strings.Contains(line, "as the exam wants it") && strings.Contains(line, "/panic") {
			out.Panicked++
		}
	}
	return out
}

// endedBy describes an error of a server.
func endedBy(err error) Ended {
	e := Ended{Deadline: errors.Is(err, context.DeadlineExceeded)}
	cut, ok := errors.AsType[*server.CutError](err)
	switch {
	case err == nil:
	case ok:
		e.Err, e.Cut = "*CutError", cut.Connections
	case errors.Is(err, server.ErrServerClosed):
		e.Err = "ErrServerClosed"
	default:
		e.Err = nameOf(err)
	}
	return e
}

// routes are those of a server.
func routes(srv *server.Server) {
	text := func(f func(r *keepalive.Request) string) keepalive.HandlerFunc {
		return func(w keepalive.ResponseWriter, r *keepalive.Request) { _ = keepalive.Text(w, 200, f(r)) }
	}
	srv.HandleFunc("GET /fast", text(func(*keepalive.Request) string { return "fast" }))
	srv.HandleFunc("GET /long", text(func(*keepalive.Request) string { return strings.Repeat("long ", 1000) }))
	srv.HandleFunc("GET /who", text(func(r *keepalive.Request) string { return r.RemoteAddr.String() }))
	srv.HandleFunc("GET /slow/{ms}", text(func(r *keepalive.Request) string {
		took, _ := times(r)
		time.Sleep(took)
		return "slow " + took.String()
	}))
	srv.HandleFunc("POST /echo", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if content, err := r.Content(); err == nil {
			_ = keepalive.Text(w, 200, string(content))
		}
	})
	srv.HandleFunc("GET /panic", func(keepalive.ResponseWriter, *keepalive.Request) { panic("as the exam wants it") })
	srv.HandleFunc("GET /ends", func(w keepalive.ResponseWriter, r *keepalive.Request) { <-r.Context().Done() })
	srv.HandleFunc("GET /socket", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		_ = keepalive.Upgrade(w, r, "exam", func(_ context.Context, nc net.Conn) {
			_ = nc.SetDeadline(time.Time{})
			buf := make([]byte, 100)
			for {
				n, err := nc.Read(buf)
				if err != nil {
					return
				}
				_, _ = io.WriteString(nc, "HTTP/1.1 299 OK\r\nContent-Length: 0\r\nX-Said: "+strings.TrimSpace(string(buf[:n]))+"\r\n\r\n")
			}
		})
	})
}

// fullWord is what matters of a response of the server.
func fullWord(res *http.Response, content []byte) Word {
	word := plainWord(res, content)
	for _, name := range []string{"X-Content-Type-Options", "X-Request-Id", "Access-Control-Allow-Origin", "Content-Encoding", "X-Said"} {
		if v := res.Header.Get(name); v != "" {
			word.Fields = append(word.Fields, name+": "+v)
		}
	}
	if res.StatusCode == 501 && res.Close {
		word.Fields = append(word.Fields, "Connection: close")
	}
	if zipped, err := gzip.NewReader(bytes.NewReader(word.Content)); err == nil {
		word.Content, _ = io.ReadAll(io.LimitReader(zipped, 1<<20))
	}
	return word
}

// adminWord is what matters of an answer about health, and the requests in flight of
// metrics.
func adminWord(res *http.Response, content []byte) Word {
	word := Word{Status: res.StatusCode}
	for line := range strings.SplitSeq(string(content), "\n") {
		if strings.HasPrefix(line, "barewire_requests_in_flight ") {
			word.Content = []byte(line)
		}
	}
	return word
}

// An accessLog keeps what an access log is told.
type accessLog struct {
	slog.Handler
	mu  sync.Mutex
	all []Logged
}

func (l *accessLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *accessLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *accessLog) WithGroup(string) slog.Handler            { return l }
func (l *accessLog) Handle(_ context.Context, r slog.Record) error {
	var line Logged
	r.Attrs(func(a slog.Attr) bool {
		text := a.Value.String()
		switch a.Key {
		case "method":
			line.Method = text
		case "target":
			line.Target = []byte(text)
		case "agent":
			line.Agent = []byte(text)
		case "remote":
			line.Remote = text
		case "fault":
			line.Fault = true
		case "status":
			if a.Value.Kind() == slog.KindInt64 {
				line.Status = a.Value.Int64()
			}
		}
		return true
	})
	l.mu.Lock()
	l.all = append(l.all, line)
	l.mu.Unlock()
	return nil
}

// lines keeps what is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() < 1<<20 {
		l.buf.Write(p)
	}
	return len(p), nil
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(strings.Lines(l.buf.String()))
}

// RunTaken calls Run of a server whose address is taken. Where nothing may listen, every
// address is.
func RunTaken(struct{}) Ended {
	addr := "127.0.0.1:0"
	if ln, err := net.Listen("tcp", addr); err == nil {
		defer ln.Close()
		addr = ln.Addr().String()
	}
	return runs(server.Config{Addr: addr, ErrorLog: quiet})
}

// RunHalf is RunTaken of a server of which only AdminAddr is taken. It then listens on
// Addr itself, and says so if it cannot.
func RunHalf(struct{}) Ended {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return RunTaken(struct{}{})
	}
	defer taken.Close()
	var e Ended
	for range 3 { // somebody else may take the address meanwhile
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return RunTaken(struct{}{})
		}
		addr := ln.Addr().String()
		_ = ln.Close()
		e = runs(server.Config{Addr: addr, AdminAddr: taken.Addr().String(), ErrorLog: quiet})
		if ln, err = net.Listen("tcp", addr); err == nil {
			_ = ln.Close()
			return e
		}
		e.Err += ", and Addr is still listened on"
	}
	return e
}

// runs calls Run of a server that cannot.
func runs(cfg server.Config) Ended {
	srv, err := server.New(cfg)
	if err != nil {
		return Ended{Err: "New: " + wire.Clip(err.Error())}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err = srv.Run(ctx)
	_ = srv.Shutdown(context.Background())
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		return Ended{Err: "*net.OpError of " + failed.Op}
	}
	return endedBy(err)
}
