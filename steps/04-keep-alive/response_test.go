package keepalive_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// handle returns a server with a handler.
func handle(f func(w keepalive.ResponseWriter, r *keepalive.Request)) keepalive.Server {
	return keepalive.Server{Handler: keepalive.HandlerFunc(f)}
}

func TestTask2_Response(t *testing.T) {
	run(t, []row{
		{
			name: "the handler's content is the response's",
			why:  "a response without WriteHeader has status 200; here the client asked for the connection to be closed",
			send: []string{get("/x", bye)},
			want: "200, then closed", check: contents("hello /x"),
		},
		{
			name: "the content has its length",
			why:  "a server SHOULD send Content-Length when it knows the size before the head leaves (RFC 9110 §8.6)",
			send: []string{get("/x", bye)},
			want: "200, then closed", check: both(field("Content-Length", "8"), field("Transfer-Encoding", "")),
		},
		{
			name: "no content has length 0",
			does: "the handler does nothing",
			why:  "without a length and without chunks, the client would wait for the end of the connection (RFC 9112 §6.3)",
			server: handle(func(keepalive.ResponseWriter, *keepalive.Request) {
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: field("Content-Length", "0"),
		},
		{
			name: "a status of the handler's choice",
			does: `the handler calls WriteHeader(404) and Write("no")`,
			why:  "WriteHeader chooses the status",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.WriteHeader(404)
				io.WriteString(w, "no")
			}),
			send: []string{get("/", bye)},
			want: "404, then closed", check: contents("no"),
		},
		{
			name: "the first WriteHeader counts",
			does: "the handler calls WriteHeader(201), then WriteHeader(500)",
			why:  "the client can be told one status only, and the first may be on its way",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.WriteHeader(201)
				w.WriteHeader(500)
			}),
			send: []string{get("/", bye)},
			want: "201, then closed",
		},
		{
			name: "fields that are set after the first write are not sent",
			does: `the handler sets A: before, calls Write("content"), sets A: after and B: after`,
			why:  "the header section stands before the content; a field that was sometimes sent and sometimes not would depend on the size of a buffer",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("A", "before")
				io.WriteString(w, "content")
				w.Header().Set("A", "after")
				w.Header().Set("B", "after")
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: both(field("A", "before"), field("B", "")),
		},
		{
			name: "the request arrives in pieces",
			why:  "TCP keeps the order of bytes and not where a Read ends",
			send: []string{"G", "ET /x HT", "TP/1.1\r", "\nHost: a\r\nConnection: close\r\n", "\r\n"},
			want: "200, then closed", check: contents("hello /x"),
		},
		{
			name: "several writes are one content",
			does: `the handler calls Write("ab") three times`,
			why:  "the length is that of all writes together (RFC 9110 §8.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				for range 3 {
					io.WriteString(w, "ab")
				}
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: both(contents("ababab"), field("Content-Length", "6")),
		},
		{
			name: "one write to the connection",
			why:  "head and content in two writes are two system calls and often two packets",
			send: []string{get("/x", bye)},
			want: "200, then closed", check: func(k *talk, _ []reply) (string, string) {
				return "writes to the connection: 1", fmt.Sprintf("writes to the connection: %d", len(k.reads))
			},
		},
		{
			name: "the handler's bytes are its own afterwards",
			does: `the handler calls Write(p) with "one " in p, puts "two " into p and calls Write(p) again`,
			why:  "Write copies or sends before it returns: the handler may use its slice again",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				p := []byte("one ")
				w.Write(p)
				copy(p, "two ")
				w.Write(p)
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: contents("one two "),
		},
		{
			name: "fields with names as long as those that the server knows",
			does: "the handler sets Etag, Set-Cookie, Accept-Patches and X-Request-Trace-I to 1",
			why:  "a name is compared whole: these frame nothing, and an Etag is no Date (RFC 9110 §6.6.1)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				for _, name := range []string{"Etag", "Set-Cookie", "Accept-Patches", "X-Request-Trace-I"} {
					w.Header().Set(name, "1")
				}
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: both(field("Etag", "1"), field("Set-Cookie", "1"), field("Accept-Patches", "1"), field("X-Request-Trace-I", "1"), func(_ *talk, all []reply) (string, string) {
				return "one Date", strings.Replace(fmt.Sprintf("%d Date", len(all[0].Header.Values("Date"))), "1", "one", 1)
			}),
		},
		{
			name: "nor does a field with such a name go with the one that the server has taken",
			does: "the handler sets Connection: close and Set-Cookie: 1",
			why:  "Set-Cookie has ten letters as Connection has, and nothing else of it",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Connection", "close")
				w.Header().Set("Set-Cookie", "1")
			}),
			send: []string{get("/")},
			want: "200, then closed", check: field("Set-Cookie", "1"),
		},
		{
			name: "a long field section",
			does: "the handler writes how long the field Long is",
			why:  "the buffer has to grow with the head, up to the limit of step 3 (64 KiB)",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				fmt.Fprint(w, len(r.Header.Value("Long")))
			}),
			send: []string{get("/", bye, "Long: "+strings.Repeat("x", 20000))},
			want: "200, then closed", check: contents("20000"),
		},
		{
			name: "where the client is",
			does: "the handler writes r.RemoteAddr",
			why:  "RemoteAddr is that of the connection (a net.Pipe here, whose address is \"pipe\")",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				fmt.Fprint(w, r.RemoteAddr)
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: contents("pipe"),
		},
	})
}

