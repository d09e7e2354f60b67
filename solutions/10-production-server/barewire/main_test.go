package main

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"barewire/checker/testkit"
	"barewire/solutions/10-production-server"
)

// call runs the program until it ends, which it must do by itself.
func call(env map[string]string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, &o, &e)
	return code, o.String(), e.String()
}

// file writes a file for a test and returns its name.
func file(t *testing.T, name, content string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// taken returns an address that cannot be listened on: whoever tries fails, with
// another exit code than a setting that is wrong.
func taken(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

// fields returns the names of the fields of a Config, those of its Limits one by one.
func fields(prefix string, config reflect.Type) (names []string) {
	for i := range config.NumField() {
		switch f := config.Field(i); f.Name {
		case "Handler":
		case "Limits":
			names = append(names, fields("Limits.", f.Type)...)
		default:
			names = append(names, prefix+f.Name)
		}
	}
	return names
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"-help", "--help", "-h"} {
		code, out, errs := call(nil, arg)
		if code != 0 || errs != "" || !strings.Contains(out, "-max-conns") {
			testkit.Report{Sent: "barewire " + arg, Want: "help on stdout and exit code 0", Got: fmt.Sprintf("exit code %d, stdout %s, stderr %s", code, testkit.Excerpt(out), testkit.Excerpt(errs)),
				Why: "help that was asked for is no error: it can be piped into a pager"}.Fatal(t)
		}
	}
	s := newSettings()
	_, out, _ := call(nil, "-help")
	for _, field := range fields("", reflect.TypeFor[server.Config]()) {
		if s.flags.Lookup(s.fields[field]) == nil {
			testkit.Report{Want: "a flag for Config." + field, Got: fmt.Sprintf("the flag %q", s.fields[field]),
				Why: "what the library can do the command can be told to do, and an error can name the flag"}.Error(t)
		}
	}
	for _, g := range s.groups {
		if !strings.Contains(out, "\n"+g.title+"\n") {
			testkit.Report{Want: "the group " + g.title, Got: "none", Why: "fifty settings in one list are read by nobody"}.Error(t)
		}
		for _, name := range g.names {
			if n := strings.Count(out, "\n  -"+name+" "); n != 1 {
				testkit.Report{Want: "one line for -" + name, Got: fmt.Sprint(n, " of them"), Why: "what is not listed is not found"}.Error(t)
			}
		}
	}
	for line := range strings.Lines(out) {
		if len(strings.TrimRight(line, "\n")) > 130 {
			testkit.Report{Want: "lines that fit on a screen", Got: line, Why: "wrapped lines are no columns"}.Error(t)
		}
	}
}

// setting returns the line of one setting in what -print-config has printed.
func setting(out, name string) string {
	for line := range strings.Lines(out) {
		if value, ok := strings.CutPrefix(line, name+" = "); ok {
			return strings.TrimSuffix(value, "\n")
		}
	}
	return "not there"
}

func TestPrecedence(t *testing.T) {
	config := file(t, "settings", "# for tests\n\n max-conns =  30 \nidle-timeout=3s\n")
	env := map[string]string{"BAREWIRE_MAX_CONNS": "20", "MAX_CONNS": "21"}
	for _, r := range []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"the default", nil, nil, "10000"},
		{"the file before the default", nil, []string{"-config", config}, "30"},
		{"the environment before the file", env, []string{"-config", config}, "20"},
		{"the flag before the environment", env, []string{"-config", config, "-max-conns", "10"}, "10"},
		{"the flag before the file, also with the default as its value", nil, []string{"-config", config, "-max-conns=10000"}, "10000"},
		{"a file that the environment names", map[string]string{"BAREWIRE_CONFIG": config}, nil, "30"},
		{"with the command echo as well", nil, []string{"echo", "-config", config}, "30"},
	} {
		t.Run(r.name, func(t *testing.T) {
			code, out, errs := call(r.env, append(r.args, "-print-config")...)
			if got := setting(out, "max-conns"); code != 0 || got != r.want {
				testkit.Report{Sent: "barewire " + strings.Join(r.args, " "), Want: "max-conns = " + r.want, Got: fmt.Sprintf("max-conns = %s, exit code %d %s", got, code, errs),
					Why: "flag, environment, file, default: the nearer to whoever starts the program, the stronger"}.Error(t)
			}
		})
	}
}

// -print-config says what the limits add up to.
func TestMemory(t *testing.T) {
	for _, r := range []struct {
		name string
		args []string
		want int // MiB
	}{
		{"heads and the log", []string{"-max-conns", "1024", "-max-request-line", "1024", "-max-header", "2048", "-compress=false"}, 31 + 2},
		{"with TLS", []string{"-max-conns", "1024", "-max-request-line", "1024", "-max-header", "2048", "-compress=false", "-cert", "a", "-key", "b"}, 56 + 2},
		{"compressing", []string{"-max-conns", "1", "-max-workers", "10"}, 12 + 2},
		{"a limit for each client", []string{"-max-conns", "1", "-compress=false", "-rate", "1", "-rate-window", "1s"}, 13 + 2},
		{"echo reads content", []string{"echo", "-max-conns", "1", "-compress=false", "-max-workers", "3", "-max-content", "2097152"}, 12 + 2},
	} {
		t.Run(r.name, func(t *testing.T) {
			code, out, errs := call(nil, append(r.args, "-print-config")...)
			if want := fmt.Sprintf("#   %6d  in all\n", r.want); code != 0 || !strings.HasSuffix(out, want) {
				t.Errorf("status %d, %s; the end of\n%s\nwant %q", code, errs, out, want)
			}
		})
	}
}

