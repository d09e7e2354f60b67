package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"barewire/solutions/07-middleware"
	"barewire/solutions/08-rate-limiting"
	"barewire/solutions/10-production-server"
)

// settings are what the flags, the environment and the file say.
type settings struct {
	config server.Config

	root, cacheControl               string
	listing, dotFiles, precompressed bool
	accessLog, logFormat             string
	printConfig                      bool
	logs                             *server.LogWriter
	file                             string

	flags  *flag.FlagSet
	groups []group
	fields map[string]string // the flag of each field of config
}

// A group is settings that belong together.
type group struct {
	title string
	names []string
}

func newSettings() *settings {
	s := &settings{flags: flag.NewFlagSet("barewire", flag.ContinueOnError), fields: map[string]string{}}
	s.flags.SetOutput(io.Discard)
	s.config = server.Config{}.OrDefaults()
	s.config.ErrorLog = nil
	c := &s.config

	s.group("Where")
	s.text("Addr", &c.Addr, "addr", server.DefaultAddr, "`address` to listen on; port 0 is any that is free")
	s.text("AdminAddr", &c.AdminAddr, "admin-addr", "", "`address` for /livez, /readyz, /healthz and /metrics; none if empty")
	s.text("CertFile", &c.CertFile, "cert", "", "`file` with a certificate chain in PEM: speak TLS")
	s.text("KeyFile", &c.KeyFile, "key", "", "`file` with the certificate's key in PEM")

	s.group("Files")
	s.text("", &s.root, "root", "", "`folder` to serve")
	s.yes("", &s.listing, "listing", false, "list folders that have no index.html")
	s.yes("", &s.dotFiles, "dot-files", false, "serve files whose name starts with a dot")
	s.yes("", &s.precompressed, "precompressed", true, "serve a.js.br, a.js.zst or a.js.gz for a.js to those who take it")
	s.text("", &s.cacheControl, "cache-control", "", "`value` of Cache-Control for files")

	s.group("How much")
	s.number("MaxConns", &c.MaxConns, "max-conns", "connections open at once; the longest idle is closed for a new one")
	s.number("MaxConnsPerClient", &c.MaxConnsPerClient, "max-conns-per-client", "of one address or IPv6 /64, but not of -trusted-proxies")
	s.number("Limits.RequestLine", &c.Limits.RequestLine, "max-request-line", "bytes in a request line")
	s.number("Limits.HeaderSection", &c.Limits.HeaderSection, "max-header", "bytes in a header section")
	s.number("Limits.Fields", &c.Limits.Fields, "max-fields", "field lines in a header section")
	s.flags.Int64Var(&c.Limits.Content, "max-content", c.Limits.Content, "bytes of content in a request")
	s.note("Limits.Content", "max-content")
	s.number("RateQuota", &c.RateQuota, "rate", "requests that one client may send in -rate-window; 0 for any number")
	s.time("RateWindow", &c.RateWindow, "rate-window", "time for -rate")

	s.group("How long")
	s.time("HeaderTimeout", &c.HeaderTimeout, "header-timeout", "for a head to be complete")
	s.time("IdleTimeout", &c.IdleTimeout, "idle-timeout", "until the next request on a connection")
	s.time("BodyTimeout", &c.BodyTimeout, "body-timeout", "for each next piece of content")
	s.time("WriteTimeout", &c.WriteTimeout, "write-timeout", "for each next 256 KiB of a response")
	s.number("MinRate", &c.MinRate, "min-rate", "bytes a second that a client has to send once it has begun")
	s.time("RequestTimeout", &c.RequestTimeout, "request-timeout", "for a handler; 0 for any time")
	s.time("ShutdownTimeout", &c.ShutdownTimeout, "shutdown-timeout", "for requests in progress, at the end")
	s.time("DrainDelay", &c.DrainDelay, "drain-delay", "between readiness turning red and the end of accepting")

	s.group("Work")
	s.number("MinWorkers", &c.MinWorkers, "min-workers", "workers that are kept when there is nothing to do")
	s.number("MaxWorkers", &c.MaxWorkers, "max-workers", "requests handled at once")
	s.number("Queue", &c.Queue, "queue", "requests that may wait for a worker")
	s.time("QueueTimeout", &c.QueueTimeout, "queue-timeout", "how long they may wait")
	s.yes("Goroutines", &c.Goroutines, "goroutines", false, "keep a goroutine and a buffer for each idle connection")

	s.group("Behind a proxy")
	s.list("Proxies", "trusted-proxies", "`addresses` of proxies, such as 10.0.0.0/8, separated by commas", parsePrefixes(&c.Proxies.Trusted))
	s.list("Proxies", "client-field", "`field` in which they name the client: Forwarded or X-Forwarded-For", parseField(&c.Proxies.Field))
	s.yes("ProxyProtocol", &c.ProxyProtocol, "proxy-protocol", false, "they begin connections with a PROXY header")

	s.group("What is added")
	s.yes("Compress", &c.Compress, "compress", true, "compress with gzip where it is worth it")
	s.yes("SecurityHeaders", &c.SecurityHeaders, "security-headers", true, "fields that make browsers careful")
	s.yes("RequestID", &c.RequestID, "request-id", true, "give every request an id")
	s.list("CORS", "cors", "`origins` whose pages may read, such as https://app.example.org, separated by commas", parseOrigins(&c.CORS))

	s.group("Logs")
	s.text("AccessLog", &s.accessLog, "access-log", "text", "one line a request on stderr: `off`, text, json, common or combined")
	s.text("ErrorLog", &s.logFormat, "error-log", "text", "other lines on stderr: `text` or json")

	s.group("This program")
	s.text("", &s.file, "config", "", "`file` with settings, one \"name = value\" a line")
	s.yes("", &s.printConfig, "print-config", false, "print the settings as such a file, and end")
	return s
}

