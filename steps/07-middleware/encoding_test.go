package middleware_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	middleware "barewire/steps/07-middleware"
)

func TestTask7_ParseCoding(t *testing.T) {
	const grammar = `qvalue is ( "0" [ "." *3DIGIT ] ) / ( "1" [ "." *3"0" ] ) (RFC 9110 §12.4.2)`
	for _, test := range []struct{ name, in, want, why string }{
		{"without a weight", "gzip", "gzip 1000", "the default is 1 (RFC 9110 §12.4.2)"},
		{"with one", "gzip;q=0.5", "gzip 500", grammar},
		{"three digits", "br;q=0.125", "br 125", grammar},
		{"with spaces", "gzip \t; \tq=0.5", "gzip 500", "OWS may stand around the semicolon (RFC 9110 §12.4.2)"},
		{"with a capital Q", "gzip;Q=0.1", "gzip 100", "strings in the grammar have no case (RFC 5234 §2.3)"},
		{"zero", "gzip;q=0", "gzip 0", "this is a refusal"},
		{"zero in four characters", "gzip;q=0.000", "gzip 0", grammar},
		{"a point without digits", "gzip;q=1.", "gzip 1000", grammar},
		{"one with zeros", "gzip;q=1.000", "gzip 1000", grammar},
		{"star", "*;q=0.3", "* 300", "a star is a token"},
		{"above one", "gzip;q=1.001", "refused", grammar},
		{"two", "gzip;q=2", "refused", grammar},
		{"four digits", "gzip;q=0.1234", "refused", grammar},
		{"a sign", "gzip;q=-0.5", "refused", grammar},
		{"no digits", "gzip;q=", "refused", grammar},
		{"no zero", "gzip;q=.5", "refused", grammar},
		{"an exponent", "gzip;q=1e0", "refused", grammar},
		{"a comma as point", "gzip;q=0:5", "refused", grammar},
		{"a space at the equals sign", "gzip;q= 1", "refused", grammar},
		{"a space behind", "gzip;q=1 ", "refused", "members come without spaces at their ends"},
		{"a space behind the coding", "identity ", "refused", "members come without spaces at their ends"},
		{"a tab before the coding", "\tgzip", "refused", "members come without spaces at their ends"},
		{"another parameter", "gzip;level=9", "refused", "a coding has no parameters but its weight"},
		{"a parameter behind", "gzip;q=1;a=b", "refused", "a coding has no parameters but its weight"},
		{"another letter", "gzip;p=0.5", "refused", "the weight is called q (RFC 9110 §12.4.2)"},
		{"another sign", "gzip;q:0.5", "refused", grammar},
		{"two digits before the point", "gzip;q=00.5", "refused", grammar},
		{"what stands before 0 and 1", "gzip;q=/", "refused", grammar},
		{"no digit, but the character before them", "gzip;q=0.00/", "refused", grammar},
		{"no digit, but the character behind them", "gzip;q=0.00:", "refused", grammar},
		{"nines", "gzip;q=0.999", "gzip 999", grammar},
		{"an empty coding", ";q=1", "refused", "a coding is a token"},
		{"two words", "gzip br", "refused", "a coding is a token"},
		{"nothing", "", "refused", "a coding is a token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, ok := middleware.ParseCoding([]byte("gzip")); !ok {
				t.Error(`"gzip" is refused`)
			}
			got := "refused"
			if coding, q, ok := middleware.ParseCoding([]byte(test.in)); ok {
				got = fmt.Sprintf("%s %d", coding, q)
			}
			if got != test.want {
				testkit.Report{Sent: test.in, Want: test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask7_Negotiate(t *testing.T) {
	for _, test := range []struct {
		name, accept, want, why string
		offers                  []string
	}{
		{"gzip", "gzip", "gzip", "the client takes it", nil},
		{"what a browser sends", "gzip, deflate, br, zstd", "gzip", "the client takes it", nil},
		{"in capitals", "GZip", "gzip", "codings have no case (RFC 9110 §8.4.1)", nil},
		{"by its old name", "x-gzip", "gzip", "x-gzip is gzip (RFC 9110 §8.4.1.3)", nil},
		{"refused", "gzip;q=0", "identity", "q=0 means not acceptable (RFC 9110 §12.4.2)", nil},
		{"refused among others", "deflate, gzip;q=0, br", "identity", "q=0 means not acceptable; strings.Contains does not see it", nil},
		{"another name that contains it", "gzipped, notgzip", "identity", "members are compared whole", nil},
		{"others only", "br, deflate", "identity", "what is not named is not accepted", nil},
		{"anything", "*", "gzip", "a star means every coding that is not named (RFC 9110 §12.5.3)", nil},
		{"anything else", "gzip;q=0, *", "identity", "what is named is not meant by the star", nil},
		{"a star before the name", "*;q=0.5, gzip;q=0", "identity", "order does not matter: the name wins", nil},
		{"nothing but identity", "*;q=0", "", "the star means identity too (RFC 9110 §12.5.3)", nil},
		{"nothing at all", "identity;q=0", "", "identity is accepted unless it is excluded", nil},
		{"identity preferred", "gzip;q=0.5, identity", "identity", "the client says which it likes better", nil},
		{"identity by a star preferred", "gzip;q=0.5, *;q=0.8", "identity", "the star means identity too", nil},
		{"a star preferred to a name", "*;q=0.5, gzip;q=0.3", "identity", "the star means identity too", nil},
		{"identity last", "gzip;q=0.001", "gzip", "whoever names gzip can use it; identity is not named", nil},
		{"a tie", "identity, gzip", "gzip", "both are as good: fewer bytes", nil},
		{"identity refused", "identity;q=0, gzip;q=0.1", "gzip", "it is the only one left", nil},
		{"an empty field", "", "identity", "an empty list accepts no coding (RFC 9110 §12.5.3)", nil},
		{"no field", "-", "identity", "anything would do, and who says nothing can often decode nothing", nil},
		{"several lines", "br\r\nAccept-Encoding: gzip", "gzip", "several lines of one list field are one list (RFC 9110 §5.3)", nil},
		{"a bad weight does not count", "gzip;q=high", "identity", "what cannot be understood is left out; identity is always right", nil},
		{"a bad weight spoils no others", "br;q=2, gzip", "gzip", "the other members are still good", nil},
		{"the first of two", "gzip;q=0, gzip", "identity", "the doc comment says which", nil},
		{"the best of several", "gzip;q=0.8, br;q=0.9, zstd;q=0.1", "br", "the quality decides", []string{"zstd", "br", "gzip"}},
		{"our order where it is equal", "gzip, br, zstd", "zstd", "the client does not care, and we do", []string{"zstd", "br", "gzip"}},
		{"identity preferred by a thousandth", "gzip;q=0.999, identity", "identity", "the client says which it likes better", nil},
		{"a name that begins with a star", "*gzip", "identity", "only the star alone means all: this is a token like others", nil},
		{"a name of one letter", "x", "identity", "a coding that we do not know", nil},
		{"the old name of compress", "X-Compress", "compress", "x-compress is compress (RFC 9110 §8.4.1.1)", []string{"compress"}},
		{"no old name of br", "x-br", "identity", "only gzip and compress have old names (RFC 9110 §8.4.1)", []string{"br"}},
		{"an old name without a name", "x-", "identity", "that is no name at all", nil},
		{"a star for the others", "gzip;q=0.5, *;q=0.7", "br", "the star means every coding that is not named", []string{"gzip", "br"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			offers := test.offers
			if offers == nil {
				offers = []string{"gzip"}
			}
			sent := get("/", "Accept-Encoding: "+test.accept)
			if test.accept == "-" {
				sent = get("/")
			}
			if got := middleware.Negotiate(&parse(t, get("/", "Accept-Encoding: gzip")).Header, "gzip"); got != "gzip" {
				t.Errorf(`for "gzip" %q is chosen`, got)
			}
			if got := middleware.Negotiate(&parse(t, sent).Header, offers...); got != test.want {
				testkit.Report{Sent: sent, Want: strconv.Quote(test.want), Got: strconv.Quote(got), Why: test.why}.Error(t)
			}
		})
	}
}

// The result is on offer and not refused, and it is what a slow and simple reading of
// the rules gives.
func FuzzTask7_Negotiate(f *testing.F) {
	for _, seed := range []string{"gzip", "gzip;q=0, *;q=1", "identity;q=0", "br;q=0.5,x-gzip ; Q=0.7", "*;q=0", "gzip;q=1.0001", ",,;q="} {
		f.Add(seed)
	}
	member := regexp.MustCompile("\\A([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\\.[0-9]{0,3})?|1(?:\\.0{0,3})?))?\\z")
	offers := []string{"br", "gzip"}
	f.Fuzz(func(t *testing.T, accept string) {
		if strings.ContainsFunc(accept, func(c rune) bool { return c < ' ' && c != '\t' || c > '~' || c == '"' || c == '\\' }) {
			return // quotes hide commas, and have no place here
		}
		var h, control message.Header
		control.Add("Accept-Encoding", "gzip")
		if got := middleware.Negotiate(&control, offers...); got != "gzip" {
			t.Fatalf(`for "gzip" %q is chosen`, got)
		}
		h.Add("Accept-Encoding", accept)
		quality := map[string]float64{}
		for m := range strings.SplitSeq(accept, ",") {
			parts := member.FindStringSubmatch(strings.Trim(m, " \t"))
			if parts == nil {
				continue
			}
			q := 1.0
			if parts[2] != "" {
				q, _ = strconv.ParseFloat(parts[2], 64)
			}
			name := strings.ToLower(parts[1])
			if name == "x-gzip" {
				name = "gzip"
			}
			if _, ok := quality[name]; !ok {
				quality[name] = q
			}
		}
		of := func(coding string, otherwise float64) float64 {
			if q, ok := quality[coding]; ok {
				return q
			}
			if q, ok := quality["*"]; ok {
				return q
			}
			return otherwise
		}
		want, best := "", 0.0
		for _, coding := range offers {
			if q := of(coding, 0); q > best {
				want, best = coding, q
			}
		}
		if q := of("identity", 0.0001); q > best {
			want = "identity"
		}
		got := middleware.Negotiate(&h, offers...)
		if got != want || !slices.Contains([]string{"", "identity", "br", "gzip"}, got) {
			t.Errorf("Accept-Encoding: %s gives %q, want %q", accept, got, want)
		}
	})
}
