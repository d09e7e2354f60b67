package exam

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	middleware "barewire/solutions/07-middleware"

	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/step07"
)

func init() {
	steps[6] = []Check{
		{ID: "7.1/chain", Title: "Chain puts middleware around a handler, the first outermost, as often as it is used", Why: "it is written in the order in which a request meets it", run: checkChain},
		{ID: "7.2/recorder", Title: "a Recorder passes everything on and knows status and bytes", Why: "what is behind must not notice it: flushes, files and interim responses too", run: checkRecorder},
		{ID: "7.3/ids", Title: "RequestID keeps one well-formed id, and makes a new one otherwise", Why: "whoever sends an id writes it into our logs", run: checkRequestIDs},
		{ID: "7.3/well-formed", Title: "WellFormedID takes 1 to MaxRequestID harmless ASCII characters", Why: "an id can be nothing that means something in a log", run: checkWellFormed},
		{ID: "7.4/recover", Title: "Recover makes a panic cost one response, and logs it", Why: "a response that ends as if it were complete is stored as one (RFC 9112 §8)", run: checkRecover},
		{ID: "7.5/escaped", Title: "AppendEscaped leaves nothing that means something in a log", Why: "behind a line end a client writes lines of our log", run: checkEscaped},
		{ID: "7.5/records", Title: "AccessLog writes one record a request, whatever comes of it", Why: "a log that has no failures is missing what matters", run: checkAccessLog},
		{ID: "7.5/lines", Title: "CommonLog and CombinedLog write one line a request, in one piece", Why: "every log tool reads this format, and each line by itself", run: checkCommonLog},
		{ID: "7.6/cors", Title: "CORS answers preflights, and tells allowed origins what they may do", Why: "what one origin is told must not be told to another (Fetch §3.3)", run: checkCORS},
		{ID: "7.6/settings", Title: "CORS refuses settings that contradict themselves, or name origins that no browser sends", Why: "an origin that never matches is looked for for a long time", run: checkCORSSettings},
		{ID: "7.7/codings", Title: "ParseCoding reads a member of Accept-Encoding by its grammar", Why: "RFC 9110 §12.4.2", run: checkCodings},
		{ID: "7.7/negotiate", Title: "Negotiate finds the coding that the client likes best", Why: "RFC 9110 §12.5.3", run: checkNegotiate},
		{ID: "7.8/chosen", Title: "Compress compresses what shrinks, for those who take it, and leaves everything else as it is", Why: "RFC 9110 §8.4, §12.5.5", run: checkCompress},
		{ID: "7.8/written", Title: "while Compress holds content back, nothing is different for the handler", Why: "fields are fixed by the first write, and a Flush sends what there is", run: checkCompressWrites},
		{ID: "7.8/length", Title: "Compress keeps a handler to its own Content-Length", Why: "a response that is shorter than it says is cut off (RFC 9112 §8)", run: checkCompressLength},
		{ID: "7.9/body-limit", Title: "BodyLimit lets through what it should and not a byte more", Why: "413 (RFC 9110 §15.5.14)", run: checkBodyLimit},
		{ID: "7.9/timeout", Title: "Timeout makes everything fail that a handler does too late, and answers for it", Why: "Go has no way to end a goroutine, but what it does can fail", run: checkTimeout},
		{ID: "7.10/basic", Title: "ParseBasic reads user and password by their grammar", Why: "RFC 7617 §2", run: checkParseBasic},
		{ID: "7.10/auth", Title: "BasicAuth lets those in whom check accepts, and challenges the others", Why: "RFC 9110 §11.6.1, RFC 7617", run: checkBasicAuth},
		{ID: "7.10/users", Title: "Users accepts the right password of a user, and no other", Why: "the beginning of a password is not the password", run: checkUsers},
		{ID: "7.10/security", Title: "SecurityHeaders sets what it should, before the handler and on errors too", Why: "a handler may say otherwise, and a middleware further out has", run: checkSecurityHeaders},
	}
}

// scene is a case of middleware around a handler.
func scene(class string, layers []step07.Layer, requests ...step07.Request) Case[step07.Scene] {
	return Case[step07.Scene]{Class: class, Arg: step07.Scene{Layers: layers, Requests: requests}}
}

