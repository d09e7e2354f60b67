package server

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheck is how long a certificate is used without another look at its files.
const recheck = time.Second

// A Certificate is one that is read from files, and read again when they have
// changed: certificates live for weeks, servers for months.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]fileStamp // of the files that current was read from, or that failed
	checked time.Time
}

// A fileStamp changes when a file does.
type fileStamp struct {
	size int64
	mod  time.Time
}

// LoadCertificate reads a certificate chain and its key from PEM files. Of what goes
// wrong later it tells log.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, checked: time.Now()}
	c.stamp = c.stamps()
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	c.current = &cert
	return c, err
}

// Get returns the certificate for a handshake: GetCertificate of tls.Config. If one
// of the files has changed since they were last read, they are read again. Files
// that do not fit together, perhaps as only one of them has been replaced yet, are
// logged, once for each change, and the certificate that there was stays. The files
// are looked at once a second at most.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	// TODO 10.3: Compare what os.Stat says with what it said, and keep what works.
	return nil, errors.New("task 10.3 is not written yet")
}

// stamps looks at both files. One that cannot be looked at has the zero stamp.
func (c *Certificate) stamps() (stamps [2]fileStamp) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			stamps[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return stamps
}
