// Package step07 is step 7 for the exam: middleware around a handler that the exam has
// written down, on requests and responses without a connection.
//
// Read step07.go first, then writer.go.
package step07

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	reqline "barewire/solutions/02-request-line"
	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"
	middleware "barewire/solutions/07-middleware"

	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("middleware.Play", Play)
	wire.Handle("middleware.AppendEscaped", func(src []byte) []byte { return Escaped(src) })
	wire.Handle("middleware.WellFormedID", func(id []byte) bool { return WellFormed(id) })
	wire.Handle("middleware.ParseCoding", ParseCoding)
	wire.Handle("middleware.Negotiate", Negotiate)
	wire.Handle("middleware.ParseBasic", ParseBasic)
	wire.Handle("middleware.Users", Users)
}

// A Layer is one middleware.
type Layer struct {
	Kind     string // "tag", "vary", "request id", "recover", "access log" (both also "by default"), "common log", "combined log", "cors", "compress", "body limit", "timeout", "basic auth", "security", "recorder", "observe"
	Text     string // of a tag, a realm
	N        int64  // a level, a limit, milliseconds
	Users    map[string]string
	CORS     middleware.CORS
	Security middleware.SecurityHeaders
}

// A Request is a request and what its handler does.
type Request struct {
	Head     []byte
	Content  []byte
	BodyErr  string // what Body ends with: "" for io.EOF, "cut", "413"
	Actions  []step04.Action
	Gone     int    // the Write that fails, counted from 1: the client has left; 0 for none, -1 for Flush alone
	Peer     string // another address than most have
	Stopping bool   // its context is done

	Refused     []byte // the request was refused by the connection, with this fault
	RefusedWith int    // and with this status; with 400 if it is 0
}

// A Scene is middleware around a handler, and requests.
type Scene struct {
	Layers   []Layer
	NoChain  bool // they are put together without Chain
	Requests []Request
	AtOnce   bool
}

// Played is what came of it.
type Played struct {
	Refused   bool // a middleware panicked when it was made
	Responses []Response
	Logs      []string // lines or records, with times and durations taken out; sorted if all was at once
	Checked   []string // what the check of BasicAuth was asked
	Overlap   bool     // two calls of the log's Write at once, or one line in two
	Observed  []string
}

// now is taken out of what is logged.
var clock = regexp.MustCompile(`\[(\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`)

// A stage is where a scene is played.
type stage struct {
	mu      sync.Mutex
	out     Played
	began   time.Time
	writing atomic.Int32
}

// Play plays a scene. What has a timeout is played where time is exact.
func Play(a Scene) (out Played) {
	if !slices.ContainsFunc(a.Layers, func(l Layer) bool { return l.Kind == "timeout" }) {
		return play(a)
	}
	if err := wire.Bubble(func() { out = play(a) }); err != nil {
		panic(err.Error())
	}
	return out
}

func play(a Scene) Played {
	s := &stage{began: time.Now(), out: Played{Responses: []Response{}, Logs: []string{}, Checked: []string{}, Observed: []string{}}}
	if slices.ContainsFunc(a.Layers, func(l Layer) bool { return strings.HasSuffix(l.Kind, " by default") }) {
		defer s.takeDefault()()
	}
	around, ok := s.around(a)
	if !ok {
		return Played{Refused: true}
	}
	s.out.Responses = make([]Response, len(a.Requests))
	var h scripted
	handler := around(&h)
	var all sync.WaitGroup
	for i, r := range a.Requests {
		if a.AtOnce {
			all.Go(func() { s.out.Responses[i] = s.serve(handler, r) })
		} else {
			s.out.Responses[i] = s.serve(handler, r)
		}
	}
	all.Wait()
	if a.AtOnce {
		slices.Sort(s.out.Logs)
	}
	return s.out
}

// takeDefault makes the stage's log the default one, until the function is called that it
// returns.
func (s *stage) takeDefault() (giveBack func()) {
	before, out, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(&records{s: s}))
	return func() {
		slog.SetDefault(before)
		log.SetOutput(out)
		log.SetFlags(flags)
	}
}

// around makes one middleware of the layers.
func (s *stage) around(a Scene) (m keepalive.Middleware, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var ms []keepalive.Middleware
	for _, l := range a.Layers {
		ms = append(ms, s.layer(l))
	}
	if a.NoChain {
		return func(h keepalive.Handler) keepalive.Handler {
			for _, m := range slices.Backward(ms) {
				h = m(h)
			}
			return h
		}, true
	}
	m = middleware.Chain(ms...)
	m(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {})) // it may be used again
	for i := range ms {
		ms[i] = nil
	}
	return m, true
}

