package static

import (
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
	t := types[strings.ToLower(path.Ext(name))]
	switch {
	case t == "":
		return "application/octet-stream"
	case strings.HasPrefix(t, "text/"):
		return t + "; charset=utf-8"
	}
	return t
}

var types = map[string]string{
	".html":  "text/html",
	".css":   "text/css",
	".js":    "text/javascript",
	".mjs":   "text/javascript",
	".txt":   "text/plain",
	".md":    "text/markdown",
	".csv":   "text/csv",
	".json":  "application/json",
	".xml":   "application/xml",
	".wasm":  "application/wasm",
	".pdf":   "application/pdf",
	".zip":   "application/zip",
	".gz":    "application/gzip",
	".png":   "image/png",
	".jpg":   "image/jpeg",
	".jpeg":  "image/jpeg",
	".gif":   "image/gif",
	".svg":   "image/svg+xml",
	".webp":  "image/webp",
	".avif":  "image/avif",
	".ico":   "image/vnd.microsoft.icon",
	".woff":  "font/woff",
	".woff2": "font/woff2",
	".mp3":   "audio/mpeg",
	".mp4":   "video/mp4",
	".webm":  "video/webm",
}
