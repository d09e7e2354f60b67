package echo_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"barewire/checker/testkit"
	echo "barewire/steps/01-tcp-echo"
)

// TestTask1_Reads feeds Echo from a script: what a Read returns is exactly known.
func TestTask1_Reads(t *testing.T) {
	tests := []struct {
		name   string
		chunks []chunk
		mark   int    // which byte of what is sent matters,
		note   string // and why
		want   string // "" if all that was read
		room   int    // 0 if there is no end to it
		why    string
	}{
		{
			name:   "one Read",
			chunks: []chunk{{"hello", nil}},
			why:    "Read returns how many bytes came; the rest of the buffer holds whatever was there before",
		},
		{
			name:   "a short Read after a long one",
			chunks: []chunk{{"a longer message\n", nil}, {"short\n", nil}},
			mark:   17, note: "the second Read begins",
			why: "behind the n bytes that came, the buffer still holds those of the Read before",
		},
		{
			name:   "bytes that are no text, and no line end behind them",
			chunks: []chunk{{"\x00\xff\r\r\n\n", nil}, {"\xc3", nil}, {"\xa9 the end", nil}},
			why:    "TCP carries bytes; lines and letters are what programs agree to see in them",
		},
		{
			name:   "a Read of 0 bytes without an error is not the end",
			chunks: []chunk{{"before", nil}, {"", nil}, {"after", nil}},
			mark:   6, note: "a Read returned 0, nil before this byte",
			why: "only an error ends a stream (io.Reader: \"callers should treat a return of 0 and nil as indicating that nothing happened\")",
		},
		{
			name:   "bytes that come together with io.EOF",
			chunks: []chunk{{"first", nil}, {"last", io.EOF}},
			mark:   5, note: "this Read returned 4, io.EOF",
			why: "a Read may return the last bytes and the error in one call: look at n before you look at err",
		},
		{
			name:   "bytes that come together with another error",
			chunks: []chunk{{"first", nil}, {"last", errGone}},
			mark:   5, note: "this Read returned 4 and an error",
			why: "what has arrived has arrived, whatever the error says about what would have come next",
		},
		{
			name:   "nothing is written after a Write has failed",
			chunks: []chunk{{"hello", nil}, {"world", nil}},
			mark:   3, note: "Write took the bytes before this one, and returned 3 and an error",
			want: "hel",
			room: 3,
			why:  "the bytes that Write did not take are lost; whatever you send next would stand in their place",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sent string
			for _, c := range tt.chunks {
				sent += c.data
			}
			want, room := sent, plenty
			if tt.room > 0 {
				want, room = tt.want, tt.room
			}
			got, late := play(t, room, tt.chunks)
			report := testkit.Report{Sent: sent, Mark: tt.mark, Note: tt.note, Why: tt.why}
			if diff := testkit.StreamDiff(want, got); diff != "" {
				report.Want = fmt.Sprintf("the %d bytes back: %s", len(want), testkit.Excerpt(want))
				report.Got = diff + ", and Echo returned"
				report.Error(t)
			}
			if late != "" {
				report.Want = "no Write after the one that failed"
				report.Got = fmt.Sprintf("Write was called again with %s", testkit.Excerpt(late))
				report.Error(t)
			}
		})
	}

	t.Run("however the bytes are split", func(t *testing.T) {
		const text = "GET / HTTP/1.1\r\n\r\n"
		for how, pieces := range testkit.Splits(text) {
			var chunks []chunk
			for _, piece := range pieces {
				chunks = append(chunks, chunk{piece, nil})
			}
			got, _ := play(t, plenty, chunks)
			if diff := testkit.StreamDiff(text, got); diff != "" {
				testkit.Report{
					Sent: text,
					Want: "the same bytes back",
					Got:  how + ": " + diff,
					Why:  "TCP keeps the bytes and their order, not the borders between Writes (RFC 9293 §2.2: \"a reliable, in-order, byte-stream service\")",
				}.Fatal(t)
			}
		}
	})

	t.Run("more than any buffer holds", func(t *testing.T) {
		sent := numbered(1 << 20)
		got, _ := play(t, plenty, []chunk{{sent, nil}})
		if diff := testkit.StreamDiff(sent, got); diff != "" {
			testkit.Report{
				Doing: fmt.Sprintf("the client sends %d bytes (\"byte 0\\n\", \"byte 7\\n\" and so on), and reads what comes back", len(sent)),
				Want:  fmt.Sprintf("%d bytes back", len(sent)),
				Got:   diff + ", and Echo returned",
				Why:   "one Read returns at most what fits into the buffer, and a stream may be longer than any buffer",
			}.Error(t)
		}
	})
}

