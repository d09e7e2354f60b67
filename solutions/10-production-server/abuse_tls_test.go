package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// withTLS is a Config with a certificate that is good at any time.
func withTLS(t *testing.T) server.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := server.Config{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	for file, block := range map[string]*pem.Block{cfg.CertFile: {Type: "CERTIFICATE", Bytes: cert}, cfg.KeyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

var anyCert = &tls.Config{InsecureSkipVerify: true}

// clientHello is what a TLS client says first.
func clientHello() string {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go tls.Client(theirs, anyCert).Handshake()
	buf := make([]byte, 16<<10)
	n, _ := ours.Read(buf)
	return string(buf[:n])
}

// TestAbuse_TLSHandshakes: a handshake that does not come to its end is over after
// HeaderTimeout, whatever is sent of it and however slowly, and what is no handshake is over
// at once. One client has MaxConnsPerClient of them at most, and meanwhile others are
// answered. One that waits costs less than 64 KiB with -race, the pipe of this test
// among them.
func TestAbuse_TLSHandshakes(t *testing.T) {
	cfg, hello := withTLS(t), clientHello()
	half := hello[:len(hello)/2]
	for _, r := range []struct {
		name, once, drip string
		read             bool
		want             time.Duration
	}{
		{"connect and say nothing", "", "", true, keepalive.DefaultHeaderTimeout},
		{"half a ClientHello", half, "", true, keepalive.DefaultHeaderTimeout},
		{"a ClientHello one byte a second", "", hello, true, keepalive.DefaultHeaderTimeout},
		{"a ClientHello, and nothing after the answer", hello, "", true, keepalive.DefaultHeaderTimeout},
		{"a ClientHello, and the answer is not read", hello, "", false, keepalive.DefaultHeaderTimeout},
		{"records without an end", half, "\x16\x03\x01\x00\x01\x00", true, keepalive.DefaultHeaderTimeout},
		{"half a method", "GET", "", true, keepalive.DefaultHeaderTimeout},
		{"garbage", "\xff\x00\xff\x00\xff\x00\xff\x00", "", true, 0},
		{"plain HTTP", getOf("/short"), "", true, 0},
		{"a record that is too long", "\x16\x03\x01\xff\xff" + hello, "", true, 0},
	} {
		t.Run(r.name, func(t *testing.T) {
			onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
				begun := time.Now()
				nc := d.callFrom("192.0.2.7")
				defer nc.Close()
				if r.read {
					go io.Copy(io.Discard, nc)
				}
				go io.WriteString(nc, r.once)
				synctest.Wait()
				for i := 0; srv.Metrics.Conns.Stats().Open > 0 && time.Since(begun) < time.Hour; i++ {
					if r.drip != "" {
						go nc.Write([]byte{r.drip[i%len(r.drip)]})
					}
					time.Sleep(time.Second)
					synctest.Wait()
				}
				if took := time.Since(begun); took.Round(time.Second) != r.want {
					t.Errorf("gone after %v, want %v", took, r.want)
				}
				if figures := string(srv.Metrics.AppendTo(nil)); !strings.Contains(figures, "\nbarewire_tls_handshakes_failed_total 1\n") {
					t.Error("the metrics do not say that one handshake has failed")
				}
			})
		})
	}
	t.Run("thousands at once", func(t *testing.T) {
		onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
			before := held()
			for i := range 4 * server.DefaultMaxConnsPerClient {
				nc := d.callFrom(fmt.Sprintf("2001:db8::%x", i))
				defer nc.Close()
				go io.WriteString(nc, half)
			}
			synctest.Wait()
			each := (held() - before) / server.DefaultMaxConnsPerClient
			t.Logf("%d bytes for a handshake that waits", each)
			if s := srv.Metrics.Conns.Stats(); s.Open != server.DefaultMaxConnsPerClient || each > 64<<10 {
				t.Errorf("%d are open, with %d bytes each", s.Open, each)
			}
			begun := time.Now()
			good := d.callFrom("192.0.2.7")
			defer good.Close()
			if got, took := ask(tls.Client(good, anyCert), getOf("/short")), time.Since(begun); got != 200 || took > 0 {
				t.Errorf("another client is answered with %d after %v", got, took)
			}
		})
	})
}

// TestAbuse_HeadMemory: a connection whose head is nearly as large as it may be keeps no
// more than twice the limits and 25 KiB, and 25 KiB more with TLS, with the client's half
// and its pipe among them. It is what docs/abuse.md counts with.
func TestAbuse_HeadMemory(t *testing.T) {
	const conns = 100
	limits := server.Config{}.OrDefaults().Limits
	room := int64(2*(limits.RequestLine+limits.HeaderSection) + 25<<10)
	section := "A: " + strings.Repeat("a", limits.HeaderSection-100)
	for _, r := range []struct {
		name string
		cfg  server.Config
		more int64
	}{{"plain", server.Config{}, 0}, {"TLS", withTLS(t), 25 << 10}} {
		t.Run(r.name, func(t *testing.T) {
			onFakeClock(t, r.cfg, func(t *testing.T, srv *server.Server, d *door) {
				before := held()
				for range conns {
					nc := d.call()
					defer nc.Close()
					if r.more > 0 {
						nc = tls.Client(nc, anyCert)
					}
					io.WriteString(nc, "GET /"+strings.Repeat("x", limits.RequestLine-100)+" HTTP/1.1\r\n"+section)
				}
				synctest.Wait()
				each := (held() - before) / conns
				t.Logf("%d bytes for half a head", each)
				if each > room+r.more {
					t.Errorf("%d bytes for half a head, want at most %d", each, room+r.more)
				}
			})
		})
	}
}
