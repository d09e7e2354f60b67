package static_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	static "barewire/steps/09-static-files"
)

// fetch sends requests over one connection each and prints what is in the responses.
func fetch(h keepalive.Handler, requests ...string) {
	for _, request := range requests {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			(&keepalive.Server{Handler: h}).ServeConn(context.Background(), server)
		}()
		client.SetDeadline(time.Now().Add(5 * time.Second))
		go io.WriteString(client, request)
		method, _, _ := strings.Cut(request, " ")
		res, err := http.ReadResponse(bufio.NewReader(client), &http.Request{Method: method})
		if err != nil {
			fmt.Println(err)
			return
		}
		content, _ := io.ReadAll(res.Body)
		client.Close()
		fmt.Print(res.StatusCode)
		for _, name := range []string{"Content-Type", "Content-Range", "Location"} {
			if value := res.Header.Get(name); value != "" {
				fmt.Printf(" %s;", value)
			}
		}
		fmt.Printf(" %d bytes %q\n", res.ContentLength, content)
	}
}

// folder makes a folder with these files, for an example.
func folder(files map[string]string) (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	for name, content := range files {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777)
		os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// A folder, served: HEAD, a range and a conditional GET come with it. In PandaHttpd this
// was app.mount of a static folder; here a handler serves below a prefix.
func ExampleFiles() {
	dir, remove := folder(map[string]string{"index.html": "<h1>Hello</h1>", "css/style.css": "h1 { color: teal }"})
	defer remove()
	files, err := static.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close()
	files.Prefix = "/site"

	fetch(files,
		"GET /site/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"HEAD /site/css/style.css HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /site/css/style.css HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n",
		"GET /site/css HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /site/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
		"DELETE /site/index.html HTTP/1.1\r\nHost: a\r\n\r\n",
	)
	// Output:
	// 200 text/html; charset=utf-8; 14 bytes "<h1>Hello</h1>"
	// 200 text/css; charset=utf-8; 18 bytes ""
	// 206 text/css; charset=utf-8; bytes 0-1/18; 2 bytes "h1"
	// 301 text/plain; charset=utf-8; css/; 22 bytes "301 Moved Permanently\n"
	// 404 text/plain; charset=utf-8; 14 bytes "404 Not Found\n"
	// 405 text/plain; charset=utf-8; 23 bytes "405 Method Not Allowed\n"
}

// A client that has a copy asks whether it is still good, and is told in a few bytes. This
// is the ETag caching of httpserver, which hashed each response; a file's tag costs no
// reading.
func ExampleFiles_conditional() {
	dir, remove := folder(map[string]string{"data.json": `{"answer": 42}`})
	defer remove()
	files, _ := static.Open(dir)
	defer files.Close()
	info, _ := files.Root.Stat("data.json")
	tag := static.ValidatorsOf(info, "", time.Now()).ETag

	fetch(files,
		"GET /data.json HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /data.json HTTP/1.1\r\nHost: a\r\nIf-None-Match: "+tag+"\r\n\r\n",
		"GET /data.json HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"old\"\r\n\r\n",
	)
	// Output:
	// 200 application/json; 14 bytes "{\"answer\": 42}"
	// 304 0 bytes ""
	// 200 application/json; 14 bytes "{\"answer\": 42}"
}

// What a path names, or that it names nothing. Py-HTTP-Server compared absolute paths
// after joining them; a name that is refused needs no comparing.
func ExampleName() {
	for _, path := range []string{"/docs/a%20b.txt", "/docs/", "/docs/../../x", "/..%2f..%2fx", "/..%5cx", "/nul.txt"} {
		name, dir, err := static.Name([]byte(path))
		fmt.Println(path, name, dir, err)
	}
	// Output:
	// /docs/a%20b.txt docs/a b.txt false <nil>
	// /docs/ docs true <nil>
	// /docs/../../x x false <nil>
	// /..%2f..%2fx  false static: no file has such a name
	// /..%5cx  false static: no file has such a name
	// /nul.txt  false static: no file has such a name
}

func ExampleParseRange() {
	for _, value := range []string{"bytes=0-99", "bytes=-100", "bytes=0-0,-1", "bytes=0-10,5-20", "bytes=5000-", "lines=1-2"} {
		ranges, err := static.ParseRange([]byte(value), 1000)
		fmt.Println(value, ranges, err)
	}
	// Output:
	// bytes=0-99 [{0 100}] <nil>
	// bytes=-100 [{900 100}] <nil>
	// bytes=0-0,-1 [{0 1} {999 1}] <nil>
	// bytes=0-10,5-20 [{0 21}] <nil>
	// bytes=5000- [] static: none of the ranges is in the file
	// lines=1-2 [] <nil>
}

func ExampleMatchETag() {
	fmt.Println(static.MatchETag([]byte(`"a", W/"b"`), `"b"`, false))
	fmt.Println(static.MatchETag([]byte(`"a", W/"b"`), `"b"`, true))
	// Output:
	// true
	// false
}

func ExampleAppendAccepted() {
	var h message.Header
	h.Set("Accept-Encoding", "gzip;q=0.8, zstd, br;q=0")
	fmt.Println(static.AppendAccepted(nil, &h, "br", "zstd", "gzip"))
	// Output: [zstd gzip]
}

func ExampleContentType() {
	fmt.Println(static.ContentType("photos/CAT.JPG"))
	fmt.Println(static.ContentType("notes.md"))
	fmt.Println(static.ContentType("Makefile"))
	// Output:
	// image/jpeg
	// text/markdown; charset=utf-8
	// application/octet-stream
}
