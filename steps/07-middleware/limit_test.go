package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

func TestTask9_Timeout(t *testing.T) {
	const d = 2 * time.Second
	write := func(w io.Writer, text string) string {
		n, err := io.WriteString(w, text)
		return fmt.Sprintf("%d %v", n, errors.Is(err, context.DeadlineExceeded))
	}
	for _, test := range []struct {
		name, does, why string
		handler         func(w keepalive.ResponseWriter, r *keepalive.Request) (saw string)
		want            string
	}{
		{"too late with nothing written is a 503", `sleeps for 2s and returns`, "silence would be a 200",
			func(_ keepalive.ResponseWriter, r *keepalive.Request) string { time.Sleep(d); return "" },
			"503, no panic"},
		{"the context says when", `waits for its context`, "a database that is given the context stops in time",
			func(_ keepalive.ResponseWriter, r *keepalive.Request) string {
				began := time.Now()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * d):
				}
				return fmt.Sprint("done after ", time.Since(began), ": ", r.Context().Err())
			},
			"done after 2s: context deadline exceeded; 503, no panic"},
		{"reading fails", `reads 3 bytes of Body, sleeps for 2s, and reads again`, "a handler that reads a slow upload has to learn it",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				p := make([]byte, 3)
				n, err := r.Body.Read(p)
				saw := fmt.Sprintf("%q %v, ", p[:n], err)
				time.Sleep(d)
				n, err = r.Body.Read(p)
				return saw + fmt.Sprint(n, " ", errors.Is(err, context.DeadlineExceeded))
			},
			`"con" <nil>, 0 true; 503, no panic`},
		{"writing fails", `sleeps for 2s, sets Content-Length: 1000, and writes "late": bytes written, and whether the error is DeadlineExceeded`, "what is written too late must not be half of the answer",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				time.Sleep(d)
				w.Header().Set("Content-Length", "1000")
				w.WriteHeader(200)
				return write(w, "late")
			},
			"0 true; 503, no panic"},
		{"writing from a reader fails", `sleeps for 2s and calls io.Copy: bytes written, and whether the error is DeadlineExceeded`, "io.Copy looks for ReadFrom, which would go past the clock",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				time.Sleep(d)
				n, err := io.Copy(w, neverWriterTo{strings.NewReader("late")})
				return fmt.Sprint(n, " ", errors.Is(err, context.DeadlineExceeded))
			},
			"0 true; 503, no panic"},
		{"half a response is cut off", `writes "half", sleeps for 2s, and writes "late": bytes written, and whether the error is DeadlineExceeded`, "a response that ends well is taken for the whole",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				saw := write(w, "half")
				time.Sleep(d)
				return saw + ", " + write(w, "late")
			},
			`4 false, 0 true; 200 "half", panic`},
		{"a whole response is not", `writes "whole", sleeps for 2s, and calls Flush: bytes written, and whether the errors are DeadlineExceeded`, "the handler was slow after it had written everything; nobody has to know",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				saw := write(w, "whole")
				time.Sleep(d)
				return saw + fmt.Sprint(", ", errors.Is(w.Flush(), context.DeadlineExceeded))
			},
			`5 false, true; 200 "whole", no panic`},
		{"an echo that becomes too slow is cut off", `is an io.Copy from Body, whose second Read takes 2s: bytes copied, and whether the error is DeadlineExceeded`, "Body was refused in the middle of it, and an echo that ends well is taken for the whole",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				n, err := io.Copy(w, neverWriterTo{&slowSecond{from: r.Body, sleep: d}})
				return fmt.Sprint(n, " ", errors.Is(err, context.DeadlineExceeded))
			},
			`3 true; 200 "con", panic`},
		{"taking the connection over fails", `sleeps for 2s and calls Hijack: whether the error is DeadlineExceeded`, "nobody would watch the time of what comes then",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				time.Sleep(d)
				err := keepalive.Hijack(w, func(context.Context, net.Conn) {})
				return fmt.Sprint(errors.Is(err, context.DeadlineExceeded))
			},
			"true; 503, no panic"},
		{"half a response from a reader is cut off", `writes "half", sleeps for 2s, and calls io.Copy: bytes written, and whether the error is DeadlineExceeded`, "io.Copy looks for ReadFrom: what it refuses is missing as much as what Write refuses",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				saw := write(w, "half")
				time.Sleep(d)
				n, err := io.Copy(w, neverWriterTo{strings.NewReader("late")})
				return saw + fmt.Sprint(", ", n, " ", errors.Is(err, context.DeadlineExceeded))
			},
			`4 false, 0 true; 200 "half", panic`},
		{"a slow reader that comes to its end is not", `calls io.Copy, from a reader whose second Read takes 2s and is the last: whether its context has a deadline, bytes copied, and the error`, "a ReadFrom that has begun ends when it ends, and nothing is missing",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				_, limited := r.Context().Deadline()
				n, err := io.Copy(w, neverWriterTo{&slowSecond{from: strings.NewReader("whole"), sleep: d}})
				return fmt.Sprint("deadline ", limited, ", ", n, " ", err)
			},
			`deadline true, 5 <nil>; 200 "whole", no panic`},
		{"another deadline in time", `calls io.Copy, from a reader that fails with DeadlineExceeded at once: whether its context has a deadline, bytes copied, and whether the error is DeadlineExceeded`, "a database may have a deadline of its own: only the time counts, and it is not over",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				_, limited := r.Context().Deadline()
				n, err := io.Copy(w, neverWriterTo{io.MultiReader(strings.NewReader("part"), iotest.ErrReader(context.DeadlineExceeded))})
				return fmt.Sprint("deadline ", limited, ", ", n, " ", errors.Is(err, context.DeadlineExceeded))
			},
			`deadline true, 4 true; 200 "part", no panic`},
		{"in time, all goes through", `calls WriteHeader(418), Write, Flush, and Hijack twice: the errors`, "nothing is different before the deadline",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				_, limited := r.Context().Deadline()
				w.WriteHeader(418)
				saw := fmt.Sprint(limited, " ", write(w, "tea"), " ", w.Flush(), " ", keepalive.Hijack(w, func(context.Context, net.Conn) {}))
				return saw + fmt.Sprint(" ", errors.Is(keepalive.Hijack(w, func(context.Context, net.Conn) {}), keepalive.ErrHijackTooLate))
			},
			`true 3 false <nil> <nil> true; 418, no panic`},
		{"in time with nothing written", `sleeps for a little less than 2s and returns: whether its context has a deadline`, "silence is a 200, unless it was too long",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				time.Sleep(d - 1)
				_, limited := r.Context().Deadline()
				return fmt.Sprint("deadline ", limited)
			},
			`deadline true; 200 "", no panic`},
		{"in time nothing is different", `sleeps for a little less than 2s, reads the content, and writes "in time"`, "most requests are",
			func(w keepalive.ResponseWriter, r *keepalive.Request) string {
				time.Sleep(d - 1)
				content, err := r.Content()
				_, limited := r.Context().Deadline()
				return fmt.Sprintf("%q %v %v, %s", content, err, limited, write(w, "in time"))
			},
			`"content" <nil> true, 7 false; 200 "in time", no panic`},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				r := parse(t, request("POST", "/", "content"))
				body, got := r.Body, ""
				a := serve(middleware.Timeout(d), func(w keepalive.ResponseWriter, r *keepalive.Request) {
					if got = test.handler(w, r); got != "" {
						got += "; "
					}
				}, r)
				if got += fmt.Sprint(a.status); a.status == 200 {
					got += fmt.Sprintf(" %q", a.content.String())
				}
				if a.panicked != nil {
					got += ", panic"
				} else {
					got += ", no panic"
				}
				if a.field("Content-Length") == "Content-Length: 1000" {
					got += ", with the Content-Length of what did not come"
				}
				if got != test.want {
					testkit.Report{Doing: "the time limit is 2s, and the handler " + test.does, Want: inWords.Replace(test.want), Got: inWords.Replace(got), Why: test.why}.Error(t)
				}
				_, limited := r.Context().Deadline()
				if got := fmt.Sprintf("Body put back: %v, deadline: %v, ended: %v", r.Body == body, limited, r.Context().Err() != nil); got != "Body put back: true, deadline: false, ended: false" {
					testkit.Report{Doing: "the handler has returned, and the test looks at the Request and its context", Want: "Body put back: true, deadline: false, ended: false", Got: got, Why: "the connection uses the Request for the next one, and hands its context to whoever has taken the connection over"}.Error(t)
				}
			})
		})
	}
	t.Run("a server that stops is no deadline", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			r := parse(t, request("POST", "/", "content"))
			r.SetContext(ctx)
			a := serve(middleware.Timeout(d), func(w keepalive.ResponseWriter, r *keepalive.Request) {
				content, err := r.Content()
				_, limited := r.Context().Deadline()
				fmt.Fprintf(w, "%q %v %v %v", content, err, r.Context().Err(), limited)
			}, r)
			silent := parse(t, request("POST", "/", "content"))
			silent.SetContext(ctx)
			if a := serve(middleware.Timeout(d), func(keepalive.ResponseWriter, *keepalive.Request) { time.Sleep(d / 2) }, silent); a.status != 200 {
				testkit.Report{Doing: "the context is cancelled from the start, and the handler writes nothing", Want: "200", Got: fmt.Sprint(a.status), Why: "the server stops, which is no deadline: the clock decides, not the context"}.Error(t)
			}
			if want := `200 "\"content\" <nil> context canceled true"`; a.summary() != want {
				testkit.Report{Doing: "the context is cancelled from the start; the handler reads Body, and writes what it got, the error, that of its context, and whether that has a deadline", Want: inWords.Replace(want), Got: inWords.Replace(a.summary()), Why: "requests in progress are answered when the server stops (step 4): the clock decides, not the context"}.Error(t)
			}
		})
	})
	t.Run("what the handler puts into the context stays there", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			type key struct{}
			r := parse(t, get("/"))
			got := "no deadline in the handler's context"
			serve(middleware.Timeout(d), func(_ keepalive.ResponseWriter, r *keepalive.Request) {
				if _, limited := r.Context().Deadline(); limited {
					r.SetContext(context.WithValue(r.Context(), key{}, "value"))
					got = ""
				}
			}, r)
			if got == "" {
				got = fmt.Sprintf("afterwards, it is there: %v, and the context is cancelled: %v", r.Context().Value(key{}) == "value", r.Context().Err() != nil)
			}
			if want := "afterwards, it is there: true, and the context is cancelled: false"; got != want {
				testkit.Report{Doing: "the handler puts a value into the context of its Request, and returns", Want: want, Got: got, Why: "a log further out asks the context who the user was; and the request is not cancelled because it is done"}.Error(t)
			}
		})
	})
	t.Run("who has taken the connection over has no deadline", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			got := "nobody has taken it over"
			h := middleware.Timeout(d)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				_, limited := r.Context().Deadline()
				keepalive.Hijack(w, func(ctx context.Context, nc net.Conn) {
					time.Sleep(2 * d)
					_, still := ctx.Deadline()
					got = fmt.Sprintf("a deadline in the handler: %v, and behind it: %v; done: %v", limited, still, ctx.Err() != nil)
				})
			}))
			talk(t, h, get("/"))
			if want := "a deadline in the handler: true, and behind it: false; done: false"; got != want {
				testkit.Report{Sent: get("/"), Doing: "the handler takes the connection over; that function sleeps for 4s, and looks at its context", Want: want, Got: got,
					Why: "it gets the context that the request has when the handler has returned (step 4): a chat would end with the time that a page may take"}.Error(t)
			}
		})
	})
	t.Run("a panic leaves nothing behind", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			r := parse(t, request("POST", "/", "content"))
			body, inside := r.Body, false
			a := serve(middleware.Timeout(d), func(_ keepalive.ResponseWriter, r *keepalive.Request) {
				_, limited := r.Context().Deadline()
				inside = r.Body != body && limited
				panic("oops")
			}, r)
			_, limited := r.Context().Deadline()
			got := fmt.Sprintf("others inside: %v, put back: %v, panic %v", inside, r.Body == body && !limited && r.Context().Err() == nil, a.panicked)
			if want := "others inside: true, put back: true, panic oops"; got != want {
				testkit.Report{Doing: "the handler panics; whether it had another Body and context, and whether the Request has its own again", Want: want, Got: got, Why: "a middleware further out may recover, and the next request of the connection uses the Request"}.Error(t)
			}
		})
	})
	t.Run("no time at all panics", func(t *testing.T) {
		mustPanic(t, "a zero is a forgotten setting", func() keepalive.Middleware { return middleware.Timeout(0) })
	})
}

