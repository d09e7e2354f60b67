package exercise

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

var proxyMistakes = []mistake{
	{"decodes the query", "method, target"},
	{"content by Content-Length", "chunked content"},
	{"answers by Content-Length", "a chunked answer"},
	{"answers by Content-Length", "an answer that ends with the connection"},
	{"gathers", "what the origin sends arrives"},
	{"all fields", "fields for one connection"},
	{"no Via", "Via is added"},
	{"a lax parser", "a request whose length"},
	{"HEAD is GET", "HEAD, 204 and 304"},
	{"no Max-Forwards", "OPTIONS with"},
	{"500", "an origin that closes"},
	{"raw", "an answer that is no HTTP"},
	{"raw", "an answer with two lengths"},
	{"gathers", "an answer that is cut off"},
	{"one at a time", "one client"},
	{"500", "an origin that cannot"},
}

// startProxy serves a model of the exercise proxy: the reference's step 4 on one side,
// net/http's client on the other.
func startProxy(t *testing.T, origin, mistake string) string {
	p := &forwarder{origin: origin, mistake: mistake, turn: make(chan bool, 1)}
	server := &keepalive.Server{ErrorLog: slog.New(slog.DiscardHandler), Handler: p}
	return listen(t, func(ctx context.Context, nc net.Conn) {
		switch mistake {
		case "raw", "a lax parser", "HEAD is GET":
			p.raw(nc)
		default:
			server.ServeConn(ctx, nc)
		}
	})
}

type forwarder struct {
	origin, mistake string
	turn            chan bool
}

// hops are the fields for one connection that are known.
var hops = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade"}

// ask forwards a request and returns the answer.
func (p *forwarder) ask(r *keepalive.Request) (*http.Response, error) {
	target := string(r.Target.Raw)
	if p.mistake == "decodes the query" {
		target = r.Path()
	}
	content := r.Body
	if r.Framing == (message.Framing{}) || p.mistake == "content by Content-Length" && !r.Header.Has("Content-Length") {
		content = nil
	}
	q, err := http.NewRequest(string(r.Method), "http://"+p.origin+target, content)
	if err != nil {
		return nil, err
	}
	for name, value := range r.Header.All() {
		if p.mistake == "all fields" || !slices.Contains(hops, http.CanonicalHeaderKey(string(name))) && !r.Header.HasMember("Connection", string(name)) {
			q.Header.Add(string(name), string(value))
		}
	}
	q.Host = string(r.Host)
	if n, err := strconv.Atoi(q.Header.Get("Content-Length")); err == nil {
		q.ContentLength = int64(n)
	}
	q.Header.Del("Content-Length")
	q.Header["User-Agent"] = nil
	if p.mistake != "no Via" {
		q.Header.Add("Via", "1.1 model")
	}
	if n, err := strconv.Atoi(q.Header.Get("Max-Forwards")); err == nil {
		q.Header.Set("Max-Forwards", fmt.Sprint(n-1))
	}
	return (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(q)
}

func (p *forwarder) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	if p.mistake == "one at a time" {
		p.turn <- true
		defer func() { <-p.turn }()
	}
	if string(r.Method) == "OPTIONS" && r.Header.Get("Max-Forwards") == "0" && p.mistake != "no Max-Forwards" {
		w.WriteHeader(204)
		return
	}
	a, err := p.ask(r)
	if err != nil {
		status := 502
		if p.mistake == "500" {
			status = 500
		}
		keepalive.Error(w, status)
		return
	}
	defer a.Body.Close()
	p.answer(w, r, a)
}

// answer passes an answer on.
func (p *forwarder) answer(w keepalive.ResponseWriter, r *keepalive.Request, a *http.Response) {
	var named []string
	for _, line := range a.Header["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			named = append(named, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	for name, values := range a.Header {
		for _, value := range values {
			if p.mistake == "all fields" || !slices.Contains(hops, name) && !slices.Contains(named, name) {
				w.Header().Add(name, value)
			}
		}
	}
	if p.mistake != "no Via" {
		w.Header().Add("Via", "1.1 model")
	}
	w.WriteHeader(a.StatusCode)
	content := io.Reader(a.Body)
	switch p.mistake {
	case "answers by Content-Length":
		content = io.LimitReader(content, max(0, a.ContentLength))
	case "gathers":
		all, _ := io.ReadAll(content)
		w.Write(all)
		return
	}
	b := make([]byte, 32<<10)
	for {
		n, err := content.Read(b)
		if n > 0 {
			w.Write(b[:n])
			w.Flush()
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic("the origin's answer is cut off: " + err.Error()) // so that the client's is, too
		}
	}
}

// raw copies bytes, as a proxy does that understands nothing.
func (p *forwarder) raw(nc net.Conn) {
	defer nc.Close()
	o, err := net.Dial("tcp", p.origin)
	if err != nil {
		return
	}
	defer o.Close()
	go io.Copy(nc, o)
	b := make([]byte, 32<<10)
	for {
		n, err := nc.Read(b)
		if err != nil {
			return
		}
		text := string(b[:n])
		if p.mistake == "HEAD is GET" {
			text = strings.ReplaceAll(text, "HEAD ", "GET ")
		}
		io.WriteString(o, text)
	}
}
