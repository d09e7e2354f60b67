package exam

import (
	"strings"

	"barewire/checker/grader/driver/step04"
)

// pieces is short content that a handler writes at once or in pieces.
func (x *X) pieces() [][]byte {
	all := [][]byte{}
	for range x.Between(1, 3) {
		all = append(all, []byte(x.String(alnum, x.Between(20, 300))))
	}
	return all
}

func checkOneWrite(x *X) {
	var cases []Case[step04.Spoken]
	for _, sent := range []string{get("/" + x.Word()), get("/", bye), post("/", x.Word())} {
		for range 3 {
			cases = append(cases, Case[step04.Spoken]{Class: "one request", Arg: step04.Spoken{Sent: []byte(sent), Pieces: x.pieces(), Requests: 1, Bodies: 1}})
		}
	}
	cases = append(cases, Case[step04.Spoken]{Class: "HEAD", Arg: step04.Spoken{Sent: []byte(request("HEAD", "/", "")), Pieces: x.pieces(), Requests: 1}})
	Compare(x, "keepalive.Writes", step04.Writes, cases)
}

func checkTogether(x *X) {
	var cases []Case[step04.Spoken]
	for range 4 {
		n := x.Between(2, 16)
		cases = append(cases, Case[step04.Spoken]{Class: "short requests that come with one read", Arg: step04.Spoken{
			Sent: []byte(strings.Repeat(get("/"), n)), Pieces: [][]byte{[]byte(x.Word() + x.Word())}, Requests: n, Bodies: n}})
	}
	Compare(x, "keepalive.Writes", step04.Writes, cases)
}
