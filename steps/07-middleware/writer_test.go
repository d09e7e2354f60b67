package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

// short is the status, and what is said of the content.
func short(a *answer) string {
	if a.panicked != nil {
		return fmt.Sprint("a panic: ", a.panicked)
	}
	return fmt.Sprintf("%d %s", a.status, strings.ReplaceAll(fields("Content-Encoding", "Content-Length", "Vary", "ETag")(a), "\n", ", "))
}

// What is left exactly as it is has no Vary, and what is not has one.
func TestTask8_Left(t *testing.T) {
	const list = "the doc comment lists what is left exactly as it is: "
	bare := func(status int, fields ...string) keepalive.HandlerFunc {
		return func(w keepalive.ResponseWriter, r *keepalive.Request) {
			respond(status, "", fields...)(w, r)
		}
	}
	rows := []row{
		{name: "the answer to CONNECT", why: list + "behind it is a tunnel, and no content (RFC 9110 §9.3.6)", send: request("CONNECT", "a:80", "", accepts), handler: respond(200, long), want: noVary},
		{name: "a 204 with a type", why: list + "it has no content", send: get("/", accepts), handler: bare(204), look: short, want: "204 no Content-Encoding, no Content-Length, no Vary, no ETag"},
		{name: "a 205", why: list + "it has no content (RFC 9110 §15.3.6)", send: get("/", accepts), handler: bare(205), look: short, want: "205 no Content-Encoding, no Content-Length, no Vary, no ETag"},
		{name: "a 200 with Content-Range", why: list + "whatever the status is, somebody has said which bytes these are", send: get("/", accepts), handler: respond(200, long, "Content-Range: bytes 0-2047/9999"), want: noVary},
		{name: "a 416 with Content-Range", why: list + "it has Content-Range (RFC 9110 §15.5.17)", send: get("/", accepts), handler: bare(416, "Content-Range: bytes */9999", `ETag: "v1"`), look: short,
			want: "416 no Content-Encoding, no Content-Length, no Vary, ETag: \"v1\""},
		{name: "Content-Length: 0", why: list + "0 is below MinCompress", send: get("/", accepts), handler: bare(200, "Content-Length: 0", `ETag: "v1"`), look: short,
			want: "200 no Content-Encoding, Content-Length: 0, no Vary, ETag: \"v1\""},
		{name: "Content-Length: 0 for HEAD", why: list + "0 is below MinCompress, and HEAD has the fields of GET (RFC 9110 §9.3.2)", send: request("HEAD", "/", "", accepts), handler: bare(200, "Content-Length: 0", `ETag: "v1"`), look: short,
			want: "200 no Content-Encoding, Content-Length: 0, no Vary, ETag: \"v1\""},
		{name: "a 304 with no-transform", why: list + "its 200 was left as it was, and so is what is said of it (RFC 9110 §15.4.5)", send: get("/", accepts), handler: bare(304, "Cache-Control: no-transform", `ETag: "v1"`), look: short,
			want: "304 no Content-Encoding, no Content-Length, no Vary, ETag: \"v1\""},
		{name: "a 304 that is flushed", why: "there is nothing to compress, whatever the handler calls", send: get("/", accepts), look: short,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) { bare(304, `ETag: "v1"`)(w, r); w.Flush() },
			want:    "304 no Content-Encoding, no Content-Length, Vary: Accept-Encoding, ETag: W/\"v1\""},
	}
	for _, media := range []string{"application/javascript", "application/xml", "application/wasm", "application/ld+json", "text/plain ; charset=utf-8", "application/json ;v=1"} {
		rows = append(rows, row{name: "not " + strings.ReplaceAll(media, "/", "|"), why: "the doc comment lists what shrinks at least, with any parameters", send: get("/", accepts),
			handler: respond(200, long, "Content-Type: "+media), want: encoded})
	}
	compressRows(t, rows)
	t.Run("Content-Length 0 for HEAD, on the wire", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			h := middleware.Compress(0)(bare(200, "Content-Length: 0"))
			for _, test := range []struct{ method, fields string }{{"GET", accepts}, {"HEAD", accepts}} {
				sent := request(test.method, "/", "", test.fields, "Connection: close")
				head, content, _ := strings.Cut(talk(t, h, sent)+"\r\n", "\r\n\r\n")
				got := fmt.Sprintf("Content-Length: 0 %v, Content-Encoding %v, Vary %v, content %q", strings.Contains(head, "\r\nContent-Length: 0"),
					strings.Contains(head, "\r\nContent-Encoding:"), strings.Contains(head, "\r\nVary:"), strings.TrimSpace(content))
				if want := `Content-Length: 0 true, Content-Encoding false, Vary false, content ""`; got != want {
					testkit.Report{Sent: sent, Want: want, Got: got, Why: "an empty response is left as it is, and HEAD has the fields of GET: a gzip of nothing has 23 bytes, which neither of them sends (RFC 9110 §8.6)"}.Error(t)
				}
				control := talk(t, middleware.Compress(0)(respond(200, long)), get("/", accepts, "Connection: close"))
				if !strings.Contains(control, "Content-Encoding: gzip") {
					testkit.Report{Sent: get("/", accepts), Want: "Content-Encoding: gzip", Got: testkit.Excerpt(control), Why: "this is 2 KiB of text"}.Error(t)
				}
			}
		})
	})
}

