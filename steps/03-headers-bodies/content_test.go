package message_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
)

func TestTask16_Form(t *testing.T) {
	form := func(contentType string) func(string) string {
		return func(in string) string {
			h := header()
			if contentType != "" {
				h.Add("Content-Type", contentType)
			}
			q, err := message.ParseForm(h, []byte(in))
			if err != nil {
				return outcome(err)
			}
			return fmt.Sprintf("%q", q)
		}
	}
	const urlencoded, why = "application/x-www-form-urlencoded", "a form is a query that did not fit into the target"
	runWith(t, "the field is Content-Type: "+urlencoded, []row{one("a form", "a=1&b=x+y%21", `[{"a" "1"} {"b" "x y!"}]`, why)}, form(urlencoded))
	runWith(t, "the field is Content-Type: "+urlencoded+"; charset=UTF-8", []row{one("a parameter of the type", "a=1", `[{"a" "1"}]`, "the charset does not change what it is (RFC 9110 §8.3.1)")}, form(urlencoded+"; charset=UTF-8"))
	runWith(t, "the field is Content-Type: "+"Application/X-WWW-Form-URLEncoded", []row{one("the type in another case", "a=1", `[{"a" "1"}]`, "types are case-insensitive (RFC 9110 §8.3.1)")}, form("Application/X-WWW-Form-URLEncoded"))
	runWith(t, "the field is Content-Type: "+"text/plain", []row{one("another type", "a=1", "refused with 415", "415: the content is in a format that is not understood here (RFC 9110 §15.5.16)")}, form("text/plain"))
	runWith(t, "there is no Content-Type", []row{one("no type", "a=1", "refused with 415", "to guess is to be led (RFC 9110 §8.3)")}, form(""))
}

func TestTask16_JSON(t *testing.T) {
	decode := func(contentType string) func(string) string {
		return func(in string) string {
			var v struct{ A int }
			if err := message.ParseJSON(header("Content-Type", contentType), []byte(in), &v); err != nil {
				return outcome(err)
			}
			return fmt.Sprintf("A is %d", v.A)
		}
	}
	const bad, why = "refused with 400", "content that is not what it says is the client's mistake (RFC 9110 §15.5.1)"
	run(t, []row{
		one("an object", `{"A": 7}`, "A is 7", "an object, as JSON has it (RFC 8259 §4)"),
		one("spaces around it", " {\"A\": 7}\n", "A is 7", "whitespace around a value means nothing (RFC 8259 §2)"),
		one("half an object", `{"A": 7`, bad, why),
		one("something behind it", `{"A": 7} {"A": 8}`, bad, "one value and nothing else: a json.Decoder would not look (RFC 8259 §2)"),
		one("a value of another type", `{"A": "x"}`, bad, why),
		one("nothing", "", bad, why),
	}, decode("application/json; charset=utf-8"))
	run(t, []row{one("a value that a type of its own refuses", `"yesterday"`, bad, "UnmarshalJSON returns whatever error it likes; it is the client's mistake all the same (RFC 9110 §15.5.1)")}, func(in string) string {
		var when time.Time
		return outcome(message.ParseJSON(header("Content-Type", "application/json"), []byte(in), &when))
	})
	run(t, []row{
		one("where it is no JSON", `{"A": 7,¦}                    `, "Offset 8 or 9", "Offset is how many bytes encoding/json had read, the bad one with them or without"),
		one("where it is of another type", `{"A":¦ "x"}                   `, "Offset 5 to 9", "Offset is how many bytes encoding/json had read: it stops at the value that does not fit, and says so in a *json.UnmarshalTypeError"),
	}, func(in string) string {
		var v struct{ A int }
		err := message.ParseJSON(header("Content-Type", "application/json"), []byte(in), &v)
		e, ok := errors.AsType[*reqline.ProtocolError](err)
		switch {
		case !ok:
			return outcome(err)
		case strings.Contains(in, "x") && 5 <= e.Offset && e.Offset <= 9:
			return "Offset 5 to 9"
		case !strings.Contains(in, "x") && (e.Offset == 8 || e.Offset == 9):
			return "Offset 8 or 9"
		}
		return fmt.Sprintf("Offset %d", e.Offset)
	})
	runWith(t, "the field is Content-Type: application/problem+json", []row{one("a type that ends in +json", `{"A": 7}`, "A is 7", "the suffix says what it is (RFC 6839 §3.1)")}, decode("application/problem+json"))
	runWith(t, "the field is Content-Type: text/plain", []row{one("another type", `{"A": 7}`, "refused with 415", "a form that a browser sends across sites can look like JSON; its type cannot (RFC 9110 §15.5.16)")}, decode("text/plain"))
	check(t, []fact{
		{"a value as JSON", does(`AppendJSON(dst, {"a": "</script>"}) is called, with an x in dst; behind it, its error`, func() string {
			dst, err := message.AppendJSON([]byte("x"), map[string]string{"a": "</script>"})
			return fmt.Sprintf("%s%v", dst, err)
		}), is("x{\"a\":\"\\u003c/script\\u003e\"}\n<nil>"), "behind what is there, with a line end, and safe in a page"},
		{"what cannot be JSON", does(`AppendJSON(dst, a function) is called, with an x in dst: dst, whether there is an error, and AppendJSON(nil, 1)`, func() string {
			dst, err := message.AppendJSON([]byte("x"), func() {})
			good, _ := message.AppendJSON(nil, 1)
			return fmt.Sprintf("%s %v %s", dst, err != nil, good)
		}), is("x true 1\n"), "an error, and the slice as it was"},
	})
}
