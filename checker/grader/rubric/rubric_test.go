package rubric_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/result"
	"barewire/checker/grader/rubric"

	"github.com/google/go-cmp/cmp"
)

// small is a course of two steps: 1.1 (10 minutes), 1.2 (30), 2.1 (20).
func small(t testing.TB) *course.Course {
	t.Helper()
	task := func(id string, minutes int) string {
		return fmt.Sprintf("\n## %s Task %s (%d minutes)\n\nWhat.\n\n### Hint 1\na\n### Hint 2\nb\n### Hint 3\nc\n", id, id, minutes)
	}
	c, err := course.Parse(fstest.MapFS{
		"01-tcp-echo.md":     {Data: []byte("# Echo\n\nIntro.\n" + task("1.1", 10) + task("1.2", 30))},
		"02-request-line.md": {Data: []byte("# Line\n\nIntro.\n" + task("2.1", 20))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, text string) *rubric.Rubric {
	t.Helper()
	r, err := rubric.Read("rubric.json", []byte(text), small(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDefault(t *testing.T) {
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := rubric.Default(c)
	if r.MaxScore() != 100 || len(r.Steps()) != 10 {
		t.Errorf("the course has %v points in %d steps, want 100 in 10", r.MaxScore(), len(r.Steps()))
	}
	tasks := 0
	for _, s := range c.Steps {
		tasks += len(s.Tasks)
	}
	if len(r.Tasks) != tasks {
		t.Errorf("%d tasks have points, want all %d", len(r.Tasks), tasks)
	}
	if a, b := rubric.Default(c).ID(), r.ID(); a != b || len(a.Hash) != 64 {
		t.Errorf("the same rubric has the digests %v and %v", a, b)
	}
}

func TestRead_Points(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       string
		max        float64
	}{
		{"nothing", `{}`, "1.1: 2.5, 1.2: 7.5, 2.1: 10", 20},
		{"a step", `{"points": {"1": 20}}`, "1.1: 5, 1.2: 15", 20},
		{"a task", `{"points": {"1.2": 3}}`, "1.2: 3", 3},
		{"a task of a step", `{"points": {"1": 20, "1.1": 8}}`, "1.1: 8, 1.2: 12", 20},
		{"a bonus", `{"points": {"1": 20, "2.1": 4}, "bonus": ["2.1"]}`, "1.1: 5, 1.2: 15, 2.1: +4", 20},
		{"a cap on a step", `{"points": {"1": 20, "2": 5}, "caps": {"1": 12}}`, "1.1: 5, 1.2: 15, 2.1: 5", 17},
		{"a cap on everything", `{"points": {"1": 20, "2": 5}, "caps": {"total": 24}}`, "1.1: 5, 1.2: 15, 2.1: 5", 24},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := read(t, test.text)
			var got []string
			for _, task := range r.Tasks {
				sign := ""
				if task.Bonus {
					sign = "+"
				}
				got = append(got, task.ID+": "+sign+result.Number(task.MaxPoints))
			}
			if text := strings.Join(got, ", "); text != test.want || r.MaxScore() != test.max {
				t.Errorf("%s: %s, at most %v; want %s, at most %v", test.text, text, r.MaxScore(), test.want, test.max)
			}
		})
	}
}

func TestRead_Refuses(t *testing.T) {
	checks := []string{"1.1/answers", "1.1/waits", "2.1/spaces"}
	for _, test := range []struct{ name, text, want string }{
		{"nothing at all", ``, "r.json:1:1: the file ends in the middle"},
		{"half of it", "{\n \"points\": {", "r.json:2:13: the file ends in the middle"},
		{"no JSON", "{\n points: 3}", "r.json:2:2: this is not JSON"},
		{"more behind it", "{\"points\": {\"1\": 1}}\n{}", "r.json:2:1: something stands behind the end"},
		{"a list", `[1]`, "r.json:1:1: a rubric is written { … }; this is a list"},
		{"too deep", `{"points": {"1": [[[[[[1]]]]]]}}`, "nothing in a rubric is nested so deep"},
		{"an unknown line", "{\"points\": {\"1\": 1},\n  \"deadlin\": \"x\"}", `r.json:2:3: "deadlin" is unknown here; known are base, bonus, brief, caps, deadline, hidden, late, name, points, shown, weights`},
		{"a line twice", `{"name": "a", "name": "b"}`, `r.json:1:15: "name" is here a second time`},
		{"points twice", `{"points": {"1": 1, "1": 2}}`, `r.json:1:21: "1" is here a second time`},
		{"a task that is none", `{"points": {"1.7": 1}}`, `r.json:1:13: there is no task "1.7"; step 1 has 1.1 to 1.2`},
		{"a step that is none", `{"points": {"11": 1}}`, `"11" is neither a step, such as 3, nor a task, such as 3.2`},
		{"points below none", `{"points": {"1": -1}}`, "r.json:1:18: points are a number from 0 to 1000000; this is the number -1"},
		{"endless points", `{"points": {"1": 1e400}}`, "this is the number 1e400"},
		{"points as text", `{"points": {"1": "10"}}`, `this is the text "10"`},
		{"no points", `{"points": {}}`, "r.json:1:1: nothing in it has points"},
		{"only a bonus", `{"points": {"2.1": 1}, "bonus": ["2.1"]}`, "nothing in it has points, bonus apart"},
		{"more in the tasks", `{"points": {"1": 5, "1.1": 6}}`, "r.json:1:13: step 1 has 5 points, and its tasks have 6"},
		{"less in the tasks", `{"points": {"1": 5, "1.1": 1, "1.2": 1}}`, "nothing gets the rest"},
		{"a bonus of a step", `{"bonus": ["1"]}`, `"1" is not a task; a task is written like 3.2`},
		{"a bonus without points", `{"points": {"1": 1}, "bonus": ["2.1"]}`, "r.json:1:32: task 2.1 has no points that could be a bonus"},
		{"a cap of a task", `{"caps": {"1.1": 1}}`, `"1.1" cannot have a cap`},
		{"a check that is none", `{"hidden": ["1.1/answrs"]}`, `r.json:1:13: there is no check "1.1/answrs"; task 1.1 has 1.1/answers, 1.1/waits`},
		{"a hidden task that is none", `{"hidden": ["1.9"]}`, `there is no task "1.9"`},
		{"hidden and shown", `{"hidden": ["1.1"], "shown": ["1.1"]}`, `r.json:1:31: "1.1" is both hidden and shown`},
		{"a weight of 0", `{"weights": {"1.1/waits": 0}}`, "a weight of 0 would take the check out of its task"},
		{"a weight of a task", `{"weights": {"1.1": 2}}`, `"1.1" is not a check; a check is written like 3.2/two-host-fields`},
		{"a base that is none", `{"base": "best"}`, `the base is "own", "reference", "better" or`},
		{"parts that are no whole", `{"base": {"own": 70, "reference": 20}}`, "the parts of own and reference make 90 percent, not 100"},
		{"a deadline without a zone", `{"deadline": "2026-11-30 23:59"}`, `a deadline is written like 2026-11-30T23:59:00+01:00, with the time zone; this is "2026-11-30 23:59"`},
		{"a grace without a unit", `{"late": {"percent_per_day": 1, "grace": "15"}}`, `a grace is written like 15m or 2h; this is "15"`},
		{"a grace into the past", `{"late": {"percent_per_day": 1, "grace": "-1h"}}`, `this is "-1h"`},
		{"lateness that costs nothing", `{"late": {"at_most": 50}}`, "lateness without percent_per_day costs nothing"},
		{"more than all per day", `{"late": {"percent_per_day": 101}}`, "percents are a number from 0 to 100"},
		{"two mistakes", "{\n\"base\": 1,\n\"name\": 2}", "r.json:2:9: the base is \"own\", \"reference\", \"better\" or {\"own\": 70, \"reference\": 30}; this is the number 1\nr.json:3:9: a name was expected; this is the number 2"},
		{"columns are characters", "{\"name\": \"é\", \"x\": 1}", `r.json:1:15: "x" is unknown here`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := rubric.Read("r.json", []byte(test.text), small(t), checks)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s\ngives %v\nwant  %s", test.text, err, test.want)
			}
		})
	}
}

// TestReadFile reads the example of the package comment with the real course.
func TestReadFile(t *testing.T) {
	src, err := os.ReadFile("rubric.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for line := range strings.Lines(string(src)) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok {
			text.WriteString(code)
		}
	}
	path := filepath.Join(t.TempDir(), "rubric.json")
	if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := rubric.ReadFile(path, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.MaxScore() != 35 || r.Name != "Networks 2, autumn" || r.Late.Grace != 15*time.Minute {
		t.Errorf("the example of the package comment is read as %v points, %+v", r.MaxScore(), r)
	}
	if _, err := rubric.ReadFile(path+"x", c, nil); err == nil {
		t.Error("a file that is not there is read")
	}
}

func FuzzRead(f *testing.F) {
	c := small(f)
	f.Add([]byte(`{"points": {"1": 20, "1.1": 8}, "base": {"own": 70, "reference": 30}, "hidden": ["1.1/a"]}`))
	f.Add([]byte(`{"caps": {"total": 1}, "late": {"percent_per_day": 10, "grace": "1m"}, "bonus": ["2.1"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := rubric.Read("r.json", data, c, nil)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "r.json:") {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		best := submission(func(string) result.Outcome { return result.Passed })
		if err := r.Grade(best); err != nil || *best.Score < 0 || math.IsNaN(*best.Score) || best.MaxScore != r.MaxScore() {
			t.Errorf("%s\ngives a perfect submission %v: %v", data, best.Mark(), err)
		}
	})
}

func TestID_Differs(t *testing.T) {
	seen := make(map[string]string)
	for _, text := range []string{`{}`, `{"name": "x"}`, `{"points": {"1": 10}}`, `{"points": {"1": 11}}`, `{"hidden": ["1.1"]}`, `{"base": "own"}`,
		`{"deadline": "2026-11-30T23:59:00+01:00"}`, `{"caps": {"1": 5}}`, `{"caps": {"total": 5}}`, `{"weights": {"1.1/a": 2}}`} {
		id := read(t, text).ID()
		if other, ok := seen[id.Hash]; ok {
			t.Errorf("%s and %s have the same digest", text, other)
		}
		seen[id.Hash] = text
	}
	if a, b := read(t, `{"deadline": "2026-11-30T23:59:00+01:00"}`), read(t, ` { "deadline" : "2026-11-30T22:59:00Z" }`); a.ID() != b.ID() {
		t.Error("the same rubric, written otherwise, has another digest")
	}
	if diff := cmp.Diff([]int{1, 2}, read(t, `{}`).Steps()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
