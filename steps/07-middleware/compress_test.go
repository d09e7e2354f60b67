package middleware_test

import (
	"cmp"
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

// long is text of twice MinCompress bytes that shrinks well.
var long = strings.Repeat("0123456789abcdef", 2*middleware.MinCompress/16)

// respond returns a handler that sets fields and writes content.
func respond(status int, content string, fields ...string) keepalive.HandlerFunc {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		io.WriteString(w, content)
	}
}

// compressed says how the content of a response is coded, and the fields that speak
// of it.
func compressed(a *answer) string {
	text, err := gunzipped(a.content.Bytes())
	coding := "gzip"
	switch {
	case a.panicked != nil:
		coding = fmt.Sprintf("panic: %v", a.panicked)
	case err != nil && a.field("Content-Encoding") == "Content-Encoding: gzip":
		coding = "broken gzip"
	case err != nil:
		coding, text = "plain", a.content.String()
	}
	switch text {
	case long:
		text = "the text"
	default:
		text = testkit.Excerpt(text)
	}
	return fmt.Sprintf("%d, %s, %s\n%s", a.status, coding, text,
		fields("Content-Encoding", "Content-Length", "Vary", "ETag", "Accept-Ranges")(a))
}

const accepts = "Accept-Encoding: gzip"

// compressRows runs rows through Compress, after one that shows that it works.
func compressRows(t *testing.T, rows []row) {
	t.Helper()
	for i := range rows {
		rows[i].around = middleware.Compress(0)
		look := rows[i].look
		if look == nil {
			look = compressed
		}
		rows[i].look = func(a *answer) string {
			control := serve(middleware.Compress(0), respond(200, long), parse(t, get("/", accepts)))
			if got, err := gunzipped(control.content.Bytes()); err != nil {
				return fmt.Sprintf("2 KiB of text, for a client that takes gzip, came as %v", err)
			} else if got != long {
				return "2 KiB of text, for a client that takes gzip, came as another text"
			}
			return look(a)
		}
	}
	run(t, rows)
}

const (
	encoded = "200, gzip, the text\nContent-Encoding: gzip\nno Content-Length\nVary: Accept-Encoding\nno ETag\nno Accept-Ranges"
	asItWas = "200, plain, the text\nno Content-Encoding\nno Content-Length\nVary: Accept-Encoding\nno ETag\nno Accept-Ranges"
	noVary  = "200, plain, the text\nno Content-Encoding\nno Content-Length\nno Vary\nno ETag\nno Accept-Ranges"
)

