package exam

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	middleware "barewire/solutions/07-middleware"

	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/step07"
)

func checkCodings(x *X) {
	Compare(x, "middleware.ParseCoding", step07.ParseCoding, x.weighted())
}

// weighted draws members of Accept-Encoding: codings with a weight, or what looks so.
func (x *X) weighted() (cases []Case[[]byte]) {
	add := func(class, member string) { cases = append(cases, Case[[]byte]{Class: class, Arg: []byte(member)}) }
	ows := func() string { return x.String(" \t", x.IntN(2)) }
	for range 80 {
		m := Pick(x.Rand, "gzip", "*", "identity", "br", x.String(tchar, x.Between(1, 8)))
		q := Pick(x.Rand, "0", "1", "0.", "1.", "1.000", "0."+x.String(digits, x.Between(1, 3)), "1.0", "1.00")
		add("a member with a weight", m+ows()+";"+ows()+x.Case("q=")+q)
		add("a member", m)
		add("a weight that is none", m+";q="+Pick(x.Rand, "", "2", "1.1", "1.001", "0.1234", ".5", "+1", "-0", "1e0", "0x1", "00", "01", "NaN", "inf", "0,5", "1 ", "0.5 ", "\"1\"", "1.0000"))
		add("something else behind a member", m+Pick(x.Rand, ";", ";;q=1", ";x=1", ";q", ";q =1", ";q= 1", " q=1", ";q=1;x", ";q=1;", " ", "=1", ";q=1 x"))
		add("a member mutated", x.Mutate(m+";q="+q))
	}
	for _, m := range []string{"", ";q=1", " gzip", "gz ip", "gzip,br", "\"gzip\""} {
		add("no member", m)
	}
	return cases
}

func checkNegotiate(x *X) {
	var cases []Case[step07.Offers]
	for range 400 {
		var fields []string
		for range x.Between(0, 2) {
			v := ""
			for range x.Between(1, 5) {
				v += Pick(x.Rand, x.Case("gzip"), x.Case("br"), "*", x.Case("identity"), "x-gzip", "deflate", "x-compress", "compress", "gzipped", "", "gzip x") + Pick(x.Rand, "", "", ";q=0", ";q=1", ";q=0.5", "; q=0.5", ";q=0.001", ";q=2", ";q=0.000", " ; Q=0.8") + Pick(x.Rand, ",", ", ", " ,")
			}
			fields = append(fields, Pick(x.Rand, "Accept-Encoding", "accept-encoding", "Accept"), v)
		}
		offers := Pick(x.Rand, []string{"gzip"}, []string{"br", "gzip"}, []string{"gzip", "br"}, []string{"compress", "gzip"}, []string{}, []string{"br"})
		cases = append(cases, Case[step07.Offers]{Class: "several codings", Arg: step07.Offers{Fields: pairs(fields...), Offers: offers}})
	}
	cases = append(cases, Case[step07.Offers]{Class: "an empty field", Arg: step07.Offers{Fields: pairs("Accept-Encoding", ""), Offers: []string{"gzip"}}})
	Compare(x, "middleware.Negotiate", step07.Negotiate, cases)
}

const gz = "Accept-Encoding: gzip"

var compress = []step07.Layer{layer("compress")}