// What -print-config prints is a file for -config, and comes out of it again as it was.
func TestPrintConfig(t *testing.T) {
	for _, r := range []struct {
		name string
		args []string
	}{
		{"the defaults", nil},
		{"everything", []string{"-addr", "[::1]:0", "-admin-addr", "127.0.0.1:0", "-cert", "a.pem", "-key", "b.pem",
			"-root", "/srv/my site", "-listing", "-dot-files", "-precompressed=false", "-cache-control", "public, max-age=60",
			"-max-conns", "1", "-max-conns-per-client", "9", "-max-request-line", "2", "-max-header", "3", "-max-fields", "4", "-max-content", "5000000000", "-rate", "6", "-rate-window", "1m30s",
			"-header-timeout", "1s", "-idle-timeout", "2s", "-body-timeout", "3s", "-write-timeout", "4s", "-min-rate", "5", "-request-timeout", "6s", "-shutdown-timeout", "7s", "-drain-delay", "8s",
			"-min-workers", "1", "-max-workers", "2", "-queue", "3", "-queue-timeout", "1500ms", "-goroutines",
			"-trusted-proxies", "10.0.0.0/8, ::1", "-client-field", "forwarded", "-proxy-protocol",
			"-compress=false", "-security-headers=false", "-request-id=false", "-cors", "https://a.example, https://b.example:8443",
			"-access-log", "json", "-error-log", "json"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			code, first, errs := call(nil, append(r.args, "-print-config")...)
			if code != 0 {
				testkit.Report{Want: "exit code 0", Got: fmt.Sprint(code, " ", errs), Why: "these settings are good"}.Fatal(t)
			}
			code, second, errs := call(nil, "-config", file(t, "settings", first), "-print-config")
			if code != 0 || first != second {
				testkit.Report{Want: first, Got: fmt.Sprintf("%s (exit code %d) %s", second, code, errs), Why: "settings that were printed are kept in a file, and must mean the same there"}.Error(t)
			}
			s := newSettings()
			for _, g := range s.groups[:len(s.groups)-1] { // the last one is about this program
				for _, name := range g.names {
					got, standard := setting(first, name), s.flags.Lookup(name).DefValue
					if got == "not there" || (got == standard) != (r.args == nil) {
						testkit.Report{Want: "a line for " + name + ", as it was set", Got: got, Why: "a setting that is left out falls back without a word"}.Error(t)
					}
				}
			}
		})
	}
}

