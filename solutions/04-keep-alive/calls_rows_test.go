package keepalive_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"barewire/solutions/04-keep-alive"
)

// xs is n bytes of content or of a field's value.
func xs(n int) string { return strings.Repeat("x", n) }

// short answers with few bytes, whatever came.
func short(w keepalive.ResponseWriter, r *keepalive.Request) { io.WriteString(w, "hello") }

// nothing leaves the answer to the server.
func nothing(keepalive.ResponseWriter, *keepalive.Request) {}

// reads takes the content with Reads of n bytes, one of none before and behind it, and
// answers with what each of them returned.
func reads(n int) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		var told strings.Builder
		read := func(n int) error {
			m, err := r.Body.Read(make([]byte, n))
			fmt.Fprintf(&told, "%d %v, ", m, err)
			return err
		}
		for read(0); read(n) == nil; {
		}
		read(0)
		read(n)
		io.WriteString(w, told.String())
	}
}

// writes answers with a Content-Length, unless it is empty, and writes pieces of these sizes.
// The last piece is what the last Write and Flush return.
func writes(length string, sizes ...int) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if length != "" {
			w.Header().Set("Content-Length", length)
		}
		for _, n := range sizes {
			w.Write(make([]byte, n))
		}
	}
}

// status answers with a status and content of n bytes.
func status(status, n int) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if w.WriteHeader(status); n > 0 {
			w.Write(make([]byte, n))
		}
	}
}

// fields answers with these fields, given as names and values.
func fields(all ...string) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		for i := 0; i < len(all); i += 2 {
			w.Header().Add(all[i], all[i+1])
		}
	}
}

// longer answers a HEAD for /longer with n+5 bytes more than any other.
func longer(n int) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if string(r.Target.Raw) == "/longer" {
			w.Header().Set("A", xs(n))
		}
	}
}

// copies answers with the content of src by io.CopyN, n bytes of it, behind what it writes before.
func copies(length, before string, src func() io.Reader, n int64) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if length != "" {
			w.Header().Set("Content-Length", length)
		}
		if before != "" {
			io.WriteString(w, before)
		}
		var copied int64
		var err error
		if n < 0 {
			copied, err = w.(io.ReaderFrom).ReadFrom(src())
		} else {
			copied, err = io.CopyN(w, src(), n)
		}
		tell(r, "copied %d, %v", copied, err)
	}
}

// source is n bytes to copy, and then err.
func source(n int, err error) func() io.Reader {
	return func() io.Reader { return &failing{strings.NewReader(xs(n)), err} }
}

type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

const (
	head     = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	longHead = "HEAD /longer HTTP/1.1\r\nHost: a\r\n\r\n"
	sized    = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
	coded    = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	asked    = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	last     = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	old      = "GET / HTTP/1.0\r\n\r\n"
	connect  = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
	oldKA    = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
)

// of returns a request with one field more, so that it has n bytes.
func of(n int, request string) string {
	return strings.Replace(request, "Host: a\r\n", "Host: a\r\nA: "+xs(n-len(request)-len("A: \r\n"))+"\r\n", 1)
}

