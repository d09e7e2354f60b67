package step10

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// Folder says whether there is one for temporary files.
func Folder(struct{}) bool {
	dir, err := os.MkdirTemp("", "step10")
	if err == nil {
		_ = os.RemoveAll(dir)
	}
	return err == nil
}

// A Renewal is something that happens to the files of a certificate, and how much time
// passes behind it.
//
//	new     a certificate called Name, and its key
//	half    a certificate called Name, without its key
//	broken  nonsense instead of the certificate, or of the key if Name is "key"
//	gone    the certificate is not there any more, or the key
//	get     a handshake
type Renewal struct {
	Do, Name string
	Then     time.Duration
}

// Presented is what handshakes got.
type Presented struct {
	Err  wire.Err
	Gets []Got
}

// A Got is the name of a certificate, and whether something was logged as an error since
// the one before.
type Got struct {
	Err    wire.Err // that Get returned, or why its certificate is none
	Name   wire.Err
	Logged bool
}

// Certificate has a story happen. At its start there is a certificate called "first".
func Certificate(story []Renewal) Presented {
	dir, err := os.MkdirTemp("", "step10")
	if err != nil {
		return Presented{Err: wire.Fault(err.Error())}
	}
	defer os.RemoveAll(dir)
	var out Presented
	if err := wire.Bubble(func() { out = presented(dir, story) }); err != nil {
		return Presented{Err: wire.Fault(err.Error())}
	}
	return out
}

func presented(dir string, story []Renewal) Presented {
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cert, key := pair("first")
	put(certFile, cert, at)
	put(keyFile, key, at)
	var log lines
	c, err := server.LoadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		return Presented{Err: wire.Fault("LoadCertificate: " + wire.Clip(err.Error()))}
	}
	out := Presented{Gets: []Got{}}
	seen := 0
	for _, r := range story {
		at = at.Add(time.Hour)
		file := certFile
		if r.Name == "key" {
			file = keyFile
		}
		switch r.Do {
		case "new":
			cert, key := pair(r.Name)
			put(certFile, cert, at)
			put(keyFile, key, at)
		case "half":
			cert, _ := pair(r.Name)
			put(certFile, cert, at)
		case "broken":
			put(file, []byte("nonsense"), at)
		case "gone":
			_ = os.Remove(file)
		case "get":
			g := Got{}
			if got, err := c.Get(nil); err != nil || got == nil || len(got.Certificate) == 0 {
				g.Err.Kind = "an error, or no certificate"
			} else if leaf, err := x509.ParseCertificate(got.Certificate[0]); err == nil {
				g.Name.Kind = leaf.Subject.CommonName
			}
			all := log.all()
			for _, line := range all[min(seen, len(all)):] {
				g.Logged = g.Logged || strings.Contains(line, "level=ERROR")
			}
			seen = len(all)
			out.Gets = append(out.Gets, g)
		}
		time.Sleep(r.Then)
	}
	return out
}

func put(name string, data []byte, at time.Time) {
	_ = os.WriteFile(name, data, 0o600)
	_ = os.Chtimes(name, at, at)
}

// pair makes a certificate with a name, and its key.
func pair(name string) (cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		panic(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs})
}
