package static_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	static "barewire/steps/09-static-files"
)

func TestTask10_Preference(t *testing.T) {
	// Each row has a member and one that is none.
	for _, test := range []struct {
		name, member string
		coding       string
		quality      int
		bad, why     string
	}{
		{"without a weight", "gzip", "gzip", 1000, "", "no weight is 1 (RFC 9110 §12.4.2)"},
		{"with a weight", "br;q=0.8", "br", 800, "br;q=", "weight = OWS \";\" OWS \"q=\" qvalue (RFC 9110 §12.4.2)"},
		{"one digit is tenths", "br;q=0.5", "br", 500, "br;q=5", "a qvalue is not above 1 (RFC 9110 §12.4.2)"},
		{"three digits", "br;q=0.125", "br", 125, "br;q=0.1255", "three digits at most (RFC 9110 §12.4.2)"},
		{"two digits", "br;q=0.05", "br", 50, "br;q=.05", "a qvalue starts with 0 or 1 (RFC 9110 §12.4.2)"},
		{"not acceptable", "br;q=0", "br", 0, "br;q=-0", "0 means not acceptable (RFC 9110 §12.4.2)"},
		{"not acceptable with digits", "br;q=0.000", "br", 0, "br;q=0,000", "0 means not acceptable (RFC 9110 §12.4.2)"},
		{"a dot without digits", "br;q=1.", "br", 1000, "br;q=1.x", "\"1\" [ \".\" 0*3(\"0\") ] (RFC 9110 §12.4.2)"},
		{"one with zeros", "br;q=1.000", "br", 1000, "br;q=1.001", "not above 1 (RFC 9110 §12.4.2)"},
		{"spaces around the semicolon", "gzip \t;  q=0.3", "gzip", 300, "gz ip;q=0.3", "OWS \";\" OWS (RFC 9110 §12.4.2)"},
		{"no space behind it", "identity", "identity", 1000, "identity  ", "a member of a list comes without the spaces around it, and no others are allowed (RFC 9110 §12.5.3)"},
		{"no tab before it", "gzip", "gzip", 1000, "\tgzip", "a member of a list comes without the spaces around it, and no others are allowed (RFC 9110 §12.5.3)"},
		{"no space behind the weight", "gzip;q=0.3", "gzip", 300, "gzip;q=0.3 ", "a qvalue ends with its digits (RFC 9110 §12.4.2)"},
		{"a capital Q", "gzip;Q=0.3", "gzip", 300, "gzip;p=0.3", "names of parameters have no case (RFC 9110 §5.6.6)"},
		{"any", "*;q=0.1", "*", 100, ";q=0.1", "* is any coding (RFC 9110 §12.5.3)"},
		{"an equals sign", "br;q=0.5", "br", 500, "br;q:0.5", "weight = OWS \";\" OWS \"q=\" qvalue (RFC 9110 §12.4.2)"},
		{"one digit before the dot", "br;q=0", "br", 0, "br;q=00", "a qvalue starts with 0 or 1, and then comes a dot (RFC 9110 §12.4.2)"},
		{"not two", "br;q=1", "br", 1000, "br;q=2", "a qvalue starts with 0 or 1 (RFC 9110 §12.4.2)"},
		{"digits from 0 on", "br;q=0.900", "br", 900, "br;q=0.00/", "DIGIT = %x30-39 (RFC 5234 §B.1)"},
		{"digits up to 9", "br;q=0.009", "br", 9, "br;q=0.00:", "DIGIT = %x30-39 (RFC 5234 §B.1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			coding, quality, ok := static.ParsePreference([]byte(test.member))
			want := fmt.Sprintf("%q %d %t", test.coding, test.quality, true)
			if got := fmt.Sprintf("%q %d %t", coding, quality, ok); got != want {
				testkit.Report{Sent: test.member, Want: want, Got: got, Why: test.why}.Error(t)
			}
			if _, quality, ok := static.ParsePreference([]byte(test.bad)); ok {
				testkit.Report{Sent: test.bad, Want: "not ok", Got: fmt.Sprint(quality), Why: test.why}.Error(t)
			}
		})
	}
}