func checkCompress(x *X) {
	var cases []Case[step07.Scene]
	add := func(class, head string, actions ...step04.Action) {
		cases = append(cases, scene(class, compress, asked(head, actions...)))
	}
	const min = middleware.MinCompress
	text := strings.Repeat(x.Word()+" ", 700)
	for range 2 {
		long := act("write", text[:x.Between(min, 2500)])
		plain := func() step04.Action {
			return act("set", "Content-Type", Pick(x.Rand, "text/plain", "Text/HTML; charset=utf-8", "application/json", "application/problem+json", "image/svg+xml", "application/javascript", "application/wasm", "application/xml;a=b"))
		}
		for _, accept := range []string{gz, "A: b", "Accept-Encoding: gzip;q=0", "Accept-Encoding: br, gzip;q=0.5", "Accept-Encoding: *", "Accept-Encoding: identity", "Accept-Encoding: identity;q=1, gzip;q=0.5", "Accept-Encoding: x-gzip"} {
			for _, m := range []string{"GET", "HEAD", "POST"} {
				add(m+" and "+accept, request(m, "/", "", accept), plain(), long)
			}
		}
		for _, f := range [][2]string{{"Content-Range", "bytes 0-1/2"}, {"Content-Encoding", "br"}, {"Content-Encoding", "identity"}, {"Cache-Control", "no-transform"}, {"Cache-Control", "public, No-Transform"}, {"Cache-Control", "public"}, {"ETag", `"a"`}, {"ETag", `W/"a"`}, {"Vary", "Cookie"}, {"Vary", "Accept-Encoding"}, {"Accept-Ranges", "bytes"}} {
			add("a response with "+f[0]+": "+f[1], get("/", gz), plain(), act("set", f[0], f[1]), long)
			add("a response with "+f[0]+": "+f[1]+", for another client", get("/"), plain(), act("set", f[0], f[1]), long)
			add("HEAD of a response with "+f[0]+": "+f[1], request("HEAD", "/", "", gz), plain(), act("set", f[0], f[1]), long)
		}
		for _, status := range []int{200, 404, 204, 205, 206, 304, 500} {
			add(fmt.Sprintf("status %d", status), get("/", gz), plain(), act("set", "ETag", `"a"`), act("status", status), long)
			add(fmt.Sprintf("status %d without a type", status), get("/", gz), act("set", "ETag", `"a"`), act("status", status), long)
			add(fmt.Sprintf("status %d for another client", status), get("/"), plain(), act("set", "ETag", `"a"`), act("status", status), long)
		}
		for _, typ := range []string{"image/png", "video/mp4", "application/zip", "font/woff2", "application/octet-stream", "textual/plain", "application/jsonx", "APPLICATION/json", "Image/SVG+xml"} {
			add("the type "+typ, get("/", gz), act("set", "Content-Type", typ), long)
		}
		for _, n := range []int{0, 1, min - 1, min, min + 1} {
			add(fmt.Sprintf("%d bytes", n), get("/", gz), plain(), act("write", text[:n]))
			add(fmt.Sprintf("%d bytes with a length", n), get("/", gz), plain(), act("set", "Content-Length", fmt.Sprint(n)), act("write", text[:n]))
			add(fmt.Sprintf("HEAD of %d bytes with a length", n), request("HEAD", "/", "", gz), plain(), act("set", "Content-Length", fmt.Sprint(n)))
		}
		add("status 304 with no-transform", get("/", gz), act("set", "ETag", `"a"`), act("set", "Cache-Control", "no-transform"), act("status", 304))
		add("CONNECT", request("CONNECT", "a:443", "", gz), plain(), long)
		add("an interim response", get("/", gz), act("set", "Link", "x"), act("status", 103), plain(), long)
		add("no type", get("/", gz), long)
		add("a handler that does nothing", get("/", gz))
	}
	CompareOr(x, "middleware.Play", step07.Play, cases, func(c Case[step07.Scene], want, got step07.Played) bool {
		for _, p := range []*step07.Played{&want, &got} {
			for i := range p.Responses {
				if asksHead(c.Arg.Requests[i]) {
					p.Responses[i].Flushed = nil // a Flush sends the head, and there is nothing else
				}
			}
		}
		return same(want, got)
	})
}

func checkCompressWrites(x *X) {
	var cases []Case[step07.Scene]
	plain := act("set", "Content-Type", "text/plain")
	piece := func() step04.Action { return act("write", x.String(lower, x.Between(1, 400)), x.Between(1, 4)) }
	for range 80 {
		actions := []step04.Action{plain, act("set", "X-Early", x.Word())}
		for range x.Between(1, 6) {
			actions = append(actions, Pick(x.Rand, piece(), piece(), act("flush"), act("set", "X-Late", x.Word()), act("kept set", "X-Kept", x.Word()), act("write", ""), act("status", 201), act("file", x.String(lower, x.Between(1, 3000)))))
		}
		if x.Chance(15) {
			actions = append(actions, act("hijack", "x")) // and nothing behind it
		}
		if x.Chance(20) {
			actions = append(actions, act("panic", "x"))
		}
		r := asked(request(Pick(x.Rand, "GET", "GET", "HEAD"), "/", "", Pick(x.Rand, gz, gz, "A: b")), actions...)
		if x.Chance(15) {
			r.Gone = x.Between(1, 3)
		}
		cases = append(cases, scene("a handler that writes in pieces", compress, r, asked(get("/", gz), plain, piece()), asked(get("/", gz), plain, act("write", x.String(lower, 2000)))))
	}
	for _, n := range []int{20, 2000} {
		content := act("write", x.String(lower, n))
		cases = append(cases, scene("a header section that is changed behind its status", compress,
			asked(get("/", gz), plain, act("set", "X-Early", "1"), act("status", 200), act("kept set", "ETag", `"late"`), act("kept set", "X-Early", "2"), content)))
	}
	// How often and when the writer behind is called is a matter of buffers.
	CompareOr(x, "middleware.Play", step07.Play, cases, func(c Case[step07.Scene], want, got step07.Played) bool {
		if len(want.Responses) != len(got.Responses) {
			return false
		}
		for i := range want.Responses {
			gone := c.Arg.Requests[i].Gone > 0
			for _, r := range []*step07.Response{&want.Responses[i], &got.Responses[i]} {
				r.Files = 0
				if asksHead(c.Arg.Requests[i]) {
					r.Flushed = nil
				}
				if len(r.Content) == 0 { // whether what is not there would vary is open
					r.Fields = withoutVary(r.Fields)
				}
				if gone || r.Panicked != "" {
					r.Content, r.Flushed, r.Gzip, r.Seen.Done = nil, nil, "", nil
				}
			}
		}
		return same(want, got)
	})
}

