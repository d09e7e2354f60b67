package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
)

// parseTarget parses the URL of a server. Its scheme may be left out, which means
// http, and then its host as well, which means this machine.
func parseTarget(text string) (*url.URL, error) {
	if strings.HasPrefix(text, ":") {
		text = "127.0.0.1" + text
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("load: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("load: %q is no URL of a server; one is http://127.0.0.1:8080/", text)
	case u.User != nil:
		return nil, errors.New("load: a name and a password in a URL are not sent; give an Authorization field with -H")
	}
	return u, nil
}

// A dialer opens connections to one server. Its name is looked up once, so that
// all of them go to an address that was checked.
type dialer struct {
	addrs []string
	good  atomic.Int64 // the index of the address that worked last
	tls   *tls.Config  // nil for http
}

// newDialer looks the server up. Unless mine is set, all its addresses must be of
// this machine or a private network.
func newDialer(ctx context.Context, u *url.URL, mine, insecure bool) (*dialer, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	d := new(dialer)
	for _, ip := range ips {
		if !mine && !near(ip) {
			return nil, fmt.Errorf("load: %s is %s, which is neither this machine nor a private network; "+
				"load on a server that is not yours is an attack, so say -i-own-this-server if it is", u.Host, ip)
		}
		d.addrs = append(d.addrs, net.JoinHostPort(ip.Unmap().String(), port))
	}
	if u.Scheme == "https" {
		d.tls = &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: insecure, NextProtos: []string{"http/1.1"}}
	}
	return d, nil
}

// near reports whether ip is of this machine, of its own links, or of a private
// network.
func near(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// dial opens a connection to the first address that accepts one, beginning with
// the one that did last.
func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	var first error
	good := int(d.good.Load())
	for i := range d.addrs {
		i = (good + i) % len(d.addrs)
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.addrs[i])
		if err == nil {
			d.good.Store(int64(i))
			return d.secure(ctx, conn)
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// secure does the handshake of TLS where there is one.
func (d *dialer) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if d.tls == nil {
		return conn, nil
	}
	secured := tls.Client(conn, d.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}
