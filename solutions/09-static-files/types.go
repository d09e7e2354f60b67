package static

import (
	"path"
	"strings"
)

// octets is the type of what is not known. A browser saves it and does not show it.
//
//starter:omit
const octets = "application/octet-stream"

// types are the content types of this server. The table of package mime is not used:
// it reads files of the system, so the same site would have other types on another
// machine.
//
//starter:omit
var types = map[string]string{
	".html": "text/html", ".htm": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
	".txt": "text/plain", ".md": "text/markdown", ".csv": "text/csv", ".vtt": "text/vtt",
	".json": "application/json", ".map": "application/json", ".webmanifest": "application/manifest+json",
	".xml": "application/xml", ".atom": "application/atom+xml", ".rss": "application/rss+xml", ".xhtml": "application/xhtml+xml",
	".wasm": "application/wasm", ".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
	".zst": "application/zstd", ".tar": "application/x-tar",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml",
	".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".flac": "audio/flac",
	".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime",
}

// ContentType returns the value of the Content-Type field for a file with this name.
// It goes by the last extension, in either case of letters, and is the same on every
// machine. Types that start with "text/" have "; charset=utf-8" behind them. What
// has no extension that is known is application/octet-stream: a guess from the
// content would let whoever writes a file choose what a browser does with it.
//
// These are known at least: html, css, js, mjs, txt, md, csv, json, xml, wasm, pdf,
// zip, gz, png, jpg, jpeg, gif, svg, webp, avif, ico, woff, woff2, mp3, mp4, webm.
//
//starter:todo 9.2 A map from extension to type.
func ContentType(name string) string {
	media, ok := types[strings.ToLower(path.Ext(name))]
	switch {
	case !ok:
		return octets
	case strings.HasPrefix(media, "text/"):
		return media + "; charset=utf-8"
	}
	return media
}

// contentType is ContentType, after the handler's own types.
//
//starter:omit
func (f *Files) contentType(name string) string {
	if media, ok := f.Types[strings.ToLower(path.Ext(name))]; ok {
		return media
	}
	return ContentType(name)
}
