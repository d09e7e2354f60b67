package bench

import (
	"fmt"
	"strings"
)

// A Shape is one kind of load.
type Shape struct {
	Name  string // for -shapes
	Title string // for people
	Kind  Kind

	Conns    int
	Pipeline int  // requests that are sent together; in process those that one read returns
	Close    bool // a new connection for each request
	Rate     float64

	Path    string
	Fields  string // besides Host, each with its CRLF
	Content string
	Needs   Feature
	AllOn   bool // ours with everything on, against ours without

	Of string // of what there are N: routes, open connections or addresses
	N  int
}

// Kind is how a shape is measured.
type Kind string

// The kinds, in the order in which they are reported.
const (
	Closed  Kind = "closed"  // as fast as the server answers: what a request costs
	Paced   Kind = "paced"   // on a schedule: how long a request takes
	Idle    Kind = "idle"    // connections that have asked once and now keep still
	Replays Kind = "replays" // in process, without a kernel
	Grows   Kind = "grows"   // the subject alone, with more and more of something
)

// Feature is what a server must be able to do for a shape, beyond GET /.
type Feature string

// What not every one of the servers can do.
const (
	Echo   Feature = "echo"
	Static Feature = "static"
	Replay Feature = "replay"
	Grow   Feature = "grow" // it has the flags -routes and -limit
)

// browser are the fields that a browser sends: about 600 bytes.
const browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8\r\n" +
	"Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Referer: https://www.example.org/articles/2026/how-fast-is-fast\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark\r\n" +
	"Upgrade-Insecure-Requests: 1\r\n" +
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n" +
	"Priority: u=0, i\r\n"

// crossOrigin are fields that middleware has to look at.
const crossOrigin = "Origin: https://app.example.org\r\nAccept-Encoding: gzip\r\n"

var kilobyte = strings.Repeat("0123456789abcdef", 64)

// Shapes are all that is measured.
var Shapes = []*Shape{
	{Name: "get", Title: "GET, 64 connections", Kind: Closed, Conns: 64},
	{Name: "get512", Title: "GET, 512 connections", Kind: Closed, Conns: 512},
	{Name: "browser", Title: "GET with 600 bytes of fields", Kind: Closed, Conns: 64, Fields: browser},
	{Name: "pipelined", Title: "GET, pipelined by 16", Kind: Closed, Conns: 64, Pipeline: 16},
	{Name: "close", Title: "one request a connection", Kind: Closed, Conns: 64, Close: true, Fields: "Connection: close\r\n"},
	{Name: "post", Title: "POST of 1 KiB, echoed", Kind: Closed, Conns: 64, Path: "/echo", Content: kilobyte, Needs: Echo},
	{Name: "static1k", Title: "file of 1 KiB", Kind: Closed, Conns: 64, Path: "/static/1k.txt", Needs: Static},
	{Name: "static100k", Title: "file of 100 KiB", Kind: Closed, Conns: 32, Path: "/static/100k.txt", Needs: Static},
	{Name: "static10m", Title: "file of 10 MiB", Kind: Closed, Conns: 8, Path: "/static/10m.txt", Needs: Static},
	{Name: "all", Title: "everything on", Kind: Closed, Conns: 64, Fields: crossOrigin, AllOn: true},

	{Name: "paced5k", Title: "5,000 requests a second", Kind: Paced, Conns: 64, Rate: 5_000},
	{Name: "paced15k", Title: "15,000 requests a second", Kind: Paced, Conns: 64, Rate: 15_000},

	{Name: "idle", Title: "idle connections", Kind: Idle, Conns: 10_000},

	{Name: "replay", Title: "minimal GET", Kind: Replays, Needs: Replay},
	{Name: "replay-browser", Title: "GET with 600 bytes of fields", Kind: Replays, Fields: browser, Needs: Replay},
	{Name: "replay-post", Title: "POST of 1 KiB", Kind: Replays, Path: "/echo", Content: kilobyte, Needs: Replay},
	{Name: "replay-chunked", Title: "chunked 1 KiB", Kind: Replays, Path: "/echo", Fields: "Transfer-Encoding: chunked\r\n",
		Content: "400\r\n" + kilobyte + "\r\n0\r\n\r\n", Needs: Replay},
	{Name: "replay16", Title: "16 requests a read", Kind: Replays, Pipeline: 16, Needs: Replay},

	{Name: "routes10", Title: "10 routes", Kind: Grows, Of: "routes", N: 10, Needs: Grow},
	{Name: "routes1k", Title: "1,000 routes", Kind: Grows, Of: "routes", N: 1_000, Needs: Grow},
	{Name: "routes100k", Title: "100,000 routes", Kind: Grows, Of: "routes", N: 100_000, Needs: Grow},
	{Name: "limit10", Title: "10 addresses", Kind: Grows, Of: "addresses", N: 10, Needs: Grow},
	{Name: "limit1k", Title: "1,000 addresses", Kind: Grows, Of: "addresses", N: 1_000, Needs: Grow},
	{Name: "limit100k", Title: "100,000 addresses", Kind: Grows, Of: "addresses", N: 100_000, Needs: Grow},
	{Name: "open10", Title: "10 idle connections", Kind: Grows, Of: "idle connections", N: 10, Conns: 64, Needs: Grow},
	{Name: "open1k", Title: "1,000 idle connections", Kind: Grows, Of: "idle connections", N: 1_000, Conns: 64, Needs: Grow},
	{Name: "open10k", Title: "10,000 idle connections", Kind: Grows, Of: "idle connections", N: 10_000, Conns: 64, Needs: Grow},
}

