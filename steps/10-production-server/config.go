package server

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
	"barewire/steps/07-middleware"
	"barewire/steps/08-rate-limiting"
)

// What a Config without numbers stands for. Every one of them is a bound on what
// one client, or all of them together, can cost.
const (
	// DefaultAddr can be reached from this machine only.
	DefaultAddr = "127.0.0.1:8080"

	// DefaultMaxConns is how many connections are open at once. nginx has 512
	// a process; each costs 1 KiB here while it is idle, and 16 KiB otherwise.
	DefaultMaxConns = 10_000

	// DefaultMaxConnsPerClient is how many of them one client may have: half of
	// DefaultMaxWorkers, so that nobody alone can hold them all. Behind one address
	// there may be a whole company. Its idle connections make room for each other,
	// so what counts is how many are in use at once. Most others have no bound
	// here, and examples for nginx and HAProxy have 10 to 100.
	DefaultMaxConnsPerClient = 256

	// DefaultMinRate is how fast a client has to send what it has begun, in
	// bytes a second. Apache demands 500 of content, IIS 240.
	DefaultMinRate = 240

	// DefaultMaxWorkers is how many requests are handled at once.
	DefaultMaxWorkers = 512

	// DefaultQueue is how many requests wait for a worker.
	DefaultQueue = 512

	// DefaultQueueTimeout is how long they wait. Longer, and the client is more
	// likely to have gone than to be glad.
	DefaultQueueTimeout = 5 * time.Second

	// DefaultShutdownTimeout is how long requests that were accepted have to
	// finish. Kubernetes kills after 30 s, systemd after 90 s.
	DefaultShutdownTimeout = 25 * time.Second
)

// A Config says how a server is put together. Where a field is zero, the default
// that is named beside it counts; where none is named, the thing is off.
type Config struct {
	// Addr is where the server listens: a host and a port, of which 0 means any
	// that is free. DefaultAddr if it is empty.
	Addr string

	// AdminAddr is where health checks and metrics are: an address that the
	// world does not reach. Without it there are none.
	AdminAddr string

	// CertFile and KeyFile are a certificate chain and its key in PEM. With
	// them the server speaks TLS. They are read again when they have changed.
	CertFile, KeyFile string

	// Handler answers all requests. If it is nil, the routes of the Server do.
	Handler keepalive.Handler

	// How much there may be of everything.
	MaxConns          int            // open connections: DefaultMaxConns
	MaxConnsPerClient int            // of one client, but not of Proxies.Trusted nor this machine: DefaultMaxConnsPerClient
	Limits            message.Limits // of one request; those of step 3

	// How long things may take.
	HeaderTimeout   time.Duration // for a head to be complete: that of step 4
	IdleTimeout     time.Duration // until the next request: that of step 4
	BodyTimeout     time.Duration // for each next piece of content: that of step 4
	WriteTimeout    time.Duration // for each next piece of a response: that of step 4
	MinRate         int           // bytes a second of a request, once HeaderTimeout is over: DefaultMinRate
	RequestTimeout  time.Duration // for a handler, if it heeds its context
	ShutdownTimeout time.Duration // for accepted requests, at the end: DefaultShutdownTimeout
	DrainDelay      time.Duration // how long readiness is red before the server stops accepting

	// How much work is done at once.
	MinWorkers   int           // kept when there is nothing to do
	MaxWorkers   int           // DefaultMaxWorkers
	Queue        int           // DefaultQueue
	QueueTimeout time.Duration // DefaultQueueTimeout

	// RateQuota requests in RateWindow are what one client may send.
	RateQuota  int
	RateWindow time.Duration

	// Proxies are those whose word about the client's address is taken.
	// ProxyProtocol says that they begin each connection with a PROXY header
	// (see [ReadProxy]); connections of others are refused then.
	Proxies       ratelimit.Proxies
	ProxyProtocol bool

	// Goroutines has each connection keep a goroutine and a buffer while it waits for
	// a request, as it must with TLS, behind the PROXY protocol, and on systems other
	// than Linux. There, all that waits for requests is otherwise one goroutine, and
	// an idle connection takes less than 1 KiB. So it is in the reference: no task asks
	// for that, and a server that always does it may leave this alone.
	Goroutines bool

	CORS            middleware.CORS // of no use without AllowedOrigins
	Compress        bool            // with gzip, where the client takes it
	SecurityHeaders bool            // the fields of middleware.SecurityHeaders
	RequestID       bool            // see middleware.RequestID

	// AccessLog is told of every request, by AccessLog or CommonLog of step 7 or by
	// [TextLog]: also of those that no handler sees, as they cannot be parsed.
	AccessLog keepalive.Middleware

	// ErrorLog is told of what goes wrong; slog.Default() if it is nil.
	ErrorLog *slog.Logger
}

// A ConfigError says what is wrong with one field of a Config.
type ConfigError struct {
	Field string // its name in Config, such as "MaxConns"
	Msg   string // what was found, and what would be right
}

// Error names the field and says what is wrong with it.
func (e *ConfigError) Error() string { return "server: Config." + e.Field + ": " + e.Msg }

// Validate says what is wrong with c, before anything listens: a *ConfigError for
// each field, joined.
//
//   - A number or a time that is negative; those of Limits are named as
//     "Limits.Content".
//   - An address that is no host and port, of Addr and AdminAddr; both may be empty.
//   - Of a certificate and its key, and of a quota and its window, the one that is
//     missing.
//   - MinWorkers, if it is more than MaxWorkers or what that stands for.
//   - ProxyProtocol, if nobody is trusted to speak it.
//   - CORS, if it allows credentials for all origins.
func (c Config) Validate() error {
	// TODO 10.1: Collect every fault, not only the first.
	return errors.New("task 10.1 is not written yet")
}

// OrDefaults returns c with every zero replaced by what it stands for.
func (c Config) OrDefaults() Config {
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	c.Limits = c.Limits.OrDefaults()
	c.MaxConns = or(c.MaxConns, DefaultMaxConns)
	c.MaxConnsPerClient = or(c.MaxConnsPerClient, DefaultMaxConnsPerClient)
	c.MinRate = or(c.MinRate, DefaultMinRate)
	c.HeaderTimeout = or(c.HeaderTimeout, keepalive.DefaultHeaderTimeout)
	c.IdleTimeout = or(c.IdleTimeout, keepalive.DefaultIdleTimeout)
	c.BodyTimeout = or(c.BodyTimeout, keepalive.DefaultBodyTimeout)
	c.WriteTimeout = or(c.WriteTimeout, keepalive.DefaultWriteTimeout)
	c.ShutdownTimeout = or(c.ShutdownTimeout, DefaultShutdownTimeout)
	c.MaxWorkers = or(c.MaxWorkers, DefaultMaxWorkers)
	c.Queue = or(c.Queue, DefaultQueue)
	c.QueueTimeout = or(c.QueueTimeout, DefaultQueueTimeout)
	if c.ErrorLog == nil {
		c.ErrorLog = slog.Default()
	}
	return c
}

func or[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// plural says how many things there are.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