func TestWrongSettings(t *testing.T) {
	const before = "what is wrong is said before anything listens, with the name that was used"
	none := filepath.Join(t.TempDir(), "none")
	for _, r := range []struct {
		name string
		env  map[string]string
		args []string
		want []string // words on stderr
	}{
		{"a number that is none", nil, []string{"-max-conns", "many"}, []string{"-max-conns", "many"}},
		{"a number below zero", nil, []string{"-max-conns", "-1"}, []string{"-max-conns", "-1"}},
		{"a limit below zero", nil, []string{"-max-header=-5"}, []string{"-max-header", "-5"}},
		{"content below zero", nil, []string{"-max-content=-5"}, []string{"-max-content", "-5"}},
		{"a time without a unit", nil, []string{"-header-timeout", "5"}, []string{"-header-timeout", "5"}},
		{"a time below zero", nil, []string{"-drain-delay", "-5s"}, []string{"-drain-delay", "-5s"}},
		{"a truth that is none", nil, []string{"-listing=perhaps"}, []string{"-listing", "perhaps"}},
		{"a value behind a switch", nil, []string{"-listing", "false"}, []string{"false"}},
		{"an address without a port", nil, []string{"-addr", "localhost"}, []string{"-addr", "localhost"}},
		{"a port that there is not", nil, []string{"-addr", "127.0.0.1:65536"}, []string{"-addr", "65536"}},
		{"an address for health that is none", nil, []string{"-admin-addr", "here"}, []string{"-admin-addr", "here"}},
		{"a certificate without its key", nil, []string{"-cert", "a.pem"}, []string{"-key"}},
		{"a key without its certificate", nil, []string{"-key", "a.pem"}, []string{"-cert"}},
		{"a certificate that is not there", nil, []string{"-cert", none, "-key", none}, []string{"-cert", none}},
		{"a folder that is not there", nil, []string{"-root", none}, []string{"-root", none}},
		{"a folder that is a file", nil, []string{"-root", file(t, "a.txt", "a")}, []string{"-root", "a.txt"}},
		{"more workers kept than there may be", nil, []string{"-min-workers", "9", "-max-workers", "8"}, []string{"-min-workers", "9", "8"}},
		{"a rate without its time", nil, []string{"-rate", "5"}, []string{"-rate-window"}},
		{"a time without its rate", nil, []string{"-rate-window", "5s"}, []string{"-rate:"}},
		{"a proxy that is no address", nil, []string{"-trusted-proxies", "10.0.0.0/8,proxy"}, []string{"-trusted-proxies", "proxy"}},
		{"a field that no proxy uses", nil, []string{"-client-field", "Via"}, []string{"-client-field"}},
		{"PROXY headers from nobody", nil, []string{"-proxy-protocol"}, []string{"-proxy-protocol"}},
		{"an origin without a scheme", nil, []string{"-cors", "app.example.org"}, []string{"-cors", "app.example.org"}},
		{"an origin with a path", nil, []string{"-cors", "https://app.example.org/a"}, []string{"-cors", "https://app.example.org/a"}},
		{"a log that there is not", nil, []string{"-access-log", "xml"}, []string{"-access-log", "xml"}},
		{"another log that there is not", nil, []string{"-error-log", "xml"}, []string{"-error-log", "xml"}},
		{"a setting that there is not", nil, []string{"-max-cons", "5"}, []string{"-max-cons"}},
		{"a command that there is not", nil, []string{"serve"}, []string{`"serve"`, "-help"}},
		{"something behind the settings", nil, []string{"-listing", "site"}, []string{`"site"`, "-root"}},
		{"a folder behind echo", nil, []string{"echo", "site"}, []string{`"site"`}},
		{"a folder for echo", nil, []string{"echo", "-root", "site"}, []string{"-root", "echo serves no files"}},
		{"in the environment", map[string]string{"BAREWIRE_MAX_CONNS": "many"}, nil, []string{"BAREWIRE_MAX_CONNS", "-max-conns", "many"}},
		{"in the environment, not allowed", map[string]string{"BAREWIRE_MAX_CONNS": "-1"}, nil, []string{"-max-conns", "-1"}},
		{"a file that is not there", nil, []string{"-config", none}, []string{"-config", none}},
		{"in the file", nil, []string{"-config", file(t, "s", "# a\n\nmax-conns = many\n")}, []string{"s:3:", "-max-conns", "many"}},
		{"an unknown name in the file", nil, []string{"-config", file(t, "s", "max-cons = 5\n")}, []string{"s:1:", "max-cons"}},
		{"a line without =", nil, []string{"-config", file(t, "s", "queue = 1\nlisting\n")}, []string{"s:2:", "listing"}},
		{"a file in the file", nil, []string{"-config", file(t, "s", "config = other\n")}, []string{"s:1:", "config"}},
		{"several at once", map[string]string{"BAREWIRE_QUEUE": "long"}, []string{"-config", file(t, "s", "root\nfoo = 1\n")}, []string{"BAREWIRE_QUEUE", "s:1:", "s:2:"}},
		{"several that are not allowed", nil, []string{"-queue=-1", "-rate=-1", "-idle-timeout=-1s"}, []string{"-queue", "-rate", "-idle-timeout"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			// A program that listens first finds this address taken, which is a 1.
			env := map[string]string{"BAREWIRE_ADDR": taken(t)}
			maps.Copy(env, r.env)
			code, out, errs := call(env, r.args...)
			got := fmt.Sprintf("exit code %d, stdout %q, stderr %s", code, out, errs)
			if code != 2 || out != "" {
				testkit.Report{Sent: "barewire " + strings.Join(r.args, " "), Want: "exit code 2, and nothing on stdout", Got: got, Why: before}.Fatal(t)
			}
			for _, word := range r.want {
				if !strings.Contains(errs, word) {
					testkit.Report{Sent: "barewire " + strings.Join(r.args, " "), Want: word + " on stderr", Got: got, Why: before}.Error(t)
				}
			}
			for line := range strings.Lines(errs) {
				if strings.Contains(line, "Config.") || strings.Contains(line, "goroutine") {
					testkit.Report{Want: "words for who runs the program", Got: line, Why: "a field of a Go struct is not what was typed"}.Error(t)
				}
			}
		})
	}
}

func TestPortTaken(t *testing.T) {
	addr := taken(t)
	for _, args := range [][]string{{"-addr", addr}, {"-addr", "127.0.0.1:0", "-admin-addr", addr}} {
		code, out, errs := call(nil, args...)
		if code != 1 || out != "" || !strings.Contains(errs, args[len(args)-2]+":") || !strings.Contains(errs, addr) {
			testkit.Report{Sent: "barewire " + strings.Join(args, " "), Want: "exit code 1, and the setting and the address on stderr", Got: fmt.Sprintf("exit code %d, stdout %q, stderr %s", code, out, errs),
				Why: "the settings may be right and the port taken: another program is in the way"}.Error(t)
		}
	}
}
