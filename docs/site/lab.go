package main

import (
	"errors"
	"html/template"
	"strings"
)

// makeLab is a link that opens the wire lab with a case.
func makeLab(t transformer, args []string) (template.HTML, error) {
	if len(args) == 0 {
		return "", errors.New("a case, or bytes, stand behind it")
	}
	return markup("<p class=\"lab\"><a href=\"%s\">Open in the wire lab: %s</a></p>\n", t.to("wire-lab/"), strings.Join(args, " ")), nil
}
