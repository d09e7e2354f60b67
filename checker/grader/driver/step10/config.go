package step10

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	message "barewire/solutions/03-headers-bodies"
	middleware "barewire/solutions/07-middleware"
	ratelimit "barewire/solutions/08-rate-limiting"
	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// A Config is what the exam says of a server.Config. What is a function there is left to
// whoever makes a server of it.
type Config struct {
	Addr, AdminAddr, CertFile, KeyFile                       string
	MaxConns, MaxConnsPerClient, MinRate                     int
	Limits                                                   message.Limits
	HeaderTimeout, IdleTimeout, BodyTimeout, WriteTimeout    time.Duration
	RequestTimeout, ShutdownTimeout, DrainDelay              time.Duration
	MinWorkers, MaxWorkers, Queue                            int
	QueueTimeout                                             time.Duration
	RateQuota                                                int
	RateWindow                                               time.Duration
	Trusted                                                  []string // networks
	Forwarded                                                bool     // X-Forwarded-For counts
	ProxyProtocol, Goroutines                                bool
	Origins                                                  []string
	Credentials, Compress, SecurityHeaders, RequestID, Plain bool
}

// server returns the server.Config.
func (c Config) server() server.Config {
	cfg := server.Config{
		Addr: c.Addr, AdminAddr: c.AdminAddr, CertFile: c.CertFile, KeyFile: c.KeyFile,
		MaxConns: c.MaxConns, MaxConnsPerClient: c.MaxConnsPerClient, MinRate: c.MinRate, Limits: c.Limits,
		HeaderTimeout: c.HeaderTimeout, IdleTimeout: c.IdleTimeout, BodyTimeout: c.BodyTimeout, WriteTimeout: c.WriteTimeout,
		RequestTimeout: c.RequestTimeout, ShutdownTimeout: c.ShutdownTimeout, DrainDelay: c.DrainDelay,
		MinWorkers: c.MinWorkers, MaxWorkers: c.MaxWorkers, Queue: c.Queue, QueueTimeout: c.QueueTimeout,
		RateQuota: c.RateQuota, RateWindow: c.RateWindow, Proxies: ratelimit.Proxies{Trusted: networks(c.Trusted)},
		ProxyProtocol: c.ProxyProtocol, Goroutines: c.Goroutines,
		CORS:     middleware.CORS{AllowedOrigins: c.Origins, Credentials: c.Credentials},
		Compress: c.Compress, SecurityHeaders: c.SecurityHeaders, RequestID: c.RequestID,
	}
	if c.Forwarded {
		cfg.Proxies.Field = ratelimit.XForwardedFor
	}
	return cfg
}

func networks(texts []string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// A Fault is a field that an error names.
type Fault struct {
	Field string
	Text  []byte // all of its message
}

// Faults returns the faults that Validate names, in the order of their fields and each
// field once.
func Faults(c Config) []Fault { return faults(c.server().Validate()) }

// Validate returns their fields.
func Validate(c Config) []wire.Err { return fieldsOf(Faults(c)) }

func faults(err error) []Fault {
	all := []Fault{}
	var walk func(error)
	walk = func(err error) {
		if e, ok := err.(*server.ConfigError); ok {
			all = append(all, Fault{e.Field, []byte(e.Error() + "\n" + e.Msg)})
			return
		}
		switch e := err.(type) {
		case nil:
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				walk(one)
			}
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		default:
			all = append(all, Fault{"(no *ConfigError)", nil})
		}
	}
	walk(err)
	slices.SortStableFunc(all, func(a, b Fault) int { return strings.Compare(a.Field, b.Field) })
	return slices.CompactFunc(all, func(a, b Fault) bool { return a.Field == b.Field })
}
