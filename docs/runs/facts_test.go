package runs_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"barewire/checker/course"
)

// A row of a plan: | week | [Title](../01-tcp-echo.md) | 125 | …
var planned = regexp.MustCompile(`(?m)^\| \d+ \| \[.*\]\(\.\./(\d\d-[a-z-]+)\.md\) \| (\d+) \|`)

// The plan for ten weeks has the minutes that the course gives its tasks.
func TestPlan(t *testing.T) {
	page, err := os.ReadFile("../instructors/index.md")
	if err != nil {
		t.Fatal(err)
	}
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, s := range c.Steps {
		for _, task := range s.Tasks {
			want[s.Dir] += task.Minutes
		}
	}
	rows := planned.FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(c.Steps) {
		t.Errorf("the plan has %d weeks for %d steps", len(rows), len(c.Steps))
	}
	for _, row := range rows {
		if strconv.Itoa(want[row[1]]) != row[2] {
			t.Errorf("the plan has %s minutes for %s, and its tasks %d", row[2], row[1], want[row[1]])
		}
	}
}

// figure is a number with two decimals: a mark.
var figure = regexp.MustCompile(`\b\d+\.\d\d\b`)

// The worked example of the rubric ends in the marks that the grader gives.
func TestWorkedExample(t *testing.T) {
	page, err := os.ReadFile("../instructors/rubric.md")
	if err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile("grade-one.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"10.38", "20.38", "18.34"} {
		if !regexp.MustCompile(regexp.QuoteMeta(mark)).Match(report) {
			t.Errorf("the report does not have %s", mark)
		}
	}
	for _, mark := range figure.FindAllString(string(page), -1) {
		switch mark {
		case "10.38", "20.38", "18.34": // of the report
		case "0.88", "1.47", "0.74": // parts of it: 10·15/170, 10·25/170, and half of that
		default:
			t.Errorf("docs/instructors/rubric.md: where is %s from?", mark)
		}
	}
}

// What the manual says of settings and metrics is about those that there are.
func TestManual(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	manual, metrics := read("../manual.md"), read("manual-metrics.txt")
	settings := []string{"config", "print-config", "help"}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+) = `).FindAllStringSubmatch(read("manual-config.txt"), -1) {
		settings = append(settings, m[1])
	}
	for _, m := range regexp.MustCompile("`-([a-z-]+)[ `]").FindAllStringSubmatch(manual, -1) {
		if !slices.Contains(settings, m[1]) {
			t.Errorf("docs/manual.md: there is no setting -%s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^# HELP (\S+)`).FindAllStringSubmatch(metrics, -1) {
		if !strings.Contains(manual, "`"+m[1]) {
			t.Errorf("docs/manual.md does not say what %s is", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`((?:barewire|go)_[a-z_]+)").FindAllStringSubmatch(manual, -1) {
		if !strings.Contains(metrics, "# HELP "+m[1]+" ") {
			t.Errorf("docs/manual.md: there is no metric %s", m[1])
		}
	}
}
