package intake

import (
	"fmt"
	"slices"
	"strings"
)

// notes says what was left out, one line for each reason.
type notes struct {
	reasons []string
	names   map[string][]string // by reason, a few
	counts  map[string]int
}

// shown is how many names a note gives; it counts the others.
const shown = 3

// add says that name was left out, or changed, for a reason: "left out, a link".
func (n *notes) add(reason, name string) {
	if n.counts[reason] == 0 {
		if len(n.reasons) == maxNotes {
			return
		}
		if n.counts == nil {
			n.counts, n.names = make(map[string]int), make(map[string][]string)
		}
		n.reasons = append(n.reasons, reason)
	}
	name = printable(name)
	if slices.Contains(n.names[reason], name) {
		return // .git, once for each file in it
	}
	n.counts[reason]++
	if len(n.names[reason]) < shown {
		n.names[reason] = append(n.names[reason], name)
	}
}

// lines returns the notes: "left out, a link: a, b, c and 7 more".
func (n *notes) lines() []string {
	var lines []string
	for _, reason := range n.reasons {
		lines = append(lines, reason+": "+some(n.names[reason], n.counts[reason]))
	}
	return lines
}

// some lists names, of which there are count in all.
func some(names []string, count int) string {
	list := strings.Join(names, ", ")
	if more := count - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// take adds what another has noted for a reason.
func (n *notes) take(from *notes, reason string) {
	for _, name := range from.names[reason] {
		n.add(reason, name)
	}
	n.counts[reason] += from.counts[reason] - len(from.names[reason])
}
