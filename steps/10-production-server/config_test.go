package server_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	middleware "barewire/steps/07-middleware"
	ratelimit "barewire/steps/08-rate-limiting"
	server "barewire/steps/10-production-server"
)

// faults returns the fields that an error of Validate names, in alphabetical order.
func faults(err error) string {
	var fields []string
	var walk func(error)
	walk = func(err error) {
		if e, ok := err.(*server.ConfigError); ok {
			fields = append(fields, e.Field)
			return
		}
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				walk(one)
			}
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case nil:
		default:
			fields = append(fields, err.Error())
		}
	}
	walk(err)
	if len(fields) == 0 {
		return "no fault"
	}
	slices.Sort(fields)
	return strings.Join(fields, ", ")
}

var everybody = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}

func TestTask1_Validate(t *testing.T) {
	for _, r := range []struct {
		name, why string
		cfg       server.Config
		want      string
	}{
		{"nothing set", "the zero value is a server with every default", server.Config{}, "no fault"},
		{"everything set", "these fit together", server.Config{
			Addr: "127.0.0.1:0", AdminAddr: "[::1]:9000", CertFile: "cert.pem", KeyFile: "key.pem", MaxConns: 5, MinWorkers: 2, MaxWorkers: 2,
			RateQuota: 10, RateWindow: time.Second, ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: everybody},
			CORS: middleware.CORS{AllowedOrigins: []string{"https://a.example"}, Credentials: true},
		}, "no fault"},
		{"a negative number", "minus one connections are a typing error, and not no limit", server.Config{MaxConns: -1}, "MaxConns"},
		{"negative numbers everywhere", "what is checked for one is checked for all of them", server.Config{MaxConns: -1, MaxConnsPerClient: -1, MinRate: -1, RateQuota: -1, RateWindow: -1,
			MinWorkers: -1, MaxWorkers: -1, Queue: -1, Limits: message.Limits{RequestLine: -1, HeaderSection: -1, Fields: -1, Content: -1}},
			"Limits.Content, Limits.Fields, Limits.HeaderSection, Limits.RequestLine, MaxConns, MaxConnsPerClient, MaxWorkers, MinRate, MinWorkers, Queue, RateQuota, RateWindow"},
		{"a negative time", "a deadline in the past ends every connection", server.Config{IdleTimeout: -time.Second}, "IdleTimeout"},
		{"negative times everywhere", "likewise", server.Config{HeaderTimeout: -1, IdleTimeout: -1, BodyTimeout: -1, WriteTimeout: -1, RequestTimeout: -1,
			ShutdownTimeout: -1, DrainDelay: -1, QueueTimeout: -1, RateQuota: -1, RateWindow: -1},
			"BodyTimeout, DrainDelay, HeaderTimeout, IdleTimeout, QueueTimeout, RateQuota, RateWindow, RequestTimeout, ShutdownTimeout, WriteTimeout"},
		{"a negative limit", "a limit of step 3 that nothing fits into", server.Config{Limits: message.Limits{Content: -1}}, "Limits.Content"},
		{"an address without a port", "the fault is found before anything listens", server.Config{Addr: "localhost"}, "Addr"},
		{"a port that there is not", "ports have 16 bits", server.Config{Addr: "localhost:70000"}, "Addr"},
		{"an address for health that is none", "each address has its own name in the message", server.Config{AdminAddr: "nowhere"}, "AdminAddr"},
		{"a certificate without a key", "TLS needs both", server.Config{CertFile: "cert.pem"}, "KeyFile"},
		{"a key without a certificate", "a server that then speaks plain HTTP gives everything away", server.Config{KeyFile: "key.pem"}, "CertFile"},
		{"more workers kept than there may be", "one of the two numbers is wrong", server.Config{MinWorkers: 9, MaxWorkers: 8}, "MinWorkers"},
		{"more workers kept than the default allows", "defaults count as well", server.Config{MinWorkers: server.DefaultMaxWorkers + 1}, "MinWorkers"},
		{"a quota without a window", "one request in which time?", server.Config{RateQuota: 1}, "RateWindow"},
		{"a window without a quota", "whoever wrote this believes that there is a limit", server.Config{RateWindow: time.Minute}, "RateQuota"},
		{"a PROXY protocol that nobody may speak", "every connection would be refused", server.Config{ProxyProtocol: true}, "ProxyProtocol"},
		{"credentials for every origin", "any page could act in the user's name; browsers refuse it", server.Config{CORS: middleware.CORS{AllowedOrigins: []string{"*"}, Credentials: true}}, "CORS"},
		{"all origins, without credentials", "what everybody may read anyway", server.Config{CORS: middleware.CORS{AllowedOrigins: []string{"*"}}}, "no fault"},
		{"several faults at once", "an operator who is told of one fault at a time starts the server five times",
			server.Config{Addr: "x", MaxConns: -1, CertFile: "c"}, "Addr, KeyFile, MaxConns"},
	} {
		t.Run(r.name, func(t *testing.T) {
			if got := faults(r.cfg.Validate()); got != r.want {
				testkit.Report{Doing: "Validate looks at a Config with " + r.name, Want: r.want, Got: got, Why: r.why}.Error(t)
			}
		})
	}
}

func TestTask1_Message(t *testing.T) {
	err := server.Config{MaxConns: -5}.Validate()
	if fault, ok := errors.AsType[*server.ConfigError](err); !ok || !strings.Contains(fault.Error(), "MaxConns") || !strings.Contains(fault.Msg, "-5") {
		testkit.Report{Doing: "Validate looks at a Config with MaxConns: -5", Want: "a *ConfigError whose text has the field's name, and what was found: -5", Got: testkit.Excerpt(errText(err)) + "...",
			Why: "the operator has forty settings and wants to know which one, and what is wrong with it"}.Error(t)
	}
}

func errText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}