// waiting is about the head of a request: where it is read to, and for how long.
var waiting = []call{
	{name: "one request", handler: short, in: []string{minimal}},
	{name: "two requests, and the date of the second", handler: short, in: []string{minimal, minimal}, pause: 700 * time.Millisecond},
	{name: "four requests in two seconds", handler: short, in: []string{minimal, minimal, minimal, minimal}, pause: 700 * time.Millisecond},
	{name: "two at once", handler: short, in: []string{minimal + minimal}},
	{name: "two and a half at once", handler: short, in: []string{minimal + minimal + minimal[:9], minimal[9:]}, pause: 1100 * time.Millisecond},
	{name: "a head in pieces", handler: short, in: []string{minimal[:4], minimal[4:9], minimal[9:]}, pause: 1100 * time.Millisecond},
	{name: "a head in pieces that was waited for", handler: short, in: []string{minimal[:4], minimal[4:9], minimal[9:], minimal[:4], minimal[4:]}, pause: 1100 * time.Millisecond, headBy: 5 * time.Second},
	{name: "one and a half that were waited for", handler: short, in: []string{minimal + minimal[:9], minimal[9:]}, pause: 1100 * time.Millisecond, headBy: 5 * time.Second},
	{name: "a last byte that comes with the end", handler: short, in: []string{minimal[:26], minimal[26:]}, atOnce: true},
	{name: "all of it with the end", handler: short, in: []string{minimal}, atOnce: true},
	{name: "reads of nothing", handler: short, in: []string{"", minimal[:9], "", minimal[9:]}},
	{name: "a second head in pieces", handler: short, in: []string{minimal, minimal[:9], minimal[9:20], minimal[20:]}, pause: 1100 * time.Millisecond},
	{name: "1024 bytes at once", handler: short, in: []string{of(1024, minimal), minimal}},
	{name: "1025 bytes, 512 of them first", handler: short, in: []string{of(1025, minimal)[:512], of(1025, minimal)[512:]}},
	{name: "1025 bytes, 513 of them first", handler: short, in: []string{of(1025, minimal)[:513], of(1025, minimal)[513:]}},
	{name: "two, and little room for the second", handler: short, in: []string{of(600, minimal) + minimal[:9], minimal[9:]}},
	{name: "4000 bytes, then fewer", handler: short, in: []string{of(4000, minimal), minimal, minimal}},
	{name: "7000 bytes, then fewer", handler: short, in: []string{of(7000, minimal), minimal, minimal}},
	{name: "9000 bytes, then fewer", handler: short, in: []string{of(9000, minimal), minimal, minimal}},
	{name: "it ends at once", handler: short},
	{name: "it says nothing", handler: short, end: os.ErrDeadlineExceeded},
	{name: "it says nothing more", handler: short, in: []string{minimal}, end: os.ErrDeadlineExceeded},
	{name: "half a head, and its end", handler: short, in: []string{minimal[:9]}},
	{name: "half a head, and nothing more", handler: short, in: []string{minimal[:9]}, end: os.ErrDeadlineExceeded},
	{name: "half a head, and a reset", handler: short, in: []string{minimal[:9]}, end: errTorn},
	{name: "half a second head, and its end", handler: short, in: []string{minimal, minimal[:9]}},
	{name: "an answer that is reset", handler: short, in: []string{minimal, minimal}, torn: 1},
	{name: "a reset while half a head is here", handler: short, in: []string{minimal + minimal[:9], minimal[9:]}, torn: 1},
	{name: "line ends, and its end", handler: short, in: []string{"\r\n"}},
	{name: "line ends, and nothing more", handler: short, in: []string{"\r\n"}, end: os.ErrDeadlineExceeded},
	{name: "too many line ends", handler: short, in: []string{strings.Repeat("\r\n", 8)}},
	{name: "served again", handler: short, in: []string{minimal}, end: os.ErrDeadlineExceeded, later: []string{minimal}},
	{name: "told to stop", handler: short, stops: true, in: []string{minimal, minimal}},
	{name: "told to stop when the head has left", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		short(w, r)
		w.Flush()
	}, stops: true, in: []string{minimal, minimal}},
	{name: "told to stop when nothing has come", handler: short, in: []string{minimal, minimal}, pause: 700 * time.Millisecond, stopsIn: 300 * time.Millisecond},
	{name: "told to stop when one has been answered", handler: short, in: []string{minimal, minimal}, pause: 700 * time.Millisecond, stopsIn: 900 * time.Millisecond},
	{name: "told to stop before the content", handler: reads(100), in: []string{sized + "5\r\n\r\n", "ab", "cde", minimal}, pause: 700 * time.Millisecond, stopsIn: 900 * time.Millisecond},
	{name: "told to stop within a head", handler: reads(100), in: []string{minimal[:9], minimal[9:], minimal}, pause: 700 * time.Millisecond, stopsIn: 900 * time.Millisecond},
	{name: "told to stop with another request here", handler: short, stops: true, in: []string{minimal + minimal, minimal}},
	{name: "told to stop with half of another here", handler: short, stops: true, in: []string{minimal + minimal[:9], minimal[9:]}},
}

