package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"barewire/checker/grader/convert"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// conversion is the flags of convert.
type conversion struct {
	options
	to, who, student, sheet, assignment, visibility string
	scale                                           bool
	moodle                                          convert.Moodle
	classroom                                       convert.Classroom50
	doc                                             *result.Document
}

// A format is what a document is converted to: all of it, or one submission.
type format struct {
	about string
	all   func(c *conversion, who convert.Audience) (text []byte, notes []string, err error)
	one   func(c *conversion, s *result.Submission, who convert.Audience) ([]byte, error)
}

// formats are all of them, but html and similarity, which are folders.
var formats = map[string]format{
	"terminal": {about: "text for a terminal", all: func(c *conversion, who convert.Audience) ([]byte, []string, error) {
		return []byte(convert.Terminal(c.doc, who, show.Style{})), nil, nil
	}},
	"junit": {about: "JUnit XML", all: func(c *conversion, who convert.Audience) ([]byte, []string, error) {
		text, err := convert.JUnit(c.doc, who)
		return text, nil, err
	}},
	"canvas": {about: "a CSV for Canvas, of its own export (-sheet, -assignment)", all: func(c *conversion, _ convert.Audience) ([]byte, []string, error) {
		export, err := c.readSheet()
		if err != nil {
			return nil, nil, err
		}
		return convert.Canvas(c.doc, export, c.assignment, c.scale)
	}},
	"moodle": {about: "Moodle's grading worksheet, filled in (-sheet)", all: func(c *conversion, _ convert.Audience) ([]byte, []string, error) {
		worksheet, err := c.readSheet()
		if err != nil {
			return nil, nil, err
		}
		c.moodle.Scale = c.scale
		return c.moodle.Fill(c.doc, worksheet)
	}},
	"markdown": {about: "Markdown, such as a job summary", one: func(c *conversion, s *result.Submission, who convert.Audience) ([]byte, error) {
		return []byte(convert.Markdown(c.doc, s, who)), nil
	}},
	"report": {about: "one page of HTML", one: func(c *conversion, s *result.Submission, who convert.Audience) ([]byte, error) {
		return convert.Report(c.doc, s, who)
	}},
	"github": {about: "annotations of GitHub Actions", one: func(c *conversion, s *result.Submission, who convert.Audience) ([]byte, error) {
		return []byte(convert.GitHub(c.doc, s, who)), nil
	}},
	"gradescope": {about: "results.json of Gradescope (-visibility)", one: func(c *conversion, s *result.Submission, _ convert.Audience) ([]byte, error) {
		return convert.Gradescope(c.doc, s, c.visibility)
	}},
	"classroom50": {about: "result.json of Classroom 50 (-classroom and so on)", one: func(c *conversion, s *result.Submission, _ convert.Audience) ([]byte, error) {
		return c.classroom.Result(c.doc, s)
	}},
	"exercism": {about: "results.json of exercism", one: func(c *conversion, s *result.Submission, _ convert.Audience) ([]byte, error) {
		return convert.Exercism(c.doc, s)
	}},
	"prairielearn": {about: "results.json of PrairieLearn", one: func(c *conversion, s *result.Submission, _ convert.Audience) ([]byte, error) {
		return convert.PrairieLearn(c.doc, s)
	}},
}

func (c *conversion) flags() *flag.FlagSet {
	f := flag.NewFlagSet("convert", flag.ContinueOnError)
	f.StringVar(&c.to, "to", "", "`FORMAT`: "+strings.Join(formatNames(), ", "))
	f.StringVar(&c.out, "o", "", "`FILE`, or DIR for html and similarity; without it, to the terminal")
	f.StringVar(&c.who, "for", "student", "`WHO` reads it: student or instructor")
	f.StringVar(&c.student, "student", "", "`ID` of the one submission, where there are several")
	f.StringVar(&c.sheet, "sheet", "", "`FILE` that Canvas or Moodle has exported")
	f.StringVar(&c.assignment, "assignment", "", "`TITLE` or number of the assignment in Canvas or Classroom 50")
	f.BoolVar(&c.scale, "scale", false, "scale marks to the maximum in the sheet")
	f.StringVar(&c.visibility, "visibility", "hidden", "`V` of hidden checks in Gradescope")
	f.StringVar(&c.moodle.Identifier, "identifier", "", "`NAME` of Moodle's column, where it is not guessed; and so on")
	f.StringVar(&c.moodle.Grade, "grade", "", "`NAME`")
	f.StringVar(&c.moodle.Maximum, "maximum", "", "`NAME`")
	f.StringVar(&c.moodle.Feedback, "feedback", "", "`NAME`")
	f.BoolVar(&c.moodle.NoFeedback, "no-feedback", false, "marks alone in Moodle's worksheet")
	f.StringVar(&c.classroom.Classroom, "classroom", "", "`NAME` in Classroom 50; and so on")
	f.StringVar(&c.classroom.Type, "type", "individual", "`TYPE`")
	f.StringVar(&c.classroom.Owner, "owner", "", "`NAME`")
	f.StringVar(&c.classroom.Submission, "submission", "", "`TAG`")
	f.StringVar(&c.classroom.Commit, "commit", "", "`URL`")
	f.StringVar(&c.classroom.Release, "release", "", "`URL`")
	f.StringVar(&c.classroom.Review, "review", "", "`URL`")
	c.sources(f)
	return f
}