func TestTask8_Compress(t *testing.T) {
	const both = "there are two responses under one name, and a cache must know which one it has (RFC 9110 §12.5.5)"
	inPieces := func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for i := 0; i < len(long); i += 100 {
			io.WriteString(w, long[i:min(i+100, len(long))])
		}
	}
	atLimit := long[:middleware.MinCompress]
	atLimitLook := func(a *answer) string {
		text, err := gunzipped(a.content.Bytes())
		if err != nil {
			return fmt.Sprintf("%d bytes, %v", a.content.Len(), err)
		}
		if text != atLimit {
			return "gzip of another text"
		}
		return "gzip of MinCompress bytes"
	}
	compressRows(t, []row{
		{name: "long text for one who takes gzip", why: "this is what it is for", send: get("/", accepts), handler: respond(200, long), want: encoded},
		{name: "in many writes", why: "the length becomes known only as it is written", send: get("/", accepts), handler: inPieces, want: encoded},
		{name: "plain for one who does not", why: both, send: get("/"), handler: respond(200, long), want: asItWas},
		{name: "plain for one who refuses it", why: "q=0 means not acceptable (RFC 9110 §12.4.2)", send: get("/", accepts+";q=0"), handler: respond(200, long), want: asItWas},
		{name: "Content-Length is dropped", why: "it was that of the other bytes: the client would wait for the rest (RFC 9112 §6.3)", send: get("/", accepts),
			handler: respond(200, long, fmt.Sprint("Content-Length: ", len(long))), want: encoded},
		{name: "Content-Length stays where nothing is done", why: "the length is right", send: get("/"), handler: respond(200, long, fmt.Sprint("Content-Length: ", len(long))),
			want: "200, plain, the text\nno Content-Encoding\nContent-Length: 2048\nVary: Accept-Encoding\nno ETag\nno Accept-Ranges"},
		{name: "a strong ETag becomes weak", why: "a strong one promises the same bytes (RFC 9110 §8.8.1), and a range of the others would be asked for with it", send: get("/", accepts),
			handler: respond(200, long, `ETag: "v1"`, "Accept-Ranges: bytes"),
			want:    "200, gzip, the text\nContent-Encoding: gzip\nno Content-Length\nVary: Accept-Encoding\nETag: W/\"v1\"\nno Accept-Ranges"},
		{name: "a weak ETag is weak already", why: "W/W/ is no ETag (RFC 9110 §8.8.3)", send: get("/", accepts), handler: respond(200, long, `ETag: W/"v1"`),
			want: "200, gzip, the text\nContent-Encoding: gzip\nno Content-Length\nVary: Accept-Encoding\nETag: W/\"v1\"\nno Accept-Ranges"},
		{name: "the ETag stays strong where nothing is done", why: "these are the bytes that it stands for", send: get("/"), handler: respond(200, long, `ETag: "v1"`, "Accept-Ranges: bytes"),
			want: "200, plain, the text\nno Content-Encoding\nno Content-Length\nVary: Accept-Encoding\nETag: \"v1\"\nAccept-Ranges: bytes"},
		{name: "a Vary of the handler's stays", why: "Vary is a list", send: get("/", accepts), handler: respond(200, long, "Vary: Cookie"), look: fields("Vary"),
			want: "Vary: Accept-Encoding, Cookie"},
		{name: "JSON", why: "it is text by another name", send: get("/", accepts), handler: respond(200, long, "Content-Type: application/json"), want: encoded},
		{name: "whatever ends in +xml", why: "an SVG is a picture that shrinks", send: get("/", accepts), handler: respond(200, long, "Content-Type: Image/SVG+XML"), want: encoded},
		{name: "an error page", why: "any status with content will do", send: get("/", accepts), handler: respond(404, long),
			want: "404, gzip, the text\nContent-Encoding: gzip\nno Content-Length\nVary: Accept-Encoding\nno ETag\nno Accept-Ranges"},
		{name: "from a reader", why: "io.Copy looks for ReadFrom: behind it, the content would go past the gzip", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				io.Copy(w, neverWriterTo{strings.NewReader(long)})
			}, want: encoded},
		{name: "JSON with a parameter, in other letters", why: "parameters say more about the type, and types have no case (RFC 9110 §8.3.1)", send: get("/", accepts), handler: respond(200, long, "Content-Type: Application/JSON; charset=utf-8"), want: encoded},
		{name: "JSON in other letters", why: "types have no case (RFC 9110 §8.3.1)", send: get("/", accepts), handler: respond(200, long, "Content-Type: APPLICATION/json"), want: encoded},
		{name: "exactly MinCompress bytes", why: "below it is not worth it; this is not below", send: get("/", accepts), handler: respond(200, atLimit), look: atLimitLook, want: "gzip of MinCompress bytes"},
		{name: "exactly MinCompress bytes, by their length", why: "below it is not worth it; this is not below", send: get("/", accepts),
			handler: respond(200, atLimit, fmt.Sprint("Content-Length: ", len(atLimit))), look: atLimitLook, want: "gzip of MinCompress bytes"},
		{name: "a Write of nothing fixes the fields", why: "it is a Write, and the header section is fixed by the first (step 4)", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.Write(nil)
				w.Header().Set("ETag", `"late"`)
				io.WriteString(w, long)
			}, want: encoded},
		{name: "nor through a header that was kept", why: "the header section is fixed by WriteHeader (step 4), whoever changes it afterwards, and in what way", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				h := w.Header()
				h.Set("Content-Type", "text/plain")
				w.WriteHeader(200)
				h.Set("ETag", `"late"`)
				h.Del("Vary")
				io.WriteString(w, long)
			}, want: encoded},
		{name: "nor with content that stays short", why: "the header section is fixed by WriteHeader (step 4), whether the content will be compressed or not", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				h := w.Header()
				h.Set("Content-Type", "text/plain")
				h.Set("X-Early", "1")
				w.WriteHeader(200)
				h.Set("ETag", `"late"`)
				h.Del("X-Early")
				io.WriteString(w, "short")
			}, look: fields("ETag", "X-Early", "Content-Type"), want: "no ETag\nX-Early: 1\nContent-Type: text/plain"},
		{name: "fields after the status are not sent", why: "the header section is fixed by WriteHeader (step 4), even where it has not left", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(200)
				w.Header().Set("ETag", `"late"`)
				io.WriteString(w, long)
			}, want: encoded},
		{name: "the first status counts", why: "the client can be told one only", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(200)
				w.WriteHeader(500)
				io.WriteString(w, long)
			}, want: encoded},
	})
}

