package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	server "barewire/steps/10-production-server"
)

// writeCertificate writes a certificate for 127.0.0.1 with a name, and its key.
func writeCertificate(t *testing.T, certFile, keyFile, name string, mod time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		name, kind string
		der        []byte
	}{{certFile, "CERTIFICATE", cert}, {keyFile, "PRIVATE KEY", der}} {
		if err := os.WriteFile(f.name, pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.der}), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(f.name, mod, mod)
	}
}

func TestTask3_Certificate(t *testing.T) {
	old, young := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for _, r := range []struct {
		name, why string
		change    func(t *testing.T, certFile, keyFile string, handshake func())
		want      string
	}{
		{"nothing has changed", "the certificate that was loaded is the one", func(*testing.T, string, string, func()) {}, "first"},
		{"both files are new", "certificates are renewed every few weeks, and nobody wants to restart for it", func(t *testing.T, c, k string, handshake func()) {
			writeCertificate(t, c, k, "second", young)
		}, "second"},
		{"only the certificate is new", "whoever renews writes two files, one after the other: between them they do not fit", func(t *testing.T, c, k string, handshake func()) {
			key, _ := os.ReadFile(k)
			writeCertificate(t, c, k, "second", young)
			os.WriteFile(k, key, 0o600)
			os.Chtimes(k, old, old)
		}, "first, and a line in the log"},
		{"the file is broken", "a server that forgets a good certificate for a bad one is down", func(t *testing.T, c, _ string, _ func()) {
			os.WriteFile(c, []byte("nonsense"), 0o600)
		}, "first, and a line in the log"},
		{"it stays broken", "one line says it; one for each second fills the disk, and hides everything else", func(t *testing.T, c, _ string, handshake func()) {
			os.WriteFile(c, []byte("nonsense"), 0o600)
			for range 10 {
				time.Sleep(2 * time.Second)
				handshake()
			}
		}, "first, and a line in the log"},
		{"first the certificate, and later its key", "both files count: with the second one they fit", func(t *testing.T, c, k string, handshake func()) {
			before, _ := os.ReadFile(k)
			writeCertificate(t, c, k, "second", young)
			after, _ := os.ReadFile(k)
			os.WriteFile(k, before, 0o600)
			os.Chtimes(k, old, old)
			time.Sleep(2 * time.Second)
			handshake()
			os.WriteFile(k, after, 0o600)
			os.Chtimes(k, young, young)
		}, "second"},
		{"the file is gone", "likewise", func(t *testing.T, c, _ string, _ func()) { os.Remove(c) }, "first, and a line in the log"},
		{"broken, and then mended", "the second file has arrived", func(t *testing.T, c, k string, handshake func()) {
			os.WriteFile(c, []byte("nonsense"), 0o600)
			time.Sleep(2 * time.Second)
			handshake()
			time.Sleep(2 * time.Second)
			writeCertificate(t, c, k, "second", young)
		}, "second"},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				dir := t.TempDir()
				certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
				writeCertificate(t, certFile, keyFile, "first", old)
				var log bytes.Buffer
				c, err := server.LoadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
				if err != nil {
					t.Fatal(err)
				}
				c.Get(nil)
				time.Sleep(time.Minute)
				r.change(t, certFile, keyFile, func() { c.Get(nil) })
				time.Sleep(time.Minute)
				got := errText(err)
				if cert, err := c.Get(nil); err != nil {
					got = err.Error()
				} else if leaf, err := x509.ParseCertificate(cert.Certificate[0]); err == nil {
					got = leaf.Subject.CommonName
				}
				if n := strings.Count(log.String(), "level=ERROR"); n == 1 && got == "first" {
					got += ", and a line in the log"
				} else if n > 1 {
					got += fmt.Sprintf(", and %d lines in the log", n)
				}
				if got != r.want {
					testkit.Report{Doing: "Get is called a minute after a change: " + r.name, Want: r.want, Got: got, Why: r.why}.Error(t)
				}
			})
		})
	}
}
