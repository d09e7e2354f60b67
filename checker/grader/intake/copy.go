package intake

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// unique returns the files, of which no two have names that some system takes for one.
func (c *copyOf) unique() []found {
	type key struct {
		step int
		name string
	}
	at := make(map[key]int)
	var all []found
	for _, f := range c.files {
		k := key{f.step, strings.ToLower(f.name)}
		i, twice := at[k]
		switch {
		case !twice:
			at[k] = len(all)
			all = append(all, f)
		case all[i].was == f.was:
			if !bytes.Equal(all[i].text, f.text) {
				c.notes.add("twice in the archive with different content; the last one counts", f.was)
			}
			all[i] = f
		default:
			dir, base := path.Split(f.name)
			for n := 2; twice; n++ {
				f.name = fmt.Sprintf("%s%d-%s", dir, n, base)
				k.name = strings.ToLower(f.name)
				_, twice = at[k]
			}
			at[k] = len(all)
			all = append(all, f)
			c.notes.add("renamed to "+f.name+", as its name differs from another only in case", f.was)
		}
	}
	return all
}

// normal returns the text of a Go file as go on Linux expects it. None of this changes
// what it means to the compiler.
func (c *copyOf) normal(name string, text []byte) []byte {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		c.notes.add("UTF-16, which Go cannot read: save it as UTF-8", name)
		return text
	}
	if rest, ok := bytes.CutPrefix(text, []byte("\xef\xbb\xbf")); ok {
		c.notes.add("read without the byte order mark at its beginning", name)
		text = rest
	}
	if bytes.Contains(text, []byte("\r\n")) {
		c.notes.add("read with LF for CR LF at the ends of its lines", name)
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	return text
}
