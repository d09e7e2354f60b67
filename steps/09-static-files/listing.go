package static

// MaxListing is how many entries of a directory a list has. It bounds what one
// request can make the server read and keep.
const MaxListing = 10_000

// AppendListing appends a page of HTML to dst that has a link to each of the names,
// in their order, and returns it. Title is the text of its title. The name of a
// directory ends with a slash.
//
// A file's name can be anything, also "<script>": in a text it is escaped for HTML,
// and in a link percent-encoded first, all bytes but letters, digits and "-._~". A
// link starts with "./", so that no name can look like a scheme; the slash at the end
// of a directory stays one.
func AppendListing(dst []byte, title string, names []string) []byte {
	// TODO 9.5: The same name is written twice, and escaped in two ways.
	return nil
}
