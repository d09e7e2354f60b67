package exercise

import (
	"fmt"
	"io"
	"strconv"

	"barewire/checker/testkit"
)

// cache is a shared cache in front of the origin server.
var cache = Exercise{Name: "cache", Title: "A shared cache (RFC 9111)", Forward: true, Checks: []Check{
	{"a fresh answer is given again without the origin, with Age", "RFC 9111 §4: that is what a cache is for; §5.1: and Age says that it was one", func(c *Client) {
		path := c.origin.says("kept", "Cache-Control: max-age=60", "X-Answer: yes")
		c.get(path)
		r := c.get(path)
		expect("the number of requests at the origin is counted", 1, len(c.origin.got()))
		expect("the second answer is looked at", "kept, yes", r.content+", "+r.Header.Get("X-Answer"))
		if _, err := strconv.Atoi(r.Header.Get("Age")); err != nil {
			panic(testkit.Report{Doing: "Age of the second answer is looked at", Want: "a number of seconds", Got: fmt.Sprintf("%q", r.Header.Get("Age"))})
		}
	}},
	{"an answer that says nothing about its age is asked for again", "RFC 9111 §4.2.2: without Last-Modified there is not even a guess", func(c *Client) { c.origins(2, c.origin.says("ok")) }},
	{"no-store, private and Vary: * are not kept", "RFC 9111 §5.2.2.5, §5.2.2.7: for one person only, and this cache is shared; §4.1", func(c *Client) {
		for _, fields := range [][]string{
			{"Cache-Control: max-age=60, no-store"}, {"Cache-Control: private, max-age=60"},
			{"Cache-Control: max-age=60", "Cache-Control: No-Store"}, {"Cache-Control: max-age=60", "Vary: *"},
		} {
			c.origins(2, c.origin.says("ok", fields...))
		}
	}},
	{"the query belongs to the address", "RFC 9111 §2: the key is the whole URI", func(c *Client) {
		path := c.origin.says("ok", "Cache-Control: max-age=60")
		c.get(path + "?a=1")
		c.get(path + "?a=2")
		expect("the number of requests at the origin is counted", 2, len(c.origin.got()))
	}},
	{"the host belongs to the address", "RFC 9111 §2: else one host's pages are shown for another's", func(c *Client) {
		path := c.origin.says("ok", "Cache-Control: max-age=60")
		c.get(path)
		nc := c.dial()
		nc.send("GET " + path + " HTTP/1.1\r\nHost: other.example\r\n\r\n")
		nc.status("GET", 200)
		expect("the number of requests at the origin is counted", 2, len(c.origin.got()))
	}},
	{"what Vary names must be the same", "RFC 9111 §4.1", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			answer(w, r.Method, r.Header.Get("Accept-Language"), "Cache-Control: max-age=60", "Vary: accept-language")
		})
		for _, language := range []string{"de", "en", "de", "en"} {
			expect("the answer for "+language+" is looked at", language, c.get(path, "Accept-Language: "+language).content)
		}
	}},
	{"s-maxage goes before max-age, and max-age before Expires", "RFC 9111 §4.2.1", func(c *Client) {
		c.origins(2, c.origin.says("ok", "Cache-Control: max-age=60, s-maxage=0"))
		c.origins(1, c.origin.says("ok", "Cache-Control: max-age=0, s-maxage=60"))
		c.origins(1, c.origin.says("ok", "Cache-Control: max-age=60", "Expires: Thu, 01 Jan 1970 00:00:00 GMT"))
	}},
	{"Expires in the past, or that is no date, is stale", "RFC 9111 §5.3", func(c *Client) {
		c.origins(2, c.origin.says("ok", "Expires: Thu, 01 Jan 1970 00:00:00 GMT"))
		c.origins(2, c.origin.says("ok", "Expires: 0"))
	}},
	{"the Age with which an answer comes counts", "RFC 9111 §4.2.3: other caches may have kept it before", func(c *Client) {
		c.origins(2, c.origin.says("ok", "Cache-Control: max-age=60", "Age: 61"))
		path := c.origin.says("ok", "Cache-Control: max-age=600", "Age: 100")
		c.get(path)
		if age, _ := strconv.Atoi(c.get(path).Header.Get("Age")); age < 100 || age > 100+int(patience.Seconds()) {
			panic(testkit.Report{Doing: "Age of the second answer is looked at, after Age: 100 of the origin", Want: "100 or a little more", Got: fmt.Sprint(age)})
		}
	}},
	{"a stale answer with a tag is asked about, and 304 gives it again", "RFC 9111 §4.3", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			if r.Header.Get("If-None-Match") == `"v1"` {
				io.WriteString(w, "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nX-Turn: 2\r\n\r\n")
				return
			}
			answer(w, r.Method, "version 1", `ETag: "v1"`, "Cache-Control: no-cache", "X-Turn: 1")
		})
		c.get(path)
		r := c.get(path)
		expect("the second answer is looked at, for which the origin has said 304", "200 version 1", fmt.Sprint(r.StatusCode, " ", r.content))
		expect("a field that the 304 has brought is looked at (§4.3.4)", "2", r.Header.Get("X-Turn"))
		expect("If-None-Match at the origin is looked at", `"v1"`, c.origin.got()[1].Header.Get("If-None-Match"))
	}},
	{"a client's own If-None-Match is answered from the store with 304", "RFC 9111 §4.3.2", func(c *Client) {
		path := c.origin.says("kept", `ETag: "v1"`, "Cache-Control: max-age=60")
		c.get(path)
		r := c.get(path, `If-None-Match: W/"v1"`)
		expect("the status and the content are looked at", "304 ", fmt.Sprint(r.StatusCode, " ", r.content))
	}},
	{"no-cache of the request goes to the origin, and what comes is kept", "RFC 9111 §5.2.1.4", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			answer(w, r.Method, fmt.Sprint(r.turn), "Cache-Control: max-age=60")
		})
		c.get(path)
		expect("the answer to a request with no-cache is looked at", "2", c.get(path, "Cache-Control: no-cache").content)
		expect("the answer to the next request is looked at", "2", c.get(path).content)
	}},
	{"only-if-cached does not go to the origin", "RFC 9111 §5.2.1.7: 504 where nothing is kept", func(c *Client) {
		path := c.origin.says("kept", "Cache-Control: max-age=60")
		expect("the status is looked at, of what is not kept", 504, c.get(path, "Cache-Control: only-if-cached").StatusCode)
		expect("the number of requests at the origin is counted", 0, len(c.origin.got()))
		c.get(path)
		expect("the status is looked at, of what is kept", 200, c.get(path, "Cache-Control: only-if-cached").StatusCode)
	}},
	{"what was asked for with Authorization is for nobody else, unless it says so", "RFC 9111 §3.5", func(c *Client) {
		path := c.origin.says("ok", "Cache-Control: max-age=60")
		c.get(path, "Authorization: Basic YTpi")
		c.get(path)
		expect("the number of requests at the origin is counted", 2, len(c.origin.got()))
		path = c.origin.says("ok", "Cache-Control: max-age=60, public")
		c.get(path, "Authorization: Basic YTpi")
		c.get(path)
		expect("the number of requests at the origin is counted, for an answer that is public", 1, len(c.origin.got()))
	}},
	{"POST goes to the origin, and what was kept at its address is not used afterwards", "RFC 9111 §4.4", func(c *Client) {
		path := c.origin.says("ok", "Cache-Control: max-age=60")
		c.get(path)
		c.request("POST", path, "new")
		c.request("POST", path, "newer")
		c.get(path)
		expect("the number of requests at the origin is counted: GET, POST, POST, GET", 4, len(c.origin.got()))
	}},
	{"HEAD may be answered from a kept GET, without content, and GET not from a HEAD", "RFC 9111 §4: by what the method allows", func(c *Client) {
		path := c.origin.says("content", "Cache-Control: max-age=60")
		nc := c.dial()
		nc.send(head("HEAD", path) + head("GET", path) + head("HEAD", path) + head("GET", path))
		for _, method := range []string{"HEAD", "GET", "HEAD", "GET"} {
			want := map[string]string{"GET": "content"}[method]
			expect("the content of the answer to "+method+" is looked at", want, nc.status(method, 200).content)
		}
	}},
	{"an answer that was cut off is not kept as if it were whole", "RFC 9111 §3.3", func(c *Client) {
		path := c.origin.answers(func(r asked, w io.Writer) {
			if r.turn == 1 {
				io.WriteString(w, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100\r\n\r\nhalf")
				over(w)
				return
			}
			answer(w, r.Method, "whole", "Cache-Control: max-age=60")
		})
		nc := c.dial()
		nc.send(head("GET", path))
		nc.response("GET", "an answer that is cut off, or a 502")
		expect("the answer to the second request is looked at", "whole", c.get(path).content)
	}},
}}

// origins asks twice for a path, and counts how often that came to the origin.
func (c *Client) origins(want int, path string) {
	c.get(path)
	c.get(path)
	expect("two requests are sent, and those at the origin are counted", want, len(c.origin.got()))
}
