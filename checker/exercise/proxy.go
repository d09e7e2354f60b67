package exercise

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"barewire/checker/testkit"
)

// proxy is a reverse proxy: every request goes to the origin server.
var proxy = Exercise{Name: "proxy", Title: "A proxy", Forward: true, Checks: []Check{
	{"method, target and content reach the origin, and its answer the client", "RFC 9110 §3.7", func(c *Client) {
		path := c.origin.says("made of origin", "X-Answer: yes", "Set-Cookie: a=1", "Set-Cookie: b=2")
		r := c.request("PATCH", path+"?a=%2F&b=1%202", "what is sent", "X-Question: yes")
		got := c.origin.one()
		expect("the method and target at the origin are looked at", "PATCH "+path+"?a=%2F&b=1%202", got.Method+" "+got.RequestURI)
		expect("the content at the origin is looked at", "what is sent", got.content)
		expect("a field of the request is looked at, at the origin", "yes", got.Header.Get("X-Question"))
		expect("the content of the answer is looked at", "made of origin", r.content)
		expect("the fields of the answer are looked at", "yes [a=1 b=2]", fmt.Sprint(r.Header.Get("X-Answer"), " ", r.Header["Set-Cookie"]))
	}},
	{"chunked content reaches the origin whole", "RFC 9112 §7.1", func(c *Client) {
		path := c.origin.says("ok")
		nc := c.dial()
		nc.send(head("POST", path, "Transfer-Encoding: chunked") + "5\r\nfirst\r\n7\r\n second\r\n0\r\n\r\n")
		nc.status("POST", 200)
		expect("the content at the origin is looked at", "first second", c.origin.one().content)
	}},
	{"a chunked answer reaches the client whole", "RFC 9112 §7.1", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n7\r\n second\r\n0\r\n\r\n")
		})
		expect("the content of the answer is looked at", "first second", c.get(path).content)
	}},
	{"an answer that ends with the connection reaches the client whole", "RFC 9112 §6.3: the proxy cannot know whether it is, but must not add to it", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
			over(w)
		})
		expect("the content of the answer is looked at", "until the end", c.get(path).content)
	}},
	{"what the origin sends arrives before it has sent all", "A proxy that gathers a whole answer needs memory for it, and a stream of events never ends", func(c *Client) {
		seen := make(chan bool)
		path := c.origin.answers(func(r asked, w io.Writer) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
			<-seen
			io.WriteString(w, "0\r\n\r\n")
		})
		defer close(seen)
		nc := c.dial()
		nc.send(head("GET", path))
		r := nc.head("GET", "the head of the answer")
		b := make([]byte, 5)
		if _, err := io.ReadFull(r.Body, b); err != nil {
			nc.fail(`"first", while the origin has not sent the rest`, reading(err))
		}
	}},
	{"fields for one connection are not passed on, and neither are those that Connection names", "RFC 9110 §7.6.1", func(c *Client) {
		path := c.origin.says("ok", "Connection: x-hop, keep-alive", "X-Hop: 1", "Keep-Alive: timeout=5", "X-End: 1")
		r := c.get(path, "Connection: X-Drop", "X-Drop: 1", "Keep-Alive: timeout=9", "TE: trailers", "Proxy-Connection: keep-alive", "X-Keep: 1")
		got := c.origin.one()
		expect("the fields at the origin are looked at: X-Drop, Keep-Alive, TE, Proxy-Connection, X-Keep", "----1", present(got.Header, "X-Drop", "Keep-Alive", "TE", "Proxy-Connection", "X-Keep"))
		expect("the fields of the answer are looked at: X-Hop, Keep-Alive, X-End", "--1", present(r.Header, "X-Hop", "Keep-Alive", "X-End"))
	}},
	{"Via is added to requests and to answers, behind what is there", "RFC 9110 §7.6.3: how loops are found", func(c *Client) {
		path := c.origin.says("ok", "Via: 1.1 inner")
		r := c.get(path, "Via: 1.0 outer")
		for _, via := range []struct{ where, first, all string }{
			{"at the origin", "1.0 outer", strings.Join(c.origin.one().Header["Via"], ", ")},
			{"of the answer", "1.1 inner", strings.Join(r.Header["Via"], ", ")},
		} {
			members := strings.Split(via.all, ",")
			if len(members) != 2 || strings.TrimSpace(members[0]) != via.first || !strings.HasPrefix(strings.TrimSpace(members[1]), "1.1 ") {
				panic(testkit.Report{Doing: "Via " + via.where + " is looked at", Want: via.first + ", 1.1 and a name", Got: via.all})
			}
		}
	}},
	{"a request whose length can be read in two ways does not reach the origin", "RFC 9112 §6.3, §11.2: two servers that disagree on the end of a request are how requests are smuggled", func(c *Client) {
		for _, fields := range [][]string{
			{"Content-Length: 5", "Transfer-Encoding: chunked"},
			{"Content-Length: 5", "Content-Length: 6"},
			{"Transfer-Encoding: chunked, gzip"},
		} {
			path := c.origin.says("ok")
			nc := c.dial()
			nc.send(head("POST", path, fields...) + "0\r\n\r\n")
			nc.status("POST", 400, 501)
			expect("the number of requests at the origin is counted", 0, len(c.origin.got()))
		}
	}},
	{"HEAD, 204 and 304 have no content, and do not upset the connection", "RFC 9112 §6.3", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			switch r.URL.RawQuery {
			case "204":
				io.WriteString(w, "HTTP/1.1 204 No Content\r\n\r\n")
			case "304":
				io.WriteString(w, "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 9\r\n\r\n")
			default:
				answer(w, r.Method, "five!")
			}
		})
		nc := c.dial()
		nc.send(head("HEAD", path) + head("GET", path+"?204") + head("GET", path+"?304", `If-None-Match: "x"`) + head("GET", path))
		expect("the length that HEAD tells is looked at", "5", nc.status("HEAD", 200).Header.Get("Content-Length"))
		nc.status("GET", 204)
		nc.status("GET", 304)
		expect("the content of the last answer is looked at", "five!", nc.status("GET", 200).content)
	}},
	{"OPTIONS with Max-Forwards: 0 is answered here, and with 1 arrives with 0", "RFC 9110 §7.6.2", func(c *Client) {
		path := c.origin.says("ok")
		c.request("OPTIONS", path, "", "Max-Forwards: 0")
		expect("the number of requests at the origin is counted", 0, len(c.origin.got()))
		c.request("OPTIONS", path, "", "Max-Forwards: 1")
		expect("Max-Forwards at the origin is looked at", "0", c.origin.one().Header.Get("Max-Forwards"))
	}},
	{"an origin that closes without an answer is a 502", "RFC 9110 §15.6.3", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) { over(w) })
		expect("the status is looked at", 502, c.get(path).StatusCode)
	}},
	{"an answer that is no HTTP is a 502, and nothing of it reaches the client", "RFC 9110 §15.6.3", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			io.WriteString(w, "SSH-2.0-OpenSSH_9.2\r\n\r\n")
			over(w)
		})
		expect("the status is looked at", 502, c.get(path).StatusCode)
	}},
	{"an answer with two lengths is a 502", "RFC 9112 §6.3: a proxy must not forward it", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!")
			over(w)
		})
		expect("the status is looked at", 502, c.get(path).StatusCode)
	}},
	{"an answer that is cut off reaches the client cut off", "RFC 9112 §8: a proxy that ends it neatly makes half a file whole", func(c *Client) {
		for _, text := range []string{"Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"} {
			path := c.origin.answers(func(r asked, w io.Writer) {
				io.WriteString(w, "HTTP/1.1 200 OK\r\n"+text)
				over(w)
			})
			nc := c.dial()
			nc.send(head("GET", path))
			if r := nc.response("GET", "an answer that is cut off, or a 502"); r.err == nil && r.StatusCode != 502 {
				nc.fail("an answer that is cut off, or a 502", fmt.Sprintf("%s, as if its content were %q", r.Status, r.content))
			}
		}
	}},
	{"one client does not wait for another", "Each request needs the origin for itself", func(c *Client) {
		release := make(chan bool)
		slow := c.origin.answers(func(r asked, w io.Writer) {
			if r.URL.RawQuery == "slow" {
				<-release
			}
			answer(w, r.Method, "ok")
		})
		defer close(release)
		c.dial().send(head("GET", slow+"?slow"))
		c.get(slow)
	}},
	{"an origin that cannot be reached is a 502", "RFC 9110 §15.6.3", func(c *Client) {
		path := c.origin.says("ok")
		c.get(path)
		c.origin.stop()
		defer c.origin.start() // the next check needs it
		expect("the status is looked at", 502, c.get(path).StatusCode)
	}},
}}

// present has a 1 for each field that is there, and a - for each that is not.
func present(h http.Header, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		if h.Get(name) != "" {
			b.WriteByte('1')
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}