// scenes compares what middleware does.
func (x *X) scenes(cases []Case[step07.Scene]) {
	Compare(x, "middleware.Play", step07.Play, cases)
}

func layer(kind string) step07.Layer { return step07.Layer{Kind: kind} }

// asked is a request whose handler does this.
func asked(head string, actions ...step04.Action) step07.Request {
	return step07.Request{Head: []byte(head), Actions: actions}
}

// with is asked with content.
func with(content string, r step07.Request) step07.Request {
	r.Content = []byte(content)
	return r
}

func checkChain(x *X) {
	var cases []Case[step07.Scene]
	for range 30 {
		var layers []step07.Layer
		for range x.IntN(6) {
			layers = append(layers, step07.Layer{Kind: "tag", Text: x.Word()})
		}
		var requests []step07.Request
		for range 3 {
			requests = append(requests, asked(get("/"), act("write", x.Word())))
		}
		cases = append(cases, scene("tags around a handler", layers, requests...))
	}
	x.scenes(cases)
}

func checkRecorder(x *X) {
	var cases []Case[step07.Scene]
	content := func() string { return x.String(alnum, x.Between(1, 50)) }
	for range 80 {
		var actions []step04.Action
		for range x.IntN(6) {
			actions = append(actions, Pick(x.Rand, act("status", Pick(x.Rand, 200, 404, 204, 304, 103, 100)), act("write", content(), x.Between(1, 3)), act("flush"), act("file", content()),
				act("set", "X-A", x.Word()), act("write", "")))
		}
		if x.Chance(15) { // no server gives a connection away of which something has been written
			actions = []step04.Action{act("set", "X-A", x.Word()), act("hijack", "x")}
		}
		r := asked(request(Pick(x.Rand, "GET", "POST", "HEAD"), "/", ""), actions...)
		if x.Chance(20) {
			r.Gone = x.Between(1, 3)
		}
		cases = append(cases, scene("a Recorder around a handler", []step07.Layer{layer("recorder")}, r, asked(request(Pick(x.Rand, "GET", "POST"), "/", "")), asked(get("/"), actions...)))
	}
	x.scenes(cases)
}

func checkRequestIDs(x *X) {
	var cases []Case[step07.Scene]
	ids := []step07.Layer{layer("request id")}
	for range 20 {
		sent := "sent" + x.String(alnum+"._-", x.Between(16, 60))
		cases = append(cases,
			scene("an id that is sent", ids, asked(get("/", x.Case("X-Request-ID")+": "+sent), act("write", "x"))),
			scene("no id", ids, asked(get("/"), act("status", 404))),
			scene("two ids", ids, asked(get("/", "X-Request-ID: "+sent, "X-Request-ID: "+sent+"2"))),
			scene("an id that is none", ids, asked(get("/", "X-Request-ID: sent "+Pick(x.Rand, "a", "\"", "ä", "/", "")))),
			scene("an empty id", ids, asked(get("/", "X-Request-ID:"))),
			scene("an id that is too long", ids, asked(get("/", "X-Request-ID: sent"+x.String(alnum, 61)))),
			scene("an id of MaxRequestID bytes", ids, asked(get("/", "X-Request-ID: sent"+x.String(alnum, 60)))),
			scene("an id, and a panic behind it", []step07.Layer{layer("request id"), layer("recover")}, asked(get("/", "X-Request-ID: "+sent), act("panic"))))
	}
	x.scenes(cases)
}

func checkWellFormed(x *X) {
	var cases []Case[[]byte]
	add := func(class, id string) { cases = append(cases, Case[[]byte]{Class: class, Arg: []byte(id)}) }
	for c := range 256 {
		id := x.String(alnum, x.Between(1, 10))
		add("any byte in an id", id+string([]byte{byte(c)})+x.String(alnum, x.IntN(3)))
	}
	for _, n := range []int{0, 1, 2, 36, 62, 63, 64, 65, 66, 128} {
		add(fmt.Sprintf("an id of %d bytes", n), x.String(alnum+"._-", n))
	}
	for _, id := range []string{"é", "ａ", "١", "Ⅳ", " a", "a ", "\t"} {
		add("an id with letters of other scripts, or spaces", id)
	}
	Compare(x, "middleware.WellFormedID", step07.WellFormed, cases)
}