// layer makes a middleware.
func (s *stage) layer(l Layer) keepalive.Middleware {
	log := slog.New(&records{s: s})
	switch l.Kind {
	case "request id":
		return middleware.RequestID()
	case "recover":
		return middleware.Recover(log)
	case "recover by default":
		return middleware.Recover(nil)
	case "access log by default":
		return middleware.AccessLog(nil)
	case "access log":
		return middleware.AccessLog(log)
	case "access log of errors":
		return middleware.AccessLog(slog.New(&records{s: s, least: slog.LevelError}))
	case "common log":
		return middleware.CommonLog(s)
	case "combined log":
		return middleware.CombinedLog(s)
	case "cors":
		return l.CORS.Middleware()
	case "compress":
		return middleware.Compress(int(l.N))
	case "body limit":
		return middleware.BodyLimit(l.N)
	case "timeout":
		return middleware.Timeout(time.Duration(l.N) * time.Millisecond)
	case "basic auth":
		users := middleware.Users(l.Users)
		return middleware.BasicAuth(l.Text, func(user, password string) bool {
			s.add(&s.out.Checked, fmt.Sprintf("%q %q", user, password))
			return users(user, password)
		})
	case "security":
		return l.Security.Middleware()
	case "vary":
		return func(next keepalive.Handler) keepalive.Handler {
			return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Add("Vary", "X-Outer")
				next.ServeHTTP(w, r)
			})
		}
	case "recorder":
		return recording
	case "observe":
		return middleware.Observe(func(e *middleware.Exchange) {
			body := e.Request.Body != nil
			s.add(&s.out.Observed, fmt.Sprintf("%s %d %d aborted %v body %v time %v", e.Request.Method, e.Status, e.Bytes, e.Aborted, body, e.Duration >= 0 && !e.Began.Before(s.began)))
		})
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Add("X-Tag", l.Text)
			next.ServeHTTP(w, r)
		})
	}
}

// recording is a middleware with a Recorder, which tells what that has recorded in
// fields of the request.
func recording(next keepalive.Handler) keepalive.Handler {
	used := middleware.NewRecorder(&writer{})
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		rec := middleware.NewRecorder(w)
		if r.Method != "POST" { // one that was used before
			used.Reset(w)
			rec = used
		}
		before := rec.Status()
		next.ServeHTTP(rec, r)
		real := w.(*writer)
		real.note = fmt.Sprintf("status %d, then %d; %d bytes; unwraps %v", before, rec.Status(), rec.Bytes(), rec.Unwrap() == w)
	})
}

func (s *stage) add(to *[]string, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*to = append(*to, text)
}

