package keepalive_test

import (
	"testing"

	keepalive "barewire/steps/04-keep-alive"
)

// What could not be read has no method and no version, whatever the last one had.
func TestTask7_BehindAnother(t *testing.T) {
	run(t, []row{
		{
			name: "a broken request behind a HEAD", why: "this is no response to HEAD: it has the content that its length says (RFC 9112 §6.3)",
			send: []string{request("HEAD", "/1", "") + "GET / HTTP/1.1\nHost: a\n\n"}, methods: []string{"HEAD"},
			want: "200, 400, then closed", check: func(k *talk, all []reply) (string, string) {
				if all[1].ContentLength > 0 && all[1].content == "" {
					return "as much content as Content-Length says", "none"
				}
				return "", ""
			},
		},
		{
			name: "half a request behind a HEAD", why: "whose method nobody knows yet (RFC 9112 §6.3)",
			server: keepalive.Server{HeaderTimeout: silence / 2}, send: []string{request("HEAD", "/1", "") + "G"}, methods: []string{"HEAD"},
			want: "200, 408, then closed",
		},
	})
}
