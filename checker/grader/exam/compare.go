package exam

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"barewire/checker/grader/driver/wire"
)

// A Case is one input of a function and the class that it belongs to.
type Case[A any] struct {
	Class string // in words that may always be shown: "a method of 33 letters"
	Arg   A

	// Off is where the offset of an error has to be, both included: where the
	// doc comment or the step's tests pin it. {0, 0} stands for anywhere, {n, -1}
	// for exactly n.
	Off [2]int
}

// Compare calls the function of the driver called fn with each case, and ref, which
// is the same one on the reference, and fails at the first difference. The order of
// the cases is drawn.
//
// Errors are compared by their class: kind and status. See [wire.Err].
func Compare[A, R any](x *X, fn string, ref func(A) R, cases []Case[A]) {
	CompareOr(x, fn, ref, cases, nil)
}

// CompareOr is Compare for a function that leaves something open: or says whether got,
// which is not what the reference returns, is right as well.
func CompareOr[A, R any](x *X, fn string, ref func(A) R, cases []Case[A], or func(c Case[A], want, got R) bool) {
	x.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	args, raw, keys := make([]any, len(cases)), make([]json.RawMessage, len(cases)), make([]uint64, len(cases))
	for i, c := range cases {
		var err error
		if raw[i], err = json.Marshal(c.Arg); err != nil {
			panic(err)
		}
		args[i], keys[i] = c.Arg, x.memory.key(x.check.ID, fn, raw[i], c.Off)
	}
	known := func(i int, value []byte) bool { return x.memory.right(keys[i], value) }
	x.callAll(fn, args, raw, known, func(i int, reply wire.Reply) {
		c := cases[i]
		want, panics := try(ref, c.Arg)
		switch {
		case panics != (reply.Panic != "") && panics:
			x.Fail(Failure{Brief: c.Class + ": a panic is wanted, for the program is wrong", Input: fn + show(c.Arg), Want: "a panic", Got: string(reply.Value)})
		case panics != (reply.Panic != ""):
			x.Fail(Failure{Brief: c.Class + ": " + fn + " panicked", Input: fn + show(c.Arg), Want: show(want), Got: "panic: " + reply.Panic})
		case panics:
			return
		}
		var got R
		x.decode(fn, reply, &got)
		var at place
		if d := at.differ(reflect.ValueOf(want), reflect.ValueOf(got), "", c.Off); d != "" && !allowed(or, c, want, got) {
			x.Fail(Failure{Brief: c.Class + ": " + d, Input: fn + show(c.Arg), Want: show(want), Got: show(got), There: at.text()})
		}
		x.memory.add(keys[i], reply.Value)
	})
}

// allowed calls or, if there is one. What a submission returns can have any shape, and
// one that or stumbles over is not right.
func allowed[A, R any](or func(c Case[A], want, got R) bool, c Case[A], want, got R) (ok bool) {
	if or == nil {
		return false
	}
	defer func() {
		if p := recover(); p != nil {
			if _, stumbled := p.(runtime.Error); !stumbled {
				panic(p)
			}
			ok = false
		}
	}()
	return or(c, want, got)
}

// try calls f and says whether it panicked.
func try[A, R any](f func(A) R, arg A) (result R, panics bool) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *referenceFault:
			panic(p)
		default:
			panics = true
		}
	}()
	return f(arg), false
}

// A place is where two values begin to differ.
type place struct {
	path      string
	want, got reflect.Value
}

// text shows what is there, unless that is all there is.
func (at *place) text() string {
	if _, isErr := at.want.Interface().(wire.Err); isErr || at.path == "" {
		return "" // the brief says it
	}
	return at.path + " is " + show(at.got.Interface()) + ", want " + show(at.want.Interface())
}

