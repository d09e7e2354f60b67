package load

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads responses from text until an error.
func readAll(r io.Reader, head bool) (all []response, err error) {
	in := reader{Reader: bufio.NewReaderSize(r, readBuffer)}
	for {
		resp, err := in.read(head)
		if err != nil {
			return all, err
		}
		if all = append(all, resp); resp.last {
			return all, nil
		}
	}
}

func TestResponses(t *testing.T) {
	for _, row := range []struct {
		name string
		text string
		want response // its bytes are all of the text
	}{
		{"a length", ok, response{status: 200}},
		{"a length of 0", "HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n", response{status: 404}},
		{"the same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1 \r\n\r\nx", response{status: 200}},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", response{status: 200}},
		{"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", response{status: 200}},
		{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", response{status: 200}},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", response{status: 200}},
		{"chunks with trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", response{status: 200}},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", response{status: 204}},
		{"not modified, with the length there would be", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", response{status: 304}},
		{"interim responses", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, response{status: 200}},
		{"close", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", response{status: 200, last: true}},
		{"up to the end", "HTTP/1.1 200 OK\r\n\r\nall of this", response{status: 200, last: true}},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", response{status: 200, last: true}},
		{"HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", response{status: 200}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want.bytes = int64(len(row.text))
			for name, in := range map[string]io.Reader{
				"whole":        strings.NewReader(row.text),
				"byte by byte": iotest.OneByteReader(strings.NewReader(row.text)),
			} {
				got, err := readAll(in, false)
				if len(got) != 1 || got[0] != row.want || !row.want.last && err != io.EOF {
					t.Errorf("%s: %+v, %v; want %+v", name, got, err, row.want)
				}
			}
			if row.want.last {
				return
			}
			got, _ := readAll(strings.NewReader(row.text+row.text+ok), false)
			if len(got) != 3 || got[1] != row.want {
				t.Errorf("with others behind it: %+v, want it twice and one more", got)
			}
		})
	}
	t.Run("to HEAD", func(t *testing.T) {
		const text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		if got, err := readAll(strings.NewReader(text), true); len(got) != 2 || err != io.EOF {
			t.Errorf("%+v, %v; want two responses", got, err)
		}
	})
}

func TestBrokenResponses(t *testing.T) {
	for name, text := range map[string]string{
		"no HTTP":                       "SSH-2.0-OpenSSH_9.6\r\n\r\n",
		"HTTP/2":                        "HTTP/2.0 200 OK\r\n\r\n",
		"a status of two digits":        "HTTP/1.1 20 OK\r\n\r\n",
		"a status of four digits":       "HTTP/1.1 2000 OK\r\n\r\n",
		"a status that is none":         "HTTP/1.1 999 OK\r\n\r\n",
		"a status below 100":            "HTTP/1.1 099 OK\r\n\r\n",
		"an empty line first":           "\r\n" + ok,
		"a line without a colon":        "HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
		"an empty name":                 "HTTP/1.1 200 OK\r\n: 0\r\n\r\n",
		"a length that is no number":    "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
		"a length that is too long":     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
		"two lengths":                   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
		"a length and a coding":         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a coding in HTTP/1.0":          "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a chunk without a size":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"a chunk with a bad size":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n",
		"a chunk longer than its size":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
		"a trailer without a colon":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nab\r\n\r\n",
		"a switch of protocols":         "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"interim responses for ever":    strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20),
		"a line without an end":         "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 100_000),
		"a head without an end":         "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 100_000),
		"a trailer section without end": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(strings.NewReader(text), false)
			var b brokenError
			if len(got) != 0 || !errors.As(err, &b) {
				t.Errorf("%+v, %v; want no response and a brokenError", got, err)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// FuzzResponses says that reading byte by byte gives the same as reading all at
// once, and that no more bytes are counted than there are.
func FuzzResponses(f *testing.F) {
	f.Add(ok+ok, false)
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n", false)
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", true)
	f.Fuzz(func(t *testing.T, text string, head bool) {
		whole, err := readAll(strings.NewReader(text), head)
		bytewise, err2 := readAll(iotest.OneByteReader(strings.NewReader(text)), head)
		if len(whole) != len(bytewise) || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("at once: %+v, %v\nbyte by byte: %+v, %v", whole, err, bytewise, err2)
		}
		var sum int64
		for i := range whole {
			if whole[i] != bytewise[i] {
				t.Errorf("response %d is %+v at once, %+v byte by byte", i, whole[i], bytewise[i])
			}
			sum += whole[i].bytes
		}
		if sum > int64(len(text)) {
			t.Errorf("%d bytes counted of %d", sum, len(text))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	const text = "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 09:30:00 GMT\r\nContent-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\n"
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	in := strings.NewReader(text)
	r := reader{Reader: bufio.NewReaderSize(in, readBuffer)}
	for b.Loop() {
		in.Reset(text)
		if resp, err := r.read(false); err != nil || resp.status != 200 {
			b.Fatal(resp, err)
		}
	}
}
