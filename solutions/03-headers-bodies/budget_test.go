// What the reference promises beyond the tasks: what a head costs.

package message_test

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
)

var budgetHeads = []struct{ name, head string }{
	{"minimal", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"browser", "GET /index.html?utm=abc HTTP/1.1\r\nHost: www.example.org\r\nConnection: keep-alive\r\n" +
		"sec-ch-ua: \"Chromium\";v=\"126\", \"Not-A.Brand\";v=\"24\"\r\nUpgrade-Insecure-Requests: 1\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: session=abcdefghijklmnop\r\n\r\n"},
}

// A Head that is used again parses without an allocation.
func TestBudgetAllocations(t *testing.T) {
	for _, in := range budgetHeads {
		src := []byte(in.head)
		var h message.Head
		if n := testing.AllocsPerRun(100, func() {
			if _, err := h.Parse(src, message.Limits{}); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", in.name, n)
		}
	}
}

// A client that sends a long head one byte at a time makes the parser look at its
// bytes again only when a line is complete: what it looks at is counted by how often
// the first byte has to be parsed, which a head that is broken there tells.
func TestBudgetDrip(t *testing.T) {
	head := "GET / HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("x", 60000)
	src := []byte(head)
	var h message.Head
	if _, err := h.Parse(src[:30], message.Limits{}); !errors.Is(err, reqline.ErrIncomplete) {
		t.Fatal(err)
	}
	// From here on no line ends, so the beginning is not looked at again, and may
	// be anything.
	src[0] = 0
	for i := 31; i < len(src); i++ {
		if _, err := h.Parse(src[:i], message.Limits{}); !errors.Is(err, reqline.ErrIncomplete) {
			t.Fatalf("after %d bytes the whole head was parsed again: %v", i, err)
		}
	}
	if _, err := h.Parse(append(src, '\r', '\n'), message.Limits{}); errors.Is(err, reqline.ErrIncomplete) {
		t.Error("a line was completed, and the head was not parsed again")
	}
}

func BenchmarkHead(b *testing.B) {
	for _, in := range budgetHeads {
		src := []byte(in.head)
		b.Run(in.name+"/impl=ours", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			var h message.Head
			for b.Loop() {
				if _, err := h.Parse(src, message.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(in.name+"/impl=nethttp", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			r := bytes.NewReader(src)
			br := bufio.NewReader(r)
			for b.Loop() {
				r.Reset(src)
				br.Reset(r)
				if _, err := http.ReadRequest(br); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