func checkRecover(x *X) {
	var cases []Case[step07.Scene]
	recovered := []step07.Layer{{Kind: "tag", Text: x.Word()}, layer("request id"), layer("recover")}
	var fields []step04.Action
	for _, f := range []string{"Content-Security-Policy", "Content-Length", "Content-Type", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control", "X-Kept", "Set-Cookie", "Vary", "Accept-Ranges", "Content-Range"} {
		fields = append(fields, act("set", f, x.String(digits, 2)))
	}
	text := x.Word()
	panics := act("panic", text)
	for range 5 {
		head := get("/"+x.Word()+"?q", "X-Request-ID: sent"+x.String(alnum, 20))
		cases = append(cases,
			scene("a panic before anything is written", recovered, asked(head, panics), asked(head, act("write", "next"))),
			scene("a panic behind fields", recovered, asked(head, append(slices.Clone(fields[:x.Between(1, len(fields))]), panics)...)),
			scene("a panic behind the status", recovered, asked(head, act("status", 200), panics)),
			scene("a panic behind a write", recovered, asked(head, act("write", text), panics)),
			scene("a panic behind a flush", recovered, asked(head, act("flush"), panics)),
			scene("a panic behind an interim response", recovered, asked(head, act("status", 103), panics)),
			scene("a panic behind Hijack", recovered, asked(head, act("hijack", "x"), panics)),
			scene("no panic", recovered, asked(head, append(slices.Clone(fields[7:9]), act("write", text))...)))
	}
	CompareOr(x, "middleware.Play", step07.Play, cases, func(c Case[step07.Scene], want, got step07.Played) bool {
		// Which fields are "their like" is open for those that are not named.
		for _, p := range []*step07.Played{&want, &got} {
			for i := range p.Responses {
				var kept []string
				for _, f := range p.Responses[i].Fields {
					name, _, _ := strings.Cut(f, ":")
					switch name {
					case "content-type", "vary", "accept-ranges", "content-range", "cache-control-", "x-content-type-options":
					default:
						kept = append(kept, f)
					}
				}
				p.Responses[i].Fields = kept
			}
		}
		return same(want, got)
	})
	x.defaultLog("recover by default", panics, 500)
}

// defaultLog plays a scene with a middleware that was given no log. The reference, which is
// in this process, does not: the default log is everybody's.
func (x *X) defaultLog(kind string, action step04.Action, status int) {
	x.Doing("a log that is nil")
	var got step07.Played
	path := "/" + x.Word()
	x.Call("middleware.Play", step07.Scene{Layers: []step07.Layer{layer(kind)}, Requests: []step07.Request{asked(get(path), action)}}, &got)
	switch {
	case len(got.Responses) != 1 || got.Responses[0].Panicked != "" || got.Responses[0].Status != status:
		x.Fail(Failure{Brief: fmt.Sprintf("a response with status %d is wanted, and no panic", status), Got: show(got)})
	case len(got.Logs) != 1 || !strings.Contains(got.Logs[0], path):
		x.Fail(Failure{Brief: "slog.Default() should have a record of the request", Got: show(got)})
	}
}

func checkEscaped(x *X) {
	var cases []Case[[]byte]
	for c := range 256 {
		cases = append(cases, Case[[]byte]{Class: "any byte", Arg: []byte(x.Word() + string([]byte{byte(c)}) + x.Word())})
	}
	for range 100 {
		cases = append(cases, Case[[]byte]{Class: "any bytes", Arg: x.Bytes(x.IntN(30))})
	}
	Compare(x, "middleware.AppendEscaped", step07.Escaped, cases)
}

