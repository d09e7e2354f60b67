package convert

// The escapers, for tests of what no converter does at present.
var (
	Formula       = formula
	MarkdownLine  = markdown
	MarkdownCode  = markdownCode
	MarkdownBlock = markdownBlock
	Command       = command
	Cut           = cut
)
