package exercise

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// preface is the first page of HTTP/2 (RFC 9113): enough to say that this server would
// rather not.
var preface = Exercise{Name: "preface", Title: "The connection preface of HTTP/2 (RFC 9113), beside HTTP/1.1", Checks: []Check{
	{"HTTP/1.1 is served on the same port, also with a method that begins as the preface does", "RFC 9113 §3.4: only the whole preface is one. PRI is no method of HTTP/1.1, but PROPFIND and PRINT are as good as any", func(c *Client) {
		c.get("/")
		expect("PRINT / HTTP/1.1 is sent, and whether the answer is about the version", false, c.request("PRINT", "/", "").StatusCode == 505)
	}},
	{"the preface is answered with a SETTINGS frame", "RFC 9113 §3.4: it is the first frame that a server sends, and may be empty", func(c *Client) {
		openHTTP2(c)
	}},
	{"the preface may arrive byte by byte", "TCP knows no prefaces", func(c *Client) {
		nc := c.dial()
		nc.slowly(magic + h2(h2Settings, 0, 0, ""))
		nc.settings()
	}},
	{"the client's SETTINGS are acknowledged", "RFC 9113 §6.5.3", func(c *Client) {
		nc := openHTTP2(c)
		nc.until("SETTINGS with ACK", func(f h2Frame) bool { return f.kind == h2Settings && f.flags == 1 && f.payload == "" })
	}},
	{"a PING comes back with its 8 bytes", "RFC 9113 §6.7", func(c *Client) {
		nc := openHTTP2(c)
		nc.send(h2(h2Ping, 0, 0, "12345678"))
		nc.until(`PING with ACK and "12345678"`, func(f h2Frame) bool { return f.kind == h2Ping && f.flags == 1 && f.payload == "12345678" })
	}},
	{"a PING that is an answer is not answered", "RFC 9113 §6.7: else two peers would never stop", func(c *Client) {
		nc := openHTTP2(c)
		nc.send(h2(h2Ping, 1, 0, "answered") + h2(h2Ping, 0, 0, "question"))
		nc.until(`PING with ACK and "question"`, func(f h2Frame) bool {
			if f.kind == h2Ping && f.payload == "answered" {
				nc.fail("no answer to an answer", f.String())
			}
			return f.kind == h2Ping
		})
	}},
	{"frames of a kind that nobody knows are passed over", "RFC 9113 §4.1", func(c *Client) {
		nc := openHTTP2(c)
		nc.send(h2(0xee, 0xff, 0, "whatever") + h2(h2Ping, 0, 0, "12345678"))
		nc.until("PING with ACK", func(f h2Frame) bool { return f.kind == h2Ping })
	}},
	{"a request is answered with HTTP_1_1_REQUIRED", "RFC 9113 §7: 0xd, in RST_STREAM for the one stream or in GOAWAY for all, so that a client comes back with HTTP/1.1", func(c *Client) {
		nc := openHTTP2(c)
		// :method GET, :scheme http, :path /, :authority a (RFC 7541, literals of the static table)
		nc.send(h2(h2Headers, 0x4|0x1, 1, "\x82\x86\x84\x41\x01a"))
		nc.until("RST_STREAM or GOAWAY with HTTP_1_1_REQUIRED (0xd)", func(f h2Frame) bool { return f.refuses(0xd) })
	}},
	{"a connection that GOAWAY ends is closed", "RFC 9113 §5.4.1", func(c *Client) {
		nc := openHTTP2(c)
		nc.send(h2(h2Settings, 0, 1, "")) // SETTINGS of a stream
		nc.goesAway(1)
	}},
	{"a preface that goes wrong is a fault of the connection", "RFC 9113 §3.4: PROTOCOL_ERROR. As a request line it would be a method that HTTP/1.1 does not have, so an answer in HTTP/1.1 will do as well", func(c *Client) {
		nc := c.dial()
		nc.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
		start, err := nc.in.Peek(5)
		switch {
		case err != nil && !strings.HasPrefix(reading(err), "nothing"):
		case err != nil:
			nc.fail("a refusal, or the end of the connection", reading(err))
		case string(start) == "HTTP/":
			if r := nc.response("PRI", "a refusal"); r.StatusCode < 400 {
				nc.fail("a refusal", r.Status)
			}
		default:
			nc.goesAway(1)
		}
	}},
	{"SETTINGS whose length is no multiple of 6 are a FRAME_SIZE_ERROR", "RFC 9113 §6.5", func(c *Client) {
		nc := openHTTP2(c)
		nc.send(h2(h2Settings, 0, 0, "12345"))
		nc.goesAway(6)
	}},
	{"a frame of more than 16384 bytes is a FRAME_SIZE_ERROR, before its bytes are read", "RFC 9113 §4.2: nobody has allowed more. The length is 3 bytes that a client makes up", func(c *Client) {
		nc := openHTTP2(c)
		nc.send("\xff\xff\xff\x00\x00\x00\x00\x00\x01")
		nc.goesAway(6)
	}},
	{"something else than SETTINGS as the client's first frame is a PROTOCOL_ERROR", "RFC 9113 §3.4", func(c *Client) {
		nc := c.dial()
		nc.send(magic + h2(h2Ping, 0, 0, "12345678"))
		nc.goesAway(1)
	}},
	{"the client's GOAWAY ends the connection", "RFC 9113 §6.8: nothing is left to do on it", func(c *Client) {
		nc := openHTTP2(c)
		nc.send(h2(h2Goaway, 0, 0, strings.Repeat("\x00", 8)))
		nc.until("the end of the connection", nil)
	}},
}}

