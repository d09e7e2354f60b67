package middleware_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

// records returns what a JSON log has in it.
func records(t *testing.T, log *bytes.Buffer) (all []map[string]any) {
	for line := range strings.Lines(log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("a line of the log is no JSON: %q", line)
		}
		all = append(all, m)
	}
	return all
}

func TestTask4_Recover(t *testing.T) {
	const (
		logged = "log: ERROR panic=oops method=GET target=/x id=sent, with a stack"
		second = ` ... 200 "hello"`
	)
	for _, test := range []struct {
		name, why string
		handler   keepalive.HandlerFunc
		want      string
	}{
		{"a panic is a 500 and the connection goes on", "the other requests of this client did nothing wrong",
			func(keepalive.ResponseWriter, *keepalive.Request) { panic("oops") },
			"500" + second + "\n" + logged},
		{"a panic with an error", "panic takes any value",
			func(keepalive.ResponseWriter, *keepalive.Request) { panic(errors.New("oops")) },
			"500" + second + "\n" + logged},
		{"the fields of the content that does not come are gone", "the client would wait for 1000 bytes, or store the error under the ETag of the page",
			func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "1000")
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("ETag", `"page"`)
				w.Header().Set("Cache-Control", "max-age=3600")
				w.Header().Set("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
				panic("oops")
			},
			"500" + second + "\n" + logged},
		{"an interim response is not the response", "a 103 has been sent and the final response has not begun",
			func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(103); panic("oops") },
			"103, 500" + second + "\n" + logged},
		{"a response that has left is cut off", "half a response that ends well is stored as a whole one",
			func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				io.WriteString(w, "half")
				w.Flush()
				panic("oops")
			},
			"200 cut off\n" + logged},
		{"a response that has left without any content is cut off", "the status has been sent: there is no other one, and an end would make it whole",
			func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.WriteHeader(200)
				w.Flush()
				panic("oops")
			},
			"200 cut off\n" + logged},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				h := middleware.Chain(middleware.RequestID(), middleware.Recover(slog.New(slog.NewJSONHandler(&log, nil))))(
					keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
						if r.Path() == "/x" {
							test.handler(w, r)
						}
						hello(w, r)
					}))
				sent := get("/x", "X-Request-ID: sent") + get("/", "Connection: close")
				raw := talk(t, h, sent)
				got := outcome(raw) + "\n" + panicLog(records(t, &log))
				if got != test.want {
					testkit.Report{Sent: sent, Want: test.want, Got: got, Why: test.why}.Error(t)
				}
				if strings.Contains(raw, "oops") {
					testkit.Report{Sent: sent, Want: "nothing about the reason", Got: raw, Why: "a panic may have anything in its text; the log is the place for it"}.Error(t)
				}
			})
		})
	}
}

// outcome says in short what came back for two requests.
func outcome(raw string) string {
	var words []string
	for raw != "" {
		head, rest, _ := strings.Cut(raw, "\r\n\r\n")
		status := strings.TrimPrefix(strings.SplitN(head, "\r\n", 2)[0], "HTTP/1.1 ")[:3]
		switch {
		case status == "103":
			raw = rest
		case strings.Contains(head, "Transfer-Encoding: chunked") && !strings.Contains(rest, "0\r\n\r\n"):
			status, raw = status+" cut off", ""
		default:
			length := 0
			for line := range strings.SplitSeq(head, "\r\n") {
				fmt.Sscanf(line, "Content-Length: %d", &length)
			}
			if len(rest) < length {
				status, length = fmt.Sprintf("%s cut off (%d bytes, with Content-Length: %d)", status, len(rest), length), len(rest)
			}
			for _, name := range []string{"Content-Encoding", "ETag", "Cache-Control", "Last-Modified"} {
				if strings.Contains(head, "\r\n"+name+":") {
					status += ", with " + name
				}
			}
			if status == "200" {
				return strings.Join(words, ", ") + fmt.Sprintf(" ... 200 %q", rest)
			}
			raw = rest[length:]
		}
		words = append(words, status)
	}
	return strings.Join(words, ", ")
}

