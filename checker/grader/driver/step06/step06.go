// Package step06 is step 6 for the exam: routers that are put together as the exam has
// written it down, and requests that are handed to them without a connection.
package step06

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	reqline "barewire/solutions/02-request-line"
	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"
	router "barewire/solutions/06-routing"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("router.ParsePattern", ParsePattern)
	wire.Handle("router.Router", Route)
	wire.Handle("router.Many", Many)
}

// A Pattern is a pattern cut up, or an error.
type Pattern struct {
	Method, Host []byte
	Segments     []Segment
	Refused      bool
}

// A Segment is one of its segments.
type Segment struct {
	Kind string
	Text []byte
}

// ParsePattern calls ParsePattern.
func ParsePattern(src []byte) Pattern {
	p, err := router.ParsePattern(string(src))
	if err != nil {
		return Pattern{Refused: true}
	}
	out := Pattern{Method: []byte(p.Method), Host: []byte(p.Host), Segments: []Segment{}}
	for _, s := range p.Segments {
		kind := "another kind"
		switch s.Kind {
		case router.Literal:
			kind = "literal"
		case router.Single:
			kind = "single"
		case router.Rest:
			kind = "rest"
		case router.End:
			kind = "end"
		}
		out.Segments = append(out.Segments, Segment{kind, []byte(s.Text)})
	}
	return out
}

// An Op is one thing that is done to routers before there are requests.
type Op struct {
	Do     string // "handle", "use", "group", "mount", "not found", "not allowed", "request"
	On     int    // the routes that it is done to: those of router 0 are 0, of router 1 are 1, and so on; groups have numbers of their own
	Text   []byte // a pattern or a prefix
	Tags   []string
	Group  int  // the number of the group that is made
	Router int  // the one that is mounted
	Nil    bool // the handler, the router or the middleware is nil
}

// A Request is one request.
type Request struct {
	Method, Target, Host []byte
	Raw                  bool // the target is not parsed: a path as a middleware may have made it
}

// A Plan is routers and requests to the first of them, or another one.
type Plan struct {
	Routers  int
	Ops      []Op
	Requests []Request
	On       int  // the router that gets the requests
	AtOnce   bool // all requests are made at the same time
}

// Routed is what came of it.
type Routed struct {
	Panics  []Panic // of the ops
	Answers []Answer
	Made    bool // middleware was called again after the first request, or more often than without others at the same time
}

// A Panic is that of an op: what its text has.
type Panic struct {
	Op   int
	Here bool // a line of the caller
	Both bool // two of them
}

// An Answer is what came of a request.
type Answer struct {
	Status   int // 0 for none, -1 if the request could not be parsed
	Location []byte
	Allow    string
	Content  []byte
	Through  []string // the middleware
	Matched  []byte
	Panicked bool
}

// routes are those of a router or of a group.
type routes interface {
	Handle(pattern string, h keepalive.Handler, ms ...keepalive.Middleware)
	Use(ms ...keepalive.Middleware)
	Group(prefix string, ms ...keepalive.Middleware) *router.Routes
	Mount(prefix string, other *router.Router, ms ...keepalive.Middleware)
}

// Route puts routers together and asks them.
func Route(a Plan) Routed {
	out, made := route(a)
	if a.AtOnce {
		a.AtOnce = false
		_, alone := route(a)
		out.Made = made > alone
	}
	return out
}

// route does so, and returns how often middleware was called as well.
func route(a Plan) (Routed, int64) {
	out := Routed{Panics: []Panic{}, Answers: []Answer{}}
	routers := make([]*router.Router, max(a.Routers, 1))
	on := map[int]routes{}
	for i := range routers {
		routers[i] = new(router.Router)
		on[i] = routers[i]
	}
	var made atomic.Int64
	for i, op := range a.Ops {
		if p := do(op, routers, on, &made); p != nil {
			p.Op = i
			out.Panics = append(out.Panics, *p)
		}
	}
	out.Answers = make([]Answer, len(a.Requests))
	var all sync.WaitGroup
	before := int64(-1)
	for i, r := range a.Requests {
		if a.AtOnce {
			all.Go(func() { out.Answers[i] = ask(routers[a.On], r) })
			continue
		}
		out.Answers[i] = ask(routers[a.On], r)
		if before < 0 {
			before = made.Load()
		}
	}
	all.Wait()
	out.Made = before >= 0 && made.Load() > before
	return out, made.Load()
}

