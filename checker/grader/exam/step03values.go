package exam

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"barewire/checker/grader/driver/step03"
)

func checkStatusLines(x *X) {
	var cases []Case[int]
	for status := 100; status < 1000; status++ {
		cases = append(cases, Case[int]{Class: fmt.Sprintf("status %d", status), Arg: status})
	}
	CompareOr(x, "message.AppendStatusLine", step03.AppendStatusLine, cases, func(c Case[int], want, got step03.StatusLine) bool {
		// Names are no part of the protocol; those that everybody knows are asked for.
		begin := fmt.Sprintf("xHTTP/1.1 %d ", c.Arg)
		return c.Arg >= 418 && c.Arg != 500 && c.Arg != 501 && c.Arg != 503 && c.Arg != 505 && c.Arg < 600 &&
			strings.HasPrefix(string(got.Line), begin) && strings.HasSuffix(string(got.Line), "\r\n") && strings.Count(string(got.Line), "\r\n") == 1
	})
}

func checkHasContent(x *X) {
	var cases []Case[step03.HasContentIn]
	for _, m := range append([]string{"head", "M-SEARCH", "HEADER"}, methods...) {
		for _, status := range []int{100, 101, 103, 150, 199, 200, 201, 202, 203, 204, 205, 206, 300, 301, 303, 304, 305, 308, 400, 404, 499, 500, 599} {
			if m == "CONNECT" && status/100 == 2 {
				continue // a tunnel begins there, which is nobody's content
			}
			cases = append(cases, Case[step03.HasContentIn]{Class: fmt.Sprintf("%s and %d", m, status), Arg: step03.HasContentIn{Method: m, Status: status}})
		}
	}
	Compare(x, "message.HasContent", step03.HasContent, cases)
}

func checkDates(x *X) {
	var cases []Case[step03.When]
	for range 200 {
		cases = append(cases, Case[step03.When]{Class: "a time somewhere", Arg: step03.When{Unix: x.Int64N(4e9), East: x.Between(-14, 14) * 1800}})
	}
	for day := range 366 {
		cases = append(cases, Case[step03.When]{Class: "every day of a year", Arg: step03.When{Unix: 1704067200 + int64(day)*86400 + x.Int64N(86400)}})
	}
	Compare(x, "message.AppendDate", step03.AppendDate, cases)
}

func checkAppendFields(x *X) {
	var cases []Case[[]step03.Pair]
	for range 50 {
		var fields []string
		for range x.IntN(6) {
			fields = append(fields, x.String(tchar, x.Between(1, 9)), x.value())
		}
		cases = append(cases, Case[[]step03.Pair]{Class: "some fields", Arg: pairs(fields...)})
	}
	Compare(x, "message.AppendField", step03.AppendField, cases)
}

func checkAppendChunks(x *X) {
	var cases []Case[step03.ChunkIn]
	for range 50 {
		c := Case[step03.ChunkIn]{Class: "some pieces of content, and trailer fields"}
		for range x.IntN(5) {
			c.Arg.Pieces = append(c.Arg.Pieces, x.Bytes(Pick(x.Rand, 0, 1, 9, 10, 15, 16, 17, 255, 256, 300, x.IntN(5000))))
		}
		for range x.IntN(3) {
			c.Arg.Trailer = append(c.Arg.Trailer, pairs(x.String(tchar, x.Between(1, 9)), x.value())...)
		}
		cases = append(cases, c)
	}
	Compare(x, "message.AppendChunk", step03.AppendChunk, cases)
}

