package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/checker/testkit"
)

// beProgram, in the environment of this test binary, makes it the program instead:
// one that the race detector looks at, as it looks at the tests.
const beProgram = "TEST_BINARY_IS_BAREWIRE"

func TestMain(m *testing.M) {
	if os.Getenv(beProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for anything.
const patience = 20 * time.Second

// A program is barewire in a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	addr  string // host and port
	lines chan string
	ended chan struct{} // closed when the process has ended
	gone  chan struct{} // closed when all who had its stdout have, so those it has handed over to

	mu  sync.Mutex
	log bytes.Buffer // stderr
}

// begin starts the program, and returns when it listens, or has ended.
func begin(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, lines: make(chan string, 100), ended: make(chan struct{}), gone: make(chan struct{})}
	out, err := p.pipes(args)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
		close(p.gone)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("stderr of the program:\n%s", p.stderr())
		}
	})
	_, p.addr, _ = strings.Cut(p.line("listening on "), "://")
	return p
}

// pipes starts the process with pipes of our own: those of exec.Cmd would wait for the
// processes that it hands over to.
func (p *program) pipes(args []string) (out *os.File, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(os.Environ(), beProgram+"=1", "GORACE=exitcode=66 atexit_sleep_ms=0")
	out, outEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	errs, errsEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer outEnd.Close()
	defer errsEnd.Close()
	p.cmd.Stdout, p.cmd.Stderr = outEnd, errsEnd
	go io.Copy(p, errs)
	return out, p.cmd.Start()
}

// Write takes what is on stderr.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *program) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// line waits for the next line on stdout, which must begin like this.
func (p *program) line(begins string) string {
	p.t.Helper()
	got := "nothing"
	select {
	case line, more := <-p.lines:
		if strings.HasPrefix(line, begins) {
			return line
		}
		if got = line; !more {
			got = "the end of the program"
		}
	case <-time.After(patience):
	}
	testkit.Report{Want: "a line that begins with " + begins, Got: got + "; on stderr " + p.stderr(), Why: "scripts wait for this line"}.Fatal(p.t)
	return ""
}

// await waits until something is so, and ends the test if it never is.
func (p *program) await(what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			testkit.Report{Want: what, Got: "nothing of it in " + patience.String() + "; on stderr " + p.stderr()}.Fatal(p.t)
		}
	}
}

// says waits until these words are on stderr.
func (p *program) says(words string) {
	p.t.Helper()
	p.await(fmt.Sprintf("%q on stderr", words), func() bool { return strings.Contains(p.stderr(), words) })
}

// dial opens a connection.
func (p *program) dial() net.Conn {
	p.t.Helper()
	nc, err := net.DialTimeout("tcp", p.addr, patience)
	if err != nil {
		p.t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(patience))
	p.t.Cleanup(func() { nc.Close() })
	return nc
}

// ask sends a request on a connection of its own and describes the response: its
// status, the content, unless that only names the status, and some fields.
func (p *program) ask(request string, names ...string) string {
	p.t.Helper()
	nc := p.dial()
	head, content, _ := strings.Cut(request, "\r\n\r\n")
	line, fields, more := strings.Cut(head, "\r\n")
	if more {
		fields += "\r\n"
	}
	fmt.Fprintf(nc, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n%s", line, p.addr, fields, content)
	return response(bufio.NewReader(nc), names...)
}

// response reads and describes a response.
func response(r *bufio.Reader, names ...string) string {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return "no response: " + testkit.Symptom(err)
	}
	content, err := io.ReadAll(res.Body)
	text := fmt.Sprint(res.StatusCode)
	if string(content) != res.Status+"\n" {
		text += fmt.Sprintf(" %q", content)
	}
	for _, name := range names {
		text += fmt.Sprintf(", %s: %s", name, res.Header.Get(name))
	}
	if err != nil {
		text += ", " + testkit.Symptom(err)
	}
	return text
}