// What is a preference has a quality from 0 to 1000, and written by the rules it is read
// again as the same.
func FuzzTask10_Preference(f *testing.F) {
	for _, seed := range []string{"gzip", "br;q=0.5", "*;q=0", "identity ; Q=1.000", ";q=1"} {
		f.Add(seed, uint16(500))
	}
	f.Fuzz(func(t *testing.T, member string, q uint16) {
		weight := fmt.Sprintf("%d.%03d", q%1001/1000, q%1001%1000)
		if coding, quality, ok := static.ParsePreference([]byte("br;q=" + weight)); string(coding) != "br" || quality != int(q%1001) || !ok {
			t.Fatalf("br;q=%s is %q %d %t", weight, coding, quality, ok)
		}
		coding, quality, ok := static.ParsePreference([]byte(member))
		if !ok {
			return
		}
		if quality < 0 || quality > 1000 || len(coding) == 0 || strings.ContainsAny(string(coding), " \t;,\"") {
			t.Fatalf("%q is %q %d", member, coding, quality)
		}
	})
}

func TestTask10_Accepted(t *testing.T) {
	// Each row is joined with a field that accepts gzip only, so that none is empty.
	for _, test := range []struct {
		name  string
		lines []string
		want  string
		why   string
	}{
		{"a browser", []string{"gzip, deflate, br, zstd"}, "br zstd gzip", "wanted equally: in the order in which they are offered"},
		{"by quality", []string{"br;q=0.1, gzip;q=0.9, zstd;q=0.5"}, "gzip zstd br", "the highest quality is preferred (RFC 9110 §12.5.3)"},
		{"on several lines", []string{"br;q=0.5", "gzip"}, "gzip br", "several lines of a list are one list (RFC 9110 §5.3)"},
		{"some", []string{"gzip, deflate"}, "gzip", "what is not listed is not acceptable"},
		{"not acceptable", []string{"br;q=0, gzip"}, "gzip", "a qvalue of 0 means not acceptable (RFC 9110 §12.5.3)"},
		{"any", []string{"*"}, "br zstd gzip", "* is each that is not listed (RFC 9110 §12.5.3)"},
		{"any but one", []string{"*;q=0.5, br;q=0"}, "zstd gzip", "* is each that is not listed (RFC 9110 §12.5.3)"},
		{"one before any", []string{"*;q=0.5, gzip"}, "gzip br zstd", "* is each that is not listed (RFC 9110 §12.5.3)"},
		{"nothing but one", []string{"gzip, *;q=0"}, "gzip", "* is each that is not listed (RFC 9110 §12.5.3)"},
		{"in any case of letters", []string{"GZip, BR"}, "br gzip", "content codings are case-insensitive (RFC 9110 §8.4.1)"},
		{"by an old name", []string{"x-gzip"}, "gzip", "x-gzip is gzip (RFC 9110 §8.4.1.3)"},
		{"rather not", []string{"identity, br;q=0.5, gzip;q=1"}, "gzip", "the file itself is wanted more than br"},
		{"rather not, by a star", []string{"*;q=0.5, gzip;q=0.3"}, "br zstd", "* is the file itself too, which is wanted more than gzip (RFC 9110 §12.5.3)"},
		{"a star of full quality", []string{"*, gzip;q=0.9"}, "br zstd", "* is the file itself too, which is wanted more than gzip (RFC 9110 §12.5.3)"},
		{"identity by its name before a star", []string{"*;q=0.5, identity;q=0.1, gzip;q=0.3"}, "br zstd gzip", "* is each that is not listed, and identity is listed (RFC 9110 §12.5.3)"},
		{"identity is not worse than nothing", []string{"identity;q=0.2, br;q=0.5"}, "br", "the higher quality is preferred (RFC 9110 §12.5.3)"},
		{"a weight that is none", []string{"br;q=high, gzip"}, "gzip", "what cannot be read is not wanted"},
		{"nothing", []string{""}, "", "an empty field: the client wants no coding (RFC 9110 §12.5.3)"},
		{"identity only", []string{"identity"}, "", "the file itself"},
		{"no field", nil, "", "such a client may know no coding"},
		{"a name that only starts so", []string{"gzipped, bro"}, "", "names are compared whole"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines []string
			for _, l := range test.lines {
				lines = append(lines, "Accept-Encoding: "+l)
			}
			got := strings.Join(static.AppendAccepted(nil, header(t, lines...), "br", "zstd", "gzip"), " ")
			known := strings.Join(static.AppendAccepted([]string{"before"}, header(t, "Accept-Encoding: gzip"), "br", "gzip"), " ")
			if got != test.want {
				testkit.Report{Sent: strings.Join(append(lines, ""), "\r\n"), Doing: unless(len(lines) > 0, "there is no Accept-Encoding; ") + "the server has br, zstd and gzip", Want: fmt.Sprintf("[%s]", test.want), Got: fmt.Sprintf("[%s]", got), Why: test.why}.Error(t)
			} else if known != "before gzip" {
				testkit.Report{Sent: "Accept-Encoding: gzip\r\n", Want: "[before gzip]", Got: fmt.Sprintf("[%s]", known), Why: "AppendAccepted appends"}.Error(t)
			}
		})
	}
}

