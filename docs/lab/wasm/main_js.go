//go:build js && wasm

// Command wasm is the wire lab as WebAssembly: barewire/docs/lab/view for a page. It
// sets three functions on the global object barewire and stays.
package main

import (
	"syscall/js"

	"barewire/docs/lab/view"
)

func main() {
	js.Global().Set("barewire", map[string]any{
		"table":   string(view.Table()),
		"take":    js.FuncOf(take),
		"compare": js.FuncOf(compare),
		"format":  js.FuncOf(format),
	})
	select {}
}

// take is called with a text and a function, which gets the bytes and JSON. What it calls
// may wait, which a function of JavaScript may not; so it has a goroutine of its own.
func take(_ js.Value, args []js.Value) any {
	text, done := args[0].String(), args[1]
	go func() { answer(done)(view.Take(text)) }()
	return nil
}

// compare is called with a text, two readings and a function.
func compare(_ js.Value, args []js.Value) any {
	text, left, right, done := args[0].String(), args[1].Int(), args[2].Int(), args[3]
	go func() { answer(done)(view.Compare(text, left, right)) }()
	return nil
}

// format is called with bytes, the sizes of the pieces, and whether the client closes its
// sending side.
func format(_ js.Value, args []js.Value) any {
	all := make([]byte, args[0].Length())
	js.CopyBytesToGo(all, args[0])
	sizes := make([]int, args[1].Length())
	for i := range sizes {
		sizes[i] = args[1].Index(i).Int()
	}
	return view.Format(all, sizes, args[2].Bool())
}

func answer(done js.Value) func(all, result []byte) {
	return func(all, result []byte) {
		array := js.Global().Get("Uint8Array").New(len(all))
		js.CopyBytesToJS(array, all)
		done.Invoke(array, string(result))
	}
}
