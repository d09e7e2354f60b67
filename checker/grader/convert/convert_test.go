package convert_test

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"barewire/checker/grader/convert"
	"barewire/checker/grader/result"
	"barewire/checker/internal/fixture"
	"barewire/checker/internal/show"
)

// small is a document with everything in it once: a mark, a refusal and a fault.
func small() *result.Document {
	p := func(x float64) *float64 { return &x }
	early := at.Add(-time.Hour)
	check := func(id, base string, o result.Outcome, points float64, reason string) result.Check {
		task, _, _ := strings.Cut(id, "/")
		return result.Check{ID: id, Task: task, Step: int(id[0] - '0'), Base: base, Title: "what " + id + " says holds", Outcome: o, Reason: reason, Points: points, MaxPoints: 2, Seed: 7, Seconds: 0.25}
	}
	hidden := check("3.3/hidden", result.Own, result.Failed, 0, "HIDDEN reason")
	hidden.Hidden, hidden.Title = true, "HIDDEN title"
	detailed := check("3.2/two-host-fields", result.Own, result.Failed, 0, "two Host fields are accepted\nwhy   a proxy may see another one")
	detailed.Detail, detailed.Retried = detailed.Reason+"\ninput SECRET", 1
	return &result.Document{
		Schema: result.Schema, Checker: "barewire 1.0", Go: "go1.26.8", Sandbox: "bubblewrap 0.8.0", Seed: 7, Started: at, Finished: at.Add(time.Minute),
		Rubric: result.Rubric{Name: "autumn", Hash: "0123456789abcdef"}, MaxScore: 10,
		Tasks: []result.Task{{ID: "2.1", Step: 2, Title: "Method", MaxPoints: 2}, {ID: "3.2", Step: 3, Title: "Host", MaxPoints: 6}, {ID: "3.3", Step: 3, Title: "Members", MaxPoints: 2}},
		Submissions: []result.Submission{
			{ID: "101", Name: "Ana Gómez", Email: "ana@example.org", Status: result.Graded, Score: p(4.5), Raw: p(5), MaxScore: 10, Submitted: &early, Late: true, Seed: 7, Graded: at, Seconds: 1.5, Digest: "fedcba9876543210",
				Steps: []result.Step{
					{Number: 2, Title: "Request line", Own: 2, Reference: 2, Score: 2, MaxScore: 2, Base: result.Own, Built: true},
					{Number: 3, Title: "Headers and bodies", Own: 3, Reference: 1, Score: 3, MaxScore: 8, Base: result.Own, Built: true},
				},
				Checks: []result.Check{
					check("2.1/tokens", result.Own, result.Passed, 2, ""), detailed, check("3.2/no-host", result.Own, result.Passed, 2, ""),
					check("3.2/later", result.Own, result.NotReached, 0, "3.2/two-host-fields failed"), hidden,
					check("3.2/two-host-fields", result.Reference, result.Failed, 0, "the same"), check("3.2/no-host", result.Reference, result.Failed, 0, "other"),
				},
				Findings: []result.Finding{
					{Kind: result.Race, File: "steps/03-headers-bodies/host.go", Line: 3, Column: 8, Text: "two goroutines"},
					{Kind: result.Review, File: "steps/03-headers-bodies/host.go", Line: 1, Text: "REVIEW this"},
				},
				Notes: []string{"one day late: 10% are taken off, 5 become 4.5"}},
			{ID: "102", Name: "Ben Okafor", Status: result.Refused, Message: "steps/03-headers-bodies/host.go:5:2: imports net/http", Score: p(0), Raw: p(0), MaxScore: 10, Seed: 7, Graded: at},
			{ID: "103", Name: "Cem Yılmaz", Status: result.Fault, Message: "INTERNAL: bwrap is gone", MaxScore: 10, Seed: 7, Graded: at},
		},
	}
}

// canvasExport and moodleWorksheet are as the course systems write them.
const canvasExport = "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Quiz (7),Server (8),Final Score\r\n" +
	"    Points Possible,,,,,5.00,10.00,(read only)\r\n" +
	"\"Gómez, Ana\",101,s101,ana@example.org,\"A, B\",3.00,,60\r\n" +
	"\"Okafor, Ben\",102,s102,ben,A,4.00,7.00,\r\n" +
	"\"Yılmaz, Cem\",103,,,A,,,\r\n" +
	"\"Novák, Dana\",9104,101,,A,,8.00,\r\n"

const moodleWorksheet = "Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\"Last modified (grade)\",\"Feedback comments\"\n" +
	"\"Participant 101\",\"Ana Gómez\",ana@example.org,\"Submitted for grading\",,10.00,Yes,\"Friday, 20 November 2026, 6:00 PM\",\n" +
	"\"Participant 102\",\"Ben Okafor\",,,,10.00,Yes,-,\"old\"\n" +
	"\"Participant 103\",\"Cem Yılmaz\",,,5.00,10.00,Yes,-,\n" +
	"\"Participant 104\",\"=1+1\",,,5.00,10.00,Yes,-,\n"