func TestTask2_DateOfTheResponse(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		srv := handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			switch r.Path() {
			case "/own":
				w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
			case "/error":
				w.WriteHeader(404)
			}
		})
		now := time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		for path, want := range map[string]string{
			"/": now, "/error": now, "/own": "Thu, 01 Jan 1970 00:00:00 GMT",
		} {
			k := converse(t, &srv, get(path, bye))
			all, _ := k.replies()
			got := k.summary()
			if len(all) == 1 {
				got = describe("Date", strings.Join(all[0].Header.Values("Date"), " and "))
			}
			if want = describe("Date", want); got != want {
				k.report("the handler sets Date of its own at /own, and calls WriteHeader(404) at /error", want, got,
					"an origin server with a clock MUST send Date, once (RFC 9110 §6.6.1)").Error(t)
			}
		}
	})
}

func TestTask2_NoContent(t *testing.T) {
	var rows []row
	for _, test := range []struct {
		name, method string
		status       int
		length       string // the Content-Length that is wanted
		why          string
	}{
		{"HEAD says what GET would and has no content", "HEAD", 200, "4", "a response to HEAD ends with its header section (RFC 9112 §6.3)"},
		{"204 has neither content nor length", "GET", 204, "", "MUST NOT send Content-Length with 204 (RFC 9110 §8.6)"},
		{"205 has length 0", "GET", 205, "0", "a 205 has no content, and says so (RFC 9110 §15.3.6)"},
		{"nor has 204 to HEAD", "HEAD", 204, "", "MUST NOT send Content-Length with 204, whatever the method is (RFC 9110 §8.6)"},
		{"304 to HEAD does not count what was written", "HEAD", 304, "", "the length in a 304 is that of the 200 that it stands for, and nobody has said that (RFC 9110 §8.6)"},
		{"304 has no content", "GET", 304, "", "a 304 ends with its header section (RFC 9112 §6.3)"},
	} {
		var wrote error
		rows = append(rows, row{
			name: test.name, why: test.why,
			does: fmt.Sprintf(`the handler calls WriteHeader(%d) and Write("text")`, test.status),
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.WriteHeader(test.status)
				_, wrote = io.WriteString(w, "text")
			}),
			send:    []string{request(test.method, "/", "", bye)},
			methods: []string{test.method},
			want:    fmt.Sprintf("%d, then closed", test.status),
			check: func(k *talk, all []reply) (string, string) {
				got := all[0].Header.Get("Content-Length")
				if _, behind, _ := strings.Cut(k.raw(), "\r\n\r\n"); behind != "" {
					return "nothing behind the empty line", fmt.Sprintf("%q behind it", behind)
				}
				if refused := errors.Is(wrote, keepalive.ErrNoContent); refused != (test.method != "HEAD") {
					return "ErrNoContent from Write, but no error for HEAD", fmt.Sprintf("the error %v from Write", wrote)
				}
				return describe("Content-Length", test.length), describe("Content-Length", got)
			},
		})
	}
	rows = append(rows, row{
		name: "nor is long content announced with 204",
		does: "the handler calls WriteHeader(204) and writes 2 × MaxHeld bytes",
		why:  "MUST NOT send Transfer-Encoding with 204, to HEAD neither (RFC 9112 §6.1)",
		server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.WriteHeader(204)
			io.WriteString(w, strings.Repeat("x", 2*keepalive.MaxHeld))
		}),
		send: []string{request("HEAD", "/", "", bye)}, methods: []string{"HEAD"},
		want: "204, then closed", check: both(field("Transfer-Encoding", ""), field("Content-Length", "")),
	})
	run(t, rows)
}