func TestTask8_LeftAlone(t *testing.T) {
	short := strings.Repeat("x", middleware.MinCompress-1)
	status := func(a *answer) string {
		return fmt.Sprintf("%d, %d bytes, %s", a.status, a.content.Len(), a.field("Content-Encoding"))
	}
	compressRows(t, []row{
		{name: "short content", why: "it fits into one packet either way", send: get("/", accepts), handler: respond(200, short), look: status, want: "200, 1023 bytes, no Content-Encoding"},
		{name: "short content with its length", why: "it fits into one packet either way", send: get("/", accepts), handler: respond(200, short, "Content-Length: 1023"), look: status, want: "200, 1023 bytes, no Content-Encoding"},
		{name: "no content", why: "the 20 bytes of an empty gzip are more", send: get("/", accepts), handler: respond(200, ""), look: status, want: "200, 0 bytes, no Content-Encoding"},
		{name: "a handler that does nothing", why: "the server answers for it (step 4)", send: get("/", accepts), handler: func(keepalive.ResponseWriter, *keepalive.Request) {}, look: status, want: "200, 0 bytes, no Content-Encoding"},
		{name: "coded already", why: "twice is not smaller, and only one of them would be named", send: get("/", accepts), handler: respond(200, long, "Content-Encoding: br"),
			want: "200, plain, the text\nContent-Encoding: br\nno Content-Length\nno Vary\nno ETag\nno Accept-Ranges"},
		{name: "a picture", why: "JPEG does not shrink: time for nothing", send: get("/", accepts), handler: respond(200, long, "Content-Type: image/jpeg"), want: noVary},
		{name: "a video", why: "it does not shrink, and its player asks for ranges", send: get("/", accepts), handler: respond(200, long, "Content-Type: video/mp4"), want: noVary},
		{name: "a type that only begins like one that shrinks", why: "application/json-seq is another type", send: get("/", accepts), handler: respond(200, long, "Content-Type: application/jsonp"), want: noVary},
		{name: "without a type", why: "nobody knows what it is", send: get("/", accepts), handler: respond(200, long, "Content-Type: "), want: noVary},
		{name: "no-transform", why: "an origin that says so means it (RFC 9111 §5.2.2.6)", send: get("/", accepts), handler: respond(200, long, "Cache-Control: public, No-Transform"), want: noVary},
		{name: "a part", why: "a range is one of the bytes of the whole: its gzip is not a part of that of the whole (RFC 9110 §14.2)", send: get("/", accepts), handler: respond(206, long, "Content-Range: bytes 0-2047/9999"), look: status, want: "206, 2048 bytes, no Content-Encoding"},
		{name: "several parts", why: "a 206 has ranges in it, with or without Content-Range (RFC 9110 §15.3.7.2)", send: get("/", accepts), handler: respond(206, long), look: status, want: "206, 2048 bytes, no Content-Encoding"},
		{name: "204", why: "it has no content", send: get("/", accepts), handler: respond(204, ""), look: status, want: "204, 0 bytes, no Content-Encoding"},
		{name: "304 has no content and the ETag of the 200", why: "a cache updates what it has stored under that ETag (RFC 9111 §4.3.4), and has stored the weak one", send: get("/", accepts),
			handler: respond(304, "", `ETag: "v1"`), want: "304, plain, \"\"\nno Content-Encoding\nno Content-Length\nVary: Accept-Encoding\nETag: W/\"v1\"\nno Accept-Ranges"},
		{name: "304 without a type", why: "a 304 mostly has none, and stands for a response that has one", send: get("/", accepts),
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("ETag", `"v1"`)
				w.WriteHeader(304)
			}, look: fields("Vary", "ETag"), want: "Vary: Accept-Encoding\nETag: W/\"v1\""},
		{name: "304 for one who does not take gzip", why: "it has stored the strong ETag", send: get("/"),
			handler: respond(304, "", `ETag: "v1"`), look: fields("Vary", "ETag"), want: "Vary: Accept-Encoding\nETag: \"v1\""},
		{name: "an interim response goes through", why: "it is sent at once, and is not the response", send: get("/", accepts), handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.WriteHeader(103)
			w.WriteHeader(404)
		}, look: func(a *answer) string { return fmt.Sprint(a.interim, a.status) }, want: "[103] 404"},
		{name: "a file that is not compressed reaches the kernel", why: "pictures are most of what a server sends", send: get("/", accepts), handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "image/png")
			io.Copy(w, &io.LimitedReader{R: neverWriterTo{strings.NewReader(long)}, N: 1000})
		}, look: func(a *answer) string { return fmt.Sprint(a.from, a.content.Len()) }, want: "[*io.LimitedReader] 1000"},
	})
}

