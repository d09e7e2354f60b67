package lab

import (
	"encoding/base64"
	"fmt"
	"strings"

	"barewire/docs/lab/cases"
	"barewire/docs/lab/lax"
	"barewire/docs/lab/notation"
	"barewire/docs/lab/view"
)

// Link returns the part of a link to the lab that opens what is named, and what that is
// in words: a case of the collection, by its group and name ("Host/two Host fields") or
// by the id in its link; a famous way to smuggle ("CL.TE"), in two readings; or bytes in
// the lab's notation, which have a backslash in them.
func (c Config) Link(what string) (fragment, words string, err error) {
	for _, f := range view.FamousOnes {
		if f.Name == what {
			fragment, err = bytesLink(f.Text)
			return fragment + "&view=readings&left=" + reader(f.Left) + "&right=" + reader(f.Right), f.Name + ", read in two ways", err
		}
	}
	if strings.Contains(what, `\`) {
		fragment, err = bytesLink(what)
		return fragment, "these bytes", err
	}
	groups, err := cases.Load(c.Root)
	if err != nil {
		return "", "", err
	}
	group, name, _ := strings.Cut(what, "/")
	id := cases.ID(group, name)
	for _, g := range groups {
		for _, one := range g.Cases {
			if one.ID == id {
				return "#case=" + id, one.Name, nil
			}
		}
	}
	return "", "", fmt.Errorf("the conformance collection has no %q: a case is named by its group and its name, as in Host/two Host fields", what)
}

func bytesLink(text string) (string, error) {
	pieces, half, err := notation.Parse(text)
	if err != nil {
		return "", err
	}
	encoded := make([]string, len(pieces))
	for i, p := range pieces {
		encoded[i] = base64.RawURLEncoding.EncodeToString(p)
	}
	link := "#bytes=" + strings.Join(encoded, ".")
	if half {
		link += "&half"
	}
	return link, nil
}

// reader returns how a link calls a reader.
func reader(who int) string {
	if who == view.Strict {
		return "strict"
	}
	var names []string
	for _, s := range lax.Table {
		if lax.Switches(who)&s.Bit != 0 {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return "lax"
	}
	return strings.Join(names, "+")
}
