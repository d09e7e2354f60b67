package dissect

// A Part is what a byte is in its message.
type Part uint8

// The parts, in the order in which a legend has them.
const (
	EmptyLine Part = iota
	Method
	Space
	Scheme
	Authority
	Path
	Query
	Target // a target that could not be cut up
	Version
	FieldName
	Colon
	Blank
	FieldValue
	LineEnd
	HeadEnd
	Content
	ChunkSize
	ChunkExtension
	ChunkData
	DataEnd
	TrailerName
	TrailerValue
	BodyEnd
	Unfinished // the beginning of a line whose end has not arrived
	Refused    // the byte at which the parser stopped
	Unread     // what nobody looks at any more
)

// An Entry says what a part is, in words, and who decides about it.
type Entry struct {
	Name string // such as "method"
	Rule string // such as "RFC 9112 §3.1"
	Text string // what the rule says, in a sentence
	Step string // the folder of the step whose code takes this part, such as "02-request-line"
	Decl string // and its declaration there, such as "Target.Parse"
}

const (
	step2 = "02-request-line"
	step3 = "03-headers-bodies"
	step4 = "04-keep-alive"
)

// Table has an Entry for each Part.
var Table = [...]Entry{
	EmptyLine:      {"empty line", "RFC 9112 §2.2", "A server should ignore at least one empty line before the request line.", step2, "RequestLine.Parse"},
	Method:         {"method", "RFC 9112 §3.1", "A token, and its case matters. What ends it is one space.", step2, "ParseMethod"},
	Space:          {"space", "RFC 9112 §3", "One space between the parts of the request line; a second one is part of nothing.", step2, "RequestLine.Parse"},
	Scheme:         {"scheme", "RFC 9112 §3.2.2", "A target in absolute-form begins with http:// or https://. It is meant for proxies, and every server must accept it.", step2, "Target.Parse"},
	Authority:      {"authority", "RFC 9112 §3.2", "The host, and the port if there is one. In the target, it counts more than the Host field.", step2, "ParseAuthority"},
	Path:           {"path", "RFC 9112 §3.2.1", "Where the request goes on this server, up to the first question mark. A raw space, a control or a byte outside ASCII has no place in it.", step2, "Target.Parse"},
	Query:          {"query", "RFC 9112 §3.2.1", "Everything behind the first question mark.", step2, "Target.Parse"},
	Target:         {"target", "RFC 9112 §3.2", "What the method is applied to. It has one of four forms, and this one has none of them so far.", step2, "Target.Parse"},
	Version:        {"version", "RFC 9112 §2.3", "HTTP, a slash, a digit, a dot, a digit: always eight bytes.", step2, "ParseVersion"},
	FieldName:      {"field name", "RFC 9112 §5.1", "A token. The colon follows at once: a server must refuse whitespace between them.", step3, "ParseField"},
	Colon:          {"colon", "RFC 9112 §5", "It ends the field name.", step3, "ParseField"},
	Blank:          {"optional whitespace", "RFC 9112 §5.1", "Spaces and tabs around a field value are not part of it.", step3, "ParseField"},
	FieldValue:     {"field value", "RFC 9110 §5.5", "Visible characters, spaces, tabs and bytes above 127. A CR, an LF or a NUL in it is dangerous: somebody takes it for an end.", step3, "ParseField"},
	LineEnd:        {"line end", "RFC 9112 §2.2", "CR and LF end a line, both of them.", step2, "CutLine"},
	HeadEnd:        {"end of the head", "RFC 9112 §2.1", "An empty line ends the header section. What follows is content, or the next request.", step3, "Header.Parse"},
	Content:        {"content", "RFC 9112 §6.3", "As many bytes as Content-Length says, whatever they look like.", step3, "RequestFraming"},
	ChunkSize:      {"chunk size", "RFC 9112 §7.1", "How many bytes of data follow, in hexadecimal digits and nothing else. A size of zero is the last chunk.", step3, "ParseChunkSize"},
	ChunkExtension: {"chunk extension", "RFC 9112 §7.1.1", "A recipient must ignore extensions that it does not know. It parses them all the same.", step3, "ParseChunkSize"},
	ChunkData:      {"chunk data", "RFC 9112 §7.1", "As many bytes as the chunk size says.", step3, "ChunkedDecoder.Decode"},
	DataEnd:        {"end of a chunk", "RFC 9112 §7.1", "CR and LF behind the data. They are part of neither this chunk nor the next one.", step3, "ChunkedDecoder.Decode"},
	TrailerName:    {"trailer field name", "RFC 9112 §7.1.2", "A field behind the content. One that frames or routes must not stand here, and is dropped.", step3, "InTrailer"},
	TrailerValue:   {"trailer field value", "RFC 9112 §7.1.2", "Known only when the content is over.", step3, "ParseField"},
	BodyEnd:        {"end of the content", "RFC 9112 §7.1", "An empty line ends chunked content, behind the trailer fields if there are any.", step3, "ChunkedDecoder.Decode"},
	Unfinished:     {"unfinished line", "RFC 9112 §2.2", "The line has no end yet. The parser says nothing about it and asks for more.", step2, "CutLine"},
	Refused:        {"where it stopped", "RFC 9112 §2.2", "The first byte that no rule allows here.", step2, "ProtocolError"},
	Unread:         {"not read", "RFC 9112 §9.6", "Nobody knows whether a request begins here, or nobody wants one any more. The server takes none of it for a request.", step4, "Server.ServeConn"},
}

// String returns the name of the part.
func (p Part) String() string { return Table[p].Name }

// A Span is bytes that belong to one part.
type Span struct {
	Start, End int
	Part       Part
	Note       string // what the bytes mean, such as "5 bytes"; often empty
}