func TestTask8_Head(t *testing.T) {
	const why = "HEAD has the fields of GET, and a Content-Length that GET would not have is a lie (RFC 9110 §8.6)"
	look := func(a *answer) string {
		said := fields("Content-Encoding", "Content-Length", "Vary", "ETag")(a)
		if a.status != 200 {
			said += fmt.Sprintf("\nthe status %d", a.status)
		}
		if a.panicked != nil {
			said += fmt.Sprintf("\na panic: %v", a.panicked)
		}
		return said
	}
	nothing := func(a *answer) string {
		if a.content.Len() > 0 {
			return fmt.Sprintf("%s\n%d bytes of content, of which the handler has written none", look(a), a.content.Len())
		}
		return look(a)
	}
	const want = "Content-Encoding: gzip\nno Content-Length\nVary: Accept-Encoding\nETag: W/\"v1\""
	send := request("HEAD", "/", "", accepts)
	compressRows(t, []row{
		{name: "with the content written", why: why, send: send, handler: respond(200, long, `ETag: "v1"`), look: look, want: want},
		{name: "with a length and no content", why: "the gzip of nothing is 23 bytes, which the connection would count and say as Content-Length: GET has another (RFC 9110 §8.6)", send: send, handler: respond(200, "", "Content-Length: 5000", `ETag: "v1"`), look: nothing, want: want},
		{name: "with a length and a status only", why: "a handler need not write what HEAD does not send: less than Content-Length says is right here (RFC 9110 §9.3.2)", send: send, look: nothing, want: want,
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.Header().Set("Content-Length", "5000")
				w.Header().Set("ETag", `"v1"`)
				w.WriteHeader(200)
			}},
		{name: "with a length and not even a status", why: why, send: send, look: nothing, want: want, handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "5000")
			w.Header().Set("ETag", `"v1"`)
		}},
		{name: "for one who does not take gzip", why: why, send: request("HEAD", "/", ""), handler: respond(200, "", "Content-Length: 5000", `ETag: "v1"`), look: look,
			want: "no Content-Encoding\nContent-Length: 5000\nVary: Accept-Encoding\nETag: \"v1\""},
	})
}

