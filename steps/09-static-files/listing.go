package static

// MaxListing is how many entries of a directory a list has at most. It bounds what one
// request can make the server read and keep.
const MaxListing = 10_000

// AppendListing appends a page of HTML to dst and returns it: with title as its title,
// and with a link for each of the names, in their order:
//
//	<a href="./a%20b.txt">a b.txt</a>
//
// The name of a directory ends with a slash, in the link too.
//
// A file's name can be anything, also "<script>". In the text it is escaped for HTML.
// In the link it is percent-encoded, all bytes but letters, digits and "-._~", with
// hexadecimal digits in upper case; "./" before it keeps it from looking like a scheme.
func AppendListing(dst []byte, title string, names []string) []byte {
	// TODO 9.5: The same name is written twice, and escaped in two ways.
	return nil
}