func TestTask5_LongResponse(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1024) // 16 KiB
	writeLong := handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) { io.WriteString(w, long) })
	inPieces := handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		for i := 0; i < len(long); i += 100 {
			io.WriteString(w, long[i:min(i+100, len(long))])
		}
	})
	var tooMuch error // what Write said of the byte too much
	const doesLong = "the handler writes 16 KiB with one Write"
	const why = "content whose length is not known when the head leaves is chunked (RFC 9112 §7.1)"
	run(t, []row{
		{
			name: "one write that does not fit", why: why, server: writeLong, does: doesLong,
			send: []string{get("/"), get("/")},
			want: "200, 200, then open", check: both(contents(long, long), field("Transfer-Encoding", "chunked"), field("Content-Length", "")),
		},
		{
			name: "many writes that do not fit together", why: why, server: inPieces, does: "the handler writes 16 KiB in pieces of 100 bytes",
			send: []string{get("/"), get("/")},
			want: "200, 200, then open", check: both(contents(long, long), field("Transfer-Encoding", "chunked")),
		},
		{
			name: "HTTP/1.0 gets it up to the end of the connection",
			why:  "MUST NOT send Transfer-Encoding unless the request was HTTP/1.1 (RFC 9112 §6.1)", server: writeLong, does: doesLong,
			send: []string{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
			want: "200, then closed", check: both(contents(long), field("Transfer-Encoding", "")),
		},
		{
			name: "with the handler's own length it is not chunked",
			does: "the handler sets Content-Length: 16384 and writes 16 KiB",
			why:  "a sender MUST NOT send both (RFC 9112 §6.2)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(long)))
				io.WriteString(w, long)
			}),
			send: []string{get("/"), get("/")},
			want: "200, 200, then open", check: both(contents(long, long), field("Transfer-Encoding", ""), field("Content-Length", "16384")),
		},
		{
			name: "more than the handler's own length is refused",
			does: `the handler sets Content-Length: 4, then calls Write("1234") and Write("5")`,
			why:  "the client takes byte 5 for the start of the next response (RFC 9112 §6.3)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "4")
				io.WriteString(w, "1234")
				_, tooMuch = io.WriteString(w, "5")
			}),
			send: []string{get("/"), get("/", bye)},
			want: "200, 200, then closed", check: both(contents("1234", "1234"), func(*talk, []reply) (string, string) {
				return fmt.Sprint(keepalive.ErrContentLength), fmt.Sprint(tooMuch)
			}),
		},
		{
			name: "nothing is sent of a write that is refused",
			does: `the handler sets Content-Length: 4, then calls Write("abcde") and Write("1234")`,
			why:  "half of a piece that was refused is content that nobody meant to send; the handler may try again with less",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "4")
				io.WriteString(w, "abcde")
				io.WriteString(w, "1234")
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: contents("1234"),
		},
		{
			name: "less than the handler's own length ends the connection",
			does: `the handler sets Content-Length: 10 and calls Write("1234")`,
			why:  "the client still waits: only the end of the connection tells it that nothing comes (RFC 9112 §8)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "10")
				io.WriteString(w, "1234")
			}),
			send: []string{get("/"), get("/")},
			want: "200 (content cut off), then closed", or: "500, then closed", // nothing has left yet
		},
		{
			name: "a 304 with the length of its 200 is complete",
			does: "the handler sets Content-Length: 10 and calls WriteHeader(304)",
			why:  "a 304 may say how long the content of the 200 would be; it has none itself, so nothing is missing (RFC 9110 §8.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "10")
				w.WriteHeader(304)
			}),
			send: []string{get("/"), get("/")},
			want: "304, 304, then open",
		},
		{
			name: "content that just fits has its length",
			does: "the handler writes MaxHeld bytes with one Write",
			why:  "MaxHeld bytes are held back, and not one less: the response fits (RFC 9110 §8.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				io.WriteString(w, long[:keepalive.MaxHeld])
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: both(contents(long[:keepalive.MaxHeld]), field("Content-Length", fmt.Sprint(keepalive.MaxHeld)), field("Transfer-Encoding", "")),
		},
		{
			name: "a length of the handler's is not sent with 204",
			does: "the handler sets Content-Length: 4 and calls WriteHeader(204)",
			why:  "MUST NOT send Content-Length with 204: some clients would wait for 4 bytes, and take the next response for them (RFC 9110 §8.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "4")
				w.WriteHeader(204)
			}),
			send: []string{get("/"), get("/", bye)},
			want: "204, 204, then closed", check: field("Content-Length", ""),
		},
		{
			name: "a 2xx to CONNECT has neither length nor chunks",
			does: `the handler sets Content-Length: 4 and calls Write("text")`,
			why:  "MUST NOT send either: behind this head a tunnel begins, and only the end of the connection says that there is none (RFC 9110 §9.3.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "4")
				io.WriteString(w, "text")
			}),
			send: []string{request("CONNECT", "a:443", "") + get("/")}, methods: []string{"CONNECT"},
			want: "200, then closed", check: both(field("Content-Length", ""), field("Transfer-Encoding", "")),
		},
		{
			name: "nor has one that the handler knows no length of",
			does: "the handler writes 16 KiB with one Write", server: writeLong,
			why:  "MUST NOT send either (RFC 9110 §9.3.6)",
			send: []string{request("CONNECT", "a:443", "") + get("/")}, methods: []string{"CONNECT"},
			want: "200, then closed", check: both(field("Content-Length", ""), field("Transfer-Encoding", "")),
		},
		{
			name: "CONNECT that is refused is a request like others",
			does: "the handler calls Error(w, 405)",
			why:  "without a 2xx there is no tunnel: the response has a length, and the connection goes on (RFC 9110 §9.3.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				keepalive.Error(w, 405)
			}),
			send: []string{request("CONNECT", "a:443", "") + get("/")}, methods: []string{"CONNECT"},
			want: "405, 405, then open", check: field("Transfer-Encoding", ""),
		},
		{
			name: "the handler cannot frame the message itself",
			does: `the handler sets Transfer-Encoding: chunked and calls Write("text")`,
			why:  "Transfer-Encoding is the server's: a handler's would announce chunks that nobody writes",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Transfer-Encoding", "chunked")
				io.WriteString(w, "text")
			}),
			send: []string{get("/"), get("/", bye)},
			want: "200, 200, then closed", check: contents("text", "text"),
		},
		{
			name: "a value with a line end stays one value",
			does: `the handler sets Location to "/a\r\nSet-Cookie: admin=1\r\n\r\nHTTP/1.1 200 OK"`,
			why:  "otherwise whoever controls the value writes fields, or a whole response (RFC 9112 §11.1)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Location", "/a\r\nSet-Cookie: admin=1\r\n\r\nHTTP/1.1 200 OK")
			}),
			send: []string{get("/", bye)},
			want: "200, then closed", check: field("Set-Cookie", ""),
		},
	})
}