func TestTask8_Flush(t *testing.T) {
	for _, test := range []struct {
		name, why string
		pieces    []string
	}{
		{"each piece can be read when it is flushed", "gzip keeps what it has until it has more: its Flush comes before the connection's", []string{"first ", "second ", "third"}},
		{"a long piece", "a stream may begin with much", []string{long, "and more"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := serve(middleware.Compress(0), func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				for _, p := range test.pieces {
					io.WriteString(w, p)
					w.Flush()
				}
			}, parse(t, get("/", accepts)))
			var got, want []string
			for i := range test.pieces {
				want = append(want, testkit.Excerpt(strings.Join(test.pieces[:i+1], "")))
			}
			for _, f := range a.flushed {
				text, _ := gunzipped([]byte(f))
				got = append(got, testkit.Excerpt(text))
			}
			all, err := gunzipped(a.content.Bytes())
			if fmt.Sprint(got) != fmt.Sprint(want) || err != nil || all != strings.Join(test.pieces, "") {
				testkit.Report{
					Doing: fmt.Sprintf("the handler writes %d pieces and calls Flush behind each; what the client can read of the gzip then, Flush by Flush:", len(test.pieces)),
					Want:  strings.Join(want, "\n") + "\nand at the end, with the end of the gzip: all of it",
					Got:   cmp.Or(strings.Join(got, "\n"), "no Flush arrived") + fmt.Sprintf("\nand at the end%s: %s", map[bool]string{true: ", with the end of the gzip", false: ", without the end of the gzip"}[err == nil], testkit.Excerpt(all)), Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask8_CutOff(t *testing.T) {
	for _, test := range []struct {
		name, doing, why string
		handler          keepalive.HandlerFunc
	}{
		{"a panic leaves the gzip without an end", "a handler writes a long text, and panics", "a proper end would make half a page a whole one", func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, long)
			panic("oops")
		}},
		{"less than Content-Length is cut off", fmt.Sprintf("a handler says Content-Length: 5000, and writes %d bytes", len(long)), "Compress has taken the length away by which the server would have noticed", func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, long)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := serve(middleware.Compress(0), test.handler, parse(t, get("/", accepts)))
			_, err := gunzipped(a.content.Bytes())
			got := fmt.Sprintf("%s, panic %v, gzip with an end %v", a.field("Content-Encoding"), a.panicked != nil, err == nil)
			if want := "Content-Encoding: gzip, panic true, gzip with an end false"; got != want {
				testkit.Report{Doing: test.doing, Want: want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
	t.Run("more than Content-Length is refused", func(t *testing.T) {
		var got string
		a := serve(middleware.Compress(0), func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			n, err := io.WriteString(w, long)
			more, refused := io.WriteString(w, "more")
			got = fmt.Sprintf("%d bytes written, failed: %v; then %d, refused with ErrContentLength: %v", n, err != nil, more, errors.Is(refused, keepalive.ErrContentLength))
		}, parse(t, get("/", accepts)))
		if text, err := gunzipped(a.content.Bytes()); err != nil || text != long {
			got += ", and not the gzip of the first part"
		}
		if want := fmt.Sprintf("%d bytes written, failed: false; then 0, refused with ErrContentLength: true", len(long)); got != want {
			testkit.Report{Doing: "the handler says Content-Length: 2048, writes 2048 bytes, and then \"more\"", Want: want, Got: got, Why: "the connection would refuse it, and Compress has taken the length away from it"}.Error(t)
		}
	})
	t.Run("a panic before the response leaves it open", func(t *testing.T) {
		around := middleware.Chain(middleware.Recover(quiet), middleware.Compress(0))
		a := serve(around, func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "held back")
			panic("oops")
		}, parse(t, get("/", accepts)))
		after := serve(around, respond(200, long), parse(t, get("/", accepts)))
		text, _ := gunzipped(after.content.Bytes())
		got := fmt.Sprintf("%d without what was held back: %v; then the text: %v", a.status, !strings.Contains(a.content.String(), "held"), text == long)
		if want := "500 without what was held back: true; then the text: true"; got != want {
			testkit.Report{Doing: "a handler writes \"held back\", which is too short to be sent at once, and panics; another one writes a text", Want: want, Got: got, Why: "what has been held back has not been sent, so a 500 is still possible; and nothing of it may get into the next response"}.Error(t)
		}
	})
}

// A client goes away in the middle of a download every minute.
func TestTask8_Gone(t *testing.T) {
	noise := make([]byte, 64<<10) // which gzip cannot keep in its buffers
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		noise[i] = byte(x)
	}
	gone := errors.New("the client is gone")
	for _, test := range []struct {
		name    string
		flushes bool
		writer  func(a *answer) keepalive.ResponseWriter
	}{
		{"a Write that fails", false, func(a *answer) keepalive.ResponseWriter { return failing{a, gone, nil} }},
		{"a Flush that fails", true, func(a *answer) keepalive.ResponseWriter { return failing{a, nil, gone} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := new(answer)
			var err error
			h := middleware.Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.Header().Set("Content-Length", fmt.Sprint(100*len(noise)))
				for i := 0; i < 100 && err == nil; i++ {
					if _, err = w.Write(noise); err == nil && test.flushes {
						err = w.Flush()
					}
				}
			}))
			func() {
				defer func() { a.panicked = recover() }()
				h.ServeHTTP(test.writer(a), parse(t, get("/", accepts)))
			}()
			panicked := "no panic"
			if a.panicked != nil {
				panicked = fmt.Sprint("a panic: ", a.panicked)
			}
			got := fmt.Sprintf("%s, the handler gets the error: %v, %s", a.field("Content-Encoding"), errors.Is(err, gone), panicked)
			if want := "Content-Encoding: gzip, the handler gets the error: true, no panic"; got != want {
				testkit.Report{Doing: "the handler says how long its content is, and the client goes away in the middle: " + test.name, Want: want, Got: got, Why: "clients break off downloads all day: that is no fault of the server's, and with a panic each of them would be an error with a stack in the log"}.Error(t)
			}
		})
	}
}

