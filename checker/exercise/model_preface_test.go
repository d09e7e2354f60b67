package exercise

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"barewire/solutions/04-keep-alive"
)

var prefaceMistakes = []mistake{
	{"PR is enough", "HTTP/1.1 is served"},
	{"no SETTINGS", "the preface is answered"},
	{"one Read is the preface", "the preface may arrive byte by byte"},
	{"no ACK", "the client's SETTINGS"},
	{"no PING", "a PING comes back"},
	{"answers are answered", "a PING that is an answer"},
	{"unknown kinds", "frames of a kind"},
	{"silent refusal", "a request is answered"},
	{"stays open", "a connection that GOAWAY ends"},
	{"half a preface", "a preface that goes wrong"},
	{"any SETTINGS", "SETTINGS whose length"},
	{"any length", "a frame of more than 16384"},
	{"any first frame", "something else than SETTINGS"},
	{"GOAWAY is passed over", "the client's GOAWAY"},
}

// startPreface serves HTTP/1.1 with the reference's step 4, and the first page of HTTP/2.
func startPreface(t *testing.T, _, mistake string) string {
	server := &keepalive.Server{ErrorLog: slog.New(slog.DiscardHandler), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "this is HTTP/1.1")
	})}
	return listen(t, func(ctx context.Context, nc net.Conn) {
		in := bufio.NewReader(nc)
		for n := 1; ; n++ {
			start, err := in.Peek(n)
			switch {
			case mistake == "PR is enough" && string(start) == "PR",
				mistake == "half a preface" && string(start) == magic[:16],
				string(start) == magic:
				defer nc.Close()
				in.Discard(n)
				(&page{nc: nc, in: in, mistake: mistake}).talk()
				return
			case err != nil || !strings.HasPrefix(magic, string(start)),
				mistake == "one Read is the preface" && n == in.Buffered():
				server.ServeConn(ctx, again{nc, in})
				return
			}
		}
	})
}

// again is a connection of which something has been read and is read again.
type again struct {
	net.Conn
	in *bufio.Reader
}

func (a again) Read(p []byte) (int, error) { return a.in.Read(p) }

// A page is a connection of HTTP/2.
type page struct {
	nc      net.Conn
	in      *bufio.Reader
	mistake string
}

func (p *page) write(kind, flags byte, stream uint32, payload string) {
	io.WriteString(p.nc, h2(kind, flags, stream, payload))
}

// goAway ends the connection with an error.
func (p *page) goAway(code uint32) {
	p.write(h2Goaway, 0, 0, string(binary.BigEndian.AppendUint32(make([]byte, 4), code)))
	if p.mistake == "stays open" {
		io.Copy(io.Discard, p.in)
	}
}

func (p *page) talk() {
	if p.mistake != "no SETTINGS" {
		p.write(h2Settings, 0, 0, "")
	}
	for first := true; ; first = false {
		var h [9]byte
		if _, err := io.ReadFull(p.in, h[:]); err != nil {
			return
		}
		n := int(h[0])<<16 | int(h[1])<<8 | int(h[2])
		if n > 16384 && p.mistake != "any length" {
			p.goAway(6)
			return
		}
		content := make([]byte, n)
		if _, err := io.ReadFull(p.in, content); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(h[5:]) & (1<<31 - 1)
		ack := h[4]&1 != 0
		switch kind := h[3]; {
		case first && kind != h2Settings && p.mistake != "any first frame", kind == h2Settings && stream != 0:
			p.goAway(1)
			return
		case kind == h2Settings && n%6 != 0 && p.mistake != "any SETTINGS":
			p.goAway(6)
			return
		case kind == h2Settings && !ack && p.mistake != "no ACK":
			p.write(h2Settings, 1, 0, "")
		case kind == h2Ping && (!ack || p.mistake == "answers are answered") && p.mistake != "no PING":
			p.write(h2Ping, 1, 0, string(content))
		case kind == h2Headers && p.mistake != "silent refusal":
			p.write(h2Reset, 0, stream, "\x00\x00\x00\x0d")
		case kind == h2Goaway && p.mistake != "GOAWAY is passed over",
			kind > 9 && p.mistake == "unknown kinds":
			return
		}
	}
}