func checkCompressLength(x *X) {
	var cases []Case[step07.Scene]
	plain := act("set", "Content-Type", "text/plain")
	for range 5 {
		n := x.Between(1500, 3000)
		text := x.String(lower, n)
		length := act("set", "Content-Length", fmt.Sprint(n))
		for _, m := range []string{"GET", "HEAD"} {
			for _, accept := range []string{gz, "A: b"} {
				head := request(m, "/", "", accept)
				cases = append(cases,
					scene("as much as the handler has said", compress, asked(head, plain, length, act("write", text))),
					scene("less than the handler has said", compress, asked(head, plain, length, act("write", text[:n-1]))),
					scene("nothing of what the handler has said", compress, asked(head, plain, length)),
					scene("more than the handler has said", compress, asked(head, plain, length, act("write", text), act("write", "x"))),
					scene("too much in one write", compress, asked(head, plain, length, act("write", text+"x"))))
				gone := asked(head, plain, length, act("write", text[:100]), act("flush"), act("write", text[100:200]), act("flush"))
				for _, gone.Gone = range []int{1, -1} {
					cases = append(cases, scene("a client that has gone", compress, gone))
				}
			}
		}
	}
	CompareOr(x, "middleware.Play", step07.Play, cases, func(c Case[step07.Scene], want, got step07.Played) bool {
		for i := range want.Responses {
			for _, r := range []*step07.Response{&want.Responses[i], &got.Responses[i]} {
				if r.Panicked != "" || c.Arg.Requests[i].Gone != 0 {
					r.Content, r.Flushed, r.Gzip, r.Seen.Done = nil, nil, "", nil
				}
				if asksHead(c.Arg.Requests[i]) {
					r.Flushed = nil // a Flush sends the head, and there is nothing else
				}
				if c.Class == "nothing of what the handler has said" {
					r.Fields = withoutVary(r.Fields)
				}
			}
		}
		return same(want, got)
	})
}

// asksHead says whether the request is a HEAD.
func asksHead(r step07.Request) bool { return bytes.HasPrefix(r.Head, []byte("HEAD ")) }

// withoutVary leaves out the field that says that there would be a compressed response.
func withoutVary(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "vary: accept-encoding" })
}

func checkBodyLimit(x *X) {
	var cases []Case[step07.Scene]
	for range 8 {
		n := x.Between(5, 100)
		layers := []step07.Layer{{Kind: "body limit", N: int64(n)}}
		for d := -1; d <= 2; d++ {
			content := x.String(alnum, n+d)
			known := request("POST", "/", "", fmt.Sprintf("Content-Length: %d", n+d))
			unknown := request("POST", "/", "", chunked)
			for _, head := range []string{known, unknown} {
				class := fmt.Sprintf("content of the limit %+d", d)
				cases = append(cases, scene(class, layers, with(content, asked(head, act("content"), act("write", "read")))),
					scene(class+", copied", layers, with(content, asked(head, act("copy")))),
					scene(class+", read in part", layers, with(content, asked(head, act("read", 3), act("write", "read"), act("read", 1000)))),
					scene(class+", with fields", layers, with(content, asked(head, act("set", "ETag", `"x"`), act("set", "X-A", "1"), act("content")))),
					scene(class+", not read", layers, with(content, asked(head, act("write", "not read")))))
			}
		}
		cut := with("abc", asked(request("POST", "/", "", chunked), act("content"), act("write", "x")))
		cut.BodyErr = "cut"
		cases = append(cases, scene("content that is cut off", layers, cut), scene("a panic", layers, with("abc", asked(request("POST", "/", "", chunked), act("panic", "x")))))
	}
	for _, n := range []int64{-1, 0} {
		cases = append(cases, scene("a limit of no bytes, or fewer", []step07.Layer{{Kind: "body limit", N: n}}, with("a", asked(request("POST", "/", "", chunked), act("content"))), asked(get("/"), act("content"), act("write", "x"))))
	}
	CompareOr(x, "middleware.Play", step07.Play, cases, func(c Case[step07.Scene], want, got step07.Played) bool {
		for i := range want.Responses { // what was copied before the limit may have been held back or not
			for _, r := range []*step07.Response{&want.Responses[i], &got.Responses[i]} {
				for j := range r.Seen.Done {
					if r.Seen.Done[j].Err.Kind != "" {
						r.Seen.Done[j].Data = nil
					}
				}
			}
		}
		return same(want, got)
	})
}
