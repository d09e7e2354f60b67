// Package cases makes the conformance collection into what the wire lab reads.
package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	collection "barewire/checker/conformance/cases"
)

// A Case is a case of the collection, for the lab.
type Case struct {
	ID      string `json:"id"` // for links: "host/two-host-fields"
	Name    string `json:"name"`
	Section string `json:"section"`
	Verb    string `json:"verb"`
	Why     string `json:"why"`
	Reason  string `json:"reason,omitempty"`
	Want    string `json:"want"` // "400 close | 200 open"
	File    string `json:"file"` // "host.md:12"
	Text    string `json:"text"` // what is sent, as the collection writes it
	Needs   bool   `json:"needs,omitempty"`
}

// A Group is cases of one file.
type Group struct {
	Name  string `json:"name"`
	Cases []Case `json:"cases"`
}

// Load reads the collection; root is the folder of the repository.
func Load(root string) ([]Group, error) {
	all, err := collection.Load()
	if err != nil {
		return nil, err
	}
	var groups []Group
	read := map[string][]string{}
	seen := map[string]string{}
	for i := range all {
		c := &all[i]
		text, err := source(root, c, read)
		if err != nil {
			return nil, err
		}
		if n := len(groups); n == 0 || groups[n-1].Name != c.Group {
			groups = append(groups, Group{Name: c.Group})
		}
		var want []string
		for _, a := range c.Want {
			want = append(want, a.String())
		}
		id := ID(c.Group, c.Name)
		if other, ok := seen[id]; ok {
			return nil, fmt.Errorf("%s: its link %s is that of %s too", c.File, id, other)
		}
		seen[id] = c.File
		g := &groups[len(groups)-1]
		g.Cases = append(g.Cases, Case{ID: id, Name: c.Name, Section: c.Section, Verb: c.Verb, Why: c.Why, Reason: c.Reason,
			Want: strings.Join(want, " | "), File: strings.TrimPrefix(c.File, "cases/"), Text: text, Needs: c.NeedsFile})
	}
	return groups, nil
}

// ID returns the name that a case has in a link: the group and the name, in lower case,
// with a hyphen for everything that is neither letter nor digit.
func ID(group, name string) string { return slug(group) + "/" + slug(name) }

func slug(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(s) {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
	}
	return b.String()
}

// Source returns what a case sends as it stands in the collection's file, without the
// indent.
func Source(root string, c *collection.Case) (string, error) {
	return source(root, c, map[string][]string{})
}

// source is Source with the lines of files that have been read.
func source(root string, c *collection.Case, read map[string][]string) (string, error) {
	file, number, _ := strings.Cut(c.File, ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		return "", fmt.Errorf("%s is no place of a case", c.File)
	}
	if read[file] == nil {
		data, err := os.ReadFile(filepath.Join(root, "checker", "conformance", filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		read[file] = strings.Split(string(data), "\n")
	}
	var b strings.Builder
	for _, line := range read[file][min(n, len(read[file])):] {
		if strings.HasPrefix(line, "#") {
			break
		}
		if text, ok := strings.CutPrefix(line, "    "); ok {
			b.WriteString(strings.TrimRight(text, " \t\r"))
			b.WriteByte('\n')
		}
	}
	return b.String(), nil
}