// content is about the content of a request.
var content = []call{
	{name: "content that is here", handler: reads(2048), in: []string{sized + "5\r\n\r\nabcde"}},
	{name: "content that comes later", handler: reads(2048), in: []string{sized + "5\r\n\r\n", "abcde"}},
	{name: "content in small reads", handler: reads(2), in: []string{sized + "5\r\n\r\nabc", "de", minimal}},
	{name: "much content", handler: reads(100_000), in: []string{sized + "250000\r\n\r\nabcde", xs(249_995)}},
	{name: "content that ends too early", handler: reads(100), in: []string{sized + "5\r\n\r\nabc"}},
	{name: "nobody reads, nobody answers", handler: nothing, in: []string{sized + "5\r\n\r\nabcde", minimal}},
	{name: "nobody reads 20000 bytes", handler: short, in: []string{sized + "20000\r\n\r\nabcde", xs(19_995)}},
	{name: "nobody reads 256 KiB", handler: short, in: []string{sized + "262144\r\n\r\n", xs(262_144), minimal}},
	{name: "nobody reads a byte more", handler: short, in: []string{sized + "262145\r\n\r\n", xs(262_145), minimal}},
	{name: "nobody reads for 30 seconds", handler: short, in: []string{sized + "5\r\n\r\n", "a", "b", "c", "d", "e"}, pause: 10100 * time.Millisecond},
	{name: "nobody reads chunks", handler: short, in: []string{coded + "2\r\nab\r\n0\r\n\r\n" + minimal}},
	{name: "nobody reads chunks of 256 KiB", handler: short, in: []string{of(1024, coded+"40000\r\n"), xs(262_144), "\r\n0\r\n\r\n", minimal}},
	{name: "nobody reads chunks of a byte more", handler: short, in: []string{of(1024, coded+"40001\r\n"), xs(262_145), "\r\n0\r\n\r\n", minimal}},
	{name: "nobody reads broken chunks", handler: short, in: []string{coded + "5\r\nabcdeX\r\n" + minimal}},
	{name: "nobody reads chunks that end too early", handler: short, in: []string{coded + "5\r\nabc"}},
	{name: "nobody reads chunks that are reset", handler: short, in: []string{coded + "5\r\nabc"}, end: errTorn},
	{name: "content with the end", handler: reads(100), in: []string{sized + "5\r\n\r\n", "ab", "cde"}, atOnce: true},
	{name: "half of the content with the end", handler: reads(100), in: []string{sized + "5\r\n\r\n", "ab"}, atOnce: true},
	{name: "nobody reads the content of the last request", handler: short, in: []string{strings.Replace(sized, "Host", "Connection: close\r\nHost", 1) + "5\r\n\r\n", "abcde"}},
	{name: "nobody reads the content of the last request, and its end is here", handler: short, in: []string{strings.Replace(sized, "Host", "Connection: close\r\nHost", 1) + "5\r\n\r\nabc"}, atOnce: true},
	{name: "broken chunks behind the answer's head, and nothing to say", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Flush()
		reads(100)(failingWriter{w}, r)
	}, in: []string{coded + "5\r\nabcdeX\r\n" + minimal}},
	{name: "broken chunks are read behind the answer's head", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Flush()
		reads(100)(w, r)
	}, in: []string{coded + "5\r\nabcdeX\r\n" + minimal}},
	{name: "chunks that are here", handler: reads(2048), in: []string{coded + "5\r\nabcde\r\n0\r\n\r\n"}},
	{name: "chunks that come later", handler: reads(3), in: []string{coded, "5\r\nabc", "de\r\n0\r\n", "\r\n", minimal}},
	{name: "chunks behind a head of 512 bytes", handler: reads(2048), in: []string{of(512, coded), "5\r\nabc", "de\r\n0\r\n\r\n"}},
	{name: "chunks behind a head of 513 bytes", handler: reads(2048), in: []string{of(513, coded), "5\r\nabc", "de\r\n0\r\n\r\n", minimal}},
	{name: "chunks that are reset", handler: reads(2048), in: []string{coded + "5\r\nabc"}, end: errTorn},
	{name: "chunks that are reset, and the handler says nothing", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		reads(2048)(failingWriter{w}, r)
	}, in: []string{coded + "5\r\nabc"}, end: errTorn},
	{name: "content that is asked for", handler: reads(2048), in: []string{asked, "abcde", minimal}},
	{name: "content that nobody asks for", handler: short, in: []string{asked, "abcde", minimal}},
	{name: "content that did not wait", handler: reads(2048), in: []string{asked + "ab", "cde", minimal}},
	{name: "content that did not wait and is not read", handler: short, in: []string{asked + "ab", "cde", minimal}},
	{name: "content that is asked for by hand", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.WriteHeader(100)
		reads(2048)(w, r)
	}, in: []string{asked, "abcde", minimal}},
	{name: "a 103 asks for nothing", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.WriteHeader(103)
		reads(2048)(w, r)
	}, in: []string{asked, "abcde", minimal}},
	{name: "an interim response that is reset", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.WriteHeader(103)
		w.WriteHeader(103)
		short(w, r)
	}, in: []string{minimal, minimal}, torn: 1},
	{name: "another expectation", handler: short, in: []string{strings.Replace(asked, "100", "200", 1)}},
	{name: "a handler that writes before content breaks", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		io.WriteString(w, "begun")
		reads(100)(failingWriter{w}, r)
	}, in: []string{coded + "5\r\nabcdeX\r\n"}},
	{name: "and one that writes afterwards, and reads again", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		reads(100)(w, r)
		r.Body.Read(make([]byte, 1))
	}, in: []string{coded + "5\r\nabcdeX\r\n"}},
	{name: "and one that wrote before and afterwards, and reads again", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		io.WriteString(w, "begun")
		reads(100)(w, r)
		r.Body.Read(make([]byte, 1))
	}, in: []string{coded + "5\r\nabcdeX\r\n"}},
}