func formatNames() []string {
	return append(slices.Sorted(maps.Keys(formats)), "html", "similarity")
}

// convertMain turns results.json into what something else reads.
func convertMain(ctx context.Context, w *workshop.Workshop, args []string) int {
	var c conversion
	names, err := workshop.Parse(c.flags(), args)
	switch {
	case err != nil:
	case !slices.Contains(formatNames(), c.to):
		err = fmt.Errorf("convert: -to %q is none of these:\n%s", c.to, formatTable())
	case c.who != "student" && c.who != "instructor":
		err = fmt.Errorf("convert: -for %q is neither student nor instructor", c.who)
	case len(names) == 0:
		err = errors.New("convert: what? Name a results.json, or the folder that it is in; for similarity, submissions")
	case c.to != "similarity":
		err = workshop.AtMost(1, "convert", names)
	}
	if err != nil {
		return w.Fail(usage, err)
	}
	if c.to == "similarity" {
		err = c.similarity(ctx, w, names)
	} else {
		err = c.document(w, names[0])
	}
	if err != nil {
		return w.Fail(someFaults, err)
	}
	return allGraded
}

func formatTable() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		lines = append(lines, fmt.Sprintf("  %-13s %s", name, formats[name].about))
	}
	lines = append(lines, "  html          a folder with an overview and a page for each (-o)",
		"  similarity    a folder with the submissions for JPlag and Dolos (-o)")
	return strings.Join(lines, "\n")
}

// document converts a result document.
func (c *conversion) document(w *workshop.Workshop, name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, resultsFile)
	}
	var err error
	if c.doc, err = result.ReadFile(name); err != nil {
		return err
	}
	if c.to == "html" {
		if c.out == "" {
			return errors.New("convert: -o DIR says where the pages go")
		}
		return pages(c.doc, c.out, nil)
	}
	who := convert.Student
	if c.who == "instructor" {
		who = convert.Instructor
	}
	f := formats[c.to]
	var text []byte
	var notes []string
	if f.all != nil {
		text, notes, err = f.all(c, who)
	} else {
		var s *result.Submission
		if s, err = c.one(); err == nil {
			c.classroom.Assignment = c.assignment
			text, err = f.one(c, s, who)
		}
	}
	for _, note := range notes {
		fmt.Fprintln(w.Err, note)
	}
	if err != nil {
		return err
	}
	if c.out != "" {
		return result.Replace(c.out, text)
	}
	_, err = w.Out.Write(text)
	return err
}

// one returns the submission that -student names, or the only one.
func (c *conversion) one() (*result.Submission, error) {
	var ids []string
	for i := range c.doc.Submissions {
		s := &c.doc.Submissions[i]
		if s.ID == c.student || c.student == "" && len(c.doc.Submissions) == 1 {
			return s, nil
		}
		ids = append(ids, s.ID)
	}
	if c.student != "" {
		return nil, fmt.Errorf("convert: there is no submission %q", c.student)
	}
	return nil, fmt.Errorf("convert: %s is about one submission, and there are %d: write -student %s, or another", c.to, len(ids), ids[0])
}

func (c *conversion) readSheet() ([]byte, error) {
	if c.sheet == "" {
		return nil, fmt.Errorf("convert: -sheet FILE is what %s has exported; it is filled in", c.to)
	}
	return os.ReadFile(c.sheet)
}

// similarity writes submissions for programs that compare code.
func (c *conversion) similarity(ctx context.Context, w *workshop.Workshop, paths []string) error {
	if c.out == "" {
		return errors.New("convert: -o DIR says where the submissions go")
	}
	opt, err := c.intake(w)
	if err != nil {
		return err
	}
	all, err := intake.Open(ctx, paths, opt)
	if err != nil {
		return err
	}
	export, err := policy.NewExport(c.out, w.Root)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s, err = s.Load(ctx); err == nil {
			err = export.Add(s)
		}
		if err != nil {
			return err
		}
	}
	return export.Close()
}