// A failing answer is one to a client who is gone.
type failing struct {
	*answer
	write, flush error
}

func (f failing) Write(p []byte) (int, error) {
	if f.write != nil {
		return 0, f.write
	}
	return f.answer.Write(p)
}

func (f failing) Flush() error {
	if f.flush != nil {
		return f.flush
	}
	return f.answer.Flush()
}

func (f failing) ReadFrom(src io.Reader) (int64, error) { return io.Copy(onlyWrites{f}, src) }

// onlyWrites has no ReadFrom.
type onlyWrites struct{ io.Writer }

func TestTask8_Held(t *testing.T) {
	t.Run("Hijack is too late", func(t *testing.T) {
		hijack := func(begin bool) string {
			got := ""
			a := serve(middleware.Compress(0), func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Type", "text/plain")
				if begin {
					w.WriteHeader(200)
				}
				switch err := keepalive.Hijack(w, func(context.Context, net.Conn) {}); {
				case err == nil:
					got = "no error"
				case errors.Is(err, keepalive.ErrHijackTooLate):
					got = "ErrHijackTooLate"
				default:
					got = err.Error()
				}
			}, parse(t, get("/", accepts)))
			return fmt.Sprintf("%s, taken over %v", got, a.hijacked)
		}
		got := "before WriteHeader: " + hijack(false) + "\nafter it: " + hijack(true)
		want := "before WriteHeader: no error, taken over true\nafter it: ErrHijackTooLate, taken over false"
		if got != want {
			testkit.Report{Doing: "a handler calls Hijack, before and after WriteHeader(200)", Want: want, Got: got, Why: "the handler has begun a response (step 4); that it is held back is nobody's business but yours"}.Error(t)
		}
	})
}

func TestTask8_Connection(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		h := middleware.Compress(0)(respond(200, long))
		sent := get("/", accepts) + get("/") + get("/", accepts, "Connection: close")
		raw := talk(t, h, sent)
		want := "200 gzip, 200, 200 gzip"
		var got []string
		for raw != "" {
			head, rest, ok := strings.Cut(raw, "\r\n\r\n")
			if !ok {
				break
			}
			length := 0
			word := strings.Fields(head + " - -")[1]
			for line := range strings.SplitSeq(head, "\r\n") {
				fmt.Sscanf(line, "Content-Length: %d", &length)
			}
			text := rest[:min(length, len(rest))]
			if strings.Contains(head, "Content-Encoding: gzip") {
				word += " gzip"
				text, _ = gunzipped([]byte(text))
			}
			if text != long {
				word += " with other content"
			}
			got, raw = append(got, word), rest[min(length, len(rest)):]
		}
		if strings.Join(got, ", ") != want {
			testkit.Report{Sent: sent, Want: want, Got: strings.Join(got, ", "), Why: "three responses on one connection, one of them plain"}.Error(t)
		}
	})
}

func TestTask8_Levels(t *testing.T) {
	for _, level := range []int{-1, 10} {
		t.Run(fmt.Sprint("level ", level, " panics"), func(t *testing.T) {
			mustPanic(t, "levels are from 1 to 9, and a mistake of the program shows when it starts", func() keepalive.Middleware { return middleware.Compress(level) })
		})
	}
}
