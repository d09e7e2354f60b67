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

func TestTask2_Recorder(t *testing.T) {
	type rec = middleware.Recorder
	for _, test := range []struct {
		name   string
		doing  string
		handle func(*rec)
		want   string
		why    string
	}{
		{"a status and content", `WriteHeader(404), Write("no")`, func(w *rec) { w.WriteHeader(404); io.WriteString(w, "no") },
			`status 404, 2 bytes; behind it 404 "no"`, "everything is passed on and noted"},
		{"a Write without a status is a 200", `Write("yes"), Write("!")`, func(w *rec) { io.WriteString(w, "yes"); io.WriteString(w, "!") },
			`status 200, 4 bytes; behind it 200 "yes!"`, "the first Write fixes the status (step 4)"},
		{"a Flush without a status is a 200", `Flush()`, func(w *rec) { w.Flush() },
			`status 200, 0 bytes; behind it 200 ""`, "Flush sends the head, so there must be a status"},
		{"the first status counts", `WriteHeader(201), WriteHeader(500)`, func(w *rec) { w.WriteHeader(201); w.WriteHeader(500) },
			`status 201, 0 bytes; behind it 201 ""`, "the client can be told one only"},
		{"not after content either", `Write("ok"), WriteHeader(500)`, func(w *rec) { io.WriteString(w, "ok"); w.WriteHeader(500) },
			`status 200, 2 bytes; behind it 200 "ok"`, "the status left with the first byte of content"},
		{"an interim response is not the status", `WriteHeader(103), WriteHeader(202)`, func(w *rec) { w.WriteHeader(103); w.WriteHeader(202) },
			`status 202, 0 bytes; behind it 202 ""`, "more than one response may come, the last one is final (RFC 9110 §15.2)"},
		{"nor is 199", `WriteHeader(199), WriteHeader(202)`, func(w *rec) { w.WriteHeader(199); w.WriteHeader(202) },
			`status 202, 0 bytes; behind it 202 ""`, "all from 100 to 199 are interim, but 101 (RFC 9110 §15.2)"},
		{"101 is one", `WriteHeader(101)`, func(w *rec) { w.WriteHeader(101) },
			`status 101, 0 bytes; behind it 101 ""`, "after 101 no other HTTP response follows (RFC 9110 §15.2.2)"},
		{"refused content does not count", `WriteHeader(204), Write("no"), which the writer behind refuses`, func(w *rec) { w.WriteHeader(204); io.WriteString(w, "no") },
			`status 204, 0 bytes; behind it 204 ""`, "what Write returned is what was written"},
		{"from a reader", `ReadFrom of a reader that has "file"`, func(w *rec) { w.ReadFrom(strings.NewReader("file")) },
			`status 200, 4 bytes; behind it 200 "file"`, "ReadFrom writes content like Write"},
		{"Flush goes through", `Write("a"), Flush(), Write("b")`, func(w *rec) { io.WriteString(w, "a"); w.Flush(); io.WriteString(w, "b") },
			`status 200, 2 bytes; behind it 200 "ab", flushed after "a"`, "a stream that is not flushed arrives at its end"},
		{"after Reset it is new", `WriteHeader(500), Write("old"), Reset with a new writer, WriteHeader(403)`, func(w *rec) {
			w.WriteHeader(500)
			io.WriteString(w, "old")
			old := w.Unwrap().(*answer)
			old.status = 0
			old.content.Reset()
			w.Reset(old)
			w.WriteHeader(403)
		}, `status 403, 0 bytes; behind it 403 ""`, "a status that is left over from the last request is a wrong line in the log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := new(answer)
			w := middleware.NewRecorder(a)
			if w.Status() != 0 {
				t.Errorf("status %d before there is any", w.Status())
			}
			test.handle(w)
			got := fmt.Sprintf("status %d, %d bytes; behind it %s", w.Status(), w.Bytes(), a.summary())
			for _, f := range a.flushed {
				if f != "" {
					got += fmt.Sprintf(", flushed after %q", f)
				}
			}
			if got != test.want {
				testkit.Report{Doing: "a handler calls, of the Recorder: " + test.doing, Want: test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask2_Errors(t *testing.T) {
	gone := errors.New("the client is gone")
	w := middleware.NewRecorder(failing{new(answer), gone, gone})
	_, write := w.Write([]byte("text"))
	flush := w.Flush()
	_, read := w.ReadFrom(strings.NewReader("text"))
	got := fmt.Sprintf("from Write %v, from Flush %v, from ReadFrom %v; %d bytes", errors.Is(write, gone), errors.Is(flush, gone), errors.Is(read, gone), w.Bytes())
	if want := "from Write true, from Flush true, from ReadFrom true; 0 bytes"; got != want {
		testkit.Report{Doing: "the writer behind the Recorder fails; whether its error comes", Want: want, Got: got, Why: "a handler that is not told goes on writing for a client who is gone"}.Error(t)
	}
}

func TestTask2_Sendfile(t *testing.T) {
	const why = "the kernel sends a file only if the connection gets the file itself: a wrapper without ReadFrom, or one that wraps the file, costs a copy of every byte"
	t.Run("the writer behind gets the reader itself", func(t *testing.T) {
		a := new(answer)
		w := middleware.NewRecorder(a)
		n, err := io.Copy(w, &io.LimitedReader{R: neverWriterTo{strings.NewReader("a long file")}, N: 6})
		want := `6 bytes, failed: false, ReadFrom of the writer behind got [*io.LimitedReader], 200 "a long"`
		got := fmt.Sprintf("%d bytes, failed: %v, ReadFrom of the writer behind got %v, %s", n, err != nil, a.from, a.summary())
		if got != want {
			testkit.Report{Doing: "io.Copy(recorder, an *io.LimitedReader); the writer behind the Recorder has ReadFrom", Want: want, Got: got, Why: why}.Error(t)
		}
	})
	t.Run("one without ReadFrom gets the content", func(t *testing.T) {
		a := new(answer)
		w := middleware.NewRecorder(plain{a})
		n, err := io.Copy(w, neverWriterTo{strings.NewReader("text")})
		want := `4 bytes, failed: false, 4 counted, 200 "text"`
		got := fmt.Sprintf("%d bytes, failed: %v, %d counted, %s", n, err != nil, w.Bytes(), a.summary())
		if got != want {
			testkit.Report{Doing: "io.Copy(recorder, a reader); the writer behind the Recorder has no ReadFrom", Want: want, Got: got, Why: "io.Copy calls ReadFrom where there is one: calling io.Copy from it with the same writer goes round in circles"}.Error(t)
		}
	})
}

// plain hides what an answer can do besides writing.
type plain struct{ keepalive.ResponseWriter }

// neverWriterTo hides WriteTo, which io.Copy would prefer.
type neverWriterTo struct{ io.Reader }

func TestTask2_Hijack(t *testing.T) {
	a := new(answer)
	w := middleware.NewRecorder(a)
	first := keepalive.Hijack(w, func(context.Context, net.Conn) {})
	second := keepalive.Hijack(w, func(context.Context, net.Conn) {})
	none := middleware.NewRecorder(plainNoUnwrap{new(answer)})
	third := keepalive.Hijack(none, nil)
	word := func(err error) string {
		switch {
		case err == nil:
			return "no error"
		case errors.Is(err, keepalive.ErrHijackTooLate):
			return "ErrHijackTooLate"
		case errors.Is(err, keepalive.ErrNotHijacker):
			return "ErrNotHijacker"
		}
		return err.Error()
	}
	got := fmt.Sprintf("%s, %s, status %d\n%s, status %d", word(first), word(second), w.Status(), word(third), none.Status())
	want := "no error, ErrHijackTooLate, status 101\nErrNotHijacker, status 0"
	if got != want {
		testkit.Report{Doing: "Hijack is called twice with a Recorder, and once with one whose writer cannot be taken over", Want: want, Got: got, Why: "a log that says 200 for a connection that became something else is wrong"}.Error(t)
	}
}

type plainNoUnwrap struct{ keepalive.ResponseWriter }