func TestTask5_FlushOfContent(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		const pause = 300 * time.Millisecond
		srv := handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			io.WriteString(w, "first")
			w.Flush()
			time.Sleep(pause)
			io.WriteString(w, "second")
		})
		k := converse(t, &srv, get("/", bye))
		want := "\"first\" after 0s, the rest 300ms later: \"firstsecond\", 200, then closed"
		got := k.summary()
		if all, err := k.replies(); err == nil && len(all) == 1 && len(k.reads) > 1 && strings.Contains(k.reads[0].text, "first") {
			got = fmt.Sprintf("\"first\" after %v, the rest %v later: %q, %s",
				k.reads[0].at, k.reads[len(k.reads)-1].at-k.reads[0].at, all[0].content, got)
		}
		if got != want {
			k.report(`the handler calls Write("first") and Flush, sleeps for 300ms, and calls Write("second")`, want, got,
				"Flush sends what was written so far: a client that waits for it sees it").Error(t)
		}
	})
}

// A handler that waits for events has nothing to write yet, but the client wants to
// know that it was understood.
func TestTask5_FlushOfTheHead(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		srv := handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("A", "before")
			w.Flush()
			w.Header().Set("A", "after")
			time.Sleep(300 * time.Millisecond)
			io.WriteString(w, "event")
		})
		k := converse(t, &srv, get("/", bye))
		const want = `a head with A: before after 0s, then 200 "event", then closed`
		got := k.summary()
		if all, err := k.replies(); err == nil && len(all) == 1 && strings.HasSuffix(k.reads[0].text, "\r\n\r\n") {
			got = fmt.Sprintf("a head with %s after %v, then %d %q, then closed", describe("A", all[0].Header.Get("A")), k.reads[0].at, all[0].StatusCode, all[0].content)
		}
		if got != want {
			k.report(`the handler sets A: before, calls Flush, sets A: after, sleeps for 300ms, and calls Write("event")`, want, got,
				"before the first Write, Flush sends the header section, and fixes it as WriteHeader(200) does").Error(t)
		}
	})
}