// A slowSecond returns three bytes, and then sleeps before it reads on.
type slowSecond struct {
	from  io.Reader
	sleep time.Duration
	again bool
}

func (s *slowSecond) Read(p []byte) (int, error) {
	if s.again {
		time.Sleep(s.sleep)
	}
	s.again = true
	return s.from.Read(p[:min(3, len(p))])
}

func TestTask9_BodyLimit(t *testing.T) {
	// content reads the content and says what came.
	content := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		text, err := r.Content()
		if err == nil {
			fmt.Fprintf(w, "%d bytes", len(text))
		}
	}
	// length and chunks are requests with n bytes.
	length := func(n int) string {
		return request("POST", "/", strings.Repeat("x", n), fmt.Sprint("Content-Length: ", n), "Connection: close")
	}
	chunks := func(n int) string {
		return request("POST", "/", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, strings.Repeat("x", n)), "Transfer-Encoding: chunked", "Connection: close")
	}
	for _, test := range []struct {
		name, send, want, why string
		handler               keepalive.HandlerFunc
	}{
		{"a length above the limit", length(11), "413", "it is known before a byte of it has come, so the handler need not be asked", hello},
		{"much more than the limit", length(100), "413", "it is known before a byte of it has come, so the handler need not be asked", hello},
		{"chunks above the limit", chunks(11), "413", "nobody says the length in advance: Read finds out", content},
		{"chunks above it, and the handler answers", chunks(100), `422 "too much"`, "the handler has the first word", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			_, err := r.Content()
			if e, ok := errors.AsType[*reqline.ProtocolError](err); ok && e.Status == 413 {
				keepalive.Text(w, 422, "too much")
			}
		}},
		{"chunks above it, read byte by byte", chunks(11), `200 "10 bytes, then 413, then 413"`, "10 bytes are allowed, and after the error comes the error", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			n, p := 0, make([]byte, 1)
			var err error
			for ; err == nil; n++ {
				_, err = r.Body.Read(p)
			}
			_, again := r.Body.Read(p)
			first, _ := errors.AsType[*reqline.ProtocolError](err)
			second, _ := errors.AsType[*reqline.ProtocolError](again)
			if first != nil && second != nil {
				keepalive.Text(w, 200, fmt.Sprintf("%d bytes, then %d, then %d", n-1, first.Status, second.Status))
			}
		}},
		{"a handler that does not read has no error", chunks(11), `200 "hello"`, "what nobody reads is no problem of the handler's", hello},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				for _, row := range []struct {
					handler    keepalive.HandlerFunc
					send, want string
				}{
					{test.handler, test.send, test.want},
					{content, length(11), "413"},
					{content, length(10), `200 "10 bytes"`},
					{content, chunks(10), `200 "10 bytes"`},
					{content, length(0), `200 "0 bytes"`},
				} {
					raw := talk(t, middleware.BodyLimit(10)(row.handler), row.send)
					head, text, _ := strings.Cut(raw, "\r\n\r\n")
					got := strings.Fields(head + " - -")[1]
					if got != "413" {
						got += fmt.Sprintf(" %q", text)
					}
					if got != row.want {
						testkit.Report{Sent: row.send, Want: row.want, Got: got, Why: test.why}.Error(t)
					}
				}
			})
		})
	}
	t.Run("a limit of nothing", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			got := ""
			for _, send := range []string{length(0), length(1), chunks(1)} {
				raw := talk(t, middleware.BodyLimit(0)(keepalive.HandlerFunc(content)), send)
				got += strings.Fields(raw + " - -")[1] + " "
			}
			if want := "200 413 413 "; got != want {
				testkit.Report{Doing: "BodyLimit(0); requests with no content, with one byte, and with one byte in a chunk", Want: want, Got: got, Why: "a route that takes no content: only what is below zero is a mistake"}.Error(t)
			}
		})
	})
	t.Run("a handler that reads and is silent", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			got := ""
			for _, send := range []string{chunks(10), chunks(11)} {
				raw := talk(t, middleware.BodyLimit(10)(keepalive.HandlerFunc(func(_ keepalive.ResponseWriter, r *keepalive.Request) { r.Content() })), send)
				got += strings.Fields(raw + " - -")[1] + " "
			}
			if want := "200 413 "; got != want {
				testkit.Report{Doing: "BodyLimit(10); chunks with 10 bytes, then with 11, for a handler that reads them and writes nothing", Want: want, Got: got, Why: "silence is a 200 (step 4), unless there was too much"}.Error(t)
			}
		})
	})
	t.Run("the 413 has no fields of another response", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			raw := talk(t, middleware.BodyLimit(10)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Content-Length", "5000")
				w.Header().Set("ETag", `"v1"`)
				r.Content()
			})), chunks(11))
			head, text, _ := strings.Cut(raw, "\r\n\r\n")
			got := strings.Fields(head + " - -")[1]
			if strings.Contains(head, "Content-Length: 5000") {
				got += fmt.Sprintf(", with Content-Length: 5000 and %d bytes", len(text))
			}
			if strings.Contains(head, "ETag") {
				got += ", with the ETag"
			}
			if want := "413"; got != want {
				testkit.Report{Sent: chunks(11), Want: want, Got: got, Why: "the client would wait for 5000 bytes, and store the error under the ETag of the page"}.Error(t)
			}
		})
	})
	t.Run("the Body is put back", func(t *testing.T) {
		for _, end := range []string{"return", "panic"} {
			r := parse(t, request("POST", "/", "content", "Transfer-Encoding: chunked"))
			body, inside := r.Body, false
			serve(middleware.BodyLimit(3), func(w keepalive.ResponseWriter, r *keepalive.Request) {
				inside = r.Body != body
				if end == "panic" {
					panic("oops")
				}
			}, r)
			got := fmt.Sprintf("another one inside: %v, put back: %v", inside, r.Body == body)
			if want := "another one inside: true, put back: true"; got != want {
				testkit.Report{Want: want, Got: got + ", after a " + end, Why: "the connection uses the Request for the next one (step 4)"}.Error(t)
			}
		}
	})
	t.Run("a limit below zero panics", func(t *testing.T) {
		mustPanic(t, "it is a mistake in a setting", func() keepalive.Middleware { return middleware.BodyLimit(-1) })
	})
}

// inWords writes that there is no error as a reader says it.
var inWords = strings.NewReplacer("<nil>", "no error", "; ", "\n")
