package reqline_test

import (
	"bufio"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	reqline "barewire/steps/02-request-line"
)

// benchLines are what real clients send.
var benchLines = []struct{ name, line string }{
	{"curl", "GET / HTTP/1.1\r\n"},
	{"browser", "GET /shop/caf%C3%A9/menu.html?lang=fr&utm_source=newsletter&utm_medium=email&id=0123456789 HTTP/1.1\r\n"},
	{"proxy", "GET http://www.example.org:8080/where?q=now HTTP/1.1\r\n"},
}

// BenchmarkRequestLine parses a line. net/http has no function for the line
// alone: its ReadRequest reads a head, here without a field but Host, and allocates
// a Request.
func BenchmarkRequestLine(b *testing.B) {
	for _, bb := range benchLines {
		b.Run("line="+bb.name+"/impl=ours", func(b *testing.B) {
			src := []byte(bb.line)
			var l reqline.RequestLine
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Parse(src, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("line="+bb.name+"/impl=nethttp", func(b *testing.B) {
			head := bb.line + "Host: a\r\n\r\n"
			r := strings.NewReader(head)
			buf := bufio.NewReader(r)
			b.SetBytes(int64(len(bb.line)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset(head)
				buf.Reset(r)
				if _, err := http.ReadRequest(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTarget(b *testing.B) {
	for _, bb := range benchLines {
		target := strings.Fields(bb.line)[1]
		b.Run("target="+bb.name+"/impl=ours", func(b *testing.B) {
			src := []byte(target)
			var t reqline.Target
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if err := t.Parse("GET", src); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("target="+bb.name+"/impl=neturl", func(b *testing.B) {
			b.SetBytes(int64(len(target)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := url.ParseRequestURI(target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNormalized has path.Clean beside it, which knows no percent-encoding
// and merges slashes: a lower bound, not a peer.
func BenchmarkNormalized(b *testing.B) {
	for _, bb := range []struct{ name, path string }{
		{"plain", "/shop/menu.html"},
		{"dots", "/a/b/../../c/./d/../e"},
		{"encoded", "/caf%c3%a9/%7esmith/a%2fb"},
		{"attack", strings.Repeat("/a/..", 1600)},
	} {
		b.Run("path="+bb.name+"/impl=ours", func(b *testing.B) {
			src, dst := []byte(bb.path), make([]byte, 0, len(bb.path)+1)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reqline.AppendNormalized(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("path="+bb.name+"/impl=pathclean", func(b *testing.B) {
			b.SetBytes(int64(len(bb.path)))
			b.ReportAllocs()
			for b.Loop() {
				path.Clean(bb.path)
			}
		})
	}
}

func BenchmarkQuery(b *testing.B) {
	const query = "lang=fr&utm_source=newsletter&utm_medium=email&name=Ada+Lovelace&id=0123456789"
	b.Run("impl=ours", func(b *testing.B) {
		src := []byte(query)
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := reqline.ParseQuery(src); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("impl=neturl", func(b *testing.B) {
		b.SetBytes(int64(len(query)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := url.ParseQuery(query); err != nil {
				b.Fatal(err)
			}
		}
	})
}