// Write implements io.Writer for logs of lines.
func (s *stage) Write(line []byte) (int, error) {
	overlap := s.writing.Add(1) > 1
	time.Sleep(50 * time.Microsecond)
	s.writing.Add(-1)
	text := clock.ReplaceAllStringFunc(string(line), func(at string) string {
		when, err := time.Parse("[02/Jan/2006:15:04:05 -0700]", at)
		if err != nil || when.Before(s.began.Add(-time.Second)) || when.After(time.Now()) {
			return "[another time: " + at + "]"
		}
		if when.After(s.began.Add(time.Second)) {
			return "[when it ended]"
		}
		return "[now]"
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Overlap = s.out.Overlap || overlap || !strings.HasSuffix(text, "\n") || strings.Count(text, "\n") != 1
	s.out.Logs = append(s.out.Logs, text)
	return 0, errors.New("the disk is full")
}

// records is a slog.Handler.
type records struct {
	s     *stage
	least slog.Level
}

func (h *records) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }
func (h *records) WithAttrs([]slog.Attr) slog.Handler               { return h }
func (h *records) WithGroup(string) slog.Handler                    { return h }

func (h *records) Handle(_ context.Context, r slog.Record) error {
	var attrs []string
	r.Attrs(func(a slog.Attr) bool {
		value := a.Value.String()
		switch a.Key {
		case "duration":
			value = fmt.Sprint(a.Value.Kind() == slog.KindDuration)
		case "stack":
			value = fmt.Sprint(strings.Contains(value, "scripted"))
		case "id":
			value = idOf(value)
		}
		attrs = append(attrs, a.Key+"="+value)
		return true
	})
	line := fmt.Sprint(r.Level)
	if r.Message == "request" { // the words of other messages are nobody's business, nor the order of their attributes
		line += " request"
	} else {
		slices.Sort(attrs)
	}
	h.s.add(&h.s.out.Logs, line+" "+strings.Join(attrs, " "))
	return nil
}

// idOf is an id as it can be compared: those that were made are all the same.
func idOf(id string) string {
	if len(id) >= 20 && !strings.HasPrefix(id, "sent") && middleware.WellFormedID([]byte(id)) {
		return "made"
	}
	return id
}

// serve hands a request to a handler.
func (s *stage) serve(h keepalive.Handler, a Request) Response {
	r := &keepalive.Request{RemoteAddr: step04.Addr("192.0.2.7:4711")}
	if _, err := r.Head.Parse(a.Head, message.Limits{}); err != nil {
		if a.Refused == nil {
			return Response{Unparsed: true}
		}
		r = &keepalive.Request{RemoteAddr: step04.Addr("192.0.2.7:4711")}
	}
	if a.Peer != "" {
		r.RemoteAddr = step04.Addr(a.Peer)
	}
	body := &body{Reader: *bytes.NewReader(a.Content), err: a.BodyErr}
	r.Body = body
	if a.Refused != nil {
		status := cmp.Or(a.RefusedWith, 400)
		r.Fault = &reqline.ProtocolError{Status: status, Msg: string(a.Refused)}
		a.Actions = []step04.Action{{Do: "status", N: status}}
	}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), outer{}, true))
	defer cancel()
	if a.Stopping {
		cancel()
	}
	r.SetContext(context.WithValue(ctx, actions{}, a.Actions))
	w := &writer{gone: a.Gone, head: r.Method == "HEAD"}
	func() {
		defer func() {
			if p := recover(); p != nil {
				w.panicked = fmt.Sprint(p)
				if !strings.HasPrefix(w.panicked, "as the exam") {
					w.panicked = "another panic"
				}
			}
		}()
		h.ServeHTTP(w, r)
	}()
	out := w.response()
	out.BodyBack = r.Body == io.Reader(body)
	_, out.Deadline = r.Context().Deadline()
	out.Done, out.Outer = r.Context().Err() != nil, r.Context().Value(outer{}) != nil
	out.Value = r.Context().Value(inner{}) != nil
	if w.seen != nil {
		out.Seen = *w.seen
	}
	return out
}

type (
	outer   struct{}
	inner   struct{}
	actions struct{}
)

// body is the content of a request.
type body struct {
	bytes.Reader
	err string
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		switch b.err {
		case "cut":
			err = io.ErrUnexpectedEOF
		case "413":
			err = &reqline.ProtocolError{Status: 413}
		}
	}
	return n, err
}

// WriteTo hides that of bytes.Reader: what is read has to go through Read.
func (b *body) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{b}) }

// Escaped calls AppendEscaped.
func Escaped(src []byte) []byte { return middleware.AppendEscaped([]byte("x"), src) }

// WellFormed calls WellFormedID.
func WellFormed(id []byte) bool { return middleware.WellFormedID(id) }

// Coding is what ParseCoding returns.
type Coding struct {
	Coding  []byte
	Quality int
	OK      bool
}

// ParseCoding calls ParseCoding.
func ParseCoding(member []byte) Coding {
	coding, quality, ok := middleware.ParseCoding(member)
	if !ok {
		return Coding{}
	}
	return Coding{append([]byte{}, coding...), quality, ok}
}

// Offers are fields of a request and what there is.
type Offers struct {
	Fields []step03.Pair
	Offers []string
}

// Negotiate calls Negotiate.
func Negotiate(a Offers) string {
	var h message.Header
	for _, f := range a.Fields {
		h.Add(string(f.Name), string(f.Value))
	}
	return middleware.Negotiate(&h, a.Offers...)
}

// Basic is what ParseBasic returns.
type Basic struct {
	User, Password []byte
	OK             bool
}

// ParseBasic calls ParseBasic.
func ParseBasic(value []byte) Basic {
	user, password, ok := middleware.ParseBasic(value)
	if !ok {
		return Basic{}
	}
	return Basic{[]byte(user), []byte(password), ok}
}

// UsersIn are users, and who comes.
type UsersIn struct {
	Passwords map[string]string
	Tries     [][2]string
}

// Users calls what Users returns. The map is changed before.
func Users(a UsersIn) []bool {
	passwords := map[string]string{}
	for user, password := range a.Passwords {
		passwords[user] = password
	}
	check := middleware.Users(passwords)
	clear(passwords)
	out := []bool{}
	for _, t := range a.Tries {
		out = append(out, check(t[0], t[1]))
	}
	return out
}