// play lets Echo talk on a script, and returns what it wrote, and what it tried
// to write after a Write had failed.
func play(t *testing.T, room int, chunks []chunk) (sent, late string) {
	t.Helper()
	testkit.Bubble(t, func(t *testing.T) {
		conn := newScript(t, room, chunks)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			echo.Echo(ctx, conn)
		}()
		<-returned
		sent, late = conn.result()
	})
	return sent, late
}

// numbered returns n bytes in lines that say which they are, so that a failure
// shows where in the stream it is.
func numbered(n int) string {
	b := make([]byte, 0, n+20)
	for len(b) < n {
		b = append(b, "byte "...)
		b = strconv.AppendInt(b, int64(len(b)-5), 10)
		b = append(b, '\n')
	}
	return string(b[:n])
}

// TestTask1_Conversation talks with Echo over a pipe: a connection without any
// buffer, on which every Write waits for its Read.
func TestTask1_Conversation(t *testing.T) {
	t.Run("each message comes back before the next one is sent", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			c := talkPiped(t, t.Context())
			for i, msg := range []string{"hello", "are you there?\n", "\x00"} {
				symptom := c.say(msg)
				if symptom == "" {
					symptom = c.hear(msg)
				}
				if symptom != "" {
					testkit.Report{
						Sent: msg,
						Want: "the same bytes back, while the connection stays open",
						Got:  fmt.Sprintf("message %d: %s", i+1, symptom),
						At:   c.at(),
						Why:  "the client waits for its answer before it says more; a server that waits for more as well waits for ever",
					}.Fatal(t)
				}
			}
		})
	})

	t.Run("two connections do not share a buffer", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ada := talkPiped(t, t.Context())
			bob := talkPiped(t, t.Context())
			report := testkit.Report{
				Doing: "ada sends \"from ada\" and does not read yet; bob sends \"from bob\" and reads; then ada reads",
				Want:  "ada gets back what she has sent, though bob talks in between",
				Why:   "while one Echo waits for its client to read, another one fills the same buffer",
			}
			for _, step := range []func() string{
				func() string { return ada.say("from ada") }, // Echo has it, and waits for ada to read
				func() string { return bob.say("from bob") },
				func() string { return bob.hear("from bob") },
				func() string { return ada.hear("from ada") },
			} {
				if symptom := step(); symptom != "" {
					report.Got = symptom
					report.Fatal(t)
				}
			}
		})
	})

	t.Run("a client that does not read is made to wait", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			c := talkPiped(t, t.Context())
			report := testkit.Report{
				Doing: "a client sends and does not read",
				Want:  "Echo stops reading while its Write waits; then all that it took comes back",
				Why:   "a server that goes on reading keeps the bytes in memory: any client can make it grow until it dies. TCP makes the sender wait if you just do not read (RFC 9293 §3.8.6)",
			}
			const tooMuch = 4 << 20
			text := numbered(tooMuch)
			taken := 0
			for taken < tooMuch {
				c.SetWriteDeadline(time.Now().Add(patience))
				n, err := c.Write([]byte(text[taken:min(taken+64<<10, tooMuch)]))
				taken += n
				if isTimeout(err) {
					break
				}
				if err != nil {
					report.Got = fmt.Sprintf("%d bytes were taken, then: %s%s", taken, testkit.Symptom(err), c.note())
					report.Fatal(t)
				}
			}
			if taken == tooMuch {
				report.Got = "Echo took 4 MiB from a client that has not read one byte"
				report.Fatal(t)
			}
			if symptom := c.hear(text[:taken]); symptom != "" {
				report.Got = symptom
				report.Fatal(t)
			}
		})
	})
}

// talkPiped runs Echo on one end of a pipe and returns the other.
func talkPiped(t *testing.T, ctx context.Context) *client {
	conn, other := net.Pipe()
	return talk(t, ctx, testkit.Guard(t, conn), other)
}