func (s *settings) group(title string) { s.groups = append(s.groups, group{title: title}) }

// note remembers which flag a field of the Config belongs to, and its group.
func (s *settings) note(field, name string) {
	if field != "" {
		s.fields[field] = name
	}
	g := &s.groups[len(s.groups)-1]
	g.names = append(g.names, name)
}

func (s *settings) text(field string, p *string, name, value, usage string) {
	s.flags.StringVar(p, name, value, usage)
	s.note(field, name)
}

func (s *settings) yes(field string, p *bool, name string, value bool, usage string) {
	s.flags.BoolVar(p, name, value, usage)
	s.note(field, name)
}

func (s *settings) number(field string, p *int, name, usage string) {
	s.flags.IntVar(p, name, *p, usage+" (`n`)")
	s.note(field, name)
}

func (s *settings) time(field string, p *time.Duration, name, usage string) {
	s.flags.DurationVar(p, name, *p, usage+" (`time`)")
	s.note(field, name)
}

func (s *settings) list(field, name, usage string, v flag.Value) {
	s.flags.Var(v, name, usage)
	s.note(field, name)
}

// load reads flags, environment and file.
func (s *settings) load(args []string, env func(string) (string, bool)) error {
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	if s.flags.NArg() > 0 {
		return fmt.Errorf("%q is left over; a folder is named with -root", s.flags.Arg(0))
	}
	said := map[string]bool{}
	s.flags.Visit(func(f *flag.Flag) { said[f.Name] = true })
	var faults []error
	s.flags.VisitAll(func(f *flag.Flag) {
		name := "BAREWIRE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := env(name)
		if !ok || said[f.Name] {
			return
		}
		said[f.Name] = true
		if err := s.flags.Set(f.Name, value); err != nil {
			faults = append(faults, fmt.Errorf("%s (-%s): %q: %w", name, f.Name, value, err))
		}
	})
	if s.file != "" {
		faults = append(faults, s.readFile(said))
	}
	return errors.Join(faults...)
}

// readFile reads the file of -config. What has been said elsewhere is left alone.
func (s *settings) readFile(said map[string]bool) error {
	f, err := os.Open(s.file)
	if err != nil {
		return fmt.Errorf("-config: %w", err)
	}
	defer f.Close()
	var faults []error
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch known := s.flags.Lookup(name); {
		case !ok:
			faults = append(faults, fmt.Errorf("%s:%d: %q is not \"name = value\"", s.file, n, line))
		case known == nil || name == "config" || name == "print-config":
			faults = append(faults, fmt.Errorf("%s:%d: there is no setting %q", s.file, n, name))
		case !said[name]:
			if err := s.flags.Set(name, value); err != nil {
				faults = append(faults, fmt.Errorf("%s:%d: -%s: %q: %w", s.file, n, name, value, err))
			}
		}
	}
	return errors.Join(append(faults, lines.Err())...)
}

// print writes the settings as a file for -config.
func (s *settings) print(out io.Writer) {
	for _, g := range s.groups[:len(s.groups)-1] {
		fmt.Fprintf(out, "# %s\n", g.title)
		for _, name := range g.names {
			fmt.Fprintf(out, "%s = %s\n", name, s.flags.Lookup(name).Value)
		}
		fmt.Fprintln(out)
	}
	s.printMemory(out)
}