// exchanges draws requests of all kinds for logs.
func (x *X) exchanges() []step07.Request {
	evil := x.Word() + Pick(x.Rand, "\\x22", "\"", " 200 5", "\\", "%0d%0a", "\x80é", "\t")
	head := func(method string, fields ...string) string {
		return request(method, x.path()+x.query(), "", append(fields, "User-Agent: "+evil, "Referer: http://"+evil)...)
	}
	long := act("write", x.String(alnum, x.Between(1, 300)))
	stopped := asked(head("GET"), long)
	stopped.Stopping = true
	cut := with("abc", asked(head("POST"), act("content"), long))
	cut.BodyErr = "cut"
	large := with("abc", asked(head("POST"), act("content"), long))
	large.BodyErr = "413"
	refused := asked(head("GET"))
	refused.Refused = []byte(x.Word() + "\r\n" + evil)
	early := asked(head("GET"))
	early.Refused, early.RefusedWith = []byte(x.Word()), 505
	six := asked(head("GET"), long)
	six.Peer = fmt.Sprintf("[2001:db8::%x]:4711", x.Between(1, 0xffff))
	broken := asked("\x00\x01 bad")
	broken.Refused = []byte("\"" + x.Word() + "\\")
	return []step07.Request{
		asked(head("GET"), long), asked(head("HEAD"), long), asked(head("GET"), act("status", Pick(x.Rand, 404, 403))), asked(head("GET"), act("status", Pick(x.Rand, 500, 503)), long),
		asked(head("GET"), act("panic", "p")), asked(head("GET"), long, act("panic", "p")), asked(head("GET")), asked(request("GET", "/", "")), asked(head("GET"), act("status", 204)), asked(head("GET"), act("status", 505)),
		asked("GET /old HTTP/1.0\r\n\r\n", long), asked(head("GET"), act("status", 103), long), with("abc", asked(head("POST"), act("copy"))), asked(head("GET"), act("hijack", "x")), asked(head("GET"), act("flush"), long),
		cut, large, refused, early, six, broken, stopped,
	}
}

func checkAccessLog(x *X) {
	var cases []Case[step07.Scene]
	for range 4 {
		for _, r := range x.exchanges() {
			cases = append(cases, scene("a request that is logged", []step07.Layer{layer("request id"), layer("access log")}, r, asked(get("/", "X-Request-ID: sent"+x.Word()), act("write", "next"))),
				scene("a request that is observed", []step07.Layer{layer("observe")}, r))
		}
		cases = append(cases, scene("a log that is interested in errors only", []step07.Layer{layer("access log of errors")}, x.exchanges()...))
	}
	x.scenes(cases)
	x.defaultLog("access log by default", act("write", "x"), 200)
}

func checkCommonLog(x *X) {
	var cases []Case[step07.Scene]
	auth := func(user string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":p"))
	}
	for range 4 {
		kind := Pick(x.Rand, "common log", "combined log")
		for _, r := range x.exchanges() {
			cases = append(cases, scene("a request that is logged in a line", []step07.Layer{layer(kind)}, r, asked(get("/"), act("write", "next"))))
		}
		for _, user := range []string{x.Word(), x.Word() + " " + x.Word(), "a\"b", "a\\b", "é"} {
			cases = append(cases, scene("a user's name in a line", []step07.Layer{layer(kind), {Kind: "basic auth", Text: "r", Users: map[string]string{user: "p"}}}, asked(get("/", auth(user)), act("write", "x"))))
		}
		all := scene("many lines at once", []step07.Layer{layer(kind)})
		for range 16 {
			all.Arg.Requests = append(all.Arg.Requests, asked(get("/"+x.Word()), act("write", x.Word())))
		}
		all.Arg.AtOnce = true
		cases = append(cases, all)
	}
	slow := asked(get("/slow"), act("sleep", 2100), act("write", "x"))
	cases = append(cases, scene("a request that takes two seconds", []step07.Layer{layer("common log")}, slow))
	x.scenes(cases)
}