// A failingWriter is a ResponseWriter on which nothing is written.
type failingWriter struct{ keepalive.ResponseWriter }

func (failingWriter) Write(p []byte) (int, error) { return len(p), nil }

// twenty are so many pieces that none is large and all together are.
func twenty(n int) (sizes []int) {
	for range 20 {
		sizes = append(sizes, n)
	}
	return sizes
}

// says answers with what Write and Flush have returned so far, to the connection that
// still has an answer, or to nobody.
func says(sizes ...int) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		for _, n := range sizes {
			m, err := w.Write(make([]byte, n))
			if err == nil && m != n || err != nil && m != 0 {
				panic("a part was written")
			}
			if err != nil {
				if w.Flush() != err {
					panic("Flush says something else than Write")
				}
				return
			}
		}
		if r.Method == "POST" {
			panic("nothing failed")
		}
	}
}

// answers is about the response: how it is framed, and in which writes it leaves.
var answers = []call{
	{name: "the last response", handler: short, in: []string{last}},
	{name: "the last response with more behind it", handler: short, in: []string{last + minimal}},
	{name: "HTTP/1.0", handler: short, in: []string{old}},
	{name: "HTTP/1.0 that goes on", handler: short, in: []string{oldKA, oldKA}},
	{name: "content that fits", handler: writes("", 4096), in: []string{minimal}},
	{name: "content that does not fit", handler: writes("", 4097), in: []string{minimal}},
	{name: "content that fits and a byte", handler: writes("", 4096, 1), in: []string{minimal}},
	{name: "small, then more", handler: writes("", 4095, 1, 4096), in: []string{minimal}},
	{name: "small, then large", handler: writes("", 1, 4097), in: []string{minimal}},
	{name: "small, then large, with a length", handler: writes("4098", 1, 4097), in: []string{minimal}},
	{name: "as much as is copied", handler: writes("16384", 16_384), in: []string{minimal}},
	{name: "a byte more than is copied", handler: writes("16385", 16_385), in: []string{minimal}},
	{name: "more than one write", handler: writes("600000", 600_000), in: []string{minimal}},
	{name: "a byte more than one write", handler: writes("262065", 262_065), in: []string{minimal}},
	{name: "as much as one write", handler: writes("262064", 262_064), in: []string{minimal}},
	{name: "content that gathers", handler: writes("", twenty(4000)...), in: []string{minimal}},
	{name: "content that gathers to 64 KiB", handler: writes("200000", append(twenty(4096)[:15], 4016, 4096, 4096)...), in: []string{minimal}},
	{name: "content that gathers to a byte less", handler: writes("200000", append(twenty(4096)[:15], 4015, 4096, 4096)...), in: []string{minimal}},
	{name: "answers that gather", handler: writes("", 4096), in: []string{strings.Repeat(minimal, 40)}},
	{name: "answers that gather to 64 KiB", handler: writes("", 4022), in: []string{strings.Repeat(minimal, 17)}},
	{name: "answers that gather, and a reset", handler: writes("", 4096), in: []string{strings.Repeat(minimal, 40)}, torn: 1},
	{name: "heads that gather", handler: nothing, in: []string{of(60_000, minimal) + strings.Repeat(head, 3000)}},
	{name: "heads that gather to 64 KiB", handler: longer(11), in: []string{of(60_000, minimal) + strings.Repeat(head, 300) + longHead + strings.Repeat(head, 2000)}},
	{name: "heads that gather to a byte less", handler: longer(10), in: []string{of(60_000, minimal) + strings.Repeat(head, 300) + longHead + strings.Repeat(head, 2000)}},
	{name: "heads that gather, and a reset", handler: nothing, in: []string{of(60_000, minimal) + strings.Repeat(head, 3000)}, torn: 2},
	{name: "a field of 200 KB in the first of two responses", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Method == "HEAD" {
			w.Header().Set("A", xs(200_000))
		}
	}, in: []string{head, minimal, minimal}},
	{name: "content of 200 KB in small pieces", handler: writes("", append(twenty(4000), 200_000)...), in: []string{minimal, minimal}},
	{name: "a reset", handler: writes("600000", 600_000), in: []string{minimal}, torn: 1},
	{name: "a reset later", handler: writes("600000", 600_000), in: []string{minimal}, torn: 2},
	{name: "a reset in chunks", handler: writes("", 5000, 5000), in: []string{minimal}, torn: 1},
	{name: "a reset of what gathers", handler: writes("", twenty(4000)...), in: []string{minimal}, torn: 1},
	{name: "a reset, and the handler is told", handler: says(5000, 5000, 1), in: []string{strings.Replace(asked, "Expect", "Except", 1) + "abcde"}, torn: 1},
	{name: "a reset of a small piece, and the handler is told", handler: says(append(twenty(4000), 1, 1)...), in: []string{sized + "0\r\n\r\n"}, torn: 1},
	{name: "flushed content", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		io.WriteString(w, "a")
		w.Flush()
		io.WriteString(w, "b")
		w.Flush()
		w.Flush()
	}, in: []string{minimal}},
	{name: "a flushed head, and a reset", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Flush()
		w.Flush()
	}, in: []string{minimal}, torn: 1},
	{name: "a broken request", handler: short, in: []string{"GET\r\n\r\n"}},
	{name: "a broken request behind another", handler: short, in: []string{minimal + "GET\r\n\r\n"}},
	{name: "a broken section", handler: short, in: []string{"GET / HTTP/1.1\r\nA B\r\n\r\n"}},
	{name: "no digits for a length", handler: fields("Content-Length", "abc"), in: []string{minimal}},
	{name: "a negative length", handler: fields("Content-Length", "-1"), in: []string{minimal}},
	{name: "the length 0", handler: fields("Content-Length", "0"), in: []string{minimal}},
	{name: "the length 0, flushed", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Length", "0")
		w.Flush()
	}, in: []string{minimal}},
	{name: "a byte for the length 0", handler: writes("0", 1), in: []string{minimal}},
	{name: "two lengths", handler: fields("Content-Length", "3", "Content-Length", "4"), in: []string{head}},
	{name: "the length 0 and another", handler: fields("Content-Length", "0", "Content-Length", "4"), in: []string{head}},
	{name: "the largest length", handler: fields("Content-Length", "9223372036854775807"), in: []string{head}},
	{name: "a larger length", handler: fields("Content-Length", "9223372036854775808"), in: []string{head}},
	{name: "a date of the handler's", handler: fields("DATE", "today", "date", "now"), in: []string{minimal}},
	{name: "no date", handler: fields("Datd", "today", "dAtE-", "now", "Etag", "1"), in: []string{minimal}},
	{name: "two dates and another name", handler: fields("Date", "today", "Etag", "1"), in: []string{minimal}},
	{name: "cookies beside close", handler: fields("Connection", "close", "Set-Cookie", "1", "Set-Cookie", "keep-alive"), in: []string{minimal}},
	{name: "keep-alive by hand", handler: fields("CONNECTION", "Keep-Alive"), in: []string{minimal}},
	{name: "close among others", handler: fields("Connection", "x, close"), in: []string{minimal}},
	{name: "close on the second line", handler: fields("Connection", "x", "Connection", "close"), in: []string{minimal}},
	{name: "a member that nobody knows", handler: fields("Connection", "x", "Set-Cookie", "1"), in: []string{minimal}},
	{name: "coding by hand", handler: fields("TRANSFER-ENCODING", "gzip", "transfer-encodinG", "chunked", "Transfer-Encodinf", "1"), in: []string{minimal}},
	{name: "a close that an early response does not say yet", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Length", "3")
		w.Header().Set("Date", "today")
		w.Header().Set("Link", "<a>")
		w.WriteHeader(103)
		w.Header().Reset()
		io.WriteString(w, "hello")
	}, in: []string{minimal}},
}

