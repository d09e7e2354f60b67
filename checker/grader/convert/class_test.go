package convert_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/convert"
	"barewire/checker/grader/result"
	"barewire/checker/grader/rubric"
)

var at = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// class makes up n submissions to the whole course, the same ones each time.
func class(t testing.TB, n int) *result.Document {
	t.Helper()
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := rubric.Default(c)
	r.Name, r.Deadline, r.Late.PerDay = "Networks 2, autumn", at, 10
	d := &result.Document{
		Schema: result.Schema, Checker: "barewire 1.0", Go: "go1.26.8", Sandbox: "bubblewrap 0.8.0", Seed: 42, Started: at, Finished: at.Add(2 * time.Minute),
		Rubric: r.ID(), MaxScore: r.MaxScore(), Tasks: r.Tasks,
	}
	random := rand.New(rand.NewPCG(1, 2))
	first := []string{"Ana", "Ben", "Cem", "Dana", "Élodie", "Farid", "Grace", "Hiroshi", "Ines", "Jonas"}
	last := []string{"Gómez", "Okafor", "Yılmaz", "Novák", "Lefèvre", "Rahimi", "O'Neill", "Tanaka", "Silva", "Bergström"}
	for i := range n {
		at := at.Add(time.Duration(random.IntN(40)-36) * time.Hour)
		s := result.Submission{
			ID: fmt.Sprintf("%05d", 10000+i*37), Name: first[i%10] + " " + last[i/10%10], Submitted: &at, Status: result.Graded,
			Seed: 42, Graded: d.Started.Add(time.Duration(i) * time.Second), Seconds: 1 + random.ExpFloat64(), Digest: fmt.Sprintf("%064x", random.Uint64()),
		}
		switch {
		case i%29 == 11:
			s.Status, s.Message = result.Fault, "the sandbox did not start: bwrap: No space left on device"
		case i%17 == 5:
			s.Status, s.Message = result.Refused, "steps/03-headers-bodies/host.go:5:2: imports net/http, which no step may: the server is to be written by hand"
		default:
			answer(&s, c, random, min(0.55+random.NormFloat64()*0.25, 0.98))
		}
		if err := r.Grade(&s); err != nil {
			t.Fatal(err)
		}
		d.Submissions = append(d.Submissions, s)
	}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	return d
}

// answer gives outcomes to a submission of some skill, which comes to its end
// somewhere in the course.
func answer(s *result.Submission, c *course.Course, random *rand.Rand, skill float64) {
	until := 2 + random.IntN(9)
	if skill > 0.7 {
		until = 10
	}
	for _, step := range c.Steps {
		rs := result.Step{Number: step.Number, Title: step.Title, Built: true}
		if step.Number == until && random.IntN(3) == 0 {
			rs.Built, rs.Message = false, "steps/"+step.Dir+"/conn.go:41:9: undefined: limit"
		}
		s.Steps = append(s.Steps, rs)
		for _, task := range step.Tasks {
			for k, name := range []string{"holds", "limits", "odd-input"}[:1+task.Number()%3] {
				check := result.Check{
					ID: task.ID + "/" + name, Task: task.ID, Step: step.Number, Base: result.Own, Seed: 42, Outcome: result.Passed,
					Title: []string{"what the task asks for holds", "limits are kept, and one more is refused", "input cut in odd places means the same"}[k],
				}
				switch {
				case step.Number > until || !rs.Built:
					check.Outcome, check.Reason = result.NotReached, "the step does not compile"
				case random.Float64() > skill+0.3-float64(k)*0.15-float64(step.Number)*0.02:
					check.Outcome = result.Failed
					check.Reason = "two Host fields are accepted\ninput GET / HTTP/1.1\\r\\n\n      Host: a\\r\\n\n      Host: b\\r\\n\nwant  400 Bad Request, connection closed\ngot   200 OK\nwhy   a proxy in front may route on the first Host while you serve the second (RFC 9112 §3.2)"
				}
				if random.IntN(400) == 0 {
					check.Retried = 1
				}
				s.Checks = append(s.Checks, check)
			}
		}
	}
	if random.IntN(12) == 0 {
		s.Findings = append(s.Findings, result.Finding{Kind: result.Review, File: "steps/04-keep-alive/conn.go", Line: 12, Column: 1, Text: "80 lines are as in the package fasthttp"})
	}
	if random.IntN(8) == 0 {
		s.Findings = append(s.Findings, result.Finding{Kind: result.Race, File: "steps/05-thread-pool/pool.go", Line: 57, Text: "written by two goroutines without a lock"})
	}
}

// TestDump writes the site of a large class into the folder that DUMP names, to be
// looked at.
func TestDump(t *testing.T) {
	dir := os.Getenv("DUMP")
	if dir == "" {
		return // not a skip, which the gate takes for something that this machine lacks
	}
	d := class(t, 100)
	pairs := []convert.Pair{{A: "10000", B: "10037", Score: 0.93, Note: "steps/06-routing/tree.go"}, {A: "10037", B: "10111", Score: 0.71, Note: "steps/06-routing/tree.go"}, {A: "10000", B: "10111", Score: 0.48}}
	files, err := convert.Site(d, pairs)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := result.Replace(path, data); err != nil {
			t.Fatal(err)
		}
	}
}