func panicLog(records []map[string]any) string {
	if len(records) != 1 {
		return fmt.Sprintf("log: %d records", len(records))
	}
	m := records[0]
	got := fmt.Sprintf("log: %v panic=%v method=%v target=%v id=%v", m["level"], m["panic"], m["method"], m["target"], m["id"])
	if stack := fmt.Sprint(m["stack"]); strings.Contains(stack, "recover_test.go") {
		got += ", with a stack"
	}
	return got
}

func TestTask4_Again(t *testing.T) {
	t.Run("a nil log is the default", func(t *testing.T) {
		kept := defaultLog(t)
		a := serve(middleware.Recover(nil), func(keepalive.ResponseWriter, *keepalive.Request) { panic("oops") }, parse(t, get("/x")))
		got := fmt.Sprintf("%d, a record: %v", a.status, strings.Contains(kept.String(), "panic=oops") && strings.Contains(kept.String(), "target=/x"))
		if a.panicked != nil {
			got += ", " + a.summary()
		}
		if want := "500, a record: true"; got != want {
			testkit.Report{Doing: "a handler panics behind Recover(nil), and the test looks into slog.Default()", Want: want, Got: got + "\n" + kept.String(), Why: "whoever names no log gets the default one (see Recover), and not a panic within a panic"}.Error(t)
		}
	})
	t.Run("the same value goes on", func(t *testing.T) {
		var log bytes.Buffer
		value := errors.New("oops")
		a := serve(middleware.Recover(slog.New(slog.NewJSONHandler(&log, nil))), func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			io.WriteString(w, "half")
			panic(value)
		}, parse(t, get("/")))
		got := fmt.Sprintf("panic with %v, %d records, %q", a.panicked, len(records(t, &log)), a.content.String())
		want := `panic with oops, 1 records, "half"`
		if got != want {
			testkit.Report{Doing: "the handler writes \"half\", which is sent, and panics with oops", Want: want, Got: got, Why: "whoever recovers further out may know the value; and an error text behind half a page is part of the page"}.Error(t)
		}
	})
	t.Run("fields of others stay", func(t *testing.T) {
		a := serve(middleware.Recover(quiet), func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "https://app.example.org") // as CORS does, further out
			w.Header().Set("X-Request-ID", "sent")
			w.Header().Set("Content-Security-Policy", "default-src 'self'") // likewise
			w.Header().Set("ETag", `"page"`)
			panic("oops")
		}, parse(t, get("/")))
		got := fmt.Sprintf("%d\n%s", a.status, fields("Access-Control-Allow-Origin", "X-Request-ID", "Content-Security-Policy", "ETag")(a))
		if want := "500\nAccess-Control-Allow-Origin: https://app.example.org\nX-Request-ID: sent\nContent-Security-Policy: default-src 'self'\nno ETag"; got != want {
			testkit.Report{Doing: "Access-Control-Allow-Origin, X-Request-ID, Content-Security-Policy and ETag are set; then the handler panics", Want: want, Got: got, Why: "without its CORS fields a page cannot even see that it was a 500, and without the id nobody finds it in the log; only what describes the content goes"}.Error(t)
		}
	})
	t.Run("without a panic it is not seen", func(t *testing.T) {
		var log bytes.Buffer
		around := middleware.Recover(slog.New(slog.NewJSONHandler(&log, nil)))
		a := serve(around, hello, parse(t, get("/")))
		got := fmt.Sprintf("%s, %d records", a.summary(), len(records(t, &log)))
		a = serve(around, func(keepalive.ResponseWriter, *keepalive.Request) { panic("oops") }, parse(t, get("/")))
		got += fmt.Sprintf("; then %d, %d records", a.status, len(records(t, &log)))
		if want := `200 "hello", 0 records; then 500, 1 records`; got != want {
			testkit.Report{Doing: "one handler does not panic, and the next one does", Want: want, Got: got, Why: "most handlers do not panic"}.Error(t)
		}
	})
}