// differ returns what is different about got, or "", and notes where. It tells numbers
// and classes of errors, and of everything else only where it is: inputs may be hidden.
func (at *place) differ(want, got reflect.Value, path string, off [2]int) (d string) {
	defer func() {
		if d != "" && !at.want.IsValid() {
			*at = place{path, want, got}
		}
	}()
	if e, ok := want.Interface().(wire.Err); ok {
		return differErr(e, got.Interface().(wire.Err), path, off)
	}
	switch want.Kind() {
	case reflect.Struct:
		// An error explains whatever else is different.
		for _, errors := range []bool{true, false} {
			for i := range want.NumField() {
				field := want.Type().Field(i)
				if !field.IsExported() || (field.Type == reflect.TypeFor[wire.Err]()) != errors {
					continue
				}
				if d := at.differ(want.Field(i), got.Field(i), join(path, field.Name), off); d != "" {
					return d
				}
			}
		}
		return ""
	case reflect.Slice, reflect.Array:
		if want.Kind() == reflect.Slice && want.IsNil() != got.IsNil() {
			return fmt.Sprintf("%s: want %s, got %s", path, absent(want), absent(got))
		}
		if want.Type().Elem().Kind() == reflect.Uint8 {
			if !reflect.DeepEqual(want.Interface(), got.Interface()) {
				return path + " is not the right one"
			}
			return ""
		}
		for i := range min(want.Len(), got.Len()) {
			if d := at.differ(want.Index(i), got.Index(i), fmt.Sprintf("%s[%d]", path, i), off); d != "" {
				return d
			}
		}
		if want.Len() != got.Len() {
			return fmt.Sprintf("%s: want %d of them, got %d", path, want.Len(), got.Len())
		}
		return ""
	case reflect.String:
		if want.String() != got.String() {
			return path + " is not the right one"
		}
		return ""
	case reflect.Pointer:
		if want.IsNil() != got.IsNil() {
			return fmt.Sprintf("%s: want %s, got %s", path, absent(want), absent(got))
		}
		if want.IsNil() {
			return ""
		}
		return at.differ(want.Elem(), got.Elem(), path, off)
	}
	if !want.Equal(got) {
		return fmt.Sprintf("%s: want %v, got %v", path, want.Interface(), got.Interface())
	}
	return ""
}

func absent(v reflect.Value) string {
	if v.IsNil() {
		return "none"
	}
	return "one"
}

// differErr compares two errors.
func differErr(want, got wire.Err, path string, off [2]int) string {
	if want.Kind != got.Kind || want.Status != got.Status {
		return fmt.Sprintf("want %s, got %s", errName(want), errName(got))
	}
	if want.Kind != "protocol" {
		return ""
	}
	switch {
	case off[1] < 0 && got.Offset != off[0]:
		return fmt.Sprintf("the error is right, but its Offset is %d: want %d", got.Offset, off[0])
	case got.Offset < off[0] || off[1] > 0 && got.Offset > off[1]:
		return fmt.Sprintf("the error is right, but its Offset is %d: want one from %d to %d", got.Offset, off[0], off[1])
	}
	return ""
}

// errName is an error in words.
func errName(e wire.Err) string {
	switch e.Kind {
	case "":
		return "no error"
	case "protocol":
		return fmt.Sprintf("a *ProtocolError with status %d", e.Status)
	case "other":
		return "an error that is no *ProtocolError"
	}
	return "the error " + printable(e.Kind, mostShown)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// show writes an argument or a result in one line, bytes as strings.
func show(v any) string {
	var b strings.Builder
	showValue(&b, reflect.ValueOf(v))
	return b.String()
}

func showValue(b *strings.Builder, v reflect.Value) {
	if b.Len() > mostWhole || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		b.WriteByte('(')
		sep := ""
		for i := range v.NumField() {
			if v.Field(i).IsZero() || !v.Type().Field(i).IsExported() {
				continue
			}
			b.WriteString(sep)
			sep = ", "
			if v.NumField() > 1 {
				b.WriteString(v.Type().Field(i).Name + " ")
			}
			showValue(b, v.Field(i))
		}
		b.WriteByte(')')
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			text := fmt.Sprintf("%s", v.Interface())
			if len(text) > 400 {
				fmt.Fprintf(b, "%+q... (%d bytes)", text[:300], len(text))
			} else {
				fmt.Fprintf(b, "%+q", text)
			}
			return
		}
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			showValue(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.String:
		text := v.String()
		fmt.Fprintf(b, "%+q", text[:min(len(text), 400)])
	case reflect.Interface, reflect.Pointer:
		showValue(b, v.Elem())
	default:
		fmt.Fprint(b, v.Interface())
	}
}

// same says whether two values are the same, as Compare has it.
func same[R any](want, got R) bool {
	return new(place).differ(reflect.ValueOf(want), reflect.ValueOf(got), "", [2]int{}) == ""
}