var c50 = convert.Classroom50{Classroom: "net", Assignment: "server", Owner: "ana", Submission: "submit/2026-11-20", Commit: "https://example.org/c", Release: "https://example.org/r"}

// styles are what pages have in common.
var styles = regexp.MustCompile(`(?s)(<style>).*?(</style>)|(<script>).*?(</script>)|&#39;sha256-.*?&#39;`)

// A job makes one output.
type job struct {
	name string
	run  func() ([]byte, error)
}

// jobs are all ways to convert the document.
func jobs(d *result.Document) []job {
	var all []job
	add := func(name string, run func() ([]byte, error)) { all = append(all, job{name, run}) }
	audiences := []struct {
		name string
		convert.Audience
	}{{"student", convert.Student}, {"instructor", convert.Instructor}}
	for _, who := range audiences {
		add("terminal-"+who.name+".txt", func() ([]byte, error) { return []byte(convert.Terminal(d, who.Audience, show.Style{})), nil })
		add("junit-"+who.name+".xml", func() ([]byte, error) { return convert.JUnit(d, who.Audience) })
	}
	add("overview.html", func() ([]byte, error) {
		pairs := []convert.Pair{{A: d.Submissions[0].ID, B: "102", Score: 0.9, Note: d.Submissions[0].Name}, {A: "102", B: "103", Score: 0.5}}
		return convert.Overview(d, pairs, func(s *result.Submission) string { return "instructor/" + convert.FileName(s.ID) })
	})
	for i, name := range []string{"graded", "refused", "fault"} {
		s := &d.Submissions[i]
		one := *d
		one.Submissions = d.Submissions[i : i+1]
		for _, who := range audiences {
			name := name + "-" + who.name
			add(name+".md", func() ([]byte, error) { return []byte(convert.Markdown(d, s, who.Audience)), nil })
			add(name+".commands", func() ([]byte, error) { return []byte(convert.GitHub(d, s, who.Audience)), nil })
			add(name+".txt", func() ([]byte, error) { return []byte(convert.Terminal(&one, who.Audience, show.Style{})), nil })
			add(name+".html", func() ([]byte, error) { return convert.Report(d, s, who.Audience) })
		}
		add(name+"-gradescope.json", func() ([]byte, error) { return convert.Gradescope(d, s, "hidden") })
		add(name+"-student-exercism.json", func() ([]byte, error) { return convert.Exercism(d, s) })
		add(name+"-student-prairielearn.json", func() ([]byte, error) { return convert.PrairieLearn(d, s) })
		add(name+"-student-classroom50.json", func() ([]byte, error) { return c50.Result(d, s) })
	}
	canvas := func() ([]byte, []string, error) { return convert.Canvas(d, []byte(canvasExport), "Server", false) }
	moodle := func() ([]byte, []string, error) { return convert.Moodle{}.Fill(d, []byte(moodleWorksheet)) }
	for name, fill := range map[string]func() ([]byte, []string, error){"canvas": canvas, "moodle": moodle} {
		add(name+".csv", func() ([]byte, error) { data, _, err := fill(); return data, err })
		add(name+"-notes.txt", func() ([]byte, error) {
			_, notes, err := fill()
			return []byte(strings.Join(notes, "\n") + "\n"), err
		})
	}
	slices.SortFunc(all, func(a, b job) int { return strings.Compare(a.name, b.name) })
	return all
}

// outputs converts the document in every way there is. errs has what was refused.
func outputs(d *result.Document) (out map[string]string, errs map[string]error) {
	out, errs = make(map[string]string), make(map[string]error)
	for _, j := range jobs(d) {
		if data, err := j.run(); err != nil {
			errs[j.name] = err
		} else {
			out[j.name] = string(data)
		}
	}
	return out, errs
}

// golden are the outputs that are kept, beside those of the submission that is graded.
var golden = []string{
	"overview.html", "terminal-instructor.txt", "junit-instructor.xml", "canvas.csv", "canvas-notes.txt", "moodle.csv", "moodle-notes.txt",
	"fault-student.md", "fault-instructor.txt", "fault-student.commands", "fault-gradescope.json", "fault-student-prairielearn.json",
	"fault-student-exercism.json", "refused-instructor.txt", "refused-gradescope.json",
}