// files is about content that comes from a file.
var files = []call{
	{name: "a file", handler: copies("100000", "", source(100_000, io.EOF), -1), in: []string{minimal, minimal}},
	{name: "a file behind a byte", handler: copies("100001", "x", source(100_000, io.EOF), -1), in: []string{minimal, minimal}},
	{name: "a part of a file", handler: copies("100000", "", source(100_001, io.EOF), 100_000), in: []string{minimal}},
	{name: "less of a file than the length", handler: copies("100000", "", source(100_000, io.EOF), 99_999), in: []string{minimal}},
	{name: "more of a file than the length", handler: copies("100000", "", source(100_001, io.EOF), 100_001), in: []string{minimal}},
	{name: "a file that is too short", handler: copies("100000", "", source(99_999, io.EOF), -1), in: []string{minimal}},
	{name: "a part of 600000 bytes of a file", handler: copies("600000", "", source(700_000, io.EOF), 600_000), in: []string{minimal}},
	{name: "the small rest of a file", handler: copies("40000", xs(10_000), source(30_000, io.EOF), -1), in: []string{minimal}},
	{name: "a part of a file that is too short", handler: copies("100000", "", source(99_999, io.EOF), 100_000), in: []string{minimal}},
	{name: "a file of 600000 bytes", handler: copies("600000", "", source(600_000, io.EOF), 600_000), in: []string{minimal}},
	{name: "a file that cannot be read", handler: copies("100000", "", source(0, errors.New("no disk")), -1), in: []string{minimal}},
	{name: "a small file", handler: copies("32767", "", source(32_767, io.EOF), -1), in: []string{minimal}},
	{name: "a file that is large enough", handler: copies("32768", "", source(32_768, io.EOF), -1), in: []string{minimal}},
	{name: "a small file that cannot be read", handler: copies("100", "", source(10, errors.New("no disk")), -1), in: []string{minimal}},
	{name: "a file without a length", handler: copies("", "", source(100_000, io.EOF), -1), in: []string{minimal}},
	{name: "a file to HEAD", handler: copies("100000", "", source(100_000, io.EOF), -1), in: []string{head}},
	{name: "a file, and a reset", handler: copies("600000", "", source(600_000, io.EOF), -1), in: []string{minimal}, torn: 1},
	{name: "a file, and a reset later", handler: copies("600000", "", source(600_000, io.EOF), -1), in: []string{minimal}, torn: 2},
	{name: "a file, and a reset still later", handler: copies("600000", "", source(600_000, io.EOF), -1), in: []string{minimal}, torn: 3},
	{name: "a file when the connection is gone", handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
		copies("600000", xs(5000), source(100_000, io.EOF), -1)(w, r)
	}, in: []string{minimal}, torn: 1},
	{name: "a head that cannot leave", handler: copies("600000", "", source(600_000, io.EOF), -1), in: []string{minimal}, more: errTorn},
}