// files are what Static serves: name and size.
var files = map[string]int{"1k.txt": 1 << 10, "100k.txt": 100 << 10, "10m.txt": 10 << 20}

// Request returns one request as it is sent.
func (s *Shape) Request() []byte {
	method, path, fields := "GET", "/", s.Fields
	if s.Path != "" {
		path = s.Path
	}
	if s.Content != "" {
		method = "POST"
		if !strings.Contains(fields, "Transfer-Encoding") {
			fields += fmt.Sprintf("Content-Length: %d\r\n", len(s.Content))
		}
	}
	return []byte(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + "\r\n" + s.Content)
}

// Batch returns the requests that are sent together, and how many they are.
func (s *Shape) Batch() ([]byte, int) {
	n := max(s.Pipeline, 1)
	return []byte(strings.Repeat(string(s.Request()), n)), n
}

// A Metric is one figure that a turn has.
type Metric struct {
	Name   string // of a file
	Short  string // for a terminal
	Title  string
	Better Finding // Less where less is better
}

// The metrics.
var (
	CPU    = &Metric{"cpu", "CPU, µs", "processor time a request, µs", Less}
	Rate   = &Metric{"rate", "requests/s", "requests a second", More}
	P50    = &Metric{"p50", "p50, µs", "latency, p50, µs", Less}
	P99    = &Metric{"p99", "p99, µs", "latency, p99, µs", Less}
	Memory = &Metric{"memory", "KiB each", "memory a connection, KiB", Less}
	Time   = &Metric{"time", "ns", "time a request, ns", Less}
	Work   = &Metric{"work", "CPU, ns", "processor time a request, ns", Less}
	Allocs = &Metric{"allocs", "allocs", "allocations a request", Less}
)

// Metrics returns what a kind of shapes measures, the most telling first.
func (k Kind) Metrics() []*Metric {
	switch k {
	case Closed:
		return []*Metric{CPU, Rate}
	case Paced:
		return []*Metric{P99, P50, CPU}
	case Idle:
		return []*Metric{Memory}
	case Grows:
		return []*Metric{Work}
	default:
		return []*Metric{Time, Work, Allocs}
	}
}
