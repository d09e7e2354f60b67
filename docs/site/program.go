package main

import (
	"errors"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// goOutput returns what a go command prints that is run in the repository. It is run
// again when something has been saved in from.
func (s *site) goOutput(name string, from []string, args ...string) (string, error) {
	return memo(s, name, from, func() (string, error) { return s.goRun(args) })
}

func (s *site) goRun(args []string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "MAKELEVEL=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

var (
	commandLine = regexp.MustCompile(`^  (\S+) +(\S.*)$`)
	formLine    = regexp.MustCompile(`^    (make .*\S) +(go tool checker .*)$`)
	flagLine    = regexp.MustCompile(`^  (-\S+)(?: (\S+))?  +(\S.*?)(?: \[(.*)\])?$`)
)

// makeCommands is a table of all commands, from what "help" prints.
func makeCommands(t transformer, args []string) (template.HTML, error) {
	help, err := t.goOutput("help", []string{"checker/main.go"}, "tool", "checker", "help")
	if err != nil {
		return "", err
	}
	var html template.HTML
	n := 0
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		if m := formLine.FindStringSubmatch(line); m != nil {
			html += markup("<tr><td><code>%s</code></td><td><code>%s</code></td></tr>\n", strings.TrimSpace(m[1]), m[2])
		} else if m := commandLine.FindStringSubmatch(line); m != nil {
			n++
			html += markup("<tr class=\"group\"><th colspan=\"2\" scope=\"rowgroup\">%s: %s</th></tr>\n", m[1], m[2])
		}
	}
	if n == 0 {
		return "", errors.New(`"go tool checker help" lists no commands`)
	}
	return markup("<div class=\"table\" tabindex=\"0\"><table class=\"commands\">\n<thead><tr><th scope=\"col\">with make</th><th scope=\"col\">without</th></tr></thead>\n<tbody>\n%s</tbody></table></div>\n", html), nil
}

// makeFlags is the settings of the server, from what -help prints.
func makeFlags(t transformer, args []string) (template.HTML, error) {
	help, err := t.goOutput("flags", []string{"solutions"}, "run", "./solutions/10-production-server/barewire", "-help")
	if err != nil {
		return "", err
	}
	var html template.HTML
	n := 0
	_, help, _ = strings.Cut(help, "counts.\n")
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		m := flagLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			n++
			value := template.HTML("")
			if m[2] != "" {
				value = markup(" <var>%s</var>", m[2])
			}
			usual := template.HTML("")
			if m[4] != "" {
				usual = markup("<code>%s</code>", m[4])
			}
			html += markup("<tr id=\"flag%s\"><td><code>%s</code>%s</td><td>%s</td><td>%s</td></tr>\n", m[1], m[1], value, m[3], usual)
		case line != "" && !strings.HasPrefix(line, " "):
			html += markup("<tr class=\"group\"><th colspan=\"3\" scope=\"rowgroup\">%s</th></tr>\n", line)
		case line != "":
			return "", fmt.Errorf("this line of -help is no flag: %q", line)
		}
	}
	if n == 0 {
		return "", errors.New("-help lists no flags")
	}
	return markup("<div class=\"table\" tabindex=\"0\"><table class=\"flags\">\n<thead><tr><th scope=\"col\">Flag</th><th scope=\"col\">What it says</th><th scope=\"col\">Without it</th></tr></thead>\n<tbody>\n%s</tbody></table></div>\n", html), nil
}
