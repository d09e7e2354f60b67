package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// recheck is how long a certificate is used without another look at its files.
const recheck = time.Second

// A Certificate is one that is read from files, and read again when they have
// changed: certificates live for weeks, servers for months.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	current atomic.Pointer[tls.Certificate]

	// looks has room for one value. A handshake that takes it out looks at the
	// files; the others do not wait for that, and use what there is.
	looks chan look
}

// A look is what was seen of the files, and when.
type look struct {
	stamps [2]fileStamp // of the files that were read last, be it well or not
	at     time.Time
}

// A fileStamp changes when a file does.
type fileStamp struct {
	size int64
	mod  time.Time
}

// LoadCertificate reads a certificate chain and its key from PEM files. Of what goes
// wrong later it tells log.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, looks: make(chan look, 1)}
	c.looks <- look{c.stamps(), time.Now()}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	c.current.Store(&cert)
	return c, err
}

// Get returns the certificate for a handshake: GetCertificate of tls.Config. If one
// of the files has changed since they were last read, they are read again. Files
// that do not fit together, perhaps as only one of them has been replaced yet, are
// logged, and the certificate that there was stays. The files are looked at once a
// second at most.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	select {
	case l := <-c.looks:
		if time.Since(l.at) >= recheck {
			l = c.look(l)
		}
		c.looks <- l
	default:
	}
	return c.current.Load(), nil
}

// look reads the files again if they have changed since the last look.
func (c *Certificate) look(last look) look {
	now := look{c.stamps(), time.Now()}
	if now.stamps == last.stamps {
		return now
	}
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Error("server: the certificate cannot be read again; the one before stays", "cert", c.certFile, "key", c.keyFile, "err", err)
		return now
	}
	c.current.Store(&cert)
	return now
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