// folder makes a folder with files for -root.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"index.html": "<h1>site</h1>", "a b.txt": "0123456789", ".env": "PASSWORD=secret", ".git/config": "[core]",
		".well-known/security.txt": "Contact: mailto:a@example.org", "sub/b.css": "p {}",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFolder(t *testing.T) {
	p := begin(t, "-addr", "127.0.0.1:0", "-root", folder(t), "-cache-control", "max-age=60")
	if _, port, err := net.SplitHostPort(p.addr); err != nil || port == "0" {
		testkit.Report{Want: "the port that the system has chosen", Got: p.addr, Why: "with port 0, this line is the only way to learn it"}.Error(t)
	}
	for _, r := range []struct {
		name, request string
		fields        []string
		want, why     string
	}{
		{"a folder's index", "GET /", []string{"Content-Type"}, `200 "<h1>site</h1>", Content-Type: text/html; charset=utf-8`, "a site begins here"},
		{"a file", "GET /a%20b.txt", []string{"Cache-Control"}, `200 "0123456789", Cache-Control: max-age=60`, "-cache-control is for files"},
		{"a part of it", "GET /a%20b.txt\r\nRange: bytes=2-4", []string{"Content-Range"}, `206 "234", Content-Range: bytes 2-4/10`, "RFC 9110 §14"},
		{"the end of it", "GET /a%20b.txt\r\nRange: bytes=-2", []string{"Content-Range"}, `206 "89", Content-Range: bytes 8-9/10`, "RFC 9110 §14"},
		{"nothing of it", "GET /a%20b.txt\r\nRange: bytes=10-", []string{"Content-Range"}, `416, Content-Range: bytes */10`, "RFC 9110 §15.5.17"},
		{"a file that starts with a dot", "GET /.env", nil, `404`, "people leave passwords in such files"},
		{"below a folder that starts with a dot", "GET /.git/config", nil, `404`, "and whole histories"},
		{"but for .well-known", "GET /.well-known/security.txt", nil, `200 "Contact: mailto:a@example.org"`, "RFC 8615 gives it to the public"},
		{"a folder without an index", "GET /sub/", nil, `404`, "-listing is off"},
		{"a way out of the folder", "GET /sub%2f..%2f..%2fetc/passwd", nil, `404`, "what is outside is not served"},
		{"another method", "DELETE /a%20b.txt", []string{"Allow"}, `405, Allow: GET, HEAD, OPTIONS`, "a folder is read only"},
		{"what there is to do with it", "OPTIONS /a%20b.txt", []string{"Allow"}, `204 "", Allow: GET, HEAD, OPTIONS`, "the answer to OPTIONS SHOULD have Allow (RFC 9110 §9.3.7)"},
		{"a method that nobody knows", "BREW /a%20b.txt", nil, `501`, "a method that is not recognized SHOULD be a 501 (RFC 9110 §9.1)"},
		{"fields for browsers", "GET /", []string{"X-Content-Type-Options", "Content-Security-Policy"},
			`200 "<h1>site</h1>", X-Content-Type-Options: nosniff, Content-Security-Policy: default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'`, "-security-headers is on"},
		{"an id", "GET /\r\nX-Request-ID: abc", []string{"X-Request-ID"}, `200 "<h1>site</h1>", X-Request-ID: abc`, "-request-id is on"},
	} {
		t.Run(r.name, func(t *testing.T) {
			if got := p.ask(r.request, r.fields...); got != r.want {
				testkit.Report{Sent: r.request, Want: r.want, Got: got, Why: r.why}.Error(t)
			}
		})
	}
	p.says("target=/.git/config status=404")
}

func TestWithoutFolder(t *testing.T) {
	p := begin(t, "-addr", "127.0.0.1:0", "-admin-addr", "127.0.0.1:0", "-access-log", "common", "-error-log", "json")
	if got := p.ask("GET /"); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "-root") {
		testkit.Report{Sent: "GET / HTTP/1.1\r\n", Want: "200, and a word about -root", Got: got, Why: "whoever starts a program without any settings wants to know what it is"}.Error(t)
	}
	if got := p.ask("GET /readyz"); got != "404" {
		testkit.Report{Sent: "GET /readyz HTTP/1.1\r\n", Want: "404", Got: got, Why: "health is not for the world"}.Error(t)
	}
	p.says(`"GET / HTTP/1.1" 200 `)
	_, p.addr, _ = strings.Cut(p.line("health and metrics on "), "://")
	for path, want := range map[string]string{"/livez": `200 "ok`, "/readyz": `200 "ok`, "/healthz": `200 "{`, "/metrics": `200 "# HELP`, "/": `404`} {
		if got := p.ask("GET " + path); !strings.HasPrefix(got, want) {
			testkit.Report{Sent: "GET " + path + " HTTP/1.1\r\n", Want: want + " and so on", Got: testkit.Excerpt(got), Why: "-admin-addr"}.Error(t)
		}
	}
}

