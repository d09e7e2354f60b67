package main

import (
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"barewire/checker/course"
)

// A mistake is a wrong program of checker/wrong: an edit of the reference that a test
// has to catch.
type mistake struct {
	name     string // such as "9.1-backslash"
	red      string // what the test says to whoever makes it
	about    string
	caughtBy string
	edits    []edit
}

// An edit replaces a piece of a file.
type edit struct{ file, old, new string }

// makeWrong lists the wrong programs of a step, by the tasks that they get wrong. What
// each of them is in code has a page of its own, since it is a lot.
func makeWrong(t transformer, args []string) (list template.HTML, err error) {
	step, err := t.step(args)
	if err != nil {
		return "", err
	}
	address := step.Dir + "/wrong/"
	var programs template.HTML
	reds, err := reds(t.root, step)
	if err != nil {
		return "", err
	}
	for _, task := range step.Tasks {
		all, err := mistakes(t.root, step, task)
		if err != nil {
			return "", err
		}
		if len(all) == 0 {
			continue
		}
		var lines template.HTML
		programs += markup("<h2 id=\"%s\">%s %s</h2>\n", task.ID, task.ID, task.Title)
		for _, m := range all {
			about := t.phrase(m.about)
			m.red = reds[m.name]
			lines += markup("<li>%s <a href=\"%s#%s\" aria-label=\"Its code\">code</a></li>\n", about, t.to(address), m.name)
			programs += m.html(about)
		}
		list += markup("<details class=\"wrongs\"><summary><b>%s %s</b> %s</summary>\n<div><ul>%s</ul></div></details>\n",
			task.ID, task.Title, plural(len(all), "wrong program"), lines)
	}
	t.add(&page{source: "checker/wrong/" + step.Dir, address: address, title: "Wrong programs: " + step.Title, group: "Course",
		body: markup("<p>Each changes the reference of <a href=\"../\">step %d</a> in a few lines, as somebody might have written it. Below the change is what the test says that catches it.</p>\n<div class=\"wrong\">\n%s</div>\n", step.Number, programs)})
	return markup("<div class=\"wrong\">\n%s</div>\n", list), nil
}

// html says what the mistake is, shows the edit, and names the test.
func (m mistake) html(about template.HTML) template.HTML {
	var diff template.HTML
	for _, e := range m.edits {
		diff += markup("<span>%s</span>", e.file)
		indent := min(indented(e.old), indented(e.new))
		for line := range strings.SplitSeq(e.old, "\n") {
			diff += markup("<del>%s</del>", line[min(indent, len(line)):])
		}
		for line := range strings.SplitSeq(e.new, "\n") {
			diff += markup("<ins>%s</ins>", line[min(indent, len(line)):])
		}
	}
	test, row, _ := strings.Cut(m.caughtBy, "/")
	by := test
	if name := ofTask.FindStringSubmatch(test); name != nil {
		by = name[2]
	}
	if row != "" {
		by += ": " + strings.ReplaceAll(row, "_", " ")
	}
	var said template.HTML
	for line := range strings.Lines(m.red) {
		said += marked(line)
	}
	if m.red != "" {
		said = markup("<pre class=\"red\" tabindex=\"0\"><code>%s</code></pre>\n", said)
	}
	return markup("<section id=\"%s\"><p>%s</p>\n<pre class=\"diff\" tabindex=\"0\"><code>%s</code></pre>\n%s<p class=\"by\">Caught by <em>%s</em></p></section>\n",
		m.name, about, diff, said, by)
}

// reds reads what the tests of a step say about its wrong programs, by their names; the
// gate keeps the file as it is when the programs run.
func reds(root string, step course.Step) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(root, "checker", "red", step.Dir+".md"))
	all := make(map[string]string)
	for part := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n## ") {
		name, rest, _ := strings.Cut(part, "\n")
		_, block, _ := strings.Cut(rest, "\n```text\n")
		if block, _, closed := strings.Cut(block, "\n```\n"); closed {
			all[name] = block + "\n"
		}
	}
	return all, err
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

// mistakes reads the wrong programs of a task.
func mistakes(root string, step course.Step, task course.Task) (all []mistake, err error) {
	files, err := filepath.Glob(filepath.Join(root, "checker", "wrong", step.Dir, task.ID+"-*.txtar"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parseMistake(strings.ReplaceAll(string(text), "\r\n", "\n"))
		if err != nil {
			return nil, fmt.Errorf("checker/wrong/%s/%s: %w", step.Dir, path.Base(filepath.ToSlash(file)), err)
		}
		m.name = strings.TrimSuffix(filepath.Base(file), ".txtar")
		all = append(all, m)
	}
	return all, nil
}

// part is the line before a part of the file.
var part = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// parseMistake reads a wrong program: sentences, lines such as "caught-by: TestTask1_Field",
// and pairs of parts, of which the second is named "with".
func parseMistake(text string) (m mistake, err error) {
	marks := part.FindAllStringSubmatchIndex(text, -1)
	if len(marks) == 0 || len(marks)%2 != 0 {
		return m, fmt.Errorf("its parts are not pairs")
	}
	for line := range strings.Lines(text[:marks[0][0]]) {
		line = strings.TrimSpace(line)
		if test, ok := strings.CutPrefix(line, "caught-by: "); ok {
			m.caughtBy = test
		} else if !strings.HasPrefix(line, "ends-with:") && line != "red: varies" {
			m.about = strings.TrimSpace(m.about + " " + line)
		}
	}
	for i := 0; i < len(marks); i += 2 {
		end := len(text)
		if i+2 < len(marks) {
			end = marks[i+2][0]
		}
		m.edits = append(m.edits, edit{
			file: text[marks[i][2]:marks[i][3]],
			old:  strings.TrimRight(text[marks[i][1]:marks[i+1][0]], "\n"),
			new:  strings.TrimRight(text[marks[i+1][1]:end], "\n"),
		})
	}
	return m, nil
}
