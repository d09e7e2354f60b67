package view

import "barewire/docs/lab/lax"

// An Example is bytes to begin with.
type Example struct{ Name, Text string }

// Examples are what the page offers for taking apart.
var Examples = []Example{
	{"A request", "GET /where?q=now HTTP/1.1\\r\\n\nHost: example.org\\r\\n\nUser-Agent: a hand on a keyboard\\r\\n\n\\r\\n\n"},
	{"Content with a length", "POST /form HTTP/1.1\\r\\n\nHost: example.org\\r\\n\nContent-Type: application/x-www-form-urlencoded\\r\\n\nContent-Length: 11\\r\\n\n\\r\\n\na=1&b=two+2\n"},
	{"Content in chunks, with a trailer", "POST /up HTTP/1.1\\r\\n\nHost: example.org\\r\\n\nTransfer-Encoding: chunked\\r\\n\n\\r\\n\n5;note=\"x\"\\r\\n\nhello\\r\\n\n7\\r\\n\n, world\\r\\n\n0\\r\\n\nSum: 7f\\r\\n\n\\r\\n\n"},
	{"Three requests at once", "GET /1 HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\nPOST /2 HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 2\\r\\n\n\\r\\n\nhi\nGET /3 HTTP/1.1\\r\\n\nHost: a\\r\\n\nConnection: close\\r\\n\n\\r\\n\nGET /4 HTTP/1.1\\r\\n\n"},
	{"A slow client", "GE\n...\nT / HTTP/1.1\\r\n...\n\\nHost: exa\n...\nmple.org\\r\\n\n\\r\n...\n\\n\n"},
	{"A client that asks first", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nExpect: 100-continue\\r\\n\nContent-Length: 5\\r\\n\n\\r\\n\n...\nhello\n"},
	{"A client that goes away", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 10\\r\\n\n\\r\\n\nhello\nEOF\n"},
	{"A space before the colon", "GET / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length : 5\\r\\n\n\\r\\n\nhello\n"},
	{"Two Host fields", "GET / HTTP/1.1\\r\\n\nHost: a\\r\\n\nHost: b\\r\\n\n\\r\\n\n"},
	{"A line that ends in LF", "GET / HTTP/1.1\\r\\n\nHost: a\\n\n\\r\\n\n"},
	{"A chunk that is too long", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nTransfer-Encoding: chunked\\r\\n\n\\r\\n\n4\\r\\n\nhello\\r\\n\n0\\r\\n\n\\r\\n\n"},
	{"TLS where HTTP was expected", "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03\\n\n"},
}

// A Famous is bytes that two careless readers, or a careless one and the reference, read
// differently.
type Famous struct {
	Name, Text  string
	Left, Right int // Strict, or lax.Switches
	Story       string
}

const victim = "GET / HTTP/1.1\\r\\n\nHost: a\\r\\n\nCookie: secret\\r\\n\n\\r\\n\n"

// FamousOnes are what the page offers for two readings.
var FamousOnes = []Famous{
	{"CL.TE", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 29\\r\\n\nTransfer-Encoding: chunked\\r\\n\n\\r\\n\n0\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nX:\\x20\n" + victim,
		int(lax.LengthWins), 0,
		"The proxy in front goes by Content-Length, the server behind it by Transfer-Encoding. The last request is somebody else's: to the server it is the rest of GET /admin, and its cookie comes with it."},
	{"TE.CL", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 4\\r\\n\nTransfer-Encoding: chunked\\r\\n\n\\r\\n\n36\\r\\n\nGET /admin HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 50\\r\\n\n\\r\\n\n\\r\\n\n0\\r\\n\n\\r\\n\n" + victim,
		0, int(lax.LengthWins),
		"The other way round: the proxy sees one chunk, and the server's four bytes of content end before the data of that chunk. It is the next request."},
	{"TE.TE", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 29\\r\\n\nTransfer-Encoding: xchunked\\r\\n\n\\r\\n\n0\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nX:\\x20\n" + victim,
		int(lax.LengthWins), int(lax.LooseCoding),
		"Both know Transfer-Encoding, and one of them is made to miss it: a name that is nearly right is chunked for the one and unknown to the other."},
	{"CL.0", "POST /logo.png HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 31\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nX-Ignore:\\x20\n" + victim,
		Strict, int(lax.NoContent),
		"Nothing is wrong with these bytes, and the reference takes them. The mistake is behind it: a handler that expects no content leaves it unread, and its server takes what is left for the next request. The reference drains what a handler leaves."},
	{"Bare LF", "GET / HTTP/1.1\\r\\n\nHost: a\\r\\n\nX: y\\n\n\\n\nGET /admin HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\n",
		0, int(lax.BareLF),
		"For one of them a line ends in CRLF, and LF is a byte of the field value. For the other one LF is enough, and two of them end the head."},
	{"Space before the colon", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length : 38\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nHost: a\\r\\n\nX: y\\r\\n\n\\r\\n\n",
		int(lax.SpaceColon), 0,
		"One of them cuts the space off and has a Content-Length. For the other one this is a field of another name, and the request has no content."},
	{"Two lengths", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 32\\r\\n\nContent-Length: 0\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\n",
		0, int(lax.LastLength),
		"The first one counts, or the last one does."},
	{"Folded line", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nContent-Length: 37\\r\\n\nTransfer-Encoding:\\r\\n\n chunked\\r\\n\n\\r\\n\n0\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\n",
		0, int(lax.Folding),
		"A line that starts with a space once continued the field before it. Who still knows that sees chunked; who does not sees a Transfer-Encoding without a value, skips it, and counts."},
	{"Chunk extension", "POST / HTTP/1.1\\r\\n\nHost: a\\r\\n\nTransfer-Encoding: chunked\\r\\n\n\\r\\n\n2;\\n\nxx\\r\\n\n27\\r\\n\n0\\r\\n\n\\r\\n\nGET /admin HTTP/1.1\\r\\n\nHost: a\\r\\n\nX: y\\r\\n\n0\\r\\n\n\\r\\n\n",
		int(lax.BareLF), 0,
		"Where does the extension end? At LF, says the one, and xx is the data of the chunk. At CRLF, says the other one: then xx is part of the extension, and 27 is data."},
}