func TestAccessLogJSON(t *testing.T) {
	p := begin(t, "-addr", "127.0.0.1:0", "-access-log", "json")
	p.ask("GET /nothing\r\nX-Request-ID: abc\r\nUser-Agent: \"a\"")
	p.says("\n")
	var line map[string]any
	if err := json.Unmarshal([]byte(p.stderr()), &line); err != nil || line["msg"] != "request" || line["id"] != "abc" || line["status"] != 404.0 || line["target"] != "/nothing" {
		testkit.Report{Want: "one line of JSON with msg, id, status and target", Got: fmt.Sprint(p.stderr(), err), Why: "-access-log json is read by machines"}.Error(t)
	}
}

func TestEcho(t *testing.T) {
	p := begin(t, "echo", "-addr", "127.0.0.1:0", "-max-content", "20", "-access-log", "off")
	for _, r := range []struct{ name, request, want, why string }{
		{"nothing", "GET /", `200 "OK"`, "a load tool wants an answer"},
		{"content", "POST /\r\nContent-Length: 5\r\n\r\nhello", `200 "hello"`, "it comes back as it went"},
		{"chunked content", "PUT /any/path\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", `200 "hello"`, "the same content, framed in another way"},
		{"an empty one", "POST /\r\nContent-Length: 0", `200 "OK"`, "no content is no content"},
		{"too much of it", "POST /\r\nContent-Length: 21\r\n\r\n" + strings.Repeat("x", 21), `413`, "-max-content"},
		{"field lines", "GET /echo\r\nB: 2\r\na:  1 \r\nB: 3", "200 \"Host: " + p.addr + "\\nConnection: close\\nB: 2\\na: 1\\nB: 3\\n\"", "in order, each as it was sent"},
		{"cookies", "GET /cookie\r\nCookie: a=1; b=2\r\nCookie: c=3", `200 "a=1\nb=2\nc=3\n"`, "in order"},
		{"content that is broken", "POST /\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n", "400", "half of it is no echo"},
		{"content without end, broken late", "POST /\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n" + strings.Repeat("x", 19) + "\r\n-1\r\n", "400", "likewise"},
		{"what it can do", "OPTIONS /", `204 ""`, "without content"},
		{"a method that makes no sense", "DELETE /", "405", "there is nothing to delete"},
		{"a method that is not known", "BREW /", "501", "RFC 9110 §9.1"},
	} {
		t.Run(r.name, func(t *testing.T) {
			if got := p.ask(r.request); got != r.want {
				testkit.Report{Sent: r.request, Want: r.want, Got: got, Why: r.why}.Error(t)
			}
		})
	}
	if got := p.stderr(); got != "" {
		testkit.Report{Want: "nothing on stderr", Got: got, Why: "-access-log off"}.Error(t)
	}
}

// certificate makes a certificate for localhost, and the pool of those who trust it.
func certificate(t *testing.T) (certFile, keyFile string, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(chain)
	return file(t, "cert.pem", string(chain)), file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))), trust
}

func TestTLS(t *testing.T) {
	certFile, keyFile, trust := certificate(t)
	p := begin(t, "-addr", "127.0.0.1:0", "-root", folder(t), "-cert", certFile, "-key", keyFile)
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: &tls.Config{RootCAs: trust, ServerName: "localhost", NextProtos: []string{"h2", "http/1.1"}}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	nc, err := dialer.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		testkit.Report{Want: "a TLS connection", Got: err.Error(), Why: "-cert and -key"}.Fatal(t)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(nc)
	for range 2 {
		io.WriteString(nc, "GET /a%20b.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\n\r\n")
		if got := response(r); got != `206 "01"` {
			testkit.Report{Want: `206 "01"`, Got: got, Why: "the same server, behind TLS"}.Error(t)
		}
	}
	if got := p.ask("GET /"); strings.HasPrefix(got, "200") {
		testkit.Report{Want: "no page", Got: got, Why: "a client that speaks no TLS gets nothing in clear text"}.Error(t)
	}
}