// A response of any length costs the server a bounded buffer.
func TestTask5_MemoryForLongContent(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		const size, most = 1 << 20, 128 << 10
		srv := handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			piece := make([]byte, 1000)
			for n := 0; n < size; n += len(piece) {
				w.Write(piece)
			}
			time.Sleep(300 * time.Millisecond)
		})
		k := converse(t, &srv, get("/", bye))
		early := 0 // bytes that came while the handler ran
		for _, p := range k.reads {
			if p.at < 300*time.Millisecond {
				early += len(p.text)
			}
		}
		const want = "200, then closed; not more than 128 KiB waited for the end of the handler"
		got := k.summary() + "; not more than 128 KiB waited for the end of the handler"
		if early < size-most {
			got = fmt.Sprintf("%s; %d KiB waited for the end of the handler", k.summary(), (size-early)>>10)
		}
		if got != want {
			k.report("the handler writes 1 MiB in pieces of 1000 bytes, sleeps for 300ms and returns", want, got,
				"content that is kept until its end costs the server as much memory as the longest file that it serves, for each client").Error(t)
		}
	})
}

func TestTask5_Interim(t *testing.T) {
	const doesEarly = `the handler sets Link, calls WriteHeader(103) and Write("text")`
	early := handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		io.WriteString(w, "text")
	})
	run(t, []row{
		{
			name: "a 103 is sent at once and the response follows", server: early, does: doesEarly,
			why:  "an interim response has no content and is followed by the final one (RFC 9110 §15.2)",
			send: []string{get("/"), get("/", bye)},
			want: "103, 200, 103, 200, then closed",
		},
		{
			name: "a 103 has the handler's fields, and none that frames content",
			does: `the handler sets Link and Content-Length: 4, calls WriteHeader(103) and Write("text")`,
			why:  "the fields that are there are what a 103 is for (RFC 8297 §2), but MUST NOT send Content-Length with 1xx (RFC 9110 §8.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Link", "</style.css>; rel=preload")
				w.Header().Set("Content-Length", "4")
				w.WriteHeader(103)
				io.WriteString(w, "text")
			}),
			send: []string{get("/", bye)},
			want: "103, 200, then closed", check: func(_ *talk, all []reply) (string, string) {
				of := func(r reply) string {
					return describe("Link", r.Header.Get("Link")) + ", " + describe("Content-Length", r.Header.Get("Content-Length"))
				}
				const link = "Link: </style.css>; rel=preload, "
				return "103 with " + link + "no field Content-Length; 200 with " + link + "Content-Length: 4",
					fmt.Sprintf("103 with %s; 200 with %s", of(all[0]), of(all[1]))
			},
		},
		{
			name: "so are all others from 100 to 199 but for 101",
			does: `the handler calls WriteHeader(102), WriteHeader(199) and Write("text")`,
			why:  "1xx is the class of interim responses, and a client waits for the final one behind one that it does not know (RFC 9110 §15.2)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.WriteHeader(102)
				w.WriteHeader(199)
				io.WriteString(w, "text")
			}),
			send: []string{get("/"), get("/", bye)},
			want: "102, 199, 200, 102, 199, 200, then closed", check: contents("", "", "text", "", "", "text"),
		},
		{
			name: "HTTP/1.0 gets the final response only", server: early, does: doesEarly,
			why:  "a server MUST NOT send a 1xx to an HTTP/1.0 client (RFC 9110 §15.2)",
			send: []string{"GET / HTTP/1.0\r\n\r\n"},
			want: "200, then closed",
		},
	})
}