func checkCORS(x *X) {
	var cases []Case[step07.Scene]
	for range 40 {
		allowed := "https://" + x.Word() + ".example" + Pick(x.Rand, "", ":8443")
		c := middleware.CORS{AllowedOrigins: []string{allowed, "http://localhost:3000"}, AllowedMethods: []string{"PUT", "DELETE"}[:x.IntN(3)], AllowedHeaders: []string{"X-A", "Content-Type"}[:x.IntN(3)],
			ExposedHeaders: []string{"X-B", "X-C"}[:x.IntN(3)], Credentials: x.Chance(40), MaxAge: Pick(x.Rand, 0, time.Second, 500*time.Millisecond, time.Hour, 90*time.Minute+500*time.Millisecond)}
		switch {
		case x.Chance(25):
			c.AllowedOrigins, c.Credentials = []string{"*"}, false
		case x.Chance(20):
			c.AllowedOrigins = append(c.AllowedOrigins, "null")
			c.Credentials = false
		}
		layers := []step07.Layer{{Kind: "cors", CORS: c}}
		if x.Chance(50) {
			layers = append([]step07.Layer{layer("vary")}, layers...)
		}
		var requests []step07.Request
		for _, origin := range []string{"", allowed, allowed + ".evil.example", "https://evil" + strings.TrimPrefix(allowed, "https://"), strings.ToUpper(allowed), "http" + strings.TrimPrefix(allowed, "https"), "null", "http://localhost:3000", allowed + "/", "https://other.example", "*"} {
			var fields []string
			if origin != "" {
				fields = append(fields, "Origin: "+origin)
			}
			requests = append(requests, asked(get("/", fields...), act("add", "Vary", "X-V"), act("write", "x")), asked(request("POST", "/", "", fields...), act("status", 404)),
				asked(request("OPTIONS", "/", "", fields...), act("write", "options")),
				asked(request("OPTIONS", "/", "", append(fields, "Access-Control-Request-Method: "+Pick(x.Rand, "PUT", "GET", "PATCH"), "Access-Control-Request-Headers: x-a, x-z")...), act("write", "never")),
				asked(get("/", append(fields, "Access-Control-Request-Method: PUT")...), act("write", "no preflight")))
		}
		requests = append(requests, asked(get("/", "Origin: "+allowed, "Origin: "+allowed), act("write", "x")), asked(get("/", "Origin: https://other.example", "Origin: "+allowed), act("write", "x")))
		cases = append(cases, scene("requests from several origins", layers, requests...))
	}
	x.scenes(cases)
}

func checkCORSSettings(x *X) {
	var cases []Case[step07.Scene]
	add := func(c middleware.CORS) {
		cases = append(cases, scene(fmt.Sprintf("the setting %+v", c), []step07.Layer{{Kind: "cors", CORS: c}}, asked(get("/", "Origin: https://a.example"), act("write", "x"))))
	}
	for _, o := range []string{"https://a.example", "http://a.example:8080", "https://a-b_c.example", "http://[::1]:3000", "http://[2001:db8::1]", "*", "null", "https://xn--bcher-kva.example", "http://127.0.0.1:1", "http://a:65535",
		"", "a.example", "https://a.example/", "https://a.example/x", "https://A.example", "HTTPS://a.example", "https://", "https://a.example:443", "http://a.example:80", "https://a.example:80", "http://a.example:443", "https://a.example:0", "https://a.example:65536", "https://a.example:080", "https://a.example:",
		"https://bücher.example", "https://a.example?x", "https://u@a.example", "https://*.example", "https://a b", "http://[::1", "http://[0:0::1]", "http://[::0001]", "http://[fe80::1%25eth0]", "https://a.example:x", "https://a.example:+80", " https://a.example", "https://a.example ", "https://a,b"} {
		add(middleware.CORS{AllowedOrigins: []string{o}})
	}
	add(middleware.CORS{})
	add(middleware.CORS{AllowedOrigins: []string{"*"}, Credentials: true})
	add(middleware.CORS{AllowedOrigins: []string{"https://a.example", "null"}, Credentials: true})
	add(middleware.CORS{AllowedOrigins: []string{"https://a.example"}, AllowedMethods: []string{"*"}, Credentials: true})
	add(middleware.CORS{AllowedOrigins: []string{"https://a.example"}, AllowedHeaders: []string{"*"}, Credentials: true})
	add(middleware.CORS{AllowedOrigins: []string{"https://a.example"}, ExposedHeaders: []string{"*"}, Credentials: true})
	add(middleware.CORS{AllowedOrigins: []string{"https://a.example"}, ExposedHeaders: []string{"*"}})
	add(middleware.CORS{AllowedOrigins: []string{"https://a.example"}, Credentials: true})
	x.scenes(cases)
}

