package static

// ContentType returns the value of the Content-Type field for a file with this name.
// It goes by the last extension, in either case of letters, and is the same on every
// machine. Types that start with "text/" have "; charset=utf-8" behind them. What
// has no extension that is known is application/octet-stream: a guess from the
// content would let whoever writes a file choose what a browser does with it.
//
// These are known at least: html, css, js, mjs, txt, md, csv, json, xml, wasm, pdf,
// zip, gz, png, jpg, jpeg, gif, svg, webp, avif, ico, woff, woff2, mp3, mp4, webm.
func ContentType(name string) string {
	// TODO 9.2: A map from extension to type.
	return ""
}
