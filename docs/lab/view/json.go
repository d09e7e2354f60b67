package view

import "strconv"

// A writer writes JSON. encoding/json would bring a third of a megabyte to the page.
type writer struct {
	b     []byte
	comma bool // a comma is due before the next thing
}

func (w *writer) next() {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
}

func (w *writer) open(c byte) {
	w.next()
	w.b, w.comma = append(w.b, c), false
}

func (w *writer) close(c byte) { w.b, w.comma = append(w.b, c), true }

// key begins a member of an object.
func (w *writer) key(name string) {
	w.text(name)
	w.b, w.comma = append(w.b, ':'), false
}

func (w *writer) int(n int) {
	w.next()
	w.b = strconv.AppendInt(w.b, int64(n), 10)
}

func (w *writer) bool(v bool) {
	w.next()
	w.b = strconv.AppendBool(w.b, v)
}

// text writes a string that is UTF-8.
func (w *writer) text(s string) {
	w.next()
	w.b = append(w.b, '"')
	for _, r := range s {
		if r < 0x20 || r == '"' || r == '\\' || r == 0x2028 || r == 0x2029 {
			w.unit(r)
		} else {
			w.b = append(w.b, string(r)...)
		}
	}
	w.b = append(w.b, '"')
}

// bytes writes a string with a character for each byte, from U+0000 to U+00FF.
func (w *writer) bytes(p []byte) {
	w.next()
	w.b = append(w.b, '"')
	for _, c := range p {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			w.unit(rune(c))
		} else {
			w.b = append(w.b, c)
		}
	}
	w.b = append(w.b, '"')
}

func (w *writer) unit(r rune) {
	const hex = "0123456789abcdef"
	w.b = append(w.b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// fields writes members of an object: names and values in turn.
func (w *writer) fields(members ...any) {
	for i := 0; i+1 < len(members); i += 2 {
		w.key(members[i].(string))
		switch v := members[i+1].(type) {
		case string:
			w.text(v)
		case int:
			w.int(v)
		case bool:
			w.bool(v)
		case []byte:
			w.bytes(v)
		}
	}
}