func checkCookies(x *X) {
	var cases []Case[step03.CookiesIn]
	add := func(class string, nameValue ...string) {
		cases = append(cases, Case[step03.CookiesIn]{Class: class, Arg: step03.CookiesIn{Fields: pairs(nameValue...), Names: []string{"a", "A", "b", "none", ""}}})
	}
	for range 150 {
		var fields []string
		for range x.Between(1, 3) {
			v := ""
			for range x.Between(1, 5) {
				v += Pick(x.Rand, "a", "A", "b", x.Word(), x.String(tchar, 3), "c d", "", "Ä") +
					Pick(x.Rand, "=", "=", "=", "==", "", " = ") +
					Pick(x.Rand, "", x.Word(), "\"x\"", "\"\"", "\"", "b=c", "f g", "f\"g", "b\\c", "a,b", "\xc3\xa4", "x\ty", x.String("!#$%&'()*+-./:<=>?@[]^_`{|}~", 4)) +
					Pick(x.Rand, "; ", ";", " ; ", ";;", ", ", "")
			}
			fields = append(fields, x.Case(Pick(x.Rand, "Cookie", "Cookie", "Cookies", "A")), v)
		}
		add("cookies", fields...)
	}
	for c := range 256 {
		if c == '\r' || c == '\n' {
			continue
		}
		b := string([]byte{byte(c)})
		add("any byte in a value", "Cookie", "z=1; a=x"+b+"y; b=2")
		add("any byte in a name", "Cookie", "z=1; a"+b+"c=x; b=2")
	}
	for _, v := range []string{"a=1; b=2", "a=1;b=2", "a=b=c=", "a=1, b=2; b=3", "a=; b=2", "a=\"x\"; b=2", "a; =b; c d=e; f=g h; i=\"; b=k", "a=1; a=2", "", ";", "=", "a"} {
		add("cookies such as "+v, "Cookie", v)
	}
	// Whitespace around a pair and its sign is nobody's promise.
	cases = slices.DeleteFunc(cases, func(c Case[step03.CookiesIn]) bool {
		return slices.ContainsFunc(c.Arg.Fields, func(p step03.Pair) bool {
			v := string(p.Value)
			return strings.Contains(v, " =") || strings.Contains(v, "= ") || strings.Contains(v, " ;") || strings.ContainsAny(v, "\t")
		})
	})
	Compare(x, "message.Header.Cookies", step03.Cookies, cases)
}

func checkSetCookie(x *X) {
	var cases []Case[step03.SetCookieIn]
	add := func(class string, change func(c *step03.SetCookieIn)) {
		c := step03.SetCookieIn{Name: []byte(x.Word()), Value: []byte(x.String(alnum, x.IntN(8)))}
		change(&c)
		cases = append(cases, Case[step03.SetCookieIn]{Class: class, Arg: c})
	}
	add("a name and a value", func(c *step03.SetCookieIn) {})
	for range 60 {
		add("some attributes", func(c *step03.SetCookieIn) {
			if x.Chance(50) {
				c.Path = []byte("/" + x.Word())
			}
			if x.Chance(50) {
				c.Domain = []byte(x.Word() + ".example")
			}
			if x.Chance(50) {
				c.MaxAge = time.Duration(x.Int64N(1e6)) * time.Second
			}
			if x.Chance(50) {
				c.Expires = &step03.When{Unix: x.Int64N(4e9), East: 3600 * x.Between(-5, 5)}
			}
			c.Secure, c.HTTPOnly = x.Chance(50), x.Chance(50)
			c.SameSite = Pick(x.Rand, "", "Strict", "Lax", "None", "Sometimes")
		})
		add("a lifetime of any length", func(c *step03.SetCookieIn) {
			c.MaxAge = Pick(x.Rand, time.Duration(x.Int64N(5e9))-2e9, time.Duration(x.Int64N(1e9)), time.Nanosecond, -1, -time.Second, time.Second, time.Second+1)
		})
	}
	for ch := range 256 {
		b := string([]byte{byte(ch)})
		add("any byte in a value", func(c *step03.SetCookieIn) { c.Value = []byte("a" + b + "c") })
		add("any byte in a name", func(c *step03.SetCookieIn) { c.Name = []byte("a" + b + "c") })
		if ch < 128 { // other bytes in a path or a domain are open
			add("any byte in a path", func(c *step03.SetCookieIn) { c.Path = []byte("/a" + b + "c") })
			add("any byte in a domain", func(c *step03.SetCookieIn) { c.Domain = []byte("a" + b + "c.example") })
		}
	}
	add("no name", func(c *step03.SetCookieIn) { c.Name = nil })
	add("an attribute in a value", func(c *step03.SetCookieIn) { c.Value = []byte("a; Domain=evil") })
	add("SameSite=None without Secure", func(c *step03.SetCookieIn) { c.SameSite = "None" })
	add("SameSite=None with Secure", func(c *step03.SetCookieIn) { c.SameSite, c.Secure = "None", true })
	cases = slices.DeleteFunc(cases, func(c Case[step03.SetCookieIn]) bool { return strings.ContainsAny(string(c.Arg.Domain), " ,/\"") })
	Compare(x, "message.AppendSetCookie", step03.AppendSetCookie, cases)
}