// usage writes what -help says.
func (s *settings) usage(out io.Writer) {
	fmt.Fprint(out, `barewire serves a folder.

  barewire -root FOLDER [settings]    serve a folder
  barewire echo [settings]            answer every request with its own content

Each setting is a flag, or a variable such as BAREWIRE_MAX_CONNS, or a line such as
"max-conns = 500" in the file that -config names; the first of these counts.
`)
	for _, g := range s.groups {
		fmt.Fprintf(out, "\n%s\n", g.title)
		for _, name := range g.names {
			f := s.flags.Lookup(name)
			arg, usage := flag.UnquoteUsage(f)
			value := ""
			if f.DefValue != "" && f.DefValue != "false" {
				value = " [" + f.DefValue + "]"
			}
			fmt.Fprintf(out, "  %-28s %s%s\n", strings.TrimSpace("-"+name+" "+arg), strings.TrimSuffix(usage, " ("+arg+")"), value)
		}
	}
}

// named returns err with the flags' names for those of the fields.
func (s *settings) named(err error) error {
	var all []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, s.named(e))
		}
		return errors.Join(all...)
	}
	if fault, ok := errors.AsType[*server.ConfigError](err); ok {
		if name := s.fields[fault.Field]; name != "" {
			return fmt.Errorf("-%s: %s", name, fault.Msg)
		}
	}
	return err
}

// openLogs makes the loggers of the settings, which write to errs. If that blocks, they
// lose lines; it must not stop the server.
func (s *settings) openLogs(errs io.Writer) error {
	s.logs = server.NewLogWriter(errs, func(lost int64) {
		s.config.ErrorLog.Warn("barewire: the log was not read, and lines are lost", "lines", lost)
	})
	errs = s.logs
	switch s.logFormat {
	case "text":
		s.config.ErrorLog = slog.New(slog.NewTextHandler(errs, nil))
	case "json":
		s.config.ErrorLog = slog.New(slog.NewJSONHandler(errs, nil))
	default:
		return fmt.Errorf("-error-log: %q is not text or json", s.logFormat)
	}
	switch s.accessLog {
	case "off":
	case "text":
		s.config.AccessLog = server.TextLog(errs)
	case "json":
		s.config.AccessLog = middleware.AccessLog(slog.New(slog.NewJSONHandler(errs, nil)))
	case "common":
		s.config.AccessLog = middleware.CommonLog(errs)
	case "combined":
		s.config.AccessLog = middleware.CombinedLog(errs)
	default:
		return fmt.Errorf("-access-log: %q is not off, text, json, common or combined", s.accessLog)
	}
	return nil
}

// closeLogs writes what is still to be written, for as long as somebody takes it.
func (s *settings) closeLogs() {
	limited, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.logs.Close(limited)
}

// A listValue is a setting with values that are separated by commas.
type listValue struct {
	text string
	set  func(items []string) error
}

// String implements flag.Value.
func (v *listValue) String() string {
	if v == nil {
		return ""
	}
	return v.text
}

// Set implements flag.Value.
func (v *listValue) Set(text string) error {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	v.text = strings.Join(items, ",")
	return v.set(items)
}

func parsePrefixes(into *[]netip.Prefix) flag.Value {
	return &listValue{set: func(items []string) error {
		*into = nil
		for _, item := range items {
			if addr, err := netip.ParseAddr(item); err == nil {
				*into = append(*into, netip.PrefixFrom(addr, addr.BitLen()))
				continue
			}
			prefix, err := netip.ParsePrefix(item)
			if err != nil {
				return fmt.Errorf("%q is neither an address nor a prefix such as 10.0.0.0/8", item)
			}
			*into = append(*into, prefix)
		}
		return nil
	}}
}

func parseField(into *ratelimit.Field) flag.Value {
	return &listValue{set: func(items []string) error {
		switch name := strings.Join(items, ","); {
		case name == "":
			*into = ratelimit.NoField
		case strings.EqualFold(name, string(ratelimit.Forwarded)):
			*into = ratelimit.Forwarded
		case strings.EqualFold(name, string(ratelimit.XForwardedFor)):
			*into = ratelimit.XForwardedFor
		default:
			return errors.New("is neither Forwarded nor X-Forwarded-For")
		}
		return nil
	}}
}

func parseOrigins(into *middleware.CORS) flag.Value {
	return &listValue{set: func(items []string) error {
		for _, item := range items {
			scheme, rest, ok := strings.Cut(item, "://")
			if item != "*" && item != "null" && (!ok || scheme == "" || rest == "" || strings.Contains(rest, "/")) {
				return fmt.Errorf("%q is no origin, such as https://app.example.org", item)
			}
		}
		into.AllowedOrigins = items
		return nil
	}}
}