// For the handler nothing is different.
func TestTask8_Transparent(t *testing.T) {
	text := func(w keepalive.ResponseWriter) { w.Header().Set("Content-Type", "text/plain") }
	compressRows(t, []row{
		{name: "a text behind interim responses", why: "what is from 100 to 199, but 101, is not the response (RFC 9110 §15.2), and the text is as long as others", send: get("/", accepts), want: encoded,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.WriteHeader(103)
				w.WriteHeader(199)
				respond(200, long)(w, r)
			}},
		{name: "one byte", why: "what was held back is sent, however little it is", send: get("/", accepts), handler: respond(200, "x"), look: (*answer).summary, want: `200 "x"`},
		{name: "a status behind much content", why: "the first status counts, and the content is one gzip", send: get("/", accepts), want: encoded,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				text(w)
				io.WriteString(w, long[:1500])
				w.WriteHeader(500)
				io.WriteString(w, long[1500:])
			}},
		{name: "a Flush before all", why: "it fixes the status and the fields, as WriteHeader(200) does (step 4)", send: get("/", accepts), want: encoded,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				text(w)
				w.Flush()
				w.Header().Set("ETag", `"late"`)
				w.WriteHeader(500)
				io.WriteString(w, long)
			}},
		{name: "a Flush of what is not compressed", why: "it goes through", send: get("/", accepts), look: func(a *answer) string { return fmt.Sprint(a.flushed, " ", a.summary()) }, want: `[half] 200 "half and half"`,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Content-Type", "image/png")
				io.WriteString(w, "half")
				w.Flush()
				io.WriteString(w, " and half")
			}},
		{name: "a Flush for HEAD", why: "it sends the head, with the fields that GET would get", send: request("HEAD", "/", "", accepts), look: short, want: "200 Content-Encoding: gzip, no Content-Length, Vary: Accept-Encoding, no ETag",
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) { text(w); io.WriteString(w, long); w.Flush() }},
		{name: "a file of a known length", why: "it is to be compressed, although its length is known: it must not go past the gzip", send: get("/", accepts), want: encoded,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				text(w)
				w.Header().Set("Content-Length", fmt.Sprint(len(long)))
				io.Copy(w, neverWriterTo{strings.NewReader(long)})
			}},
		{name: "a Hijack that fails", why: "nothing has been taken over, so the response is one like others", send: get("/", accepts), want: encoded,
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				var a = w
				for {
					u, ok := a.(interface {
						Unwrap() keepalive.ResponseWriter
					})
					if !ok {
						break
					}
					a = u.Unwrap()
				}
				a.(*answer).hijacked = true // so that it is too late
				if err := keepalive.Hijack(w, func(context.Context, net.Conn) {}); !errors.Is(err, keepalive.ErrHijackTooLate) {
					text(w)
					fmt.Fprint(w, "the error is ", err)
					return
				}
				respond(200, long)(w, r)
			}},
		{name: "a Hijack that works", why: "it is no response any more: nothing is written behind it", send: get("/", accepts), look: func(a *answer) string { return fmt.Sprint(a.hijacked, a.status, a.content.Len()) }, want: "true 200 0",
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				keepalive.Hijack(w, func(context.Context, net.Conn) {})
			}},
	})
	t.Run("a writer without ReadFrom", func(t *testing.T) {
		got := ""
		for _, media := range []string{"image/png", "text/plain"} {
			a := new(answer)
			h := middleware.Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Type", media)
				n, err := io.Copy(w, neverWriterTo{strings.NewReader(long)})
				got += fmt.Sprintf("%s: %d bytes, failed %v, ", media, n, err != nil)
			}))
			h.ServeHTTP(plain{a}, parse(t, get("/", accepts)))
			got += a.field("Content-Encoding") + "\n"
		}
		if want := "image/png: 2048 bytes, failed false, no Content-Encoding\ntext/plain: 2048 bytes, failed false, Content-Encoding: gzip\n"; got != want {
			testkit.Report{Doing: "io.Copy to a ResponseWriter behind Compress; the one before it has no ReadFrom", Want: want, Got: got, Why: "only some writers have one: ask before you use it"}.Error(t)
		}
	})
	t.Run("a request that nobody answers", func(t *testing.T) {
		a := new(answer)
		middleware.Compress(0)(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {})).ServeHTTP(a, parse(t, get("/", accepts)))
		control := serve(middleware.Compress(0), respond(200, long), parse(t, get("/", accepts)))
		got := fmt.Sprintf("status %d; then %s", a.status, control.field("Content-Encoding"))
		if want := "status 0; then Content-Encoding: gzip"; got != want {
			testkit.Report{Sent: get("/", accepts), Doing: "the handler says nothing at all; then another one writes a text", Want: want, Got: got,
				Why: "the server answers for it, which may be a 400 because the content of the request has broken off (step 4): a 200 of yours would be a lie"}.Error(t)
		}
	})
	t.Run("a client who goes before the end", func(t *testing.T) {
		gone := errors.New("the client is gone")
		for _, test := range []struct {
			name   string
			more   string
			writer func(a *answer) keepalive.ResponseWriter
		}{
			{"Write fails", "", func(a *answer) keepalive.ResponseWriter { return failing{a, gone, nil} }},
			{"Write fails", " and a little more", func(a *answer) keepalive.ResponseWriter { return failing{a, gone, nil} }},
			{"Flush fails", "", func(a *answer) keepalive.ResponseWriter { return failing{a, nil, gone} }},
			{"Flush fails", " and a little more", func(a *answer) keepalive.ResponseWriter { return failing{a, nil, gone} }},
		} {
			a := new(answer)
			var flushed error
			func() {
				defer func() { a.panicked = recover() }()
				middleware.Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
					text(w)
					w.Header().Set("Content-Length", "5000")
					io.WriteString(w, "a little")
					flushed = w.Flush()
					if test.more != "" {
						io.WriteString(w, test.more)
					}
				})).ServeHTTP(test.writer(a), parse(t, get("/", accepts)))
			}()
			got := fmt.Sprintf("%s, the error of Flush is that of the writer: %v, panic %v", a.field("Content-Encoding"), errors.Is(flushed, gone), a.panicked != nil)
			if want := "Content-Encoding: gzip, the error of Flush is that of the writer: true, panic false"; got != want {
				testkit.Report{Doing: fmt.Sprintf("the handler says Content-Length: 5000, writes a little, calls Flush, and writes %q; of the writer behind, %s", test.more, test.name), Want: want, Got: got,
					Why: "what gzip keeps in its buffers seems to be written, until Flush says that it was not: remember that a Write or a Flush has failed"}.Error(t)
			}
		}
	})
	t.Run("a byte less than Content-Length", func(t *testing.T) {
		got := ""
		for less := range 2 {
			a := serve(middleware.Compress(0), respond(200, long, fmt.Sprint("Content-Length: ", len(long)+less)), parse(t, get("/", accepts)))
			got += fmt.Sprintf("%s, panic %v\n", a.field("Content-Encoding"), a.panicked != nil)
		}
		if want := "Content-Encoding: gzip, panic false\nContent-Encoding: gzip, panic true\n"; got != want {
			testkit.Report{Doing: "the handler writes as much as its Content-Length says, and another one a byte less", Want: want, Got: got, Why: "a page without its last byte is not the page"}.Error(t)
		}
	})
	for _, level := range []int{0, 1, 9} {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			a := serve(middleware.Compress(level), respond(200, long), parse(t, get("/", accepts)))
			if got := compressed(a); got != encoded {
				testkit.Report{Doing: fmt.Sprintf("Compress(%d)", level), Want: encoded, Got: got, Why: "levels are from 1 to 9, and 0 is that of the package"}.Error(t)
			}
		})
	}
}