func checkTimeout(x *X) {
	const d = 60
	layers := []step07.Layer{{Kind: "timeout", N: d}}
	late := act("sleep", d+30)
	post := request("POST", "/", "", chunked)
	text := act("write", x.Word())
	var cases []Case[step07.Scene]
	add := func(class string, actions ...step04.Action) {
		cases = append(cases, scene(class, layers, with("content", asked(post, actions...))))
	}
	add("in time", act("content"), act("set", "X-A", "1"), text)
	add("in time, without a word")
	add("in time, with a value", act("value"), text)
	add("late, without a word", late)
	add("late, with fields", act("set", "ETag", `"a"`), act("set", "X-A", "1"), late)
	add("late, with a status", late, act("set", "Content-Length", "1000"), act("status", 200), text)
	add("late, with a write", late, text)
	add("late, with a read", act("read", 3), late, act("read", 3))
	add("late, with a file", late, act("file", x.Word()))
	add("late, with a flush", late, act("flush"))
	add("late, with Hijack", late, act("hijack", "x"))
	add("half in time", text, late, text)
	add("all in time, and slow to return", text, late, act("flush"))
	add("all in time, and silent", text, late)
	add("half of a file", text, late, act("file", x.Word()))
	add("all of a file, and slow to end", act("slow file", d+30, x.String(lower, 3)))
	add("an echo that becomes too slow", act("slow copy", d+30))
	add("a panic in time", act("value"), act("panic", "x"))
	add("a panic that is late", late, act("panic", "x"))
	stopping := with("content", asked(post, act("content")))
	stopping.Stopping = true
	cases = append(cases, scene("a server that stops", layers, stopping))
	stopping.Actions = nil
	cases = append(cases, scene("a server that stops, without a word", layers, stopping))
	stopping.Actions = []step04.Action{text}
	cases = append(cases, scene("a server that stops, with a write", layers, stopping), scene("no time at all", []step07.Layer{{Kind: "timeout"}}), scene("less than no time", []step07.Layer{{Kind: "timeout", N: -1}}))
	x.scenes(cases)
}

func checkParseBasic(x *X) {
	var cases []Case[[]byte]
	add := func(class, value string) { cases = append(cases, Case[[]byte]{Class: class, Arg: []byte(value)}) }
	encode := base64.StdEncoding.EncodeToString
	for range 80 {
		pair := x.String(alnum+" é:\"", x.IntN(12)) + ":" + x.String(alnum+":é ", x.IntN(12))
		e := encode([]byte(pair))
		add("a user and a password", x.Case("Basic")+strings.Repeat(" ", x.Between(1, 3))+e)
		add("a control character", "Basic "+encode([]byte("u"+string([]byte{byte(Pick(x.Rand, 0, 1, 9, 10, 13, 31, 127))})+":p")))
		add("a control character in the password", "Basic "+encode([]byte("u:p"+string([]byte{byte(Pick(x.Rand, 0, 10, 13, 31, 127))}))))
		add("no colon", "Basic "+encode([]byte(x.Word())))
		add("another scheme", Pick(x.Rand, "Bearer ", "Basi ", "Basicx ", "", "Digest ")+e)
		add("no space", "Basic"+e)
		add("a line end in the base64", "Basic "+e[:len(e)/2]+Pick(x.Rand, "\n", "\r\n", " ", "\t")+e[len(e)/2:])
		add("base64 mutated", "Basic "+x.Mutate(e))
		add("base64 of another alphabet", "Basic "+base64.URLEncoding.EncodeToString([]byte("u\xff\xfe:p\xff\xfb")))
		add("base64 without its end", "Basic "+base64.RawStdEncoding.EncodeToString([]byte("u:"+x.String(alnum, x.Between(1, 5)))))
		add("something behind", "Basic "+e+Pick(x.Rand, " ", ",", "=", "x"))
	}
	for _, v := range []string{"", "Basic", "Basic ", "Basic OnA=", "Basic dTo=", "Basic Og==", "Basic dTpw", "Basic dTq=", "Basic dTpwcB==", "Basic dTpwcA==", "Basic\tdTpw", "Ba\u017fic dTpw", "BASIC dTpw"} {
		add("the value "+v, v)
	}
	Compare(x, "middleware.ParseBasic", step07.ParseBasic, cases)
}

