package main

import (
	"strings"
	"testing"
)

// TestMistakes plants mistakes into a page and reads what the build says: the file, the
// line, and the reason.
func TestMistakes(t *testing.T) {
	const at = "docs/03-headers-bodies.md:3: "
	for _, row := range []struct{ name, text, want string }{
		{"no title", "\nOnly words.", "docs/03-headers-bodies.md:1: the first line is to be the title: # and some words"},
		{"two titles", "# A\n\n# B\n", at + `a second title; the first is "A"`},
		{"raw HTML in a line", "# A\n\nSome <b>bold</b> words.\n", at + "raw HTML: a page is plain Markdown"},
		{"a block of HTML", "# A\n\n<div>\n</div>\n", at + "raw HTML: a page is plain Markdown, and a comment is alone on its line"},
		{"a comment of two lines", "# A\n\n<!-- tasks\n3 -->\n", at + "raw HTML: a page is plain Markdown, and a comment is alone on its line"},
		{"code by indentation", "# A\n\n    go test\n", at + "code by indentation: use a fence, which says what language it is"},
		{"an unknown language", "# A\n\n```rust\n```\n", at + `no block is in "rust"; there are go, http, `},
		{"a bad diagram", "# A\n\n```mermaid\nsequenceDiagram\n    nonsense here\n```\n", "docs/03-headers-bodies.md:5: diagram, line 2: "},

		{"an unknown container", "# A\n\n::: box\n:::\n", at + `there is no container "box"; there are fold, `},
		{"a container that is not closed", "# A\n\n::: note\nWords.\n", at + "::: note is not closed by a line :::"},
		{"a closing line too many", "# A\n\n:::\n", at + "::: closes a container, and none is open"},
		{"a fold without a title", "# A\n\n::: fold\n:::\n", at + "::: fold has a title behind it"},
		{"a note with one", "# A\n\n::: note Mind\n:::\n", at + `::: note has no title: "Mind"`},
		{"one tab", "# A\n\n::: tabs\n== nc\nWords.\n:::\n", at + "::: tabs has at least two tabs: lines such as == curl"},
		{"words before the first tab", "# A\n\n::: tabs\nWords.\n\n== nc\nA\n== curl\nB\n:::\n", "docs/03-headers-bodies.md:4: in ::: tabs everything belongs to a tab: a line such as == curl"},

		{"a link to no file", "# A\n\nSee [it](04-nowhere.md).\n", at + "there is no docs/04-nowhere.md"},
		{"a link to no heading", "# A\n\nSee [it](#nowhere).\n", at + "docs/03-headers-bodies.md has no heading #nowhere"},
		{"a link to no heading of another page", "# A\n\nSee [it](04-keep-alive.md#nowhere).\n", at + "docs/04-keep-alive.md has no heading #nowhere"},
		{"a link out of the repository", "# A\n\nSee [it](../../../).\n", at + "../../../ is outside of the repository"},
		{"no such section", "# A\n\nSee RFC 9112 §9.99.\n", at + "RFC 9112 has no section 9.99 that docs/site/rfc-sections.txt knows"},
		{"no such RFC", "# A\n\nSee RFC 2616 §4.4.\n", at + "RFC 2616 has no section 4.4 that docs/site/rfc-sections.txt knows"},
		{"no such picture", "# A\n\n![A plot](nowhere.svg)\n", at + "there is no docs/nowhere.svg"},
		{"a picture without words", "# A\n\n![](bench/closed-cpu.svg)\n", at + "a picture says in words what it shows"},

		{"a link with an unknown title", "# A\n\n[x](../solutions/01-tcp-echo/echo.go \"source\")\n", at + `a link with the title "source" is nothing; there are code, body and run`},
		{"code of no file", "# A\n\n[Echo](../solutions/01-tcp-echo/none.go \"code\")\n", at + "there is no solutions/01-tcp-echo/none.go"},
		{"code that is not declared", "# A\n\n[Ekho](../solutions/01-tcp-echo/echo.go \"code\")\n", at + "solutions/01-tcp-echo/echo.go declares no Ekho; it has "},
		{"a method of no type", "# A\n\n[Serve](../solutions/01-tcp-echo/server.go \"body\")\n", at + "solutions/01-tcp-echo/server.go declares no Serve; it has "},
		{"a run that nobody made", "# A\n\n[make test](runs/nowhere.txt \"run\")\n", at + "there is no docs/runs/nowhere.txt"},
		{"a run that is somewhere else", "# A\n\n[make test](../README.md \"run\")\n", at + "README.md: what a command printed is in docs/runs, in a file that ends in .txt"},

		{"an unknown comment", "# A\n\n<!-- teh tasks -->\n", at + `nothing is called "teh tasks"; there are commands, `},
		{"tasks of no step", "# A\n\n<!-- tasks 11 -->\n", at + `tasks: there is no step "11"`},
		{"tasks without a step", "# A\n\n<!-- tasks -->\n", at + "tasks: the number of a step stands behind it"},
		{"wrong programs of no step", "# A\n\n<!-- wrong x -->\n", at + `wrong: there is no step "x"`},
		{"too many words", "# A\n\n<!-- flags all -->\n", at + "flags: nothing stands behind it"},
		{"a task that is not there", "# A\n\n## 3.99 More\n", "docs/03-headers-bodies.md:3: there is no task 3.99"},
		{"a task of another step", "# A\n\n## 2.1 Method\n", "docs/03-headers-bodies.md:3: task 2.1 belongs to docs/02-request-line.md"},
		{"a task by another name", "# A\n\n## 3.1 Fields\n", `docs/03-headers-bodies.md:3: task 3.1 is called "Field line"`},
		{"tasks that are left out", "# A\n\n<!-- tasks 3 -->\n\n## 3.1 Field line\n", "docs/03-headers-bodies.md:1: no section is about task 3.2 Header"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := empty(config{root: "../.."})
			if err != nil {
				t.Fatal(err)
			}
			p := &page{source: "03-headers-bodies.md", address: "03-headers-bodies/", text: []byte(row.text)}
			s.pages = []*page{p, {source: "04-keep-alive.md", address: "04-keep-alive/"}}
			err = s.read(p)
			if err == nil {
				err = s.follow(p)
			}
			if err == nil {
				t.Fatalf("it is built, want %q", row.want)
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if !strings.HasPrefix(first, row.want) {
				t.Errorf("got  %s\nwant %s", err, row.want)
			}
		})
	}
}