// do does one op. It returns what that panicked with.
func do(op Op, routers []*router.Router, on map[int]routes, made *atomic.Int64) (p *Panic) {
	to := on[op.On]
	if to == nil { // a group that could not be made
		return nil
	}
	var ms []keepalive.Middleware
	for _, name := range op.Tags {
		ms = append(ms, tag(name, made))
	}
	h := keepalive.Handler(says(string(op.Text)))
	var other *router.Router
	if !op.Nil && op.Router < len(routers) {
		other = routers[op.Router]
	}
	if op.Nil {
		h = nil
		if op.Do == "use" || op.Do == "group" {
			ms = append(ms, nil)
		}
	}
	defer func() {
		if v := recover(); v != nil {
			sites := strings.Count(fmt.Sprint(v), "step06.go:")
			p = &Panic{Here: sites > 0, Both: sites > 1}
		}
	}()
	switch op.Do {
	case "handle":
		to.Handle(string(op.Text), h, ms...)
	case "use":
		to.Use(ms...)
	case "group":
		on[op.Group] = to.Group(string(op.Text), ms...)
	case "mount":
		to.Mount(string(op.Text), other, ms...)
	case "not found":
		routers[op.On].NotFound = answers("not found", 404)
	case "not allowed":
		routers[op.On].MethodNotAllowed = answers("not allowed", 405)
	case "request":
		ask(routers[op.On], Request{Method: []byte("GET"), Target: []byte("/"), Host: []byte("h")})
	}
	return nil
}

// tag is a middleware that leaves its name.
func tag(name string, made *atomic.Int64) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		made.Add(1)
		if strings.HasPrefix(name, "slow") {
			time.Sleep(2 * time.Millisecond)
		}
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Add("Through", name)
			next.ServeHTTP(w, r)
		})
	}
}

// says is a handler that says its pattern and the values of the names in it.
func says(pattern string) keepalive.HandlerFunc {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		_, _ = io.WriteString(w, pattern)
		for _, name := range []string{"a", "b", "c", "rest", "none", ""} {
			if strings.Contains(pattern, "{"+name) || name == "none" || name == "" {
				_, _ = fmt.Fprintf(w, " %s=%q", name, r.PathValue(name))
			}
		}
	}
}

func answers(text string, status int) keepalive.HandlerFunc {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// A Writer is a response without a connection.
type Writer struct {
	Status  int
	Fields  message.Header
	Content []byte
}

// Header implements keepalive.ResponseWriter, and so do the others.
func (w *Writer) Header() *message.Header { return &w.Fields }

func (w *Writer) WriteHeader(status int) {
	if w.Status == 0 && (status >= 200 || status == 101) {
		w.Status = status
	}
}

func (w *Writer) Write(content []byte) (int, error) {
	w.WriteHeader(200)
	w.Content = append(w.Content, content...)
	return len(content), nil
}

func (w *Writer) Flush() error {
	w.WriteHeader(200)
	return nil
}

// NewRequest makes a request. It is nil if that cannot be parsed.
func NewRequest(a Request, fields ...string) *keepalive.Request {
	r := &keepalive.Request{Body: strings.NewReader(""), RemoteAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}}
	if a.Raw {
		r.Method, r.Host = string(a.Method), a.Host
		r.Target = reqline.Target{Form: reqline.OriginForm, Raw: a.Target, Path: a.Target}
		r.Version = reqline.HTTP11
		return r
	}
	src := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", a.Method, a.Target, a.Host, strings.Join(append(fields, ""), "\r\n"))
	if _, err := r.Head.Parse([]byte(src), message.Limits{}); err != nil {
		return nil
	}
	return r
}

// ask hands a request to a router.
func ask(h keepalive.Handler, a Request) (out Answer) {
	r := NewRequest(a)
	if r == nil {
		return Answer{Status: -1}
	}
	defer func() {
		if recover() != nil {
			out = Answer{Panicked: true}
		}
	}()
	var w Writer
	h.ServeHTTP(&w, r)
	out = Answer{
		Status: w.Status, Location: step02.Copy(w.Fields.Value("Location")), Allow: w.Fields.Get("Allow"),
		Through: []string{}, Matched: []byte(router.Matched(r)),
	}
	if w.Status < 300 || strings.HasPrefix(string(w.Content), "not ") { // texts of the router's own are nobody's business
		out.Content = append([]byte{}, w.Content...)
	}
	for v := range w.Fields.Values("Through") {
		out.Through = append(out.Through, string(v))
	}
	return out
}

// Many registers n routes beside each other, asks for each of them, and returns how many
// answers are right.
func Many(n int) int {
	var r router.Router
	path := func(i int) string { return "/x" + strconv.Itoa(i) + "/y" }
	last := -1 // who was asked
	for i := range n {
		r.Handle("GET "+path(i), keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) { last = i }))
	}
	right := 0
	for i := range n {
		last = -1
		r.ServeHTTP(new(Writer), NewRequest(Request{Method: []byte("GET"), Target: []byte(path(i)), Host: []byte("h"), Raw: true}))
		if last == i {
			right++
		}
	}
	return right
}
