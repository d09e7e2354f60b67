package static_test

import (
	"slices"
	"strings"
	"testing"

	"barewire/checker/testkit"
	static "barewire/steps/09-static-files"
)

func TestTask2_ContentType(t *testing.T) {
	for _, test := range []struct{ name, file, want, why string }{
		{"a page", "index.html", "text/html; charset=utf-8", "without a charset, a browser guesses, and a guess can be led to run a script"},
		{"a style sheet", "a/b/style.css", "text/css; charset=utf-8", "with another type, browsers do not use it once nosniff is said"},
		{"a script", "app.js", "text/javascript; charset=utf-8", "text/javascript is the registered type (RFC 9239)"},
		{"a module", "app.mjs", "text/javascript; charset=utf-8", "a browser runs a module only with the type of a script"},
		{"plain text", "a.txt", "text/plain; charset=utf-8", "the charset of text is UTF-8 here"},
		{"JSON has no charset", "a.json", "application/json", "it is UTF-8 by definition (RFC 8259 §8.1)"},
		{"a picture", "a.png", "image/png", "media types are those of the IANA registry"},
		{"a drawing", "a.svg", "image/svg+xml", "with text/xml a browser would not show it as a picture"},
		{"WebAssembly", "a.wasm", "application/wasm", "browsers compile while loading only with this type"},
		{"a font", "a.woff2", "font/woff2", "media types are those of the IANA registry (RFC 8081)"},
		{"upper case", "PHOTO.JPG", "image/jpeg", "cameras and old systems write upper case"},
		{"the last extension counts", "jquery.min.js", "text/javascript; charset=utf-8", "what stands before it is a name"},
		{"an archive by its last extension", "a.html.zip", "application/zip", "what stands before it is a name"},
		{"no extension", "README", "application/octet-stream", "what is not known is not guessed"},
		{"an extension of a directory", "site.html/file", "application/octet-stream", "only the last segment has an extension"},
		{"an unknown extension", "a.unknown", "application/octet-stream", "what is not known is not guessed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := static.ContentType(test.file); got != test.want {
				testkit.Report{Sent: test.file, Want: test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

// The doc comment lists what is known at least. Some formats have two names that are in use.
func TestTask2_Known(t *testing.T) {
	for _, test := range []struct{ name, types, why string }{
		{"text", "html:text/html css:text/css js:text/javascript mjs:text/javascript txt:text/plain md:text/markdown csv:text/csv",
			"media types are those of the IANA registry; text has a charset here"},
		{"data", "json:application/json xml:application/xml|text/xml wasm:application/wasm pdf:application/pdf zip:application/zip gz:application/gzip|application/x-gzip",
			"media types are those of the IANA registry"},
		{"pictures", "png:image/png jpg:image/jpeg jpeg:image/jpeg gif:image/gif svg:image/svg+xml webp:image/webp avif:image/avif ico:image/x-icon|image/vnd.microsoft.icon",
			"after nosniff, a browser shows no picture that is said to be something else"},
		{"fonts, sound and films", "woff:font/woff woff2:font/woff2 mp3:audio/mpeg mp4:video/mp4 webm:video/webm",
			"a browser plays what it is told that it can play"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for known := range strings.FieldsSeq(test.types) {
				ext, list, _ := strings.Cut(known, ":")
				wants := strings.Split(list, "|")
				for i, w := range wants {
					if strings.HasPrefix(w, "text/") {
						wants[i] += "; charset=utf-8"
					}
				}
				if got := static.ContentType("a." + ext); !slices.Contains(wants, got) {
					testkit.Report{Sent: "a." + ext, Want: strings.Join(wants, " or "), Got: got, Why: test.why}.Error(t)
				}
			}
		})
	}
}