func checkBasicAuth(x *X) {
	var cases []Case[step07.Scene]
	for range 20 {
		user, password := x.Word(), x.Word()
		layers := []step07.Layer{{Kind: "basic auth", Text: Pick(x.Rand, "realm", "a \"quoted\" realm", "a\\b", x.Word()), Users: map[string]string{user: password}}}
		auth := func(u, p string) string {
			return x.Case("Authorization") + ": " + x.Case("Basic") + " " + base64.StdEncoding.EncodeToString([]byte(u+":"+p))
		}
		ok := act("write", "let in")
		good := auth(user, password)
		cases = append(cases, scene("several who come", layers,
			asked(get("/", good), ok), asked(get("/"), ok), asked(get("/", auth(user, password+"x")), ok), asked(get("/", auth(user, password[:len(password)-1])), ok), asked(get("/", auth(user, "")), ok), asked(get("/", auth("", "")), ok),
			asked(get("/", auth("nobody", password)), ok), asked(get("/", auth("nobody", "")), ok), asked(get("/", good, good), ok), asked(get("/", good, auth(user, "x")), ok), asked(get("/", "Authorization: Bearer x"), ok), asked(get("/", "Authorization: Basic !"), ok), asked(request("HEAD", "/", "", good), ok)))
	}
	for _, realm := range []string{"a\nb", "a\x00", "a\x7f", "", "é"} {
		cases = append(cases, scene(fmt.Sprintf("the realm %q", realm), []step07.Layer{{Kind: "basic auth", Text: realm, Users: map[string]string{"a": "b"}}}, asked(get("/"))))
	}
	x.scenes(cases)
}

func checkUsers(x *X) {
	var cases []Case[step07.UsersIn]
	for range 40 {
		user, password := x.Word(), x.String(alnum, x.Between(4, 20))
		cases = append(cases, Case[step07.UsersIn]{Class: "users and passwords", Arg: step07.UsersIn{Passwords: map[string]string{user: password, "empty": "", "other": "pw"},
			Tries: [][2]string{{user, password}, {user, ""}, {user, password[:3]}, {user, password + "x"}, {user, x.String(alnum, len(password))}, {"nobody", ""}, {"nobody", password}, {"", ""}, {"empty", ""}, {"empty", "x"}, {"other", password}, {user, "pw"}, {strings.ToUpper(user), password}}}})
	}
	Compare(x, "middleware.Users", step07.Users, cases)
}

func checkSecurityHeaders(x *X) {
	var cases []Case[step07.Scene]
	pick := func() string { return Pick(x.Rand, "", "", "-", x.Word()) }
	for range 60 {
		s := middleware.SecurityHeaders{ContentSecurityPolicy: pick(), ReferrerPolicy: pick(), FrameOptions: pick(), HSTS: Pick(x.Rand, 0, time.Second, 500*time.Millisecond, time.Hour, 1500*time.Millisecond, -time.Hour), HSTSSubdomains: x.Chance(50)}
		own := []step07.Layer{{Kind: "security", Security: middleware.SecurityHeaders{FrameOptions: x.Word(), ReferrerPolicy: x.Word()}}, {Kind: "security", Security: s}}
		cases = append(cases, scene("fields that browsers heed", own[x.IntN(2):], asked(get("/"), act("write", "x")), asked(get("/"), act("set", "X-Frame-Options", "SAMEORIGIN"), act("del", "Referrer-Policy"), act("write", "x")), asked(get("/"), act("status", 404)), asked(get("/"), act("flush"))))
	}
	x.scenes(cases)
}