// ends is about how a connection ends.
var ends = []call{
	{name: "a panic", handler: func(keepalive.ResponseWriter, *keepalive.Request) { panic("x") }, in: []string{minimal}},
	{name: "a panic that is too late", handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.Flush(); panic("x") }, in: []string{minimal}},
	{name: "a panic that is too late for HTTP/1.0", handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.Flush(); panic("x") }, in: []string{old}},
	{name: "a panic with content that has not left", handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		for range 3 {
			w.Write(make([]byte, 4000))
		}
		panic("x")
	}, in: []string{minimal}},
	{name: "a client that goes on sending", handler: short, in: []string{last, xs(2_000_000)}},
	{name: "a client that sends 1 MiB more", handler: short, in: []string{"GET\r\n\r\n", xs(1 << 20)}},
	{name: "a client that sends more than 1 MiB", handler: short, in: []string{"GET\r\n\r\n", xs(1<<20 + 1)}, pause: time.Millisecond},
	{name: "a side that cannot be closed", handler: short, in: []string{"GET\r\n\r\n", xs(100)}, half: errTorn},
	{name: "an answer that cannot leave", handler: short, in: []string{"GET\r\n\r\n", xs(100)}, torn: 1},
	{name: "an answer and its end that cannot leave", handler: short, in: []string{last}, more: errTorn},
	{name: "a last byte for HTTP/1.0", handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Flush()
		io.WriteString(w, "x")
	}, in: []string{old}},
	{name: "a client that ended in the content", handler: short, in: []string{sized + "5\r\n\r\n"}},
}
