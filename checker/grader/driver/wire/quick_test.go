package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
)

// What is written by hand is what package json writes, and is read as it would be.
func TestQuick(t *testing.T) {
	for _, v := range []any{
		Request{ID: 1, Fn: "reqline.Parse", Arg: []byte(`{"src":"R0VU"}`)},
		Request{ID: math.MaxUint64, Arg: []byte(`[1,{"a":"}"}]`)},
		Request{ID: 2, Fn: "no argument"},
		Request{ID: 3, Fn: `"odd" <name>`, Arg: []byte(`1`)},
		Reply{ID: 4, Value: []byte(`{"a":[]}`)},
		Reply{ID: 4, Key: math.MaxUint64, Value: []byte(`{"a":[]}`)},
		Reply{ID: 5, Value: []byte(`1`), Panic: "both"},
		Reply{ID: 6, Error: "an error"},
		Reply{Event: "ready", Value: []byte(`1`)},
		Reply{ID: 7},
	} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var frame bytes.Buffer
		if err := WriteFrame(&frame, v); err != nil {
			t.Fatal(err)
		}
		got, err := ReadRaw(&frame)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}

func FuzzQuick(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"fn":"a","arg":{"x":1}}`, `{"id":1,"arg":2}`, `{"id":01,"arg":2}`, `{"id":1,"fn":"a","arg":1,"arg":2}`,
		`{"id":1,"fn":"a\u0062","arg":1}`, `{"id":1,"key":2,"value":[1]}`, `{"id":1,"key":2,"value":1,"panic":"x"}`, `{"id":18446744073709551616,"key":2,"value":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var quick, slow Request
		if quick.quick(in) && json.Valid(quick.Arg) {
			if err := json.Unmarshal(in, &slow); err != nil || quick.ID != slow.ID || quick.Fn != slow.Fn || !same(quick.Arg, slow.Arg) {
				t.Errorf("%q is read as %+v, and is %+v, %v", in, quick, slow, err)
			}
		}
		if value, ok := QuickValue(in, 1, 2); ok && json.Valid(value) {
			var reply Reply
			if err := json.Unmarshal(in, &reply); err != nil || reply.ID != 1 || reply.Key != 2 || reply.Panic != "" || reply.Error != "" || !same(value, reply.Value) {
				t.Errorf("%q has the value %q, and is %+v, %v", in, value, reply, err)
			}
		}
	})
}

// same compares JSON, spaces around it apart.
func same(a, b []byte) bool { return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)) }
