package message_test

import (
	"fmt"

	message "barewire/steps/03-headers-bodies"
)

func ExampleParseField() {
	f, err := message.ParseField([]byte("Content-Type:  text/html "))
	fmt.Printf("%s is %q, %v\n", f.Name, f.Value, err)
	_, err = message.ParseField([]byte("Content-Type : text/html"))
	fmt.Println(outcome(err))
	// Output:
	// Content-Type is "text/html", <nil>
	// refused with 400
}

func ExampleHeader() {
	var h message.Header
	h.Add("Accept", "text/html")
	h.Add("accept", "text/plain;q=0.5")
	for member := range h.Members("ACCEPT") {
		fmt.Printf("%s\n", member)
	}
	// Output:
	// text/html
	// text/plain;q=0.5
}

func ExampleChunkedDecoder() {
	var d message.ChunkedDecoder
	// The body arrives in pieces that have nothing to do with its chunks.
	for _, piece := range []string{"5\r\nhe", "llo\r\n6", "\r\n, you!\r\n0\r\n\r\n"} {
		for rest := []byte(piece); len(rest) > 0; {
			data, n, err := d.Decode(rest)
			if len(data) > 0 {
				fmt.Printf("%s", data)
			}
			if err != nil {
				fmt.Printf(" (%v)\n", err)
				return
			}
			if n == 0 {
				break // never: Decode takes at least one byte
			}
			rest = rest[n:]
		}
	}
	// Output:
	// hello, you! (EOF)
}