func contentCase(class, contentType, content string) Case[step03.ContentIn] {
	c := Case[step03.ContentIn]{Class: class, Arg: step03.ContentIn{Content: []byte(content)}}
	if contentType != "" {
		c.Arg.Fields = pairs("Content-Type", contentType)
	}
	return c
}

func checkForm(x *X) {
	var cases []Case[step03.ContentIn]
	const form = "application/x-www-form-urlencoded"
	for range 40 {
		content := "a=" + x.Word() + "&b=" + x.Word() + "+%21"
		cases = append(cases, contentCase("a form", x.Case(form)+Pick(x.Rand, "", ";charset=UTF-8", "; charset=utf-8", " ; a=b"), content),
			contentCase("content of another type", Pick(x.Rand, "text/plain", "application/json", "multipart/form-data", form+"x", "application/x-www-form", "x"+form, "a/b; "+form), content),
			contentCase("content without a type", "", content))
	}
	cases = append(cases, contentCase("1001 parameters", form, strings.Repeat("a&", 1001)), contentCase("1000 parameters", form, strings.Repeat("a&", 1000)))
	Compare(x, "message.ParseForm", step03.ParseForm, cases)
}

func checkJSON(x *X) {
	var cases []Case[step03.ContentIn]
	for range 25 {
		object := fmt.Sprintf(`{"A": %d, "B": "%s", "C": ["%s", "\u00e9"]}`, x.IntN(1e6), x.Word(), x.Word())
		typ := Pick(x.Rand, "application/json", x.Case("application/json"), "application/json; charset=utf-8", "application/problem+json", "application/x+JSON;a=b")
		cases = append(cases, contentCase("an object", typ, object), contentCase("an object between spaces", typ, " \r\n"+object+"\t\n"),
			contentCase("half an object", typ, object[:x.Between(1, len(object)-1)]),
			contentCase("something behind the value", typ, object+Pick(x.Rand, object, "x", " 1", ",", "}", "null")),
			contentCase("a value that does not fit", typ, Pick(x.Rand, `{"A": "x"}`, `{"C": 1}`, `[1]`, `"a"`, `{"A": 1.5}`)),
			contentCase("no value", typ, Pick(x.Rand, "", " ", "\n")),
			contentCase("content of another type", Pick(x.Rand, "", "text/plain", "text/json2", "application/jsonx", "application/x-www-form-urlencoded", "json", "x+jsonx"), object))
		n := x.Between(1, 9)
		c := contentCase("no JSON from the nth byte on", typ, fmt.Sprintf(`{"A": %s,}`, strings.Repeat("7", n))+strings.Repeat(" ", 30))
		c.Off = [2]int{n + 7, n + 8}
		cases = append(cases, c)
	}
	Compare(x, "message.ParseJSON", step03.ParseJSON, cases)
	values := []Case[step03.JSONIn]{{Class: "what cannot be JSON", Arg: step03.JSONIn{Func: true}}}
	for range 30 {
		v := Pick(x.Rand, fmt.Sprintf(`{"a": %q}`, x.Word()+"</script>&"), fmt.Sprintf(`[%d, null, true, "\u2028 é"]`, x.IntN(1000)), fmt.Sprintf("%q", x.Word()))
		values = append(values, Case[step03.JSONIn]{Class: "a value", Arg: step03.JSONIn{Value: []byte(v)}})
	}
	Compare(x, "message.AppendJSON", step03.AppendJSON, values)
}