// magic is how a connection of HTTP/2 begins, without the SETTINGS frame that follows.
const magic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// The kinds of frames that matter here, of RFC 9113 §6.
const (
	h2Headers  = 1
	h2Reset    = 3
	h2Settings = 4
	h2Ping     = 6
	h2Goaway   = 7
)

// An h2Frame is one of RFC 9113 §4.1.
type h2Frame struct {
	kind, flags byte
	stream      uint32
	payload     string
}

func (f h2Frame) String() string {
	name := map[byte]string{h2Reset: "RST_STREAM", h2Settings: "SETTINGS", h2Ping: "PING", h2Goaway: "GOAWAY"}[f.kind]
	if name == "" {
		name = fmt.Sprintf("frame of kind %d", f.kind)
	}
	return fmt.Sprintf("%s, flags %#x, stream %d, %.40q", name, f.flags, f.stream, f.payload)
}

// refuses says whether f is RST_STREAM or GOAWAY with an error code.
func (f h2Frame) refuses(code uint32) bool {
	at := map[byte]int{h2Reset: 0, h2Goaway: 4}
	from, ok := at[f.kind]
	return ok && len(f.payload) >= from+4 && binary.BigEndian.Uint32([]byte(f.payload[from:])) == code
}

// h2 is a frame on the wire.
func h2(kind, flags byte, stream uint32, payload string) string {
	n := len(payload)
	b := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// openHTTP2 sends the preface and an empty SETTINGS frame, and reads the server's.
func openHTTP2(c *Client) *conn {
	nc := c.dial()
	nc.send(magic + h2(h2Settings, 0, 0, ""))
	nc.settings()
	return nc
}

// settings reads the SETTINGS frame with which a server begins.
func (nc *conn) settings() {
	f, err := nc.readH2()
	switch {
	case err != nil:
		nc.fail("a SETTINGS frame", reading(err))
	case f.kind != h2Settings || f.flags != 0 || f.stream != 0 || len(f.payload)%6 != 0:
		nc.fail("a SETTINGS frame", f.String())
	}
}

// readH2 reads a frame.
func (nc *conn) readH2() (f h2Frame, err error) {
	var h [9]byte
	if _, err := io.ReadFull(nc.in, h[:]); err != nil {
		return f, err
	}
	if string(h[:5]) == "HTTP/" {
		nc.fail("a frame of HTTP/2", fmt.Sprintf("an answer in HTTP/1.1, %q …", h))
	}
	f = h2Frame{kind: h[3], flags: h[4], stream: binary.BigEndian.Uint32(h[5:])}
	payload := make([]byte, int(h[0])<<16|int(h[1])<<8|int(h[2]))
	_, err = io.ReadFull(nc.in, payload)
	f.payload = string(payload)
	return f, err
}

// until reads frames until one is the right one, or, without is, until the connection
// ends.
func (nc *conn) until(want string, is func(f h2Frame) bool) {
	for {
		f, err := nc.readH2()
		switch {
		case err != nil && is == nil && !strings.HasPrefix(reading(err), "nothing"):
			return
		case err != nil:
			nc.fail(want, reading(err))
		case is != nil && is(f):
			return
		}
	}
}

// goesAway reads GOAWAY with an error code, and the end of the connection.
func (nc *conn) goesAway(code uint32) {
	nc.until(fmt.Sprintf("GOAWAY with %d", code), func(f h2Frame) bool {
		if f.kind == h2Goaway && !f.refuses(code) {
			nc.fail(fmt.Sprintf("GOAWAY with %d", code), f.String())
		}
		return f.kind == h2Goaway
	})
	nc.until("the end of the connection", nil)
}