func TestTask10_Siblings(t *testing.T) {
	s := serve(t, map[string]string{
		"app.js": "plain text", "app.js.br": "BR", "app.js.zst": "ZSTD", "app.js.gz": "GZIP",
		"style.css": "plain style", "style.css.gz": "GZIP", "alone.txt": "alone", "dir/index.html": "<p>index", "dir/index.html.gz": "GZIP",
		"stale.txt": "the new version", "stale.txt.gz": "OLD", "odd.txt": "odd", "odd.txt.gz/x": "x",
	})
	s.Precompressed = true
	older := changed.Add(-time.Hour)
	must(t, os.Chtimes(filepath.Join(s.dir, "stale.txt.gz"), older, older))
	const vary = "Vary: Accept-Encoding"
	s.run(t, []row{
		{name: "a sibling is sent", why: "with the type of the file itself and its coding (RFC 9110 §8.4)",
			send: get("/app.js", "Accept-Encoding: gzip"), want: []string{"200", "Content-Encoding: gzip", "Content-Type: text/javascript; charset=utf-8", "Content-Length: 4", vary, `content "GZIP"`}},
		{name: "the one that is wanted most", why: "the highest quality is preferred (RFC 9110 §12.5.3)",
			send: get("/app.js", "Accept-Encoding: br;q=0.5, zstd;q=0.9, gzip;q=0.1"), want: []string{"200", "Content-Encoding: zstd", `content "ZSTD"`}},
		{name: "br before the others", why: "wanted equally, it is the first in the order of the doc comment",
			send: get("/app.js", "Accept-Encoding: gzip, deflate, br, zstd"), want: []string{"200", "Content-Encoding: br", `content "BR"`}},
		{name: "the one that there is", why: "style.css has one sibling only",
			send: get("/style.css", "Accept-Encoding: br, gzip;q=0.5"), want: []string{"200", "Content-Encoding: gzip", `content "GZIP"`}},
		{name: "an index has siblings too", why: "it is a file like others",
			send: get("/dir/", "Accept-Encoding: gzip"), want: []string{"200", "Content-Encoding: gzip", "Content-Type: text/html; charset=utf-8", `content "GZIP"`}},
		{name: "the file itself where no coding is wanted", why: "with Vary: a cache must not give it to others as the only one (RFC 9110 §12.5.5)",
			send: get("/app.js"), want: []string{"200", "no Content-Encoding", vary, `content "plain text"`}},
		{name: "the file itself where there is no sibling", why: "one may come: with Vary",
			send: get("/alone.txt", "Accept-Encoding: gzip"), want: []string{"200", "no Content-Encoding", vary, `content "alone"`}},
		{name: "never what is not acceptable", why: "q=0 (RFC 9110 §12.5.3)",
			send: get("/style.css", "Accept-Encoding: gzip;q=0, br"), want: []string{"200", "no Content-Encoding", vary, `content "plain style"`}},
		{name: "not one that is out of date", why: "the file was changed after it was compressed",
			send: get("/stale.txt", "Accept-Encoding: gzip"), want: []string{"200", "no Content-Encoding", vary, `content "the new version"`}},
		{name: "not one that is no file", why: "only regular files are sent",
			send: get("/odd.txt", "Accept-Encoding: gzip"), want: []string{"200", "no Content-Encoding", vary, `content "odd"`}},
		{name: "the sibling by its own name", why: "then it is a file like others, and not a coding of one",
			send: get("/app.js.gz", "Accept-Encoding: gzip"), want: []string{"200", "no Content-Encoding", "Content-Type: application/gzip", vary, `content "GZIP"`}},
		{name: "a range is one of the file itself", why: "a client counts the bytes of the file it has the first half of",
			send: get("/app.js", "Accept-Encoding: gzip", "Range: bytes=6-9"), want: []string{"206", "no Content-Encoding", "Content-Range: bytes 6-9/10", vary, `content "text"`}},
		{name: "HEAD", why: "the same fields as for GET (RFC 9110 §9.3.2)",
			send: request("HEAD", "/app.js", "Accept-Encoding: gzip"), want: []string{"200", "Content-Encoding: gzip", "Content-Length: 4"}},
		{name: "HEAD with a Range field", why: "Range is for GET, and MUST be ignored otherwise (RFC 9110 §14.2): so this is the answer to HEAD without it",
			send: request("HEAD", "/app.js", "Accept-Encoding: gzip", "Range: bytes=6-9"), want: []string{"200", "Content-Encoding: gzip", "Content-Length: 4"}},
	})
	for _, test := range []struct{ name, accept, coding, why string }{
		{"a sibling has its own tag", "gzip", "gzip", "or a cache would take one for the other (RFC 9110 §8.8.3.3)"},
		{"so has another one", "br", "br", "or a cache would take one for the other (RFC 9110 §8.8.3.3)"},
		{"and the file itself", "identity", "", "or a cache would take one for the other (RFC 9110 §8.8.3.3)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := "app.js" + map[string]string{"gzip": ".gz", "br": ".br"}[test.coding]
			s.check(t, s, row{why: test.why, send: get("/app.js", "Accept-Encoding: "+test.accept), want: []string{"200", vary, "ETag: " + s.tag(t, name, test.coding)}})
		})
	}
	t.Run("a tag is compared with that of what would be sent", func(t *testing.T) {
		tag := s.tag(t, "app.js.gz", "gzip")
		s.check(t, s, row{why: "the selected representation is the sibling (RFC 9110 §13.2.1)", send: get("/app.js", "Accept-Encoding: gzip", "If-None-Match: "+tag),
			want: []string{"304", "ETag: " + tag, vary}})
		s.check(t, s, row{why: "the selected representation is the file itself (RFC 9110 §13.2.1)", send: get("/app.js", "If-None-Match: "+tag),
			want: []string{"200", `content "plain text"`}})
	})
	t.Run("nothing of it unless it is wanted", func(t *testing.T) {
		f := *s.Files
		f.Precompressed = false
		s.check(t, &f, row{why: "Precompressed is off by default", send: get("/app.js", "Accept-Encoding: gzip"), want: []string{"200", "no Vary", "no Content-Encoding", `content "plain text"`}})
	})
}

// unless returns s if not normal.
func unless(normal bool, s string) string {
	if normal {
		return ""
	}
	return s
}
