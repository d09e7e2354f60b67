package dissect_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"barewire/checker/conformance/cases"
	"barewire/docs/lab/dissect"
	"barewire/docs/lab/serve"
	reqline "barewire/solutions/02-request-line"
	message "barewire/solutions/03-headers-bodies"
)

// TestParse_cases takes every case of the conformance collection apart.
func TestParse_cases(t *testing.T) {
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		c := &all[i]
		t.Run(c.Group+"/"+c.Name, func(t *testing.T) {
			pieces := make([][]byte, len(c.Pieces))
			for i, p := range c.Pieces {
				pieces[i] = []byte(p)
			}
			trace := serve.Run(pieces, c.Half)
			r := dissect.Parse([]byte(c.Sent()), trace.Limit())
			check(t, []byte(c.Sent()), r)
			if n := len(r.Messages); trace.Limit() >= 0 && n != trace.Requests {
				t.Errorf("%s: %d messages, and the server answered %d", c.File, n, trace.Requests)
			}
		})
	}
}

// check says what is wrong with a result, whatever the bytes are.
func check(t *testing.T, src []byte, r *dissect.Result) {
	t.Helper()
	end := 0
	for _, s := range r.Spans {
		if s.Start != end || s.End <= s.Start {
			t.Fatalf("%.300q: a span from %d to %d behind one that ends at %d", src, s.Start, s.End, end)
		}
		end = s.End
	}
	if end != len(src) {
		t.Fatalf("%.300q: the spans end at %d of %d", src, end, len(src))
	}
	at := 0
	for i := range r.Messages {
		m := &r.Messages[i]
		if m.Start != at || m.End < m.Start || m.Split != "" {
			t.Errorf("%.300q: message %d starts at %d and ends at %d, and the one before ended at %d; split %q", src, i, m.Start, m.End, at, m.Split)
		}
		at = m.End
		if i < len(r.Messages)-1 && !m.Complete {
			t.Errorf("%.300q: message %d is not complete, and there is another one", src, i)
		}
		checkMessage(t, src, r, m)
	}
}

// checkMessage compares a message with what the parser says of the bytes at its start.
func checkMessage(t *testing.T, src []byte, r *dissect.Result, m *dissect.Message) {
	t.Helper()
	var h message.Head
	n, err := h.Parse(src[m.Start:], message.Limits{})
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		if m.Stop == nil || m.Stop.Offset != m.Start+e.Offset || m.Stop.Status != e.Status || m.Stop.Rule != e.Rule || m.Stop.Msg != e.Msg {
			t.Errorf("%.300q: the parser says %v of byte %d on; the lab %+v", src, e, m.Start, m.Stop)
		}
		return
	}
	if errors.Is(err, reqline.ErrIncomplete) {
		if m.Stop != nil || m.HeadEnd != 0 {
			t.Errorf("%.300q: the parser asks for more from byte %d on; the lab says %+v", src, m.Start, m)
		}
		return
	}
	if m.HeadEnd != m.Start+n {
		t.Errorf("%.300q: the head from %d on has %d bytes, and ends at %d in the lab", src, m.Start, n, m.HeadEnd)
	}
	want, wantErr := content(&h, src[m.HeadEnd:])
	var got []byte
	for _, s := range r.Spans {
		if (s.Part == dissect.Content || s.Part == dissect.ChunkData) && s.Start >= m.HeadEnd && s.Start < m.End {
			got = append(got, src[s.Start:s.End]...)
		}
	}
	if wantErr == nil && m.Stop != nil || wantErr != nil && (m.Stop == nil || m.Stop.Msg != wantErr.Msg || m.Stop.Offset != m.HeadEnd+wantErr.Offset) {
		t.Errorf("%.300q: the decoder says %v; the lab %+v", src, wantErr, m.Stop)
	}
	// A byte of data where it stopped is the one that is refused.
	if !bytes.Equal(got, want) && m.Stop == nil {
		t.Errorf("%.300q: content %.100q; the lab shows %.100q", src, want, got)
	}
}

