package main

import (
	"html/template"
	"strings"

	"barewire/checker/wrong"
)

// makeWrong lists the wrong programs of a step, by the tasks that they get wrong. What
// each of them is in code has a page of its own, since it is a lot.
func makeWrong(t transformer, args []string) (list template.HTML, err error) {
	step, err := t.step(args)
	if err != nil {
		return "", err
	}
	address := step.Dir + "/wrong/"
	var programs template.HTML
	reds, err := wrong.LoadReds(t.root, step.Dir)
	if err != nil {
		return "", err
	}
	all, err := wrong.LoadStep(t.root, step.Dir)
	if err != nil {
		return "", err
	}
	for _, task := range step.Tasks {
		var lines template.HTML
		number := 0
		for _, p := range all {
			if p.Task != task.ID {
				continue
			}
			if number++; number == 1 {
				programs += markup("<h2 id=\"%s\">%s %s</h2>\n", task.ID, task.ID, task.Title)
			}
			about := t.phrase(p.About)
			lines += markup("<li>%s <a href=\"%s#%s\" aria-label=\"Its code\">code</a></li>\n", about, t.to(address), p.Name())
			programs += program(p, about, reds[p.Name()])
		}
		if number > 0 {
			list += markup("<details class=\"wrongs\"><summary><b>%s %s</b> %s</summary>\n<div><ul>%s</ul></div></details>\n",
				task.ID, task.Title, plural(number, "wrong program"), lines)
		}
	}
	t.add(&page{source: "checker/wrong/" + step.Dir, address: address, title: "Wrong programs: " + step.Title, group: "Course",
		body: markup("<p>Each changes the reference of <a href=\"../\">step %d</a> in a few lines, as somebody might have written it. Below the change is what the test says that catches it.</p>\n<div class=\"wrong\">\n%s</div>\n", step.Number, programs)})
	return markup("<div class=\"wrong\">\n%s</div>\n", list), nil
}

// program says what the mistake is, shows the edit, what the test says, and names the test.
func program(p wrong.Program, about template.HTML, red string) template.HTML {
	var diff template.HTML
	for _, e := range p.Edits {
		diff += markup("<span>%s</span>", e.File)
		indent := min(indented(e.Old), indented(e.New))
		for line := range strings.SplitSeq(e.Old, "\n") {
			diff += markup("<del>%s</del>", line[min(indent, len(line)):])
		}
		for line := range strings.SplitSeq(e.New, "\n") {
			diff += markup("<ins>%s</ins>", line[min(indent, len(line)):])
		}
	}
	test, row, _ := strings.Cut(p.CaughtBy, "/")
	by := test
	if name := ofTask.FindStringSubmatch(test); name != nil {
		by = name[2]
	}
	if row != "" {
		by += ": " + strings.ReplaceAll(row, "_", " ")
	}
	var said template.HTML
	for line := range strings.Lines(red) {
		said += marked(line)
	}
	if red != "" {
		said = markup("<pre class=\"red\" tabindex=\"0\"><code>%s</code></pre>\n", said)
	}
	return markup("<section id=\"%s\"><p>%s</p>\n<pre class=\"diff\" tabindex=\"0\"><code>%s</code></pre>\n%s<p class=\"by\">Caught by <em>%s</em></p></section>\n",
		p.Name(), about, diff, said, by)
}

// indented returns how many tabs all lines begin with.
func indented(text string) int {
	least := 99
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			least = min(least, len(line)-len(strings.TrimLeft(line, "\t")))
		}
	}
	return least
}
