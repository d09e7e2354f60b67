package keepalive_test

import (
	"fmt"
	"testing"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
)

func TestTask1_Persistence(t *testing.T) {
	// Each row has a request after which the connection goes on and one after
	// which it does not: a rule has two sides.
	for _, test := range []struct{ name, on, off, why string }{
		{
			"HTTP/1.1 goes on unless it says close",
			"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			"with HTTP/1.1 the connection persists by default (RFC 9112 §9.3)",
		},
		{
			"HTTP/1.0 goes on only if it says keep-alive",
			"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
			"GET / HTTP/1.0\r\n\r\n",
			"HTTP/1.0 knew no persistent connections; clients ask for one by name (RFC 9112 §9.3)",
		},
		{
			"the member counts, in any case of letters",
			"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n",
			"connection options are case-insensitive (RFC 9110 §7.6.1)",
		},
		{
			"Connection is a list",
			"GET / HTTP/1.0\r\nConnection: upgrade, keep-alive\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE , close\r\n\r\n",
			"Connection has any number of members (RFC 9110 §7.6.1)",
		},
		{
			"on several lines",
			"GET / HTTP/1.0\r\nConnection: TE\r\nConnection: keep-alive\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nConnection: close\r\n\r\n",
			"several lines of one list field are one list (RFC 9110 §5.3)",
		},
		{
			"a word that only contains close does not close",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed, not-close\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed,close\r\n\r\n",
			"members are compared whole (RFC 9110 §7.6.1)",
		},
		{
			"close wins over keep-alive",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
			"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
			"close is the first question of the list in RFC 9112 §9.3",
		},
		{
			"HTTP/1.2 is treated as 1.1",
			"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
			"GET / HTTP/1.2\r\nHost: a\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 or later persists (RFC 9112 §9.3)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, side := range []struct {
				sent string
				want bool
			}{{test.on, true}, {test.off, false}} {
				var h message.Head
				if _, err := h.Parse([]byte(side.sent), message.Limits{}); err != nil {
					t.Fatalf("step 3 does not parse %q: %v", side.sent, err)
				}
				if got := keepalive.KeepAlive(&h); got != side.want {
					testkit.Report{Sent: side.sent, Want: fmt.Sprint("KeepAlive ", side.want), Got: fmt.Sprint("KeepAlive ", got), Why: test.why}.Error(t)
				}
			}
		})
	}
}
