package exercise

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
)

var cacheMistakes = []mistake{
	{"no Age", "a fresh answer"},
	{"a guess", "an answer that says nothing"},
	{"private is kept", "no-store, private"},
	{"path only", "the query belongs"},
	{"path only", "the host belongs"},
	{"no Vary", "what Vary names"},
	{"max-age first", "s-maxage goes"},
	{"Expires is not read", "Expires in the past"},
	{"age begins here", "the Age with which"},
	{"304 is passed on", "a stale answer"},
	{"no conditions", "a client's own"},
	{"no-cache is not read", "no-cache of the request"},
	{"only-if-cached is not read", "only-if-cached"},
	{"Authorization is not read", "what was asked for with"},
	{"POST leaves it", "POST goes to"},
	{"HEAD is kept as GET", "HEAD may be answered"},
	{"half is kept", "an answer that was cut off"},
}

// startCache serves a model of the exercise cache.
func startCache(t *testing.T, origin, mistake string) string {
	c := &keeper{forwarder: forwarder{origin: origin}, mistake: mistake, kept: map[string]*kept{}}
	server := &keepalive.Server{ErrorLog: slog.New(slog.DiscardHandler), Handler: c}
	return listen(t, func(ctx context.Context, nc net.Conn) { server.ServeConn(ctx, nc) })
}

type keeper struct {
	forwarder
	mistake string
	mu      sync.Mutex
	kept    map[string]*kept
}

// kept is an answer in the cache.
type kept struct {
	status   int
	header   http.Header
	content  string
	asked    http.Header // the fields that Vary names
	at       time.Time
	age      time.Duration // when it came
	lifetime time.Duration
}

func (k *kept) now() time.Duration { return k.age + time.Since(k.at) }

// directives reads Cache-Control.
func directives(lines []string) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		all[strings.ToLower(name)] = value
	}
	return all
}

func (c *keeper) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	method, key := string(r.Method), string(r.Host)+string(r.Target.Raw)
	if c.mistake == "path only" {
		key = r.Path()
	}
	if method != "GET" && method != "HEAD" {
		if c.mistake != "POST leaves it" {
			defer func() { c.keep(key, nil) }()
		}
		c.forwarder.ServeHTTP(w, r)
		return
	}
	said := directives([]string{r.Header.Get("Cache-Control")})
	_, noCache := said["no-cache"]
	_, only := said["only-if-cached"]
	k := c.look(key)
	fresh := k != nil && k.now() < k.lifetime && k.fits(r) && (!noCache || c.mistake == "no-cache is not read")
	if c.mistake == "HEAD is kept as GET" && k != nil {
		fresh = true
	}
	switch {
	case fresh:
		c.give(w, r, k)
	case only && c.mistake != "only-if-cached is not read":
		keepalive.Error(w, 504)
	default:
		c.fetch(w, r, key, k)
	}
}

func (c *keeper) look(key string) *kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[key]
}

func (c *keeper) keep(key string, k *kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[key] = k
}

// fits says whether the answer was chosen by the same fields.
func (k *kept) fits(r *keepalive.Request) bool {
	for name := range k.asked {
		if r.Header.Get(name) != k.asked.Get(name) {
			return false
		}
	}
	return true
}

// give answers from the cache.
func (c *keeper) give(w keepalive.ResponseWriter, r *keepalive.Request, k *kept) {
	for name, values := range k.header {
		for _, value := range values {
			w.Header().Add(name, value)
		}
	}
	if c.mistake != "no Age" {
		w.Header().Set("Age", fmt.Sprint(int(k.now().Seconds())))
	}
	if tag := r.Header.Get("If-None-Match"); tag != "" && strings.TrimPrefix(tag, "W/") == k.header.Get("Etag") && c.mistake != "no conditions" {
		w.Header().Del("Content-Length")
		w.WriteHeader(304)
		return
	}
	w.WriteHeader(k.status)
	io.WriteString(w, k.content)
}

// fetch asks the origin, with the tag of what is kept.
func (c *keeper) fetch(w keepalive.ResponseWriter, r *keepalive.Request, key string, old *kept) {
	own := r.Header.Get("If-None-Match")
	if old != nil && old.fits(r) && old.header.Get("Etag") != "" {
		r.Header.Set("If-None-Match", old.header.Get("Etag"))
	}
	a, err := c.ask(r)
	r.Header.Set("If-None-Match", own)
	if err != nil {
		keepalive.Error(w, 502)
		return
	}
	defer a.Body.Close()
	content, err := io.ReadAll(a.Body)
	if err != nil && c.mistake != "half is kept" {
		panic("cut off")
	}
	if a.StatusCode == 304 && old != nil && c.mistake != "304 is passed on" {
		for name, values := range a.Header {
			old.header[name] = values
		}
		c.give(w, r, old)
		return
	}
	a.Header.Del("Connection")
	k := &kept{status: a.StatusCode, header: a.Header, content: string(content), at: time.Now(), asked: http.Header{}}
	if err != nil {
		a.Header.Del("Content-Length")
	}
	if c.keeps(r, k) {
		c.keep(key, k)
	}
	if string(r.Method) == "HEAD" {
		k.content = ""
	}
	for name, values := range a.Header {
		for _, value := range values {
			w.Header().Add(name, value)
		}
	}
	w.WriteHeader(a.StatusCode)
	io.WriteString(w, k.content)
}

// keeps says whether an answer may be kept, and finds out for how long and for whom.
func (c *keeper) keeps(r *keepalive.Request, k *kept) bool {
	said := directives(k.header["Cache-Control"])
	has := func(name string) bool { _, ok := said[name]; return ok }
	seconds := func(text string) time.Duration {
		n, _ := strconv.Atoi(text)
		return time.Duration(n) * time.Second
	}
	switch {
	case has("s-maxage") && c.mistake != "max-age first":
		k.lifetime = seconds(said["s-maxage"])
	case has("max-age"):
		k.lifetime = seconds(said["max-age"])
	case k.header.Get("Expires") != "" && c.mistake == "Expires is not read":
		k.lifetime = time.Minute
	case c.mistake == "a guess":
		k.lifetime = time.Minute
	}
	if c.mistake != "age begins here" {
		k.age = seconds(k.header.Get("Age"))
	}
	if c.mistake != "no Vary" {
		for name := range strings.SplitSeq(k.header.Get("Vary"), ",") {
			if name = strings.TrimSpace(name); name != "" {
				k.asked.Set(name, r.Header.Get(name))
			}
		}
	}
	private := has("private") && c.mistake != "private is kept"
	authorized := r.Header.Has("Authorization") && !has("public") && !has("must-revalidate") && !has("s-maxage") && c.mistake != "Authorization is not read"
	getOnly := string(r.Method) == "GET" || c.mistake == "HEAD is kept as GET"
	_, star := k.asked["*"]
	return k.status == 200 && getOnly && !has("no-store") && !private && !authorized && !star &&
		(k.lifetime > 0 || k.header.Get("Etag") != "")
}
