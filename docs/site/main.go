// Command site builds the docs: Markdown in, static pages out, and nothing on a page
// that the repository does not say itself.
//
// The pages are the Markdown files of docs. What can go stale in them is not written
// down but named, and put in when the site is built: a declaration of a solution, a
// real run in a terminal, the tasks of a step, the flags of the server. What is named
// and is not there ends the build with the file, the line and the reason.
//
// Read site.go first, then markdown.go; each thing that can be named has a file.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	var c config
	flag.StringVar(&c.root, "root", "..", "the `folder` of the repository")
	flag.StringVar(&c.out, "out", "", "the `folder` that the site is written to; without it docs/public")
	flag.BoolVar(&c.mine, "mine", false, "put the parser of steps into the wire lab, and not that of solutions")
	flag.Parse()
	if c.out == "" {
		c.out = filepath.Join(c.root, "docs", "public")
	}
	begun := time.Now()
	n, err := build(c)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d pages in %s, %d ms\n", n, c.out, time.Since(begun).Milliseconds())
}
