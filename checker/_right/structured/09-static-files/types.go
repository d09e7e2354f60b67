package static

import (
	"cmp"
	"path"
	"strings"
)

// ContentType returns the value of the Content-Type field for a file with this name.
// It goes by the last extension, in either case of letters, and is the same on every
// machine. Types that start with "text/" have "; charset=utf-8" behind them. What
// has no extension that is known is application/octet-stream: a guess from the
// content would let whoever writes a file choose what a browser does with it.
//
// These are known at least: html, css, js, mjs, txt, md, csv, json, xml, wasm, pdf,
// zip, gz, png, jpg, jpeg, gif, svg, webp, avif, ico, woff, woff2, mp3, mp4, webm.
func ContentType(name string) string {
	return cmp.Or(types[strings.ToLower(path.Ext(name))], "application/octet-stream")
}

// types is made of a table that has a line for each type.
var types = func() map[string]string {
	byExtension := map[string]string{}
	for line := range strings.Lines(`
		text/html .html .htm
		text/css .css
		text/javascript .js .mjs
		text/plain .txt .text .log
		text/markdown .md
		text/csv .csv
		text/vtt .vtt
		text/calendar .ics
		application/json .json .map
		application/ld+json .jsonld
		application/manifest+json .webmanifest
		application/xml .xml
		application/atom+xml .atom
		application/rss+xml .rss
		application/wasm .wasm
		application/pdf .pdf
		application/zip .zip
		application/gzip .gz .tgz
		image/png .png
		image/jpeg .jpg .jpeg
		image/gif .gif
		image/svg+xml .svg
		image/webp .webp
		image/avif .avif
		image/x-icon .ico
		font/woff .woff
		font/woff2 .woff2
		font/ttf .ttf
		font/otf .otf
		audio/mpeg .mp3
		audio/ogg .ogg
		audio/wav .wav
		video/mp4 .mp4
		video/webm .webm
	`) {
		words := strings.Fields(line)
		for _, extension := range words[min(1, len(words)):] {
			byExtension[extension] = words[0]
			if strings.HasPrefix(words[0], "text/") {
				byExtension[extension] += "; charset=utf-8"
			}
		}
	}
	return byExtension
}()