// content is what the decoder makes of src in one go.
func content(h *message.Head, src []byte) ([]byte, *reqline.ProtocolError) {
	if !h.Framing.Chunked {
		return src[:min(h.Framing.Length, int64(len(src)))], nil
	}
	var d message.ChunkedDecoder
	var all []byte
	for len(src) > 0 {
		data, n, err := d.Decode(src)
		all = append(all, data...)
		if err != nil {
			e, _ := errors.AsType[*reqline.ProtocolError](err)
			return all, e
		}
		src = src[n:]
	}
	return all, nil
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string // part and bytes
	}{
		{"a request", "GET /a?b HTTP/1.1\r\nHost:  a \r\n\r\n", []string{
			"method GET", "space  ", "path /a", "query ?b", "space  ", "version HTTP/1.1", "line end \r\n",
			"field name Host", "colon :", "optional whitespace   ", "field value a", "optional whitespace  ", "line end \r\n", "end of the head \r\n"}},
		{"a target in absolute-form", "GET http://a:80/b HTTP/1.1\r\n", []string{
			"method GET", "space  ", "scheme http://", "authority a:80", "path /b", "space  ", "version HTTP/1.1", "line end \r\n"}},
		{"content", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab", []string{
			"method POST", "space  ", "path /", "space  ", "version HTTP/1.0", "line end \r\n",
			"field name Content-Length", "colon :", "optional whitespace  ", "field value 2", "line end \r\n", "end of the head \r\n", "content ab"}},
		{"chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nT: u\r\n\r\n", []string{
			"method POST", "space  ", "path /", "space  ", "version HTTP/1.1", "line end \r\n",
			"field name Host", "colon :", "optional whitespace  ", "field value a", "line end \r\n",
			"field name Transfer-Encoding", "colon :", "optional whitespace  ", "field value chunked", "line end \r\n", "end of the head \r\n",
			"chunk size 2", "chunk extension ;x", "line end \r\n", "chunk data ab", "end of a chunk \r\n",
			"chunk size 0", "line end \r\n", "trailer field name T", "colon :", "optional whitespace  ", "trailer field value u", "line end \r\n", "end of the content \r\n"}},
		{"a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", []string{
			"method GET", "space  ", "path /", "space  ", "version HTTP/1.1", "line end \r\n",
			"field name Host", "where it stopped  ", "not read : a\r\n\r\n"}},
		{"a bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", []string{
			"method GET", "space  ", "path /", "space  ", "version HTTP/1.1", "where it stopped \n", "not read Host: a\r\n\r\n"}},
		{"the beginning of a method", "GE", []string{"unfinished line GE"}},
		{"an empty line first", "\r\nGET", []string{"empty line \r\n", "unfinished line GET"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			r := dissect.Parse([]byte(test.src), -1)
			for _, s := range r.Spans {
				got = append(got, s.Part.String()+" "+test.src[s.Start:s.End])
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q is\n%q, want\n%q", test.src, got, test.want)
			}
			check(t, []byte(test.src), r)
		})
	}
}

// TestParse_stop looks at when the parser knew, and what is to blame.
func TestParse_stop(t *testing.T) {
	src := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	r := dissect.Parse([]byte(src), 1)
	stop := r.Messages[0].Stop
	if stop == nil || !slices.Equal(stop.Fields, []int{26, 45}) || stop.Knew != 75 {
		t.Errorf("%q: %+v, want the fields at 26 and 45, known after 75 bytes", src, stop)
	}
	src = "GET / HTTP/1.1\r\nHost : a\r\n\r\n"
	stop = dissect.Parse([]byte(src), 1).Messages[0].Stop
	if stop == nil || stop.Offset != 20 || stop.Knew != 26 {
		t.Errorf("%q: %+v, want byte 20, known after 26 bytes", src, stop)
	}
}

// FuzzParse takes any bytes apart: every byte is in one span, and what the lab says is
// what the parser says.
//
//fuzz:runs 20000
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\nGET",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n", "\n", "GET http://a HTTP/1.1\r\n", " ", ":\r\n", "A B\rC D\r\n\r",
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
	} {
		f.Add([]byte(seed), -1)
	}
	f.Fuzz(func(t *testing.T, src []byte, requests int) {
		check(t, src, dissect.Parse(src, requests))
	})
}
