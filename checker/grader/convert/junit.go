package convert

import (
	"encoding/xml"
	"fmt"

	"barewire/checker/grader/result"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit returns a test suite for each submission. A fault is an error, never a failure,
// and its suite has no score.
func JUnit(d *result.Document, who Audience) ([]byte, error) {
	all := junitSuites{Name: "barewire"}
	seconds := 0.0
	for i := range d.Submissions {
		suite := junitOf(d, &d.Submissions[i], who)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Skipped += suite.Skipped
		seconds += d.Submissions[i].Seconds
		all.Suites = append(all.Suites, suite)
	}
	all.Time = fmt.Sprintf("%f", seconds)
	data, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

func junitOf(d *result.Document, s *result.Submission, who Audience) junitSuite {
	v := look(d, s, who)
	suite := junitSuite{Name: line(s.ID), Time: fmt.Sprintf("%f", s.Seconds), Timestamp: stamp(s.Graded)}
	property := func(name, value string) {
		suite.Properties = append(suite.Properties, junitProperty{name, line(value)})
	}
	property("go.version", d.Go)
	property("status", string(s.Status))
	if s.Score != nil {
		property("score", result.Number(*s.Score))
		property("max_score", result.Number(s.MaxScore))
	}
	if v.Seed != "" {
		property("seed", v.Seed)
	}
	whole := junitCase{Class: line(s.ID), Name: "the submission can be graded", Time: "0.000000"}
	reason := &junitMessage{Message: line(v.Headline), Text: text(v.Reason)}
	switch {
	case s.Score == nil:
		whole.Error, suite.Errors = reason, 1
	case s.Status == result.Refused:
		whole.Failure, suite.Failures = reason, 1
	}
	suite.Cases = append(suite.Cases, whole)
	for _, step := range v.Steps {
		for _, t := range step.Tasks {
			for _, c := range t.Checks {
				entry := junitCase{Class: fmt.Sprintf("%s.step%02d", line(s.ID), step.Number), Name: line(c.ID + " " + c.Title), Time: fmt.Sprintf("%f", c.Seconds)}
				switch c.Outcome {
				case result.Failed:
					entry.Failure = &junitMessage{Message: "Failed", Text: text(c.Text)}
					suite.Failures++
				case result.NotReached:
					entry.Skipped = &junitMessage{Message: line("not reached: " + c.Text)}
					suite.Skipped++
				}
				suite.Cases = append(suite.Cases, entry)
			}
		}
	}
	suite.Tests = len(suite.Cases)
	return suite
}
