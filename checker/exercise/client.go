package exercise

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"barewire/checker/testkit"
)

// patience is how long one check may take. It is shorter in this package's own tests.
var patience = 10 * time.Second

// A Client is what a check talks with. It is used for one check.
type Client struct {
	addr   string
	origin *origin // for those that forward
	conns  []*conn
}

func (c *Client) close() {
	for _, each := range c.conns {
		each.Close()
	}
}

// reachable says whether anybody listens there.
func reachable(addr string) error {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err == nil {
		nc.Close()
	}
	return err
}

// A conn is a connection that remembers what was sent on it, for the report.
type conn struct {
	net.Conn
	in   *bufio.Reader
	sent strings.Builder
}

// dial opens a connection, on which everything has to be over in time.
func (c *Client) dial() *conn {
	nc, err := net.Dial("tcp", c.addr)
	if err != nil {
		panic(testkit.Report{Doing: "a connection is opened", Want: "a server", Got: err.Error()})
	}
	nc.SetDeadline(time.Now().Add(patience))
	each := &conn{Conn: nc, in: bufio.NewReader(nc)}
	c.conns = append(c.conns, each)
	return each
}

// send sends text. That the other side has closed shows when something is read.
func (nc *conn) send(text string) {
	nc.sent.WriteString(text)
	io.WriteString(nc, text)
}

// slowly sends text byte by byte, with a pause after each.
func (nc *conn) slowly(text string) {
	for i := range len(text) {
		nc.send(text[i : i+1])
		time.Sleep(2 * time.Millisecond)
	}
}

// fail ends the check.
func (nc *conn) fail(want, got string) {
	panic(testkit.Report{Sent: nc.sent.String(), Want: want, Got: got})
}

// A response is one that has been read, with its content as far as that came.
type response struct {
	*http.Response
	content string
	err     error // why the content is not whole
}

// head reads the head of the response to a request with the method, and leaves 1xx ones
// but 101 out.
func (nc *conn) head(method, want string) *http.Response {
	for {
		r, err := http.ReadResponse(nc.in, &http.Request{Method: method})
		if err != nil {
			nc.fail(want, reading(err))
		}
		if r.StatusCode >= 200 || r.StatusCode == http.StatusSwitchingProtocols {
			return r
		}
	}
}

// response reads the response to a request with the method.
func (nc *conn) response(method, want string) response {
	r := nc.head(method, want)
	content, err := io.ReadAll(r.Body)
	return response{r, string(content), err}
}

// status reads a response, which must have one of the statuses.
func (nc *conn) status(method string, want ...int) response {
	wanted := strings.ReplaceAll(strings.Trim(fmt.Sprint(want), "[]"), " ", " or ")
	r := nc.response(method, wanted)
	for _, status := range want {
		if r.StatusCode == status {
			return r
		}
	}
	nc.fail(wanted, r.Status)
	return r
}

// reading says in words why nothing more could be read.
func reading(err error) string {
	var late net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the end of the connection"
	case errors.As(err, &late) && late.Timeout():
		return fmt.Sprintf("nothing, %v long", patience)
	}
	return testkit.Symptom(err)
}

// get sends a GET on a connection of its own and reads the response. Fields are lines.
func (c *Client) get(path string, fields ...string) response {
	return c.request("GET", path, "", fields...)
}

// request sends a request on a connection of its own and reads the response.
func (c *Client) request(method, path, content string, fields ...string) response {
	nc := c.dial()
	if content != "" {
		fields = append(fields, fmt.Sprintf("Content-Length: %d", len(content)))
	}
	nc.send(head(method, path, fields...) + content)
	r := nc.response(method, "a response")
	if r.err != nil {
		nc.fail("a whole response", fmt.Sprintf("%s, its content %q, then %s", r.Status, r.content, reading(r.err)))
	}
	return r
}

// head is a request without content.
func head(method, path string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: barewire.example\r\n", method, path)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String() + "\r\n"
}

// expect ends the check unless two values are the same.
func expect[T comparable](what string, want, got T) {
	if want != got {
		panic(testkit.Report{Doing: what, Want: fmt.Sprintf("%v", want), Got: fmt.Sprintf("%v", got)})
	}
}
