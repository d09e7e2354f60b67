package reqline_test

import (
	"testing"

	"barewire/solutions/02-request-line"
)

// TestAllocations holds the reference to what step 10 builds on: a line of a
// method that is known costs no memory, apart from an IPv6 address, which
// package netip takes as a string. It stands here and not among the step's tests
// because a learner's parser that copies is a correct one.
func TestAllocations(t *testing.T) {
	for _, line := range []string{
		"GET / HTTP/1.1\r\n",
		"\r\nPOST /form?a=1&b=2 HTTP/1.0\r\n",
		"DELETE /caf%C3%A9/%2e%2E/x HTTP/1.1\r\n",
		"GET http://example.org:8080/where?q=now HTTP/1.1\r\n",
		"HEAD http://example.org HTTP/1.1\r\n",
		"CONNECT example.org:443 HTTP/1.1\r\n",
		"OPTIONS * HTTP/1.1\r\n",
		"PATCH /a HTTP/1.9\r\n",
		"GET / HTTP/1.", // ErrIncomplete
	} {
		src := []byte(line)
		var l reqline.RequestLine
		n := testing.AllocsPerRun(100, func() { l.Parse(src, 0) })
		if n != 0 {
			t.Errorf("%q costs %v allocations, want none", line, n)
		}
	}
	dst := make([]byte, 0, 64)
	for _, path := range []string{"/a/b", "/a/./%7eb/../%2f"} {
		src := []byte(path)
		if n := testing.AllocsPerRun(100, func() { reqline.AppendNormalized(dst, src) }); n != 0 {
			t.Errorf("the normal form of %q costs %v allocations, want none", path, n)
		}
		if n := testing.AllocsPerRun(100, func() { reqline.AppendDecoded(dst, src) }); n != 0 {
			t.Errorf("%q, decoded, costs %v allocations, want none", path, n)
		}
	}
}