func TestGolden(t *testing.T) {
	out, errs := outputs(small())
	for _, name := range slices.Sorted(maps.Keys(out)) {
		text := out[name]
		if !strings.HasPrefix(name, "graded") && !slices.Contains(golden, name) {
			continue // much like those
		}
		if strings.HasSuffix(name, ".html") {
			text = styles.ReplaceAllString(text, "$1$2$3$4")
		}
		t.Run(name, func(t *testing.T) { fixture.Golden(t, "testdata/"+name+".golden", text) })
	}
	if len(errs) != 1 || !errors.Is(errs["fault-student-classroom50.json"], convert.ErrFault) {
		t.Errorf("refused: %v; want a fault for Classroom 50 alone", errs)
	}
}

// TestFault: no format takes a fault for a 0.
func TestFault(t *testing.T) {
	out, _ := outputs(small())
	score := regexp.MustCompile(`(?i)"(total_?)?(score|points)"\s*:|totalPoints|name="score"|\b0(\.00)? of 10\b|>0<`)
	for name, text := range out {
		if !strings.HasPrefix(name, "fault") {
			continue
		}
		if got := score.FindString(text); got != "" {
			t.Errorf("%s: %q stands in the result of a fault:\n%s", name, got, text)
		}
		if !strings.Contains(text, "not a mark of 0") {
			t.Errorf("%s does not say that this is no 0:\n%s", name, text)
		}
	}
	for _, name := range []string{"canvas.csv", "moodle.csv"} {
		for line := range strings.Lines(out[name]) {
			if strings.Contains(line, "Cem") && strings.Contains(line, "0.00") && !strings.Contains(line, "5.00,10.00,Yes,-,") {
				t.Errorf("%s: the row of a fault: %s", name, line)
			}
		}
		notes := strings.Replace(name, ".csv", "-notes.txt", 1)
		if !strings.Contains(out[notes], "Cem Yılmaz (103) has no mark") || !strings.Contains(out[notes], "this is not a 0") {
			t.Errorf("%s says nothing about the fault: %s", notes, out[notes])
		}
	}
	for _, name := range []string{"overview.html", "terminal-instructor.txt"} {
		if !strings.Contains(out[name], "1 submission without a mark, by a fault of the checker.") {
			t.Errorf("%s does not count the fault", name)
		}
	}
	if text := out["junit-instructor.xml"]; !strings.Contains(text, `errors="1"`) || !strings.Contains(text, "<error message=") {
		t.Errorf("JUnit has no error for the fault:\n%s", text)
	}
}

// TestStudent: what students get has nothing that is for instructors.
func TestStudent(t *testing.T) {
	out, _ := outputs(small())
	seen := 0
	for name, text := range out {
		if !strings.Contains(name, "student") && name != "moodle.csv" && name != "canvas.csv" {
			continue
		}
		if strings.HasPrefix(name, "terminal") || strings.HasPrefix(name, "junit") && strings.Contains(text, `name="102"`) {
			continue // a whole class is for instructors
		}
		seen++
		for _, secret := range []string{"HIDDEN", "SECRET", "REVIEW", "INTERNAL"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells students %s:\n%s", name, secret, text)
			}
		}
		if strings.HasPrefix(name, "graded") && regexp.MustCompile(`(?i)seed( <code>)?7|seed 7|"seed"`).MatchString(text) {
			t.Errorf("%s tells students the seed of hidden inputs", name)
		}
	}
	if seen < 20 {
		t.Errorf("only %d outputs are for students", seen)
	}
	for _, want := range []string{"HIDDEN title", "HIDDEN reason", "SECRET", "REVIEW"} {
		if !strings.Contains(out["graded-instructor.html"], want) {
			t.Errorf("the instructor's page lacks %q", want)
		}
	}
}

func TestJUnit_Student(t *testing.T) {
	d := small()
	d.Submissions = d.Submissions[:1]
	data, err := convert.JUnit(d, convert.Student)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"HIDDEN", "SECRET", "REVIEW", `name="seed"`} {
		if strings.Contains(string(data), secret) {
			t.Errorf("JUnit tells students %s", secret)
		}
	}
}

func TestFileName(t *testing.T) {
	seen := make(map[string]string)
	for _, id := range []string{"101", "ana", "Ana", "ANA", "a/b", "a-b", "../../etc/passwd", "con", "com1", "", ".", "..", "ana.html", "é", "\x00", strings.Repeat("a", 300), "a b", "-rf"} {
		name := convert.FileName(id)
		if other, ok := seen[strings.ToLower(name)]; ok {
			t.Errorf("%q and %q have the same file %s", id, other, name)
		}
		seen[strings.ToLower(name)] = id
		if !regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,80}\.html$`).MatchString(name) {
			t.Errorf("%q is in the file %q", id, name)
		}
	}
	if convert.FileName("ana") != "ana.html" || convert.FileName("con") == "con.html" {
		t.Error("a plain id, or the name of a device, is not what it should be")
	}
}
